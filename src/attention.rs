//! Scaled dot-product attention: fast, and keeps nothing.

mod call;
mod geometry;

use crate::config::AttentionConfig;
use crate::error::{Error, Operation};
#[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
use crate::kernel::Kernel;
use crate::limits::checked_len;
use crate::mask::Mask;
use crate::tensor::Heads;
use call::Call;
pub(crate) use geometry::{Geometry, joined};
use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension, IxDyn};
use std::borrow::Cow;

pub(crate) const OPERATION: Operation = Operation("compute_attention");

/// What attention reads. Views may be laid out in memory in any way.
#[derive(Clone, Debug)]
pub struct AttentionInput<'a> {
    /// Queries, `[batch, heads, query, dim]` or `[batch, query, heads * dim]`.
    pub q: ArrayViewD<'a, f32>,
    /// Keys, `[batch, kv_heads, key, dim]` or packed like the queries.
    pub k: ArrayViewD<'a, f32>,
    /// Values, `[batch, kv_heads, key, value_dim]` or packed like the queries.
    pub v: ArrayViewD<'a, f32>,
    /// Which keys may be seen, or what is added to the scores.
    pub mask: Option<Mask<'a>>,
    /// Keys that come before `k`, `[batch, kv_heads, past, dim]`.
    pub past_key: Option<ArrayViewD<'a, f32>>,
    /// Values that come before `v`, `[batch, kv_heads, past, value_dim]`.
    pub past_value: Option<ArrayViewD<'a, f32>>,
    /// How many keys of each sequence in the batch are real; the rest is padding. Not together with past keys.
    pub kv_lengths: Option<&'a [usize]>,
}

impl<'a> AttentionInput<'a> {
    /// Queries, keys and values, and nothing besides.
    pub fn new<D: Dimension, E: Dimension, F: Dimension>(
        q: ArrayView<'a, f32, D>,
        k: ArrayView<'a, f32, E>,
        v: ArrayView<'a, f32, F>,
    ) -> Self {
        AttentionInput {
            q: q.into_dyn(),
            k: k.into_dyn(),
            v: v.into_dyn(),
            mask: None,
            past_key: None,
            past_value: None,
            kv_lengths: None,
        }
    }
}

/// What attention gives.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionOutput {
    /// The mixed values, laid out as the queries were: `[batch, heads, query, value_dim]` or packed.
    pub output: ArrayD<f32>,
    /// Past and new keys joined, `[batch, kv_heads, key, dim]`, where there were past ones.
    pub present_key: Option<ArrayD<f32>>,
    /// Past and new values joined, where there were past ones.
    pub present_value: Option<ArrayD<f32>>,
    /// The intermediate that [`AttentionConfig::scores`] asks for, `[batch, heads, query, key]`.
    pub scores: Option<ArrayD<f32>>,
}

/// Scaled dot-product attention over a batch of independent sequences.
///
/// `output[h,i] = Σ_j softmax_j(cap(scale · query[h,i] · key[g,j]) + mask[h,i,j]) · value[g,j]`, with `g` the key
/// head that query head `h` reads. A key that may not be seen has no part in it, whatever it holds. A query that
/// sees no key gives zeros.
///
/// # Shapes
/// q `[batch, heads, query, dim]`, k `[batch, kv_heads, key, dim]`, v `[batch, kv_heads, key, value_dim]`,
/// each also packed, as in [`AttentionInput`]; the output is laid out like q.
///
/// # Errors
/// `shape`, `size` and `option` where the input does not fit together or the options have no meaning,
/// `too_large` where a tensor would exceed [`crate::Limits::tensor_bytes`].
///
/// # Source
/// ONNX operator `Attention`, opset 25; Vaswani et al. 2017, "Attention Is All You Need", equation 1.
///
/// ```
/// use attention_playground::{compute_attention, AttentionConfig, AttentionInput};
/// use ndarray::Array4;
///
/// let q = Array4::from_shape_fn((1, 2, 3, 4), |(_, h, i, c)| (h + i * c) as f32 / 4.0);
/// let config = AttentionConfig { causal: true, ..AttentionConfig::default() };
/// let result = compute_attention(&AttentionInput::new(q.view(), q.view(), q.view()), &config)?;
/// assert_eq!(result.output.shape(), [1, 2, 3, 4]);
/// // the first query sees only the first key, so its output is the first value
/// assert_eq!(result.output[[0, 1, 0, 2]], q[[0, 1, 0, 2]]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn compute_attention(
    input: &AttentionInput,
    config: &AttentionConfig,
) -> Result<AttentionOutput, Error> {
    compute(input, config, Path::Fast)
}

/// The same by the plain twin of the kernel, row by row: slower, and the truth in tests.
///
/// # Errors
/// Those of [`compute_attention`].
///
/// # Source
/// That of [`compute_attention`].
pub fn plain_attention(
    input: &AttentionInput,
    config: &AttentionConfig,
) -> Result<AttentionOutput, Error> {
    compute(input, config, Path::Plain)
}

/// Attention into memory that is there already, with working space that is kept from call to call. Gives what makes the
/// next call of the same sizes shorter, if it can be.
///
/// # Errors
/// Those of [`compute_attention`]; `shape` where `output` does not have as many numbers as the result, `option` where
/// an intermediate or present keys would have to be returned.
#[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
pub(crate) fn attention_into(
    input: &AttentionInput,
    config: &AttentionConfig,
    output: &mut [f32],
    space: &mut Option<Kernel>,
) -> Result<Option<Checked>, Error> {
    if config.scores.is_some() || input.past_key.is_some() {
        return Err(OPERATION.option("neither scores nor past keys", "one of them"));
    }
    let geometry = Geometry::of(input, config)?;
    let shape = geometry.output().shape();
    if output.len() != checked_len(OPERATION, "the output", &shape)? {
        return Err(OPERATION.shape(format!("an output {shape:?}"), output.len()));
    }
    let keys = joined(&input.k, &geometry.k, None)?;
    let values = joined(&input.v, &geometry.v, None)?;
    let call = Call::new(&geometry, input, &keys, &values)?;
    call.fast(output, space);
    drop(call);
    let simple = input.mask.is_none() && !geometry.q.packed && input.q.is_standard_layout();
    Ok(simple.then_some(Checked(geometry)))
}

/// A call that was checked, with no mask and no packed tensors: one of the same sizes need not be checked again.
#[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
pub(crate) struct Checked(Geometry);

#[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
impl Checked {
    /// Attends with queries, keys and values of as many numbers as those of that call.
    pub fn run(&self, tensors: [&[f32]; 3], output: &mut [f32], space: &mut Option<Kernel>) {
        Call::of(&self.0, tensors).fast(output, space);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Path {
    Fast,
    Plain,
}

fn compute(
    input: &AttentionInput,
    config: &AttentionConfig,
    path: Path,
) -> Result<AttentionOutput, Error> {
    let geometry = Geometry::of(input, config)?;
    let keys = joined(&input.k, &geometry.k, input.past_key.as_ref())?;
    let values = joined(&input.v, &geometry.v, input.past_value.as_ref())?;
    let shape = geometry.output().shape();
    let mut output = vec![0.0; checked_len(OPERATION, "the output", &shape)?];
    let call = Call::new(&geometry, input, &keys, &values)?;
    let scores = match (config.scores, path) {
        (None, Path::Fast) => {
            call.fast(&mut output, &mut None);
            None
        }
        (None, Path::Plain) => {
            call.plain(&mut output, &mut |_, _, _| {});
            None
        }
        (Some(kind), _) => Some(call.plain_keeping(kind, &mut output)?),
    };
    drop(call);
    results(input, &geometry, (keys, values), output, scores)
}

/// What is given back of a call, with `scores` of that shape if they were asked for.
pub(crate) fn results(
    input: &AttentionInput,
    geometry: &Geometry,
    (keys, values): (Cow<[f32]>, Cow<[f32]>),
    output: Vec<f32>,
    scores: Option<(Vec<usize>, Vec<f32>)>,
) -> Result<AttentionOutput, Error> {
    let present = |data: Cow<[f32]>, heads: &Heads| {
        input.past_key.as_ref().map(|_| {
            let shape = vec![heads.batch, heads.heads, geometry.keys, heads.dim];
            array(shape, data.into_owned())
        })
    };
    Ok(AttentionOutput {
        output: array(geometry.output().shape(), output)?,
        scores: scores.map(|(shape, data)| array(shape, data)).transpose()?,
        present_key: present(keys, &geometry.k).transpose()?,
        present_value: present(values, &geometry.v).transpose()?,
    })
}

pub(crate) fn array(shape: Vec<usize>, data: Vec<f32>) -> Result<ArrayD<f32>, Error> {
    ArrayD::from_shape_vec(IxDyn(&shape), data)
        .map_err(|error| OPERATION.internal(format!("data for {shape:?}"), error))
}
