//! Where tokens stand: sinusoids, rotary tables and ALiBi slopes.

use crate::error::{Error, Operation};
use crate::limits::checked_len;
use ndarray::Array2;

/// The base of rotary and sinusoidal angles in both papers.
pub(crate) const BASE: f64 = 10_000.0;

/// `position · base^(−2 · pair / dim)`, the angle that a pair of features turns by.
pub(crate) fn angle(position: usize, pair: usize, dim: usize, base: f64) -> f64 {
    position as f64 * libm::pow(base, -2.0 * pair as f64 / dim as f64)
}

/// The angle behind feature `w` of a sinusoidal position.
pub(crate) fn sinusoid_angle(position: usize, w: usize, width: usize) -> f64 {
    angle(position, w / 2, width, BASE)
}

/// Sine on even features, cosine on odd ones.
pub(crate) fn sinusoid(angle: f64, w: usize) -> f64 {
    if w.is_multiple_of(2) {
        libm::sin(angle)
    } else {
        libm::cos(angle)
    }
}

/// Sinusoidal positions: `[p, 2w] = sin(p / 10000^(2w / width))`, and the cosine of it at `[p, 2w + 1]`.
///
/// # Shapes
/// The result is `[position, width]`.
///
/// # Errors
/// `too_large` beyond [`crate::Limits::tensor_bytes`].
///
/// # Source
/// Vaswani et al. 2017, "Attention Is All You Need", section 3.5.
///
/// ```
/// let table = attention_playground::sinusoidal_positions(2, 4)?;
/// assert_eq!(table[[0, 1]], 1.0); // cos 0
/// assert_eq!(table[[1, 0]], 1.0_f64.sin() as f32);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn sinusoidal_positions(positions: usize, width: usize) -> Result<Array2<f32>, Error> {
    checked_len(
        Operation("sinusoidal_positions"),
        "the table",
        &[positions, width],
    )?;
    Ok(Array2::from_shape_fn((positions, width), |(p, w)| {
        sinusoid(sinusoid_angle(p, w, width), w) as f32
    }))
}

/// Cosines and sines of the rotary angles `p · base^(−2c / dim)`, for [`crate::rotary_embedding`].
///
/// # Shapes
/// Both are `[position, dim / 2]`.
///
/// # Errors
/// `size` where `dim` is odd or zero, `option` for a base that is not above zero, `too_large`.
///
/// # Source
/// Su et al. 2021, "RoFormer", equation 15.
///
/// ```
/// let (cos, sin) = attention_playground::rotary_tables(8, 4, 10_000.0)?;
/// assert_eq!(cos.shape(), [8, 2]);
/// assert_eq!(sin[[3, 0]], 3.0_f64.sin() as f32);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn rotary_tables(
    positions: usize,
    dim: usize,
    base: f64,
) -> Result<(Array2<f32>, Array2<f32>), Error> {
    let operation = Operation("rotary_tables");
    checked_base(operation, base)?;
    if dim == 0 || !dim.is_multiple_of(2) {
        return Err(operation.size("an even dim of at least 2", dim));
    }
    checked_len(operation, "the tables", &[positions, dim])?;
    let table = |turn: fn(f64) -> f64| {
        Array2::from_shape_fn((positions, dim / 2), |(p, c)| {
            turn(angle(p, c, dim, base)) as f32
        })
    };
    Ok((table(libm::cos), table(libm::sin)))
}

/// Refuses a base that gives no angles.
pub(crate) fn checked_base(operation: Operation, base: f64) -> Result<f64, Error> {
    if base.is_finite() && base > 0.0 {
        Ok(base)
    } else {
        Err(operation.option("a base above 0", base))
    }
}

/// The slopes of ALiBi: for `n` heads, a power of two, `2^(−8h / n)` for `h` from 1 to `n`. For other numbers,
/// the slopes of the power of two below, then every other slope of the power of two above, until there are enough.
///
/// # Shapes
/// One slope per head.
///
/// # Errors
/// `too_large` beyond [`crate::Limits::tensor_bytes`].
///
/// # Source
/// Press et al. 2022, "Train Short, Test Long", section 3 and the authors' code for other numbers of heads.
///
/// ```
/// let slopes = attention_playground::alibi_slopes(12)?;
/// assert_eq!(slopes[0], 0.5);
/// assert_eq!(slopes[8], 0.5_f32.sqrt());
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn alibi_slopes(heads: usize) -> Result<Vec<f32>, Error> {
    checked_len(Operation("alibi_slopes"), "the slopes", &[heads])?;
    let below = if heads.is_power_of_two() {
        heads
    } else {
        heads.next_power_of_two() / 2
    };
    let slope = |h: usize, of: usize| libm::exp2(-8.0 * h as f64 / of as f64) as f32;
    let first = (1..=below).map(|h| slope(h, below));
    let rest = (1..).step_by(2).map(|h| slope(h, 2 * below));
    Ok(first.chain(rest).take(heads).collect())
}

/// `−slope · |place − key|`, where the query stands at `place`: in causal attention the distance back.
pub(crate) fn alibi(slope: f64, place: usize, key: usize) -> f64 {
    // 0 − x instead of −x, so that no distance gives 0 and not −0
    0.0 - slope * place.abs_diff(key) as f64
}
