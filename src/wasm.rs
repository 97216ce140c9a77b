//! The boundary to JavaScript: read the request, call the library, hand over plain objects. No logic.

#![cfg_attr(
    not(feature = "engine"),
    allow(dead_code, reason = "what the engine alone reads of a request")
)]

mod edits;
#[cfg(feature = "engine")]
mod engine;
#[cfg(not(feature = "engine"))]
mod gpu;
mod owned;
mod reply;
mod request;

#[cfg(feature = "engine")]
pub use engine::*;
#[cfg(not(feature = "engine"))]
pub use gpu::*;
