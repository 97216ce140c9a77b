//! Arbitrary bytes as a file of weights, for a model whose configuration is good: steered by what the reader reaches.
#![no_main]

use attention_playground::{Model, header_length, read_header};

const CONFIG: &[u8] = include_bytes!("../../tests/checkpoints/bert-0/config.json");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = header_length(bytes, Some(bytes.len() as u64));
    if let Ok(entries) = read_header(bytes, None) {
        // what it takes lies one after the other
        assert!(entries.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
    let _ = Model::from_safetensors(CONFIG, &[bytes]);
});
