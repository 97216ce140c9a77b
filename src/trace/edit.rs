//! Numbers that the caller sets, in the place of what would have stood there: all that comes after is computed from them.

use super::fill::each;
use super::walk::SPLIT_AXES;
use super::{Axis, Name, Stage};
use crate::error::{Error, Operation};
use crate::limits::TENSOR_BYTES;
use serde::Serialize;

/// In an index: every place along the axis.
const ALL: i64 = -1;

/// A number that is set, whatever it would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Its stage: any that the trace holds, parameters among them.
    pub stage: Name,
    /// Its place there. -1 stands for every place along its axis.
    pub index: Vec<i64>,
    /// What is to stand there. Not NaN.
    pub value: f32,
}

/// An edit of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edited {
    /// Its stage.
    pub stage: Name,
    /// Its place there; -1 stands for every place along its axis.
    pub index: Vec<i64>,
    /// What stands there, unless a later edit has set it again.
    pub value: f32,
    /// Where in the arena begins what would have stood in these cells, row-major.
    pub offset: usize,
}

impl Edited {
    /// An edit that keeps what it replaces from there on.
    pub(crate) fn of(edit: Edit, offset: usize) -> Self {
        let Edit {
            stage,
            index,
            value,
        } = edit;
        Edited {
            stage,
            index,
            value,
            offset,
        }
    }

    /// Where in the arena stands what would have stood in the cell; none where it is not edited.
    fn before(&self, stage: &Stage, index: &[usize]) -> Option<usize> {
        if self.stage != stage.id || self.index.len() != index.len() {
            return None;
        }
        let mut n = 0_usize;
        for ((&edited, &place), &extent) in self.index.iter().zip(index).zip(&stage.shape) {
            if edited == ALL {
                n = n.wrapping_mul(extent).wrapping_add(place);
            } else if edited != place as i64 {
                return None;
            }
        }
        Some(self.offset.wrapping_add(n))
    }

    /// Visits its cells, or those of one token: where each stands, and where what would have stood there.
    fn each(&self, stage: &Stage, token: Option<usize>, mut visit: impl FnMut(usize, usize)) {
        let mut ranges = [const { 0..1 }; SPLIT_AXES];
        for (n, (range, &edited)) in ranges.iter_mut().zip(&self.index).enumerate() {
            *range = match usize::try_from(edited) {
                Ok(place) => place..place + 1,
                Err(_) => 0..stage.shape[n],
            };
            if let Some(token) = token.filter(|_| stage.axes[n] == Axis::Token) {
                *range = token.max(range.start)..range.end.min(token + 1);
            }
        }
        each(ranges, |cell| {
            let index = &cell[..stage.shape.len()];
            if let Some(before) = self.before(stage, index) {
                visit(stage.offset + stage.number(index), before);
            }
        });
    }
}

/// Where in the arena stands what would have stood in the cell; none where no edit has set it.
pub(super) fn before(edits: &[Edited], stage: &Stage, index: &[usize]) -> Option<usize> {
    edits.iter().find_map(|edit| edit.before(stage, index))
}

/// Sets the edited cells of a stage that was just computed, or of one token of it, and keeps what stood there.
pub(super) fn apply(edits: &[Edited], stage: &Stage, token: Option<usize>, data: &mut [f32]) {
    // all is kept before anything is set, since edits may lie over each other
    for keeping in [true, false] {
        for edit in edits.iter().filter(|edit| edit.stage == stage.id) {
            edit.each(stage, token, |at, before| match keeping {
                true => data[before] = data[at],
                false => data[at] = edit.value,
            });
        }
    }
}

/// The edits of a trace with these stages, and the end of the arena, which so far ends at `len`. The rows of a softmax,
/// which come after it, are made and mixed at once: nothing can be set in between.
///
/// # Errors
/// `not_found` for a stage that there is none of, `index` for a place outside it, `option` for what is no number, and for
/// rows of a softmax, `too_large` where the arena would exceed its limit.
pub(super) fn resolve(
    op: Operation,
    edits: &[Edit],
    stages: &[Stage],
    rows: impl Fn(usize) -> bool,
    mut len: usize,
) -> Result<(Vec<Edited>, usize), Error> {
    let mut resolved = Vec::with_capacity(edits.len());
    for edit in edits {
        let Edit {
            stage: id,
            index,
            value,
        } = edit;
        let (n, stage) = Stage::find(op, stages, id)?;
        if rows(n) {
            let expected = "an edit of another stage: this trace holds the weights alone";
            return Err(op.option(expected, id));
        }
        let fits = |(&place, &extent): (&i64, &usize)| place >= ALL && place < extent as i64;
        if index.len() != stage.shape.len() || !index.iter().zip(&stage.shape).all(fits) {
            let shape = &stage.shape;
            let expected =
                format!("an edit of {id} at an index within {shape:?}, -1 for all along an axis");
            return Err(op.index(expected, format!("{index:?}")));
        }
        if value.is_nan() {
            return Err(op.option(format!("an edit of {id} that is a number"), value));
        }
        resolved.push(Edited::of(edit.clone(), len));
        // no more than the stage, which was found small enough
        let all = index.iter().zip(&stage.shape);
        len += all.fold(1, |count, (&place, &extent)| match place {
            ALL => count * extent,
            _ => count,
        });
        if len > TENSOR_BYTES / size_of::<f32>() {
            let bytes = len as f64 * size_of::<f32>() as f64;
            let expected = format!("a trace of at most {TENSOR_BYTES} bytes");
            return Err(op.too_large(expected, format!("{bytes} bytes with an edit of {id}")));
        }
    }
    Ok((resolved, len))
}
