//! Every cell of every stage explains itself: the operation on the operands that are returned gives `exact`, and the
//! value is that number rounded to f32 once.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{Explanation, Op, Stage, Trace, explain, trace_attention};
use common::{indices, traces};
use std::collections::{HashMap, HashSet};

/// The cell of the arena, found by the table alone.
fn cell(trace: &Trace, id: &str, index: &[usize]) -> f32 {
    let stage = trace.stage(id).expect("the stage of an operand");
    let place = stage
        .shape
        .iter()
        .zip(index)
        .fold(0, |at, (&extent, &place)| at * extent + place);
    trace.data[stage.offset + place]
}

/// The operation of an explanation, worked out again from what it returns.
fn again(trace: &Trace, stage: &Stage, why: &Explanation) -> f64 {
    let constant = || why.constant.expect("a constant").value;
    let named = |name: &str| assert_eq!(why.constant.map(|constant| constant.name), Some(name));
    let products = || {
        why.terms.iter().map(|term| {
            term.factors
                .iter()
                .fold(1.0, |product, factor| product * f64::from(factor.value))
        })
    };
    let single = |n: usize| {
        assert_eq!(why.terms[n].factors.len(), 1);
        f64::from(why.terms[n].factors[0].value)
    };
    let count = |terms: usize| assert_eq!(why.terms.len(), terms);
    match why.op {
        Op::Given | Op::Seeded | Op::Edited => {
            count(0);
            f64::from(why.value)
        }
        Op::Sinusoid => {
            count(0);
            named("angle");
            let sine = stage.id == "sin" || (stage.id != "cos" && why.index[1].is_multiple_of(2));
            if sine {
                libm::sin(constant())
            } else {
                libm::cos(constant())
            }
        }
        Op::Alibi => {
            count(0);
            named("slope");
            let place = (trace.config.past + why.index[1]) as f64;
            -constant() * (place - why.index[2] as f64).abs()
        }
        Op::Add => {
            count(2);
            single(0) + single(1)
        }
        // without a state before the first token, only the update
        Op::Accumulate => products().sum(),
        Op::Matmul | Op::Affine | Op::Predict | Op::Read | Op::Sum => {
            products().fold(0.0, |sum, product| sum + product)
        }
        Op::Update => {
            count(1);
            products().sum()
        }
        Op::Decay => products().sum(),
        // a feature that passes through has no angle
        Op::Rotate if why.terms.len() == 1 => single(0),
        Op::Rotate => {
            count(2);
            named("sign");
            let products: Vec<f64> = products().collect();
            products[0] + constant() * products[1]
        }
        Op::Scale => {
            count(1);
            named("scale");
            single(0) * constant()
        }
        Op::Softcap => {
            count(1);
            named("softcap");
            constant() * libm::tanh(single(0) / constant())
        }
        Op::Mask => {
            count(1);
            if why.reason.is_some() {
                f64::NEG_INFINITY
            } else {
                single(0)
            }
        }
        Op::Max => why
            .terms
            .iter()
            .map(|term| f64::from(term.factors[0].value))
            .fold(f64::NEG_INFINITY, |max, value| {
                if max.is_nan() || value.is_nan() {
                    f64::NAN
                } else {
                    max.max(value)
                }
            }),
        Op::Subtract | Op::Error => {
            count(2);
            if why.op == Op::Subtract && single(0) == f64::NEG_INFINITY {
                single(0)
            } else {
                single(0) - single(1)
            }
        }
        Op::Exp => {
            count(1);
            libm::exp(single(0))
        }
        Op::Divide => {
            count(2);
            if single(1) == 0.0 {
                0.0
            } else {
                single(0) / single(1)
            }
        }
        Op::Concat => {
            count(1);
            single(0)
        }
        Op::Softmax => weight(why),
    }
}

/// Each term says what it comes to, and what all up to it come to.
fn on_the_way(why: &Explanation, here: &str) {
    let sums = [
        Op::Add,
        Op::Matmul,
        Op::Affine,
        Op::Sum,
        Op::Rotate,
        Op::Decay,
        Op::Predict,
        Op::Update,
        Op::Accumulate,
        Op::Read,
    ];
    let mut sum = 0.0;
    let mut largest = f64::NEG_INFINITY;
    for (n, term) in why.terms.iter().enumerate() {
        let factors = term.factors.iter().map(|factor| f64::from(factor.value));
        let sign = match (why.op, n) {
            (Op::Rotate, 1) => why.constant.expect("a sign").value,
            _ => 1.0,
        };
        let product = sign * factors.product::<f64>();
        assert!(same(term.product, product), "{here}: product {n}");
        sum += product;
        largest = if largest.is_nan() || product.is_nan() {
            f64::NAN
        } else {
            largest.max(product)
        };
        let expected = match why.op {
            Op::Max => Some(largest),
            op if sums.contains(&op) => Some(sum),
            _ => None,
        };
        let met = match (term.running, expected) {
            (Some(found), Some(expected)) => same(found, expected),
            (found, expected) => found == expected,
        };
        assert!(met, "{here}: {:?} after term {n}", term.running);
    }
    if let Some(running) = why.terms.last().and_then(|term| term.running) {
        assert!(same(running, why.exact), "{here}: the last is the result");
    }
}

/// A weight, worked out again from the terms of its score and the constants of its row.
fn weight(why: &Explanation) -> f64 {
    let constant = |name: &str| {
        let found = why.constants.iter().find(|constant| constant.name == name);
        found.map(|constant| constant.value)
    };
    let needed = |name: &str| constant(name).expect("a constant of every softmax");
    if why.reason.is_some() {
        assert!(why.terms.is_empty());
        // nothing out of a sum, if that is a number, and nothing at all in a row that sees nothing
        let sum = needed("row_sum");
        return if sum == 0.0 { 0.0 } else { 0.0 / sum };
    }
    let (mut dot, mut mask) = (0.0, 0.0);
    for term in &why.terms {
        match &term.factors[..] {
            [query, key] => dot += f64::from(query.value) * f64::from(key.value),
            [added] => mask = f64::from(added.value),
            other => panic!("a term of {} factors", other.len()),
        }
    }
    let mut score = dot * needed("scale");
    if let Some(cap) = constant("softcap") {
        score = cap * libm::tanh(score / cap);
    }
    score += constant("alibi").unwrap_or(0.0);
    libm::exp(score + mask - needed("row_max")) / needed("row_sum")
}

/// How far a weight may be from its exact value: each step of its score is rounded once, and a score's error is a factor of
/// the weight.
fn weight_error(why: &Explanation, value: f32) -> f64 {
    let size = why.terms.iter().map(|term| {
        let product = term.factors.iter().map(|factor| f64::from(factor.value));
        product.product::<f64>().abs()
    });
    let row_max = why
        .constants
        .iter()
        .find(|constant| constant.name == "row_max");
    let score = size.sum::<f64>() + row_max.map_or(0.0, |max| max.value.abs());
    let steps = f64::from(f32::EPSILON) * (8.0 + 8.0 * score);
    f64::from(value) * steps + f64::from(f32::MIN_POSITIVE)
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// One unit in the last place of an f32 of this size.
fn ulp(value: f32) -> f64 {
    f64::from(value.abs().next_up()) - f64::from(value.abs())
}

#[test]
fn every_cell_is_its_operation_on_its_operands() {
    let mut cells = 0;
    let mut met = HashSet::new();
    let alone = traces::alone()
        .into_iter()
        .map(|(name, alone, _)| (name, alone));
    for (name, trace) in traces::all().into_iter().chain(alone) {
        for stage in &trace.stages {
            for index in indices(&stage.shape) {
                let here = format!("{name}: {}{index:?}", stage.id);
                let why = explain(&trace, &stage.id, &index).expect(&here);
                cells += 1;
                met.insert(format!("{:?}", why.op));
                let value = cell(&trace, &stage.id, &index);
                assert!(same(why.value.into(), value.into()), "{here}: value");
                on_the_way(&why, &here);
                let again = again(&trace, stage, &why);
                assert!(
                    same(why.exact, again),
                    "{here}: exact {} but the terms give {again}",
                    why.exact
                );
                let difference = (f64::from(why.value) - why.exact).abs();
                if why.op == Op::Softmax {
                    // a score that no f32 holds makes NaN of a row that is finite in f64
                    assert!(
                        same(why.value.into(), why.exact)
                            || difference <= weight_error(&why, why.value)
                            || (name == "overflow" && why.value.is_nan()),
                        "{here}: value {} is {difference:e} from exact {}",
                        why.value,
                        why.exact
                    );
                } else {
                    assert!(
                        same(why.value.into(), f64::from(why.exact as f32))
                            || difference <= ulp(why.value),
                        "{here}: value {} is {difference:e} from exact {}",
                        why.value,
                        why.exact
                    );
                }
                for factor in why.terms.iter().flat_map(|term| &term.factors) {
                    let operand = cell(&trace, &factor.stage, &factor.index);
                    assert!(
                        same(factor.value.into(), operand.into()),
                        "{here}: {factor:?}"
                    );
                    assert!(
                        stage.from.contains(&factor.stage),
                        "{here}: reads {} but names {:?}",
                        factor.stage,
                        stage.from
                    );
                }
            }
        }
    }
    // 24 operations, and not one that no trace has
    assert_eq!(met.len(), 24, "operations met: {met:?}");
    assert!(cells > 5_000, "only {cells} cells");
}

#[test]
fn operands_lead_back_to_cells_without_operands() {
    let alone = traces::alone()
        .into_iter()
        .map(|(name, alone, _)| (name, alone));
    for (name, trace) in traces::all().into_iter().chain(alone) {
        // length of the longest way to the end; none while a cell is on the way
        let mut known: HashMap<(String, Vec<usize>), Option<usize>> = HashMap::new();
        for stage in &trace.stages {
            for index in indices(&stage.shape) {
                let depth = walk(&trace, stage.id.to_string(), index, &mut known);
                let longest = trace.stages.len() * 8;
                assert!(depth <= longest, "{name}: {} is {depth} deep", stage.id);
            }
        }
    }
}

fn walk(
    trace: &Trace,
    id: String,
    index: Vec<usize>,
    known: &mut HashMap<(String, Vec<usize>), Option<usize>>,
) -> usize {
    let key = (id, index);
    if let Some(depth) = known.get(&key) {
        return depth.expect("no cell that is made of itself");
    }
    known.insert(key.clone(), None);
    let why = explain(trace, &key.0, &key.1).expect("an operand");
    let depth = why
        .terms
        .into_iter()
        .flat_map(|term| term.factors)
        .map(|factor| 1 + walk(trace, factor.stage.into_owned(), factor.index, known))
        .max()
        .unwrap_or(0);
    known.insert(key, Some(depth));
    depth
}

#[test]
fn hidden_scores_say_why() {
    let reasons = |name: &str| {
        let (_, trace) = traces::all()
            .into_iter()
            .find(|(own, _)| *own == name)
            .expect("a trace of this name");
        let stage = trace.stage("masked").expect("a mask").clone();
        indices(&stage.shape)
            .into_iter()
            .map(|index| {
                let why = explain(&trace, "masked", &index).expect("a cell");
                assert_eq!(why.reason.is_some(), why.value == f32::NEG_INFINITY);
                why.reason.map(|reason| format!("{reason:?}"))
            })
            .collect::<HashSet<_>>()
    };
    let expected = |names: &[&str]| -> HashSet<Option<String>> {
        names
            .iter()
            .map(|name| Some((*name).to_owned()))
            .chain([None])
            .collect()
    };
    assert_eq!(reasons("seeded"), expected(&["Causal"]));
    assert_eq!(reasons("everything given"), expected(&["Window"]));
    assert_eq!(
        reasons("rows that see nothing"),
        expected(&["Window", "Mask"])
    );
    assert_eq!(
        reasons("grouped heads, rotary, past"),
        expected(&["Causal", "Mask", "Padding"])
    );
    assert_eq!(
        reasons("cross-attention, ALiBi and additive mask"),
        expected(&["Mask"])
    );
}

#[test]
fn stages_stand_in_order_and_fill_the_arena() {
    let order = [
        "embeddings",
        "positions",
        "input",
        "memory_embeddings",
        "memory_positions",
        "memory",
        "w_query",
        "w_key",
        "w_value",
        "w_output",
        "b_query",
        "b_key",
        "b_value",
        "b_output",
        "query",
        "key",
        "value",
        "cos",
        "sin",
        "query_rotated",
        "key_rotated",
        "decay",
        "factor",
        "beta",
        "past_state",
        "decayed",
        "prediction",
        "error",
        "update",
        "state",
        "read",
        "scores",
        "scaled",
        "capped",
        "alibi",
        "mask",
        "bias",
        "biased",
        "masked",
        "row_max",
        "shifted",
        "exp",
        "row_sum",
        "weights",
        "mixed",
        "concat",
        "output",
    ];
    let mut met = HashSet::new();
    for (name, trace) in traces::all() {
        let places: Vec<_> = trace
            .stages
            .iter()
            .map(|stage| order.iter().position(|id| *id == stage.id))
            .collect();
        assert!(places.iter().all(Option::is_some), "{name}: {places:?}");
        assert!(places.is_sorted(), "{name}: {places:?}");
        let mut offset = 0;
        for stage in &trace.stages {
            assert_eq!(stage.offset, offset, "{name}: {}", stage.id);
            assert_eq!(
                stage.axes.len(),
                stage.shape.len(),
                "{name}: axes of {}",
                stage.id
            );
            offset += stage.len();
            met.insert(stage.id.clone());
        }
        assert_eq!(offset, trace.data.len(), "{name}: the arena");
    }
    let missing: Vec<_> = order.iter().filter(|id| !met.contains(**id)).collect();
    // positions of a memory need a cross-attention with added positions: the golden traces have one
    assert_eq!(missing, [&"memory_positions", &"memory"]);
}

#[test]
fn what_is_not_finite_is_counted_and_located() {
    let trace = traces::poisoned(trace_attention);
    assert_eq!(trace.non_finite_count, 2);
    let found: Vec<_> = trace
        .non_finite
        .iter()
        .map(|found| (&*found.stage, found.index.clone(), found.value))
        .collect();
    assert_eq!(
        found,
        [
            ("embeddings", vec![1, 2], "NaN"),
            ("embeddings", vec![3, 0], "Infinity")
        ]
    );
    // the first token sees only itself, which is clean
    let output = trace.cells("output").expect("an output");
    assert!(output[..4].iter().all(|cell| cell.is_finite()));
    assert!(output[4..].iter().any(|cell| cell.is_nan()));
}
