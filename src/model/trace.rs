//! The whole trace of one attention of a model: the same numbers, and where each comes from.

use super::Model;
use super::forward::{ModelInput, OPERATION, Way};
use super::layout::{Attention, Linear};
use crate::config::AttentionConfig;
use crate::error::Error;
use crate::recall::{RecallTask, RecallToken};
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

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Block::Encoder => "encoder",
            Block::Decoder => "decoder",
            Block::Cross => "cross",
        }
    }
}

/// One attention of a model, and what enters it: all that a trace is made from.
pub(crate) struct LayerInput<'m> {
    model: &'m Model,
    attention: &'m Attention,
    pub causal: bool,
    /// `[query, width]`
    pub x: Vec<f32>,
    /// `[key, width]`, where keys and values come from elsewhere.
    pub memory: Option<Vec<f32>>,
}

impl LayerInput<'_> {
    pub fn heads(&self) -> usize {
        self.attention.heads
    }

    pub fn scale(&self) -> f64 {
        self.attention.scale
    }

    /// The options of its trace.
    pub fn config(&self) -> AttentionConfig {
        AttentionConfig {
            heads: Some(self.heads()),
            causal: self.causal,
            scale: Some(self.scale()),
            ..AttentionConfig::default()
        }
    }

    /// The same as the input of [`trace_attention`], borrowed.
    pub fn view(&self) -> Result<TraceInput<'_>, Error> {
        let Attention {
            query,
            key,
            value,
            output,
            ..
        } = self.attention;
        let linears = [query, key, value, output];
        let [wq, wk, wv, wo] = linears.map(|linear| self.model.weight(linear));
        let [bq, bk, bv, bo] = linears.map(|linear| self.model.bias(linear));
        let of_width = |x| matrix(x, self.model.config.width);
        Ok(TraceInput {
            x: Some(of_width(&self.x)?),
            memory: self.memory.as_deref().map(of_width).transpose()?,
            wq: Some(wq?),
            wk: Some(wk?),
            wv: Some(wv?),
            wo: Some(wo?),
            bq,
            bk,
            bv,
            bo,
            ..TraceInput::default()
        })
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
        let layer = self.layer_input(input, block, layer)?;
        let input = TraceInput {
            tokens,
            ..layer.view()?
        };
        trace_attention(&input, &layer.config())
    }

    /// The trace of the attention among the networks that remember: the last token, a query, looks at all.
    ///
    /// # Errors
    /// Those of [`Model::recall`] and of [`trace_attention`].
    pub fn trace_recall(
        &self,
        task: RecallTask,
        tokens: &[RecallToken],
        names: Option<Tokens>,
    ) -> Result<Trace, Error> {
        let layer = self.recall_layer(task, tokens)?;
        let mut input = TraceInput {
            tokens: names,
            ..TraceInput::default()
        };
        let TraceInput {
            x,
            memory,
            wq,
            wk,
            wv,
            wo,
            bq,
            bk,
            bv,
            bo,
            ..
        } = &mut input;
        let places = [x, memory, wq, bq, wk, bk, wv, bv, wo, bo];
        for (place, (_, shape, data)) in places.into_iter().zip(&layer.tensors) {
            let view = ArrayViewD::from_shape(&shape[..], data);
            *place = Some(view.map_err(|fault| OPERATION.internal("whole tensors", fault))?);
        }
        let config = AttentionConfig {
            heads: Some(layer.heads),
            scale: Some(layer.scale),
            ..AttentionConfig::default()
        };
        trace_attention(&input, &config)
    }

    /// What the trace of an attention is made from.
    pub(crate) fn layer_input(
        &self,
        input: &ModelInput,
        block: Block,
        layer: usize,
    ) -> Result<LayerInput<'_>, Error> {
        let side = match block {
            Block::Encoder => &self.layout.encoder,
            _ => &self.layout.decoder,
        };
        let both = self.layout.encoder.is_some();
        let Some(stack) = side.as_ref().filter(|_| block != Block::Cross || both) else {
            return Err(OPERATION.option("a block that the model has", block.name()));
        };
        let Some(layers) = stack.layers.get(layer) else {
            return Err(OPERATION.index(format!("a layer below {}", stack.layers.len()), layer));
        };
        let watch = Some((block, layer));
        let (x, memory) = if block == Block::Encoder {
            let way = Way {
                watch,
                ..Way::default()
            };
            (self.encode(input, way)?, None)
        } else {
            let memory = self
                .encode(input, Way::default())?
                .map(|passed| passed.last);
            let way = Way {
                memory: memory.as_deref(),
                watch,
                ..Way::default()
            };
            let x = self.embed_text(stack, &self.decoder_ids(input)?, 0)?;
            (Some(self.pass(stack, x, way)?), memory)
        };
        let missing = || OPERATION.internal("what enters the layer", "nothing");
        Ok(LayerInput {
            model: self,
            attention: match block {
                Block::Cross => layers.cross.as_ref().ok_or_else(missing)?,
                _ => &layers.attention,
            },
            causal: stack.causal && block != Block::Cross,
            x: x.and_then(|passed| passed.watched).ok_or_else(missing)?,
            memory: memory.filter(|_| block == Block::Cross),
        })
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
