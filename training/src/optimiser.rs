//! AdamW with a rate that rises and falls, and gradients that are kept short.

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor, Var};
use serde::Serialize;

use crate::weights::{Weights, values};

/// How a model is trained. `rate` is the highest of the schedule.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Recipe {
    /// Steps, each on one batch.
    pub steps: usize,
    /// Samples in a batch.
    pub batch: usize,
    /// The highest rate.
    pub rate: f64,
    /// Weight decay, on matrices alone.
    pub decay: f64,
}

/// Rates of the decaying means of the gradient and of its square.
const BETAS: (f64, f64) = (0.9, 0.98);
const EPSILON: f64 = 1e-8;
/// The longest gradient, over all weights.
const LONGEST: f64 = 1.0;
/// The share of the steps in which the rate rises.
const WARM_UP: f64 = 0.1;

/// The state of AdamW.
///
/// # Source
/// Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2; the schedule is that of Smith
/// and Topin 2018, "Super-convergence", with cosines.
pub struct Optimiser {
    slots: Vec<Slot>,
    recipe: Recipe,
    done: usize,
}

struct Slot {
    var: Var,
    decays: bool,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Optimiser {
    /// For the trained tensors of a model.
    #[must_use]
    pub fn new(weights: &Weights, recipe: Recipe) -> Self {
        let slot = |var: &Var| Slot {
            var: var.clone(),
            decays: var.rank() > 1,
            mean: vec![0.0; var.elem_count()],
            square: vec![0.0; var.elem_count()],
        };
        Self {
            slots: weights.trained().map(slot).collect(),
            recipe,
            done: 0,
        }
    }

    /// From a 25th of the highest rate up to it, and down to nearly nothing.
    fn rate(&self) -> f64 {
        let part = self.done as f64 / self.recipe.steps as f64;
        let cosine = |from: f64, to: f64, part: f64| {
            to + (from - to) * (1.0 + (std::f64::consts::PI * part).cos()) / 2.0
        };
        let top = self.recipe.rate;
        if part < WARM_UP {
            cosine(top / 25.0, top, part / WARM_UP)
        } else {
            cosine(top, top / 1e4, (part - WARM_UP) / (1.0 - WARM_UP))
        }
    }

    /// One step down the gradient of a loss. Returns the loss.
    ///
    /// # Errors
    /// The loss is no number, or does not depend on a weight.
    pub fn step(&mut self, loss: &Tensor) -> Result<f64> {
        let value = f64::from(loss.to_scalar::<f32>()?);
        ensure!(
            value.is_finite(),
            "step {}: expected a finite loss, found {value}",
            self.done
        );
        let gradients = loss.backward()?;
        let mut all = Vec::with_capacity(self.slots.len());
        let mut length = 0.0;
        for slot in &self.slots {
            let gradient = gradients
                .get(&slot.var)
                .context("a weight that the loss does not depend on")?;
            let gradient = values(gradient)?;
            length += gradient
                .iter()
                .map(|&g| f64::from(g) * f64::from(g))
                .sum::<f64>();
            all.push(gradient);
        }
        let shrink = (LONGEST / (length.sqrt() + 1e-6)).min(1.0);
        let rate = self.rate();
        self.done += 1;
        let correct = (
            1.0 - BETAS.0.powi(self.done as i32),
            1.0 - BETAS.1.powi(self.done as i32),
        );
        for (slot, gradient) in self.slots.iter_mut().zip(all) {
            let mut data = values(&slot.var)?;
            let decay = if slot.decays {
                rate * self.recipe.decay
            } else {
                0.0
            };
            for (at, weight) in data.iter_mut().enumerate() {
                let g = f64::from(gradient[at]) * shrink;
                slot.mean[at] = BETAS.0 * slot.mean[at] + (1.0 - BETAS.0) * g;
                slot.square[at] = BETAS.1 * slot.square[at] + (1.0 - BETAS.1) * g * g;
                let step =
                    slot.mean[at] / correct.0 / ((slot.square[at] / correct.1).sqrt() + EPSILON);
                *weight = (f64::from(*weight) * (1.0 - decay) - rate * step) as f32;
            }
            slot.var
                .set(&Tensor::from_vec(data, slot.var.shape(), &Device::Cpu)?)?;
        }
        Ok(value)
    }
}
