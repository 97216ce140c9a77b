//! Masks: which keys may be seen, or what is added to the scores.

use crate::error::{Error, Operation};
use ndarray::{ArrayView1, ArrayView4, ArrayViewD, s};

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
    pub mask: Option<Rows<'a>>,
    pub keys: usize,
}

/// `[batch, heads, queries, keys]`
pub(crate) enum Rows<'a> {
    Boolean(ArrayView4<'a, bool>),
    Additive(ArrayView4<'a, f32>),
}

impl<'a> Broadcast<'a> {
    /// Broadcasts `mask` to `[batch, heads, queries, keys]`.
    ///
    /// # Errors
    /// `shape` where it cannot be broadcast.
    pub fn of(op: Operation, mask: Option<&'a Mask<'_>>, full: [usize; 4]) -> Result<Self, Error> {
        let keys = full[3];
        let Some(mask) = mask else {
            return Ok(Broadcast { mask: None, keys });
        };
        let reach = mask.shape().last().copied().unwrap_or(keys);
        let target = (full[0], full[1], full[2], reach.min(keys));
        let rows = match mask {
            Mask::Boolean(view) => view.broadcast(target).map(Rows::Boolean),
            Mask::Additive(view) => view.broadcast(target).map(Rows::Additive),
        };
        match rows {
            Some(rows) => Ok(Broadcast {
                mask: Some(rows),
                keys,
            }),
            None => Err(op.shape(
                format!("mask that broadcasts to {full:?}"),
                format!("{:?}", mask.shape()),
            )),
        }
    }

    /// Adds to or hides in the scores of (batch, head, query) from key `first` on. What is hidden loses a NaN as well.
    /// Beyond the end of a short mask, nothing: its place hides those keys.
    pub fn apply(&self, [b, h, i]: [usize; 3], first: usize, row: &mut [f32]) {
        match &self.mask {
            Some(Rows::Boolean(view)) => each(view.slice(s![b, h, i, ..]), first, row, hide),
            Some(Rows::Additive(view)) => each(view.slice(s![b, h, i, ..]), first, row, add),
            None => {}
        }
    }
}

fn hide(score: f32, seen: bool) -> f32 {
    if seen { score } else { f32::NEG_INFINITY }
}

fn add(score: f32, bias: f32) -> f32 {
    if bias == f32::NEG_INFINITY {
        bias
    } else {
        score + bias
    }
}

fn each<T: Copy>(
    lane: ArrayView1<'_, T>,
    first: usize,
    row: &mut [f32],
    change: impl Fn(f32, T) -> f32,
) {
    // what lies side by side is gone over several at a time
    match lane.as_slice() {
        Some(lane) => {
            for (score, &entry) in row.iter_mut().zip(lane.get(first..).unwrap_or_default()) {
                *score = change(*score, entry);
            }
        }
        None => {
            for (score, &entry) in row.iter_mut().zip(lane.iter().skip(first)) {
                *score = change(*score, entry);
            }
        }
    }
}

impl Broadcast<'_> {
    /// What is added to each score, `[head, query, key]`; beyond the end of a short mask, nothing is.
    pub fn additive(&self) -> Option<Vec<f32>> {
        match &self.mask {
            Some(Rows::Additive(view)) => Some(self.padded(view, 0.0)),
            _ => None,
        }
    }

    /// Which scores may be seen; what lies beyond the end of a short mask is hidden by its place, not by this.
    pub fn boolean(&self) -> Option<Vec<bool>> {
        match &self.mask {
            Some(Rows::Boolean(view)) => Some(self.padded(view, true)),
            _ => None,
        }
    }

    /// What is added to each score, negative infinity where it may not be seen: how many heads and queries it tells
    /// apart, one of each where they are all alike, and its cells `[head, query, key]`.
    pub fn compact(&self) -> Option<([usize; 2], Vec<f32>)> {
        let hidden = |seen: bool| if seen { 0.0 } else { f32::NEG_INFINITY };
        match self.mask.as_ref()? {
            Rows::Boolean(view) => Some(self.told_apart(view, hidden)),
            Rows::Additive(view) => Some(self.told_apart(view, |added| added)),
        }
    }

    fn told_apart<T: Copy>(
        &self,
        view: &ArrayView4<'_, T>,
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

    fn padded<T: Copy>(&self, view: &ArrayView4<'_, T>, beyond: T) -> Vec<T> {
        let (_, heads, queries, reach) = view.dim();
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
