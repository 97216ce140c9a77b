//! Whole models against the reference library: every number that it published, of every checkpoint.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{Block, Model, ModelInput, Tokens, explain, probabilities, sample};
use common::checkpoint::{Checkpoint, NAMES};
use common::{Tolerance, assert_close};
use ndarray::{Array1, ArrayD, Axis};

/// What the issue of these models asks for.
const AGREES: Tolerance = Tolerance {
    absolute: 1e-4,
    relative: 1e-4,
};

/// Runs `check` on each checkpoint with its model and its input.
fn each(check: impl Fn(&str, &Checkpoint, &Model, &ModelInput)) {
    for name in NAMES {
        let checkpoint = Checkpoint::open(name);
        let (ids, target_ids) = (
            checkpoint.ids("input_ids"),
            checkpoint.ids("decoder_input_ids"),
        );
        let pixels = checkpoint.float("pixel_values");
        let input = ModelInput {
            ids: &ids,
            target_ids: &target_ids,
            pixels: pixels
                .as_ref()
                .map(|pixels| pixels.view().index_axis_move(Axis(0), 0)),
        };
        check(name, &checkpoint, &checkpoint.model(), &input);
    }
}

/// Every attention of a model, with its weights as `run` gives them.
fn blocks(model: &Model, input: &ModelInput) -> Vec<(Block, ArrayD<f32>)> {
    let attentions = model.run(input, true).expect("a pass").attentions;
    let all = [
        (Block::Encoder, attentions.encoder),
        (Block::Decoder, attentions.decoder),
        (Block::Cross, attentions.cross),
    ];
    all.into_iter()
        .filter_map(|(block, weights)| Some((block, weights?)))
        .collect()
}

#[test]
fn agrees_with_the_reference_library() {
    each(|name, checkpoint, model, input| {
        let output = model.run(input, true).expect("a pass");
        let mut compared = 0;
        let mut compare = |what: &str, found: Option<&ArrayD<f32>>| {
            let Some(expected) = checkpoint.float(what) else {
                return;
            };
            let found = found.unwrap_or_else(|| panic!("{name}: no {what}"));
            if let Err(miss) = common::compare(&found.view(), &expected.view(), AGREES) {
                panic!("{name}: {what}: {miss}");
            }
            compared += 1;
        };
        compare("logits", output.logits.as_ref());
        compare("hidden_states", Some(&output.hidden));
        let own = output
            .attentions
            .decoder
            .as_ref()
            .or(output.attentions.encoder.as_ref());
        compare("attentions", own);
        compare("encoder_attentions", output.attentions.encoder.as_ref());
        compare("cross_attentions", output.attentions.cross.as_ref());
        assert_eq!(compared, if name == "bart-0" { 4 } else { 3 }, "{name}");
    });
}

#[test]
fn the_fast_kernels_give_the_same_without_the_weights() {
    each(|name, _, model, input| {
        let (kept, fast) = (model.run(input, true), model.run(input, false));
        let (kept, fast) = (kept.expect("a pass"), fast.expect("a pass"));
        assert!(
            fast.attentions.encoder.is_none() && fast.attentions.decoder.is_none(),
            "{name}"
        );
        assert_close(fast.hidden.view(), kept.hidden.view(), common::CLOSE);
        let logits = [fast.logits, kept.logits].map(|logits| logits.expect("logits"));
        assert_close(logits[0].view(), logits[1].view(), AGREES);
    });
}

#[test]
fn the_trace_of_every_layer_has_the_weights_of_the_pass() {
    each(|name, _, model, input| {
        for (block, weights) in blocks(model, input) {
            for (layer, weights) in weights.axis_iter(Axis(0)).enumerate() {
                let trace = model.trace(input, block, layer, None).expect("a trace");
                let found = common::array(
                    weights.shape(),
                    trace.cells("weights").expect("weights").to_vec(),
                );
                let close = Tolerance {
                    absolute: 1e-5,
                    relative: 0.0,
                };
                if let Err(miss) = common::compare(&found.view(), &weights, close) {
                    panic!("{name}: {block:?} {layer}: {miss}");
                }
                assert_eq!(trace.config.seeded.len(), 0, "nothing is made up");
                assert_eq!(
                    trace.stage("masked").is_some(),
                    block == Block::Decoder,
                    "{name} {block:?}"
                );
                assert_eq!(
                    trace.stage("memory_embeddings").is_some(),
                    block == Block::Cross,
                    "{name} {block:?}"
                );
                let why = explain(&trace, "query", &[1, 0, 0]).expect("an explanation");
                assert!((f64::from(why.value) - why.exact).abs() < 1e-6, "{name}");
            }
        }
    });
}

#[test]
fn the_trace_of_the_first_layer_begins_with_the_embeddings() {
    for name in ["bert-0", "bert-1"] {
        let checkpoint = Checkpoint::open(name);
        let (model, ids) = (checkpoint.model(), checkpoint.ids("input_ids"));
        let input = ModelInput {
            ids: &ids,
            ..ModelInput::default()
        };
        let tokens: Vec<String> = checkpoint.expected["tokens"]
            .as_array()
            .expect("tokens")
            .iter()
            .map(|token| token.as_str().expect("a string").to_owned())
            .collect();
        let trace = model
            .trace(
                &input,
                Block::Encoder,
                0,
                Some(Tokens::query(tokens.clone())),
            )
            .expect("a trace");
        assert_eq!(trace.tokens.query, tokens);
        let embeddings = checkpoint.float("hidden_states").expect("hidden states");
        let embeddings = embeddings.index_axis(Axis(0), 0);
        let found = trace.cells("embeddings").expect("embeddings").to_vec();
        assert_close(
            common::array(embeddings.shape(), found).view(),
            embeddings,
            AGREES,
        );
    }
}

#[test]
fn a_text_read_token_by_token_is_the_text_read_at_once() {
    each(|name, _, model, input| {
        if name.starts_with("bert") || name.starts_with("vit") {
            assert_eq!(
                model.start(input).err().map(|error| error.code()),
                Some("option"),
                "{name}"
            );
            return;
        }
        let whole = model.run(input, true).expect("a pass");
        let logits = whole.logits.expect("logits");
        let ids = model.first_ids(input).expect("ids");
        for split in [1, 2, ids.len()] {
            let mut generation = model.start(input).expect("a beginning");
            let mut at = 0;
            for part in ids.chunks(split) {
                let step = model.step(&mut generation, part, true).expect("a step");
                at += part.len();
                assert_eq!(generation.tokens(), at);
                let expected = logits.index_axis(Axis(0), at - 1);
                assert_close(
                    Array1::from(step.logits).into_dyn().view(),
                    expected,
                    common::CLOSE,
                );
                for (found, all) in [
                    (step.attentions.decoder, &whole.attentions.decoder),
                    (step.attentions.cross, &whole.attentions.cross),
                ] {
                    let Some(all) = all else {
                        continue;
                    };
                    let found = found.expect("weights");
                    // rows of the new tokens, as far as they see
                    let rows = all.slice_axis(Axis(2), (at - part.len()..at).into());
                    let keys = found.shape()[3];
                    let rows = rows.slice_axis(Axis(3), (0..keys).into());
                    assert_close(found.view(), rows, common::CLOSE);
                }
            }
        }
    });
}

#[test]
fn a_refused_step_leaves_the_text_as_it_was() {
    let checkpoint = Checkpoint::open("gpt2-0");
    let (model, ids) = (checkpoint.model(), checkpoint.ids("input_ids"));
    let input = ModelInput {
        ids: &ids,
        ..ModelInput::default()
    };
    let mut generation = model.start(&input).expect("a beginning");
    model.step(&mut generation, &ids, false).expect("a step");
    for (ids, code) in [
        (&[340][..], "index"),
        (&[], "size"),
        (&[1; 50], "too_many_tokens"),
    ] {
        let error = model
            .step(&mut generation, ids, false)
            .expect_err("refused");
        assert_eq!(error.code(), code);
    }
    let mut other = model.start(&input).expect("a beginning");
    model.step(&mut other, &ids, false).expect("a step");
    let [one, two] =
        [&mut generation, &mut other].map(|text| model.step(text, &[5], false).expect("a step"));
    assert_eq!(one, two);
}

#[test]
fn probabilities_are_a_softmax_at_their_temperature() {
    let logits = [0.0, 1.0, 3.0, f32::NEG_INFINITY];
    for temperature in [0.25, 1.0, 4.0] {
        let likely = probabilities(&logits, temperature).expect("finite logits");
        let sum: f64 = logits
            .iter()
            .map(|&logit| (f64::from(logit) / temperature).exp())
            .sum();
        for (&found, &logit) in likely.iter().zip(&logits) {
            let wanted = (f64::from(logit) / temperature).exp() / sum;
            assert!((f64::from(found) - wanted).abs() < 1e-7, "{found} {wanted}");
        }
        // what is sampled is said to be as likely
        let chosen = sample(&logits, temperature, 1, 0).expect("a sample");
        assert!((chosen.probability - f64::from(likely[chosen.id])).abs() < 1e-7);
    }
    let code = |logits: &[f32], temperature| {
        probabilities(logits, temperature)
            .expect_err("refused")
            .code()
    };
    assert_eq!(code(&logits, 0.0), "option");
    assert_eq!(code(&logits, f64::NAN), "option");
    assert_eq!(code(&[f32::INFINITY], 1.0), "size");
    assert_eq!(code(&[], 1.0), "size");
}

#[test]
fn samples_follow_the_distribution_and_the_seed() {
    let logits = [0.0, 1.0, f32::NEG_INFINITY, 2.0];
    let total: f64 = [0.0_f64, 1.0, 2.0].iter().map(|logit| logit.exp()).sum();
    let largest = sample(&logits, 0.0, 7, 7).expect("a sample");
    assert_eq!(largest.id, 3);
    assert!((largest.probability - 2_f64.exp() / total).abs() < 1e-12);
    let mut counts = [0_u32; 4];
    let draws = 20_000;
    for step in 0..draws {
        let chosen = sample(&logits, 1.0, 1, step).expect("a sample");
        counts[chosen.id] += 1;
        assert_eq!(sample(&logits, 1.0, 1, step).expect("a sample"), chosen);
    }
    for (count, logit) in counts.iter().zip(logits) {
        let share = f64::from(*count) / f64::from(draws);
        let expected = f64::from(logit).exp() / total;
        // five standard deviations
        let allowed = 5.0 * (expected * (1.0 - expected) / f64::from(draws)).sqrt();
        assert!((share - expected).abs() <= allowed, "{counts:?}");
    }
    // a seed is for ever: these are what it draws on every machine
    let drawn = |seed| -> Vec<usize> {
        (0..12)
            .map(|step| sample(&[0.0; 100], 1.0, seed, step).expect("a sample").id)
            .collect()
    };
    assert_ne!(drawn(1), drawn(2));
    assert_eq!(drawn(1), DRAWN);
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            sample(&logits, bad, 1, 0).expect_err("refused").code(),
            "option"
        );
    }
    for bad in [
        &[][..],
        &[f32::NAN, 1.0],
        &[f32::INFINITY],
        &[f32::NEG_INFINITY],
    ] {
        assert_eq!(sample(bad, 1.0, 1, 0).expect_err("refused").code(), "size");
    }
}

/// By another program, out of the published generator.
const DRAWN: [usize; 12] = [36, 94, 4, 77, 21, 77, 62, 24, 17, 24, 61, 92];

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let run = |name: &str, input: &ModelInput| {
        Checkpoint::open(name).model().run(input, false).map(|_| ())
    };
    let image = |shape: &[usize]| common::noise(shape, 1);
    let (small, right) = (image(&[3, 24, 18]), image(&[3, 24, 24]));
    let ids = |ids| ModelInput {
        ids,
        ..ModelInput::default()
    };
    let both = ModelInput {
        pixels: Some(right.view()),
        ..ids(&[1])
    };
    let target = ModelInput {
        target_ids: &[1],
        ..ids(&[1])
    };
    let pixels = ModelInput {
        pixels: Some(small.view()),
        ..ModelInput::default()
    };
    for (name, input, code, expected, found) in [
        ("bert-0", &ids(&[]), "size", "at least 1 token", "0"),
        ("bert-0", &ids(&[1, 142]), "index", "below 142", "142"),
        (
            "bert-0",
            &ids(&[1; 65]),
            "too_many_tokens",
            "at most 64",
            "65",
        ),
        (
            "gpt2-0",
            &ids(&[1; 65]),
            "too_many_tokens",
            "at most 64",
            "65",
        ),
        (
            "bart-0",
            &ids(&[1; 65]),
            "too_many_tokens",
            "at most 64",
            "65",
        ),
        ("bert-0", &both, "option", "ids", "pixels"),
        ("bert-0", &target, "option", "no target", "one"),
        ("gpt2-0", &target, "option", "no target", "one"),
        ("vit-0", &both, "option", "pixels", "ids"),
        ("vit-0", &ids(&[1]), "option", "pixels", "ids"),
        ("vit-0", &ModelInput::default(), "option", "pixels", "none"),
        ("vit-0", &pixels, "shape", "[3, 24, 24]", "[3, 24, 18]"),
    ] {
        let error = run(name, input).expect_err(expected);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(
            error.report().expected.contains(expected),
            "{name}: {error}"
        );
        assert!(error.report().found.contains(found), "{name}: {error}");
    }
    let bert = Checkpoint::open("bert-0").model();
    let trace = |block, layer| {
        bert.trace(&ids(&[1]), block, layer, None)
            .expect_err("refused")
            .code()
    };
    assert_eq!(trace(Block::Encoder, 2), "index");
    assert_eq!(trace(Block::Decoder, 0), "option");
    assert_eq!(trace(Block::Cross, 0), "option");
    let gpt2 = Checkpoint::open("gpt2-0").model();
    assert_eq!(
        gpt2.trace(&ids(&[1]), Block::Cross, 0, None)
            .expect_err("refused")
            .code(),
        "option"
    );
}
