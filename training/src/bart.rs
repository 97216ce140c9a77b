//! The encoder-decoder family: post-norm, learnt positions, one table of embeddings for both sides and the answer.

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::layers::{Linear, Norm, attend, hide_fill, hide_later, project};
use crate::weights::Weights;

/// The sizes of an encoder-decoder, by their names in `config.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Tokens that it knows.
    pub vocab_size: usize,
    /// Width.
    pub d_model: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Heads of a layer of the encoder.
    pub encoder_attention_heads: usize,
    /// Heads of a layer of the decoder.
    pub decoder_attention_heads: usize,
    /// Width within the feed-forward part of the encoder.
    pub encoder_ffn_dim: usize,
    /// Width within the feed-forward part of the decoder.
    pub decoder_ffn_dim: usize,
    /// Tokens at most, on either side.
    pub max_position_embeddings: usize,
    /// The deviation of the first weights.
    pub init_std: f64,
    /// What fills up a batch.
    pub pad_token_id: u32,
    /// What the answer starts from.
    pub decoder_start_token_id: u32,
    /// What ends it.
    pub eos_token_id: u32,
}

const EPSILON: f32 = 1e-5;
/// The first rows of the tables of positions are not used.
const OFFSET: usize = 2;

impl Config {
    /// `config.json` as the reference library writes it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "activation_dropout": 0.0,
            "activation_function": "gelu",
            "architectures": ["BartForConditionalGeneration"],
            "attention_dropout": 0.0,
            "bos_token_id": self.decoder_start_token_id,
            "d_model": self.d_model,
            "decoder_attention_heads": self.decoder_attention_heads,
            "decoder_ffn_dim": self.decoder_ffn_dim,
            "decoder_layers": self.decoder_layers,
            "decoder_start_token_id": self.decoder_start_token_id,
            "dropout": 0.0,
            "dtype": "float32",
            "encoder_attention_heads": self.encoder_attention_heads,
            "encoder_ffn_dim": self.encoder_ffn_dim,
            "encoder_layers": self.encoder_layers,
            "eos_token_id": self.eos_token_id,
            "forced_eos_token_id": null,
            "init_std": self.init_std,
            "is_encoder_decoder": true,
            "max_position_embeddings": self.max_position_embeddings,
            "model_type": "bart",
            "pad_token_id": self.pad_token_id,
            "scale_embedding": false,
            "tie_word_embeddings": true,
            "vocab_size": self.vocab_size,
        })
    }
}

/// An encoder-decoder.
pub struct Bart {
    words: Tensor,
    bias: Tensor,
    encoder: Side,
    decoder: Side,
}

/// What the encoder sees of a batch: its states [batch, token, width], what hides the fill, and the weights of its layers
/// [batch, head, query, key].
pub struct Encoded {
    states: Tensor,
    hidden: Tensor,
    /// Of each layer.
    pub attentions: Vec<Tensor>,
}

/// What the decoder makes of it: logits [batch, token, vocabulary], and of each layer the weights of its two attentions.
pub struct Decoded {
    /// Of the token after each.
    pub logits: Tensor,
    /// Of each layer, among the tokens of the answer.
    pub attentions: Vec<Tensor>,
    /// Of each layer, from the answer to the input.
    pub cross: Vec<Tensor>,
}

/// One of the two stacks.
struct Side {
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
}

struct Layer {
    own: Attention,
    own_norm: Norm,
    cross: Option<(Attention, Norm)>,
    inner: Linear,
    outer: Linear,
    norm: Norm,
}

struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
}

impl Attention {
    fn new(weights: &mut Weights, name: &str, width: usize, deviation: f64) -> Result<Self> {
        let mut linear =
            |part: &str| Linear::new(weights, &format!("{name}.{part}"), width, width, deviation);
        Ok(Self {
            query: linear("q_proj")?,
            key: linear("k_proj")?,
            value: linear("v_proj")?,
            output: linear("out_proj")?,
        })
    }

    /// From x to the tokens of `memory`.
    fn forward(
        &self,
        x: &Tensor,
        memory: &Tensor,
        heads: usize,
        hidden: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let (q, k, v) = (
            self.query.forward(x)?,
            self.key.forward(memory)?,
            self.value.forward(memory)?,
        );
        let (mixed, weights) = attend(&q, &k, &v, heads, Some(hidden))?;
        Ok((self.output.forward(&mixed)?, weights))
    }
}

impl Layer {
    fn new(
        weights: &mut Weights,
        name: &str,
        config: &Config,
        inner: usize,
        decodes: bool,
    ) -> Result<Self> {
        let (width, deviation) = (config.d_model, config.init_std);
        let norm = |weights: &mut Weights, part: &str| {
            Norm::new(weights, &format!("{name}.{part}"), width, EPSILON)
        };
        let own_norm = norm(weights, "self_attn_layer_norm")?;
        let last_norm = norm(weights, "final_layer_norm")?;
        let cross = if decodes {
            let norm = norm(weights, "encoder_attn_layer_norm")?;
            Some((
                Attention::new(weights, &format!("{name}.encoder_attn"), width, deviation)?,
                norm,
            ))
        } else {
            None
        };
        Ok(Self {
            own: Attention::new(weights, &format!("{name}.self_attn"), width, deviation)?,
            own_norm,
            cross,
            inner: Linear::new(weights, &format!("{name}.fc1"), width, inner, deviation)?,
            outer: Linear::new(weights, &format!("{name}.fc2"), inner, width, deviation)?,
            norm: last_norm,
        })
    }

    /// The next states, the weights of its own attention, and those of the cross-attention where it has one.
    fn forward(
        &self,
        x: &Tensor,
        heads: usize,
        hidden: &Tensor,
        memory: Option<&Encoded>,
    ) -> Result<(Tensor, Tensor, Option<Tensor>)> {
        let (y, weights) = self.own.forward(x, x, heads, hidden)?;
        let mut x = self.own_norm.forward(&(x + y)?)?;
        let mut seen = None;
        if let (Some((cross, norm)), Some(memory)) = (&self.cross, memory) {
            let (y, weights) = cross.forward(&x, &memory.states, heads, &memory.hidden)?;
            x = norm.forward(&(x + y)?)?;
            seen = Some(weights);
        }
        let y = self.outer.forward(&self.inner.forward(&x)?.gelu_erf()?)?;
        Ok((self.norm.forward(&(x + y)?)?, weights, seen))
    }
}

impl Side {
    fn new(weights: &mut Weights, name: &str, config: &Config, decodes: bool) -> Result<Self> {
        let (count, heads, inner) = if decodes {
            (
                config.decoder_layers,
                config.decoder_attention_heads,
                config.decoder_ffn_dim,
            )
        } else {
            (
                config.encoder_layers,
                config.encoder_attention_heads,
                config.encoder_ffn_dim,
            )
        };
        let shape = [config.max_position_embeddings + OFFSET, config.d_model];
        Ok(Self {
            positions: weights.normal(
                &format!("{name}.embed_positions.weight"),
                &shape,
                config.init_std,
            )?,
            norm: Norm::new(
                weights,
                &format!("{name}.layernorm_embedding"),
                config.d_model,
                EPSILON,
            )?,
            layers: (0..count)
                .map(|layer| {
                    Layer::new(
                        weights,
                        &format!("{name}.layers.{layer}"),
                        config,
                        inner,
                        decodes,
                    )
                })
                .collect::<Result<_>>()?,
            heads,
        })
    }

    fn embed(&self, words: &Tensor, batch: &[&[u32]], fill: u32) -> Result<Tensor> {
        let tokens = longest(batch);
        let filled = batch
            .iter()
            .flat_map(|ids| (0..tokens).map(move |at| ids.get(at).copied().unwrap_or(fill)));
        let ids = Tensor::from_vec(filled.collect(), (batch.len() * tokens,), &Device::Cpu)?;
        let x = words
            .index_select(&ids, 0)?
            .reshape((batch.len(), tokens, words.dim(1)?))?;
        self.norm
            .forward(&x.broadcast_add(&self.positions.narrow(0, OFFSET, tokens)?)?)
    }
}

fn longest(batch: &[&[u32]]) -> usize {
    batch.iter().map(|ids| ids.len()).max().unwrap_or(0)
}

impl Bart {
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, config: &Config) -> Result<Self> {
        Ok(Self {
            words: weights.normal(
                "model.shared.weight",
                &[config.vocab_size, config.d_model],
                config.init_std,
            )?,
            // the reference library saves it and never trains it
            bias: weights.zeros("final_logits_bias", &[1, config.vocab_size])?,
            encoder: Side::new(weights, "model.encoder", config, false)?,
            decoder: Side::new(weights, "model.decoder", config, true)?,
        })
    }

    /// Reads the input. Rows shorter than the longest are filled up, which nothing sees.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn encode(&self, batch: &[&[u32]]) -> Result<Encoded> {
        let lengths: Vec<usize> = batch.iter().map(|ids| ids.len()).collect();
        let hidden = hide_fill(&lengths, longest(batch))?;
        let mut x = self.encoder.embed(&self.words, batch, 0)?;
        let mut attentions = Vec::new();
        for layer in &self.encoder.layers {
            let (next, weights, _) = layer.forward(&x, self.encoder.heads, &hidden, None)?;
            x = next;
            attentions.push(weights);
        }
        Ok(Encoded {
            states: x,
            hidden,
            attentions,
        })
    }

    /// Continues answers of equal length.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn decode(&self, memory: &Encoded, answers: &[&[u32]]) -> Result<Decoded> {
        let hidden = hide_later(longest(answers))?;
        let mut x = self.decoder.embed(&self.words, answers, 0)?;
        let (mut attentions, mut cross) = (Vec::new(), Vec::new());
        for layer in &self.decoder.layers {
            let (next, weights, seen) =
                layer.forward(&x, self.decoder.heads, &hidden, Some(memory))?;
            x = next;
            attentions.push(weights);
            cross.extend(seen);
        }
        let logits = project(&x, &self.words.t()?, Some(&self.bias))?;
        Ok(Decoded {
            logits,
            attentions,
            cross,
        })
    }
}
