//! Weights row by row, and what they mix: the numbers of a full trace, without the stages between scores and weights.
//!
//! Sums run in index order, in f64, as everywhere in a trace; only that sixteen sums, each in its order, go side by side: those
//! of four queries and four keys, or of four queries and four features of the values.

use super::pair::{SIDE, Tile};
use super::scores::Scores;
use super::{Stage, TraceConfig};
use crate::error::{Error, Operation};
use crate::plain;
use std::array;
use std::ops::Range;

/// Takes rows of a result as they are made: those of the weights of a trace into its arena, those of an output.
pub(crate) trait Rows {
    /// There will be this many cells, all rows among them.
    ///
    /// # Errors
    /// `too_large` where there is no room for them.
    fn begin(&mut self, op: Operation, cells: usize) -> Result<(), Error>;

    /// Has the system make the memory now, for a caller that waits anyway: memory that is new is made where it is first written,
    /// which takes 3 ms for 4 MB.
    #[cfg(all(target_arch = "wasm32", feature = "gpu"))]
    fn touch(&mut self) {}

    /// A row, and where among the cells it belongs.
    fn put(&mut self, offset: usize, row: &[f32]);
}

/// Keys that are mixed before others are: their weights and values then stay in the first cache.
const BLOCK: usize = 256;

/// Fills `weights`, row by row through `put`, and `mixed`, which stands in `data` with all that came before.
pub(super) fn fill(
    op: Operation,
    config: &TraceConfig,
    stages: &[Stage],
    weights: &Stage,
    data: &mut [f32],
    put: &mut dyn FnMut(usize, &[f32]),
) -> Result<(), Error> {
    let broken = || op.internal("weights of queries and keys", format!("{:?}", weights.from));
    let find = |id: &str| stages.iter().find(|stage| stage.id == id);
    let scores = Scores::of(config, stages, weights).ok_or_else(broken)?;
    let operand = |n: usize| weights.from.get(n).and_then(|id| find(id));
    let (Some(query), Some(key), Some(value), Some(mixed)) =
        (operand(0), operand(1), find("value"), find("mixed"))
    else {
        return Err(broken());
    };
    let &[_, queries, dim] = &query.shape[..] else {
        return Err(broken());
    };
    let (group, value_dim) = (config.heads / config.kv_heads, config.value_dim);
    let keys = scores.keys();
    let (before, after) = data.split_at_mut(mixed.offset);
    let cells = |stage: &Stage| &before[stage.offset..][..stage.len()];
    let mixed = &mut after[..mixed.len()];
    let mut work = Work::new(keys, dim, value_dim);
    for head in 0..config.heads {
        let (g, m) = (head / group, head % group);
        let block = |stage, dim: usize| &cells(stage)[g * keys * dim..][..keys * dim];
        let values = block(value, value_dim);
        if m == 0 {
            work.pack(block(key, dim), values);
        }
        for first in (0..queries).step_by(SIDE) {
            let count = SIDE.min(queries - first);
            let at = head * queries + first;
            let seen = array::from_fn(|lane| {
                let seen = if lane < count {
                    scores.visibility().range(first + lane)
                } else {
                    0..0
                };
                seen.start.min(keys)..seen.end.min(keys)
            });
            work.dots(&cells(query)[at * dim..][..count * dim], &seen);
            for lane in 0..count {
                let cell = [g, m, first + lane, seen[lane].start];
                let mask = scores.mask_row([g, m, first + lane, 0]);
                let mask = mask.map(|from| &before[from..][..keys][seen[lane].clone()]);
                scores.finish(&cell, &mut work.rows[lane][seen[lane].clone()], mask);
                let row = work.softmax(lane, &seen[lane]);
                put(weights.offset + (at + lane) * keys, row);
            }
            let mixed = &mut mixed[at * value_dim..][..count * value_dim];
            work.mix(&seen, values, mixed);
        }
    }
    Ok(())
}

/// Working space for four rows.
struct Work {
    dim: usize,
    value_dim: usize,
    /// `[keys by four, dim, key]`
    keys: Vec<[f32; SIDE]>,
    /// `[features by four, key, feature]`
    values: Vec<[f32; SIDE]>,
    /// Whether all values are finite: they may then be mixed with a weight of zero, whoever sees them. Else each row is mixed alone.
    finite: bool,
    /// `[dim, query]`
    queries: Vec<[f64; SIDE]>,
    /// Scores, then weights: `[query, key]`.
    rows: [Vec<f32>; SIDE],
    /// The weights once more: `[key, query]`.
    weights: Vec<[f64; SIDE]>,
    seen: [Vec<bool>; SIDE],
    /// `[features by four, query, feature]`
    mixed: Vec<Tile>,
}

impl Work {
    fn new(keys: usize, dim: usize, value_dim: usize) -> Self {
        let zeros = [0.0; SIDE];
        Work {
            dim,
            value_dim,
            keys: vec![zeros; keys.div_ceil(SIDE) * dim],
            values: vec![zeros; value_dim.div_ceil(SIDE) * keys],
            finite: true,
            queries: vec![[0.0; SIDE]; dim],
            rows: array::from_fn(|_| vec![0.0; keys]),
            weights: vec![[0.0; SIDE]; keys],
            seen: array::from_fn(|_| vec![false; keys]),
            mixed: vec![Tile::ZERO; value_dim.div_ceil(SIDE)],
        }
    }

    /// Lays out `[key, dim]` and `[key, value_dim]`.
    fn pack(&mut self, keys: &[f32], values: &[f32]) {
        let (dim, value_dim, count) = (self.dim, self.value_dim, self.weights.len());
        for (j, key) in keys.chunks_exact(dim).enumerate() {
            let block = &mut self.keys[j / SIDE * dim..][..dim];
            for (numbers, &number) in block.iter_mut().zip(key) {
                numbers[j % SIDE] = number;
            }
        }
        let blocks = self.values.chunks_exact_mut(count);
        for (n, block) in blocks.enumerate() {
            for (numbers, value) in block.iter_mut().zip(values.chunks_exact(value_dim)) {
                let features = &value[n * SIDE..];
                numbers
                    .iter_mut()
                    .zip(features)
                    .for_each(|(to, &from)| *to = from);
            }
        }
        self.finite = values.iter().all(|value| value.is_finite());
    }

    /// `rows[i][j] = queries[i] · keys[j]` for the keys that one of up to four queries may see, and those that share a block with
    /// them.
    ///
    /// # Shapes
    /// queries `[query, dim]`
    fn dots(&mut self, queries: &[f32], seen: &[Range<usize>; SIDE]) {
        for (lane, query) in queries.chunks_exact(self.dim).enumerate() {
            for (numbers, &number) in self.queries.iter_mut().zip(query) {
                numbers[lane] = number.into();
            }
        }
        let seen = union(seen);
        let blocks = self.keys.chunks_exact(self.dim).enumerate();
        let first = seen.start / SIDE;
        for (n, block) in blocks.take(seen.end.div_ceil(SIDE)).skip(first) {
            let mut sums = Tile::ZERO;
            sums.add(&self.queries, block);
            for (row, sums) in self.rows.iter_mut().zip(sums.rounded()) {
                row[n * SIDE..]
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(out, sum)| *out = sum);
            }
        }
    }

    /// The scores of a query become weights; a score of negative infinity stands for a key that is not seen.
    // apart: a browser compiles it well only once it was called a few times, and the whole fill is one call
    #[inline(never)]
    fn softmax(&mut self, lane: usize, seen: &Range<usize>) -> &[f32] {
        let row = &mut self.rows[lane];
        let scores = &mut row[seen.clone()];
        for (flag, &score) in self.seen[lane][seen.clone()].iter_mut().zip(scores.iter()) {
            *flag = score != f32::NEG_INFINITY;
        }
        plain::softmax_row(scores);
        // nothing out of the sum, which is NaN if one weight is
        let sum = scores.first().filter(|weight| weight.is_nan());
        let nothing = sum.copied().unwrap_or(0.0);
        row[..seen.start].fill(nothing);
        row[seen.end..].fill(nothing);
        for (weights, &weight) in self.weights.iter_mut().zip(&*row) {
            weights[lane] = weight.into();
        }
        row
    }

    /// `mixed[i,c] = Σ_j weights[i][j] · value[j,c]` over the keys that are seen.
    ///
    /// # Shapes
    /// values `[key, value_dim]`, those that are laid out; mixed `[query, value_dim]`
    fn mix(&mut self, seen: &[Range<usize>; SIDE], values: &[f32], mixed: &mut [f32]) {
        if !self.finite {
            let mut sums = vec![0.0; self.value_dim];
            for (lane, row) in mixed.chunks_exact_mut(self.value_dim).enumerate() {
                let seen = seen[lane].clone();
                let values = &values[seen.start * self.value_dim..];
                let (weights, flags) = (&self.rows[lane][seen.clone()], &self.seen[lane][seen]);
                plain::mix_row(weights, flags, values, &mut sums, row);
            }
            return;
        }
        self.mixed.fill(Tile::ZERO);
        let all = union(seen);
        for first in all.clone().step_by(BLOCK) {
            let block = first..(first + BLOCK).min(all.end);
            let values = self.values.chunks_exact(self.weights.len());
            for (sums, values) in self.mixed.iter_mut().zip(values) {
                sums.add(&self.weights[block.clone()], &values[block.clone()]);
            }
        }
        for (n, sums) in self.mixed.iter().enumerate() {
            let rows = mixed.chunks_exact_mut(self.value_dim);
            for (row, sums) in rows.zip(sums.rounded()) {
                row[n * SIDE..]
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(out, sum)| *out = sum);
            }
        }
    }
}

/// From the first key that one of them has to the last.
fn union(ranges: &[Range<usize>; SIDE]) -> Range<usize> {
    let filled = || ranges.iter().filter(|range| !range.is_empty());
    let start = filled().map(|range| range.start).min();
    start.unwrap_or(0)..filled().map(|range| range.end).max().unwrap_or(0)
}
