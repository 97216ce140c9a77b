//! Numbers from elsewhere: `golden/make.py` works them out with NumPy in float64, straight from the papers, and holds
//! them against JAX's `dot_product_attention` where that covers a case.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, AttentionInput, LinearConfig, LinearRule, LinearTraceInput, Mask, Position,
    ScoresKind, Trace, TraceInput, compute_attention, trace_attention, trace_linear_attention,
};
use common::{CLOSE, array, compare};
use ndarray::{ArrayD, ArrayViewD};
use serde_json::Value;
use std::collections::BTreeMap;

fn golden(kind: &str) -> Vec<Value> {
    let mut file: Value =
        serde_json::from_str(include_str!("golden/golden.json")).expect("a JSON file");
    let Value::Array(cases) = file[kind].take() else {
        panic!("a list of {kind} cases")
    };
    cases
}

fn tensors(json: &Value) -> BTreeMap<String, ArrayD<f32>> {
    let tensor = |tensor: &Value| {
        let list = |name: &str| tensor[name].as_array().expect("a list").clone();
        let shape: Vec<usize> = list("shape")
            .iter()
            .map(|extent| extent.as_u64().expect("a size") as usize)
            .collect();
        let number = |cell: &Value| match cell {
            Value::String(name) => name.parse::<f64>().expect("inf or nan"),
            cell => cell.as_f64().expect("a number"),
        };
        array(
            &shape,
            list("data")
                .iter()
                .map(|cell| number(cell) as f32)
                .collect(),
        )
    };
    let object = json.as_object().expect("named tensors");
    object
        .iter()
        .map(|(name, json)| (name.clone(), tensor(json)))
        .collect()
}

struct Case {
    name: String,
    options: Value,
    inputs: BTreeMap<String, ArrayD<f32>>,
    expected: BTreeMap<String, ArrayD<f32>>,
}

impl Case {
    fn of(json: &Value) -> Self {
        Case {
            name: json["name"].as_str().expect("a name").to_owned(),
            options: json["options"].clone(),
            inputs: tensors(&json["inputs"]),
            expected: tensors(&json["expected"]),
        }
    }

    fn view(&self, name: &str) -> Option<ArrayViewD<'_, f32>> {
        self.inputs.get(name).map(|array| array.view())
    }

    fn needed(&self, name: &str) -> ArrayViewD<'_, f32> {
        self.view(name).expect("an input that every case has")
    }

    fn size(&self, name: &str) -> Option<usize> {
        self.options[name].as_u64().map(|size| size as usize)
    }

    fn config(&self) -> AttentionConfig {
        AttentionConfig {
            heads: self.size("heads"),
            kv_heads: self.size("kv_heads"),
            causal: self.options["causal"] == true,
            window: self.options["window"]
                .as_array()
                .map(|sides| [0, 1].map(|side| sides[side].as_i64().expect("a side"))),
            scale: self.options["scale"].as_f64(),
            softcap: self.options["softcap"].as_f64(),
            scores: None,
            rows: None,
        }
    }

    fn check(&self, name: &str, found: &ArrayViewD<f32>) {
        if let Err(miss) = compare(found, &self.expected[name].view(), CLOSE) {
            panic!("{}, {name}: {miss}", self.name);
        }
    }
}

#[test]
fn compute_agrees_with_numpy_and_jax() {
    let cases = golden("compute");
    assert_eq!(cases.len(), 4);
    for case in cases.iter().map(Case::of) {
        let mut input = AttentionInput::new(case.needed("q"), case.needed("k"), case.needed("v"));
        input.mask = case.view("mask").map(Mask::Additive);
        input.past_key = case.view("past_key");
        input.past_value = case.view("past_value");
        let config = AttentionConfig {
            scores: Some(ScoresKind::Weights),
            rows: None,
            ..case.config()
        };
        let result = compute_attention(&input, &config).expect("a good request");
        case.check("output", &result.output.view());
        case.check("scores", &result.scores.expect("asked for").view());
        if let Some(present) = result.present_key {
            case.check("present_key", &present.view());
        }
    }
}

#[test]
fn every_stage_of_a_trace_agrees_with_numpy() {
    let cases = golden("trace");
    assert_eq!(cases.len(), 5);
    for case in cases.iter().map(Case::of) {
        let trace = traced(&case);
        for (name, expected) in &case.expected {
            let Some(cells) = trace.cells(name) else {
                panic!("{}: there is no stage {name}", case.name)
            };
            let stage = trace.stage(name).expect("a stage with cells");
            let found = ArrayViewD::from_shape(stage.shape.clone(), cells).expect("a full stage");
            assert_eq!(found.shape(), expected.shape(), "{}, {name}", case.name);
            case.check(name, &found);
        }
    }
}

fn traced(case: &Case) -> Trace {
    let input = TraceInput {
        x: case.view("x"),
        memory: case.view("memory"),
        wq: case.view("wq"),
        wk: case.view("wk"),
        wv: case.view("wv"),
        wo: case.view("wo"),
        bq: case.view("bq"),
        bk: case.view("bk"),
        bv: case.view("bv"),
        bo: case.view("bo"),
        q: case.view("q"),
        k: case.view("k"),
        v: case.view("v"),
        past_key: case.view("past_key"),
        past_value: case.view("past_value"),
        position: match case.options["position"].as_str() {
            Some("sinusoidal") => Position::Sinusoidal,
            Some("rotary") => Position::Rotary {
                base: case.options["base"].as_f64(),
                dim: None,
                interleaved: false,
            },
            Some("alibi") => Position::Alibi { slopes: None },
            _ => Position::None,
        },
        ..TraceInput::default()
    };
    if case.options["rule"].is_null() {
        return trace_attention(&input, &case.config()).expect("a good request");
    }
    let input = LinearTraceInput {
        tokens: input,
        decay: case.view("decay"),
        beta: case.view("beta"),
        past_state: case.view("past_state"),
    };
    let config = LinearConfig {
        heads: case.size("heads").expect("heads"),
        kv_heads: case.size("kv_heads"),
        rule: LinearRule::GatedDelta,
        ..LinearConfig::default()
    };
    trace_linear_attention(&input, &config).expect("a good request")
}
