//! What a trace is made from.

use super::Edit;
use crate::config::Position;
use crate::mask::Mask;
use ndarray::ArrayViewD;
use serde::Serialize;

/// The words at the sides of the matrices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// The tokens that ask.
    pub query: Vec<String>,
    /// The tokens that are asked. Empty in an input: the same as the queries.
    pub key: Vec<String>,
}

impl Tokens {
    /// Tokens that ask each other.
    pub fn query<S: Into<String>>(tokens: impl IntoIterator<Item = S>) -> Self {
        Tokens {
            query: tokens.into_iter().map(Into::into).collect(),
            key: Vec::new(),
        }
    }

    /// Tokens that ask other tokens.
    pub fn cross<S: Into<String>>(
        query: impl IntoIterator<Item = S>,
        key: impl IntoIterator<Item = S>,
    ) -> Self {
        Tokens {
            query: Tokens::query(query).query,
            key: Tokens::query(key).query,
        }
    }
}

/// The input of [`crate::trace_attention`]: tokens or embeddings with weights, or queries, keys and values.
/// What is missing is drawn by the seed, and said to be so in the trace.
#[derive(Clone, Debug, Default)]
pub struct TraceInput<'a> {
    /// The tokens. None: they are called 0, 1, 2, …
    pub tokens: Option<Tokens>,
    /// Embeddings, `[query, width]`. None: seeded by the tokens, so that a word has one embedding wherever it stands.
    pub x: Option<ArrayViewD<'a, f32>>,
    /// Embeddings that keys and values come from, `[key, width]`. None: those of the queries, or, where the tokens
    /// have keys of their own, seeded ones.
    pub memory: Option<ArrayViewD<'a, f32>>,
    /// Weights of the queries, `[width, heads * dim]`. The three come together, or are seeded together.
    pub wq: Option<ArrayViewD<'a, f32>>,
    /// Weights of the keys, `[width, kv_heads * dim]`.
    pub wk: Option<ArrayViewD<'a, f32>>,
    /// Weights of the values, `[width, kv_heads * value_dim]`.
    pub wv: Option<ArrayViewD<'a, f32>>,
    /// Weights of the output, `[heads * value_dim, width]`.
    pub wo: Option<ArrayViewD<'a, f32>>,
    /// Added to the queries, `[heads * dim]`.
    pub bq: Option<ArrayViewD<'a, f32>>,
    /// Added to the keys, `[kv_heads * dim]`.
    pub bk: Option<ArrayViewD<'a, f32>>,
    /// Added to the values, `[kv_heads * value_dim]`.
    pub bv: Option<ArrayViewD<'a, f32>>,
    /// Added to the output, `[width]`.
    pub bo: Option<ArrayViewD<'a, f32>>,
    /// Queries, `[heads, query, dim]` or `[query, heads * dim]`, with `k` and `v`, instead of embeddings.
    pub q: Option<ArrayViewD<'a, f32>>,
    /// Keys, `[kv_heads, key, dim]` or `[key, kv_heads * dim]`.
    pub k: Option<ArrayViewD<'a, f32>>,
    /// Values, `[kv_heads, key, value_dim]` or `[key, kv_heads * value_dim]`.
    pub v: Option<ArrayViewD<'a, f32>>,
    /// Which keys may be seen, broadcast to `[heads, queries, keys]`.
    pub mask: Option<Mask<'a>>,
    /// Keys of earlier tokens, `[kv_heads, past, dim]`, as a projection gives them: before any rotation.
    pub past_key: Option<ArrayViewD<'a, f32>>,
    /// Values of earlier tokens, `[kv_heads, past, value_dim]`.
    pub past_value: Option<ArrayViewD<'a, f32>>,
    /// Where the tokens stand; past keys come first.
    pub position: Position<'a>,
    /// What seeded numbers are drawn by.
    pub seed: u32,
    /// Features of seeded embeddings. Default: that of the given ones, else `heads * head_dim`.
    pub width: Option<usize>,
    /// Features of a head of seeded weights. Default: `width / heads`, else 8.
    pub head_dim: Option<usize>,
    /// Numbers that are set, whatever the trace would have there: once their stage is computed or given, and before
    /// anything is computed from it. Of two for one cell the later one stays.
    pub edits: Vec<Edit>,
}

impl<'a> TraceInput<'a> {
    /// Every tensor, with its name.
    pub(crate) fn tensors(&self) -> [(&'static str, Option<&ArrayViewD<'a, f32>>); 16] {
        let placed = match &self.position {
            Position::Learned(table) => Some(table),
            Position::Alibi { slopes } => slopes.as_ref(),
            _ => None,
        };
        [
            ("x", self.x.as_ref()),
            ("memory", self.memory.as_ref()),
            ("wq", self.wq.as_ref()),
            ("wk", self.wk.as_ref()),
            ("wv", self.wv.as_ref()),
            ("wo", self.wo.as_ref()),
            ("bq", self.bq.as_ref()),
            ("bk", self.bk.as_ref()),
            ("bv", self.bv.as_ref()),
            ("bo", self.bo.as_ref()),
            ("q", self.q.as_ref()),
            ("k", self.k.as_ref()),
            ("v", self.v.as_ref()),
            ("past_key", self.past_key.as_ref()),
            ("past_value", self.past_value.as_ref()),
            ("positions", placed),
        ]
    }
}

/// The input of [`crate::trace_linear_attention`]: one sequence.
#[derive(Clone, Debug, Default)]
pub struct LinearTraceInput<'a> {
    /// Tokens or embeddings with weights, or queries, keys and values, as for [`crate::trace_attention`]; but no
    /// memory, mask, past keys or values, and no rotary or ALiBi positions.
    pub tokens: TraceInput<'a>,
    /// The logarithm of what is kept of the state, `[token, kv_heads * dim]` or `[token, kv_heads]`.
    pub decay: Option<ArrayViewD<'a, f32>>,
    /// How much of the error is taken in, `[token, kv_heads]` or `[token, 1]`.
    pub beta: Option<ArrayViewD<'a, f32>>,
    /// The state before the first token, `[kv_heads, dim, value_dim]`; default: zeros.
    pub past_state: Option<ArrayViewD<'a, f32>>,
}
