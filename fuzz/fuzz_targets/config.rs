//! Arbitrary bytes as a configuration, for weights that are good: steered by what the reader reaches.
#![no_main]

use attention_playground::{Model, ModelInput};

const WEIGHTS: &[u8] = include_bytes!("../../tests/checkpoints/bert-0/model.safetensors");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = Model::from_safetensors(bytes, &[WEIGHTS]) {
        let input = ModelInput {
            ids: &[1, 2, 3],
            ..ModelInput::default()
        };
        let _ = model.run(&input, true);
    }
});
