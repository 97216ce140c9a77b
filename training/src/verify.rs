//! Holds the models here against what the reference library computes on a checkpoint.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use candle_core::Tensor;
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bart::{self, Bart};
use crate::bert::{self, Bert};
use crate::gpt2::{self, Gpt2};
use crate::vit::{self, Vit};
use crate::weights::{Weights, tensor_of, values};

/// The largest difference that rounding explains.
const TOLERANCE: f32 = 1e-4;

/// Prints the largest difference of each expected tensor of a checkpoint's folder: `config.json`,
/// `model.safetensors`, `expected.safetensors`.
///
/// # Errors
/// A file is missing, or a difference is larger than rounding explains.
pub fn verify(folder: &Path) -> Result<()> {
    let text = std::fs::read_to_string(folder.join("config.json"))?;
    let kind: Value = serde_json::from_str(&text)?;
    let mut weights = Weights::read(&folder.join("model.safetensors"))?;
    let expected = Expected::read(&folder.join("expected.safetensors"))?;
    match kind["model_type"].as_str() {
        Some("bert") => {
            let model = Bert::new(&mut weights, &config::<bert::Config>(&text)?)?;
            let ids = expected.ids("input_ids")?;
            let (hidden, attentions) = model.encode(&[&ids])?;
            expected.hold("attentions", &Tensor::cat(&attentions, 0)?)?;
            let places: Vec<_> = (0..ids.len()).map(|token| (0, token)).collect();
            expected.hold("logits", &model.predict(&hidden, &places)?)
        }
        Some("vit") => {
            let model = Vit::new(&mut weights, &config::<vit::Config>(&text)?)?;
            let (logits, attentions) = model.classify(&values(expected.get("pixel_values")?)?)?;
            expected.hold("attentions", &Tensor::cat(&attentions, 0)?)?;
            expected.hold("logits", &logits)
        }
        Some("bart") => {
            let model = Bart::new(&mut weights, &config::<bart::Config>(&text)?)?;
            let memory = model.encode(&[&expected.ids("input_ids")?])?;
            let decoded = model.decode(&memory, &[&expected.ids("decoder_input_ids")?])?;
            expected.hold("encoder_attentions", &Tensor::cat(&memory.attentions, 0)?)?;
            expected.hold("attentions", &Tensor::cat(&decoded.attentions, 0)?)?;
            expected.hold("cross_attentions", &Tensor::cat(&decoded.cross, 0)?)?;
            expected.hold("logits", &decoded.logits)
        }
        Some("gpt2") => {
            let model = Gpt2::new(&mut weights, &config::<gpt2::Config>(&text)?)?;
            let (logits, attentions) = model.forward(&[&expected.ids("input_ids")?])?;
            expected.hold("attentions", &Tensor::cat(&attentions, 0)?)?;
            expected.hold("logits", &logits)
        }
        other => bail!("expected a model type of this program, found {other:?}"),
    }
}

fn config<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text)?)
}

struct Expected(HashMap<String, Tensor>);

impl Expected {
    fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)?;
        let file = SafeTensors::deserialize(&bytes)?;
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(name, view)| Ok((name, tensor_of(&view)?)));
        Ok(Self(tensors.collect::<Result<_>>()?))
    }

    fn get(&self, name: &str) -> Result<&Tensor> {
        self.0
            .get(name)
            .with_context(|| format!("no expected tensor {name}"))
    }

    fn ids(&self, name: &str) -> Result<Vec<u32>> {
        Ok(values(self.get(name)?)?
            .into_iter()
            .map(|id| id as u32)
            .collect())
    }

    fn hold(&self, name: &str, found: &Tensor) -> Result<()> {
        let (expected, found) = (values(self.get(name)?)?, values(found)?);
        ensure!(
            expected.len() == found.len(),
            "{name}: expected {} numbers, found {}",
            expected.len(),
            found.len()
        );
        let apart = expected
            .iter()
            .zip(&found)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        println!(
            "{name}: {} numbers, largest difference {apart:.2e}",
            found.len()
        );
        ensure!(
            apart <= TOLERANCE,
            "{name}: expected a difference of at most {TOLERANCE}, found {apart}"
        );
        Ok(())
    }
}
