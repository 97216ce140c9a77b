//! One layer of attention: the last token looks at all of them, itself included, and adds what it finds to itself.

use super::Memory;
use super::product::{Product, Wide, add_scaled, dot};
use super::softmax;
use crate::error::Error;

/// `y = x[last] + W_o Σ_t w[t] v[t] + b_o`, per head `w = softmax_t(q[last] · k[t] / √dim)`.
///
/// # Shapes
/// `query`, `key`, `value` and `output`, each a weight `[width, width]` and a bias `[width]`
pub(super) struct Attention {
    width: usize,
    heads: usize,
    query: Product,
    key: Product,
    value: Product,
    output: Product,
}

/// The input of a trace: the last token asks, all of them answer.
pub(crate) struct RecallLayer {
    pub heads: usize,
    pub scale: f64,
    /// `x` `[1, width]`, `memory` `[key, width]`, and the weights and biases, each with its name and shape.
    pub tensors: Vec<(&'static str, Vec<usize>, Vec<f32>)>,
}

pub(super) struct Trail {
    query: Vec<f64>,
    keys: Vec<Vec<f64>>,
    values: Vec<Vec<f64>>,
    /// `[token]`, the mean over the heads.
    pub weights: Vec<f64>,
    /// `[head][token]`
    by_head: Vec<Vec<f64>>,
}

impl Attention {
    pub fn new(width: usize, heads: usize, tensor: &mut Wide) -> Result<Self, Error> {
        let mut product = |name| Product::new(name, width, width, tensor);
        Ok(Attention {
            width,
            heads,
            query: product("query")?,
            key: product("key")?,
            value: product("value")?,
            output: product("output")?,
        })
    }

    /// x `[token, width]`
    pub fn layer(&self, x: Vec<f32>) -> RecallLayer {
        let width = self.width;
        let last = x[x.len() - width..].to_vec();
        let mut tensors = vec![
            ("x", vec![1, width], last),
            ("memory", vec![x.len() / width, width], x),
        ];
        for (weight, bias, product) in [
            ("wq", "bq", &self.query),
            ("wk", "bk", &self.key),
            ("wv", "bv", &self.value),
            ("wo", "bo", &self.output),
        ] {
            let (columns, offsets) = product.columns();
            tensors.push((weight, vec![width, width], columns));
            tensors.push((bias, vec![width], offsets));
        }
        RecallLayer {
            heads: self.heads,
            scale: self.scale(),
            tensors,
        }
    }

    fn dim(&self) -> usize {
        self.width / self.heads
    }

    fn scale(&self) -> f64 {
        1.0 / (self.dim() as f64).sqrt()
    }

    fn own(&self, head: usize) -> std::ops::Range<usize> {
        head * self.dim()..(head + 1) * self.dim()
    }
}

impl Memory for Attention {
    type Trail = Trail;

    fn forward(&self, x: &[f64]) -> (Vec<f64>, Trail) {
        let tokens = || x.chunks_exact(self.width);
        let last = &x[x.len() - self.width..];
        let query = self.query.forward(last);
        let keys: Vec<_> = tokens().map(|x| self.key.forward(x)).collect();
        let values: Vec<_> = tokens().map(|x| self.value.forward(x)).collect();
        let mut mixed = vec![0.0; self.width];
        let mut weights = vec![0.0; keys.len()];
        let mut by_head = Vec::with_capacity(self.heads);
        for own in (0..self.heads).map(|head| self.own(head)) {
            let score = |key: &Vec<f64>| self.scale() * dot(&query[own.clone()], &key[own.clone()]);
            let head: Vec<f64> = softmax(&keys.iter().map(score).collect::<Vec<_>>());
            for (weight, value) in head.iter().zip(&values) {
                add_scaled(&mut mixed[own.clone()], *weight, &value[own.clone()]);
            }
            add_scaled(&mut weights, 1.0 / self.heads as f64, &head);
            by_head.push(head);
        }
        let mut y = self.output.forward(&mixed);
        add_scaled(&mut y, 1.0, last);
        let trail = Trail {
            query,
            keys,
            values,
            weights,
            by_head,
        };
        (y, trail)
    }

    fn backward(&self, x: &[f64], trail: &Trail, gradient: &[f64]) -> Vec<f64> {
        let mixed = self.output.backward(gradient);
        let mut query = vec![0.0; self.width];
        let mut keys = vec![vec![0.0; self.width]; trail.keys.len()];
        let mut values = keys.clone();
        for (head, weights) in trail.by_head.iter().enumerate() {
            let own = self.own(head);
            let part = &mixed[own.clone()];
            let to_weight: Vec<f64> = trail
                .values
                .iter()
                .map(|v| dot(part, &v[own.clone()]))
                .collect();
            let mean = dot(weights, &to_weight);
            for (t, weight) in weights.iter().enumerate() {
                let to_score = weight * (to_weight[t] - mean) * self.scale();
                add_scaled(
                    &mut query[own.clone()],
                    to_score,
                    &trail.keys[t][own.clone()],
                );
                add_scaled(
                    &mut keys[t][own.clone()],
                    to_score,
                    &trail.query[own.clone()],
                );
                add_scaled(&mut values[t][own.clone()], *weight, part);
            }
        }
        let mut back = vec![0.0; x.len()];
        for (t, dx) in back.chunks_exact_mut(self.width).enumerate() {
            add_scaled(dx, 1.0, &self.key.backward(&keys[t]));
            add_scaled(dx, 1.0, &self.value.backward(&values[t]));
        }
        let last = x.len() - self.width;
        add_scaled(&mut back[last..], 1.0, gradient);
        add_scaled(&mut back[last..], 1.0, &self.query.backward(&query));
        back
    }
}
