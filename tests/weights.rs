//! Traces of which the weights alone are held: each number is that of the full trace, to the bit.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, Mask, Op, Position, Tokens, Trace, TraceInput, explain, trace_attention,
    trace_weights,
};
use common::{noise, traces};
use proptest::prelude::*;

/// What a full trace has for each pair of tokens, and for each row of them.
const ABSENT: [&str; 10] = [
    "scores", "scaled", "capped", "alibi", "bias", "biased", "masked", "row_max", "shifted", "exp",
];

fn assert_same(name: &str, alone: &Trace, full: &Trace) {
    assert!(ABSENT.iter().all(|id| alone.stage(id).is_none()), "{name}");
    for stage in &alone.stages {
        // a boolean mask is no stage of a full trace
        if stage.id == "mask" {
            continue;
        }
        let other = full.stage(&stage.id).expect("a stage of the full trace");
        assert_eq!((&stage.axes, &stage.shape), (&other.axes, &other.shape));
        let (found, expected) = (alone.cells(&stage.id), full.cells(&stage.id));
        let (found, expected) = (found.expect("cells"), expected.expect("cells"));
        for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
                "{name}: {} at {n}: {found} instead of {expected}",
                stage.id
            );
        }
    }
    let weights = alone.stage("weights").expect("weights");
    assert_eq!(weights.op, Op::Softmax);
    assert_eq!(
        weights.offset + weights.len(),
        alone.data.len(),
        "{name}: weights come last"
    );
    assert_eq!(alone.non_finite_count, full.non_finite_count, "{name}");
}

#[test]
fn every_number_is_that_of_the_full_trace() {
    for (name, alone, full) in traces::alone() {
        assert_same(name, &alone, &full);
    }
}

#[test]
fn hidden_keys_say_why_as_in_the_full_trace() {
    let mut hidden = 0;
    for (name, alone, full) in traces::alone() {
        let Some(masked) = full.stage("masked") else {
            continue;
        };
        for n in 0..masked.len() {
            let [_, queries, keys] = masked.shape[..] else {
                panic!("three axes")
            };
            let index = [n / keys / queries, n / keys % queries, n % keys];
            let reason = |trace: &Trace, id| explain(trace, id, &index).expect("a cell").reason;
            assert_eq!(
                reason(&alone, "weights"),
                reason(&full, "masked"),
                "{name}: {index:?}"
            );
            hidden += usize::from(reason(&alone, "weights").is_some());
        }
    }
    assert!(hidden > 50, "only {hidden} hidden keys");
}

#[test]
fn a_sum_of_values_reads_what_the_full_trace_reads() {
    for (name, alone, full) in traces::alone() {
        let [heads, queries, dim] = full.stage("mixed").expect("a sum").shape[..] else {
            panic!("three axes")
        };
        for n in 0..heads * queries * dim {
            let index = [n / dim / queries, n / dim % queries, n % dim];
            let [found, expected] =
                [&alone, &full].map(|trace| explain(trace, "mixed", &index).expect("a cell"));
            assert_eq!(
                format!("{:?}", found.terms),
                format!("{:?}", expected.terms),
                "{name}: {index:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sizes_and_masks(
        (groups, kv_heads, queries, keys) in (1..3_usize, 1..3_usize, 1..40_usize, 1..40_usize),
        (dim, value_dim, past, seed) in (1..20_usize, 1..20_usize, 0..9_usize, any::<u64>()),
        (causal, left, softcap) in (any::<bool>(), -1..20_i64, any::<bool>()),
        (position, mask) in (0..3_usize, 0..6_usize),
    ) {
        let heads = groups * kv_heads;
        let [q, k, v] = [
            noise(&[heads, queries, dim], seed).mapv(|number| number * 4.0),
            noise(&[kv_heads, keys, dim], seed ^ 1),
            noise(&[kv_heads, keys, value_dim], seed ^ 2),
        ];
        let [past_key, past_value] =
            [dim, value_dim].map(|dim| noise(&[kv_heads, past, dim], seed ^ 3));
        let all = past + keys;
        let shapes = [vec![all], vec![queries, all], vec![heads, 1, all], vec![heads, queries, all]];
        let added = noise(&shapes[mask % 4], seed ^ 4)
            .mapv(|number| if number < -0.6 { f32::NEG_INFINITY } else { number });
        let seen = added.mapv(|number| number != f32::NEG_INFINITY);
        let input = TraceInput {
            q: Some(q.view()),
            k: Some(k.view()),
            v: Some(v.view()),
            past_key: (past > 0).then(|| past_key.view()),
            past_value: (past > 0).then(|| past_value.view()),
            mask: match mask {
                0..4 => Some(Mask::Additive(added.view())),
                4 => Some(Mask::Boolean(seen.view())),
                _ => None,
            },
            position: match position {
                0 => Position::Alibi { slopes: None },
                1 if dim > 1 => Position::Rotary { base: None, dim: Some(dim / 2 * 2), interleaved: false },
                _ => Position::None,
            },
            ..TraceInput::default()
        };
        let config = AttentionConfig {
            heads: Some(heads),
            kv_heads: Some(kv_heads),
            causal,
            window: (left >= 0).then_some([left, -1]),
            softcap: softcap.then_some(1.5),
            ..AttentionConfig::default()
        };
        let full = trace_attention(&input, &config).expect("a good request");
        let alone = trace_weights(&input, &config).expect("a good request");
        assert_same("any", &alone, &full);
    }
}

fn words(count: usize) -> TraceInput<'static> {
    TraceInput {
        tokens: Some(Tokens::query((0..count).map(|n| format!("w{}", n % 97)))),
        head_dim: Some(4),
        ..TraceInput::default()
    }
}

fn heads(heads: usize) -> AttentionConfig {
    AttentionConfig {
        heads: Some(heads),
        causal: true,
        ..AttentionConfig::default()
    }
}

#[test]
fn above_512_tokens_the_weights_are_held_and_sum_to_1() {
    let full = trace_attention(&words(512), &heads(1)).expect("a good request");
    assert!(full.stage("scores").is_some());
    let trace = trace_attention(&words(513), &heads(2)).expect("a good request");
    assert_same("513", &trace, &trace);
    let weights = trace.cells("weights").expect("weights");
    for (row, weights) in weights.chunks_exact(513).enumerate() {
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        assert!((sum - 1.0).abs() < 1e-5, "row {row} sums to {sum}");
        assert!(
            weights[row % 513 + 1..].iter().all(|&weight| weight == 0.0),
            "row {row}"
        );
    }
}

#[test]
fn many_keys_are_mixed_as_in_the_full_trace() {
    let same = |name, input: &TraceInput| {
        let full = trace_attention(input, &heads(2)).expect("a good request");
        let alone = trace_weights(input, &heads(2)).expect("a good request");
        assert_same(name, &alone, &full);
    };
    same("words", &words(510));
    // what no query but the last sees is in no other's sum
    let [q, k, mut v] = [1, 2, 3].map(|seed| noise(&[2, 510, 6], seed));
    v[[1, 509, 5]] = f32::NAN;
    let input = TraceInput {
        q: Some(q.view()),
        k: Some(k.view()),
        v: Some(v.view()),
        ..TraceInput::default()
    };
    same("a value that is no number", &input);
}

#[test]
fn what_does_not_fit_is_refused_with_the_numbers() {
    let refused = |tokens, count| {
        let error = trace_attention(&words(tokens), &heads(count)).expect_err("too much");
        (
            error.code(),
            error.report().expected.clone(),
            error.report().found.clone(),
        )
    };
    let (code, expected, found) = refused(4097, 1);
    assert_eq!(code, "too_many_tokens");
    assert!(
        expected.contains("4096") && found.contains("4097"),
        "{expected}, {found}"
    );
    // nine times 64 MiB are more than a tensor may have, and eight are not
    let (code, expected, found) = refused(4096, 9);
    assert_eq!(code, "too_large");
    assert!(
        expected.contains("weights of at most 536870912 bytes"),
        "{expected}"
    );
    assert!(found.contains("603979776 bytes"), "{found}");
}
