//! Numbers that the caller sets: what they replace, and what follows from them.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, Edit, Error, LinearConfig, LinearRule, LinearTraceInput, Mask, Op, Stage,
    Tokens, Trace, TraceInput, explain, trace_attention, trace_linear_attention, trace_weights,
};
use common::{array, indices, noise, traces};
use ndarray::ArrayD;
use std::cell::RefCell;
use std::collections::HashSet;

thread_local! {
    static EDITS: RefCell<Vec<Edit>> = const { RefCell::new(Vec::new()) };
}

fn edit(stage: &str, index: &[i64], value: f32) -> Edit {
    Edit {
        stage: stage.to_owned().into(),
        index: index.to_vec(),
        value,
    }
}

/// The input with the edits of the case.
fn with_edits<'a>(input: &TraceInput<'a>) -> TraceInput<'a> {
    TraceInput {
        edits: EDITS.with_borrow(Clone::clone),
        ..input.clone()
    }
}

fn edited(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    trace_attention(&with_edits(input), config)
}

fn edited_alone(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    trace_weights(&with_edits(input), config)
}

fn edited_linear(input: &LinearTraceInput, config: &LinearConfig) -> Result<Trace, Error> {
    let mut input = input.clone();
    input.tokens = with_edits(&input.tokens);
    trace_linear_attention(&input, config)
}

/// Only where every trace has such a cell: one that has not refuses, and is left out.
fn lenient(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    edited(input, config).or_else(|_| trace_attention(input, config))
}

fn lenient_alone(input: &TraceInput, config: &AttentionConfig) -> Result<Trace, Error> {
    edited_alone(input, config).or_else(|_| trace_weights(input, config))
}

fn lenient_linear(input: &LinearTraceInput, config: &LinearConfig) -> Result<Trace, Error> {
    edited_linear(input, config).or_else(|_| trace_linear_attention(input, config))
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[track_caller]
fn assert_same(found: &Trace, expected: &Trace, stages: &[&str]) {
    for id in stages {
        let [found, expected] = [found, expected].map(|trace| trace.cells(id).expect(id));
        assert_eq!(found.len(), expected.len(), "cells of {id}");
        for (n, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                same(found, expected),
                "{id}, cell {n}: {found} instead of {expected}"
            );
        }
    }
}

/// The stages that are made of one, at first or second hand: a state of itself, too, token after token.
fn after(trace: &Trace, id: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    loop {
        let before = found.len();
        for stage in &trace.stages {
            if (stage.from.iter()).any(|from| *from == id || found.contains(&**from)) {
                found.insert(stage.id.to_string());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// A cell that differs from stage to stage.
fn some_cell(stage: &Stage) -> Vec<usize> {
    let all = indices(&stage.shape);
    let n = stage.id.len() * 7 + stage.len() / 2 + 1;
    all[n % all.len()].clone()
}

fn one_ulp(value: f32) -> f64 {
    f64::from(value.abs().next_up()) - f64::from(value.abs())
}

/// Every cell is its operation on the operands that are on show.
fn assert_consistent(name: &str, trace: &Trace) {
    for stage in &trace.stages {
        for index in indices(&stage.shape) {
            let why = explain(trace, &stage.id, &index).expect("a cell");
            let close = same(why.value, why.exact as f32)
                || (f64::from(why.value) - why.exact).abs() <= one_ulp(why.value);
            assert!(
                close,
                "{name}: {}{index:?} is {} but its operands give {}",
                stage.id, why.value, why.exact
            );
        }
    }
}

#[test]
fn every_stage_of_every_trace_can_be_set() {
    let mut runs = 0;
    for (which, (name, plain)) in traces::all().into_iter().enumerate() {
        for stage in &plain.stages {
            let index = some_cell(stage);
            let places: Vec<i64> = index.iter().map(|&place| place as i64).collect();
            EDITS.set(vec![edit(&stage.id, &places, 0.625)]);
            let (_, changed) = traces::all_by(lenient, lenient_linear).swap_remove(which);
            let here = format!("{name}, {}{index:?}", stage.id);
            assert_eq!(changed.stages, plain.stages, "{here}: the table stays");
            assert_eq!(changed.config.edits.len(), 1, "{here}");
            let why = explain(&changed, &stage.id, &index).expect(&here);
            assert_eq!(
                (why.op, why.value, why.exact),
                (Op::Edited, 0.625, 0.625),
                "{here}"
            );
            assert!(why.terms.is_empty(), "{here}");
            let computed = why.constant.expect("what would have stood there");
            let before = explain(&plain, &stage.id, &index).expect(&here).value;
            assert_eq!(computed.name, "computed");
            assert!(
                same(computed.value as f32, before),
                "{here}: computed {}, not {before}",
                computed.value
            );
            let following = after(&plain, &stage.id);
            for other in plain
                .stages
                .iter()
                .filter(|other| !following.contains(&*other.id))
            {
                let [found, expected] =
                    [&changed, &plain].map(|trace| trace.cells(&other.id).expect("a stage"));
                let moved = (0..other.len())
                    .filter(|&n| !same(found[n], expected[n]))
                    .count();
                let most = usize::from(other.id == stage.id);
                assert!(moved <= most, "{here}: {moved} cells of {} moved", other.id);
            }
            assert_consistent(&here, &changed);
            runs += 1;
        }
    }
    assert!(runs > 200, "{runs}");
}

#[test]
fn a_trace_of_the_weights_alone_takes_the_edits_that_it_has_a_place_for() {
    let mut runs = 0;
    for (which, (name, plain, full)) in traces::alone().into_iter().enumerate() {
        for stage in &plain.stages {
            // of the mask it holds less than the full trace
            if full
                .stage(&stage.id)
                .is_none_or(|own| own.shape != stage.shape)
            {
                continue;
            }
            let places: Vec<i64> = some_cell(stage).iter().map(|&place| place as i64).collect();
            EDITS.set(vec![edit(&stage.id, &places, -0.375)]);
            let (_, alone) = traces::attention(lenient_alone).swap_remove(which);
            if stage.id == "weights" {
                assert!(
                    alone.config.edits.is_empty(),
                    "{name}: rows of weights cannot be set"
                );
                continue;
            }
            let (_, full) = traces::attention(lenient).swap_remove(which);
            let ids: Vec<&str> = (plain.stages.iter())
                .map(|stage| &*stage.id)
                .filter(|id| *id != "mask" && full.stage(id).is_some())
                .collect();
            assert_same(&alone, &full, &ids);
            runs += 1;
        }
    }
    assert!(runs > 80, "{runs}");
}

#[test]
fn edited_queries_keys_and_values_are_as_good_as_given_ones() {
    let input = TraceInput {
        tokens: Some(Tokens::query(["a", "b", "c", "d"])),
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        heads: Some(2),
        causal: true,
        ..AttentionConfig::default()
    };
    let plain = trace_attention(&input, &config).expect("a good request");
    let edits = vec![
        edit("query", &[1, 2, 3], 1.5),
        edit("key", &[-1, 1, -1], -0.25),
        edit("value", &[0, -1, 0], 0.0),
    ];
    let changed = trace_attention(&TraceInput { edits, ..input }, &config).expect("good edits");
    let given = |id: &str, change: &dyn Fn(&[usize]) -> Option<f32>| {
        let shape = &plain.stage(id).expect(id).shape;
        let mut given = array(shape, plain.cells(id).expect(id).to_vec());
        for index in indices(shape) {
            if let Some(value) = change(&index) {
                given[&index[..]] = value;
            }
        }
        given
    };
    let q = given("query", &|at| (at == [1, 2, 3]).then_some(1.5));
    let k = given("key", &|at| (at[1] == 1).then_some(-0.25));
    let v = given("value", &|at| (at[0] == 0 && at[2] == 0).then_some(0.0));
    let wo = plain.cells("w_output").expect("an output").to_vec();
    let wo = array(&plain.stage("w_output").expect("an output").shape, wo);
    let again = TraceInput {
        q: Some(q.view()),
        k: Some(k.view()),
        v: Some(v.view()),
        ..TraceInput::default()
    };
    let again = trace_attention(&again, &config).expect("a good request");
    let same = [
        "query", "key", "value", "scores", "scaled", "masked", "row_max", "exp", "row_sum",
        "weights", "mixed", "concat",
    ];
    assert_same(&changed, &again, &same);
    // and so is the output
    let concat = again.cells("concat").expect("joined heads");
    let &[channels, width] = wo.shape() else {
        panic!("a matrix")
    };
    let output = changed.cells("output").expect("an output");
    for (n, &found) in output.iter().enumerate() {
        let (i, w) = (n / width, n % width);
        let sum: f64 = (0..channels)
            .map(|c| f64::from(concat[i * channels + c]) * f64::from(wo[[c, w]]))
            .fold(0.0, |sum, product| sum + product);
        assert_eq!(found, sum as f32, "output {i}, {w}");
    }
}

/// Query (1, 0), keys (1, 0) and (0, 1), values 2 and 4, scale 1: the scores are 1 and 0.
fn small(edits: Vec<Edit>) -> Trace {
    let q = array(&[1, 1, 2], vec![1.0, 0.0]);
    let k = array(&[1, 2, 2], vec![1.0, 0.0, 0.0, 1.0]);
    let v = array(&[1, 2, 1], vec![2.0, 4.0]);
    let input = TraceInput {
        q: Some(q.view()),
        k: Some(k.view()),
        v: Some(v.view()),
        edits,
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        heads: Some(1),
        scale: Some(1.0),
        ..AttentionConfig::default()
    };
    trace_attention(&input, &config).expect("a good request")
}

#[test]
fn a_case_worked_out_by_hand() {
    assert_eq!(small(vec![]).cells("scores"), Some(&[1.0, 0.0][..]));
    assert!(small(vec![]).config.edits.is_empty());
    // alike scores share alike
    let even = small(vec![edit("scores", &[0, 0, 1], 1.0)]);
    assert_eq!(even.cells("weights"), Some(&[0.5, 0.5][..]));
    assert_eq!(even.cells("mixed"), Some(&[3.0][..]));
    // without the value of the second key, half of the first one's
    let dropped = small(vec![
        edit("scores", &[0, 0, 1], 1.0),
        edit("value", &[-1, 1, -1], 0.0),
    ]);
    assert_eq!(dropped.cells("mixed"), Some(&[1.0][..]));
    // a weight that is set is not shared out again
    let more = small(vec![
        edit("scores", &[0, 0, 1], 1.0),
        edit("weights", &[0, 0, 0], 1.0),
    ]);
    assert_eq!(more.cells("weights"), Some(&[1.0, 0.5][..]));
    assert_eq!(more.cells("mixed"), Some(&[4.0][..]));
    assert_eq!(
        small(vec![edit("mixed", &[0, -1, -1], 0.0)]).cells("concat"),
        Some(&[0.0][..])
    );
}

#[test]
fn a_state_that_is_set_is_what_the_next_token_finds() {
    let k = array(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
    let v = array(&[2, 2], vec![3.0, 4.0, 5.0, 6.0]);
    let linear = |edits: Vec<Edit>| {
        let input = LinearTraceInput {
            tokens: TraceInput {
                q: Some(k.view()),
                k: Some(k.view()),
                v: Some(v.view()),
                edits,
                ..TraceInput::default()
            },
            ..LinearTraceInput::default()
        };
        let config = LinearConfig {
            heads: 1,
            rule: LinearRule::Linear,
            ..LinearConfig::default()
        };
        trace_linear_attention(&input, &config).expect("a good request")
    };
    let changed = linear(vec![edit("state", &[0, 0, 0, 0], 10.0)]);
    assert_eq!(
        changed.cells("state"),
        Some(&[10.0, 4.0, 0.0, 0.0, 10.0, 4.0, 5.0, 6.0][..])
    );
    assert_eq!(changed.cells("read"), Some(&[10.0, 4.0, 5.0, 6.0][..]));
    // all states: what would have stood in the second follows from the first as it is
    let zeros = linear(vec![edit("state", &[-1, -1, -1, -1], 0.0)]);
    assert_eq!(zeros.cells("read"), Some(&[0.0; 4][..]));
    let why = explain(&zeros, "state", &[0, 1, 0, 0]).expect("a cell");
    assert_eq!(why.constant.map(|computed| computed.value), Some(0.0));
    let why = explain(&zeros, "state", &[0, 0, 0, 0]).expect("a cell");
    assert_eq!(why.constant.map(|computed| computed.value), Some(3.0));
}

#[test]
fn later_edits_win_and_what_was_computed_is_remembered() {
    let trace = small(vec![
        edit("value", &[0, 1, 0], 7.0),
        edit("value", &[-1, -1, -1], 1.0),
        edit("value", &[0, 0, 0], 6.0),
    ]);
    assert_eq!(trace.cells("value"), Some(&[6.0, 1.0][..]));
    for (index, given) in [([0, 0, 0], 2.0), ([0, 1, 0], 4.0)] {
        let why = explain(&trace, "value", &index).expect("a cell");
        assert_eq!(why.constant.map(|computed| computed.value), Some(given));
    }
    let listed: Vec<_> = trace
        .config
        .edits
        .iter()
        .map(|edit| (edit.index.clone(), edit.value))
        .collect();
    assert_eq!(
        listed,
        [
            (vec![0, 1, 0], 7.0),
            (vec![-1, -1, -1], 1.0),
            (vec![0, 0, 0], 6.0)
        ]
    );
}

/// Two heads on three tokens.
fn masked(mask: Mask<'_>, edits: Vec<Edit>) -> Trace {
    let input = TraceInput {
        tokens: Some(Tokens::query(["a", "b", "c"])),
        mask: Some(mask),
        edits,
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        heads: Some(2),
        ..AttentionConfig::default()
    };
    trace_attention(&input, &config).expect("a good request")
}

#[test]
fn a_key_is_hidden_and_shown_by_edits_as_by_a_mask() {
    let hide = |seen: &[bool]| ArrayD::from_shape_vec(vec![3], seen.to_vec()).expect("three keys");
    let (all, some) = (hide(&[true; 3]), hide(&[true, false, true]));
    let run = |seen: &ArrayD<bool>, edits| masked(Mask::Boolean(seen.view()), edits);
    let rest = [
        "masked", "row_max", "shifted", "exp", "row_sum", "weights", "mixed", "output",
    ];
    let hidden = run(&all, vec![edit("masked", &[-1, -1, 1], f32::NEG_INFINITY)]);
    assert_same(&hidden, &run(&some, vec![]), &rest);
    let why = explain(&hidden, "masked", &[1, 2, 1]).expect("a cell");
    assert_eq!(why.reason, None);
    assert!(
        why.constant
            .is_some_and(|computed| computed.value.is_finite())
    );
    // of what the mask hides, the score says what would have stood there
    let plain = run(&all, vec![]);
    let shown = (0..18).filter(|n| n % 3 == 1).map(|n| {
        let index = [n / 9, n / 3 % 3, 1].map(|place: usize| place as i64);
        edit("masked", &index, plain.cells("scaled").expect("scores")[n])
    });
    let shown = run(&some, shown.collect());
    assert_same(&shown, &plain, &rest);
    let why = explain(&shown, "masked", &[1, 2, 1]).expect("a cell");
    assert_eq!(
        why.constant.map(|computed| computed.value),
        Some(f64::NEG_INFINITY)
    );
    // a weight that a hidden key is given counts
    let given = run(&some, vec![edit("weights", &[-1, -1, 1], 0.5)]);
    let why = explain(&given, "mixed", &[0, 0, 0]).expect("a cell");
    assert_eq!(why.terms.len(), 3);
    assert_consistent("a weight of a hidden key", &given);
}

#[test]
fn a_bias_that_is_set_hides_and_shows() {
    let run = |change: Option<f32>, edits: Vec<Edit>| {
        let mut added = noise(&[2, 3, 3], 4);
        added[[0, 1, 2]] = f32::NEG_INFINITY;
        added[[1, 0, 0]] = change.unwrap_or(f32::NEG_INFINITY);
        masked(Mask::Additive(added.view()), edits)
    };
    let rest = ["bias", "biased", "masked", "weights", "mixed", "output"];
    let shown = run(None, vec![edit("bias", &[1, 0, 0], 0.5)]);
    assert_same(&shown, &run(Some(0.5), vec![]), &rest);
    let hidden = run(Some(0.5), vec![edit("bias", &[1, 0, 0], f32::NEG_INFINITY)]);
    assert_same(&hidden, &run(None, vec![]), &rest);
}

#[test]
fn what_cannot_be_set_is_refused() {
    let refused = |edit: Edit, alone: bool| {
        let input = TraceInput {
            tokens: Some(Tokens::query(["a", "b", "c"])),
            edits: vec![edit],
            ..TraceInput::default()
        };
        let config = AttentionConfig {
            heads: Some(2),
            ..AttentionConfig::default()
        };
        let run = if alone {
            trace_weights
        } else {
            trace_attention
        };
        let error = run(&input, &config).expect_err("a refusal");
        let report = error.report();
        (error.code(), report.expected.clone(), report.found.clone())
    };
    let within = |id: &str, shape: &str| {
        format!("an edit of {id} at an index within {shape}, -1 for all along an axis")
    };
    let (code, expected, found) = refused(edit("masked", &[0, 0, 0], 1.0), false);
    assert_eq!((code, &*found), ("not_found", "masked"));
    assert!(expected.contains("scaled, row_max"), "{expected}");
    for (index, alone) in [
        (&[0, 0][..], false),
        (&[0, 0, 3], false),
        (&[-2, 0, 0], false),
        (&[0, 0, 0, 0], false),
    ] {
        let (code, expected, found) = refused(edit("scores", index, 1.0), alone);
        assert_eq!((code, expected), ("index", within("scores", "[2, 3, 3]")));
        assert_eq!(found, format!("{index:?}"));
    }
    let (code, expected, found) = refused(edit("scores", &[0, 0, 0], f32::NAN), false);
    assert_eq!(
        (code, &*expected, &*found),
        ("option", "an edit of scores that is a number", "NaN")
    );
    let (code, expected, _) = refused(edit("scores", &[0, 0, 0], 1.0), true);
    assert_eq!(code, "not_found");
    assert!(
        expected.ends_with("weights, mixed, concat, output"),
        "{expected}"
    );
    let (code, expected, found) = refused(edit("weights", &[0, 0, 0], 1.0), true);
    assert_eq!((code, &*found), ("option", "weights"));
    assert!(expected.contains("holds the weights alone"), "{expected}");
}
