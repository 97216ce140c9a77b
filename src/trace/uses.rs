//! Where a number goes.

use super::edit;
use super::explain::cell_of;
use super::plan::unravel;
use super::rule::{Cells, Rule};
use super::walk::SPLIT_AXES;
use super::{Name, Stage, Trace, TraceConfig};
use crate::error::{Error, Operation};
use serde::Serialize;

const OPERATION: Operation = Operation("uses");

/// Cells that read a cell: a box of neighbours of one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Their stage.
    pub stage: Name,
    /// The first of them.
    pub from: Vec<usize>,
    /// Where they end, along each axis: the first place that is no longer one of theirs.
    pub to: Vec<usize>,
}

/// Tells of one number of a trace which other numbers are made of it, stage by stage in their order: those that have it
/// among the factors that [`crate::explain`] names, and no others. No cell is in two boxes; none are made of the output.
///
/// # Errors
/// Those of [`crate::explain`].
///
/// ```
/// use attention_playground::{trace_attention, uses, AttentionConfig, Tokens, TraceInput};
///
/// let input = TraceInput { tokens: Some(Tokens::query(["a", "b", "c"])), ..TraceInput::default() };
/// let trace = trace_attention(&input, &AttentionConfig { heads: Some(1), ..AttentionConfig::default() })?;
/// let [row, whole] = &uses(&trace, "exp", &[0, 1, 2])?[..] else { panic!("a sum and a share") };
/// assert_eq!((&*row.stage, &row.from[..], &row.to[..]), ("row_sum", &[0, 1][..], &[1, 2][..]));
/// assert_eq!((&*whole.stage, &whole.from[..], &whole.to[..]), ("weights", &[0, 1, 2][..], &[1, 2, 3][..]));
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn uses(trace: &Trace, stage: &str, index: &[usize]) -> Result<Vec<Use>, Error> {
    uses_cells(
        &trace.config,
        &trace.stages,
        &trace.data.as_slice(),
        trace.data.len(),
        stage,
        index,
    )
}

/// [`uses`] for an arena that lies elsewhere: only the cells that are needed are read.
pub(crate) fn uses_cells(
    config: &TraceConfig,
    stages: &[Stage],
    cells: &dyn Cells,
    len: usize,
    id: &str,
    index: &[usize],
) -> Result<Vec<Use>, Error> {
    let stage = cell_of(OPERATION, stages, len, id, index)?;
    let at = stage.offset + stage.number(index);
    let mut uses = Vec::new();
    for reader in stages
        .iter()
        .filter(|reader| reader.from.contains(&stage.id))
    {
        let rule = Rule::of(OPERATION, config, stages, reader)?;
        let mut boxes = Vec::new();
        rule.readers(stage, at, cells, &mut |cell| {
            let index = unravel(rule.offset(cell).wrapping_sub(reader.offset), &reader.shape);
            // what was set is made of nothing
            if edit::before(&config.edits, reader, &index).is_none() {
                boxes.push(Bounds::of(&index));
            }
        });
        uses.extend(joined(boxes).into_iter().map(|bounds| Use {
            stage: reader.id.clone(),
            from: bounds.from.into_iter().take(reader.axes.len()).collect(),
            to: bounds.to.into_iter().take(reader.axes.len()).collect(),
        }));
    }
    Ok(uses)
}

/// A box of cells.
#[derive(Clone, Copy)]
struct Bounds {
    from: [usize; SPLIT_AXES],
    to: [usize; SPLIT_AXES],
}

impl Bounds {
    /// A box of one cell.
    fn of(index: &[usize]) -> Self {
        let mut from = [0; SPLIT_AXES];
        from.iter_mut()
            .zip(index)
            .for_each(|(from, &place)| *from = place);
        Bounds {
            from,
            to: from.map(|place| place + 1),
        }
    }

    /// Takes in a box that lies right behind it along an axis; false where that one does not.
    fn take(&mut self, next: &Bounds, axis: usize) -> bool {
        let alike =
            |n: usize| n == axis || (self.from[n], self.to[n]) == (next.from[n], next.to[n]);
        let joins = self.to[axis] == next.from[axis] && (0..SPLIT_AXES).all(alike);
        if joins {
            self.to[axis] = next.to[axis];
        }
        joins
    }
}

/// Neighbours become one box, along the last axis first. The boxes are in the order of their first cells, and stay so.
fn joined(mut boxes: Vec<Bounds>) -> Vec<Bounds> {
    for axis in (0..SPLIT_AXES).rev() {
        let mut kept: Vec<Bounds> = Vec::new();
        for next in boxes {
            // only those that differ along this axis, or along one after it
            let near = kept.iter_mut().rev();
            let mut near = near.take_while(|kept| kept.from[..axis] == next.from[..axis]);
            if !near.any(|kept| kept.take(&next, axis)) {
                kept.push(next);
            }
        }
        boxes = kept;
    }
    boxes
}
