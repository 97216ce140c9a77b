//! Sums of products of neighbouring cells, side by side.

use super::{Operand, Rule, nth};
use crate::trace::Op;
use crate::trace::pair::{Pair, SUMS, Sums};
use crate::trace::walk::Cell;

impl Rule<'_> {
    /// The last axis, if the sums of neighbours along it can go side by side: each reads the same left factors, and right
    /// factors that are neighbours, too.
    pub fn side_by_side(&self) -> Option<usize> {
        let last = self.extents.iter().rposition(|&extent| extent > 1)?;
        // a guard says the same of a term to all of them
        let guard = self.guard.as_ref();
        let product = matches!(self.stage.op, Op::Matmul | Op::Affine)
            && guard.is_none_or(|guard| guard.stride(last) == 0)
            && self.scores.is_none();
        let [left, right, ..] = &self.operands[..] else {
            return None;
        };
        let strides = [0, 1, 1];
        let along = |(operand, stride): (&Operand, isize)| operand.walk.stride(last) == stride;
        let fit = self.operands.iter().zip(strides).all(along) && self.own.stride(last) == 1;
        (product && fit && last != self.tokens && left.walk.count == right.walk.count)
            .then_some(last)
    }

    /// A cell and those beside it, of a rule whose sums go side by side.
    pub fn sums(&self, cell: &Cell, data: &[f32]) -> [f32; SUMS] {
        let mut sums = Sums::zero();
        let [left, right, ..] = &self.operands[..] else {
            return sums.rounded();
        };
        let (mut from, mut to) = (left.walk.first(cell), right.walk.first(cell));
        let guard = self.guard_of(cell);
        for n in 0..left.walk.count {
            let numbers = data.get(to..).and_then(<[f32]>::first_chunk);
            if let Some(numbers) = numbers.filter(|_| self.counts(cell, guard, n, from, &data)) {
                sums.add(Pair::splat(data[from].into()), numbers);
            }
            from = nth(from, left.walk.step(), 1);
            to = nth(to, right.walk.step(), 1);
        }
        for operand in self.operands.iter().skip(self.factors) {
            if let Some(numbers) = data[operand.walk.first(cell)..].first_chunk() {
                sums.plus(numbers);
            }
        }
        sums.rounded()
    }
}
