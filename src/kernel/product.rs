//! Tokens times weights: the panels of attention, with the rows of the weights as their keys.

#![allow(unsafe_code, reason = "loads of registers")]

use super::lanes::{Lanes, WIDTH};
use super::panel::{BLOCK, LANES, Panel};

/// Up to this many tokens a row of weights is better read once for each than spread over eight queries.
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
        let panels: Vec<Panel> = (0..tokens)
            .step_by(LANES)
            .map(|first| {
                let token = |lane: usize| &x[(first + lane).min(tokens - 1) * inputs..][..inputs];
                let mut panel = Panel::new(inputs, 0);
                panel.start(std::array::from_fn(token), 1.0);
                panel
            })
            .collect();
        let mut sums = [0.0; BLOCK * LANES];
        // each block of weights meets all tokens while it is near
        for (n, block) in weight.chunks(BLOCK * inputs).enumerate() {
            for (panel, out) in panels.iter().zip(out.chunks_mut(LANES * outputs)) {
                panel.score(block, &mut sums);
                for (lane, out) in out.chunks_exact_mut(outputs).enumerate() {
                    let sums = sums.iter().skip(lane).step_by(LANES);
                    let out = &mut out[n * BLOCK..][..block.len() / inputs];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum);
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
