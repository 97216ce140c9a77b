//! Attention on a GPU, by WebGPU: in the browser through its own implementation, natively through Vulkan.
//!
//! The kernels are in `kernels/*.wgsl`, each with a twin on the CPU that is the truth in tests:
//!
//! | kernel | what | twin |
//! | --- | --- | --- |
//! | `attend` `attend_large` | attention with a running softmax, nothing kept, in [`Tiles`] of either size | [`crate::plain_attention`] |
//! | `weights` | raw, capped, masked scores or weights of whole rows | the same, by [`crate::AttentionConfig::scores`] |
//! | `matmul` `add` `scale` `softcap` `alibi` `mask` `maximum` `subtract` `exponential` `sum` `divide` `concat` `rotate` | a stage of a trace | the operation of the same name, [`crate::Op`] |
//!
//! Sums run in f32, and exponentials are those of the adapter: results are within 1e-4 of the CPU's, and mostly within 1e-6. A
//! shader may take it for granted that there is neither NaN nor infinity; so what holds one is refused as `unsuited`, and a result
//! with one is too. No kernel depends on the size of a subgroup.

mod attend;
mod buffers;
mod device;
#[cfg(target_arch = "wasm32")]
mod hurry;
mod numbers;
mod part;
mod shaders;
mod step;
mod trace;

use crate::error::{Error, GpuFault, Operation};
use crate::{
    AttentionConfig, AttentionInput, AttentionOutput, Block, Model, ModelInput, Tokens, Trace,
    TraceInput,
};
use device::Device;

const OPERATION: Operation = Operation("open_gpu");

/// What a GPU calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Its name; a browser may keep that to itself.
    pub name: String,
    /// Whether it is a program that stands in for a GPU, slower than the kernels of the CPU.
    pub is_fallback: bool,
}

/// What an invocation of the kernel of attention has at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiles {
    /// 4 queries and 4 keys. On an NVIDIA H200 one head of 256 tokens took 0.3 of the time that it took with the large ones, 8 heads
    /// of 2,048 took 0.6.
    Small,
    /// 8 queries and 8 keys. In software 8 heads of 256 tokens took 114 ms, with the small ones 207.
    Large,
}

impl Tiles {
    fn fastest_on(is_fallback: bool) -> Self {
        match is_fallback {
            true => Tiles::Large,
            false => Tiles::Small,
        }
    }
}

/// A GPU that is ready for work.
pub struct Gpu(Device);

impl Gpu {
    /// Asks for an adapter and a device, within the limits that every adapter has.
    ///
    /// # Errors
    /// `no_adapter` and `no_device`.
    pub async fn open() -> Result<Self, Error> {
        Device::open().await.map(Gpu)
    }

    /// The same GPU with tiles of this size, in place of those that are the faster ones on its adapter.
    #[must_use]
    pub fn with_tiles(mut self, tiles: Tiles) -> Self {
        self.0.tiles = tiles;
        self
    }

    /// Which GPU it is.
    #[must_use]
    pub fn adapter(&self) -> &Adapter {
        &self.0.adapter
    }

    /// Gives the GPU back: every later job fails with `device_lost`.
    pub fn close(&self) {
        self.0.close();
    }

    /// [`crate::compute_attention`] on the GPU: the same options, shapes and results within 1e-4. Memory is linear in the
    /// number of tokens, unless scores are asked for. Work beyond the limits of the adapter is done in parts.
    ///
    /// # Errors
    /// Those of [`crate::compute_attention`]; and `unsuited`, `device_lost`, `gpu_memory` and `gpu_validation`, after which the CPU can do it.
    ///
    /// # Source
    /// That of [`crate::compute_attention`]; the running softmax is that of Milakov and Gimelshein 2018, "Online normalizer
    /// calculation for softmax".
    pub async fn compute_attention(
        &self,
        input: &AttentionInput<'_>,
        config: &AttentionConfig,
    ) -> Result<AttentionOutput, Error> {
        attend::compute_attention(&self.0, input, config).await
    }

    /// The same of tensors of four axes, without past ones, in arrays of JavaScript, of which `input` has the shapes. The output
    /// goes to `rows`; gives its shape, and the scores.
    #[cfg(target_arch = "wasm32")]
    pub(crate) async fn compute_attention_of(
        &self,
        arrays: [js_sys::Float32Array; 3],
        input: &AttentionInput<'_>,
        config: &AttentionConfig,
        rows: &mut dyn crate::trace::Rows,
    ) -> Result<(Vec<usize>, Option<ndarray::ArrayD<f32>>), Error> {
        attend::compute_attention_of(&self.0, arrays, input, config, rows).await
    }

    /// [`crate::trace_attention`] on the GPU: the same stages, their numbers within 1e-4.
    ///
    /// # Errors
    /// Those of [`crate::trace_attention`]; and `unsuited`, `device_lost`, `gpu_memory` and `gpu_validation`, after which the CPU can do it.
    ///
    /// # Source
    /// That of [`crate::trace_attention`].
    pub async fn trace_attention(
        &self,
        input: &TraceInput<'_>,
        config: &AttentionConfig,
    ) -> Result<Trace, Error> {
        self.trace_into(input, config, None).await
    }

    /// [`Model::trace`] on the GPU: the attention of one layer of a model. What enters it is computed on the CPU.
    ///
    /// # Errors
    /// Those of [`Model::trace`] and of [`Gpu::trace_attention`].
    pub async fn trace_layer(
        &self,
        model: &Model,
        input: &ModelInput<'_>,
        block: Block,
        layer: usize,
        tokens: Option<Tokens>,
    ) -> Result<Trace, Error> {
        let layer = model.layer_input(input, block, layer)?;
        let input = TraceInput {
            tokens,
            ..layer.view()?
        };
        self.trace_attention(&input, &layer.config()).await
    }

    /// The same for a caller that takes the rows of weights as they are made, where the trace holds the weights alone.
    pub(crate) async fn trace_into(
        &self,
        input: &TraceInput<'_>,
        config: &AttentionConfig,
        rows: Option<&mut dyn crate::trace::Rows>,
    ) -> Result<Trace, Error> {
        trace::trace_attention(&self.0, input, config, rows).await
    }
}

/// What is added to scores may hide a key by negative infinity; a finite number that is nearly as low stands, in the kernels,
/// for the same, and does not in the arithmetic of the CPU.
const LOWEST_BIAS: f32 = -1e37;

/// Refuses what is added to scores and neither a number of sense nor negative infinity.
fn expect_bias<'a>(op: Operation, mut added: impl Iterator<Item = &'a f32>) -> Result<(), Error> {
    let fits = |bias: f32| bias == f32::NEG_INFINITY || bias.is_finite() && bias > LOWEST_BIAS;
    match added.find(|&&bias| !fits(bias)) {
        Some(found) => Err(op.gpu(
            GpuFault::Unsuited,
            format!("a mask of negative infinity and numbers above {LOWEST_BIAS:e}"),
            found,
        )),
        None => Ok(()),
    }
}

/// By fours, without a branch for each: 16 MB take 0.8 ms, and 3.4 one by one.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "loads of registers")]
fn all_finite(numbers: &[f32]) -> bool {
    use core::arch::wasm32::*;
    let (fours, rest) = numbers.as_chunks::<4>();
    let infinite = u32x4_splat(f32::INFINITY.to_bits());
    let mut largest = u32x4_splat(0);
    for four in fours {
        // SAFETY: four floats are there
        let four = unsafe { v128_load(four.as_ptr().cast()) };
        largest = u32x4_max(largest, f32x4_abs(four));
    }
    let found = v128_any_true(u32x4_ge(largest, infinite));
    !found && rest.iter().all(|number| number.is_finite())
}

#[cfg(not(target_arch = "wasm32"))]
fn all_finite(numbers: &[f32]) -> bool {
    numbers.iter().all(|number| number.is_finite())
}

/// Refuses numbers that a shader need not know of.
fn expect_finite(op: Operation, what: &str, numbers: &[f32]) -> Result<(), Error> {
    if all_finite(numbers) {
        return Ok(());
    }
    match numbers.iter().find(|number| !number.is_finite()) {
        Some(found) => Err(op.gpu(
            GpuFault::Unsuited,
            format!("finite numbers in {what}"),
            found,
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Tiles;

    #[test]
    fn chips_have_small_tiles_and_programs_large_ones() {
        assert_eq!(Tiles::fastest_on(false), Tiles::Small);
        assert_eq!(Tiles::fastest_on(true), Tiles::Large);
    }
}
