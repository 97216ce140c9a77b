//! The encoder family: post-norm, learnt positions, a head that shares the embeddings.

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::layers::{Linear, Norm, attend, hide_fill, project};
use crate::weights::Weights;

/// The sizes of an encoder, by their names in `config.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Words.
    pub vocab_size: usize,
    /// Width.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of a layer.
    pub num_attention_heads: usize,
    /// Width within the feed-forward part.
    pub intermediate_size: usize,
    /// Tokens at most.
    pub max_position_embeddings: usize,
    /// Segments; one is enough for one sentence.
    pub type_vocab_size: usize,
    /// The deviation of the first weights.
    pub initializer_range: f64,
    /// Whether tokens know where they stand. Without, their table is all zeros and stays so.
    #[serde(skip, default = "yes")]
    pub positions: bool,
}

fn yes() -> bool {
    true
}

const EPSILON: f32 = 1e-12;

impl Config {
    /// `config.json` as the reference library writes it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "architectures": ["BertForMaskedLM"],
            "attention_probs_dropout_prob": 0.0,
            "dtype": "float32",
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "hidden_size": self.hidden_size,
            "initializer_range": self.initializer_range,
            "intermediate_size": self.intermediate_size,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": self.max_position_embeddings,
            "model_type": "bert",
            "num_attention_heads": self.num_attention_heads,
            "num_hidden_layers": self.num_hidden_layers,
            "pad_token_id": 0,
            "tie_word_embeddings": true,
            "type_vocab_size": self.type_vocab_size,
            "vocab_size": self.vocab_size,
        })
    }
}

/// An encoder with its head for masked words.
pub struct Bert {
    config: Config,
    words: Tensor,
    positions: Tensor,
    types: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    transform: Linear,
    transform_norm: Norm,
    bias: Tensor,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    inner: Linear,
    outer: Linear,
    norm: Norm,
}

impl Layer {
    fn new(weights: &mut Weights, name: &str, config: &Config) -> Result<Self> {
        let (width, inner, range) = (
            config.hidden_size,
            config.intermediate_size,
            config.initializer_range,
        );
        let mut linear =
            |part: &str, from, to| Linear::new(weights, &format!("{name}.{part}"), from, to, range);
        Ok(Self {
            query: linear("attention.self.query", width, width)?,
            key: linear("attention.self.key", width, width)?,
            value: linear("attention.self.value", width, width)?,
            output: linear("attention.output.dense", width, width)?,
            inner: linear("intermediate.dense", width, inner)?,
            outer: linear("output.dense", inner, width)?,
            attention_norm: Norm::new(
                weights,
                &format!("{name}.attention.output.LayerNorm"),
                width,
                EPSILON,
            )?,
            norm: Norm::new(weights, &format!("{name}.output.LayerNorm"), width, EPSILON)?,
        })
    }

    fn forward(&self, x: &Tensor, heads: usize, hidden: &Tensor) -> Result<(Tensor, Tensor)> {
        let (q, k, v) = (
            self.query.forward(x)?,
            self.key.forward(x)?,
            self.value.forward(x)?,
        );
        let (mixed, weights) = attend(&q, &k, &v, heads, Some(hidden))?;
        let x = self
            .attention_norm
            .forward(&(x + self.output.forward(&mixed)?)?)?;
        let inner = self.inner.forward(&x)?.gelu_erf()?;
        let x = self.norm.forward(&(&x + self.outer.forward(&inner)?)?)?;
        Ok((x, weights))
    }
}

impl Bert {
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, config: &Config) -> Result<Self> {
        let (width, range) = (config.hidden_size, config.initializer_range);
        let table = "bert.embeddings.position_embeddings.weight";
        let shape = [config.max_position_embeddings, width];
        Ok(Self {
            words: weights.normal(
                "bert.embeddings.word_embeddings.weight",
                &[config.vocab_size, width],
                range,
            )?,
            positions: if config.positions {
                weights.normal(table, &shape, range)?
            } else {
                weights.zeros(table, &shape)?
            },
            // with a single segment this row would only repeat the shift of every position
            types: weights.zeros(
                "bert.embeddings.token_type_embeddings.weight",
                &[config.type_vocab_size, width],
            )?,
            norm: Norm::new(weights, "bert.embeddings.LayerNorm", width, EPSILON)?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::new(weights, &format!("bert.encoder.layer.{layer}"), config))
                .collect::<Result<_>>()?,
            transform: Linear::new(
                weights,
                "cls.predictions.transform.dense",
                width,
                width,
                range,
            )?,
            transform_norm: Norm::new(
                weights,
                "cls.predictions.transform.LayerNorm",
                width,
                EPSILON,
            )?,
            bias: weights.filled("cls.predictions.bias", &[config.vocab_size], 0.0)?,
            config: config.clone(),
        })
    }

    /// The last hidden states [batch, token, width], and of each layer the weights [batch, head, query, key].
    ///
    /// Rows shorter than the longest are filled up, which nothing sees.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn encode(&self, batch: &[&[u32]]) -> Result<(Tensor, Vec<Tensor>)> {
        let lengths: Vec<usize> = batch.iter().map(|ids| ids.len()).collect();
        let tokens = lengths.iter().copied().max().unwrap_or(0);
        let filled = batch
            .iter()
            .flat_map(|ids| (0..tokens).map(|at| ids.get(at).copied().unwrap_or(0)));
        let ids = Tensor::from_vec(filled.collect(), (batch.len() * tokens,), &Device::Cpu)?;
        let shape = (batch.len(), tokens, self.config.hidden_size);
        let words = self.words.index_select(&ids, 0)?.reshape(shape)?;
        let places = (self
            .positions
            .narrow(0, 0, tokens)?
            .broadcast_add(&self.types.narrow(0, 0, 1)?))?;
        let mut x = self.norm.forward(&words.broadcast_add(&places)?)?;
        let hidden = hide_fill(&lengths, tokens)?;
        let mut all = Vec::new();
        for layer in &self.layers {
            let (next, weights) = layer.forward(&x, self.config.num_attention_heads, &hidden)?;
            x = next;
            all.push(weights);
        }
        Ok((x, all))
    }

    /// Logits [row, word] at chosen (sample, token) places of hidden states.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn predict(&self, hidden: &Tensor, places: &[(usize, usize)]) -> Result<Tensor> {
        let (batch, tokens, width) = hidden.dims3()?;
        let rows: Vec<u32> = places
            .iter()
            .map(|&(sample, token)| (sample * tokens + token) as u32)
            .collect();
        let rows = Tensor::from_vec(rows, (places.len(),), &Device::Cpu)?;
        let x = hidden
            .reshape((batch * tokens, width))?
            .index_select(&rows, 0)?;
        let x = self
            .transform_norm
            .forward(&self.transform.forward(&x)?.gelu_erf()?)?;
        project(&x, &self.words.t()?, Some(&self.bias))
    }
}
