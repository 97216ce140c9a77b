//! Which cells a cell is made of, and how. Said here once: the trace is filled by it, and `explain` answers by it.

mod along;
mod readers;
#[cfg(feature = "gpu")]
mod steps;
mod sums;

use super::scores::{Scores, Softmax};
use super::walk::{Cell, SPLIT_AXES, Walk, axes_of, place};
use super::{Axis, Op, PositionConfig, Reason, Stage, TraceConfig};
use crate::error::{Error, Operation};
use crate::plain;
use crate::positions::{alibi, angle, sinusoid, sinusoid_angle};
use crate::rotary::pair;
use crate::visibility::Visibility;

/// Read access to an arena, wherever it is.
pub(crate) trait Cells {
    /// The cell at this offset; NaN where there is none.
    fn at(&self, offset: usize) -> f32;

    /// The same, for what is not called too often to be called by address.
    fn shared(&self) -> &dyn Cells;

    /// Every `step`th cell from an offset on.
    fn read(&self, from: usize, step: usize, out: &mut [f32]) {
        for (n, out) in out.iter_mut().enumerate() {
            *out = self.at(nth(from, step, n));
        }
    }
}

impl Cells for &[f32] {
    fn at(&self, offset: usize) -> f32 {
        self.get(offset).copied().unwrap_or(f32::NAN)
    }

    fn shared(&self) -> &dyn Cells {
        self
    }
}

/// A stage that an operation reads.
#[derive(Clone, Debug)]
struct Operand {
    walk: Walk,
    /// For the state before a token: what stands in for it at the first token, if anything does.
    at_first: Option<Option<Walk>>,
}

/// How the cells of one stage are made.
#[derive(Clone, Debug)]
pub(crate) struct Rule<'a> {
    stage: &'a Stage,
    config: &'a TraceConfig,
    /// Extents along the split axes, 1 beyond the last.
    extents: Cell,
    own: Walk,
    /// The split axis that tokens run along.
    tokens: usize,
    operands: Vec<Operand>,
    /// So many of the operands are multiplied, cell by cell along their summed axis; those after stand alone.
    factors: usize,
    /// What says of a cell of a row that it is not seen: scores for a weighted sum, the bias for a mask.
    guard: Option<Walk>,
    /// The scores of a trace that does not hold them: they guard a weighted sum, and a softmax is made of them.
    scores: Option<Box<Scores<'a>>>,
    /// Tokens before this one were given, since no operand has a row for them: keys of the past.
    given: usize,
    visibility: Visibility,
}

impl<'a> Rule<'a> {
    /// The rule of a stage.
    ///
    /// # Errors
    /// `internal` for a table that no engine made.
    pub fn of(
        op: Operation,
        config: &'a TraceConfig,
        stages: &'a [Stage],
        stage: &'a Stage,
    ) -> Result<Self, Error> {
        let broken = || {
            op.internal(
                format!("{} with operands that fit its axes", stage.id),
                format!("{:?}", stage.from),
            )
        };
        let find = |id: &str| stages.iter().find(|stage| stage.id == id);
        let axes = axes_of(stage, config).ok_or_else(broken)?;
        let walk = |operand: &Stage| Walk::of(operand, &axes, config).ok_or_else(broken);
        let tokens = [Axis::Token, Axis::Query, Axis::Key]
            .into_iter()
            .find_map(|axis| place(&axes, axis))
            .unwrap_or(0);
        let mut operands = Vec::with_capacity(3);
        // what the state begins with is no operand of its own: it stands in for the state
        for id in stage.from.iter().filter(|id| *id != "past_state") {
            let walk = walk(find(id).ok_or_else(broken)?)?;
            operands.push(if id == "state" && stage.op != Op::Read {
                let at_first = find("past_state")
                    .map(|past| Walk::of(past, &axes, config).ok_or_else(broken))
                    .transpose()?;
                Operand {
                    walk: walk.before(tokens),
                    at_first: Some(at_first),
                }
            } else {
                Operand {
                    walk,
                    at_first: None,
                }
            });
        }
        let (expected, factors) = match stage.op {
            Op::Given | Op::Edited | Op::Seeded | Op::Sinusoid | Op::Alibi => (0, 0),
            Op::Scale | Op::Softcap | Op::Mask | Op::Max | Op::Exp | Op::Sum | Op::Concat => (1, 0),
            Op::Add | Op::Subtract | Op::Divide | Op::Error | Op::Accumulate => (2, 0),
            Op::Matmul | Op::Decay | Op::Predict | Op::Read => (2, 2),
            Op::Affine => (3, 2),
            // with a mask or without
            Op::Softmax => (operands.len().clamp(2, 3), 2),
            Op::Rotate => (3, 0),
            Op::Update => (if operands.len() == 3 { 3 } else { 2 }, operands.len()),
        };
        if operands.len() != expected {
            return Err(broken());
        }
        let scores = || {
            find("row_max")
                .and_then(|row_max| row_max.from.first())
                .and_then(|id| find(id))
        };
        let alone = find("weights").filter(|weights| weights.op == Op::Softmax);
        let mixes = stage.op == Op::Matmul && stage.id == "mixed";
        let guard = match stage.op {
            _ if mixes && alone.is_none() => Some(scores().ok_or_else(broken)?),
            Op::Mask => find("bias"),
            _ => None,
        };
        let scores = match alone {
            Some(weights) if mixes || stage.op == Op::Softmax => {
                let scores = Scores::of(config, stages, weights).ok_or_else(broken)?;
                Some(Box::new(scores))
            }
            _ => None,
        };
        let mut extents = [1; SPLIT_AXES];
        extents
            .iter_mut()
            .zip(&axes)
            .for_each(|(extent, axis)| *extent = axis.extent);
        Ok(Rule {
            own: Walk::own(stage, &axes),
            guard: guard.map(walk).transpose()?,
            scores,
            given: operands
                .iter()
                .map(|operand| operand.walk.missing)
                .max()
                .unwrap_or(0),
            visibility: config.visibility(),
            stage,
            config,
            extents,
            tokens,
            operands,
            factors,
        })
    }

    /// The stage that it makes.
    pub fn stage(&self) -> &Stage {
        self.stage
    }

    /// Extents along the split axes.
    pub fn extents(&self) -> Cell {
        self.extents
    }

    /// The split axis that tokens run along.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Where the cell stands in the arena.
    pub fn offset(&self, cell: &Cell) -> usize {
        self.own.first(cell)
    }

    /// Whether the cell has its value from outside: given, drawn, or a key of the past among projected ones.
    pub fn is_given(&self, cell: &Cell) -> bool {
        matches!(self.stage.op, Op::Given | Op::Seeded) || cell[self.tokens] < self.given
    }

    /// The walk of an operand for this cell; none for the state before the first token, where there was none.
    fn walk<'s>(&self, operand: &'s Operand, cell: &Cell) -> Option<&'s Walk> {
        match &operand.at_first {
            Some(first) if cell[self.tokens] == 0 => first.as_ref(),
            _ => Some(&operand.walk),
        }
    }

    /// Hands the offsets of the factors of each term to `visit`, in the order in which they are summed.
    pub fn terms<C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        cells: &C,
        visit: &mut dyn FnMut(&[usize]),
    ) {
        self.each_term(cell, cells, visit);
    }

    /// [`Rule::terms`] for a closure that is called too often to be called by address.
    fn each_term<C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        cells: &C,
        mut visit: impl FnMut(&[usize]),
    ) {
        if self.is_given(cell) {
            return;
        }
        if self.stage.op == Op::Softmax && self.reason(cell, cells).is_some() {
            return;
        }
        if self.stage.op == Op::Rotate {
            return self.turned(cell, visit);
        }
        match self.factors {
            2 => self.products::<2, C>(cell, cells, &mut visit),
            3 => self.products::<3, C>(cell, cells, &mut visit),
            _ => {}
        }
        for operand in self.operands.iter().skip(self.factors) {
            if let Some(walk) = self.walk(operand, cell) {
                let first = walk.first(cell);
                (0..walk.count).for_each(|n| visit(&[nth(first, walk.step(), n)]));
            }
        }
    }

    /// The terms that are products of `N` factors. Keys that are not seen have none.
    fn products<const N: usize, C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        cells: &C,
        visit: &mut impl FnMut(&[usize]),
    ) {
        let mut at = [0; N];
        let mut steps = [0; N];
        let mut count = 1;
        for (n, operand) in self.operands.iter().take(N).enumerate() {
            let Some(walk) = self.walk(operand, cell) else {
                return;
            };
            (at[n], steps[n]) = (walk.first(cell), walk.step());
            count = count.max(walk.count);
        }
        let guard = self.guard_of(cell);
        for n in 0..count {
            if self.counts(cell, guard, n, at[0], cells) {
                visit(&at);
            }
            at.iter_mut()
                .zip(steps)
                .for_each(|(at, step)| *at = at.wrapping_add(step));
        }
    }

    /// Where the guard of a cell begins, and how far it is from one of its cells to the next.
    fn guard_of(&self, cell: &Cell) -> Option<(usize, usize)> {
        let guard = self.guard.as_ref()?;
        Some((guard.first(cell), guard.step()))
    }

    /// Whether product `n` counts, whose left factor stands at `left`: not that of a weight and a key that is not seen.
    #[inline(always)]
    fn counts<C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        guard: Option<(usize, usize)>,
        n: usize,
        left: usize,
        cells: &C,
    ) -> bool {
        if let Some((first, step)) = guard {
            let hidden = cells.at(nth(first, step, n)) == f32::NEG_INFINITY;
            // one that was set counts all the same
            return !hidden || weighs(cells.at(left));
        }
        match self.scores.as_deref() {
            Some(scores) if self.stage.op == Op::Matmul => {
                let &[g, m, i, _] = cell;
                scores.seen(&[g, m, i, n], cells.at(left), cells.shared())
            }
            _ => true,
        }
    }

    /// The two terms of a rotated feature, or the one of a feature that passes through.
    fn turned(&self, cell: &Cell, mut visit: impl FnMut(&[usize])) {
        let [own, cos, sin] = self.operands.as_slice() else {
            return;
        };
        let at = own.walk.first(cell);
        match self.turn(cell) {
            None => visit(&[at]),
            Some((c, (partner, pair, _))) => {
                visit(&[at, nth(cos.walk.first(cell), 1, pair)]);
                let partner = nth(at.wrapping_sub(c), 1, partner);
                visit(&[partner, nth(sin.walk.first(cell), 1, pair)]);
            }
        }
    }

    /// The feature, and its partner, pair and place in it; none where the feature passes through.
    fn turn(&self, cell: &Cell) -> Option<(usize, (usize, usize, bool))> {
        let PositionConfig::Rotary {
            dim, interleaved, ..
        } = self.config.position
        else {
            return None;
        };
        let c = *cell.get(self.tokens + 1)?;
        (c < dim && dim > 1).then(|| (c, pair(c, dim, interleaved)))
    }

    /// The operation on the terms, in f64.
    pub fn evaluate<C: Cells + ?Sized>(&self, cell: &Cell, cells: &C) -> f64 {
        if self.is_given(cell) {
            return f64::from(cells.at(self.offset(cell)));
        }
        let value = |n: usize| f64::from(cells.at(self.operands[n].walk.first(cell)));
        match self.stage.op {
            Op::Sinusoid | Op::Alibi => self.placed(cell),
            Op::Scale => value(0) * self.config.scale,
            Op::Softcap => self.config.softcap * libm::tanh(value(0) / self.config.softcap),
            Op::Mask if self.reason(cell, cells).is_some() => f64::NEG_INFINITY,
            Op::Mask | Op::Concat => value(0),
            Op::Exp => libm::exp(value(0)),
            Op::Subtract => plain::shift(value(0), value(1)),
            Op::Error => value(0) - value(1),
            Op::Divide => plain::divide(value(0), value(1)),
            Op::Max => {
                let mut largest = f64::NEG_INFINITY;
                self.terms(cell, cells, &mut |at| {
                    largest = plain::larger(largest, f64::from(cells.at(at[0])))
                });
                largest
            }
            Op::Rotate => {
                let (mut sum, mut term) = (0.0, 0);
                self.terms(cell, cells, &mut |factors| {
                    sum += self.product(cell, term, factors, cells);
                    term += 1;
                });
                sum
            }
            Op::Given | Op::Edited | Op::Seeded => f64::NAN,
            Op::Add | Op::Matmul | Op::Affine | Op::Sum | Op::Decay | Op::Predict | Op::Update => {
                self.sum(cell, cells)
            }
            Op::Accumulate | Op::Read => self.sum(cell, cells),
            Op::Softmax => self
                .softmax(cell, cells.shared())
                .map_or(f64::NAN, |softmax| softmax.exact),
        }
    }

    /// What the term of this number comes to, in f64.
    pub fn product<C: Cells + ?Sized>(
        &self,
        cell: &Cell,
        term: usize,
        factors: &[usize],
        cells: &C,
    ) -> f64 {
        let product = product(factors, cells);
        match self.stage.op {
            // the sine is the second term
            Op::Rotate if term == 1 => self.sign(cell).unwrap_or(1.0) * product,
            _ => product,
        }
    }

    /// What a sum, or the largest of several, comes to with one more term; none where the operation is neither.
    pub fn running(&self, before: Option<f64>, product: f64) -> Option<f64> {
        match self.stage.op {
            Op::Max => Some(plain::larger(before.unwrap_or(f64::NEG_INFINITY), product)),
            Op::Add
            | Op::Matmul
            | Op::Affine
            | Op::Sum
            | Op::Rotate
            | Op::Decay
            | Op::Predict
            | Op::Update
            | Op::Accumulate
            | Op::Read => Some(before.unwrap_or(0.0) + product),
            _ => None,
        }
    }

    /// The whole softmax behind a weight, where it is one operation.
    pub fn softmax(&self, cell: &Cell, cells: &dyn Cells) -> Option<Softmax> {
        let scores = self.scores.as_ref()?;
        (self.stage.op == Op::Softmax).then(|| scores.softmax(cell, cells))
    }

    fn sum<C: Cells + ?Sized>(&self, cell: &Cell, cells: &C) -> f64 {
        let mut sum = 0.0;
        self.each_term(cell, cells, |factors| sum += product(factors, cells));
        sum
    }

    /// The value of a cell that depends on its place alone.
    fn placed(&self, cell: &Cell) -> f64 {
        let constant = self
            .constant(cell)
            .map_or(f64::NAN, |(_, constant)| constant);
        match &*self.stage.id {
            "cos" => libm::cos(constant),
            "sin" => libm::sin(constant),
            "positions" | "memory_positions" => sinusoid(constant, cell[1]),
            _ => alibi(constant, self.place(cell[2]), cell[3]),
        }
    }

    /// The place of a token that comes after the past.
    fn place(&self, token: usize) -> usize {
        self.config.past.saturating_add(token)
    }

    /// The sign of the sine in a rotated feature.
    fn sign(&self, cell: &Cell) -> Option<f64> {
        self.turn(cell)
            .map(|(_, (_, _, first))| if first { -1.0 } else { 1.0 })
    }

    /// The number in the formula that is no cell, and its name.
    pub fn constant(&self, cell: &Cell) -> Option<(&'static str, f64)> {
        match (self.stage.op, &self.config.position) {
            (Op::Scale, _) => Some(("scale", self.config.scale)),
            (Op::Softcap, _) => Some(("softcap", self.config.softcap)),
            (Op::Rotate, _) => self.sign(cell).map(|sign| ("sign", sign)),
            (Op::Alibi, PositionConfig::Alibi { slopes }) => {
                let head = nth(cell[1], cell[0], self.extents[1]);
                slopes.get(head).map(|&slope| ("slope", f64::from(slope)))
            }
            (Op::Sinusoid, &PositionConfig::Rotary { base, dim, .. }) => {
                Some(("angle", angle(cell[0], cell[1], dim, base)))
            }
            (Op::Sinusoid, _) => Some((
                "angle",
                sinusoid_angle(self.place(cell[0]), cell[1], self.config.width),
            )),
            _ => None,
        }
    }

    /// Why the score may not be seen: by its place; or else by the mask, if its bias says so, or if the trace says that it
    /// is hidden though the score before was not negative infinity by itself.
    pub fn reason<C: Cells + ?Sized>(&self, cell: &Cell, cells: &C) -> Option<Reason> {
        if self.stage.op == Op::Softmax {
            return self.scores.as_ref()?.reason(cell, cells.shared());
        }
        if self.stage.op != Op::Mask {
            return None;
        }
        let hidden = |at: usize| cells.at(at) == f32::NEG_INFINITY;
        let masked = || {
            let before = self
                .operands
                .first()
                .is_some_and(|operand| hidden(operand.walk.first(cell)));
            let biased = self
                .guard
                .as_ref()
                .is_some_and(|bias| hidden(bias.first(cell)));
            (biased || hidden(self.offset(cell)) && !before).then_some(Reason::Mask)
        };
        self.visibility.hidden(cell[2], cell[3]).or_else(masked)
    }
}

/// `first + n · step`. A table that was altered may lead anywhere: to a cell that is not there, but not to a panic.
pub(super) fn nth(first: usize, step: usize, n: usize) -> usize {
    first.wrapping_add(step.wrapping_mul(n))
}

/// Whether a weight shows by itself that its key is seen: that of one that is not is 0, or NaN in a row of NaN.
pub(super) fn weighs(weight: f32) -> bool {
    weight != 0.0 && !weight.is_nan()
}

fn product<C: Cells + ?Sized>(factors: &[usize], cells: &C) -> f64 {
    let mut product = 1.0;
    for &at in factors {
        product *= f64::from(cells.at(at));
    }
    product
}
