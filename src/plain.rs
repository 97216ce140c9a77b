//! The arithmetic of attention, in order and without haste: the truth that faster kernels are held against.
//!
//! Sums run in index order, in f64, and are rounded to f32 once: a value is then within half a unit in the last
//! place of what its operands say. The trace computes by the same rules, so that both give the same bits.
//! A score of negative infinity marks a key that is not seen, wherever that infinity comes from.

/// `a · b`, as one sum in index order.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sum = 0.0;
    for (&a, &b) in a.iter().zip(b) {
        sum += f64::from(a) * f64::from(b);
    }
    sum
}

/// `scores[j] = query · key[j]`. Four keys go together to keep the adders busy; each has its own sum.
///
/// # Shapes
/// query `[dim]`, keys `[key, dim]`, scores `[key]`
pub(crate) fn scores_row(query: &[f32], keys: &[f32], scores: &mut [f32]) {
    let dim = query.len();
    let mut quads = keys.chunks_exact(4 * dim);
    let mut out = scores.chunks_exact_mut(4);
    for (quad, out) in (&mut quads).zip(&mut out) {
        let (a, rest) = quad.split_at(dim);
        let (b, rest) = rest.split_at(dim);
        let (c, d) = rest.split_at(dim);
        let mut sums = [0.0_f64; 4];
        for ((((&q, &a), &b), &c), &d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            let q = f64::from(q);
            sums[0] += q * f64::from(a);
            sums[1] += q * f64::from(b);
            sums[2] += q * f64::from(c);
            sums[3] += q * f64::from(d);
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum as f32;
        }
    }
    for (key, out) in quads
        .remainder()
        .chunks_exact(dim)
        .zip(out.into_remainder())
    {
        *out = dot(query, key) as f32;
    }
}

/// `score · scale`.
pub(crate) fn scale(score: f32, scale: f64) -> f32 {
    (f64::from(score) * scale) as f32
}

/// `cap · tanh(score / cap)`.
pub(crate) fn softcap(score: f32, cap: f64) -> f32 {
    (cap * libm::tanh(f64::from(score) / cap)) as f32
}

/// The larger of two scores; NaN if one of them is NaN, since a row with one says nothing.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

/// `score − max`; a key that is not seen stays so, also in a row that sees nothing.
pub(crate) fn shift(score: f64, max: f64) -> f64 {
    if score == f64::NEG_INFINITY {
        score
    } else {
        score - max
    }
}

/// `exp / sum`; the sum of a row that sees nothing is zero, and so are its weights.
pub(crate) fn divide(exp: f64, sum: f64) -> f64 {
    if sum == 0.0 { 0.0 } else { exp / sum }
}

/// The softmax of a row of scores, in four steps that round to f32 each, as the stages of a trace do.
pub(crate) fn softmax_row(row: &mut [f32]) {
    let largest = row.iter().fold(f64::NEG_INFINITY, |largest, &score| {
        larger(largest, f64::from(score))
    });
    let mut sum = 0.0;
    for score in row.iter_mut() {
        let shifted = shift(f64::from(*score), largest) as f32;
        *score = libm::exp(f64::from(shifted)) as f32;
        sum += f64::from(*score);
    }
    let sum = f64::from(sum as f32);
    for score in row.iter_mut() {
        *score = divide(f64::from(*score), sum) as f32;
    }
}

/// `mixed[c] = Σ_j weights[j] · value[j,c]` over the keys that `seen` says; others may hold NaN.
///
/// # Shapes
/// weights `[key]`, values `[key, dim]`, sums (working space) and mixed `[dim]`
pub(crate) fn mix_row(
    weights: &[f32],
    seen: &[bool],
    values: &[f32],
    sums: &mut [f64],
    mixed: &mut [f32],
) {
    sums.fill(0.0);
    for ((&weight, &seen), value) in weights
        .iter()
        .zip(seen)
        .zip(values.chunks_exact(sums.len()))
    {
        if seen {
            let weight = f64::from(weight);
            for (sum, &value) in sums.iter_mut().zip(value) {
                *sum += weight * f64::from(value);
            }
        }
    }
    for (mixed, &sum) in mixed.iter_mut().zip(sums.iter()) {
        *mixed = sum as f32;
    }
}
