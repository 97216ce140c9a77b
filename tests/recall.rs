//! The networks that remember, out of a file: loaded, run, and the attention among them traced.
#![cfg(not(target_arch = "wasm32"))]

use attention_playground::{Model, RecallKind, RecallTask, explain};

/// A file with every tensor that the configuration asks for, of numbers that look random.
fn model() -> Model {
    let (letters, digits, answers) = (28, 12, 10);
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    for task in RecallTask::ALL.map(RecallTask::name) {
        for (kind, width, units, gates) in
            [("rnn", 6, 7, 1), ("lstm", 6, 5, 4), ("attention", 8, 8, 0)]
        {
            let mut add = |name: &str, shape: &[usize]| {
                tensors.push((format!("{task}.{kind}.{name}"), shape.to_vec()));
            };
            add("letters.weight", &[letters, width]);
            add("digits.weight", &[digits, width]);
            add("answer.weight", &[answers, units]);
            add("answer.bias", &[answers]);
            if gates == 0 {
                for part in ["query", "key", "value", "output"] {
                    add(&format!("{part}.weight"), &[width, width]);
                    add(&format!("{part}.bias"), &[width]);
                }
            } else {
                add(&format!("{kind}.weight_ih_l0"), &[gates * units, width]);
                add(&format!("{kind}.weight_hh_l0"), &[gates * units, units]);
                add(&format!("{kind}.bias_ih_l0"), &[gates * units]);
                add(&format!("{kind}.bias_hh_l0"), &[gates * units]);
            }
        }
    }
    let mut state = 3_u32;
    let mut at = 0;
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, shape) in tensors {
        let count: usize = shape.iter().product();
        for _ in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            data.extend(number.to_le_bytes());
        }
        let end = at + 4 * count;
        entries.push(format!(
            r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{at},{end}]}}"#
        ));
        at = end;
    }
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(data);
    let config = br#"{"model_type":"recall","letters":28,"digits":12,"answers":10,"kinds":{
        "rnn":{"input_size":6,"hidden_size":7},"lstm":{"input_size":6,"hidden_size":5},
        "attention":{"hidden_size":8,"num_attention_heads":2}}}"#;
    Model::from_safetensors(config, &[&file]).expect("a whole file")
}

const TOKENS: [[usize; 2]; 4] = [[17, 8], [2, 3], [11, 1], [17, 11]];

#[test]
fn every_network_answers() {
    let model = model();
    for task in RecallTask::ALL {
        for kind in RecallKind::ALL {
            let found = model.recall(task, kind, &TOKENS).expect("known tokens");
            assert_eq!(
                (found.logits.len(), found.gradient.len()),
                (10, 4),
                "{task:?} {kind:?}"
            );
        }
    }
}

#[test]
fn the_trace_of_the_attention_has_its_weights_and_explains_them() {
    let model = model();
    let found = model
        .recall(RecallTask::Pairs, RecallKind::Attention, &TOKENS)
        .expect("known tokens");
    let trace = model
        .trace_recall(RecallTask::Pairs, &TOKENS, None)
        .expect("known tokens");
    let weights = trace.stage("weights").expect("a softmax");
    assert_eq!(weights.shape, [2, 1, 4]);
    for (key, mean) in found.weights.expect("attention").into_iter().enumerate() {
        let of_head = |head| {
            explain(&trace, "weights", &[head, 0, key])
                .expect("a cell")
                .value
        };
        assert!(((of_head(0) + of_head(1)) / 2.0 - mean).abs() < 1e-6);
    }
}

#[test]
fn it_is_not_run_as_a_model_with_layers() {
    let error = model()
        .run(&attention_playground::ModelInput::default(), true)
        .expect_err("no layers");
    assert_eq!(error.code(), "option");
}
