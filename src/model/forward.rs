//! The forward pass: embeddings, layers, head; for every family the same.

use super::Model;
use super::config::ImageSize;
use super::generate::LayerCache;
use super::layout::{Attention, Embeddings, Head, HeadStep, Layer, Linear, Norm, Stack};
use super::ops::{add, layer_norm};
use super::trace::Block;
use crate::attention::array;
use crate::config::{AttentionConfig, ScoresKind};
use crate::error::{Error, Operation};
use crate::kernel::product;
use crate::limits::checked_len;
use crate::tensor::row_major;
use crate::{AttentionInput, compute_attention};
use ndarray::{ArrayD, ArrayView3, ArrayViewD, ShapeError};

pub(super) const OPERATION: Operation = Operation("model");

/// What a model is run on.
#[derive(Clone, Debug, Default)]
pub struct ModelInput<'a> {
    /// The ids of the tokens.
    pub ids: &'a [u32],
    /// What the decoder is given, where there is an encoder besides. None: the token that it begins with.
    pub target_ids: &'a [u32],
    /// An image, `[channel, height, width]`, instead of tokens.
    pub pixels: Option<ArrayViewD<'a, f32>>,
}

/// The weights of every attention, `[layer, head, query, key]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attentions {
    /// Of the encoder to itself.
    pub encoder: Option<ArrayD<f32>>,
    /// Of the decoder to itself.
    pub decoder: Option<ArrayD<f32>>,
    /// Of the decoder to the encoder.
    pub cross: Option<ArrayD<f32>>,
}

/// What a model gives.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelOutput {
    /// `[token, vocabulary]` or `[class]`; none where the files have no head.
    pub logits: Option<ArrayD<f32>>,
    /// `[layer + 1, token, width]`, embeddings first; of the decoder if there is one. A norm after the last layer is
    /// part of it with GPT-2 and not with ViT, as in the library that writes such files.
    pub hidden: ArrayD<f32>,
    /// The same of the encoder, where there is a decoder, too.
    pub encoder_hidden: Option<ArrayD<f32>>,
    /// All weights, if they were asked for.
    pub attentions: Attentions,
}

/// What a pass through a stack leaves.
pub(super) struct Passed {
    /// `[layer + 1, token, width]`
    pub hidden: Vec<f32>,
    /// `[token, width]`, after the last norm
    pub last: Vec<f32>,
    /// `[layer, head, query, key]`
    pub weights: Option<ArrayD<f32>>,
    pub cross: Option<ArrayD<f32>>,
    /// What the attention that was watched for is given, `[token, width]`; the pass ended there.
    pub watched: Option<Vec<f32>>,
}

/// How a pass goes through a stack.
#[derive(Default)]
pub(super) struct Way<'a> {
    /// `[key, width]`: what the encoder made.
    pub memory: Option<&'a [f32]>,
    /// Keeps the weights.
    pub keep: bool,
    /// Ends where this attention begins.
    pub watch: Option<(Block, usize)>,
    /// Keys and values of earlier tokens, one per layer.
    pub caches: Option<&'a mut [LayerCache]>,
}

impl Model {
    /// A whole pass; with the weights of all attentions if `keep`, without them by the fast kernels.
    ///
    /// # Shapes
    /// As in [`ModelInput`] and [`ModelOutput`].
    ///
    /// # Errors
    /// `size` for no tokens, `too_many_tokens` beyond the positions that the model has, `index` for an id that it does not
    /// know, `shape` for an image of other sizes, `option` for what the model does not take, `too_large` beyond
    /// [`crate::Limits`].
    pub fn run(&self, input: &ModelInput, keep: bool) -> Result<ModelOutput, Error> {
        let way = || Way {
            keep,
            ..Way::default()
        };
        let encoded = self.encode(input, way())?;
        let decoded = match &self.layout.decoder {
            None => None,
            Some(stack) => Some(self.pass(
                stack,
                self.embed_text(stack, &self.decoder_ids(input)?, 0)?,
                Way {
                    memory: encoded.as_ref().map(|encoded| &encoded.last[..]),
                    ..way()
                },
            )?),
        };
        let width = self.config.width;
        let hidden = |passed: Passed, layers: usize| {
            let tokens = passed.last.len() / width;
            array(vec![layers + 1, tokens, width], passed.hidden)
        };
        let count = |stack: &Option<Stack>| stack.as_ref().map_or(0, |stack| stack.layers.len());
        let mut attentions = Attentions::default();
        let mut encoder_hidden = None;
        let mut last = None;
        if let Some(mut encoded) = encoded {
            attentions.encoder = encoded.weights.take();
            last = Some(encoded.last.clone());
            encoder_hidden = Some(hidden(encoded, count(&self.layout.encoder))?);
        }
        let mut decoder_hidden = None;
        if let Some(mut decoded) = decoded {
            attentions.decoder = decoded.weights.take();
            attentions.cross = decoded.cross.take();
            last = Some(decoded.last.clone());
            decoder_hidden = Some(hidden(decoded, count(&self.layout.decoder))?);
        }
        let Some(hidden) = decoder_hidden.or_else(|| encoder_hidden.take()) else {
            let found = self.config.family.name();
            return Err(OPERATION.option("a model with layers", found));
        };
        Ok(ModelOutput {
            logits: self.logits(&last.unwrap_or_default())?,
            hidden,
            encoder_hidden,
            attentions,
        })
    }

    /// Through the encoder, if there is one.
    pub(super) fn encode(&self, input: &ModelInput, way: Way) -> Result<Option<Passed>, Error> {
        let Some(stack) = &self.layout.encoder else {
            return Ok(None);
        };
        if self.layout.decoder.is_none() && !input.target_ids.is_empty() {
            return Err(OPERATION.option("no target, since there is no decoder", "one"));
        }
        let x = match &stack.embeddings {
            Embeddings::Text { .. } => {
                self.expect_text(input)?;
                self.embed_text(stack, input.ids, 0)?
            }
            &Embeddings::Image {
                size,
                patches,
                class,
                positions,
            } => {
                if !input.ids.is_empty() {
                    return Err(OPERATION.option("pixels", "ids"));
                }
                let mut x = self.tensor(class).to_vec();
                x.extend(self.embed_image(input, size, &patches)?);
                add(&mut x, self.tensor(positions));
                x
            }
        };
        self.pass(stack, x, way).map(Some)
    }

    /// What the decoder reads.
    pub(super) fn decoder_ids(&self, input: &ModelInput) -> Result<Vec<u32>, Error> {
        self.expect_text(input)?;
        if self.layout.encoder.is_none() {
            return match input.target_ids {
                [] => Ok(input.ids.to_vec()),
                _ => Err(OPERATION.option("no target, since there is no encoder", "one")),
            };
        }
        match (input.target_ids, self.config.start) {
            ([], Some(start)) => Ok(vec![start]),
            (ids, _) => Ok(ids.to_vec()),
        }
    }

    fn expect_text(&self, input: &ModelInput) -> Result<(), Error> {
        match &input.pixels {
            None => Ok(()),
            Some(_) => Err(OPERATION.option("ids", "pixels")),
        }
    }

    /// Embeddings of tokens of which the first stands at place `past`, `[token, width]`.
    pub(super) fn embed_text(
        &self,
        stack: &Stack,
        ids: &[u32],
        past: usize,
    ) -> Result<Vec<f32>, Error> {
        let &Embeddings::Text {
            table,
            positions,
            segments,
            norm,
            scale,
        } = &stack.embeddings
        else {
            return Err(OPERATION.internal("embeddings of tokens", "those of an image"));
        };
        let width = self.config.width;
        if ids.is_empty() {
            return Err(OPERATION.size("at least 1 token", 0));
        }
        if let Some(most) = self
            .config
            .positions
            .filter(|&most| past.saturating_add(ids.len()) > most)
        {
            return Err(
                OPERATION.too_many_tokens(format!("at most {most} tokens"), past + ids.len())
            );
        }
        let mut x = Vec::with_capacity(checked_len(
            OPERATION,
            "the embeddings",
            &[ids.len(), width],
        )?);
        for &id in ids {
            let row = (id as usize)
                .checked_mul(width)
                .filter(|_| (id as usize) < self.config.vocabulary);
            let row = row.ok_or_else(|| {
                OPERATION.index(
                    format!("ids of tokens below {}", self.config.vocabulary),
                    id,
                )
            })?;
            x.extend(self.tensor(table)[row..][..width].iter().map(|x| x * scale));
        }
        if let Some(segments) = segments {
            let first = &self.tensor(segments)[..width];
            x.chunks_exact_mut(width).for_each(|x| add(x, first));
        }
        if let Some((table, offset)) = positions {
            add(&mut x, &self.tensor(table)[(offset + past) * width..]);
        }
        if let Some(norm) = norm {
            self.norm(&norm, &mut x);
        }
        Ok(x)
    }

    /// Embeddings of the patches of an image, row by row, `[patch, width]`.
    fn embed_image(
        &self,
        input: &ModelInput,
        size: ImageSize,
        patches: &Linear,
    ) -> Result<Vec<f32>, Error> {
        let [height, width] = size.image;
        let expected = [size.channels, height, width];
        let Some(pixels) = &input.pixels else {
            return Err(OPERATION.option("pixels", "none"));
        };
        if pixels.shape() != expected {
            return Err(OPERATION.shape(
                format!("pixels [channel, height, width] {expected:?}"),
                format!("{:?}", pixels.shape()),
            ));
        }
        let pixels = row_major(pixels);
        let (grid, [rows, columns]) = (size.grid(), size.patch);
        let shape = [grid[0] * grid[1], patches.inputs];
        let mut flat = Vec::with_capacity(checked_len(OPERATION, "the patches", &shape)?);
        for top in (0..grid[0]).map(|row| row * rows) {
            for left in (0..grid[1]).map(|column| column * columns) {
                for channel in 0..size.channels {
                    for y in top..top + rows {
                        flat.extend_from_slice(
                            &pixels[(channel * height + y) * width + left..][..columns],
                        );
                    }
                }
            }
        }
        self.linear(patches, &flat)
    }

    /// `x` `[token, width]` through all layers of a stack.
    pub(super) fn pass(&self, stack: &Stack, mut x: Vec<f32>, way: Way) -> Result<Passed, Error> {
        let Way {
            memory,
            keep,
            watch,
            mut caches,
        } = way;
        let tokens = x.len() / self.config.width;
        let count = stack.layers.len();
        let shape = [count + 1, tokens, self.config.width];
        let mut hidden = Vec::with_capacity(checked_len(OPERATION, "the hidden states", &shape)?);
        hidden.extend_from_slice(&x);
        let (mut weights, mut cross) = (Kept::new(keep, count), Kept::new(keep, count));
        let ended = |hidden, watched| Passed {
            hidden,
            last: Vec::new(),
            weights: None,
            cross: None,
            watched: Some(watched),
        };
        for (n, layer) in stack.layers.iter().enumerate() {
            let cache = caches.as_deref_mut().and_then(|caches| caches.get_mut(n));
            let (own, other) = match cache {
                Some(cache) => (Some(&mut cache.own), Some(&mut cache.cross)),
                None => (None, None),
            };
            // before attention, a pre-norm; after it, a post-norm
            let before = |norm: &Norm, x: &[f32]| {
                let mut x = x.to_vec();
                if stack.pre_norm {
                    self.norm(norm, &mut x);
                }
                x
            };
            let after = |norm: &Norm, x: &mut [f32], more: &[f32]| {
                add(x, more);
                if !stack.pre_norm {
                    self.norm(norm, x);
                }
            };
            let given = before(&layer.attention.norm, &x);
            if watch.is_some_and(|(block, at)| block != Block::Cross && at == n) {
                return Ok(ended(hidden, given));
            }
            let [k, v] = [&layer.attention.key, &layer.attention.value]
                .map(|linear| self.linear(linear, &given));
            let keys = Keys {
                k: k?,
                v: v?,
                causal: stack.causal,
                past: own,
            };
            let mixed = self.attend(&layer.attention, &given, keys, &mut weights)?;
            after(&layer.attention.norm, &mut x, &mixed);
            if let (Some(attention), Some(memory)) = (&layer.cross, memory) {
                let given = before(&attention.norm, &x);
                if watch == Some((Block::Cross, n)) {
                    return Ok(ended(hidden, given));
                }
                let mixed = self.attend_across(attention, &given, memory, other, &mut cross)?;
                after(&attention.norm, &mut x, &mixed);
            }
            let given = before(&layer.norm, &x);
            let mixed = self.mlp(layer, &given)?;
            after(&layer.norm, &mut x, &mixed);
            hidden.extend_from_slice(&x);
        }
        if let Some((norm, kept)) = &stack.final_norm {
            self.norm(norm, &mut x);
            if *kept {
                hidden.truncate(hidden.len() - x.len());
                hidden.extend_from_slice(&x);
            }
        }
        Ok(Passed {
            hidden,
            last: x,
            weights: weights.array()?,
            cross: cross.array()?,
            watched: None,
        })
    }

    fn mlp(&self, layer: &Layer, x: &[f32]) -> Result<Vec<f32>, Error> {
        let mut inner = self.linear(&layer.up, x)?;
        self.config.activation.apply(&mut inner);
        self.linear(&layer.down, &inner)
    }

    /// Attention to the encoder, whose keys and values are the same for every token, so that a cache has them once.
    fn attend_across(
        &self,
        attention: &Attention,
        x: &[f32],
        memory: &[f32],
        cache: Option<&mut Option<[Vec<f32>; 2]>>,
        kept: &mut Kept,
    ) -> Result<Vec<f32>, Error> {
        let cached = cache.as_deref().and_then(Option::as_ref);
        let [k, v] = match cached {
            Some(cached) => cached.clone(),
            None => [
                self.linear(&attention.key, memory)?,
                self.linear(&attention.value, memory)?,
            ],
        };
        if let Some(cache) = cache {
            cache.get_or_insert_with(|| [k.clone(), v.clone()]);
        }
        let keys = Keys {
            k,
            v,
            causal: false,
            past: None,
        };
        self.attend(attention, x, keys, kept)
    }

    /// Attention with its output projection, `[query, width]`.
    fn attend(
        &self,
        attention: &Attention,
        x: &[f32],
        keys: Keys,
        kept: &mut Kept,
    ) -> Result<Vec<f32>, Error> {
        let q = self.linear(&attention.query, x)?;
        let packed = |x| packed(x, self.config.width);
        let mut input = AttentionInput::new(packed(&q)?, packed(&keys.k)?, packed(&keys.v)?);
        if let Some([key, value]) = keys.past.as_deref() {
            input.past_key = Some(key.view());
            input.past_value = Some(value.view());
        }
        let config = AttentionConfig {
            heads: Some(attention.heads),
            causal: keys.causal,
            scale: Some(attention.scale),
            scores: kept.wanted.then_some(ScoresKind::Weights),
            ..AttentionConfig::default()
        };
        let attended = compute_attention(&input, &config)?;
        if let Some(scores) = attended.scores {
            kept.add(&scores)?;
        }
        if let (Some(past), Some(key), Some(value)) =
            (keys.past, attended.present_key, attended.present_value)
        {
            *past = [key, value];
        }
        self.linear(&attention.output, &row_major(&attended.output.view()))
    }

    pub(super) fn linear(&self, linear: &Linear, x: &[f32]) -> Result<Vec<f32>, Error> {
        let &Linear {
            weight,
            bias,
            first,
            inputs,
            outputs,
        } = linear;
        let tokens = x.len() / inputs;
        let mut out = vec![0.0; checked_len(OPERATION, "a product", &[tokens, outputs])?];
        let weight = &self.tensor(weight)[first * inputs..][..outputs * inputs];
        let bias = bias.map_or(&[][..], |bias| &self.tensor(bias)[first..][..outputs]);
        product(x, weight, bias, inputs, &mut out);
        Ok(out)
    }

    fn norm(&self, norm: &Norm, x: &mut [f32]) {
        layer_norm(
            x,
            self.tensor(norm.weight),
            self.tensor(norm.bias),
            self.config.epsilon,
        );
    }

    /// What the head makes of the last hidden state `[token, width]`.
    pub(super) fn logits(&self, last: &[f32]) -> Result<Option<ArrayD<f32>>, Error> {
        let Some(Head { steps, pooled }) = &self.layout.head else {
            return Ok(None);
        };
        let width = self.config.width;
        let mut x = last[..if *pooled { width } else { last.len() }].to_vec();
        let tokens = x.len() / width;
        for step in steps {
            match step {
                HeadStep::Product(linear) => x = self.linear(linear, &x)?,
                HeadStep::Activation(activation) => activation.apply(&mut x),
                HeadStep::Norm(norm) => self.norm(norm, &mut x),
            }
        }
        let outputs = x.len() / tokens;
        let shape = if *pooled {
            vec![outputs]
        } else {
            vec![tokens, outputs]
        };
        array(shape, x).map(Some)
    }
}

/// Keys and values, `[key, width]` each.
struct Keys<'a> {
    k: Vec<f32>,
    v: Vec<f32>,
    causal: bool,
    /// Those of earlier tokens, `[batch, head, key, dim]`.
    past: Option<&'a mut [ArrayD<f32>; 2]>,
}

/// `[batch, token, channel]` of one sequence.
fn packed(x: &[f32], width: usize) -> Result<ArrayView3<'_, f32>, Error> {
    ArrayView3::from_shape((1, x.len() / width, width), x)
        .map_err(|fault: ShapeError| OPERATION.internal("whole tokens", fault))
}

/// Weights of layer after layer.
struct Kept {
    wanted: bool,
    layers: usize,
    /// Of one layer.
    shape: Vec<usize>,
    data: Vec<f32>,
}

impl Kept {
    fn new(wanted: bool, layers: usize) -> Self {
        Kept {
            wanted,
            layers,
            shape: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes the weights of the next layer, `[batch, head, query, key]`.
    fn add(&mut self, weights: &ArrayD<f32>) -> Result<(), Error> {
        if self.shape.is_empty() {
            self.shape = weights.shape().to_vec();
            self.shape[0] = self.layers;
            let len = checked_len(OPERATION, "the attention weights", &self.shape)?;
            self.data.reserve_exact(len);
        }
        self.data.extend_from_slice(&row_major(&weights.view()));
        Ok(())
    }

    fn array(self) -> Result<Option<ArrayD<f32>>, Error> {
        match self.shape.len() {
            0 => Ok(None),
            _ => array(self.shape, self.data).map(Some),
        }
    }
}
