//! What goes out to JavaScript.

use crate::error::{Error, Operation};
use crate::trace::Trace;
use js_sys::{Float32Array, Object, Reflect};
use ndarray::ArrayD;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// The one place where an error becomes a JavaScript `Error`.
pub(super) fn error(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    let report = error.report();
    let fields = [
        ("code", error.code()),
        ("operation", report.operation),
        ("expected", &report.expected),
        ("found", &report.found),
    ];
    for (name, text) in fields {
        // an object that was just made takes every property
        let _ = Reflect::set(&thrown, &name.into(), &text.into());
    }
    thrown.into()
}

/// Plain objects, arrays, strings and numbers.
pub(super) fn plain(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|fault| {
            error(Operation("boundary").internal("a value that JavaScript can hold", fault))
        })
}

/// An object with those of the fields that there are.
pub(super) fn object(fields: &[(&str, Option<JsValue>)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        if let Some(value) = value {
            Reflect::set(&object, &(*name).into(), value)?;
        }
    }
    Ok(object.into())
}

/// `{ shape, data }`.
pub(super) fn tensor(array: &ArrayD<f32>) -> Result<JsValue, JsValue> {
    let data = match array.as_slice() {
        Some(slice) => Float32Array::from(slice),
        None => Float32Array::from(&array.iter().copied().collect::<Vec<f32>>()[..]),
    };
    object(&[
        ("shape", Some(plain(&array.shape())?)),
        ("data", Some(data.into())),
    ])
}

/// A trace, its arena as one `Float32Array`.
pub(super) fn trace(trace: &Trace) -> Result<JsValue, JsValue> {
    object(&[
        ("version", Some(trace.version.into())),
        ("config", Some(plain(&trace.config)?)),
        ("backend", Some(trace.backend.into())),
        ("tokens", Some(plain(&trace.tokens)?)),
        ("stages", Some(plain(&trace.stages)?)),
        ("data", Some(Float32Array::from(&trace.data[..]).into())),
        ("nonFinite", Some(plain(&trace.non_finite)?)),
        (
            "nonFiniteCount",
            Some((trace.non_finite_count as f64).into()),
        ),
    ])
}
