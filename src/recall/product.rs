//! Products with a matrix, there and back.

use crate::error::Error;

/// The same in f64, within one network.
pub(super) type Wide<'a> = dyn FnMut(&str, &[usize]) -> Result<Vec<f64>, Error> + 'a;

/// `y = W x + b`, W `[output, input]`.
pub(super) struct Product {
    weight: Vec<f64>,
    bias: Vec<f64>,
    inputs: usize,
}

impl Product {
    /// From `NAME.weight` and `NAME.bias`.
    pub fn new(
        name: &str,
        outputs: usize,
        inputs: usize,
        tensor: &mut Wide,
    ) -> Result<Self, Error> {
        let weight = tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = tensor(&format!("{name}.bias"), &[outputs])?;
        Ok(Product::of(weight, bias, inputs))
    }

    pub fn of(weight: Vec<f64>, bias: Vec<f64>, inputs: usize) -> Self {
        Product {
            weight,
            bias,
            inputs,
        }
    }

    /// x `[input]` -> y `[output]`
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        let rows = self.weight.chunks_exact(self.inputs).zip(&self.bias);
        rows.map(|(row, bias)| dot(row, x) + bias).collect()
    }

    /// `[input, output]` and `[output]`, as f32, which they were.
    pub fn columns(&self) -> (Vec<f32>, Vec<f32>) {
        let rows = self.weight.chunks_exact(self.inputs);
        let column = |c: usize| rows.clone().map(move |row| row[c] as f32);
        let weight = (0..self.inputs).flat_map(column).collect();
        (weight, self.bias.iter().map(|&bias| bias as f32).collect())
    }

    /// Gradient of y `[output]` -> gradient of x `[input]`: `Wᵀ g`.
    pub fn backward(&self, gradient: &[f64]) -> Vec<f64> {
        let mut back = vec![0.0; self.inputs];
        for (row, g) in self.weight.chunks_exact(self.inputs).zip(gradient) {
            add_scaled(&mut back, *g, row);
        }
        back
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `sum += factor · row`
pub(super) fn add_scaled(sum: &mut [f64], factor: f64, row: &[f64]) {
    for (sum, entry) in sum.iter_mut().zip(row) {
        *sum += factor * entry;
    }
}
