//! Which cells read a cell: the other way round, from an operand to those that are made of it.

use super::{Cells, Operand, Rule};
use crate::trace::fill::each;
use crate::trace::walk::{Cell, SPLIT_AXES, Walk};
use crate::trace::{Op, Stage};
use std::ops::Range;

impl Rule<'_> {
    /// Visits every cell that has the one of stage `operand` at offset `at` among the factors of its terms.
    pub fn readers<C: Cells + ?Sized>(
        &self,
        operand: &Stage,
        at: usize,
        cells: &C,
        visit: &mut dyn FnMut(&Cell),
    ) {
        let from = self.stage.from.iter().filter(|id| *id != "past_state");
        for (place, (id, own)) in from.zip(&self.operands).enumerate() {
            let past = own.at_first.as_ref();
            let (walk, tokens) = match past {
                Some(Some(past)) if operand.id == "past_state" => (past, 0..1),
                Some(_) if *id == operand.id => (&own.walk, 1..usize::MAX),
                None if *id == operand.id => (&own.walk, 0..usize::MAX),
                _ => continue,
            };
            let Some((mut ranges, n)) = self.candidates(walk, at) else {
                continue;
            };
            let range = &mut ranges[self.tokens];
            *range = range.start.max(tokens.start)..range.end.min(tokens.end);
            each(ranges, |cell| {
                if self.reads(cell, place, n, at, cells) {
                    visit(cell);
                }
            });
        }
    }

    /// The cells whose walk leads to offset `at`, and where along its summed axis. Of a rotation, those of all features,
    /// since each is made of two.
    fn candidates(&self, walk: &Walk, at: usize) -> Option<([Range<usize>; SPLIT_AXES], usize)> {
        let turns = self.stage.op == Op::Rotate;
        let mut ranges = self.extents.map(|extent| 0..extent);
        let mut summed = 0;
        let mut rest = walk.beyond_start(at);
        let turning = |axis: usize| turns && axis == self.tokens + 1;
        let mut steps = [(0, 0); SPLIT_AXES + 1];
        for (axis, step) in steps.iter_mut().enumerate() {
            *step = match self.extents.get(axis) {
                Some(_) if turning(axis) => (0, 0),
                Some(&extent) => (walk.stride(axis), extent),
                None => (walk.step() as isize, walk.count),
            };
        }
        // the longest steps first: each is longer than all that lies along those after it
        loop {
            let left = (0..steps.len()).filter(|&n| steps[n].0 > 0 && steps[n].1 > 1);
            let Some(axis) = left.max_by_key(|&n| steps[n].0) else {
                break;
            };
            let (stride, extent) = std::mem::take(&mut steps[axis]);
            let place = usize::try_from(rest.div_euclid(stride)).ok()?;
            if place >= extent {
                return None;
            }
            rest = rest.rem_euclid(stride);
            match ranges.get_mut(axis) {
                Some(range) => *range = place..place + 1,
                None => summed = place,
            }
        }
        (rest == 0 || turns).then_some((ranges, summed))
    }

    /// Whether such a cell has that factor: operand number `place`, in its term `n`.
    fn reads<C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        place: usize,
        n: usize,
        at: usize,
        cells: &C,
    ) -> bool {
        if self.is_given(cell) {
            return false;
        }
        if self.stage.op == Op::Rotate {
            let mut found = false;
            self.turned(cell, |factors| found |= factors.contains(&at));
            return found;
        }
        if self.stage.op == Op::Softmax && self.reason(cell, cells).is_some() {
            return false;
        }
        if place >= self.factors {
            return true;
        }
        let whole = |operand: &Operand| self.walk(operand, cell).is_some();
        let left = self.operands[0].walk.nth(cell, n);
        self.operands.iter().take(self.factors).all(whole)
            && self.counts(cell, self.guard_of(cell), n, left, cells)
    }
}
