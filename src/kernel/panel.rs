//! One panel of attention: eight queries side by side against all keys, in blocks of keys, with a running softmax.
//!
//! A panel lies with its queries across the registers, so that the softmax's largest score and sum are vertical
//! operations and nothing is ever shuffled: scores `[key, lane]`, mix `[value_dim, lane]`. Keys and values are read as
//! they lie, one number at a time into all lanes. Memory is that of one block of scores, however many keys there are.
//!
//! Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", algorithm 3; Dao et al. 2022,
//! "FlashAttention", algorithm 1.

#![allow(
    unsafe_code,
    reason = "the inner loops read by pointer: a bounds check per number would cost a third"
)]

use super::lanes::{Lanes, WIDTH};
use std::ops::Range;

/// Queries of a panel: two registers.
pub(crate) const LANES: usize = 2 * WIDTH;

/// Keys, or value features, that are worked on together: as many as leave two registers for the panel and one for the
/// number that is spread, of sixteen. Without fused multiply-add a product needs a register of its own.
#[cfg(target_feature = "relaxed-simd")]
const TILE: usize = 6;
#[cfg(not(target_feature = "relaxed-simd"))]
const TILE: usize = 4;

/// What does not fill a tile goes through tiles of four, and the rest one by one: few forms of the inner loops, since each
/// one is compiled before the first result.
const SMALL_TILE: usize = 4;

/// Keys of a block. Its scores (3 KiB) and what is read of K and V meanwhile stay in the first cache; from 32 to 240
/// keys make no difference that could be measured. A multiple of both tiles, so that only the last block has a rest.
pub(crate) const BLOCK: usize = 96;

/// A number of each query. Registers that straddle two lines of the cache cost twice, so that none does.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Row(pub [f32; LANES]);

const ZEROS: Row = Row([0.0; LANES]);

/// `[key, lane]` of one block: scores, then their exponentials.
pub(crate) type Scores = [Row; BLOCK];

/// No scores yet.
pub(crate) const fn no_scores() -> Scores {
    [ZEROS; BLOCK]
}

/// Working space of a panel, used again for every panel of a call.
pub(crate) struct Panel {
    /// The queries, packed `[dim, lane]`, times the scale and log2 e: softmax then needs powers of two alone.
    queries: Vec<Row>,
    /// `[value_dim, lane]`: the mix so far, not yet divided; of an earlier panel while `fresh`.
    mixed: Vec<Row>,
    fresh: bool,
    dim: usize,
    value_dim: usize,
    largest: [Lanes; 2],
    sum: [Lanes; 2],
}

impl Panel {
    /// Space for queries and keys of `dim` numbers and values of `value_dim`.
    pub fn new(dim: usize, value_dim: usize) -> Self {
        Panel {
            queries: vec![ZEROS; dim],
            mixed: vec![ZEROS; value_dim],
            fresh: true,
            dim,
            value_dim,
            largest: [Lanes::splat(f32::MIN); 2],
            sum: [Lanes::splat(0.0); 2],
        }
    }

    /// Begins with up to eight queries, each times `factor`; lanes without one repeat the last.
    ///
    /// # Shapes
    /// each query `[dim]`
    pub fn start(&mut self, queries: [&[f32]; LANES], factor: f32) {
        self.fresh = true;
        self.largest = [Lanes::splat(f32::MIN); 2];
        self.sum = [Lanes::splat(0.0); 2];
        assert!(
            queries.iter().all(|query| query.len() == self.dim) && self.queries.len() == self.dim
        );
        let whole = self.dim / WIDTH * WIDTH;
        let scale = Lanes::splat(factor);
        for (half, queries) in queries.as_chunks::<WIDTH>().0.iter().enumerate() {
            for c in (0..whole).step_by(WIDTH) {
                // SAFETY: `c + WIDTH <= dim` numbers of each query; `(c + WIDTH) * LANES` of what is packed.
                unsafe {
                    let rows = queries.map(|query| Lanes::load(query.as_ptr().add(c)));
                    let packed = self.queries.as_mut_ptr().add(c).cast::<f32>();
                    let packed = packed.add(half * WIDTH);
                    for (n, column) in Lanes::transposed(rows).into_iter().enumerate() {
                        column.mul(scale).store(packed.add(n * LANES));
                    }
                }
            }
            for c in whole..self.dim {
                for (lane, query) in queries.iter().enumerate() {
                    self.queries[c].0[half * WIDTH + lane] = query[c] * factor;
                }
            }
        }
    }

    /// `scores[j, lane] = key[j] · query[lane]` for the keys of a block.
    ///
    /// # Shapes
    /// keys `[key, dim]`, at most [`BLOCK`] of them
    pub fn score(&self, keys: &[f32], scores: &mut Scores) {
        let count = keys.len() / self.dim;
        assert!(count <= BLOCK && keys.len() == count * self.dim && self.queries.len() == self.dim);
        let [large, small] = tiles(count);
        let mut j = 0;
        // SAFETY: tile after tile stays within `count` keys of `dim` numbers, and within the block's scores.
        unsafe {
            while j < large {
                self.score_tile::<TILE>(keys.as_ptr().add(j * self.dim), j, scores);
                j += TILE;
            }
            while j < small {
                self.score_tile::<SMALL_TILE>(keys.as_ptr().add(j * self.dim), j, scores);
                j += SMALL_TILE;
            }
            while j < count {
                self.score_tile::<1>(keys.as_ptr().add(j * self.dim), j, scores);
                j += 1;
            }
        }
    }

    /// # Safety
    /// `keys` holds `TILE` keys of `dim` numbers, and keys `first .. first + TILE` are within the block.
    #[inline(always)]
    unsafe fn score_tile<const TILE: usize>(
        &self,
        keys: *const f32,
        first: usize,
        scores: &mut Scores,
    ) {
        let mut low = [Lanes::splat(0.0); TILE];
        let mut high = low;
        let mut query = self.queries.as_ptr().cast::<f32>();
        // SAFETY: reads `dim` pairs of registers of the packed queries and `dim` numbers of each of `TILE` keys; writes
        // `TILE` pairs of registers of the block's scores.
        unsafe {
            for c in 0..self.dim {
                let (a, b) = (Lanes::load(query), Lanes::load(query.add(WIDTH)));
                query = query.add(LANES);
                for r in 0..TILE {
                    let number = Lanes::load_splat(keys.add(r * self.dim + c));
                    low[r] = number.mul_add(a, low[r]);
                    high[r] = number.mul_add(b, high[r]);
                }
            }
            let scores = scores.as_mut_ptr().add(first).cast::<f32>();
            for r in 0..TILE {
                low[r].store(scores.add(r * LANES));
                high[r].store(scores.add(r * LANES + WIDTH));
            }
        }
    }

    /// Takes a block into the running softmax and mix: exponentials against the largest score so far, and what was
    /// mixed before is scaled down where a larger one came.
    ///
    /// # Shapes
    /// values `[key, value_dim]`, of the keys whose scores stand in the block
    pub fn mix(&mut self, values: &[f32], scores: &mut Scores) {
        let count = values.len() / self.value_dim;
        assert!(count <= BLOCK && values.len() == count * self.value_dim);
        let fade = self.exponentials(&mut scores[..count]);
        let weights = &scores[..count];
        let [large, small] = tiles(self.value_dim);
        let mut c = 0;
        // SAFETY: tile after tile stays within `value_dim` features of `count` values.
        unsafe {
            while c < large {
                self.mix_tile::<TILE>(values.as_ptr().add(c), weights, c, fade);
                c += TILE;
            }
            while c < small {
                self.mix_tile::<SMALL_TILE>(values.as_ptr().add(c), weights, c, fade);
                c += SMALL_TILE;
            }
            while c < self.value_dim {
                self.mix_tile::<1>(values.as_ptr().add(c), weights, c, fade);
                c += 1;
            }
        }
        self.fresh = false;
    }

    /// `scores[j] = 2^(scores[j] - largest)`, summed; gives what the mix so far has to be multiplied by.
    fn exponentials(&mut self, block: &mut [Row]) -> [Lanes; 2] {
        let before = self.largest;
        // SAFETY: each row holds two registers.
        unsafe {
            // Four rows at a time: each maximum waits for the one before.
            let (fours, rest) = block.as_chunks::<4>();
            for rows in fours {
                for half in 0..2 {
                    let [a, b, c, d] =
                        [0, 1, 2, 3].map(|n| Lanes::load(rows[n].0.as_ptr().add(half * WIDTH)));
                    let largest = a.at_least(b).at_least(c.at_least(d));
                    self.largest[half] = self.largest[half].at_least(largest);
                }
            }
            for Row(row) in rest {
                for half in 0..2 {
                    let score = Lanes::load(row.as_ptr().add(half * WIDTH));
                    self.largest[half] = self.largest[half].at_least(score);
                }
            }
            let fade = [0, 1].map(|half| before[half].sub(self.largest[half]).exp2());
            let mut sum = [0, 1].map(|half| self.sum[half].mul(fade[half]));
            for Row(row) in block {
                let row = row.as_mut_ptr();
                let low = Lanes::load(row).sub(self.largest[0]).exp2();
                let high = Lanes::load(row.add(WIDTH)).sub(self.largest[1]).exp2();
                low.store(row);
                high.store(row.add(WIDTH));
                sum = [sum[0].add(low), sum[1].add(high)];
            }
            self.sum = sum;
            fade
        }
    }

    /// # Safety
    /// `values` points at feature `first` of as many values as `weights` has rows, and `first + TILE <= value_dim`.
    #[inline(always)]
    unsafe fn mix_tile<const TILE: usize>(
        &mut self,
        values: *const f32,
        weights: &[Row],
        first: usize,
        fade: [Lanes; 2],
    ) {
        let mut low = [Lanes::splat(0.0); TILE];
        let mut high = low;
        // SAFETY: reads a pair of registers of each row of weights and `TILE` numbers of each value; reads and
        // writes `TILE` pairs of registers of the mix.
        unsafe {
            let mixed = self.mixed.as_mut_ptr().add(first).cast::<f32>();
            if !self.fresh {
                for r in 0..TILE {
                    low[r] = Lanes::load(mixed.add(r * LANES)).mul(fade[0]);
                    high[r] = Lanes::load(mixed.add(r * LANES + WIDTH)).mul(fade[1]);
                }
            }
            let mut weight = weights.as_ptr().cast::<f32>();
            let mut value = values;
            for _ in 0..weights.len() {
                let (a, b) = (Lanes::load(weight), Lanes::load(weight.add(WIDTH)));
                for r in 0..TILE {
                    let number = Lanes::load_splat(value.add(r));
                    low[r] = number.mul_add(a, low[r]);
                    high[r] = number.mul_add(b, high[r]);
                }
                weight = weight.add(LANES);
                value = value.wrapping_add(self.value_dim);
            }
            for r in 0..TILE {
                low[r].store(mixed.add(r * LANES));
                high[r].store(mixed.add(r * LANES + WIDTH));
            }
        }
    }

    /// Divides by the sums and writes each query to its row; one that saw no key gives zeros. Tells of each whether all of
    /// it is finite.
    ///
    /// # Shapes
    /// rows `[value_dim]`, from `starts` on
    pub fn finish(
        &self,
        output: &mut [f32],
        starts: &[usize; LANES],
        count: usize,
    ) -> [bool; LANES] {
        let room = output.len().checked_sub(self.value_dim);
        assert!(
            starts[..count]
                .iter()
                .all(|&start| room.is_some_and(|room| start <= room))
                && self.mixed.len() == self.value_dim
        );
        let whole = self.value_dim / WIDTH * WIDTH;
        let mut odd = [0.0_f32; LANES];
        for half in 0..2 {
            let (starts, first) = (&starts[half * WIDTH..], half * WIDTH);
            let lanes = count.saturating_sub(first).min(WIDTH);
            // SAFETY: reads `value_dim * LANES` of the mix at most; writes `value_dim` numbers from each start on, which is
            // room enough; `odd` holds two registers.
            unsafe {
                let share = self.share(half);
                // a sum for each of the columns that go together: one alone would have each wait for the one before
                let mut none = [Lanes::splat(0.0); WIDTH];
                let column = |c: usize| {
                    if self.fresh {
                        return Lanes::splat(0.0);
                    }
                    Lanes::load(self.mixed[c].0.as_ptr().add(first)).mul(share)
                };
                for c in (0..whole).step_by(WIDTH) {
                    let columns = [0, 1, 2, 3].map(|n| column(c + n));
                    for (none, column) in none.iter_mut().zip(columns) {
                        // nothing, but for infinities and NaN
                        *none = column.mul_add(Lanes::splat(0.0), *none);
                    }
                    for (row, start) in Lanes::transposed(columns).iter().zip(&starts[..lanes]) {
                        row.store(output.as_mut_ptr().add(start + c));
                    }
                }
                for c in whole..self.value_dim {
                    let mut numbers = [0.0_f32; WIDTH];
                    none[0] = column(c).mul_add(Lanes::splat(0.0), none[0]);
                    column(c).store(numbers.as_mut_ptr());
                    for (number, start) in numbers.iter().zip(&starts[..lanes]) {
                        *output.as_mut_ptr().add(start + c) = *number;
                    }
                }
                let [a, b, c, d] = none;
                a.add(b).add(c.add(d)).store(odd.as_mut_ptr().add(first));
            }
        }
        odd.map(|none| none == 0.0)
    }

    /// What the mix is multiplied with at the end.
    fn share(&self, half: usize) -> Lanes {
        let mut share = [0.0_f32; WIDTH];
        // SAFETY: `share` holds a register.
        unsafe {
            self.sum[half].store(share.as_mut_ptr());
            share = share.map(|sum| if sum == 0.0 { 0.0 } else { 1.0 / sum });
            Lanes::load(share.as_ptr())
        }
    }
}

/// Where tiles end, of so many rows: the large ones, then the small ones. Fewer large ones where nothing is then left over.
fn tiles(count: usize) -> [usize; 2] {
    let most = count / TILE;
    let fits = |large: usize| (count - large * TILE).is_multiple_of(SMALL_TILE);
    let large = (most.saturating_sub(1)..=most)
        .rev()
        .find(|&large| fits(large));
    let large = large.unwrap_or(most) * TILE;
    [large, large + (count - large) / SMALL_TILE * SMALL_TILE]
}

/// Hides from `lane` the keys of the block that are not in `seen` (both counted from the block's first key).
pub(crate) fn hide(scores: &mut Scores, lane: usize, count: usize, seen: &Range<usize>) {
    for j in (0..seen.start.min(count)).chain(seen.end.min(count)..count) {
        scores[j].0[lane] = f32::NEG_INFINITY;
    }
}
