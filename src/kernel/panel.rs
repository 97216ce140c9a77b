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

use super::lanes::{Exp2, Lanes, WIDTH};
use super::order::out_of_order;
use std::array;
use std::ops::Range;

/// Queries of a panel: two registers.
pub(crate) const LANES: usize = 2 * WIDTH;

/// Keys, or value features, that are worked on together: as many as leave two registers for the panel and one for the
/// number that is spread, of fifteen: browsers keep one of the sixteen. Without fused multiply-add a product needs a register
/// of its own.
#[cfg(target_feature = "relaxed-simd")]
const TILE: usize = 6;
#[cfg(not(target_feature = "relaxed-simd"))]
const TILE: usize = 5;

/// What does not fill a tile goes through tiles of four, and the rest one by one: few forms of the inner loops, since each
/// one is compiled before the first result.
const SMALL_TILE: usize = 4;

/// Steps of an inner loop that follow each other between two jumps back: what goes round it is then done once for eight. More
/// of them win nothing, and longer code is read more slowly.
const STEPS: usize = 8;

/// Writes `$step` out for each of the [`STEPS`]: as a loop it would stay one, that counts and jumps for each.
macro_rules! steps {
    (|$n:ident| $step:block) => {
        steps!(|$n| $step; 0 1 2 3 4 5 6 7)
    };
    (|$n:ident| $step:block; $($number:literal)*) => {
        const { assert!([$($number),*].len() == STEPS) };
        $({ let $n = $number; $step })*
    };
}

/// Keys of a block: what a mix costs besides its keys, to be taken up and put down, is then little. Of 24 to 516 keys, 240 and
/// more were the fastest, by 1 to 3 percent over 96, and all alike. A multiple of all tiles, so that only the last block has a
/// rest.
pub(crate) const BLOCK: usize = 240;

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
    // once, and not for each of the panels of a kernel
    #[inline(never)]
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
    // As one piece with what calls it, it would be there in several forms, each of which a browser compiles for the first result.
    #[inline(never)]
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
            // A pointer for each: to find one key from the next would be an instruction for each number.
            let mut keys: [_; TILE] = array::from_fn(|r| keys.add(r * self.dim));
            // What does not fill eight steps comes first: the sums then go from the last loop to where they are kept.
            let rounds = rounds::<TILE>(self.dim);
            for _ in rounds * STEPS..self.dim {
                add_products(&mut low, &mut high, query, |r| keys[r]);
                query = query.add(LANES);
                keys = keys.map(|key| key.add(1));
            }
            'features: for _ in 0..rounds {
                steps!(|n| {
                    add_products(&mut low, &mut high, query.add(n * LANES), |r| {
                        keys[r].add(n)
                    });
                    if out_of_order() {
                        break 'features;
                    }
                });
                query = query.add(STEPS * LANES);
                keys = keys.map(|key| key.add(STEPS));
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
        assert!((1..=BLOCK).contains(&count) && values.len() == count * self.value_dim);
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
            let exp2 = Exp2::new();
            let fade = [0, 1].map(|half| exp2.of(before[half].sub(self.largest[half])));
            for (half, &fade) in fade.iter().enumerate() {
                let largest = self.largest[half];
                let mut sum = self.sum[half].mul(fade);
                for Row(row) in &mut *block {
                    let score = row.as_mut_ptr().add(half * WIDTH);
                    let power = exp2.of(Lanes::load(score).sub(largest));
                    power.store(score);
                    sum = sum.add(power);
                }
                self.sum[half] = sum;
            }
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
            let rounds = rounds::<TILE>(weights.len());
            for _ in rounds * STEPS..weights.len() {
                add_products(&mut low, &mut high, weight, |r| value.add(r));
                weight = weight.add(LANES);
                value = value.wrapping_add(self.value_dim);
            }
            'keys: for _ in 0..rounds {
                steps!(|n| {
                    add_products(&mut low, &mut high, weight.add(n * LANES), |r| value.add(r));
                    value = value.wrapping_add(self.value_dim);
                    if out_of_order() {
                        break 'keys;
                    }
                });
                weight = weight.add(STEPS * LANES);
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
    /// rows `[value_dim]`, from `starts` on; lanes without a query repeat the last one's
    // apart, as `start` is
    #[inline(never)]
    pub fn finish(&mut self, output: &mut [f32], starts: &[usize; LANES]) -> [bool; LANES] {
        let room = output.len().checked_sub(self.value_dim);
        assert!(
            starts
                .iter()
                .all(|&start| room.is_some_and(|room| start <= room))
                && self.mixed.len() == self.value_dim
        );
        if self.fresh {
            self.mixed.fill(ZEROS);
        }
        let whole = self.value_dim / WIDTH * WIDTH;
        let mut odd = [0.0_f32; LANES];
        // Backwards: a row that lanes without a query write is then written by its own.
        for (half, starts) in starts.as_chunks::<WIDTH>().0.iter().enumerate().rev() {
            // A sum is 1 or more, or nothing was mixed.
            let one = Lanes::splat(1.0);
            let share = one.div(self.sum[half].at_least(one));
            // SAFETY: reads `value_dim * LANES` of the mix; writes `value_dim` numbers from each start on, which is room
            // enough; `odd` holds two registers.
            unsafe {
                let mixed = self.mixed.as_ptr().cast::<f32>().add(half * WIDTH);
                let column = |c: usize| Lanes::load(mixed.add(c * LANES)).mul(share);
                let rows = starts.map(|start| output.as_mut_ptr().add(start));
                // a sum for each of the columns that go together: one alone would have each wait for the one before
                let mut none = [Lanes::splat(0.0); WIDTH];
                for c in (0..whole).step_by(WIDTH) {
                    let columns = [0, 1, 2, 3].map(|n| column(c + n));
                    for (none, column) in none.iter_mut().zip(columns) {
                        // nothing, but for infinities and NaN
                        *none = column.mul_add(Lanes::splat(0.0), *none);
                    }
                    let numbers = Lanes::transposed(columns);
                    for lane in [3, 2, 1, 0] {
                        numbers[lane].store(rows[lane].add(c));
                    }
                }
                for c in whole..self.value_dim {
                    let mut numbers = [0.0_f32; WIDTH];
                    none[0] = column(c).mul_add(Lanes::splat(0.0), none[0]);
                    column(c).store(numbers.as_mut_ptr());
                    for lane in [3, 2, 1, 0] {
                        *rows[lane].add(c) = numbers[lane];
                    }
                }
                let [a, b, c, d] = none;
                let none = a.add(b).add(c.add(d));
                none.store(odd.as_mut_ptr().add(half * WIDTH));
            }
        }
        odd.map(|none| none == 0.0)
    }

    /// Of each query whose largest score is the lowest number, how many keys had that: others that it sees, with scores too low
    /// for these units, are missing. No count of keys where the largest is no finite number: then all is open.
    pub fn low(&self) -> [Option<f32>; LANES] {
        let [mut largest, mut sums] = [[0.0_f32; LANES]; 2];
        for half in 0..2 {
            // SAFETY: each array holds two registers.
            unsafe {
                self.largest[half].store(largest.as_mut_ptr().add(half * WIDTH));
                self.sum[half].store(sums.as_mut_ptr().add(half * WIDTH));
            }
        }
        array::from_fn(|lane| match largest[lane] {
            // each of those keys has the weight 1
            f32::MIN => Some(sums[lane]),
            largest => (!largest.is_finite()).then_some(f32::NAN),
        })
    }
}

/// A step of an inner loop: a number of each row of a tile meets the eight that lie at `pair`.
///
/// # Safety
/// Two registers can be read from `pair`, and a number of each row.
#[inline(always)]
unsafe fn add_products<const TILE: usize>(
    low: &mut [Lanes; TILE],
    high: &mut [Lanes; TILE],
    pair: *const f32,
    number: impl Fn(usize) -> *const f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let (a, b) = (Lanes::load(pair), Lanes::load(pair.add(WIDTH)));
        for r in 0..TILE {
            let number = Lanes::load_splat(number(r));
            low[r] = number.mul_add(a, low[r]);
            high[r] = number.mul_add(b, high[r]);
        }
    }
}

/// How many times the inner loop of a tile goes over [`STEPS`] of so many; none for a tile of one, whose sums are what it waits
/// for.
fn rounds<const TILE: usize>(count: usize) -> usize {
    if TILE == 1 { 0 } else { count / STEPS }
}

/// Where tiles end, of so many rows: the large ones, then the small ones. Fewer large ones where nothing is then left over.
fn tiles(count: usize) -> [usize; 2] {
    let most = count / TILE;
    let fits = |large: usize| (count - large * TILE).is_multiple_of(SMALL_TILE);
    let large = (most.saturating_sub(SMALL_TILE - 1)..=most)
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
