//! Two operations on the rows of a tensor with their derivatives: the library's own have none, or take several
//! passes over memory.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// `softmax(x)[j] = exp(x[j] - max) / sum_k exp(x[k] - max)` along the last axis.
///
/// # Errors
/// Those of the tensor library.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Softmax)
}

/// `(x - mean) / sqrt(variance + epsilon)` along the last axis, with the biased variance.
///
/// # Errors
/// Those of the tensor library.
pub fn normalise(x: &Tensor, epsilon: f32) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Normalise { epsilon })
}

struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_row(storage, layout, |row, out| {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for (cell, &x) in out.iter_mut().zip(row) {
                *cell = (x - max).exp();
                sum += *cell;
            }
            out.iter_mut().for_each(|cell| *cell /= sum);
        })
    }

    fn bwd(&self, _: &Tensor, result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(
            result.apply_op2_no_bwd(&gradient.contiguous()?, &SoftmaxBack)?,
        ))
    }
}

/// `y * (g - sum(g * y))` for the result y and its gradient g.
struct SoftmaxBack;

impl CustomOp2 for SoftmaxBack {
    fn name(&self) -> &'static str {
        "softmax-back"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        layout: &Layout,
        g: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_two_rows(y, layout, g, other, |y, g, out| {
            let dot: f32 = y.iter().zip(g).map(|(y, g)| y * g).sum();
            for ((cell, y), g) in out.iter_mut().zip(y).zip(g) {
                *cell = y * (g - dot);
            }
        })
    }
}

struct Normalise {
    epsilon: f32,
}

/// The mean of a row, and 1 / sqrt(variance + epsilon).
fn moments(row: &[f32], epsilon: f32) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

impl CustomOp1 for Normalise {
    fn name(&self) -> &'static str {
        "normalise"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_row(storage, layout, |row, out| {
            let (mean, scale) = moments(row, self.epsilon);
            for (cell, x) in out.iter_mut().zip(row) {
                *cell = (x - mean) * scale;
            }
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let back = NormaliseBack {
            epsilon: self.epsilon,
        };
        Ok(Some(
            x.contiguous()?
                .apply_op2_no_bwd(&gradient.contiguous()?, &back)?,
        ))
    }
}

/// `scale * (g - mean(g) - n * mean(g * n))` for n = normalise(x).
struct NormaliseBack {
    epsilon: f32,
}

impl CustomOp2 for NormaliseBack {
    fn name(&self) -> &'static str {
        "normalise-back"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        g: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_two_rows(x, layout, g, other, |x, g, out| {
            let (mean, scale) = moments(x, self.epsilon);
            let count = x.len() as f32;
            let mean_g = g.iter().sum::<f32>() / count;
            let mean_gn = x
                .iter()
                .zip(g)
                .map(|(x, g)| (x - mean) * scale * g)
                .sum::<f32>()
                / count;
            for ((cell, x), g) in out.iter_mut().zip(x).zip(g) {
                *cell = scale * (g - mean_g - (x - mean) * scale * mean_gn);
            }
        })
    }
}

fn cells<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!(
            "expected rows that lie one after the other, found strides {:?}",
            layout.stride()
        ),
    }
}

fn by_row(
    storage: &CpuStorage,
    layout: &Layout,
    row: impl Fn(&[f32], &mut [f32]),
) -> Result<(CpuStorage, Shape)> {
    let data = cells(storage, layout)?;
    let width = layout.dims()[layout.dims().len() - 1];
    let mut out = vec![0.0; data.len()];
    for (from, to) in data.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        row(from, to);
    }
    Ok((CpuStorage::F32(out), layout.shape().clone()))
}

fn by_two_rows(
    first: &CpuStorage,
    layout: &Layout,
    second: &CpuStorage,
    other: &Layout,
    row: impl Fn(&[f32], &[f32], &mut [f32]),
) -> Result<(CpuStorage, Shape)> {
    let (first, second) = (cells(first, layout)?, cells(second, other)?);
    let width = layout.dims()[layout.dims().len() - 1];
    let mut out = vec![0.0; first.len()];
    let pairs = first.chunks_exact(width).zip(second.chunks_exact(width));
    for ((first, second), to) in pairs.zip(out.chunks_exact_mut(width)) {
        row(first, second, to);
    }
    Ok((CpuStorage::F32(out), layout.shape().clone()))
}
