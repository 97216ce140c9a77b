//! Where a number goes: the other way round, from where numbers come from, and nothing else.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, Edit, LinearConfig, LinearTraceInput, Mask, Position, Tokens, Trace,
    TraceInput, explain, trace_attention, trace_linear_attention, trace_weights, uses,
};
use common::{indices, noise, traces};
use ndarray::{ArrayD, IxDyn};
use std::collections::{BTreeMap, BTreeSet};

/// Number of a stage, and an index there.
type Cell = (usize, Vec<usize>);

/// For each cell, those that name it among their factors.
fn by_explaining(trace: &Trace) -> BTreeMap<Cell, BTreeSet<Cell>> {
    let number = |id: &str| {
        trace
            .stages
            .iter()
            .position(|stage| stage.id == id)
            .expect("a stage")
    };
    let mut readers: BTreeMap<Cell, BTreeSet<Cell>> = BTreeMap::new();
    for (n, stage) in trace.stages.iter().enumerate() {
        for index in indices(&stage.shape) {
            let why = explain(trace, &stage.id, &index).expect("a cell");
            for factor in why.terms.into_iter().flat_map(|term| term.factors) {
                let operand = (number(&factor.stage), factor.index);
                readers
                    .entry(operand)
                    .or_default()
                    .insert((n, index.clone()));
            }
        }
    }
    readers
}

/// How many cells were asked, and how many are read by none.
fn assert_inverse(name: &str, trace: &Trace) -> [usize; 2] {
    let readers = by_explaining(trace);
    let mut counts = [0; 2];
    for (n, stage) in trace.stages.iter().enumerate() {
        for index in indices(&stage.shape) {
            let here = format!("{name}: {}{index:?}", stage.id);
            let boxes = uses(trace, &stage.id, &index).expect(&here);
            let mut found = BTreeSet::new();
            let mut last = 0;
            for used in &boxes {
                let by = trace
                    .stages
                    .iter()
                    .position(|stage| stage.id == used.stage)
                    .expect(&here);
                assert!(by >= last, "{here}: stage by stage");
                last = by;
                let extents: Vec<usize> = used
                    .from
                    .iter()
                    .zip(&used.to)
                    .map(|(from, to)| to - from)
                    .collect();
                assert!(!extents.contains(&0), "{here}: an empty box");
                for offset in indices(&extents) {
                    let cell = offset
                        .iter()
                        .zip(&used.from)
                        .map(|(offset, from)| offset + from)
                        .collect();
                    assert!(found.insert((by, cell)), "{here}: a cell in two boxes");
                }
            }
            let expected = readers.get(&(n, index)).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{here}");
            counts[0] += 1;
            counts[1] += usize::from(found.is_empty());
        }
    }
    counts
}

#[test]
fn uses_are_the_other_side_of_explaining() {
    let alone = traces::alone()
        .into_iter()
        .map(|(name, alone, _)| (name, alone));
    let mut asked = 0;
    for (name, trace) in traces::all().into_iter().chain(alone) {
        asked += assert_inverse(name, &trace)[0];
    }
    assert!(asked > 5000, "{asked}");
}

/// Sets a cell of every second stage, and all of one key's weights.
fn edits_of(trace: &Trace) -> Vec<Edit> {
    let mut edits = Vec::new();
    for stage in trace.stages.iter().skip(1).step_by(2) {
        let middle = stage.shape.iter().map(|&extent| extent as i64 / 2);
        edits.push(Edit {
            stage: stage.id.clone(),
            index: middle.collect(),
            value: 0.5,
        });
    }
    if let Some(masked) = trace.stage("masked") {
        edits.push(Edit {
            stage: masked.id.clone(),
            index: vec![-1, -1, 0],
            value: f32::NEG_INFINITY,
        });
    }
    edits
}

#[test]
fn edited_cells_read_nothing_and_are_read() {
    let attention: traces::Tracer = |input, config| {
        let edits = edits_of(&trace_attention(input, config)?);
        trace_attention(
            &TraceInput {
                edits,
                ..input.clone()
            },
            config,
        )
    };
    let alone: traces::Tracer = |input, config| {
        let mut edits = edits_of(&trace_weights(input, config)?);
        edits.retain(|edit| edit.stage != "weights");
        trace_weights(
            &TraceInput {
                edits,
                ..input.clone()
            },
            config,
        )
    };
    let linear: traces::LinearTracer = |input: &LinearTraceInput, config: &LinearConfig| {
        let mut input = input.clone();
        let edits = edits_of(&trace_linear_attention(&input, config)?);
        input.tokens.edits = edits;
        trace_linear_attention(&input, config)
    };
    for (name, trace) in traces::all_by(attention, linear)
        .into_iter()
        .chain(traces::attention(alone))
    {
        assert!(!trace.config.edits.is_empty(), "{name}");
        assert_inverse(name, &trace);
    }
}

/// Choices drawn one after the other.
struct Draw(u64);

impl Draw {
    fn of(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn maybe(&mut self) -> bool {
        self.of(2) == 0
    }
}

/// A small attention with options that were drawn.
fn drawn(seed: u64) -> [Trace; 2] {
    let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (kv_heads, group) = (1 + draw.of(2), 1 + draw.of(3));
    let heads = kv_heads * group;
    let (queries, others, past) = (1 + draw.of(3), 1 + draw.of(3), draw.of(3));
    let (dim, value_dim, width) = (1 + draw.of(4), 1 + draw.of(3), 1 + draw.of(4));
    let (direct, cross) = (draw.of(3) == 0, draw.of(3) == 0);
    let keys = past + if cross || direct { others } else { queries };
    let (q, k, v) = (
        noise(&[heads, queries, dim], seed),
        noise(&[kv_heads, others, dim], seed ^ 1),
        noise(&[kv_heads, others, value_dim], seed ^ 2),
    );
    let matrix = |shape: [usize; 2], salt: u64| noise(&shape, seed ^ salt);
    let (x, memory) = (matrix([queries, width], 3), matrix([others, width], 4));
    let (wq, wk) = (
        matrix([width, heads * dim], 5),
        matrix([width, kv_heads * dim], 6),
    );
    let (wv, wo) = (
        matrix([width, kv_heads * value_dim], 7),
        matrix([heads * value_dim, width], 8),
    );
    let (bq, bk) = (noise(&[heads * dim], 9), noise(&[kv_heads * dim], 10));
    let (bv, bo) = (noise(&[kv_heads * value_dim], 11), noise(&[width], 12));
    let (past_key, past_value) = (
        noise(&[kv_heads, past, dim], 13),
        noise(&[kv_heads, past, value_dim], 14),
    );
    let axes = draw.of(3);
    let reach = keys - draw.of(2).min(keys - 1);
    let full = [heads, queries, reach];
    let added = noise(&full[axes..], seed ^ 15)
        .mapv(|cell| if cell > 0.4 { f32::NEG_INFINITY } else { cell });
    let seen = ArrayD::from_shape_fn(IxDyn(&full[axes..]), |at| added[at] < 0.2);
    let mask = match draw.of(4) {
        0 => Some(Mask::Boolean(seen.view())),
        1 => Some(Mask::Additive(added.view())),
        _ => None,
    };
    let table = matrix([12, width], 16);
    let position = match draw.of(6) {
        0 => Position::Sinusoidal,
        1 => Position::Learned(table.view()),
        2 | 3 if dim > 1 => Position::Rotary {
            base: None,
            dim: draw.maybe().then_some(2),
            interleaved: draw.maybe(),
        },
        4 => Position::Alibi { slopes: None },
        _ => Position::None,
    };
    let position = match position {
        Position::Rotary {
            base,
            dim: None,
            interleaved,
        } if dim % 2 == 1 => Position::Rotary {
            base,
            dim: Some(2),
            interleaved,
        },
        Position::Sinusoidal | Position::Learned(_) if direct => Position::None,
        other => other,
    };
    let (biased, output) = (draw.maybe(), draw.maybe());
    let names = |count: usize| (0..count).map(|n| format!("t{n}"));
    let mut input = TraceInput {
        mask,
        position,
        past_key: (past > 0).then(|| past_key.view()),
        past_value: (past > 0).then(|| past_value.view()),
        tokens: (!direct).then(|| match cross {
            true => Tokens::cross(names(queries), names(others)),
            false => Tokens::query(names(queries)),
        }),
        ..TraceInput::default()
    };
    if direct {
        (input.q, input.k, input.v) = (Some(q.view()), Some(k.view()), Some(v.view()));
    } else {
        (input.x, input.wq) = (Some(x.view()), Some(wq.view()));
        (input.wk, input.wv) = (Some(wk.view()), Some(wv.view()));
        input.memory = cross.then(|| memory.view());
        if biased {
            (input.bq, input.bk, input.bv) = (Some(bq.view()), Some(bk.view()), Some(bv.view()));
        }
        if output {
            input.wo = Some(wo.view());
            input.bo = biased.then(|| bo.view());
        }
    }
    let config = AttentionConfig {
        heads: Some(heads),
        kv_heads: Some(kv_heads),
        causal: draw.maybe(),
        window: draw
            .maybe()
            .then(|| [draw.of(3) as i64 - 1, draw.of(3) as i64 - 1]),
        softcap: draw.maybe().then_some(1.5),
        ..AttentionConfig::default()
    };
    [trace_attention, trace_weights].map(|trace| trace(&input, &config).expect("a good request"))
}

#[test]
fn uses_are_the_other_side_of_explaining_whatever_the_options() {
    let mut stages = BTreeSet::new();
    let (mut asked, mut unread) = (0, 0);
    for seed in 0..200 {
        for (kind, trace) in ["full", "alone"].iter().zip(drawn(seed)) {
            let [cells, nowhere] = assert_inverse(&format!("seed {seed}, {kind}"), &trace);
            (asked, unread) = (asked + cells, unread + nowhere);
            stages.extend(trace.stages.iter().map(|stage| stage.id.to_string()));
        }
    }
    for id in [
        "memory",
        "positions",
        "query_rotated",
        "alibi",
        "mask",
        "bias",
        "masked",
        "capped",
        "b_query",
        "b_output",
        "output",
    ] {
        assert!(stages.contains(id), "no trace has {id}");
    }
    assert!(
        unread > 0 && unread < asked / 2,
        "{unread} of {asked} go nowhere"
    );
}

#[test]
fn boxes_are_as_large_as_they_can_be() {
    let trace = traces::seeded(trace_attention);
    let box_of = |stage: &str, index: &[usize]| -> Vec<(String, Vec<usize>, Vec<usize>)> {
        let uses = uses(&trace, stage, index).expect("a cell");
        uses.into_iter()
            .map(|used| (used.stage.into_owned(), used.from, used.to))
            .collect()
    };
    // a key meets all queries; what it is worth mixes into the queries after it alone
    assert_eq!(
        box_of("key", &[1, 2, 0]),
        [("scores".to_owned(), vec![1, 0, 2], vec![2, 5, 3])]
    );
    assert_eq!(
        box_of("value", &[1, 2, 3]),
        [("mixed".to_owned(), vec![1, 2, 3], vec![2, 5, 4])]
    );
    let input = box_of("input", &[2, 1]);
    let names: Vec<_> = input.iter().map(|(stage, ..)| &**stage).collect();
    assert_eq!(names, ["query", "key", "value"]);
    assert_eq!(input[0], ("query".to_owned(), vec![0, 2, 0], vec![2, 3, 8]));
    assert!(box_of("output", &[2, 1]).is_empty());
}

#[test]
fn what_is_not_there_goes_nowhere() {
    let trace = traces::seeded(trace_attention);
    for (stage, index, code) in [
        ("nowhere", &[0, 0][..], "not_found"),
        ("scores", &[0, 0], "index"),
        ("scores", &[0, 0, 9], "index"),
    ] {
        let error = uses(&trace, stage, index).expect_err("a refusal");
        assert_eq!((error.code(), error.report().operation), (code, "uses"));
    }
}
