//! The vision family: patches as tokens after a class token, pre-norm.

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::layers::{Linear, Norm, attend, project};
use crate::weights::Weights;

/// The sizes of a vision model, by their names in `config.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Width.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of a layer.
    pub num_attention_heads: usize,
    /// Width within the feed-forward part.
    pub intermediate_size: usize,
    /// Rows and columns of the image.
    pub image_size: usize,
    /// Rows and columns of a patch.
    pub patch_size: usize,
    /// Numbers of a pixel.
    pub num_channels: usize,
    /// The classes.
    pub id2label: Map<String, Value>,
    /// The deviation of the first weights.
    pub initializer_range: f64,
}

const EPSILON: f32 = 1e-12;

impl Config {
    /// `config.json` as the reference library writes it.
    #[must_use]
    pub fn json(&self) -> Value {
        let ids: Map<String, Value> = self
            .id2label
            .iter()
            .filter_map(|(id, label)| {
                Some((label.as_str()?.to_string(), json!(id.parse::<u32>().ok()?)))
            })
            .collect();
        json!({
            "architectures": ["ViTForImageClassification"],
            "attention_probs_dropout_prob": 0.0,
            "dtype": "float32",
            "encoder_stride": self.patch_size,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "hidden_size": self.hidden_size,
            "id2label": self.id2label,
            "image_size": self.image_size,
            "initializer_range": self.initializer_range,
            "intermediate_size": self.intermediate_size,
            "label2id": ids,
            "layer_norm_eps": 1e-12,
            "model_type": "vit",
            "num_attention_heads": self.num_attention_heads,
            "num_channels": self.num_channels,
            "num_hidden_layers": self.num_hidden_layers,
            "patch_size": self.patch_size,
            "qkv_bias": true,
        })
    }
}

/// A vision model with its classifier.
pub struct Vit {
    config: Config,
    class: Tensor,
    patches: Tensor,
    patches_bias: Tensor,
    positions: Tensor,
    layers: Vec<Layer>,
    norm: Norm,
    classifier: Linear,
}

struct Layer {
    before: Norm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    after: Norm,
    inner: Linear,
    outer: Linear,
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
            query: linear("attention.attention.query", width, width)?,
            key: linear("attention.attention.key", width, width)?,
            value: linear("attention.attention.value", width, width)?,
            output: linear("attention.output.dense", width, width)?,
            inner: linear("intermediate.dense", width, inner)?,
            outer: linear("output.dense", inner, width)?,
            before: Norm::new(weights, &format!("{name}.layernorm_before"), width, EPSILON)?,
            after: Norm::new(weights, &format!("{name}.layernorm_after"), width, EPSILON)?,
        })
    }

    fn forward(&self, x: &Tensor, heads: usize) -> Result<(Tensor, Tensor)> {
        let y = self.before.forward(x)?;
        let (q, k, v) = (
            self.query.forward(&y)?,
            self.key.forward(&y)?,
            self.value.forward(&y)?,
        );
        let (mixed, weights) = attend(&q, &k, &v, heads, None)?;
        let x = (x + self.output.forward(&mixed)?)?;
        let inner = self.inner.forward(&self.after.forward(&x)?)?.gelu_erf()?;
        Ok(((&x + self.outer.forward(&inner)?)?, weights))
    }
}

impl Vit {
    /// # Errors
    /// As [`Weights::normal`].
    pub fn new(weights: &mut Weights, config: &Config) -> Result<Self> {
        let (width, range, patch) = (
            config.hidden_size,
            config.initializer_range,
            config.patch_size,
        );
        let tokens = (config.image_size / patch).pow(2) + 1;
        let projection = "vit.embeddings.patch_embeddings.projection";
        Ok(Self {
            class: weights.normal("vit.embeddings.cls_token", &[1, 1, width], range)?,
            patches: weights.normal(
                &format!("{projection}.weight"),
                &[width, config.num_channels, patch, patch],
                range,
            )?,
            patches_bias: weights.filled(&format!("{projection}.bias"), &[width], 0.0)?,
            positions: weights.normal(
                "vit.embeddings.position_embeddings",
                &[1, tokens, width],
                range,
            )?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::new(weights, &format!("vit.encoder.layer.{layer}"), config))
                .collect::<Result<_>>()?,
            norm: Norm::new(weights, "vit.layernorm", width, EPSILON)?,
            classifier: Linear::new(weights, "classifier", width, config.id2label.len(), range)?,
            config: config.clone(),
        })
    }

    /// Logits [batch, class], and of each layer the weights [batch, head, query, key], for images
    /// [channel, row, column] one after the other.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn classify(&self, images: &[f32]) -> Result<(Tensor, Vec<Tensor>)> {
        let Config {
            num_channels: channels,
            image_size: size,
            patch_size: patch,
            hidden_size: width,
            ..
        } = self.config;
        let side = size / patch;
        let batch = images.len() / (channels * size * size);
        // a convolution whose steps are as wide as its window: one product with the patches as rows
        let rows = Tensor::from_slice(
            images,
            (batch, channels, side, patch, side, patch),
            &Device::Cpu,
        )?
        .permute((0, 2, 4, 1, 3, 5))?
        .contiguous()?
        .reshape((batch, side * side, channels * patch * patch))?;
        let kernel = self
            .patches
            .reshape((width, channels * patch * patch))?
            .t()?;
        let patches = project(&rows, &kernel, Some(&self.patches_bias))?;
        let class = self.class.broadcast_as((batch, 1, width))?;
        let mut x =
            Tensor::cat(&[&class.contiguous()?, &patches], 1)?.broadcast_add(&self.positions)?;
        let mut all = Vec::new();
        for layer in &self.layers {
            let (next, weights) = layer.forward(&x, self.config.num_attention_heads)?;
            x = next;
            all.push(weights);
        }
        let first = self
            .norm
            .forward(&x.narrow(1, 0, 1)?.contiguous()?)?
            .reshape((batch, width))?;
        Ok((self.classifier.forward(&first)?, all))
    }
}
