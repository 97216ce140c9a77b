//! The whole trace of one attention of a model: the same numbers, and where each comes from.

use super::Model;
use super::forward::{ModelInput, OPERATION, Way};
use super::layout::{Linear, Stack};
use crate::config::AttentionConfig;
use crate::error::Error;
use crate::trace::{Tokens, Trace, TraceInput, trace_attention};
use ndarray::{ArrayView1, ArrayView2, ArrayViewD, ShapeError};

/// The attentions of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Of the encoder to itself.
    Encoder,
    /// Of the decoder to itself.
    Decoder,
    /// Of the decoder to the encoder.
    Cross,
}

impl Block {
    /// The attention of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "encoder" => Some(Block::Encoder),
            "decoder" => Some(Block::Decoder),
            "cross" => Some(Block::Cross),
            _ => None,
        }
    }
}

impl Model {
    /// The trace of the attention of layer `layer`, from what enters it (after a norm that stands before it) to its
    /// output projection. The tokens stand at the sides; none: they are called 0, 1, 2, …
    ///
    /// # Errors
    /// `option` for a block that the model does not have, `index` for a layer beyond the last, and those of
    /// [`Model::run`] and [`trace_attention`].
    pub fn trace(
        &self,
        input: &ModelInput,
        block: Block,
        layer: usize,
        tokens: Option<Tokens>,
    ) -> Result<Trace, Error> {
        let side = match block {
            Block::Encoder => &self.layout.encoder,
            _ => &self.layout.decoder,
        };
        let both = self.layout.encoder.is_some();
        let Some(stack) = side.as_ref().filter(|_| block != Block::Cross || both) else {
            return Err(OPERATION.option("a block that the model has", format!("{block:?}")));
        };
        let Some(layers) = stack.layers.get(layer) else {
            return Err(OPERATION.index(format!("a layer below {}", stack.layers.len()), layer));
        };
        let watch = Some((block, layer));
        let (x, memory) = match block {
            Block::Encoder => {
                let way = Way {
                    watch,
                    ..Way::default()
                };
                (
                    self.encode(input, way)?.and_then(|passed| passed.watched),
                    None,
                )
            }
            _ => {
                let encoded = self
                    .encode(input, Way::default())?
                    .map(|passed| passed.last);
                (
                    self.watch_decoder(stack, input, encoded.as_deref(), watch)?,
                    encoded,
                )
            }
        };
        let missing = || OPERATION.internal("what enters the layer", "nothing");
        let x = x.ok_or_else(missing)?;
        let attention = match block {
            Block::Cross => layers.cross.as_ref().ok_or_else(missing)?,
            _ => &layers.attention,
        };
        let memory = memory.filter(|_| block == Block::Cross);
        let of_width = |x| matrix(x, self.config.width);
        let [wq, wk, wv, wo] = [
            attention.query,
            attention.key,
            attention.value,
            attention.output,
        ]
        .map(|linear| self.weight(&linear));
        let [bq, bk, bv, bo] = [
            attention.query,
            attention.key,
            attention.value,
            attention.output,
        ]
        .map(|linear| self.bias(&linear));
        let input = TraceInput {
            tokens,
            x: Some(of_width(&x)?),
            memory: memory.as_deref().map(of_width).transpose()?,
            wq: Some(wq?),
            wk: Some(wk?),
            wv: Some(wv?),
            wo: Some(wo?),
            bq,
            bk,
            bv,
            bo,
            ..TraceInput::default()
        };
        let config = AttentionConfig {
            heads: Some(attention.heads),
            causal: stack.causal && block != Block::Cross,
            scale: Some(attention.scale),
            ..AttentionConfig::default()
        };
        trace_attention(&input, &config)
    }

    fn watch_decoder(
        &self,
        stack: &Stack,
        input: &ModelInput,
        memory: Option<&[f32]>,
        watch: Option<(Block, usize)>,
    ) -> Result<Option<Vec<f32>>, Error> {
        let x = self.embed_text(stack, &self.decoder_ids(input)?, 0)?;
        let way = Way {
            memory,
            watch,
            ..Way::default()
        };
        Ok(self.pass(stack, x, way)?.watched)
    }

    /// `[inputs, outputs]`, as a trace has weights: the same numbers, looked at the other way.
    fn weight(&self, linear: &Linear) -> Result<ArrayViewD<'_, f32>, Error> {
        let &Linear {
            weight,
            first,
            inputs,
            outputs,
            ..
        } = linear;
        let rows = &self.tensor(weight)[first * inputs..][..outputs * inputs];
        matrix(rows, inputs).map(ArrayViewD::reversed_axes)
    }

    fn bias(&self, linear: &Linear) -> Option<ArrayViewD<'_, f32>> {
        let bias = &self.tensor(linear.bias?)[linear.first..][..linear.outputs];
        Some(ArrayView1::from(bias).into_dyn())
    }
}

/// Rows of `width` numbers.
fn matrix(x: &[f32], width: usize) -> Result<ArrayViewD<'_, f32>, Error> {
    ArrayView2::from_shape((x.len() / width, width), x)
        .map(ArrayView2::into_dyn)
        .map_err(|fault: ShapeError| OPERATION.internal("whole rows", fault))
}
