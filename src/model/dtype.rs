//! The kinds of numbers that a file of weights may hold.

/// Every kind that the format knows and that has whole bytes; the engine reads the floats of up to 32 bits.
const KINDS: [(&str, u64); 15] = [
    ("F32", 4),
    ("F16", 2),
    ("BF16", 2),
    ("F64", 8),
    ("I64", 8),
    ("I32", 4),
    ("I16", 2),
    ("I8", 1),
    ("U64", 8),
    ("U32", 4),
    ("U16", 2),
    ("U8", 1),
    ("BOOL", 1),
    ("F8_E4M3", 1),
    ("F8_E5M2", 1),
];
/// The first of them are those that can be read as weights.
const READABLE: usize = 3;

/// The kind of the numbers of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype(usize);

impl Dtype {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().position(|kind| kind.0 == name).map(Dtype)
    }

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS[self.0].0
    }

    /// Bytes of one number.
    #[must_use]
    pub fn bytes(self) -> u64 {
        KINDS[self.0].1
    }

    /// Whether `widen` can read it.
    #[must_use]
    pub fn is_readable(self) -> bool {
        self.0 < READABLE
    }

    /// The numbers that stand in `bytes`, little-endian, as f32: exact, since each of the kinds is a part of f32.
    pub(crate) fn widen(self, bytes: &[u8], mut each: impl FnMut(f32)) {
        if self.bytes() == 4 {
            for &number in bytes.as_chunks().0 {
                each(f32::from_le_bytes(number));
            }
            return;
        }
        let brain = self.name() == "BF16";
        for &number in bytes.as_chunks().0 {
            let bits = u16::from_le_bytes(number);
            each(if brain {
                f32::from_bits(u32::from(bits) << 16)
            } else {
                half(bits)
            });
        }
    }
}

/// Numbers of 16 bits with 5 of exponent (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    /// `2^(127 - 15)`: what the exponents differ by. Multiplying makes normal numbers of those that were not.
    const REBIAS: f32 = f32::from_bits((127 + 127 - 15) << 23);
    const EXPONENT: u16 = 0x7c00;
    let sign = u32::from(bits & 0x8000) << 16;
    let magnitude = u32::from(bits & 0x7fff) << 13;
    let magnitude = if bits & EXPONENT == EXPONENT {
        magnitude | 0x7f80_0000
    } else {
        (f32::from_bits(magnitude) * REBIAS).to_bits()
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition: sign, exponent and fraction of every one of them.
    #[test]
    fn all_halves() {
        for bits in 0..=u16::MAX {
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
            let expected = match exponent {
                0 => sign * fraction * 2_f64.powi(-24),
                31 if fraction > 0.0 => f64::NAN,
                31 => sign * f64::INFINITY,
                _ => sign * (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
            };
            let found = f64::from(half(bits));
            assert!(
                found == expected && found.is_sign_negative() == expected.is_sign_negative()
                    || found.is_nan() && expected.is_nan(),
                "{bits:#06x}: {found} instead of {expected}"
            );
        }
    }

    #[test]
    fn widens_each_kind() {
        let widened = |name: &str, bytes: &[u8]| {
            let mut found = Vec::new();
            Dtype::named(name)
                .expect(name)
                .widen(bytes, |number| found.push(number));
            found
        };
        assert_eq!(widened("F32", &1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(widened("F16", &[0x00, 0x3e, 0x00, 0xc0]), [1.5, -2.0]);
        assert_eq!(widened("BF16", &[0xc0, 0x3f, 0x00, 0xc0]), [1.5, -2.0]);
    }
}
