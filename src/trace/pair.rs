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

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code, reason = "a load of half a register")]
mod wasm {
    use core::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Pair(v128);

    impl Pair {
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
