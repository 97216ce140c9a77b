//! Traces that together meet every operation and every stage.

use super::noise;
use attention_playground::{
    AttentionConfig, Error, LinearConfig, LinearRule, LinearTraceInput, Mask, Position, Tokens,
    Trace, TraceInput, trace_attention, trace_linear_attention, trace_weights,
};
use ndarray::{ArrayD, IxDyn};

const WORDS: [&str; 5] = ["the", "cat", "saw", "the", "dog"];

fn words() -> Option<Tokens> {
    Some(Tokens::query(WORDS))
}

fn heads(heads: usize) -> AttentionConfig {
    AttentionConfig {
        heads: Some(heads),
        ..AttentionConfig::default()
    }
}

/// Whole, or of the pairs of tokens the weights alone.
pub type Tracer = fn(&TraceInput, &AttentionConfig) -> Result<Trace, Error>;

/// Attention, each with a name for the message of a failure.
pub fn attention(trace: Tracer) -> Vec<(&'static str, Trace)> {
    vec![
        ("seeded", seeded(trace)),
        ("everything given", given(trace)),
        ("grouped heads, rotary, past", rotary_past(trace, false)),
        (
            "grouped heads, rotary interleaved, past",
            rotary_past(trace, true),
        ),
        ("cross-attention, ALiBi and additive mask", cross(trace)),
        ("rows that see nothing", blind(trace)),
        ("NaN and infinity", poisoned(trace)),
        ("overflow", overflow(trace)),
    ]
}

/// Attention of which the weights alone are held, beside the full trace of the same input.
pub fn alone() -> Vec<(&'static str, Trace, Trace)> {
    let pairs = attention(trace_weights)
        .into_iter()
        .zip(attention(trace_attention));
    pairs
        .map(|((name, alone), (_, full))| (name, alone, full))
        .collect()
}

/// Every trace that holds everything.
pub fn all() -> Vec<(&'static str, Trace)> {
    all_by(trace_attention, trace_linear_attention)
}

pub type LinearTracer = fn(&LinearTraceInput, &LinearConfig) -> Result<Trace, Error>;

/// The same by other means.
pub fn all_by(trace: Tracer, linear: LinearTracer) -> Vec<(&'static str, Trace)> {
    let mut traces = attention(trace);
    for rule in [
        LinearRule::Linear,
        LinearRule::Gated,
        LinearRule::Delta,
        LinearRule::GatedDelta,
    ] {
        traces.push(("recurrence", recurrence(linear, rule, true)));
        traces.push(("recurrence without a past", recurrence(linear, rule, false)));
    }
    traces
}

/// Nothing but words: embeddings, weights and all are drawn by the seed.
pub fn seeded(trace: Tracer) -> Trace {
    let input = TraceInput {
        tokens: words(),
        position: Position::Sinusoidal,
        seed: 7,
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        causal: true,
        softcap: Some(2.0),
        ..heads(2)
    };
    trace(&input, &config).expect("a good request")
}

/// Embeddings, weights and biases given, learned positions, a window.
fn given(trace: Tracer) -> Trace {
    let names = ["x", "wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo", "table"];
    let shapes: [&[usize]; 10] = [
        &[4, 6],
        &[6, 8],
        &[6, 8],
        &[6, 10],
        &[10, 6],
        &[8],
        &[8],
        &[10],
        &[6],
        &[9, 6],
    ];
    let [x, wq, wk, wv, wo, bq, bk, bv, bo, table]: [ArrayD<f32>; 10] =
        std::array::from_fn(|n| noise(shapes[n], names[n].len() as u64 * 31 + n as u64));
    let input = TraceInput {
        x: Some(x.view()),
        wq: Some(wq.view()),
        wk: Some(wk.view()),
        wv: Some(wv.view()),
        wo: Some(wo.view()),
        bq: Some(bq.view()),
        bk: Some(bk.view()),
        bv: Some(bv.view()),
        bo: Some(bo.view()),
        position: Position::Learned(table.view()),
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        window: Some([1, 0]),
        scale: Some(0.7),
        ..heads(2)
    };
    trace(&input, &config).expect("a good request")
}

/// Four query heads on two key heads, partial rotation, two past tokens, a boolean mask that is too short.
fn rotary_past(trace: Tracer, interleaved: bool) -> Trace {
    let (past_key, past_value) = (noise(&[2, 2, 6], 1), noise(&[2, 2, 6], 2));
    let seen = ArrayD::from_shape_fn(IxDyn(&[3, 4]), |at| at[1] != at[0] + 1);
    let input = TraceInput {
        tokens: Some(Tokens::query(["a", "b", "a"])),
        past_key: Some(past_key.view()),
        past_value: Some(past_value.view()),
        head_dim: Some(6),
        position: Position::Rotary {
            base: Some(100.0),
            dim: Some(4),
            interleaved,
        },
        mask: Some(Mask::Boolean(seen.view())),
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        causal: true,
        kv_heads: Some(2),
        ..heads(4)
    };
    trace(&input, &config).expect("a good request")
}

/// Keys of another text, values of another size, slopes and a mask that is added.
fn cross(trace: Tracer) -> Trace {
    let memory = noise(&[6, 4], 5);
    let mut added = noise(&[3, 2, 6], 6);
    added[[1, 1, 4]] = f32::NEG_INFINITY;
    let input = TraceInput {
        tokens: Some(Tokens::cross(["x", "y"], ["a", "b", "c", "d", "e", "f"])),
        memory: Some(memory.view()),
        width: Some(4),
        head_dim: Some(3),
        position: Position::Alibi { slopes: None },
        mask: Some(Mask::Additive(added.view())),
        ..TraceInput::default()
    };
    trace(&input, &heads(3)).expect("a good request")
}

/// A mask that hides a whole row, and one that hides what a window leaves.
fn blind(trace: Tracer) -> Trace {
    let (q, k, v) = (
        noise(&[2, 4, 3], 7),
        noise(&[2, 4, 3], 8),
        noise(&[2, 4, 5], 9),
    );
    let seen = ArrayD::from_shape_fn(IxDyn(&[4, 4]), |at| at[0] != 1 && at[1] != 3);
    let input = TraceInput {
        q: Some(q.view()),
        k: Some(k.view()),
        v: Some(v.view()),
        mask: Some(Mask::Boolean(seen.view())),
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        window: Some([0, 0]),
        ..heads(2)
    };
    trace(&input, &config).expect("a good request")
}

/// NaN and infinity where they can be seen and where they cannot.
pub fn poisoned(trace: Tracer) -> Trace {
    let mut x = noise(&[4, 4], 10);
    x[[1, 2]] = f32::NAN;
    x[[3, 0]] = f32::INFINITY;
    let input = TraceInput {
        x: Some(x.view()),
        ..TraceInput::default()
    };
    let config = AttentionConfig {
        causal: true,
        ..heads(2)
    };
    trace(&input, &config).expect("a good request")
}

/// Products beyond what an f32 holds.
fn overflow(trace: Tracer) -> Trace {
    let q = noise(&[1, 3, 2], 11).mapv(|cell| cell * 1e30);
    let input = TraceInput {
        q: Some(q.view()),
        k: Some(q.view()),
        v: Some(q.view()),
        ..TraceInput::default()
    };
    trace(&input, &heads(1)).expect("a good request")
}

/// A recurrence over words, with an output; or over given matrices, with a state to begin with.
fn recurrence(trace: LinearTracer, rule: LinearRule, past: bool) -> Trace {
    let (q, k, v) = (
        noise(&[3, 12], 12),
        noise(&[3, 6], 13),
        noise(&[2, 3, 4], 14),
    );
    let decay = noise(&[3, if past { 6 } else { 2 }], 15).mapv(|cell| -cell.abs());
    let beta = noise(&[3, if past { 2 } else { 1 }], 16).mapv(f32::abs);
    let state = noise(&[2, 3, 4], 17);
    let tokens = if past {
        TraceInput {
            q: Some(q.view()),
            k: Some(k.view()),
            v: Some(v.view()),
            ..TraceInput::default()
        }
    } else {
        TraceInput {
            tokens: Some(Tokens::query(["a", "b", "a"])),
            head_dim: Some(3),
            position: Position::Sinusoidal,
            ..TraceInput::default()
        }
    };
    let input = LinearTraceInput {
        tokens,
        decay: rule.decays().then(|| decay.view()),
        beta: rule.corrects().then(|| beta.view()),
        past_state: past.then(|| state.view()),
    };
    let config = LinearConfig {
        heads: 4,
        kv_heads: Some(2),
        rule,
        ..LinearConfig::default()
    };
    trace(&input, &config).expect("a good request")
}
