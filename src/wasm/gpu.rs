//! The functions of the GPU's module that JavaScript calls. One device for the thread.

use super::reply::{self, object};
use super::request::Request;
use crate::error::{Error, GpuFault, Operation};
use crate::gpu::Gpu;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

thread_local! {
    static GPU: RefCell<Option<Rc<Gpu>>> = const { RefCell::new(None) };
}

fn opened(operation: Operation) -> Result<Rc<Gpu>, Error> {
    GPU.with_borrow(Clone::clone)
        .ok_or_else(|| operation.gpu(GpuFault::DeviceLost, "a device that was opened", "none"))
}

/// Asks for a GPU, instead of the one that there was: `{ name, isFallback }`.
///
/// # Errors
/// An `Error` with `code` (`no_adapter` or `no_device`), `operation`, `expected` and `found`.
#[wasm_bindgen]
pub async fn open() -> Result<JsValue, JsValue> {
    close();
    let gpu = Gpu::open().await.map_err(reply::error)?;
    let adapter = gpu.adapter();
    let told = object(&[
        ("name", Some(adapter.name.as_str().into())),
        ("isFallback", Some(adapter.is_fallback.into())),
    ]);
    GPU.set(Some(Rc::new(gpu)));
    told
}

/// Gives the GPU back.
fn close() {
    if let Some(gpu) = GPU.take() {
        gpu.close();
    }
}

/// Scaled dot-product attention: `{ output, presentKey?, presentValue?, scores?, backend }`.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub async fn compute_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("compute_attention", &request)?;
    let given = request.attention_of(|name| request.needed_floats(name))?;
    let config = request.operator_config()?;
    let gpu = opened(request.operation).map_err(reply::error)?;
    if let Some(input) = given.shapes() {
        let arrays = [&given.q, &given.k, &given.v].map(|tensor| tensor.array.clone());
        let mut rows = reply::ArenaRows::default();
        let result = (gpu.compute_attention_of(arrays, &input, &config, &mut rows)).await;
        let (shape, scores) = result.map_err(reply::error)?;
        return object(&[
            ("output", Some(reply::floats(&shape, rows.arena(&[]))?)),
            ("scores", scores.as_ref().map(reply::tensor).transpose()?),
            ("backend", Some("webgpu".into())),
        ]);
    }
    let owned = given.copied(&request)?;
    let result = gpu.compute_attention(&owned.view(), &config).await;
    reply::attention(&result.map_err(reply::error)?, "webgpu")
}

/// Scaled dot-product attention with every number of every stage.
///
/// # Errors
/// An `Error` with `code`, `operation`, `expected` and `found`.
#[wasm_bindgen]
pub async fn trace_attention(request: JsValue) -> Result<JsValue, JsValue> {
    let request = Request::new("trace_attention", &request)?;
    let owned = request.trace_input()?;
    let config = request.trace_options()?;
    let gpu = opened(request.operation).map_err(reply::error)?;
    let mut rows = reply::ArenaRows::default();
    let trace = gpu
        .trace_into(&owned.view(), &config, Some(&mut rows))
        .await;
    let trace = trace.map_err(reply::error)?;
    reply::trace(&trace, rows.arena(&trace.data))
}
