//! The published test vectors of the three ONNX operators: read, run, compared.

use super::{Tolerance, array, compare};
use attention_playground::{
    AttentionConfig, AttentionInput, AttentionOutput, Error, LinearConfig, LinearInput, LinearRule,
    Mask, RotaryConfig, RotaryInput, ScoresKind, linear_attention, rotary_embedding,
};
use ndarray::ArrayD;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What computes attention.
pub type Attend<'a> =
    &'a dyn Fn(&AttentionInput, &AttentionConfig) -> Result<AttentionOutput, Error>;

/// What the operator gives, by the formal names of its outputs.
type Outputs = Result<Vec<(&'static str, ArrayD<f32>)>, String>;

/// How many cases were published: a shorter file is a failure, not a shorter table.
pub const CASES: usize = 115;

const FULL: Tolerance = Tolerance {
    absolute: 1e-5,
    relative: 1e-4,
};
const HALF: Tolerance = Tolerance {
    absolute: 1e-2,
    relative: 1e-2,
};

/// A tensor of a case.
enum Tensor {
    Float(ArrayD<f32>),
    Boolean(ArrayD<bool>),
    Integer(ArrayD<i64>),
}

struct Case<'a> {
    json: &'a Value,
    inputs: BTreeMap<&'a str, Tensor>,
}

impl Case<'_> {
    fn float(&self, name: &str) -> Option<&ArrayD<f32>> {
        match self.inputs.get(name)? {
            Tensor::Float(array) => Some(array),
            _ => panic!("{name} is not a float tensor"),
        }
    }

    fn needed(&self, name: &str) -> &ArrayD<f32> {
        self.float(name).expect("an input that every case has")
    }

    fn integers(&self, name: &str) -> Option<&ArrayD<i64>> {
        match self.inputs.get(name)? {
            Tensor::Integer(array) => Some(array),
            _ => panic!("{name} is not an integer tensor"),
        }
    }

    fn attribute(&self, name: &str) -> Option<&Value> {
        self.json["attributes"].get(name)
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).and_then(Value::as_i64)
    }

    fn size(&self, name: &str) -> Option<usize> {
        self.int(name).and_then(|value| usize::try_from(value).ok())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.attribute(name).and_then(Value::as_f64)
    }
}

fn read<'a>(file: &'a SafeTensors, entry: &'a Value) -> (&'a str, Tensor) {
    let name = entry["name"].as_str().expect("a name");
    let key = entry["tensor"].as_str().expect("a key");
    let view = file.tensor(key).expect("a tensor of the case");
    let shape = view.shape().to_vec();
    let bytes = view.data();
    let tensor = match view.dtype() {
        Dtype::F32 => {
            let data = bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b));
            Tensor::Float(array(&shape, data.collect()))
        }
        Dtype::U8 | Dtype::BOOL => {
            let data = bytes.iter().map(|&byte| byte != 0).collect();
            Tensor::Boolean(ArrayD::from_shape_vec(shape, data).expect("a full tensor"))
        }
        Dtype::I64 => {
            let data = bytes.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b));
            let data = data.collect();
            Tensor::Integer(ArrayD::from_shape_vec(shape, data).expect("a full tensor"))
        }
        other => panic!("{key} has the type {other:?}"),
    };
    (name, tensor)
}

fn run(case: &Case, attend: Attend) -> Outputs {
    match case.json["op"].as_str() {
        Some("Attention") => attention(case, attend),
        Some("LinearAttention") => linear(case),
        Some("RotaryEmbedding") => rotary(case),
        other => Err(format!("the operator {other:?} is not known")),
    }
}

fn attention(case: &Case, attend: Attend) -> Outputs {
    let (q, k, v) = (case.needed("Q"), case.needed("K"), case.needed("V"));
    let mut input = AttentionInput::new(q.view(), k.view(), v.view());
    input.mask = case.inputs.get("attn_mask").map(|mask| match mask {
        Tensor::Float(added) => Mask::Additive(added.view()),
        Tensor::Boolean(seen) => Mask::Boolean(seen.view()),
        Tensor::Integer(_) => panic!("a mask of integers"),
    });
    input.past_key = case.float("past_key").map(|past| past.view());
    input.past_value = case.float("past_value").map(|past| past.view());
    let lengths: Option<Vec<usize>> = case
        .integers("nonpad_kv_seqlen")
        .map(|lengths| lengths.iter().map(|&length| length as usize).collect());
    input.kv_lengths = lengths.as_deref();
    let outputs = case.json["outputs"].as_array().expect("outputs");
    let wants_scores = outputs.iter().any(|out| out["name"] == "qk_matmul_output");
    let sides = ["left_window_size", "right_window_size"];
    let config = AttentionConfig {
        heads: case.size("q_num_heads"),
        kv_heads: case.size("kv_num_heads"),
        causal: case.int("is_causal") == Some(1),
        window: Some(sides.map(|side| case.int(side).unwrap_or(-1))),
        scale: case.number("scale"),
        softcap: case.number("softcap"),
        rows: None,
        scores: wants_scores.then(|| match case.int("qk_matmul_output_mode") {
            None | Some(0) => ScoresKind::Raw,
            Some(1) => ScoresKind::Capped,
            Some(2) => ScoresKind::Masked,
            Some(3) => ScoresKind::Weights,
            other => panic!("mode {other:?}"),
        }),
    };
    let result = attend(&input, &config).map_err(|error| error.to_string())?;
    let all = [
        ("Y", Some(result.output)),
        ("present_key", result.present_key),
        ("present_value", result.present_value),
        ("qk_matmul_output", result.scores),
    ];
    Ok(all
        .into_iter()
        .filter_map(|(name, array)| Some((name, array?)))
        .collect())
}

fn linear(case: &Case) -> Outputs {
    let (q, k, v) = (
        case.needed("query"),
        case.needed("key"),
        case.needed("value"),
    );
    let mut input = LinearInput::new(q.view(), k.view(), v.view());
    input.decay = case.float("decay").map(|decay| decay.view());
    input.beta = case.float("beta").map(|beta| beta.view());
    input.past_state = case.float("past_state").map(|state| state.view());
    let config = LinearConfig {
        heads: case.size("q_num_heads").expect("heads"),
        kv_heads: case.size("kv_num_heads"),
        rule: match case.attribute("update_rule").and_then(Value::as_str) {
            Some("linear") => LinearRule::Linear,
            Some("gated") => LinearRule::Gated,
            Some("delta") => LinearRule::Delta,
            None | Some("gated_delta") => LinearRule::GatedDelta,
            Some(other) => return Err(format!("the rule {other} is not known")),
        },
        scale: case.number("scale"),
        chunk: None,
    };
    let result = linear_attention(&input, &config).map_err(|error| error.to_string())?;
    Ok(vec![
        ("output", result.output),
        ("present_state", result.state),
    ])
}

fn rotary(case: &Case) -> Outputs {
    let positions = case
        .integers("position_ids")
        .map(|ids| ids.mapv(|id| id as i32));
    let mut input = RotaryInput::new(case.needed("X").view());
    input.tables = Some((
        case.needed("cos_cache").view(),
        case.needed("sin_cache").view(),
    ));
    input.positions = positions.as_ref().map(|positions| positions.view());
    let config = RotaryConfig {
        heads: case.size("num_heads"),
        rotary_dim: case.size("rotary_embedding_dim").filter(|&dim| dim > 0),
        interleaved: case.int("interleaved") == Some(1),
        base: None,
    };
    let result = rotary_embedding(&input, &config).map_err(|error| error.to_string())?;
    Ok(vec![("Y", result)])
}

/// The largest difference over all outputs of a case.
pub fn check(file: &SafeTensors, json: &Value, attend: Attend) -> Result<f64, String> {
    let list = |name: &str| json[name].as_array().expect("a list of tensors");
    let case = Case {
        json,
        inputs: list("inputs").iter().map(|e| read(file, e)).collect(),
    };
    let found = run(&case, attend)?;
    let mut largest = 0.0_f64;
    for entry in list("outputs") {
        let (name, expected) = read(file, entry);
        let Tensor::Float(expected) = expected else {
            return Err(format!("{name} is not a float tensor"));
        };
        let found = found.iter().find(|(own, _)| *own == name);
        let Some((_, found)) = found else {
            return Err(format!("there is no {name}"));
        };
        let half = matches!(entry["dtype"].as_str(), Some("float16" | "bfloat16"));
        let tolerance = if half { HALF } else { FULL };
        let difference = compare(&found.view(), &expected.view(), tolerance)
            .map_err(|miss| format!("{name}: {miss}"))?;
        largest = largest.max(difference);
    }
    Ok(largest)
}

/// The cases, and the file of their tensors.
pub fn published() -> (Vec<Value>, Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let bytes = std::fs::read(folder.join("tensors.safetensors")).expect("the tensors");
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("the cases");
    (serde_json::from_str(&text).expect("a list of cases"), bytes)
}
