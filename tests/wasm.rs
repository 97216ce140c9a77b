//! The boundary, in a real browser: JavaScript objects in, JavaScript objects out, errors with their codes.
#![cfg(target_arch = "wasm32")]

use attention_playground::wasm;
use js_sys::{Array, Float32Array, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// An object as JavaScript writes it.
fn js(text: &str) -> JsValue {
    js_sys::eval(&format!("({text})")).expect("an expression")
}

/// A field, by its path: `output.shape.0`.
fn get(value: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(value.clone(), |value, name| {
        Reflect::get(&value, &name.into()).expect("an object")
    })
}

fn text(value: &JsValue, path: &str) -> String {
    get(value, path)
        .as_string()
        .unwrap_or_else(|| panic!("{path} is no string"))
}

fn number(value: &JsValue, path: &str) -> f64 {
    get(value, path)
        .as_f64()
        .unwrap_or_else(|| panic!("{path} is no number"))
}

fn floats(value: &JsValue, path: &str) -> Vec<f32> {
    get(value, path)
        .dyn_into::<Float32Array>()
        .expect("a Float32Array")
        .to_vec()
}

fn sizes(value: &JsValue, path: &str) -> Vec<usize> {
    let array = get(value, path).dyn_into::<Array>().expect("a plain array");
    array
        .iter()
        .map(|size| size.as_f64().expect("a number") as usize)
        .collect()
}

/// The stage of this name, and its cells.
fn stage(trace: &JsValue, id: &str) -> (JsValue, Vec<f32>) {
    let stages = get(trace, "stages")
        .dyn_into::<Array>()
        .expect("a plain array");
    let stage = stages
        .iter()
        .find(|stage| text(stage, "id") == id)
        .expect("a stage of this name");
    let offset = number(&stage, "offset") as usize;
    let length: usize = sizes(&stage, "shape").iter().product();
    let cells = floats(trace, "data")[offset..offset + length].to_vec();
    (stage, cells)
}

const QKV: &str = "q: { shape: [1, 1, 2, 2], data: new Float32Array([1, 0, 0, 1]) },
    k: { shape: [1, 1, 2, 2], data: new Float32Array([1, 0, 0, 1]) },
    v: { shape: [1, 1, 2, 2], data: new Float32Array([1, 2, 3, 4]) }";

#[wasm_bindgen_test]
fn compute_attention_answers() {
    let request = js(&format!("{{ {QKV}, causal: true, scores: 'masked' }}"));
    let result = wasm::compute_attention(request).expect("a good request");
    assert_eq!(sizes(&result, "output.shape"), [1, 1, 2, 2]);
    assert_eq!(floats(&result, "output.data")[..2], [1.0, 2.0]);
    assert_eq!(floats(&result, "scores.data")[1], f32::NEG_INFINITY);
    assert_eq!(text(&result, "backend"), "cpu");
    // what is absent is absent, not null
    assert!(get(&result, "presentKey").is_undefined());
}

#[wasm_bindgen_test]
fn compute_attention_takes_every_option() {
    let request = js(
        "{ q: { shape: [1, 1, 4], data: new Float32Array(4) },
           k: { shape: [1, 1, 2], data: new Float32Array(2) },
           v: { shape: [1, 1, 2], data: new Float32Array([5, 6]) },
           qHeads: 2, kvHeads: 1, window: [-1, 0], scale: 0.5, softcap: 3, causal: false, scores: 'weights',
           mask: { shape: [1, 2], data: new Uint8Array([1, 0]) },
           pastKey: { shape: [1, 1, 1, 2], data: new Float32Array(2) },
           pastValue: { shape: [1, 1, 1, 2], data: new Float32Array([7, 8]) } }",
    );
    let result = wasm::compute_attention(request).expect("a good request");
    assert_eq!(sizes(&result, "output.shape"), [1, 1, 4]);
    assert_eq!(floats(&result, "output.data"), [7.0, 8.0, 7.0, 8.0]);
    assert_eq!(sizes(&result, "scores.shape"), [1, 2, 1, 2]);
    assert_eq!(floats(&result, "presentValue.data"), [7.0, 8.0, 5.0, 6.0]);
    let request = js(&format!("{{ {QKV}, kvLengths: new Int32Array([1]) }}"));
    let result = wasm::compute_attention(request).expect("a good request");
    assert_eq!(floats(&result, "output.data"), [1.0, 2.0, 1.0, 2.0]);
}

#[wasm_bindgen_test]
fn linear_attention_and_rotary_embedding_answer() {
    let request = js("{ q: { shape: [1, 2, 1], data: new Float32Array([1, 1]) },
           k: { shape: [1, 2, 1], data: new Float32Array([1, 1]) },
           v: { shape: [1, 2, 1], data: new Float32Array([2, 3]) },
           qHeads: 1, kvHeads: 1, rule: 'linear', scale: 1 }");
    let result = wasm::linear_attention(request).expect("a good request");
    assert_eq!(floats(&result, "output.data"), [2.0, 5.0]);
    assert_eq!(sizes(&result, "state.shape"), [1, 1, 1, 1]);
    let request = js(
        "{ x: { shape: [1, 1, 1, 2], data: new Float32Array([3, 4]) },
           cos: { shape: [2, 1], data: new Float32Array([1, 0]) },
           sin: { shape: [2, 1], data: new Float32Array([0, 1]) },
           positions: { shape: [1, 1], data: new Int32Array([1]) }, interleaved: true }",
    );
    let result = wasm::rotary_embedding(request).expect("a good request");
    assert_eq!(floats(&result, "data"), [-4.0, 3.0]);
}

#[wasm_bindgen_test]
fn a_trace_explains_itself() {
    let request = js(
        "{ tokens: { query: ['a', 'b', 'a'] }, heads: 2, causal: true, seed: 3, position: 'sinusoidal' }",
    );
    let trace = wasm::trace_attention(request).expect("a good request");
    assert_eq!(number(&trace, "version"), 1.0);
    assert_eq!(text(&trace, "config.position.kind"), "sinusoidal");
    assert_eq!(text(&trace, "config.seeded.0"), "embeddings");
    assert_eq!(number(&trace, "config.headDim"), 8.0);
    assert_eq!(text(&trace, "tokens.key.2"), "a");
    let (weights, cells) = stage(&trace, "weights");
    assert_eq!(sizes(&weights, "shape"), [2, 3, 3]);
    assert_eq!(text(&weights, "axes.0"), "head");
    assert_eq!(cells[..3], [1.0, 0.0, 0.0]);

    let why = |stage: &str, index: &str| {
        wasm::explain(trace.clone(), stage.into(), js(index)).expect("a cell")
    };
    // an index of either kind
    for index in ["[1, 2, 0]", "new Uint32Array([1, 2, 0])"] {
        let score = why("scores", index);
        assert_eq!(number(&score, "terms.length"), 8.0);
        let sum: f64 = (0..8)
            .map(|n| {
                number(&score, &format!("terms.{n}.factors.0.value"))
                    * number(&score, &format!("terms.{n}.factors.1.value"))
            })
            .sum();
        assert!((sum - number(&score, "exact")).abs() < 1e-12);
        assert!((sum - number(&score, "value")).abs() < 1e-6);
        assert_eq!(sizes(&score, "terms.7.factors.1.index"), [1, 0, 7]);
        assert!(get(&score, "constant").is_undefined());
    }
    let scaled = why("scaled", "[0, 0, 0]");
    assert_eq!(text(&scaled, "constant.name"), "scale");
    assert_eq!(number(&scaled, "constant.value"), 1.0 / 8.0_f64.sqrt());
    let masked = why("masked", "[0, 0, 1]");
    assert_eq!(text(&masked, "reason"), "causal");
    assert_eq!(number(&masked, "value"), f64::NEG_INFINITY);
}

#[wasm_bindgen_test]
fn every_position_is_understood() {
    for (position, kind) in [
        ("'none'", "none"),
        ("undefined", "none"),
        ("'rotary'", "rotary"),
        (
            "{ kind: 'rotary', base: 50, dim: 4, interleaved: true }",
            "rotary",
        ),
        ("'alibi'", "alibi"),
        (
            "{ kind: 'alibi', slopes: { shape: [2], data: new Float32Array([1, 2]) } }",
            "alibi",
        ),
        (
            "{ kind: 'learned', table: { shape: [3, 16], data: new Float32Array(48) } }",
            "learned",
        ),
    ] {
        let request = js(&format!(
            "{{ tokens: {{ query: ['a', 'b'] }}, heads: 2, position: {position} }}"
        ));
        let trace = wasm::trace_attention(request)
            .unwrap_or_else(|error| panic!("{}", text(&error, "message")));
        assert_eq!(text(&trace, "config.position.kind"), kind);
    }
}

#[wasm_bindgen_test]
fn a_number_is_set_and_says_where_it_goes() {
    let trace = wasm::trace_attention(js(
        "{ tokens: { query: ['a', 'b'] }, heads: 1, edits: [{ stage: 'scaled', index: [0, -1, 1], value: -Infinity }] }",
    ))
    .expect("a good request");
    assert_eq!(stage(&trace, "weights").1, [1.0, 0.0, 1.0, 0.0]);
    let edits = get(&trace, "config.edits.0");
    assert_eq!(text(&edits, "stage"), "scaled");
    assert_eq!(number(&edits, "value"), f64::NEG_INFINITY);
    let computed = floats(&trace, "data")[number(&edits, "offset") as usize..].to_vec();
    assert_eq!(computed.len(), 2);
    let ask = |stage: &str, index: &str| (trace.clone(), JsValue::from(stage), js(index));
    let (of, id, index) = ask("scaled", "[0, 1, 1]");
    let why = wasm::explain(of, id, index).expect("a cell");
    assert_eq!(text(&why, "op"), "edited");
    assert_eq!(text(&why, "constant.name"), "computed");
    assert_eq!(number(&why, "constant.value"), f64::from(computed[1]));
    let (of, id, index) = ask("value", "[0, 1, 3]");
    let none = wasm::uses(of, id, index).expect("a cell");
    assert_eq!(none.dyn_into::<Array>().expect("an array").length(), 0);
    let (of, id, index) = ask("value", "[0, 0, 3]");
    let uses = wasm::uses(of, id, index).expect("a cell");
    assert_eq!(text(&uses, "0.stage"), "mixed");
    assert_eq!(sizes(&uses, "0.from"), [0, 0, 3]);
    assert_eq!(sizes(&uses, "0.to"), [1, 2, 4]);
}

#[wasm_bindgen_test]
fn a_traced_recurrence_explains_itself() {
    let request = js(
        "{ tokens: { query: ['a', 'b'] }, heads: 1, headDim: 2, rule: 'gated_delta',
           decay: { shape: [2, 1], data: new Float32Array([-1, -1]) },
           beta: { shape: [2, 1], data: new Float32Array([1, 0.5]) } }",
    );
    let trace = wasm::trace_linear_attention(request).expect("a good request");
    assert_eq!(text(&trace, "config.kind"), "linear_attention");
    assert_eq!(text(&trace, "config.rule"), "gated_delta");
    let why = wasm::explain(trace, "update".into(), js("[0, 1, 1, 0]")).expect("a cell");
    assert_eq!(number(&why, "terms.0.factors.length"), 3.0);
    assert_eq!(text(&why, "op"), "update");
}

#[wasm_bindgen_test]
fn nan_is_located() {
    let request =
        js("{ x: { shape: [2, 2], data: new Float32Array([1, NaN, -Infinity, 2]) }, heads: 1 }");
    let trace = wasm::trace_attention(request).expect("a good request");
    assert_eq!(number(&trace, "nonFiniteCount"), 2.0);
    assert_eq!(text(&trace, "nonFinite.0.stage"), "embeddings");
    assert_eq!(sizes(&trace, "nonFinite.0.index"), [0, 1]);
    assert_eq!(text(&trace, "nonFinite.0.value"), "NaN");
    assert_eq!(text(&trace, "nonFinite.1.value"), "-Infinity");
    let why = wasm::explain(trace, "query".into(), js("[0, 0, 0]")).expect("a cell");
    assert!(number(&why, "value").is_nan() && number(&why, "exact").is_nan());
}

#[wasm_bindgen_test]
fn errors_carry_their_code() {
    let compute = |text: &str| wasm::compute_attention(js(text));
    let trace = |text: &str| wasm::trace_attention(js(text));
    let good = wasm::trace_attention(js("{ tokens: { query: ['a'] }, heads: 1 }"))
        .expect("a good request");
    let explain = |stage: &str, index: &str| wasm::explain(good.clone(), js(stage), js(index));
    let rows = [
        (
            wasm::compute_attention(JsValue::UNDEFINED),
            "type",
            "one object",
            "undefined",
        ),
        (compute("3"), "type", "one object", "3"),
        (compute("{}"), "type", "q: a tensor", "undefined"),
        (
            compute("{ q: [1, 2] }"),
            "type",
            "q.shape: an array",
            "undefined",
        ),
        (
            compute("{ q: { shape: [2], data: [1, 2] } }"),
            "type",
            "q.data: a Float32Array",
            "an array",
        ),
        (
            compute("{ q: { shape: [2], data: new Float64Array(2) } }"),
            "type",
            "q.data: a Float32Array",
            "Float64Array",
        ),
        (
            compute("{ q: { shape: [3], data: new Float32Array(2) } }"),
            "shape",
            "as its shape [3]",
            "2",
        ),
        (
            compute("{ q: { shape: [-2], data: new Float32Array(2) } }"),
            "type",
            "q.shape",
            "-2",
        ),
        (
            compute("{ q: { shape: { length: 4e9 }, data: new Float32Array(2) } }"),
            "type",
            "q.shape",
            "Object",
        ),
        (
            compute(&format!("{{ {QKV}, causal: 1 }}")),
            "type",
            "causal: true or false",
            "1",
        ),
        (
            compute(&format!("{{ {QKV}, qHeads: 1.5 }}")),
            "type",
            "qHeads: a whole number",
            "1.5",
        ),
        (
            compute(&format!("{{ {QKV}, scale: 'x' }}")),
            "type",
            "scale: a number",
            "string",
        ),
        (
            compute(&format!("{{ {QKV}, scale: NaN }}")),
            "option",
            "finite scale",
            "NaN",
        ),
        (
            compute(&format!("{{ {QKV}, window: [1] }}")),
            "type",
            "window: [left, right]",
            "an array",
        ),
        (
            compute(&format!("{{ {QKV}, scores: 'all' }}")),
            "option",
            "scores: raw, capped, masked or weights",
            "all",
        ),
        (
            compute(&format!("{{ {QKV}, kvLengths: [9] }}")),
            "size",
            "key lengths of at most 2",
            "9",
        ),
        (
            trace("{ tokens: ['a'], heads: 1 }"),
            "size",
            "at least 1 query token",
            "0",
        ),
        (
            trace("{ tokens: { query: [1] }, heads: 1 }"),
            "type",
            "tokens.query: an array of strings",
            "1",
        ),
        (
            trace("{ tokens: { query: ['a'] } }"),
            "option",
            "heads",
            "none",
        ),
        (
            trace("{ tokens: { query: Array(5000).fill('a') }, heads: 1 }"),
            "too_many_tokens",
            "4096",
            "5000",
        ),
        (
            trace("{ tokens: { query: ['a'] }, heads: 1, headDim: 1e9 }"),
            "too_large",
            "536870912 bytes",
            "bytes",
        ),
        (
            trace("{ tokens: { query: ['a'] }, heads: 1, position: 'up' }"),
            "option",
            "position: none",
            "up",
        ),
        (
            trace("{ tokens: { query: ['a'] }, heads: 1, position: 7 }"),
            "type",
            "position: a string",
            "7",
        ),
        (
            trace("{ tokens: { query: ['a'] }, heads: 1, seed: -1 }"),
            "type",
            "seed: a whole number",
            "-1",
        ),
        (
            explain("'nothing'", "[0]"),
            "not_found",
            "one of the stages",
            "nothing",
        ),
        (
            explain("'scores'", "[0, 0, 9]"),
            "index",
            "within [1, 1, 1]",
            "[0, 0, 9]",
        ),
        (
            explain("'scores'", "'000'"),
            "type",
            "index: an array",
            "string",
        ),
        (explain("7", "[0]"), "type", "stage: a string", "7"),
        (
            wasm::explain(js("{}"), "scores".into(), js("[0]")),
            "type",
            "trace.data: a Float32Array",
            "undefined",
        ),
        (
            wasm::explain(
                js("{ data: new Float32Array(1), config: 1, stages: [] }"),
                "scores".into(),
                js("[0]"),
            ),
            "type",
            "config: the options of a trace",
            "1",
        ),
    ];
    for (result, code, expected, found) in rows {
        let here = format!("{code}: {expected}");
        let error = result.expect_err(&here);
        assert!(error.is_instance_of::<js_sys::Error>(), "{here}");
        let message = text(&error, "message");
        assert_eq!(text(&error, "code"), code, "{here}: {message}");
        assert!(
            text(&error, "expected").contains(expected),
            "{here}: {message}"
        );
        assert!(text(&error, "found").contains(found), "{here}: {message}");
        assert!(
            message.starts_with(&text(&error, "operation")),
            "{here}: {message}"
        );
    }
}

#[wasm_bindgen_test]
fn limits_and_tokens() {
    let limits = wasm::limits().expect("limits");
    assert_eq!(number(&limits, "tracedTokens"), 512.0);
    assert_eq!(number(&limits, "tensorBytes"), 536_870_912.0);
    assert!(!text(&limits, "version").is_empty());
    let tokens = wasm::tokenize("The animal didn't.".into()).expect("a text");
    assert_eq!(text(&tokens, "2"), "didn't");
    assert_eq!(number(&tokens, "length"), 4.0);
    assert_eq!(
        text(&wasm::tokenize(js("7")).expect_err("no text"), "code"),
        "type"
    );
}

/// The same numbers as on every other machine: sines, powers and exponentials come from one library.
#[wasm_bindgen_test]
fn a_seed_gives_the_same_bits_everywhere() {
    let request = js(
        "{ tokens: { query: ['the', 'cat'] }, heads: 2, seed: 42, position: 'sinusoidal', softcap: 2 }",
    );
    let trace = wasm::trace_attention(request).expect("a good request");
    let hash = floats(&trace, "data")
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, cell| {
            (hash ^ u64::from(cell.to_bits())).wrapping_mul(0x0000_0100_0000_01b3)
        });
    assert_eq!(hash, SEEDED);
}

/// Of the test of the same name in `seeded.rs`, which runs natively.
const SEEDED: u64 = 17_289_347_100_343_696_816;
