//! The trace: every number of every stage in one arena, and one table that says what stands where.

mod attention;
mod edit;
mod explain;
mod fill;
mod input;
mod linear;
mod pair;
mod plan;
mod projection;
mod rows;
mod rule;
mod scores;
mod seeded;
mod sizes;
mod uses;
mod walk;

pub use attention::{trace_attention, trace_weights};
pub use edit::{Edit, Edited};
pub use explain::{Constant, Explanation, Factor, Term, explain};
pub use input::{LinearTraceInput, Tokens, TraceInput};
pub use linear::trace_linear_attention;
pub use uses::{Use, uses};

#[cfg(any(feature = "gpu", all(target_arch = "wasm32", feature = "engine")))]
pub(crate) use rows::Rows;
#[cfg(feature = "gpu")]
pub(crate) use {
    attention::laid_out,
    plan::{Source, Table},
    rule::Rule,
};
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
pub(crate) use {attention::trace_attention_into, rule::Cells};
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
pub(crate) use {explain::explain_cells, uses::uses_cells};

pub use crate::visibility::Reason;

use crate::config::LinearRule;
use crate::error::{Error, Operation};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of the format below.
pub(crate) const VERSION: u32 = 1;

/// A name that is a constant where the engine makes it and owned where it comes from outside.
pub(crate) type Name = Cow<'static, str>;

/// Every number of a computation, and what stands where.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The version of the format, 1.
    pub version: u32,
    /// The options, with every default filled in.
    pub config: TraceConfig,
    /// What computed it.
    pub backend: &'static str,
    /// The tokens at the sides of the matrices.
    pub tokens: Tokens,
    /// The stages in the order in which they were computed.
    pub stages: Vec<Stage>,
    /// The cells of all stages, one after the other, each row-major; then what edits have replaced. Where a trace holds the
    /// weights alone, they come last.
    pub data: Vec<f32>,
    /// The first NaN and infinite numbers among the given inputs, as edits have left them.
    pub non_finite: Vec<NonFinite>,
    /// How many there are of them.
    pub non_finite_count: usize,
}

impl Trace {
    /// The stage of this name.
    #[must_use]
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// The cells of the stage of this name, row-major.
    #[must_use]
    pub fn cells(&self, id: &str) -> Option<&[f32]> {
        let stage = self.stage(id)?;
        self.data.get(stage.offset..)?.get(..stage.len())
    }
}

/// One matrix, vector or stack of matrices of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub id: Name,
    /// The names of its axes.
    pub axes: Vec<Axis>,
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// Where it begins in the arena, in cells.
    pub offset: usize,
    /// The stages that its operation reads.
    pub from: Vec<Name>,
    /// The operation that makes each of its cells.
    pub op: Op,
    /// The same, written out.
    pub formula: Name,
}

impl Stage {
    /// The number of its cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape
            .iter()
            .fold(1, |len: usize, &extent| len.saturating_mul(extent))
    }

    /// The stage of this name, and its number.
    ///
    /// # Errors
    /// `not_found` where there is none.
    pub(crate) fn find<'a>(
        op: Operation,
        stages: &'a [Stage],
        id: &str,
    ) -> Result<(usize, &'a Stage), Error> {
        let found = stages.iter().enumerate().find(|(_, stage)| stage.id == id);
        found.ok_or_else(|| {
            let ids: Vec<&str> = stages.iter().map(|stage| &*stage.id).collect();
            op.not_found(format!("one of the stages {}", ids.join(", ")), id)
        })
    }

    /// The number of the cell at an index within its shape.
    pub(crate) fn number(&self, index: &[usize]) -> usize {
        let places = index.iter().zip(&self.shape);
        places.fold(0, |n, (&place, &extent)| n * extent + place)
    }

    /// Whether it has no cells. No stage that the engine makes is so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The name of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Query heads.
    Head,
    /// Key and value heads.
    KvHead,
    /// Tokens that ask.
    Query,
    /// Tokens that are asked, the past ones first.
    Key,
    /// Tokens of a recurrence.
    Token,
    /// Features of a head.
    Dim,
    /// Features of a key, where the state has both those and the features of a value.
    KeyDim,
    /// Features of an embedding.
    Width,
    /// The features of all heads, side by side.
    Channel,
    /// Places in the text.
    Position,
    /// Pairs of features that rotate together.
    Pair,
}

/// The operation of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Comes from the caller.
    Given,
    /// Set by an edit. No stage has it, but a cell may.
    Edited,
    /// Drawn by the seed.
    Seeded,
    /// The sine or cosine of an angle.
    Sinusoid,
    /// `a + b`.
    Add,
    /// `Σ a · b`.
    Matmul,
    /// `Σ a · b + c`.
    Affine,
    /// `a · cos ∓ b · sin`.
    Rotate,
    /// `a · scale`.
    Scale,
    /// `cap · tanh(a / cap)`.
    Softcap,
    /// `−slope · distance`.
    Alibi,
    /// `a`, or negative infinity where it may not be seen.
    Mask,
    /// The largest of a row.
    Max,
    /// `a − b`; negative infinity stays.
    Subtract,
    /// `e^a`.
    Exp,
    /// The sum of a row.
    Sum,
    /// `a / b`; 0 where b is 0.
    Divide,
    /// The share of one key in a row: scores, their exponentials and their sum as one operation.
    Softmax,
    /// `a`, at its place in the joined heads.
    Concat,
    /// `factor · state` before a token.
    Decay,
    /// `Σ key · state`: the value that the state expects.
    Predict,
    /// `value − prediction`.
    Error,
    /// `key · value`, or `beta · key · error`.
    Update,
    /// `state + update`.
    Accumulate,
    /// `Σ query · state`.
    Read,
}

/// What a trace is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceKind {
    /// Scaled dot-product attention.
    Attention,
    /// The recurrence of linear attention.
    LinearAttention,
}

/// The options of a trace, with every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceConfig {
    /// What the trace is of.
    pub kind: TraceKind,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Features of a query and a key, per head.
    pub head_dim: usize,
    /// Features of a value, per head.
    pub value_dim: usize,
    /// Features of an embedding; 0 where queries, keys and values were given.
    pub width: usize,
    /// Whether later keys are hidden.
    pub causal: bool,
    /// Left and right reach, -1 is open.
    pub window: [i64; 2],
    /// The scale that was used.
    pub scale: f64,
    /// The soft cap; 0 is none.
    pub softcap: f64,
    /// Where tokens stand.
    pub position: PositionConfig,
    /// The seed of what is seeded.
    pub seed: u32,
    /// The stages that were drawn by the seed.
    pub seeded: Vec<Name>,
    /// How many of the keys are past ones. Query `i` stands at place `past + i`.
    pub past: usize,
    /// Keys beyond this many are padding.
    pub mask_length: usize,
    /// The numbers that the caller has set, in the order in which they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edited>,
    /// The update rule of a recurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<LinearRule>,
}

/// Where tokens stand, with every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PositionConfig {
    /// Nowhere in particular.
    None,
    /// Sines and cosines, added.
    Sinusoidal,
    /// A given table, added.
    Learned,
    /// Rotation of queries and keys.
    Rotary {
        /// The base of the angles.
        base: f64,
        /// Features of each head that rotate.
        dim: usize,
        /// Neighbours rotate together, instead of halves.
        interleaved: bool,
    },
    /// A slope per head.
    Alibi {
        /// The slopes that were used.
        slopes: Vec<f32>,
    },
}

/// A NaN or an infinity among the given inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NonFinite {
    /// The stage.
    pub stage: Name,
    /// The cell.
    pub index: Vec<usize>,
    /// `NaN`, `Infinity` or `-Infinity`.
    pub value: &'static str,
}
