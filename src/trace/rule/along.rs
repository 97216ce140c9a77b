//! A row of cells at once, along the last axis: what is the same for all of them is asked once.

use super::{Operand, Rule, nth};
use crate::plain;
use crate::trace::Op;
use crate::trace::walk::Cell;

/// Where the axes of a matrix of scores stand, after those of its head.
const QUERY: usize = 2;
const KEY: usize = 3;

impl Rule<'_> {
    /// The last axis, if the cells along it are made in one way of cells that stand before them in the arena: of neighbours,
    /// or of sums of products.
    pub fn in_rows(&self) -> Option<usize> {
        let last = self.extents.iter().rposition(|&extent| extent > 1)?;
        let strides: &[isize] = match self.stage.op {
            Op::Scale | Op::Softcap | Op::Exp | Op::Concat => &[1],
            Op::Subtract | Op::Divide => &[1, 0],
            // what is seen goes by query and key
            Op::Mask if last == KEY => &[1],
            Op::Matmul if self.guard.is_none() && self.scores.is_none() => &[],
            _ => return None,
        };
        let fit = |(operand, &stride): (&Operand, &isize)| operand.walk.stride(last) == stride;
        (last != self.tokens && self.operands.iter().zip(strides).all(fit)).then_some(last)
    }

    /// Makes a cell and those after it along axis `last`, of a rule that [`Rule::in_rows`] names it of: bit for bit what
    /// [`Rule::evaluate`] makes of each.
    pub fn row(&self, cell: &Cell, last: usize, data: &mut [f32]) {
        let (before, after) = data.split_at_mut(self.offset(cell));
        let row = &mut after[..self.extents[last]];
        let (a, b) = match &self.operands[..] {
            [a] => (a, None),
            [a, b] if self.factors == 2 => return self.dots(a, b, cell, last, before, row),
            [a, b] => (a, Some(f64::from(before[b.walk.first(cell)]))),
            _ => return,
        };
        let a = &before[a.walk.first(cell)..][..row.len()];
        if self.stage.op == Op::Mask {
            return self.masked(cell, before, a, row);
        }
        row.copy_from_slice(a);
        let (scale, cap, b) = (self.config.scale, self.config.softcap, b.unwrap_or(0.0));
        match self.stage.op {
            Op::Scale => each(row, |a| a * scale),
            Op::Softcap => each(row, |a| cap * libm::tanh(a / cap)),
            Op::Exp => each(row, libm::exp),
            Op::Subtract => each(row, |a| plain::shift(a, b)),
            Op::Divide => each(row, |a| plain::divide(a, b)),
            _ => {}
        }
    }

    /// What is seen neither by its place nor by the mask, nor by its bias, is negative infinity.
    fn masked(&self, cell: &Cell, before: &[f32], scores: &[f32], row: &mut [f32]) {
        let seen = self.visibility.range(cell[QUERY]);
        let guard = self.guard.as_ref();
        let bias = guard.map(|guard| (guard.first(cell), guard.stride(KEY) as usize));
        for (j, (masked, &score)) in row.iter_mut().zip(scores).enumerate() {
            let hides = |score: f32| score == f32::NEG_INFINITY;
            let hidden = hides(*masked)
                || !seen.contains(&j)
                || bias.is_some_and(|(first, step)| hides(before[nth(first, step, j)]));
            *masked = if hidden { f32::NEG_INFINITY } else { score };
        }
    }

    /// Each a sum of products, in the order of its terms.
    fn dots(
        &self,
        a: &Operand,
        b: &Operand,
        cell: &Cell,
        last: usize,
        before: &[f32],
        row: &mut [f32],
    ) {
        let [from, to] = [a, b].map(|operand| operand.walk.first(cell));
        let [left, right] = [a, b].map(|operand| operand.walk.stride(last) as usize);
        for (n, cell) in row.iter_mut().enumerate() {
            let (mut at, mut other) = (nth(from, left, n), nth(to, right, n));
            let mut sum = 0.0;
            for _ in 0..a.walk.count.max(b.walk.count) {
                sum += f64::from(before[at]) * f64::from(before[other]);
                at = nth(at, a.walk.step(), 1);
                other = nth(other, b.walk.step(), 1);
            }
            *cell = sum as f32;
        }
    }
}

fn each(row: &mut [f32], make: impl Fn(f64) -> f64) {
    row.iter_mut()
        .for_each(|cell| *cell = make((*cell).into()) as f32);
}
