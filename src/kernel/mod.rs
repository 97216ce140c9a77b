//! The fast path of attention: tiled, with a running softmax, in memory that is linear in the number of tokens.
//!
//! [`crate::plain`] is its twin and the truth: a row whose result is no finite number is computed again there, so that
//! NaN, infinities and what a mask hides of them come out by one set of rules.

mod lanes;
mod panel;

pub(crate) use panel::LANES;

use crate::plain;
use crate::visibility::Visibility;
use panel::{BLOCK, Panel};
use std::ops::Range;

/// One head of one sequence.
pub(crate) struct Head<'a, B> {
    /// `[key, dim]`
    pub keys: &'a [f32],
    /// `[key, value_dim]`
    pub values: &'a [f32],
    pub scale: f64,
    pub softcap: Option<f64>,
    pub visibility: Visibility,
    /// What the mask makes of the score of query `i` and key `j`, if there is one.
    pub bias: Option<B>,
}

/// Working space for heads of one size.
pub(crate) struct Kernel {
    panel: Panel,
    dim: usize,
    value_dim: usize,
}

impl Kernel {
    /// Space for queries and keys of `dim` numbers and values of `value_dim`.
    pub fn new(dim: usize, value_dim: usize) -> Self {
        Kernel {
            panel: Panel::new(dim, value_dim),
            dim,
            value_dim,
        }
    }

    pub fn fits(&self, dim: usize, value_dim: usize) -> bool {
        (self.dim, self.value_dim) == (dim, value_dim)
    }

    /// Attends with a panel of queries, at most [`LANES`]; the functions beside the arrays say where row `i` begins. Calls `settle` with each query whose row came out as no
    /// finite number.
    pub fn attend<B: Fn(usize, usize, f32) -> f32>(
        &mut self,
        head: &Head<B>,
        panel: Range<usize>,
        (queries, query_row): (&[f32], &impl Fn(usize) -> usize),
        (output, output_row): (&mut [f32], &impl Fn(usize) -> usize),
        mut settle: impl FnMut(usize, &mut [f32]),
    ) {
        let seen: [Range<usize>; LANES] = std::array::from_fn(|lane| match panel.start + lane {
            i if i < panel.end => head.visibility.range(i),
            _ => 0..0,
        });
        let sighted = || seen.iter().filter(|range| !range.is_empty());
        let keys = sighted().map(|range| range.start).min().unwrap_or(0)
            ..sighted().map(|range| range.end).max().unwrap_or(0);
        let plain_scores = head.softcap.is_none() && head.bias.is_none();
        let factor = head.scale
            * if plain_scores {
                std::f64::consts::LOG2_E
            } else {
                1.0
            };
        let query = |i| &queries[query_row(i)..][..self.dim];
        self.panel.start(panel.clone().map(query), factor as f32);
        let mut start = keys.start;
        while start < keys.end {
            let block = start..(start + BLOCK).min(keys.end);
            self.panel
                .score(&head.keys[block.start * self.dim..block.end * self.dim]);
            if !plain_scores {
                self.change(head, &panel, &block);
            }
            for (lane, seen) in seen.iter().enumerate().take(panel.len()) {
                if seen.start > block.start || seen.end < block.end {
                    let local = seen.start.saturating_sub(start)..seen.end.saturating_sub(start);
                    self.panel.hide(lane, block.len(), &local);
                }
            }
            self.panel
                .mix(&head.values[block.start * self.value_dim..block.end * self.value_dim]);
            start = block.end;
        }
        for (lane, i) in panel.enumerate() {
            let row = &mut output[output_row(i)..][..self.value_dim];
            self.panel.finish(lane, row);
            if !row.iter().all(|number| number.is_finite()) {
                settle(i, row);
            }
        }
    }

    /// Cap and mask, in the units of the scores; then times log2 e, for the softmax by powers of two.
    fn change<B: Fn(usize, usize, f32) -> f32>(
        &mut self,
        head: &Head<B>,
        panel: &Range<usize>,
        block: &Range<usize>,
    ) {
        for (row, j) in self.panel.scores.chunks_exact_mut(LANES).zip(block.clone()) {
            for (score, i) in row.iter_mut().zip(panel.clone()) {
                if let Some(cap) = head.softcap {
                    *score = plain::softcap(*score, cap);
                }
                if let Some(bias) = &head.bias {
                    *score = bias(i, j, *score);
                }
                *score *= std::f32::consts::LOG2_E;
            }
        }
    }
}
