//! Which keys a query may see: causal order, window and length as one range per query.

use crate::error::{Error, Operation};
use serde::Serialize;
use std::ops::Range;

/// Why a key is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It comes after the query.
    Causal,
    /// It is outside the window.
    Window,
    /// The mask hides it.
    Mask,
    /// It is beyond the given length, or beyond the end of a short mask.
    Padding,
}

/// The rules that hide keys by their place alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visibility {
    pub causal: bool,
    /// Left and right reach; negative is open.
    pub window: [i64; 2],
    /// Where query 0 stands among the keys; may be negative.
    pub offset: i64,
    /// Keys from here on are padding.
    pub length: usize,
}

impl Visibility {
    /// The keys that query `i` may see; all rules cut a range out of the keys, so it is one range.
    pub fn range(&self, i: usize) -> Range<usize> {
        let place = self.offset.saturating_add(i as i64);
        let [left, right] = self.window;
        let mut start = 0;
        let mut end = self.length as i64;
        if self.causal {
            end = end.min(place.saturating_add(1));
        }
        if left >= 0 {
            start = start.max(place.saturating_sub(left));
        }
        if right >= 0 {
            end = end.min(place.saturating_add(right).saturating_add(1));
        }
        let end = end.max(0) as usize;
        (start.max(0) as usize).min(end)..end
    }

    /// Why query `i` may not see key `j`, by place alone.
    pub fn hidden(&self, i: usize, j: usize) -> Option<Reason> {
        if self.range(i).contains(&j) {
            return None;
        }
        let place = self.offset.saturating_add(i as i64);
        Some(if j >= self.length {
            Reason::Padding
        } else if self.causal && j as i64 > place {
            Reason::Causal
        } else {
            Reason::Window
        })
    }

    /// Whether any rule is in play for keys `0..keys`.
    pub fn restricts(&self, keys: usize) -> bool {
        self.causal || self.window.iter().any(|&side| side >= 0) || self.length < keys
    }
}

/// Refuses a window with a side below -1; `None` is open on both sides.
pub(crate) fn checked_window(
    operation: Operation,
    window: Option<[i64; 2]>,
) -> Result<[i64; 2], Error> {
    let window = window.unwrap_or([-1, -1]);
    if window.iter().any(|&side| side < -1) {
        return Err(operation.option(
            "window [left, right], each at least -1",
            format!("{window:?}"),
        ));
    }
    Ok(window)
}

/// Refuses a scale that is not a number; the default is `1 / sqrt(dim)`.
pub(crate) fn checked_scale(
    operation: Operation,
    scale: Option<f64>,
    dim: usize,
) -> Result<f64, Error> {
    let scale = scale.unwrap_or_else(|| 1.0 / (dim as f64).sqrt());
    if !scale.is_finite() {
        return Err(operation.option("a finite scale", scale));
    }
    Ok(scale)
}

/// Refuses a soft cap below zero; zero is no cap.
pub(crate) fn checked_softcap(
    operation: Operation,
    softcap: Option<f64>,
) -> Result<Option<f64>, Error> {
    match softcap {
        Some(cap) if !cap.is_finite() || cap < 0.0 => {
            Err(operation.option("softcap of at least 0", cap))
        }
        cap => Ok(cap.filter(|&cap| cap > 0.0)),
    }
}
