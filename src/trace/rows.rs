//! Weights row by row, and what they mix: the numbers of a full trace, without the stages between scores and weights.
//!
//! Sums run in index order, in f64, as everywhere in a trace; only that several sums, each in its order, go side by side.

use super::pair::{Pair, SUMS, Sums};
use super::scores::Scores;
use super::{Stage, TraceConfig};
use crate::error::{Error, Operation};
use crate::plain;
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

/// Keys whose sums go side by side.
const KEYS: usize = SUMS;
/// Features of a value whose sums go side by side.
const FEATURES: usize = SUMS;

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
    let mut rows = after[..mixed.len()].chunks_exact_mut(value_dim);
    let mut work = Work::new(keys, dim);
    for head in 0..config.heads {
        let (g, m) = (head / group, head % group);
        let values = &cells(value)[g * keys * value_dim..][..keys * value_dim];
        if m == 0 {
            work.pack(&cells(key)[g * keys * dim..][..keys * dim]);
        }
        for (i, mixed) in (0..queries).zip(&mut rows) {
            let at = head * queries + i;
            let seen = scores.visibility().range(i);
            let seen = seen.start.min(keys)..seen.end.min(keys);
            work.dots(&cells(query)[at * dim..][..dim], &seen);
            let mask = scores.mask_row([g, m, i, 0]);
            let mask = mask.map(|from| &before[from..][..keys][seen.clone()]);
            let row = &mut work.row[seen.clone()];
            scores.finish(&[g, m, i, seen.start], row, mask);
            work.softmax(&seen);
            put(weights.offset + at * keys, &work.row);
            mix(&work.row, &work.seen, &seen, values, mixed);
        }
    }
    Ok(())
}

/// Working space for a row.
struct Work {
    dim: usize,
    /// Keys `KEYS` by `KEYS`, the first features of these keys first.
    panel: Vec<f32>,
    query: Vec<f64>,
    /// Scores, then weights.
    row: Vec<f32>,
    seen: Vec<bool>,
}

impl Work {
    fn new(keys: usize, dim: usize) -> Self {
        Work {
            dim,
            panel: vec![0.0; keys.next_multiple_of(KEYS) * dim],
            query: vec![0.0; dim],
            row: vec![0.0; keys],
            seen: vec![false; keys],
        }
    }

    /// Lays out `[key, dim]`.
    fn pack(&mut self, keys: &[f32]) {
        for (j, key) in keys.chunks_exact(self.dim).enumerate() {
            let block = &mut self.panel[j / KEYS * KEYS * self.dim..];
            for (c, &number) in key.iter().enumerate() {
                block[c * KEYS + j % KEYS] = number;
            }
        }
    }

    /// `row[j] = query · key[j]` for the keys that may be seen; those that share a block with them are filled as well.
    fn dots(&mut self, query: &[f32], seen: &Range<usize>) {
        for (out, &number) in self.query.iter_mut().zip(query) {
            *out = number.into();
        }
        let blocks = self.panel.chunks_exact(KEYS * self.dim).enumerate();
        let first = seen.start / KEYS;
        for (n, block) in blocks.take(seen.end.div_ceil(KEYS)).skip(first) {
            let mut sums = Sums::zero();
            let (features, _) = block.as_chunks::<KEYS>();
            for (&q, keys) in self.query.iter().zip(features) {
                sums.add(Pair::splat(q), keys);
            }
            let row = &mut self.row[n * KEYS..];
            row.iter_mut()
                .zip(sums.rounded())
                .for_each(|(out, sum)| *out = sum);
        }
    }

    /// Scores become weights; a score of negative infinity stands for a key that is not seen.
    fn softmax(&mut self, seen: &Range<usize>) {
        let (row, flags) = (&mut self.row[seen.clone()], &mut self.seen[seen.clone()]);
        for (flag, &score) in flags.iter_mut().zip(row.iter()) {
            *flag = score != f32::NEG_INFINITY;
        }
        plain::softmax_row(row);
        // nothing out of the sum, which is NaN if one weight is
        let sum = row.first().filter(|weight| weight.is_nan());
        let nothing = sum.copied().unwrap_or(0.0);
        self.row[..seen.start].fill(nothing);
        self.row[seen.end..].fill(nothing);
    }
}

/// `mixed[c] = Σ_j weights[j] · value[j,c]` over the keys that are seen; others may hold NaN.
fn mix(weights: &[f32], flags: &[bool], seen: &Range<usize>, values: &[f32], mixed: &mut [f32]) {
    let dim = mixed.len();
    let keys = || seen.clone().filter(|&j| flags[j]);
    let (features, rest) = mixed.as_chunks_mut::<FEATURES>();
    let whole = features.len() * FEATURES;
    for (n, out) in features.iter_mut().enumerate() {
        let mut sums = Sums::zero();
        for j in keys() {
            if let Some(value) = values[j * dim + n * FEATURES..].first_chunk() {
                sums.add(Pair::splat(weights[j].into()), value);
            }
        }
        *out = sums.rounded();
    }
    for (c, out) in rest.iter_mut().enumerate() {
        let products =
            keys().map(|j| f64::from(weights[j]) * f64::from(values[j * dim + whole + c]));
        *out = products.fold(0.0, |sum, product| sum + product) as f32;
    }
}
