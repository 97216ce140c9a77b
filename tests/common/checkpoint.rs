//! The checkpoints of tests/checkpoints, and what the reference library computes on them.

use attention_playground::Model;
use ndarray::ArrayD;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub const NAMES: [&str; 6] = ["bert-0", "bert-1", "gpt2-0", "gpt2-1", "vit-0", "bart-0"];

pub struct Checkpoint {
    pub folder: PathBuf,
    pub config: Vec<u8>,
    pub weights: Vec<u8>,
    pub expected: Value,
    tensors: Vec<u8>,
}

impl Checkpoint {
    pub fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/checkpoints")
            .join(name);
        let read = |file: &str| std::fs::read(folder.join(file)).expect(file);
        let text = |file: &str| String::from_utf8(read(file)).expect("UTF-8");
        Checkpoint {
            config: read("config.json"),
            weights: read("model.safetensors"),
            expected: serde_json::from_str(&text("expected.json")).expect("JSON"),
            tensors: read("expected.safetensors"),
            folder,
        }
    }

    pub fn model(&self) -> Model {
        Model::from_safetensors(&self.config, &[&self.weights]).expect("a model")
    }

    pub fn float(&self, name: &str) -> Option<ArrayD<f32>> {
        let file = SafeTensors::deserialize(&self.tensors).expect("safetensors");
        let tensor = file.tensor(name).ok()?;
        assert_eq!(tensor.dtype(), Dtype::F32);
        let data = tensor
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        Some(super::array(tensor.shape(), data))
    }

    pub fn ids(&self, name: &str) -> Vec<u32> {
        let file = SafeTensors::deserialize(&self.tensors).expect("safetensors");
        let Ok(tensor) = file.tensor(name) else {
            return Vec::new();
        };
        assert_eq!(tensor.dtype(), Dtype::I64);
        let ids = tensor
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| i64::from_le_bytes(bytes));
        ids.map(|id| u32::try_from(id).expect("an id")).collect()
    }
}
