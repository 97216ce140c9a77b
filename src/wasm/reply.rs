//! What goes out to JavaScript.

use crate::AttentionOutput;
use crate::error::{Error, Operation};
use crate::trace::{Rows, Trace};
use js_sys::{Float32Array, Function, Object, Reflect};
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
    floats(array.shape(), data)
}

/// `{ shape, data }` of numbers that are there already.
pub(super) fn floats(shape: &[usize], data: Float32Array) -> Result<JsValue, JsValue> {
    object(&[("shape", Some(plain(&shape)?)), ("data", Some(data.into()))])
}

/// `{ output, presentKey?, presentValue?, scores?, backend }`.
pub(super) fn attention(result: &AttentionOutput, backend: &str) -> Result<JsValue, JsValue> {
    let given = |array: &Option<ArrayD<f32>>| array.as_ref().map(tensor).transpose();
    object(&[
        ("output", Some(tensor(&result.output)?)),
        ("presentKey", given(&result.present_key)?),
        ("presentValue", given(&result.present_value)?),
        ("scores", given(&result.scores)?),
        ("backend", Some(backend.into())),
    ])
}

/// The arena of a trace with very many weights, or an output: its rows go straight to JavaScript, and are never held twice.
#[derive(Default)]
pub(super) struct ArenaRows(Option<Float32Array>);

impl Rows for ArenaRows {
    fn begin(&mut self, op: Operation, cells: usize) -> Result<(), Error> {
        // by reflection, since a constructor that throws through Rust would leave the module unusable
        let constructor = Reflect::get(&js_sys::global(), &"Float32Array".into());
        let made = constructor.ok().and_then(|constructor| {
            let length = js_sys::Array::of1(&(cells as f64).into());
            Reflect::construct(constructor.dyn_ref::<Function>()?, &length).ok()
        });
        self.0 = made.map(JsCast::unchecked_into);
        match self.0 {
            Some(_) => Ok(()),
            None => {
                let bytes = cells as f64 * size_of::<f32>() as f64;
                Err(op.too_large("memory for the result", format!("none for {bytes} bytes")))
            }
        }
    }

    #[cfg(feature = "gpu")]
    fn touch(&mut self) {
        if let Some(arena) = &self.0 {
            arena.fill(0.0, 0, arena.length());
        }
    }

    fn put(&mut self, offset: usize, row: &[f32]) {
        if let Some(arena) = &self.0 {
            arena
                .subarray(offset as u32, (offset + row.len()) as u32)
                .copy_from(row);
        }
    }
}

impl ArenaRows {
    /// All of it with what it begins with, or, where there were no rows, with nothing else.
    pub fn arena(self, data: &[f32]) -> Float32Array {
        let Some(arena) = self.0 else {
            return Float32Array::from(data);
        };
        arena.subarray(0, data.len() as u32).copy_from(data);
        arena
    }
}

/// A trace with its arena.
pub(super) fn trace(trace: &Trace, arena: Float32Array) -> Result<JsValue, JsValue> {
    object(&[
        ("version", Some(trace.version.into())),
        ("config", Some(plain(&trace.config)?)),
        ("backend", Some(trace.backend.into())),
        ("tokens", Some(plain(&trace.tokens)?)),
        ("stages", Some(plain(&trace.stages)?)),
        ("data", Some(arena.into())),
        ("nonFinite", Some(plain(&trace.non_finite)?)),
        (
            "nonFiniteCount",
            Some((trace.non_finite_count as f64).into()),
        ),
    ])
}
