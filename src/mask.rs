//! Masks: which keys may be seen, or what is added to the scores.

use crate::error::{Error, Operation};
use ndarray::{ArrayViewD, IxDyn};

/// Which keys a query may see, by NumPy's rules of broadcasting against `[batch, heads, queries, keys]`.
///
/// The last axis may be shorter than the keys: the missing end is not seen.
#[derive(Clone, Debug)]
pub enum Mask<'a> {
    /// True where the key may be seen.
    Boolean(ArrayViewD<'a, bool>),
    /// Added to the scores; negative infinity hides a key.
    Additive(ArrayViewD<'a, f32>),
}

impl Mask<'_> {
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Mask::Boolean(view) => view.shape(),
            Mask::Additive(view) => view.shape(),
        }
    }
}

/// A mask, broadcast to the scores. Its last axis may be shorter than the keys.
pub(crate) struct Broadcast<'a> {
    pub mask: Option<Mask<'a>>,
    pub keys: usize,
}

impl<'a> Broadcast<'a> {
    /// Broadcasts `mask` to `[batch, heads, queries, keys]`.
    ///
    /// # Errors
    /// `shape` where it cannot be broadcast.
    pub fn of(op: Operation, mask: Option<&'a Mask<'_>>, full: [usize; 4]) -> Result<Self, Error> {
        let Some(mask) = mask else {
            return Ok(Broadcast {
                mask: None,
                keys: full[3],
            });
        };
        let reach = mask.shape().last().copied().unwrap_or(full[3]);
        let target = IxDyn(&[full[0], full[1], full[2], reach.min(full[3])]);
        let broadcast = match mask {
            Mask::Boolean(view) => view.broadcast(target).map(Mask::Boolean),
            Mask::Additive(view) => view.broadcast(target).map(Mask::Additive),
        };
        match broadcast {
            Some(mask) => Ok(Broadcast {
                mask: Some(mask),
                keys: full[3],
            }),
            None => Err(op.shape(
                format!("mask that broadcasts to {full:?}"),
                format!("{:?}", mask.shape()),
            )),
        }
    }

    /// Adds to or hides in the row of scores of (batch, head, query). What is hidden loses a NaN as well.
    pub fn apply(&self, [b, h, i]: [usize; 3], row: &mut [f32]) {
        if self.mask.is_some() {
            for (j, score) in row.iter_mut().enumerate() {
                *score = self.at([b, h, i, j], *score);
            }
        }
    }

    /// What the mask makes of one score. Beyond the end of a short mask, nothing: its place hides that key.
    pub fn at(&self, [b, h, i, j]: [usize; 4], score: f32) -> f32 {
        match &self.mask {
            Some(Mask::Boolean(view)) => match view.get([b, h, i, j]) {
                Some(false) => f32::NEG_INFINITY,
                _ => score,
            },
            Some(Mask::Additive(view)) => match view.get([b, h, i, j]) {
                Some(&f32::NEG_INFINITY) => f32::NEG_INFINITY,
                Some(&bias) => score + bias,
                None => score,
            },
            None => score,
        }
    }
}

impl Broadcast<'_> {
    /// What is added to each score, `[head, query, key]`; beyond the end of a short mask, nothing is.
    pub fn additive(&self) -> Option<Vec<f32>> {
        match &self.mask {
            Some(Mask::Additive(view)) => Some(self.padded(view, 0.0)),
            _ => None,
        }
    }

    /// Which scores may be seen; what lies beyond the end of a short mask is hidden by its place, not by this.
    pub fn boolean(&self) -> Option<Vec<bool>> {
        match &self.mask {
            Some(Mask::Boolean(view)) => Some(self.padded(view, true)),
            _ => None,
        }
    }

    /// What is added to each score, negative infinity where it may not be seen: how many heads and queries it tells
    /// apart, one of each where they are all alike, and its cells `[head, query, key]`.
    pub fn compact(&self) -> Option<([usize; 2], Vec<f32>)> {
        let hidden = |seen: bool| if seen { 0.0 } else { f32::NEG_INFINITY };
        match self.mask.as_ref()? {
            Mask::Boolean(view) => Some(self.told_apart(view, hidden)),
            Mask::Additive(view) => Some(self.told_apart(view, |added| added)),
        }
    }

    fn told_apart<T: Copy>(
        &self,
        view: &ArrayViewD<'_, T>,
        cell: impl Fn(T) -> f32,
    ) -> ([usize; 2], Vec<f32>) {
        // what was broadcast along an axis does not move along it
        let extents = [1, 2].map(|axis| match view.strides()[axis] {
            0 => 1,
            _ => view.shape()[axis],
        });
        let mut cells = Vec::with_capacity(extents[0] * extents[1] * self.keys);
        for h in 0..extents[0] {
            for i in 0..extents[1] {
                let padded = cells.len() + self.keys;
                cells.extend((0..view.shape()[3]).map(|j| cell(view[[0, h, i, j]])));
                cells.resize(padded, 0.0);
            }
        }
        (extents, cells)
    }

    fn padded<T: Copy>(&self, view: &ArrayViewD<'_, T>, beyond: T) -> Vec<T> {
        let [_, heads, queries, reach] = *view.shape() else {
            return Vec::new();
        };
        let keys = self.keys;
        let cell = |h, i, j| {
            if j < reach {
                view[[0, h, i, j]]
            } else {
                beyond
            }
        };
        let mut cells = Vec::with_capacity(heads * queries * keys);
        for h in 0..heads {
            for i in 0..queries {
                cells.extend((0..keys).map(|j| cell(h, i, j)));
            }
        }
        cells
    }
}
