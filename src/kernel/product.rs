//! Tokens times weights: as the kernel of attention has its scores, with the rows of the weights in place of keys.
//!
//! Eight tokens lie side by side in two registers; a number of the weights meets all eight at once. The tile is written
//! out, so that a build for size has its sums in registers, too.

#![allow(
    unsafe_code,
    reason = "the inner loop reads by pointer: a bounds check per number would cost a third"
)]

use super::lanes::{Lanes, WIDTH};
use std::ops::Range;

/// Tokens of a panel: two registers.
const LANES: usize = 2 * WIDTH;
/// Rows of weights that are worked on together: eight registers of sums, two of the panel, one of weights, of sixteen.
const TILE: usize = 4;
/// Rows of weights that meet all tokens before the next do: with up to a thousand inputs they stay in the second cache.
const BLOCK: usize = 96;
/// Up to this many tokens a row of weights is better read once for each than spread over eight.
const FEW: usize = 2;

/// `out[t,o] = Σ_c x[t,c] · weight[o,c] + bias[o]`.
///
/// # Shapes
/// x `[token, inputs]`, weight `[outputs, inputs]`, bias `[outputs]` or empty for none, out `[token, outputs]`
pub(crate) fn product(x: &[f32], weight: &[f32], bias: &[f32], inputs: usize, out: &mut [f32]) {
    let (tokens, outputs) = (x.len() / inputs, weight.len() / inputs);
    if tokens <= FEW {
        for (x, out) in x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs)) {
            for (row, out) in weight.chunks_exact(inputs).zip(out) {
                *out = dot(x, row);
            }
        }
    } else {
        let packed = pack(x, inputs);
        for first in (0..outputs).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(outputs);
            let panels = packed.chunks_exact(inputs * LANES);
            for (panel, out) in panels.zip(out.chunks_mut(LANES * outputs)) {
                for first in block.clone().step_by(TILE) {
                    tile(
                        panel,
                        weight,
                        inputs,
                        first..(first + TILE).min(block.end),
                        out,
                    );
                }
            }
        }
    }
    if !bias.is_empty() {
        for out in out.chunks_exact_mut(outputs) {
            for (out, &bias) in out.iter_mut().zip(bias) {
                *out += bias;
            }
        }
    }
}

/// `[panel, inputs, lane]`; lanes without a token are zero.
fn pack(x: &[f32], inputs: usize) -> Vec<f32> {
    let panels = (x.len() / inputs).div_ceil(LANES);
    let mut packed = vec![0.0; panels * inputs * LANES];
    for (token, row) in x.chunks_exact(inputs).enumerate() {
        let panel = &mut packed[token / LANES * inputs * LANES..][..inputs * LANES];
        let lane = panel.iter_mut().skip(token % LANES).step_by(LANES);
        lane.zip(row).for_each(|(to, &from)| *to = from);
    }
    packed
}

/// Up to four rows of weights against the eight tokens of a panel, into their rows of `out`, of which there may be fewer.
fn tile(panel: &[f32], weight: &[f32], inputs: usize, rows: Range<usize>, out: &mut [f32]) {
    let outputs = weight.len() / inputs;
    assert!(panel.len() == inputs * LANES && rows.start < rows.end && rows.end <= outputs);
    // one that is missing is the last once more
    let row = |n: usize| (rows.start + n).min(rows.end - 1);
    let starts = [0, 1, 2, 3].map(|n| &weight[row(n) * inputs..][..inputs]);
    let [a, b, c, d] = starts.map(<[f32]>::as_ptr);
    let zero = Lanes::splat(0.0);
    let (mut a0, mut a1, mut b0, mut b1) = (zero, zero, zero, zero);
    let (mut c0, mut c1, mut d0, mut d1) = (zero, zero, zero, zero);
    let mut tokens = panel.as_ptr();
    let mut sums = [0.0_f32; TILE * LANES];
    // SAFETY: reads `inputs` pairs of registers of the panel and `inputs` numbers of each of four rows of weights, all of
    // that length; writes four pairs of registers.
    unsafe {
        for n in 0..inputs {
            let (low, high) = (Lanes::load(tokens), Lanes::load(tokens.add(WIDTH)));
            tokens = tokens.add(LANES);
            let number = Lanes::load_splat(a.add(n));
            (a0, a1) = (number.mul_add(low, a0), number.mul_add(high, a1));
            let number = Lanes::load_splat(b.add(n));
            (b0, b1) = (number.mul_add(low, b0), number.mul_add(high, b1));
            let number = Lanes::load_splat(c.add(n));
            (c0, c1) = (number.mul_add(low, c0), number.mul_add(high, c1));
            let number = Lanes::load_splat(d.add(n));
            (d0, d1) = (number.mul_add(low, d0), number.mul_add(high, d1));
        }
        for (n, sum) in [a0, a1, b0, b1, c0, c1, d0, d1].into_iter().enumerate() {
            sum.store(sums.as_mut_ptr().add(n * WIDTH));
        }
    }
    for (lane, out) in out.chunks_exact_mut(outputs).enumerate() {
        let sums = sums.iter().skip(lane).step_by(LANES);
        out[rows.clone()]
            .iter_mut()
            .zip(sums)
            .for_each(|(out, &sum)| *out = sum);
    }
}

/// `a · b`, four sums of four side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const STEP: usize = 4 * WIDTH;
    let mut sums = [Lanes::splat(0.0); 4];
    let (a_steps, b_steps) = (a.chunks_exact(STEP), b.chunks_exact(STEP));
    let rest: f32 = a_steps
        .remainder()
        .iter()
        .zip(b_steps.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_steps.zip(b_steps) {
        for (n, sum) in sums.iter_mut().enumerate() {
            // SAFETY: both hold four registers.
            let (a, b) = unsafe {
                (
                    Lanes::load(a.as_ptr().add(n * WIDTH)),
                    Lanes::load(b.as_ptr().add(n * WIDTH)),
                )
            };
            *sum = a.mul_add(b, *sum);
        }
    }
    let mut lanes = [0.0_f32; WIDTH];
    let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
    // SAFETY: `lanes` holds one register.
    unsafe { sum.store(lanes.as_mut_ptr()) };
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against one sum per number in f64, for sizes on both sides of every tile.
    #[test]
    fn agrees_with_a_plain_loop() {
        let wave = |count: usize, step: f64| -> Vec<f32> {
            (0..count)
                .map(|n| ((n + 1) as f64 * step).sin() as f32)
                .collect()
        };
        for tokens in [1, 2, 3, 7, 8, 9, 17] {
            for inputs in [1, 3, 16, 37] {
                for outputs in [1, 5, BLOCK, BLOCK + 3] {
                    let (x, weight) = (wave(tokens * inputs, 0.7), wave(outputs * inputs, 1.3));
                    let bias = if outputs == 5 {
                        Vec::new()
                    } else {
                        wave(outputs, 2.1)
                    };
                    let mut out = vec![f32::NAN; tokens * outputs];
                    product(&x, &weight, &bias, inputs, &mut out);
                    for (n, &found) in out.iter().enumerate() {
                        let (t, o) = (n / outputs, n % outputs);
                        let sum: f64 = (0..inputs)
                            .map(|c| {
                                f64::from(x[t * inputs + c]) * f64::from(weight[o * inputs + c])
                            })
                            .sum();
                        let expected = sum + f64::from(bias.get(o).copied().unwrap_or(0.0));
                        assert!(
                            (f64::from(found) - expected).abs() < 1e-5,
                            "{tokens}x{inputs}x{outputs} [{t},{o}]: {found} instead of {expected}"
                        );
                    }
                }
            }
        }
    }
}
