//! The functions of the engine that JavaScript calls.

use super::reply::{self, object, plain, tensor};
use super::request::{self, Request};
use crate::error::Operation;
use crate::trace::{Cells, Stage, TraceConfig};
use crate::{LinearConfig, LinearInput, LinearTraceInput, RotaryConfig, RotaryInput};
use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

/// Sends the text of a panic to the console, should there ever be one.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// Scaled dot-product attention: `{ output, presentKey?, presentValue?, scores?, backend }`.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn compute_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("compute_attention", &request)?;
    let owned = request.attention_input()?;
    let result = crate::compute_attention(&owned.view(), &request.operator_config()?);
    reply::attention(&result.map_err(reply::error)?, "cpu")
}

/// Linear attention: `{ output, state }`.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn linear_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("linear_attention", &request)?;
    let (q, k, v) = (
        request.needed("q")?,
        request.needed("k")?,
        request.needed("v")?,
    );
    let (decay, beta, state) = (
        request.tensor("decay")?,
        request.tensor("beta")?,
        request.tensor("pastState")?,
    );
    let input = LinearInput {
        decay: decay.as_ref().map(|decay| decay.view()),
        beta: beta.as_ref().map(|beta| beta.view()),
        past_state: state.as_ref().map(|state| state.view()),
        ..LinearInput::new(q.view(), k.view(), v.view())
    };
    let config = LinearConfig {
        chunk: request.size("chunk")?,
        ..request.linear_config("qHeads")?
    };
    let result = crate::linear_attention(&input, &config).map_err(reply::error)?;
    object(&[
        ("output", Some(tensor(&result.output)?)),
        ("state", Some(tensor(&result.state)?)),
    ])
}

/// The rotary embedding of a tensor.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn rotary_embedding(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("rotary_embedding", &request)?;
    let x = request.needed("x")?;
    let (cos, sin) = (request.tensor("cos")?, request.tensor("sin")?);
    let positions = request.integers("positions")?;
    let tables = match (&cos, &sin) {
        (Some(cos), Some(sin)) => Some((cos.view(), sin.view())),
        (None, None) => None,
        _ => {
            return Err(reply::error(
                request
                    .operation
                    .option("cos and sin together", "one of them"),
            ));
        }
    };
    let input = RotaryInput {
        tables,
        positions: positions.as_ref().map(|p| p.view()),
        ..RotaryInput::new(x.view())
    };
    let config = RotaryConfig {
        heads: request.size("heads")?,
        rotary_dim: request.size("rotaryDim")?,
        interleaved: request.flag("interleaved")?,
        base: request.number("base")?,
    };
    tensor(&crate::rotary_embedding(&input, &config).map_err(reply::error)?)
}

/// Scaled dot-product attention with every number of every stage.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn trace_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("trace_attention", &request)?;
    let owned = request.trace_input()?;
    let mut rows = reply::ArenaRows::default();
    let config = request.trace_options()?;
    let trace = crate::trace::trace_attention_into(&owned.view(), &config, &mut rows)
        .map_err(reply::error)?;
    reply::trace(&trace, rows.arena(&trace.data))
}

/// The recurrence of linear attention with every number of every step.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn trace_linear_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("trace_linear_attention", &request)?;
    let owned = request.trace_input()?;
    let (decay, beta, state) = (
        request.tensor("decay")?,
        request.tensor("beta")?,
        request.tensor("pastState")?,
    );
    let input = LinearTraceInput {
        tokens: owned.view(),
        decay: decay.as_ref().map(|decay| decay.view()),
        beta: beta.as_ref().map(|beta| beta.view()),
        past_state: state.as_ref().map(|state| state.view()),
    };
    let trace = crate::trace_linear_attention(&input, &request.linear_config("heads")?)
        .map_err(reply::error)?;
    reply::trace(&trace, Float32Array::from(&trace.data[..]))
}

/// Where a number of a trace comes from. Reads the table and the few numbers that it needs, and copies no arena.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn explain(trace: JsValue, stage: JsValue, index: JsValue) -> Result<JsValue, JsValue> {
    asked(
        "explain",
        &trace,
        &stage,
        &index,
        &|config, stages, cells, len, id, index| {
            let why = crate::trace::explain_cells(config, stages, cells, len, id, index);
            plain(&why.map_err(reply::error)?)
        },
    )
}

/// Where a number of a trace goes. Reads as little as `explain`.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub fn uses(trace: JsValue, stage: JsValue, index: JsValue) -> Result<JsValue, JsValue> {
    asked(
        "uses",
        &trace,
        &stage,
        &index,
        &|config, stages, cells, len, id, index| {
            let uses = crate::trace::uses_cells(config, stages, cells, len, id, index);
            plain(&uses.map_err(reply::error)?)
        },
    )
}

/// A question about a cell of a trace.
type Question<'a> = &'a dyn Fn(
    &TraceConfig,
    &[Stage],
    &dyn Cells,
    usize,
    &str,
    &[usize],
) -> Result<JsValue, JsValue>;

fn asked(
    operation: &'static str,
    trace: &JsValue,
    stage: &JsValue,
    index: &JsValue,
    ask: Question<'_>,
) -> Result<JsValue, JsValue> {
    let request = Request::new(operation, trace)?;
    let data = request.get("data")?;
    let Some(data) = data.dyn_ref::<Float32Array>() else {
        return Err(request.refused("trace.data", "a Float32Array", &data));
    };
    let Some(id) = stage.as_string() else {
        return Err(request.refused("stage", "a string", stage));
    };
    let index = request::sizes(request.operation, "index", index)?;
    let config = request.trace_config()?;
    let stages = request.stages()?;
    let len = data.length() as usize;
    ask(&config, &stages, &Arena(data), len, &id, &index)
}

/// An arena that stays in JavaScript.
struct Arena<'a>(&'a Float32Array);

impl Cells for Arena<'_> {
    fn at(&self, offset: usize) -> f32 {
        // outside, JavaScript has undefined, which is NaN as a number
        u32::try_from(offset).map_or(f32::NAN, |offset| self.0.get_index(offset))
    }

    fn shared(&self) -> &dyn Cells {
        self
    }

    fn read(&self, from: usize, step: usize, out: &mut [f32]) {
        let end = from.wrapping_add(out.len());
        if step == 1 && from <= end && end <= self.0.length() as usize {
            return self.0.subarray(from as u32, end as u32).copy_to(out);
        }
        for (n, out) in out.iter_mut().enumerate() {
            *out = self.at(from.wrapping_add(step.wrapping_mul(n)));
        }
    }
}

/// The limits and defaults of the engine.
///
/// # Errors
/// Only where JavaScript is out of memory.
#[wasm_bindgen]
pub fn limits() -> Result<JsValue, JsValue> {
    plain(&crate::Limits::get())
}

/// Words and punctuation.
///
/// # Errors
/// An `Error` with `code` `type` for something that is no string.
#[wasm_bindgen]
pub fn tokenize(text: JsValue) -> Result<JsValue, JsValue> {
    let Some(text) = text.as_string() else {
        return Err(reply::error(
            Operation("tokenize").kind("text: a string", request::kind(&text)),
        ));
    };
    let tokens = crate::tokenize(&text);
    Ok(tokens
        .iter()
        .map(JsValue::from)
        .collect::<js_sys::Array>()
        .into())
}
