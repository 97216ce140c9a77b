//! Whole models: an encoder (BERT), a decoder (GPT-2), both (BART), and one that sees (ViT), out of files in the Hugging
//! Face layout.
//!
//! The families share everything but a table of names and the place of the norms. Weights are f32 in memory, products
//! `[outputs, inputs]` as most files have them, whatever they were in the file.

#[cfg(any(all(target_arch = "wasm32", feature = "models"), test))]
mod boundary;
mod config;
mod dtype;
mod families;
mod forward;
mod generate;
mod header;
mod json;
mod layout;
mod loader;
mod ops;
mod trace;

pub use config::{Family, ImageSize, StackSize};
pub use dtype::Dtype;
pub use forward::{Attentions, ModelInput, ModelOutput};
pub use generate::{Generation, Sample, Step, probabilities, sample};
pub use header::{Entry, header_length, read_header};
pub use loader::{ModelLoader, Piece};
pub use trace::Block;

use crate::error::Error;
use crate::recall::{Recall, RecallKind, RecallLayer, RecallTask, RecallToken, Recalled};
use config::Config;
use layout::{Id, Layout};

/// A model with its weights.
///
/// ```no_run
/// use attention_playground::{Model, ModelInput};
///
/// let config = std::fs::read("config.json").expect("a configuration");
/// let weights = std::fs::read("model.safetensors").expect("weights");
/// let model = Model::from_safetensors(&config, &[&weights])?;
/// let output = model.run(&ModelInput { ids: &[2, 59, 3], ..ModelInput::default() }, true)?;
/// let weights = output.attentions.encoder.expect("an encoder attends");
/// assert_eq!(weights.shape()[2..], [3, 3]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub struct Model {
    config: Config,
    layout: Layout,
    /// The numbers of each slot.
    data: Vec<Vec<f32>>,
    unused: Vec<String>,
}

/// What a page says about a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// `bert`, `gpt2`, `bart` or `vit`.
    pub family: &'static str,
    /// Features of a token.
    pub width: usize,
    /// Layers of the encoder and heads of each.
    pub encoder: Option<[usize; 2]>,
    /// Layers of the decoder and heads of each.
    pub decoder: Option<[usize; 2]>,
    /// Tokens that it knows; 0 where it sees images.
    pub vocabulary: usize,
    /// Tokens that it can take; 0 where there is no bound.
    pub positions: usize,
    /// Numbers that were trained.
    pub parameters: usize,
    /// Whether it gives logits.
    pub head: bool,
    /// Classes, where it has such.
    pub labels: Vec<String>,
    /// Channels, height and width of the images that it takes.
    pub image: Option<[usize; 3]>,
    /// Rows and columns of patches.
    pub grid: Option<[usize; 2]>,
    /// What a decoder begins with, where it looks at an encoder.
    pub start: Option<u32>,
    /// What ends a text.
    pub ends: Vec<u32>,
    /// Tensors of the files that the model has no use for.
    pub unused: Vec<String>,
}

impl Model {
    /// Its sizes.
    #[must_use]
    pub fn info(&self) -> ModelInfo {
        let Config {
            family,
            width,
            vocabulary,
            positions,
            image,
            start,
            ..
        } = self.config;
        let sizes = |stack: Option<StackSize>| stack.map(|stack| [stack.layers, stack.heads]);
        ModelInfo {
            family: family.name(),
            width,
            encoder: sizes(self.config.encoder),
            decoder: sizes(self.config.decoder),
            vocabulary,
            positions: positions.unwrap_or(0),
            parameters: self.data.iter().map(Vec::len).sum(),
            head: self.layout.head.is_some(),
            labels: if vocabulary == 0 || self.layout.head.as_ref().is_some_and(|head| head.pooled)
            {
                self.config.labels.clone()
            } else {
                Vec::new()
            },
            image: image.map(|size| [size.channels, size.image[0], size.image[1]]),
            grid: image.map(|size| size.grid()),
            start,
            ends: self.config.ends.clone(),
            unused: self.unused.clone(),
        }
    }

    /// Reads tokens with one of the networks that remember.
    ///
    /// # Errors
    /// `option` where the model is none of them; `size` and `index` for tokens that they do not know.
    pub fn recall(
        &self,
        task: RecallTask,
        kind: RecallKind,
        tokens: &[RecallToken],
    ) -> Result<Recalled, Error> {
        let network = self.network(task, kind)?;
        network.run(tokens)
    }

    /// What the attention among them does with these tokens, as the input of a trace: the last looks at all.
    pub(crate) fn recall_layer(
        &self,
        task: RecallTask,
        tokens: &[RecallToken],
    ) -> Result<RecallLayer, Error> {
        self.network(task, RecallKind::Attention)?.layer(tokens)
    }

    fn network(&self, task: RecallTask, kind: RecallKind) -> Result<Recall, Error> {
        let Some(config) = self.config.recall else {
            let found = self.config.family.name();
            return Err(forward::OPERATION.option("a model of networks that remember", found));
        };
        Recall::new(&config, task, kind, &mut |name, _| {
            let slot = self.layout.slots.iter().position(|slot| slot.name == name);
            let data = slot.and_then(|slot| self.data.get(slot)).cloned();
            data.ok_or_else(|| forward::OPERATION.internal(format!("tensor {name}"), "none"))
        })
    }

    fn tensor(&self, id: Id) -> &[f32] {
        &self.data[id]
    }
}
