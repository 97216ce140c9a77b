//! The scores of a trace that does not hold them: worked out when they are asked for, by the steps of a full trace.

use super::rule::{Cells, weighs};
use super::walk::{Cell, Split, Walk, axes_of, place};
use super::{Axis, Constant, PositionConfig, Reason, Stage, TraceConfig};
use crate::plain;
use crate::positions::alibi;
use crate::visibility::Visibility;

/// How the score of a query and a key is made. Cells are those of `weights`: key head, member of its group, query, key.
#[derive(Clone, Debug)]
pub(crate) struct Scores<'a> {
    config: &'a TraceConfig,
    visibility: Visibility,
    query: Walk,
    key: Walk,
    mask: Option<Walk>,
    members: usize,
    keys: usize,
}

/// What a softmax needs to know of its row.
struct Row {
    max: f64,
    sum: f64,
}

/// A weight in f64, and the numbers in it that are no cells.
pub(crate) struct Softmax {
    pub exact: f64,
    pub constants: Vec<Constant>,
}

impl<'a> Scores<'a> {
    /// The scores behind the stage `weights`; none where its operands do not fit it.
    pub fn of(config: &'a TraceConfig, stages: &'a [Stage], weights: &Stage) -> Option<Self> {
        let axes = axes_of(weights, config)?;
        let keys = extent(&axes, Axis::Key)?;
        let mut walks = weights.from.iter().map(|id| {
            let operand = stages.iter().find(|stage| stage.id == *id)?;
            Walk::of(operand, &axes, config)
        });
        let (query, key) = (walks.next()??, walks.next()??);
        let mask = walks.next().map(|mask| mask.ok_or(())).transpose().ok()?;
        (query.count == key.count && axes.len() == 4).then(|| Scores {
            config,
            visibility: config.visibility(),
            query,
            key,
            mask,
            members: axes[1].extent,
            keys,
        })
    }

    /// Keys of a row.
    pub fn keys(&self) -> usize {
        self.keys
    }

    pub fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    /// Where the row of the mask begins in the arena, if there is one.
    pub fn mask_row(&self, [g, m, i, _]: Cell) -> Option<usize> {
        self.mask.as_ref().map(|walk| walk.first(&[g, m, i, 0]))
    }

    /// What becomes of dot products: scaled, capped, biased, masked, each rounded to f32 as a stage of its own would be.
    /// `row` begins at the key of `cell`, and `mask` with it.
    pub fn finish(&self, cell: &Cell, row: &mut [f32], mask: Option<&[f32]>) {
        let scale = self.config.scale;
        row.iter_mut()
            .for_each(|score| *score = plain::scale(*score, scale));
        let cap = self.config.softcap;
        if cap > 0.0 {
            row.iter_mut()
                .for_each(|score| *score = plain::softcap(*score, cap));
        }
        let slope = self.slope(cell);
        if slope.is_none() && mask.is_none() {
            return;
        }
        for (n, score) in row.iter_mut().enumerate() {
            let near = slope.map_or(0.0, |slope| self.near(slope, cell, cell[3] + n) as f32);
            let added = mask.map_or(0.0, |mask| mask[n]);
            *score = if added == f32::NEG_INFINITY {
                added
            } else {
                *score + (near + added)
            };
        }
    }

    fn slope(&self, cell: &Cell) -> Option<f64> {
        let PositionConfig::Alibi { slopes } = &self.config.position else {
            return None;
        };
        let head = cell[0].wrapping_mul(self.members).wrapping_add(cell[1]);
        Some(slopes.get(head).map_or(f64::NAN, |&slope| slope.into()))
    }

    /// What ALiBi adds to the score of the query of `cell` and key `j`.
    fn near(&self, slope: f64, cell: &Cell, j: usize) -> f64 {
        alibi(slope, self.config.past.saturating_add(cell[2]), j)
    }

    fn added(&self, cell: &Cell, cells: &dyn Cells) -> Option<f32> {
        self.mask.as_ref().map(|walk| cells.at(walk.first(cell)))
    }

    /// Why the key may not be seen.
    pub fn reason(&self, cell: &Cell, cells: &dyn Cells) -> Option<Reason> {
        let masked = || self.added(cell, cells) == Some(f32::NEG_INFINITY);
        self.visibility
            .hidden(cell[2], cell[3])
            .or_else(|| masked().then_some(Reason::Mask))
    }

    /// Whether the key is seen, given its weight: a score of negative infinity hides a key, wherever it comes from.
    pub fn seen(&self, cell: &Cell, weight: f32, cells: &dyn Cells) -> bool {
        if weighs(weight) {
            return true;
        }
        if self.reason(cell, cells).is_some() {
            return false;
        }
        let mut score = [self.dot(cell, &self.query_row(cell, cells), cells) as f32];
        self.finish(
            cell,
            &mut score,
            self.added(cell, cells).as_ref().map(std::slice::from_ref),
        );
        score != [f32::NEG_INFINITY]
    }

    fn query_row(&self, cell: &Cell, cells: &dyn Cells) -> Vec<f32> {
        let mut row = vec![0.0; self.query.count];
        cells.read(self.query.first(cell), self.query.step(), &mut row);
        row
    }

    fn dot(&self, cell: &Cell, query: &[f32], cells: &dyn Cells) -> f64 {
        let mut key = vec![0.0; query.len()];
        cells.read(self.key.first(cell), self.key.step(), &mut key);
        plain::dot(query, &key)
    }

    /// The score in f64 throughout; negative infinity where the key may not be seen.
    fn exact(&self, cell: &Cell, query: &[f32], cells: &dyn Cells) -> f64 {
        if self.reason(cell, cells).is_some() {
            return f64::NEG_INFINITY;
        }
        let cap = self.config.softcap;
        let mut score = self.dot(cell, query, cells) * self.config.scale;
        if cap > 0.0 {
            score = cap * libm::tanh(score / cap);
        }
        if let Some(slope) = self.slope(cell) {
            score += self.near(slope, cell, cell[3]);
        }
        score + self.added(cell, cells).map_or(0.0, f64::from)
    }

    /// Maximum and sum of the row, in f64 throughout.
    fn row(&self, cell: &Cell, query: &[f32], cells: &dyn Cells) -> Row {
        let &[g, m, i, _] = cell;
        let scores: Vec<f64> = (0..self.keys)
            .map(|j| self.exact(&[g, m, i, j], query, cells))
            .collect();
        let max = scores
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, plain::larger);
        let sum = scores
            .iter()
            .map(|&score| libm::exp(plain::shift(score, max)))
            .sum();
        Row { max, sum }
    }

    /// The weight of a cell, by the whole softmax of its row in f64.
    pub fn softmax(&self, cell: &Cell, cells: &dyn Cells) -> Softmax {
        let query = self.query_row(cell, cells);
        let Row { max, sum } = self.row(cell, &query, cells);
        let score = self.exact(cell, &query, cells);
        let mut constants = vec![("scale", self.config.scale)];
        if self.config.softcap > 0.0 {
            constants.push(("softcap", self.config.softcap));
        }
        if let Some(slope) = self.slope(cell) {
            constants.push(("alibi", self.near(slope, cell, cell[3])));
        }
        constants.extend([("row_max", max), ("row_sum", sum)]);
        Softmax {
            exact: plain::divide(libm::exp(plain::shift(score, max)), sum),
            constants: constants
                .into_iter()
                .map(|(name, value)| Constant { name, value })
                .collect(),
        }
    }
}

fn extent(axes: &[Split], axis: Axis) -> Option<usize> {
    place(axes, axis).map(|place| axes[place].extent)
}
