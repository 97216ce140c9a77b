//! The decoder family: causal, pre-norm, learnt positions, a head that shares the embeddings.

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::layers::{Linear, Norm, attend, hide_later, project};
use crate::weights::Weights;

/// The sizes of a decoder, by their names in `config.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Tokens that it knows.
    pub vocab_size: usize,
    /// Width.
    pub n_embd: usize,
    /// Layers.
    pub n_layer: usize,
    /// Heads of a layer.
    pub n_head: usize,
    /// Width within the feed-forward part; without, four times the width.
    pub n_inner: Option<usize>,
    /// Tokens at most.
    pub n_positions: usize,
    /// The deviation of the first weights.
    pub initializer_range: f64,
    /// What ends a text.
    pub eos_token_id: u32,
}

const EPSILON: f32 = 1e-5;

impl Config {
    /// `config.json` as the reference library writes it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "activation_function": "gelu_new",
            "architectures": ["GPT2LMHeadModel"],
            "attn_pdrop": 0.0,
            "bos_token_id": self.eos_token_id,
            "dtype": "float32",
            "embd_pdrop": 0.0,
            "eos_token_id": self.eos_token_id,
            "initializer_range": self.initializer_range,
            "layer_norm_epsilon": 1e-5,
            "model_type": "gpt2",
            "n_embd": self.n_embd,
            "n_head": self.n_head,
            "n_inner": self.n_inner,
            "n_layer": self.n_layer,
            "n_positions": self.n_positions,
            "resid_pdrop": 0.0,
            "scale_attn_weights": true,
            "tie_word_embeddings": true,
            "vocab_size": self.vocab_size,
        })
    }
}

/// A decoder with its head for the next token.
pub struct Gpt2 {
    words: Tensor,
    positions: Tensor,
    layers: Vec<Layer>,
    norm: Norm,
    heads: usize,
}

struct Layer {
    before: Norm,
    /// Query, key and value side by side.
    projections: Linear,
    output: Linear,
    after: Norm,
    inner: Linear,
    outer: Linear,
}

impl Layer {
    fn new(weights: &mut Weights, name: &str, config: &Config) -> Result<Self> {
        let (width, range) = (config.n_embd, config.initializer_range);
        let inner = config.n_inner.unwrap_or(4 * width);
        let mut linear = |part: &str, from, to| {
            Linear::turned(weights, &format!("{name}.{part}"), from, to, range)
        };
        Ok(Self {
            projections: linear("attn.c_attn", width, 3 * width)?,
            output: linear("attn.c_proj", width, width)?,
            inner: linear("mlp.c_fc", width, inner)?,
            outer: linear("mlp.c_proj", inner, width)?,
            before: Norm::new(weights, &format!("{name}.ln_1"), width, EPSILON)?,
            after: Norm::new(weights, &format!("{name}.ln_2"), width, EPSILON)?,
        })
    }

    fn forward(&self, x: &Tensor, heads: usize, hidden: &Tensor) -> Result<(Tensor, Tensor)> {
        let width = x.dim(2)?;
        let all = self.projections.forward(&self.before.forward(x)?)?;
        let part = |at: usize| all.narrow(2, at * width, width)?.contiguous();
        let (mixed, weights) = attend(&part(0)?, &part(1)?, &part(2)?, heads, Some(hidden))?;
        let x = (x + self.output.forward(&mixed)?)?;
        let inner = self.inner.forward(&self.after.forward(&x)?)?.gelu()?;
        Ok(((&x + self.outer.forward(&inner)?)?, weights))
    }
}

impl Gpt2 {
    /// With positions that start from sinusoids, which learns to copy sooner than from chance.
    ///
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, config: &Config) -> Result<Self> {
        let (width, range) = (config.n_embd, config.initializer_range);
        let waves = sinusoids(config.n_positions, width);
        Ok(Self {
            words: weights.normal("transformer.wte.weight", &[config.vocab_size, width], range)?,
            positions: weights.given(
                "transformer.wpe.weight",
                &[config.n_positions, width],
                &waves,
            )?,
            layers: (0..config.n_layer)
                .map(|layer| Layer::new(weights, &format!("transformer.h.{layer}"), config))
                .collect::<Result<_>>()?,
            norm: Norm::new(weights, "transformer.ln_f", width, EPSILON)?,
            heads: config.n_head,
        })
    }

    /// Logits of the token after each [batch, token, vocabulary], and of each layer the weights [batch, head, query, key].
    ///
    /// Rows shorter than the longest are filled up at the end, where no token of theirs looks.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(&self, batch: &[&[u32]]) -> Result<(Tensor, Vec<Tensor>)> {
        let tokens = batch.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let filled = batch
            .iter()
            .flat_map(|ids| (0..tokens).map(|at| ids.get(at).copied().unwrap_or(0)));
        let ids = Tensor::from_vec(filled.collect(), (batch.len() * tokens,), &Device::Cpu)?;
        let words =
            self.words
                .index_select(&ids, 0)?
                .reshape((batch.len(), tokens, self.words.dim(1)?))?;
        let mut x = words.broadcast_add(&self.positions.narrow(0, 0, tokens)?)?;
        let hidden = hide_later(tokens)?;
        let mut all = Vec::new();
        for layer in &self.layers {
            let (next, weights) = layer.forward(&x, self.heads, &hidden)?;
            x = next;
            all.push(weights);
        }
        Ok((
            project(&self.norm.forward(&x)?, &self.words.t()?, None)?,
            all,
        ))
    }
}

/// The longest wave, in units of 2 pi tokens, and how high all are.
const LONGEST: f64 = 200.0;
const HEIGHT: f64 = 0.3;

/// `0.3 sin(at / 200^(i / half))`, then the cosines. [position, width]
fn sinusoids(count: usize, width: usize) -> Vec<f32> {
    let half = width / 2;
    let wave = |at: usize, channel: usize| {
        let angle = at as f64 / LONGEST.powf((channel % half) as f64 / half as f64);
        HEIGHT
            * if channel < half {
                angle.sin()
            } else {
                angle.cos()
            }
    };
    (0..count)
        .flat_map(|at| (0..width).map(move |channel| wave(at, channel) as f32))
        .collect()
}
