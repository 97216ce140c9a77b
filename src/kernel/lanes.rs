//! Four f32 side by side: a register of WebAssembly, or an array with the same operations elsewhere, so that the same
//! kernel is tested natively.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Lanes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use portable::Lanes;

/// How many numbers a register holds.
pub(crate) const WIDTH: usize = 4;

/// Coefficients of `2^f` on `[-1/2, 1/2]`, lowest first: of the polynomials of degree 5 that give 1 for 0, the one with the
/// least largest relative error (9.1e-8), by Lawson's weighted least squares. What is scaled by `2^0` again and again stays.
#[allow(
    clippy::approx_constant,
    reason = "near to ln 2, and not ln 2: the polynomial as a whole is best"
)]
const COEFFICIENTS: [f32; 6] = [
    1.0,
    0.693_147,
    0.240_222_42,
    0.055_507_336,
    0.009_671_513,
    0.001_326_472_7,
];

/// What is less than this is taken for this, whose exponent is that of zero.
const ZERO: f32 = -127.0;
/// 1.5 times 2^23, and the bias of exponents: added to a number, it leaves the exponent of the nearest power of two in the
/// lowest bits.
const ROUND: f32 = 12_582_912.0 + 127.0;
const MANTISSA_BITS: u32 = 23;

/// Powers of two, and the numbers for it, in registers.
#[derive(Clone, Copy)]
pub(crate) struct Exp2 {
    coefficients: [Lanes; 6],
    zero: Lanes,
    round: Lanes,
}

impl Exp2 {
    /// The numbers come from memory: as constants, some compilers of the browsers make them anew for each power.
    #[inline(always)]
    pub fn new() -> Self {
        static NUMBERS: ([f32; 6], f32, f32) = (COEFFICIENTS, ZERO, ROUND);
        #[allow(unsafe_code, reason = "the only read that no compiler foresees")]
        // SAFETY: of a static, which is aligned and never written.
        let (coefficients, zero, round) = unsafe { (&raw const NUMBERS).read_volatile() };
        Exp2 {
            coefficients: coefficients.map(Lanes::splat),
            zero: Lanes::splat(zero),
            round: Lanes::splat(round),
        }
    }

    /// `2^x` for `x` up to 0, to about 2 units in the last place; exactly zero below -126.5, NaN for NaN.
    #[inline(always)]
    pub fn of(&self, x: Lanes) -> Lanes {
        let x = x.at_least(self.zero);
        let shifted = x.add(self.round);
        let f = x.sub(shifted.sub(self.round));
        let [lower @ .., mut power] = self.coefficients;
        for coefficient in lower.into_iter().rev() {
            power = power.mul_add(f, coefficient);
        }
        power.mul(shifted.power_of_two())
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code, reason = "loads and stores of registers")]
mod wasm {
    use super::MANTISSA_BITS;
    use core::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Lanes(v128);

    impl Lanes {
        #[inline(always)]
        pub fn splat(value: f32) -> Self {
            Lanes(f32x4_splat(value))
        }

        /// # Safety
        /// Four floats can be read from `from`.
        #[inline(always)]
        pub unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's; WebAssembly has no alignment to keep.
            Lanes(unsafe { v128_load(from.cast()) })
        }

        /// # Safety
        /// One float can be read from `from`.
        #[inline(always)]
        pub unsafe fn load_splat(from: *const f32) -> Self {
            // SAFETY: the caller's.
            Lanes(unsafe { v128_load32_splat(from.cast()) })
        }

        /// # Safety
        /// Four floats can be written to `to`.
        #[inline(always)]
        pub unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's.
            unsafe { v128_store(to.cast(), self.0) }
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Lanes(f32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn sub(self, other: Self) -> Self {
            Lanes(f32x4_sub(self.0, other.0))
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            Lanes(f32x4_mul(self.0, other.0))
        }

        #[inline(always)]
        pub fn div(self, other: Self) -> Self {
            Lanes(f32x4_div(self.0, other.0))
        }

        /// `self * factor + term`, rounded once where the machine can and the build allows it.
        #[inline(always)]
        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Lanes(f32x4_relaxed_madd(self.0, factor.0, term.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            return Lanes(f32x4_add(f32x4_mul(self.0, factor.0), term.0));
        }

        /// The larger of two; `self` where either is NaN.
        #[inline(always)]
        pub fn at_least(self, other: Self) -> Self {
            Lanes(f32x4_pmax(self.0, other.0))
        }

        /// The power of two whose exponent, bias and all, stands in the lowest bits; zero for 0.
        #[inline(always)]
        pub fn power_of_two(self) -> Self {
            Lanes(i32x4_shl(self.0, MANTISSA_BITS))
        }

        /// Rows become columns.
        #[inline(always)]
        pub fn transposed([a, b, c, d]: [Self; 4]) -> [Self; 4] {
            let ab = [
                i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0),
                i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0),
            ];
            let cd = [
                i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0),
                i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0),
            ];
            [
                Lanes(i64x2_shuffle::<0, 2>(ab[0], cd[0])),
                Lanes(i64x2_shuffle::<1, 3>(ab[0], cd[0])),
                Lanes(i64x2_shuffle::<0, 2>(ab[1], cd[1])),
                Lanes(i64x2_shuffle::<1, 3>(ab[1], cd[1])),
            ]
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[allow(unsafe_code, reason = "the same signatures as in WebAssembly")]
mod portable {
    use super::{MANTISSA_BITS, WIDTH};
    use core::array::from_fn;

    #[derive(Clone, Copy)]
    pub(crate) struct Lanes([f32; WIDTH]);

    impl Lanes {
        #[inline(always)]
        pub fn splat(value: f32) -> Self {
            Lanes([value; WIDTH])
        }

        /// # Safety
        /// Four floats can be read from `from`.
        #[inline(always)]
        pub unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's.
            Lanes(unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
        }

        /// # Safety
        /// One float can be read from `from`.
        #[inline(always)]
        pub unsafe fn load_splat(from: *const f32) -> Self {
            // SAFETY: the caller's.
            Lanes::splat(unsafe { *from })
        }

        /// # Safety
        /// Four floats can be written to `to`.
        #[inline(always)]
        pub unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's.
            unsafe { to.cast::<[f32; WIDTH]>().write_unaligned(self.0) }
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Lanes(from_fn(|n| self.0[n] + other.0[n]))
        }

        #[inline(always)]
        pub fn sub(self, other: Self) -> Self {
            Lanes(from_fn(|n| self.0[n] - other.0[n]))
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            Lanes(from_fn(|n| self.0[n] * other.0[n]))
        }

        #[inline(always)]
        pub fn div(self, other: Self) -> Self {
            Lanes(from_fn(|n| self.0[n] / other.0[n]))
        }

        /// `self * factor + term`, rounded twice as by the build without relaxed instructions.
        #[inline(always)]
        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            self.mul(factor).add(term)
        }

        /// The larger of two; `self` where either is NaN.
        #[inline(always)]
        pub fn at_least(self, other: Self) -> Self {
            Lanes(from_fn(|n| {
                if self.0[n] < other.0[n] {
                    other.0[n]
                } else {
                    self.0[n]
                }
            }))
        }

        /// The power of two whose exponent, bias and all, stands in the lowest bits; zero for 0.
        #[inline(always)]
        pub fn power_of_two(self) -> Self {
            Lanes(self.0.map(|n| f32::from_bits(n.to_bits() << MANTISSA_BITS)))
        }

        /// Rows become columns.
        #[inline(always)]
        pub fn transposed(rows: [Self; 4]) -> [Self; 4] {
            from_fn(|column| Lanes(from_fn(|row| rows[row].0[column])))
        }
    }
}
