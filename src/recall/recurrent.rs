//! The recurrent networks: a state that each token changes, and nothing else that is kept.

use super::Memory;
use super::config::RecallKind;
use super::product::{Product, Wide, add_scaled};
use crate::error::Error;

/// Plain: `h[t] = tanh(W x[t] + U h[t−1] + b)`. Gated: gates `i f g o = σ σ tanh σ` of the four parts of the same sum,
/// `c[t] = f c[t−1] + i g`, `h[t] = o tanh c[t]`.
///
/// # Shapes
/// `weight_ih_l0` `[parts * unit, width]`, `weight_hh_l0` `[parts * unit, unit]`, two biases `[parts * unit]`, parts 1 or 4
pub(super) struct Recurrent {
    gated: bool,
    width: usize,
    units: usize,
    input: Product,
    state: Product,
}

/// Of each token: the gates after their functions, the memory and the state.
pub(super) struct Trail {
    gates: Vec<Vec<f64>>,
    memory: Vec<Vec<f64>>,
    state: Vec<Vec<f64>>,
}

const GATES: usize = 4;

impl Recurrent {
    pub fn new(
        kind: RecallKind,
        width: usize,
        units: usize,
        tensor: &mut Wide,
    ) -> Result<Self, Error> {
        let gated = kind == RecallKind::Lstm;
        let outputs = units * if gated { GATES } else { 1 };
        let name = kind.name();
        let mut side = |side: &str, inputs: usize| {
            let weight = tensor(&format!("{name}.weight_{side}_l0"), &[outputs, inputs])?;
            let bias = tensor(&format!("{name}.bias_{side}_l0"), &[outputs])?;
            Ok::<_, Error>(Product::of(weight, bias, inputs))
        };
        Ok(Recurrent {
            gated,
            width,
            units,
            input: side("ih", width)?,
            state: side("hh", units)?,
        })
    }

    /// The gates `[parts * unit]` after their functions, from their sums.
    fn open(&self, mut sums: Vec<f64>) -> Vec<f64> {
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = if self.gated && n / self.units != 2 {
                1.0 / (1.0 + libm::exp(-*sum))
            } else {
                libm::tanh(*sum)
            };
        }
        sums
    }
}

impl Memory for Recurrent {
    type Trail = Trail;

    fn forward(&self, x: &[f64]) -> (Vec<f64>, Trail) {
        let units = self.units;
        let mut trail = Trail {
            gates: Vec::new(),
            memory: Vec::new(),
            state: Vec::new(),
        };
        let (mut h, mut c) = (vec![0.0; units], vec![0.0; units]);
        for x in x.chunks_exact(self.width) {
            let mut sums = self.input.forward(x);
            add_scaled(&mut sums, 1.0, &self.state.forward(&h));
            let gates = self.open(sums);
            if self.gated {
                for unit in 0..units {
                    let [i, f, g, o] = gate(&gates, units, unit);
                    c[unit] = f * c[unit] + i * g;
                    h[unit] = o * libm::tanh(c[unit]);
                }
            } else {
                h.clone_from(&gates);
            }
            trail.gates.push(gates);
            trail.memory.push(c.clone());
            trail.state.push(h.clone());
        }
        (h, trail)
    }

    fn backward(&self, x: &[f64], trail: &Trail, gradient: &[f64]) -> Vec<f64> {
        let units = self.units;
        let none = vec![0.0; units];
        let (mut dh, mut dc) = (gradient.to_vec(), none.clone());
        let mut back = vec![0.0; x.len()];
        for (t, dx) in back.chunks_exact_mut(self.width).enumerate().rev() {
            let gates = &trail.gates[t];
            let mut sums = vec![0.0; gates.len()];
            for unit in 0..units {
                if !self.gated {
                    sums[unit] = dh[unit] * (1.0 - gates[unit] * gates[unit]);
                    continue;
                }
                let [i, f, g, o] = gate(gates, units, unit);
                let before = if t == 0 { &none } else { &trail.memory[t - 1] };
                let tanh = libm::tanh(trail.memory[t][unit]);
                let dm = dc[unit] + dh[unit] * o * (1.0 - tanh * tanh);
                sums[unit] = dm * g * i * (1.0 - i);
                sums[units + unit] = dm * before[unit] * f * (1.0 - f);
                sums[2 * units + unit] = dm * i * (1.0 - g * g);
                sums[3 * units + unit] = dh[unit] * tanh * o * (1.0 - o);
                dc[unit] = dm * f;
            }
            dx.copy_from_slice(&self.input.backward(&sums));
            dh = self.state.backward(&sums);
        }
        back
    }
}

/// i, f, g and o of one unit.
fn gate(gates: &[f64], units: usize, unit: usize) -> [f64; GATES] {
    [0, 1, 2, 3].map(|part| gates[part * units + unit])
}
