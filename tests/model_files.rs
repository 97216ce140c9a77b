//! Files of models that are not what they should be: each is refused with a code, and names the tensor, key or field.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{Error, Model, ModelInput, header_length, read_header};
use common::checkpoint::{Checkpoint, NAMES};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A file of weights that can be changed.
#[derive(Clone)]
struct File {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl File {
    fn of(bytes: &[u8]) -> Self {
        let length = header_length(&bytes[..8], None).expect("a length") as usize;
        let header = serde_json::from_slice(&bytes[8..8 + length]).expect("JSON");
        let Value::Object(header) = header else {
            panic!("an object");
        };
        File {
            header,
            data: bytes[8 + length..].to_vec(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        with_header(&Value::Object(self.header.clone()).to_string(), &self.data)
    }

    /// The same with other numbers in 16 bits.
    fn narrowed(&self, dtype: &str, narrow: impl Fn(f32) -> u16) -> Self {
        let mut file = self.clone();
        file.data = self
            .data
            .as_chunks()
            .0
            .iter()
            .flat_map(|&bytes| narrow(f32::from_le_bytes(bytes)).to_le_bytes())
            .collect();
        for (name, entry) in &mut file.header {
            if name != "__metadata__" {
                entry["dtype"] = dtype.into();
                for offset in entry["data_offsets"].as_array_mut().expect("offsets") {
                    *offset = (offset.as_u64().expect("an offset") / 2).into();
                }
            }
        }
        file
    }
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), data].concat()
}

#[track_caller]
fn refused<T>(what: &str, result: Result<T, Error>, code: &str, expected: &str, found: &str) {
    let Err(error) = result else {
        panic!("{what}: not refused");
    };
    assert_eq!(error.report().operation, "load_model", "{what}: {error}");
    assert_eq!(error.code(), code, "{what}: {error}");
    assert!(
        error.report().expected.contains(expected),
        "{what}: {error}"
    );
    assert!(error.report().found.contains(found), "{what}: {error}");
}

#[test]
fn headers() {
    let tensor = |fields: &str| format!(r#"{{"a":{{{fields}}}}}"#);
    let good = r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#;
    let two = |second: &str| {
        format!(r#"{{"a":{{{good}}},"b":{{"dtype":"U8","shape":[2],"data_offsets":{second}}}}}"#)
    };
    assert_eq!(
        read_header(tensor(good).as_bytes(), Some(8))
            .expect("good")
            .len(),
        1
    );
    assert_eq!(
        read_header(format!("{}   ", tensor(good)).as_bytes(), Some(8))
            .expect("padded")
            .len(),
        1
    );
    assert_eq!(
        read_header(two("[8,10]").as_bytes(), Some(10))
            .expect("good")
            .len(),
        2
    );
    assert_eq!(read_header(b"{}", Some(0)).expect("empty").len(), 0);
    let rows: Vec<(&str, String, u64, &str, &str, &str)> = vec![
        (
            "no JSON",
            "x".into(),
            0,
            "format",
            "a value",
            "'x' at byte 0",
        ),
        (
            "cut off",
            "{\"a\":".into(),
            0,
            "format",
            "a value",
            "its end at byte 5",
        ),
        (
            "not an object",
            "[]".into(),
            0,
            "format",
            "an object",
            "an array",
        ),
        (
            "twice",
            format!(r#"{{"a":{{{good}}},"a":{{{good}}}}}"#),
            8,
            "format",
            "each key once",
            "\"a\" twice",
        ),
        (
            "shape twice",
            tensor(&format!(r#"{good},"shape":[2]"#)),
            8,
            "format",
            "each key once",
            "\"shape\" twice",
        ),
        (
            "after the end",
            format!("{} {{}}", tensor(good)),
            8,
            "format",
            "nothing after",
            "'{'",
        ),
        (
            "metadata of numbers",
            r#"{"__metadata__":{"a":1}}"#.into(),
            0,
            "format",
            "__metadata__",
            "1",
        ),
        (
            "metadata as a list",
            r#"{"__metadata__":[]}"#.into(),
            0,
            "format",
            "__metadata__",
            "an array",
        ),
        (
            "tensor as a number",
            r#"{"a":7}"#.into(),
            0,
            "format",
            "tensor a",
            "7",
        ),
        (
            "no dtype",
            tensor(r#""shape":[2],"data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: dtype",
            "none",
        ),
        (
            "no shape",
            tensor(r#""dtype":"F32","data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: shape",
            "none",
        ),
        (
            "no offsets",
            tensor(r#""dtype":"F32","shape":[2]"#),
            8,
            "format",
            "tensor a: data_offsets",
            "none",
        ),
        (
            "something besides",
            tensor(&format!(r#"{good},"extra":1"#)),
            8,
            "format",
            "tensor a",
            "\"extra\" besides",
        ),
        (
            "another dtype",
            tensor(r#""dtype":"F5","shape":[2],"data_offsets":[0,8]"#),
            8,
            "type",
            "tensor a",
            "F5",
        ),
        (
            "dtype as a number",
            tensor(r#""dtype":1,"shape":[2],"data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: dtype",
            "1",
        ),
        (
            "shape below zero",
            tensor(r#""dtype":"F32","shape":[-2],"data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: shape",
            "array",
        ),
        (
            "shape with a fraction",
            tensor(r#""dtype":"F32","shape":[2.5],"data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: shape",
            "array",
        ),
        (
            "shape that overflows",
            tensor(r#""dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]"#),
            8,
            "shape",
            "tensor a",
            "[4294967296, 4294967296]",
        ),
        (
            "extent that overflows",
            tensor(r#""dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]"#),
            8,
            "format",
            "tensor a: shape",
            "array",
        ),
        (
            "too short for its shape",
            tensor(r#""dtype":"F32","shape":[3],"data_offsets":[0,8]"#),
            8,
            "shape",
            "tensor a: 12 bytes",
            "[0, 8]",
        ),
        (
            "too long for its dtype",
            tensor(r#""dtype":"F16","shape":[2],"data_offsets":[0,8]"#),
            8,
            "shape",
            "tensor a: 4 bytes",
            "[0, 8]",
        ),
        (
            "offsets backwards",
            tensor(r#""dtype":"F32","shape":[2],"data_offsets":[8,0]"#),
            8,
            "shape",
            "tensor a",
            "[8, 0]",
        ),
        (
            "three offsets",
            tensor(r#""dtype":"F32","shape":[2],"data_offsets":[0,4,8]"#),
            8,
            "format",
            "tensor a: data_offsets",
            "array",
        ),
        (
            "an overlap",
            two("[7,9]"),
            9,
            "format",
            "tensor b: data from byte 8",
            "an overlap: it begins at 7",
        ),
        (
            "one over the other",
            two("[0,2]"),
            8,
            "format",
            "tensor a: data from byte 2",
            "an overlap",
        ),
        (
            "a hole",
            two("[9,11]"),
            11,
            "format",
            "tensor b: data from byte 8",
            "a hole: it begins at 9",
        ),
        (
            "a hole before the first",
            tensor(r#""dtype":"U8","shape":[2],"data_offsets":[1,3]"#),
            3,
            "format",
            "tensor a",
            "a hole",
        ),
        (
            "data cut off",
            two("[8,10]"),
            9,
            "format",
            "tensor b: data up to byte 10",
            "end at 9",
        ),
        (
            "data after the last",
            tensor(good),
            11,
            "format",
            "nothing after the last",
            "3 bytes more",
        ),
    ];
    for (what, header, data, code, expected, found) in rows {
        refused(
            what,
            read_header(header.as_bytes(), Some(data)),
            code,
            expected,
            found,
        );
    }
    refused(
        "not UTF-8",
        read_header(b"{\"\xff\":1}", Some(0)),
        "format",
        "UTF-8",
        "byte at 2",
    );
    let deep = format!("{{\"a\":{}", "[".repeat(1 << 20));
    refused(
        "deep",
        read_header(deep.as_bytes(), None),
        "format",
        "at most 32 levels",
        "'['",
    );
}

#[test]
fn lengths_of_headers() {
    refused(
        "nothing",
        header_length(&[], Some(0)),
        "format",
        "8 bytes",
        "0 bytes",
    );
    refused(
        "seven bytes",
        header_length(&[0; 7], Some(7)),
        "format",
        "8 bytes",
        "7 bytes",
    );
    refused(
        "beyond the file",
        header_length(&100_u64.to_le_bytes(), Some(50)),
        "format",
        "8 + 100",
        "50 bytes",
    );
    refused(
        "enormous",
        header_length(&[0xff; 8], None),
        "too_large",
        "16777216",
        "18446744073709551615",
    );
    assert_eq!(
        header_length(&[16, 0, 0, 0, 0, 0, 0, 0], Some(24)).expect("fits"),
        16
    );
}

/// Changes of the header of a good file that make another file, which the model does not take.
#[test]
fn weights_that_are_not_those_of_the_model() {
    const NAME: &str = "bert.encoder.layer.1.output.dense.weight";
    let checkpoint = Checkpoint::open("bert-0");
    let good = File::of(&checkpoint.weights);
    let load = |file: &File| Model::from_safetensors(&checkpoint.config, &[&file.bytes()]);
    load(&good).expect("the file as it is");
    let mut other = good.clone();
    let entry = other.header.remove(NAME).expect("a tensor");
    other.header.insert("another".into(), entry);
    refused("a missing tensor", load(&other), "not_found", NAME, "none");
    let mut other = good.clone();
    other.header[NAME]["shape"] = json!([64, 32]);
    refused(
        "a turned shape",
        load(&other),
        "shape",
        "[32, 64], as the config says",
        "[64, 32]",
    );
    let mut other = good.clone();
    other.header[NAME]["dtype"] = "I32".into();
    refused("whole numbers", load(&other), "type", NAME, "I32");
    let mut other = good.clone();
    other.data.truncate(good.data.len() - 1);
    refused(
        "cut off",
        load(&other),
        "format",
        "tensor ",
        "the file's end",
    );
    let both = Model::from_safetensors(&checkpoint.config, &[&good.bytes(), &good.bytes()]);
    refused(
        "two files of one",
        both,
        "format",
        "in one file",
        "two that have it",
    );
    let none = Model::from_safetensors(&checkpoint.config, &[]);
    refused("no file", none, "not_found", "word_embeddings", "none");
    let gpt2 = Checkpoint::open("gpt2-0");
    let crossed = Model::from_safetensors(&gpt2.config, &[&checkpoint.weights]);
    refused(
        "another family's weights",
        crossed,
        "not_found",
        "wte.weight",
        "none",
    );
}

#[test]
fn configurations() {
    let change = |name: &str, field: &str, value: Value| {
        let checkpoint = Checkpoint::open(name);
        let mut config: Value = serde_json::from_slice(&checkpoint.config).expect("JSON");
        if value.is_null() {
            config.as_object_mut().expect("an object").remove(field);
        } else {
            config[field] = value;
        }
        Model::from_safetensors(config.to_string().as_bytes(), &[&checkpoint.weights])
    };
    let absent = Value::Null;
    let rows: Vec<(&str, &str, Value, &str, &str, &str)> = vec![
        (
            "bert-0",
            "model_type",
            "t5".into(),
            "option",
            "model_type: bert, gpt2, bart, vit or recall",
            "t5",
        ),
        (
            "bert-0",
            "model_type",
            absent.clone(),
            "option",
            "model_type",
            "none",
        ),
        ("bert-0", "model_type", 7.into(), "type", "model_type", "7"),
        (
            "bert-0",
            "hidden_act",
            "mish".into(),
            "option",
            "hidden_act: gelu",
            "mish",
        ),
        (
            "bert-0",
            "hidden_act",
            absent.clone(),
            "option",
            "hidden_act",
            "none",
        ),
        (
            "bert-0",
            "position_embedding_type",
            "relative_key".into(),
            "option",
            "position_embedding_type",
            "relative_key",
        ),
        (
            "bert-0",
            "is_decoder",
            true.into(),
            "option",
            "is_decoder: false",
            "true",
        ),
        (
            "bert-0",
            "is_decoder",
            "no".into(),
            "type",
            "is_decoder",
            "no",
        ),
        (
            "bert-0",
            "hidden_size",
            absent.clone(),
            "not_found",
            "hidden_size",
            "none",
        ),
        (
            "bert-0",
            "hidden_size",
            0.into(),
            "size",
            "hidden_size from 1",
            "0",
        ),
        (
            "bert-0",
            "hidden_size",
            "32".into(),
            "type",
            "hidden_size",
            "\"32\"",
        ),
        (
            "bert-0",
            "hidden_size",
            json!(32.5),
            "type",
            "hidden_size",
            "32.5",
        ),
        (
            "bert-0",
            "hidden_size",
            33.into(),
            "size",
            "2 heads divide",
            "33",
        ),
        (
            "bert-0",
            "hidden_size",
            64.into(),
            "shape",
            "[142, 64], as the config says",
            "[142, 32]",
        ),
        (
            "bert-0",
            "hidden_size",
            (1_u64 << 60).into(),
            "size",
            "hidden_size from 1",
            "1152921504606846976",
        ),
        (
            "bert-0",
            "vocab_size",
            (1_u64 << 23).into(),
            "too_large",
            "word_embeddings",
            "[8388608, 32]",
        ),
        (
            "bert-0",
            "num_attention_heads",
            3.into(),
            "size",
            "3 heads divide",
            "32",
        ),
        (
            "bert-0",
            "num_hidden_layers",
            3.into(),
            "not_found",
            "layer.2.",
            "none",
        ),
        (
            "bert-0",
            "num_hidden_layers",
            1.into(),
            "shape",
            "1 layers, as the config says",
            "layer.1.",
        ),
        (
            "bert-0",
            "num_hidden_layers",
            5000.into(),
            "size",
            "num_hidden_layers",
            "5000",
        ),
        (
            "bert-0",
            "layer_norm_eps",
            "tiny".into(),
            "type",
            "layer_norm_eps",
            "tiny",
        ),
        (
            "bert-0",
            "layer_norm_eps",
            (-1).into(),
            "type",
            "layer_norm_eps",
            "-1",
        ),
        (
            "bert-0",
            "tie_word_embeddings",
            false.into(),
            "not_found",
            "cls.predictions.decoder.weight",
            "none",
        ),
        (
            "bert-0",
            "type_vocab_size",
            3.into(),
            "shape",
            "token_type_embeddings",
            "[2, 32]",
        ),
        (
            "gpt2-0",
            "add_cross_attention",
            true.into(),
            "option",
            "add_cross_attention",
            "true",
        ),
        (
            "gpt2-0",
            "n_inner",
            64.into(),
            "shape",
            "[32, 64]",
            "[32, 128]",
        ),
        (
            "gpt2-0",
            "eos_token_id",
            "end".into(),
            "type",
            "eos_token_id",
            "something else",
        ),
        (
            "bart-0",
            "decoder_layers",
            3.into(),
            "not_found",
            "decoder.layers.2.",
            "none",
        ),
        (
            "bart-0",
            "max_position_embeddings",
            63.into(),
            "shape",
            "[65, 32]",
            "[66, 32]",
        ),
        (
            "vit-0",
            "patch_size",
            7.into(),
            "shape",
            "projection.weight",
            "[32, 3, 6, 6]",
        ),
        (
            "vit-0",
            "patch_size",
            48.into(),
            "size",
            "patch_size of at most",
            "[48, 48]",
        ),
        (
            "vit-0",
            "patch_size",
            json!([6, 0]),
            "type",
            "patch_size",
            "another array",
        ),
        (
            "vit-0",
            "image_size",
            absent,
            "not_found",
            "image_size",
            "none",
        ),
        (
            "vit-0",
            "num_channels",
            1.into(),
            "shape",
            "[32, 1, 6, 6]",
            "[32, 3, 6, 6]",
        ),
        (
            "vit-0",
            "id2label",
            json!({"0": "a", "2": "b"}),
            "type",
            "id2label",
            "an object",
        ),
        (
            "vit-0",
            "id2label",
            json!({"0": "a"}),
            "shape",
            "[1, 32]",
            "[5, 32]",
        ),
    ];
    for (name, field, value, code, expected, found) in rows {
        let what = format!("{name} with {field} {value}");
        refused(&what, change(name, field, value), code, expected, found);
    }
    refused(
        "no JSON",
        Model::from_safetensors(b"{", &[]),
        "format",
        "the config",
        "its end",
    );
    refused(
        "a list",
        Model::from_safetensors(b"[]", &[]),
        "type",
        "config: an object",
        "an array",
    );
    let twice = br#"{"model_type":"bert","model_type":"vit"}"#;
    refused(
        "twice",
        Model::from_safetensors(twice, &[]),
        "format",
        "each key once",
        "model_type",
    );
}

/// Numbers of 16 bits, and the numbers that they stand for in 32, make the same model.
#[test]
fn half_floats() {
    // both by cutting off: exact conversions of numbers that have no more digits
    let brain = |number: f32| (number.to_bits() >> 16) as u16;
    let half = |number: f32| {
        let bits = number.to_bits();
        let exponent = (bits >> 23 & 255) as i32 - 112;
        // small ones become zero, and no weight is as large as to be infinite
        assert!(exponent < 31, "{number}");
        let magnitude = if exponent < 1 {
            0
        } else {
            (exponent as u32) << 10 | bits >> 13 & 1023
        };
        (bits >> 16 & 0x8000 | magnitude) as u16
    };
    let wide = |dtype: &str, bits: u16| {
        if dtype == "BF16" {
            return f32::from_bits(u32::from(bits) << 16);
        }
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let exponent = i32::from(bits >> 10 & 31);
        if exponent == 0 {
            0.0 * sign
        } else {
            sign * (1.0 + f32::from(bits & 1023) / 1024.0) * 2_f32.powi(exponent - 15)
        }
    };
    for name in NAMES {
        let checkpoint = Checkpoint::open(name);
        let file = File::of(&checkpoint.weights);
        for dtype in ["F16", "BF16"] {
            let narrow = |number| {
                if dtype == "F16" {
                    half(number)
                } else {
                    brain(number)
                }
            };
            let narrowed = file.narrowed(dtype, narrow);
            let mut cut = file.clone();
            cut.data = (file.data.as_chunks().0.iter())
                .flat_map(|&bytes| wide(dtype, narrow(f32::from_le_bytes(bytes))).to_le_bytes())
                .collect();
            let outputs = [narrowed, cut].map(|file| {
                let model =
                    Model::from_safetensors(&checkpoint.config, &[&file.bytes()]).expect(name);
                let (ids, pixels) = (
                    checkpoint.ids("input_ids"),
                    checkpoint.float("pixel_values"),
                );
                let input = ModelInput {
                    ids: &ids,
                    pixels: pixels
                        .as_ref()
                        .map(|pixels| pixels.view().index_axis_move(ndarray::Axis(0), 0)),
                    ..ModelInput::default()
                };
                model.run(&input, false).expect(name)
            });
            assert_eq!(outputs[0], outputs[1], "{name} {dtype}");
        }
    }
}

/// What the files of other writers look like.
#[test]
fn other_names() {
    let checkpoint = Checkpoint::open("bert-0");
    let good = File::of(&checkpoint.weights);
    let ids = checkpoint.ids("input_ids");
    let input = ModelInput {
        ids: &ids,
        ..ModelInput::default()
    };
    let run = |config: &Value, file: &File| {
        let model = Model::from_safetensors(config.to_string().as_bytes(), &[&file.bytes()])
            .expect("a model");
        model.run(&input, false).expect("a pass")
    };
    let config: Value = serde_json::from_slice(&checkpoint.config).expect("JSON");
    let expected = run(&config, &good);
    let renamed = |change: &dyn Fn(&str) -> String| File {
        header: good
            .header
            .iter()
            .filter(|(name, _)| *name != "__metadata__")
            .map(|(name, entry)| (change(name), entry.clone()))
            .collect(),
        ..good.clone()
    };
    let early = renamed(&|name| {
        name.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta")
    });
    assert_eq!(run(&config, &early), expected, "early names of norms");
    // the base model: no prefix; its head has other names, so that it is found to be none
    let base = renamed(&|name| {
        name.strip_prefix("bert.")
            .unwrap_or(&format!("old.{name}"))
            .to_owned()
    });
    let output = run(&config, &base);
    assert_eq!(
        (output.logits, output.hidden),
        (None, expected.hidden.clone()),
        "the base model"
    );
    // without positions the order of the tokens makes no difference
    let mut placeless = config.clone();
    placeless["position_embedding_type"] = "none".into();
    let rows = |ids: &[u32]| {
        let model = Model::from_safetensors(placeless.to_string().as_bytes(), &[&good.bytes()])
            .expect("a model");
        let input = ModelInput {
            ids,
            ..ModelInput::default()
        };
        model.run(&input, false).expect("a pass").hidden
    };
    let (one, other) = (rows(&[7, 8, 9]), rows(&[9, 8, 7]));
    for token in 0..3 {
        let last = |hidden: &ndarray::ArrayD<f32>, token: usize| {
            hidden
                .slice(ndarray::s![2, token, ..])
                .to_owned()
                .into_dyn()
        };
        common::assert_close(
            last(&one, token).view(),
            last(&other, 2 - token).view(),
            common::CLOSE,
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever this reader takes, the published one takes, too, and finds the same in it.
    #[test]
    fn agrees_with_the_published_reader(changes in proptest::collection::vec((0_usize..600, any::<u8>()), 0..4)) {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F16","shape":[],"data_offsets":[24,26]},"c":{"dtype":"I64","shape":[1],"data_offsets":[26,34]}}"#;
        let mut bytes = header.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let data = [0; 34];
        let ours = read_header(&bytes, Some(34));
        let file = [&(bytes.len() as u64).to_le_bytes(), &bytes[..], &data[..]].concat();
        if let Ok(entries) = ours {
            let theirs = safetensors::SafeTensors::deserialize(&file).expect("they take it, too");
            prop_assert_eq!(entries.len(), theirs.len());
            for entry in entries {
                let tensor = theirs.tensor(&entry.name).expect("the same name");
                prop_assert_eq!(tensor.shape(), &entry.shape[..]);
                prop_assert_eq!(tensor.data().len() as u64, entry.end - entry.start);
            }
        }
    }

    #[test]
    fn no_bytes_panic(config in proptest::collection::vec(any::<u8>(), 0..100), file in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Model::from_safetensors(&config, &[&file]);
        let _ = read_header(&file, None);
    }
}
