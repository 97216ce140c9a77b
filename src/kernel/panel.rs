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

/// Keys of a block. Its scores (3 KiB) and what is read of K and V meanwhile stay in the first cache; from 32 to 240
/// keys make no difference that could be measured. A multiple of both tiles.
pub(crate) const BLOCK: usize = 96;

/// Working space of a panel, used again for every panel of a call.
pub(crate) struct Panel {
    /// The queries, packed `[dim, lane]`, times the scale and log2 e: softmax then needs powers of two alone.
    queries: Vec<f32>,
    /// `[key, lane]` of one block: scores, then their exponentials.
    pub scores: Vec<f32>,
    /// `[value_dim, lane]`: the mix so far, not yet divided.
    mixed: Vec<f32>,
    dim: usize,
    value_dim: usize,
    largest: [Lanes; 2],
    sum: [Lanes; 2],
}

impl Panel {
    /// Space for queries and keys of `dim` numbers and values of `value_dim`.
    pub fn new(dim: usize, value_dim: usize) -> Self {
        Panel {
            queries: vec![0.0; dim * LANES],
            scores: vec![0.0; BLOCK * LANES],
            mixed: vec![0.0; value_dim * LANES],
            dim,
            value_dim,
            largest: [Lanes::splat(f32::MIN); 2],
            sum: [Lanes::splat(0.0); 2],
        }
    }

    /// Begins with up to eight queries, each times `factor`; lanes without one hold zeros.
    ///
    /// # Shapes
    /// each query `[dim]`
    pub fn start<'a>(&mut self, queries: impl Iterator<Item = &'a [f32]>, factor: f32) {
        self.queries.fill(0.0);
        self.mixed.fill(0.0);
        self.largest = [Lanes::splat(f32::MIN); 2];
        self.sum = [Lanes::splat(0.0); 2];
        for (lane, query) in queries.take(LANES).enumerate() {
            for (packed, &number) in self.queries[lane..].iter_mut().step_by(LANES).zip(query) {
                *packed = number * factor;
            }
        }
    }

    /// `scores[j, lane] = key[j] · query[lane]` for the keys of a block.
    ///
    /// # Shapes
    /// keys `[key, dim]`, at most [`BLOCK`] of them
    pub fn score(&mut self, keys: &[f32]) {
        let count = keys.len() / self.dim;
        assert!(
            count <= BLOCK
                && keys.len() == count * self.dim
                && self.queries.len() == self.dim * LANES
        );
        let mut j = 0;
        // SAFETY: tile after tile stays within `count` keys of `dim` numbers, and within the block's scores.
        unsafe {
            while j + TILE <= count {
                self.score_tile::<TILE>(keys.as_ptr().add(j * self.dim), j);
                j += TILE;
            }
            while j < count {
                self.score_tile::<1>(keys.as_ptr().add(j * self.dim), j);
                j += 1;
            }
        }
    }

    /// # Safety
    /// `keys` holds `TILE` keys of `dim` numbers, and keys `first .. first + TILE` are within the block.
    #[inline(always)]
    unsafe fn score_tile<const TILE: usize>(&mut self, keys: *const f32, first: usize) {
        let mut low = [Lanes::splat(0.0); TILE];
        let mut high = low;
        let mut query = self.queries.as_ptr();
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
            let scores = self.scores.as_mut_ptr().add(first * LANES);
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
    pub fn mix(&mut self, values: &[f32]) {
        let count = values.len() / self.value_dim;
        assert!(count <= BLOCK && values.len() == count * self.value_dim);
        let fade = self.exponentials(count);
        let mut c = 0;
        // SAFETY: tile after tile stays within `value_dim` features of `count` values.
        unsafe {
            while c + TILE <= self.value_dim {
                self.mix_tile::<TILE>(values.as_ptr().add(c), count, c, fade);
                c += TILE;
            }
            while c + 2 <= self.value_dim {
                self.mix_tile::<2>(values.as_ptr().add(c), count, c, fade);
                c += 2;
            }
            if c < self.value_dim {
                self.mix_tile::<1>(values.as_ptr().add(c), count, c, fade);
            }
        }
    }

    /// `scores[j] = 2^(scores[j] - largest)`, summed; gives what the mix so far has to be multiplied by.
    fn exponentials(&mut self, count: usize) -> [Lanes; 2] {
        let before = self.largest;
        let block = &mut self.scores[..count * LANES];
        // SAFETY: each chunk holds two registers.
        unsafe {
            for row in block.chunks_exact(LANES) {
                self.largest[0] = self.largest[0].at_least(Lanes::load(row.as_ptr()));
                self.largest[1] = self.largest[1].at_least(Lanes::load(row.as_ptr().add(WIDTH)));
            }
            let fade = [0, 1].map(|half| before[half].sub(self.largest[half]).exp2());
            let mut sum = [0, 1].map(|half| self.sum[half].mul(fade[half]));
            for row in block.chunks_exact_mut(LANES) {
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
    /// `values` points at feature `first` of the first of `count` values, and `first + TILE <= value_dim`.
    #[inline(always)]
    unsafe fn mix_tile<const TILE: usize>(
        &mut self,
        values: *const f32,
        count: usize,
        first: usize,
        fade: [Lanes; 2],
    ) {
        let mut low = [Lanes::splat(0.0); TILE];
        let mut high = low;
        // SAFETY: reads `count` pairs of registers of the block and `TILE` numbers of each of `count` values; reads and
        // writes `TILE` pairs of registers of the mix.
        unsafe {
            let mixed = self.mixed.as_mut_ptr().add(first * LANES);
            for r in 0..TILE {
                low[r] = Lanes::load(mixed.add(r * LANES)).mul(fade[0]);
                high[r] = Lanes::load(mixed.add(r * LANES + WIDTH)).mul(fade[1]);
            }
            let mut weight = self.scores.as_ptr();
            let mut value = values;
            for _ in 0..count {
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

    /// Divides by the sum and writes a lane to its row; a query that saw no key gives zeros.
    ///
    /// # Shapes
    /// row `[value_dim]`
    pub fn finish(&self, lane: usize, row: &mut [f32]) {
        let mut sums = [0.0_f32; LANES];
        // SAFETY: `sums` holds two registers.
        unsafe {
            self.sum[0].store(sums.as_mut_ptr());
            self.sum[1].store(sums.as_mut_ptr().add(WIDTH));
        }
        let share = if sums[lane] == 0.0 {
            0.0
        } else {
            1.0 / sums[lane]
        };
        for (out, &mixed) in row.iter_mut().zip(self.mixed[lane..].iter().step_by(LANES)) {
            *out = mixed * share;
        }
    }

    /// Hides from `lane` the keys of the block that are not in `seen` (both counted from the block's first key).
    pub fn hide(&mut self, lane: usize, count: usize, seen: &Range<usize>) {
        for j in (0..seen.start.min(count)).chain(seen.end.min(count)..count) {
            self.scores[j * LANES + lane] = f32::NEG_INFINITY;
        }
    }
}
