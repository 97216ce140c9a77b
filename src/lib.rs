//! Attention, computed and traced.
//!
//! Two ways to run the same arithmetic:
//!
//! * [`compute_attention`], [`linear_attention`] and [`rotary_embedding`] are the operators of the ONNX
//!   standard. They are given arrays, return arrays and keep nothing in between.
//! * [`trace_attention`] and [`trace_linear_attention`] keep *every* number of every stage in one arena, and
//!   [`explain`] tells of any of these numbers which operation made it, and of which other numbers.
//!
//! The letters in formulas: `h` a query head, `g` the key head that it reads, `i` a query, `j` a key, `c` a
//! feature of a head, `w` a feature of the embedding, `t` a token of a recurrence.
//!
//! ```
//! use attention_playground::{explain, trace_attention, AttentionConfig, Tokens, TraceInput};
//!
//! let input = TraceInput {
//!     tokens: Some(Tokens::query(["the", "cat", "sat"])),
//!     ..TraceInput::default()
//! };
//! let config = AttentionConfig { heads: Some(2), ..AttentionConfig::default() };
//! let trace = trace_attention(&input, &config)?;
//! let why = explain(&trace, "scores", &[1, 2, 0])?;
//! assert_eq!(why.terms.len(), 8); // a dot product over the 8 features of a head
//! assert!((f64::from(why.value) - why.exact).abs() < 1e-6);
//! # Ok::<(), attention_playground::Error>(())
//! ```

mod attention;
mod config;
mod error;
#[cfg(feature = "gpu")]
mod gpu;
mod kernel;
mod limits;
mod linear;
mod mask;
mod model;
mod plain;
mod positions;
mod recall;
mod rotary;
mod tensor;
mod tokens;
mod trace;
mod visibility;

#[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
mod abi;
#[cfg(all(target_arch = "wasm32", any(feature = "engine", feature = "gpu")))]
pub mod wasm;

pub use attention::{AttentionInput, AttentionOutput, compute_attention, plain_attention};
pub use config::{AttentionConfig, LinearConfig, LinearRule, Position, RotaryConfig, ScoresKind};
#[cfg(feature = "gpu")]
pub use error::GpuFault;
pub use error::{Error, Report};
#[cfg(feature = "gpu")]
pub use gpu::{Adapter, Gpu, Tiles};
pub use limits::Limits;
pub use linear::{LinearInput, LinearOutput, linear_attention};
pub use mask::Mask;
pub use model::{
    Attentions, Block, Dtype, Entry, Family, Generation, ImageSize, Model, ModelInfo, ModelInput,
    ModelLoader, ModelOutput, Piece, Sample, StackSize, Step, header_length, probabilities,
    read_header, sample,
};
pub use positions::{alibi_slopes, rotary_tables, sinusoidal_positions};
pub use recall::{Recall, RecallConfig, RecallKind, RecallTask, RecallToken, Recalled};
pub use rotary::{RotaryInput, rotary_embedding};
pub use tokens::tokenize;
pub use trace::{
    Axis, Constant, Edit, Edited, Explanation, Factor, LinearTraceInput, NonFinite, Op,
    PositionConfig, Reason, Stage, Term, Tokens, Trace, TraceConfig, TraceInput, TraceKind, Use,
    explain, trace_attention, trace_linear_attention, trace_weights, uses,
};
