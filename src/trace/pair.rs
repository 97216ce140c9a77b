//! Two f64 side by side: a register of WebAssembly, or an array with the same operations elsewhere. Each of the two is
//! rounded as a number alone would be, so that sums that go side by side have the bits of sums one after the other.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use wasm::Pair;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use portable::Pair;

/// How many sums go side by side.
pub(super) const SUMS: usize = 8;

/// Eight numbers that are summed up side by side.
#[derive(Clone, Copy)]
pub(super) struct Sums([Pair; 4]);

impl Sums {
    pub fn zero() -> Self {
        Sums([Pair::splat(0.0); 4])
    }

    /// Adds `factor · number` to each of the eight.
    #[inline(always)]
    pub fn add(&mut self, factor: Pair, numbers: &[f32; SUMS]) {
        let (twos, _) = numbers.as_chunks::<2>();
        if let ([ab, cd, ef, gh], Sums(sums)) = (twos, self) {
            sums[0] = sums[0].add(factor.mul(Pair::widen(ab)));
            sums[1] = sums[1].add(factor.mul(Pair::widen(cd)));
            sums[2] = sums[2].add(factor.mul(Pair::widen(ef)));
            sums[3] = sums[3].add(factor.mul(Pair::widen(gh)));
        }
    }

    /// Adds a number to each.
    pub fn plus(&mut self, numbers: &[f32; SUMS]) {
        self.add(Pair::splat(1.0), numbers);
    }

    pub fn rounded(self) -> [f32; SUMS] {
        let Sums([ab, cd, ef, gh]) = self;
        let ([a, b], [c, d], [e, f], [g, h]) = (ab.parts(), cd.parts(), ef.parts(), gh.parts());
        [a, b, c, d, e, f, g, h].map(|sum| sum as f32)
    }
}

/// How many rows and columns of sums go together in a tile.
pub(super) const SIDE: usize = 4;

/// Sums of four rows and four columns, in f64: what is read for one is then read for four, and eight registers are full.
#[derive(Clone, Copy)]
pub(super) struct Tile([[f64; SIDE]; SIDE]);

impl Tile {
    pub const ZERO: Self = Tile([[0.0; SIDE]; SIDE]);

    /// Adds `rows[n][r] · columns[n][c]` to the sum of row `r` and column `c`, for each `n` in turn.
    // Apart: a browser compiles a function well once it was called a few times, and what calls this is called once. Written out,
    // so that a build for size has its sums in registers, too.
    #[inline(never)]
    pub fn add(&mut self, rows: &[[f64; SIDE]], columns: &[[f32; SIDE]]) {
        let halves = self.0.map(|[a, b, c, d]| [[a, b], [c, d]].map(Pair::new));
        let [
            [mut a0, mut a1],
            [mut b0, mut b1],
            [mut c0, mut c1],
            [mut d0, mut d1],
        ] = halves;
        for (&[a, b, c, d], &[e, f, g, h]) in rows.iter().zip(columns) {
            let (low, high) = (Pair::widen(&[e, f]), Pair::widen(&[g, h]));
            let row = Pair::splat(a);
            (a0, a1) = (a0.add(row.mul(low)), a1.add(row.mul(high)));
            let row = Pair::splat(b);
            (b0, b1) = (b0.add(row.mul(low)), b1.add(row.mul(high)));
            let row = Pair::splat(c);
            (c0, c1) = (c0.add(row.mul(low)), c1.add(row.mul(high)));
            let row = Pair::splat(d);
            (d0, d1) = (d0.add(row.mul(low)), d1.add(row.mul(high)));
        }
        self.0 = [[a0, a1], [b0, b1], [c0, c1], [d0, d1]].map(|[low, high]| {
            let ([a, b], [c, d]) = (low.parts(), high.parts());
            [a, b, c, d]
        });
    }

    pub fn rounded(&self) -> [[f32; SIDE]; SIDE] {
        self.0.map(|row| row.map(|sum| sum as f32))
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code, reason = "a load of half a register")]
mod wasm {
    use core::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Pair(v128);

    impl Pair {
        #[inline(always)]
        pub fn new([a, b]: [f64; 2]) -> Self {
            Pair(f64x2(a, b))
        }

        #[inline(always)]
        pub fn splat(number: f64) -> Self {
            Pair(f64x2_splat(number))
        }

        #[inline(always)]
        pub fn widen(two: &[f32; 2]) -> Self {
            // SAFETY: it reads 8 bytes, those of the two floats; WebAssembly has no alignment to keep.
            let two = unsafe { v128_load64_zero(two.as_ptr().cast()) };
            Pair(f64x2_promote_low_f32x4(two))
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            Pair(f64x2_mul(self.0, other.0))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Pair(f64x2_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn parts(self) -> [f64; 2] {
            [
                f64x2_extract_lane::<0>(self.0),
                f64x2_extract_lane::<1>(self.0),
            ]
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable {
    #[derive(Clone, Copy)]
    pub(crate) struct Pair([f64; 2]);

    impl Pair {
        pub fn new(numbers: [f64; 2]) -> Self {
            Pair(numbers)
        }

        pub fn splat(number: f64) -> Self {
            Pair([number; 2])
        }

        pub fn widen(&[a, b]: &[f32; 2]) -> Self {
            Pair([a.into(), b.into()])
        }

        pub fn mul(self, other: Self) -> Self {
            Pair([self.0[0] * other.0[0], self.0[1] * other.0[1]])
        }

        pub fn add(self, other: Self) -> Self {
            Pair([self.0[0] + other.0[0], self.0[1] + other.0[1]])
        }

        pub fn parts(self) -> [f64; 2] {
            self.0
        }
    }
}
