//! A rule as plain numbers, for whoever computes its stage by other means than cell by cell.

use super::Rule;
use crate::error::{Error, Operation};
use crate::trace::Stage;
use crate::trace::walk::{Cell, axes_of};
use crate::visibility::Visibility;

/// How an operand is walked through, from its own first cell on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stride {
    pub start: isize,
    /// Along the axes of the stage.
    pub axes: [isize; 4],
    /// Along the axis that is summed over.
    pub summed: isize,
}

/// The numbers of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// How many axes the stage has.
    pub axes: usize,
    /// Extents along four axes, 1 beyond the last; the cells are row-major.
    pub extents: Cell,
    pub operands: [Stride; 3],
    /// Length of the summed axis.
    pub count: usize,
    /// The axis that tokens run along, and how many of them are given.
    pub tokens: usize,
    pub given: usize,
    pub visibility: Visibility,
}

impl Steps {
    /// The same with the axes at the end, and those of length 1 before them.
    pub fn axes_last(mut self) -> Self {
        let beyond = self.extents.len() - self.axes.min(self.extents.len());
        self.extents.rotate_right(beyond);
        for operand in &mut self.operands {
            operand.axes.rotate_right(beyond);
        }
        self.tokens += beyond;
        self
    }
}

impl Rule<'_> {
    /// The numbers of the rule; `stages` are those that it was made of.
    ///
    /// # Errors
    /// `internal` for operands that are not among them.
    pub fn steps(&self, op: Operation, stages: &[Stage]) -> Result<Steps, Error> {
        let mut operands = [Stride::default(); 3];
        let mut count = 1;
        let named = self.operands.iter().zip(&self.stage.from);
        for (stride, (operand, id)) in operands.iter_mut().zip(named) {
            let Some(stage) = stages.iter().find(|stage| stage.id == *id) else {
                return Err(op.internal("operands that are stages", id));
            };
            let (start, axes) = operand.walk.within(stage.offset);
            *stride = Stride {
                start,
                axes,
                summed: operand.walk.step() as isize,
            };
            count = count.max(operand.walk.count);
        }
        Ok(Steps {
            axes: axes_of(self.stage, self.config).map_or(0, |axes| axes.len()),
            extents: self.extents,
            operands,
            count,
            tokens: self.tokens,
            given: self.given,
            visibility: self.visibility,
        })
    }
}
