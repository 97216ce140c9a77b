//! Four f32 side by side: a register of WebAssembly, or an array with the same operations elsewhere, so that the same
//! kernel is tested natively.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Lanes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(crate) use portable::Lanes;

/// How many numbers a register holds.
pub(crate) const WIDTH: usize = 4;

/// Coefficients of `2^f` on `[-1/2, 1/2]`, lowest first: the polynomial of degree 5 with the least largest relative
/// error (7.5e-8, about one unit in the last place), by Remez' exchange.
const EXP2: [f32; 6] = [
    1.000_000_1,
    0.693_146_94,
    0.240_221_2,
    0.055_507_13,
    0.009_675_541,
    0.001_327_647_2,
];

/// What is less than this is taken for this, whose exponent is that of zero.
const EXP2_ZERO: f32 = -127.0;
/// 1.5 times 2^23, and the bias of exponents: added to a number, it leaves the exponent of the nearest power of two in the
/// lowest bits.
const ROUND: f32 = 12_582_912.0 + 127.0;
const MANTISSA_BITS: u32 = 23;

impl Lanes {
    /// `2^x` for `x` up to 0, to about 2 units in the last place; exactly zero below -126.5, NaN for NaN.
    #[inline(always)]
    pub fn exp2(self) -> Self {
        let x = self.at_least(Lanes::splat(EXP2_ZERO));
        let shifted = x.add(Lanes::splat(ROUND));
        let f = x.sub(shifted.sub(Lanes::splat(ROUND)));
        let mut power = Lanes::splat(EXP2[5]);
        for &coefficient in EXP2[..5].iter().rev() {
            power = power.mul_add(f, Lanes::splat(coefficient));
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
