//! What the models are made of. Axes: batch, query, key, head, width, dim.

use anyhow::Result;
use candle_core::{D, Tensor};

use crate::rows::{normalise, softmax};
use crate::weights::Weights;

/// Far below any score: what may not be seen.
const UNSEEN: f32 = -1e9;

/// `y = x W^T + b`.
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
    turned: bool,
}

impl Linear {
    /// Tensors `NAME.weight [out, in]` and `NAME.bias [out]`.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
        deviation: f64,
    ) -> Result<Self> {
        let weight = weights.normal(&format!("{name}.weight"), &[outputs, inputs], deviation)?;
        let bias = weights.filled(&format!("{name}.bias"), &[outputs], 0.0)?;
        Ok(Self {
            weight,
            bias,
            turned: false,
        })
    }

    /// The same with `NAME.weight [in, out]`, as the decoder family has it.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn turned(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
        deviation: f64,
    ) -> Result<Self> {
        let weight = weights.normal(&format!("{name}.weight"), &[inputs, outputs], deviation)?;
        let bias = weights.filled(&format!("{name}.bias"), &[outputs], 0.0)?;
        Ok(Self {
            weight,
            bias,
            turned: true,
        })
    }

    /// # Shapes
    /// [.., in] -> [.., out]
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let weight = if self.turned {
            self.weight.clone()
        } else {
            self.weight.t()?
        };
        project(x, &weight, Some(&self.bias))
    }
}

/// `x W + b` over the last axis: x [.., in], W [in, out], b [out].
///
/// # Errors
/// Those of the tensor library.
pub fn project(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let width = shape.pop().unwrap_or(1);
    let rows = x.reshape(((), width))?;
    let mut y = rows.matmul(weight)?;
    if let Some(bias) = bias {
        y = (y + spread(bias, rows.dim(0)?)?)?;
    }
    shape.push(weight.dim(1)?);
    Ok(y.reshape(shape)?)
}

/// A row repeated, as a product with a column of ones: its derivative is then one, too, which is quicker than a sum
/// along the first axis.
fn spread(row: &Tensor, count: usize) -> Result<Tensor> {
    let ones = Tensor::ones((count, 1), row.dtype(), row.device())?;
    Ok(ones.matmul(&row.reshape((1, ()))?)?)
}

/// Layer normalisation with a scale and a shift per channel.
pub struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl Norm {
    /// Tensors `NAME.weight [width]` and `NAME.bias [width]`.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, name: &str, width: usize, epsilon: f32) -> Result<Self> {
        let weight = weights.filled(&format!("{name}.weight"), &[width], 1.0)?;
        let bias = weights.filled(&format!("{name}.bias"), &[width], 0.0)?;
        Ok(Self {
            weight,
            bias,
            epsilon,
        })
    }

    /// # Shapes
    /// [.., width] -> the same
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let width = x.dim(D::Minus1)?;
        let rows = normalise(&x.reshape(((), width))?, self.epsilon)?;
        let count = rows.dim(0)?;
        let y = ((rows * spread(&self.weight, count)?)? + spread(&self.bias, count)?)?;
        Ok(y.reshape(x.shape())?)
    }
}

/// Scaled dot-product attention of several heads.
///
/// # Shapes
/// q [batch, query, width], k and v [batch, key, width], bias broadcast to [batch, head, query, key] ->
/// mixed [batch, query, width], weights [batch, head, query, key]
///
/// # Errors
/// Those of the tensor library.
pub fn attend(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    heads: usize,
    bias: Option<&Tensor>,
) -> Result<(Tensor, Tensor)> {
    let (batch, query, width) = q.dims3()?;
    let key = k.dim(1)?;
    let dim = width / heads;
    let split = |x: &Tensor, tokens: usize| -> Result<Tensor> {
        Ok(x.reshape((batch, tokens, heads, dim))?
            .transpose(1, 2)?
            .contiguous()?)
    };
    let (q, k, v) = (
        split(&(q / (dim as f64).sqrt())?, query)?,
        split(k, key)?,
        split(v, key)?,
    );
    let mut scores = q.matmul(&k.t()?)?;
    if let Some(bias) = bias {
        scores = (scores
            + bias
                .broadcast_as((batch, heads, query, key))?
                .contiguous()?)?;
    }
    let weights = softmax(&scores)?;
    let mixed = weights
        .matmul(&v)?
        .transpose(1, 2)?
        .contiguous()?
        .reshape((batch, query, width))?;
    Ok((mixed, weights))
}

/// What is added to the scores so that no query sees the keys that only fill up a batch. [batch, 1, 1, key]
///
/// # Errors
/// Those of the tensor library.
pub fn hide_fill(lengths: &[usize], key: usize) -> Result<Tensor> {
    let cells = lengths
        .iter()
        .flat_map(|&length| (0..key).map(move |at| if at < length { 0.0 } else { UNSEEN }));
    Ok(Tensor::from_vec(
        cells.collect(),
        (lengths.len(), 1, 1, key),
        &candle_core::Device::Cpu,
    )?)
}

/// What is added to the scores so that a query sees no later key. [1, 1, query, key]
///
/// # Errors
/// Those of the tensor library.
pub fn hide_later(tokens: usize) -> Result<Tensor> {
    let cells = (0..tokens)
        .flat_map(|query| (0..tokens).map(move |key| if key <= query { 0.0 } else { UNSEEN }));
    Ok(Tensor::from_vec(
        cells.collect(),
        (1, 1, tokens, tokens),
        &candle_core::Device::Cpu,
    )?)
}

/// Mean cross-entropy of rows of logits [row, class] against classes, with label smoothing.
///
/// `loss = (1 - s) * -log p[target] + s * mean_class(-log p)`
///
/// # Errors
/// Those of the tensor library.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], smoothing: f64) -> Result<Tensor> {
    let (count, classes) = logits.dims2()?;
    // the maximum is a constant: softmax does not depend on it
    let max = logits.max_keepdim(1)?.detach();
    let shifted = logits.broadcast_sub(&max)?;
    let log_sum = shifted.exp()?.sum_keepdim(1)?.log()?;
    let mut wanted = vec![(smoothing / classes as f64) as f32; count * classes];
    for (row, &target) in targets.iter().enumerate() {
        wanted[row * classes + target as usize] += (1.0 - smoothing) as f32;
    }
    let wanted = Tensor::from_vec(wanted, (count, classes), logits.device())?;
    let hit = (shifted * wanted)?.sum_all()?;
    Ok(((log_sum.sum_all()? - hit)? / count as f64)?)
}
