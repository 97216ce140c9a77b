//! What the engine takes, in numbers. The page reads them from here and restates none.

use crate::error::{Error, Operation};
use serde::Serialize;

/// Tokens of a trace, on either side.
pub(crate) const TRACED_TOKENS: usize = 512;
/// Tokens up to which the weights alone can be asked for.
pub(crate) const WEIGHTS_TOKENS: usize = 4096;
/// Bytes of one tensor, or of the arena of one trace without the weights of many tokens: a quarter of what one allocation
/// in wasm32 may have.
pub(crate) const TENSOR_BYTES: usize = 512 << 20;
/// Heads of a trace: more cannot be told apart on a screen.
pub(crate) const TRACED_HEADS: usize = 64;
/// Features of a head where a seeded trace says nothing else.
pub(crate) const DEFAULT_HEAD_DIM: usize = 8;

/// The limits and defaults of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The version of the engine.
    pub version: &'static str,
    /// The version of the trace format.
    pub trace_version: u32,
    /// Most tokens of a trace, queries and keys (past ones with them) each.
    pub traced_tokens: usize,
    /// Most tokens up to which the weights alone can be asked for.
    pub weights_tokens: usize,
    /// Most bytes of one tensor or of the arena of a trace.
    pub tensor_bytes: usize,
    /// Most heads of a trace.
    pub heads: usize,
    /// Features of a head where a seeded trace says nothing else.
    pub default_head_dim: usize,
}

impl Limits {
    /// The limits of this build.
    #[must_use]
    pub fn get() -> Self {
        Limits {
            version: env!("CARGO_PKG_VERSION"),
            trace_version: crate::trace::VERSION,
            traced_tokens: TRACED_TOKENS,
            weights_tokens: WEIGHTS_TOKENS,
            tensor_bytes: TENSOR_BYTES,
            heads: TRACED_HEADS,
            default_head_dim: DEFAULT_HEAD_DIM,
        }
    }
}

/// The number of elements of `shape`, or an error with the number of bytes that it would need.
pub(crate) fn checked_len(
    operation: Operation,
    what: &str,
    shape: &[usize],
) -> Result<usize, Error> {
    let mut len = 1_usize;
    // an empty axis does not excuse the others: their product is what strides are made of
    let mut span = 1_usize;
    let mut bytes = size_of::<f32>() as f64;
    for &extent in shape {
        len = len.saturating_mul(extent);
        span = span.saturating_mul(extent.max(1));
        bytes *= extent.max(1) as f64;
    }
    if span > TENSOR_BYTES / size_of::<f32>() {
        return Err(operation.too_large(
            format!("{what} of at most {TENSOR_BYTES} bytes"),
            format!("shape {shape:?}, {bytes} bytes"),
        ));
    }
    Ok(len)
}
