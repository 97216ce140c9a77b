//! Which tensors a model is made of, and what each is for.

use super::config::{Config, ImageSize};
use super::families;
use super::header::OPERATION;
use super::ops::Activation;
use crate::error::Error;
use crate::limits::TENSOR_BYTES;

/// Bytes of all weights together, as f32: half of what wasm32 can address, so that there is room to compute.
pub(crate) const MODEL_BYTES: usize = 2 << 30;

/// A tensor in the memory of the model, by its place in the list of slots.
pub(crate) type Id = usize;

/// A tensor that the model needs.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its name in the file.
    pub name: String,
    /// As the file has it.
    pub shape: Vec<usize>,
    /// Rows become columns when it is read.
    pub transposed: bool,
}

impl Slot {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// `y = x · weightᵀ + bias`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    pub weight: Id,
    pub bias: Option<Id>,
    /// The first of its rows in `weight` and `bias`, which hold several of them where they are fused.
    pub first: usize,
    pub inputs: usize,
    pub outputs: usize,
}

/// A layer norm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norm {
    pub weight: Id,
    pub bias: Id,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Attention {
    pub query: Linear,
    pub key: Linear,
    pub value: Linear,
    pub output: Linear,
    pub heads: usize,
    pub scale: f64,
    pub norm: Norm,
}

/// Attention, attention to the encoder if there is one, and the MLP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    pub attention: Attention,
    pub cross: Option<Attention>,
    pub up: Linear,
    pub down: Linear,
    pub norm: Norm,
}

/// What tokens are before the first layer.
#[derive(Clone, Debug)]
pub(crate) enum Embeddings {
    Text {
        table: Id,
        /// A table of positions, and how many of its rows come before the first.
        positions: Option<(Id, usize)>,
        segments: Option<Id>,
        norm: Option<Norm>,
        /// What the embeddings are multiplied with before anything is added.
        scale: f32,
    },
    Image {
        size: ImageSize,
        patches: Linear,
        class: Id,
        positions: Id,
    },
}

/// Layers on top of embeddings.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
    /// Norms stand before attention and MLP, not after.
    pub pre_norm: bool,
    pub causal: bool,
    /// A norm after the last layer, and whether the last of the hidden states comes after it.
    pub final_norm: Option<(Norm, bool)>,
}

/// What becomes of the last hidden state.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub steps: Vec<HeadStep>,
    /// Of the first token alone.
    pub pooled: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum HeadStep {
    Product(Linear),
    Activation(Activation),
    Norm(Norm),
}

/// The whole model.
#[derive(Debug)]
pub(crate) struct Layout {
    pub slots: Vec<Slot>,
    pub encoder: Option<Stack>,
    pub decoder: Option<Stack>,
    pub head: Option<Head>,
}

impl Layout {
    /// The layout of the model of this configuration, whose files hold tensors of these names.
    ///
    /// # Errors
    /// `not_found` for a tensor that no file has, `too_large` for a model beyond the limits.
    pub fn of(config: &Config, has: &dyn Fn(&str) -> bool) -> Result<Self, Error> {
        let mut builder = Builder {
            config,
            has,
            slots: Vec::new(),
            bytes: 0,
        };
        let (encoder, decoder, head) = families::stacks(&mut builder)?;
        Ok(Layout {
            slots: builder.slots,
            encoder,
            decoder,
            head,
        })
    }
}

/// Collects the slots while a family names its tensors.
pub(crate) struct Builder<'a> {
    pub config: &'a Config,
    pub has: &'a dyn Fn(&str) -> bool,
    slots: Vec<Slot>,
    bytes: usize,
}

impl Builder<'_> {
    /// The slot of a tensor of this name.
    pub fn tensor(&mut self, name: String, shape: &[usize]) -> Result<Id, Error> {
        let name = self.written(name)?;
        let bytes = shape
            .iter()
            .try_fold(size_of::<f32>(), |bytes, &extent| bytes.checked_mul(extent))
            .filter(|&bytes| bytes <= TENSOR_BYTES);
        let Some(bytes) = bytes else {
            let expected = format!("tensor {name} of at most {TENSOR_BYTES} bytes");
            return Err(OPERATION.too_large(expected, format!("config: {shape:?}")));
        };
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MODEL_BYTES {
            let expected = format!("a model of at most {MODEL_BYTES} bytes of f32");
            return Err(OPERATION.too_large(expected, "more, by its config"));
        }
        self.slots.push(Slot {
            name,
            shape: shape.to_vec(),
            transposed: false,
        });
        Ok(self.slots.len() - 1)
    }

    /// The name that the file has for it: early files of BERT call weight and bias of a layer norm gamma and beta.
    fn written(&self, name: String) -> Result<String, Error> {
        if (self.has)(&name) {
            return Ok(name);
        }
        for (now, once) in [
            ("LayerNorm.weight", "LayerNorm.gamma"),
            ("LayerNorm.bias", "LayerNorm.beta"),
        ] {
            if let Some(start) = name.strip_suffix(now) {
                let early = format!("{start}{once}");
                if (self.has)(&early) {
                    return Ok(early);
                }
            }
        }
        Err(OPERATION.not_found(format!("tensor {name}"), "none of this name"))
    }

    /// The first of these names that a file has; the first of all if there is none.
    pub fn first(&self, names: &[&str]) -> String {
        let found = names.iter().find(|name| (self.has)(name));
        found
            .or(names.first())
            .map_or_else(String::new, |name| (*name).to_owned())
    }

    pub fn norm(&mut self, name: &str) -> Result<Norm, Error> {
        let width = [self.config.width];
        Ok(Norm {
            weight: self.tensor(format!("{name}.weight"), &width)?,
            bias: self.tensor(format!("{name}.bias"), &width)?,
        })
    }

    pub fn linear(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
        biased: bool,
    ) -> Result<Linear, Error> {
        let weight = self.tensor(format!("{name}.weight"), &[outputs, inputs])?;
        let bias = biased
            .then(|| self.tensor(format!("{name}.bias"), &[outputs]))
            .transpose()?;
        Ok(Linear {
            weight,
            bias,
            first: 0,
            inputs,
            outputs,
        })
    }

    /// The same where the file has inputs as rows (`Conv1D` of GPT-2), for `parts` products side by side.
    pub fn across(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
        parts: usize,
    ) -> Result<Linear, Error> {
        let all = outputs.saturating_mul(parts);
        let weight = self.tensor(format!("{name}.weight"), &[inputs, all])?;
        self.slots[weight].transposed = true;
        Ok(Linear {
            weight,
            bias: Some(self.tensor(format!("{name}.bias"), &[all])?),
            first: 0,
            inputs,
            outputs,
        })
    }

    /// The scale of layer `n`.
    pub fn scale(&self, heads: usize, n: usize) -> f64 {
        let root = ((self.config.width / heads) as f64).sqrt();
        let by_head = if self.config.scaled_scores {
            1.0 / root
        } else {
            1.0
        };
        if self.config.scaled_by_layer {
            by_head / (n + 1) as f64
        } else {
            by_head
        }
    }
}
