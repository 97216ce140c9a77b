//! The fast path of attention: tiled, with a running softmax, in memory that is linear in the number of tokens.
//!
//! [`crate::plain`] is its twin and the truth: a row whose result is no finite number is computed again there, so that
//! NaN, infinities and what a mask hides of them come out by one set of rules. So is a row of none but scores that are too
//! low for the units of the softmax.

mod lanes;
mod order;
mod panel;
mod product;

pub(crate) use product::product;

use crate::plain;
use crate::visibility::Visibility;
use panel::{BLOCK, LANES, Panel, Row, Scores, hide, no_scores};
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
    /// What the mask makes of the scores of query `i` from key `first` on, if there is one.
    pub bias: Option<B>,
}

/// Panels that go over a block of keys together: it is then read from the near caches all but once. With twice as many, what
/// they hold themselves takes the place of the keys there.
const PANELS: usize = 4;
/// Queries that are attended to at once.
pub(crate) const QUERIES: usize = PANELS * LANES;

/// Working space for heads of one size.
pub(crate) struct Kernel {
    panels: [Panel; PANELS],
    scores: Box<Scores>,
    dim: usize,
    value_dim: usize,
}

impl Kernel {
    /// Space for queries and keys of `dim` numbers and values of `value_dim`.
    pub fn new(dim: usize, value_dim: usize) -> Self {
        Kernel {
            panels: std::array::from_fn(|_| Panel::new(dim, value_dim)),
            scores: Box::new(no_scores()),
            dim,
            value_dim,
        }
    }

    pub fn fits(&self, dim: usize, value_dim: usize) -> bool {
        (self.dim, self.value_dim) == (dim, value_dim)
    }

    /// Attends with at most [`QUERIES`] queries; the functions beside the arrays say where row `i` begins. Calls `settle`
    /// with each query whose row came out as no finite number, or without all that counts in it.
    // apart, as the steps of a panel are
    #[inline(never)]
    pub fn attend<B: Fn(usize, usize, &mut [f32])>(
        &mut self,
        head: &Head<B>,
        part: Range<usize>,
        (queries, query_row): (&[f32], &impl Fn(usize) -> usize),
        (output, output_row): (&mut [f32], &impl Fn(usize) -> usize),
        mut settle: impl FnMut(usize, &mut [f32]),
    ) {
        let panel = |n: usize| {
            let first = part.start + n * LANES;
            first..(first + LANES).min(part.end)
        };
        let count = part.len().div_ceil(LANES);
        let factor = head.factor() as f32;
        for n in 0..count {
            let panel = panel(n);
            let query = |lane: usize| {
                let i = (panel.start + lane).min(panel.end - 1);
                &queries[query_row(i)..][..self.dim]
            };
            self.panels[n].start(std::array::from_fn(query), factor);
        }
        // what hides nothing is asked once, and not for each query and block
        let all = head.keys.len() / self.dim;
        let open = !head.visibility.restricts(all);
        let keys = if open { 0..all } else { head.seen(&part) };
        let mut start = keys.start;
        while start < keys.end {
            let block = start..(start + BLOCK).min(keys.end);
            for n in 0..count {
                if open {
                    self.take_in_all(n, head, &panel(n), &block);
                } else {
                    self.take_in(n, head, &panel(n), &block);
                }
            }
            start = block.end;
        }
        for n in 0..count {
            let panel = panel(n);
            let starts =
                std::array::from_fn(|lane| output_row((panel.start + lane).min(panel.end - 1)));
            let finite = self.panels[n].finish(output, &starts);
            let low = self.panels[n].low();
            for (i, (finite, low)) in panel.zip(finite.into_iter().zip(low)) {
                let whole = || low.is_none_or(|count| count == head.count(i) as f32);
                if !(finite && whole()) {
                    settle(i, &mut output[output_row(i)..][..self.value_dim]);
                }
            }
        }
    }

    /// Takes the keys of a block into panel `n`, whose queries are `panel`, as far as each of them sees it.
    // a browser compiles a function when it is first called: what many calls have no need of is apart
    #[inline(never)]
    fn take_in<B: Fn(usize, usize, &mut [f32])>(
        &mut self,
        n: usize,
        head: &Head<B>,
        panel: &Range<usize>,
        block: &Range<usize>,
    ) {
        let seen = head.seen(panel);
        if seen.start >= block.end || seen.end <= block.start {
            return;
        }
        self.score(n, head, panel, block);
        for (lane, i) in panel.clone().enumerate() {
            let seen = head.visibility.range(i);
            if seen.start > block.start || seen.end < block.end {
                let local = |key: usize| key.saturating_sub(block.start);
                let seen = local(seen.start)..local(seen.end);
                hide(&mut self.scores, lane, block.len(), &seen);
            }
        }
        self.mix(n, head, block);
    }

    /// The same for queries that see all of it.
    fn take_in_all<B: Fn(usize, usize, &mut [f32])>(
        &mut self,
        n: usize,
        head: &Head<B>,
        panel: &Range<usize>,
        block: &Range<usize>,
    ) {
        self.score(n, head, panel, block);
        self.mix(n, head, block);
    }

    // of both ways, which are not both worth a copy of it
    #[inline(never)]
    fn score<B: Fn(usize, usize, &mut [f32])>(
        &mut self,
        n: usize,
        head: &Head<B>,
        panel: &Range<usize>,
        block: &Range<usize>,
    ) {
        let keys = &head.keys[block.start * self.dim..block.end * self.dim];
        self.panels[n].score(keys, &mut self.scores);
        if !head.plain_scores() {
            head.change(&mut self.scores, panel, block);
        }
    }

    #[inline(never)]
    fn mix<B>(&mut self, n: usize, head: &Head<B>, block: &Range<usize>) {
        let values = &head.values[block.start * self.value_dim..block.end * self.value_dim];
        self.panels[n].mix(values, &mut self.scores);
    }
}

impl<B: Fn(usize, usize, &mut [f32])> Head<'_, B> {
    /// Whether nothing happens to scores between product and softmax.
    fn plain_scores(&self) -> bool {
        self.softcap.is_none() && self.bias.is_none()
    }

    /// What queries are multiplied with: the scale, and log2 e where that need not wait for the cap or the mask.
    fn factor(&self) -> f64 {
        let base = if self.plain_scores() {
            std::f64::consts::LOG2_E
        } else {
            1.0
        };
        self.scale * base
    }

    /// The keys from the first that one of these queries sees to the last.
    fn seen(&self, queries: &Range<usize>) -> Range<usize> {
        let sighted = || {
            let ranges = queries.clone().map(|i| self.visibility.range(i));
            ranges.filter(|range| !range.is_empty())
        };
        sighted().map(|range| range.start).min().unwrap_or(0)
            ..sighted().map(|range| range.end).max().unwrap_or(0)
    }

    /// The keys that query `i` sees.
    // apart, as the plain twin's row is: for rows of low scores
    #[inline(never)]
    fn count(&self, i: usize) -> usize {
        let seen = self.visibility.range(i);
        let Some(bias) = &self.bias else {
            return seen.len();
        };
        let mut row = [0.0; BLOCK];
        let blocks = seen.clone().step_by(BLOCK).map(|first| {
            let row = &mut row[..BLOCK.min(seen.end - first)];
            row.fill(0.0);
            bias(i, first, row);
            row.iter()
                .filter(|&&bias| bias != f32::NEG_INFINITY)
                .count()
        });
        blocks.sum()
    }

    /// Cap and mask, in the units of the scores; then times log2 e, for the softmax by powers of two. Each query's scores are
    /// put side by side for it, as its row of the mask is.
    // apart, as `take_in` is
    #[inline(never)]
    fn change(&self, scores: &mut Scores, panel: &Range<usize>, block: &Range<usize>) {
        let mut row = [0.0; BLOCK];
        let row = &mut row[..block.len()];
        for (lane, i) in panel.clone().enumerate() {
            for (score, Row(lanes)) in row.iter_mut().zip(&*scores) {
                *score = lanes[lane];
            }
            if let Some(cap) = self.softcap {
                row.iter_mut()
                    .for_each(|score| *score = plain::softcap(*score, cap));
            }
            if let Some(bias) = &self.bias {
                bias(i, block.start, row);
            }
            for (&score, Row(lanes)) in row.iter().zip(&mut *scores) {
                // The lowest number, which stands in many a mask for what is not to count, is the lowest in these units, too.
                lanes[lane] = if score == f32::MIN {
                    score
                } else {
                    score * std::f32::consts::LOG2_E
                };
            }
        }
    }
}
