//! The sizes of a traced attention, worked out from what was given and checked against it.

mod position;
mod widths;

use super::input::TraceInput;
use super::{Axis, TraceConfig, TraceKind};
use crate::config::AttentionConfig;
use crate::error::{Error, Operation};
use crate::limits::TRACED_HEADS;
use crate::tensor::{expect_limits, expect_shape, row_major};
use crate::visibility::{checked_scale, checked_softcap, checked_window};
use ndarray::ArrayViewD;
use position::position;
use widths::{Direct, Widths, expect_matrix};

/// Queries, keys or values: where they come from has these sizes.
pub(super) struct Projection {
    pub head_axis: Axis,
    pub token_axis: Axis,
    pub dim_axis: Axis,
    pub heads: usize,
    /// Past ones included.
    pub tokens: usize,
    pub dim: usize,
}

impl Projection {
    /// Its axes, with their extents.
    pub fn axes(&self) -> [(Axis, usize); 3] {
        [
            (self.head_axis, self.heads),
            (self.token_axis, self.tokens),
            (self.dim_axis, self.dim),
        ]
    }

    pub fn channels(&self) -> usize {
        self.heads.saturating_mul(self.dim)
    }

    /// `[heads, past + tokens, dim]`, row-major, from rows of the past and `[heads, tokens, dim]` or packed rows.
    pub fn joined(&self, given: &ArrayViewD<'_, f32>, past: &[f32]) -> Vec<f32> {
        let data = row_major(given);
        let row = past.len() / self.heads;
        let tokens = self.tokens - row / self.dim;
        let mut cells = Vec::with_capacity(self.channels() * self.tokens);
        for h in 0..self.heads {
            cells.extend_from_slice(&past[h * row..][..row]);
            for token in 0..tokens {
                let place = if given.ndim() == 3 {
                    h * tokens + token
                } else {
                    token * self.heads + h
                };
                cells.extend_from_slice(&data[place * self.dim..][..self.dim]);
            }
        }
        cells
    }
}

/// Every size and option of a trace.
pub(super) struct Sizes {
    pub config: TraceConfig,
    /// Whether queries, keys and values are projected, or given as they are.
    pub projected: bool,
    /// Whether keys and values come from other tokens than the queries.
    pub cross: bool,
    pub query: Projection,
    pub key: Projection,
    pub value: Projection,
    /// Features of the output; none where there is no such stage.
    pub output_width: Option<usize>,
    pub query_tokens: Vec<String>,
    pub key_tokens: Vec<String>,
}

impl Sizes {
    /// The letters of a query and a key in formulas: in a recurrence, they are the same token.
    pub fn letters(&self) -> (&'static str, &'static str) {
        if self.query.token_axis == Axis::Token {
            ("t", "t")
        } else {
            ("i", "j")
        }
    }

    pub fn output_channels(&self) -> usize {
        self.config.heads * self.value.dim
    }

    pub fn score_axes(&self) -> [(Axis, usize); 3] {
        [
            (Axis::Head, self.config.heads),
            (Axis::Query, self.query.tokens),
            (Axis::Key, self.key.tokens),
        ]
    }

    /// Sizes of at most `most` tokens on either side.
    pub fn of(
        op: Operation,
        most: usize,
        input: &TraceInput,
        config: &AttentionConfig,
    ) -> Result<Self, Error> {
        expect_limits(op, &input.tensors())?;
        let (heads, kv_heads) = heads(op, config)?;
        let direct = Direct::of(op, input, heads, kv_heads)?;
        let projected = direct.is_none();
        let named = input.tokens.as_ref();
        let cross = projected
            && (input.memory.is_some() || named.is_some_and(|tokens| !tokens.key.is_empty()));
        let widths = match &direct {
            Some(direct) => Widths {
                width: 0,
                dim: direct.dim,
                value_dim: direct.value_dim,
            },
            None => Widths::of(op, input, heads, kv_heads)?,
        };
        let past = past(op, input, kv_heads, widths.dim, widths.value_dim)?;

        let given = direct
            .as_ref()
            .map(|direct| direct.queries)
            .or(input.x.as_ref().map(|x| x.shape()[0]));
        let names = |side, named, rows| names(op, most, side, named, rows);
        let query_tokens = names("query", named.map(|tokens| &tokens.query[..]), given)?;
        let own = match &direct {
            Some(direct) => names(
                "key",
                named.map(|tokens| &tokens.key[..]),
                Some(direct.keys),
            )?,
            None if cross => {
                let given = input.memory.as_ref().map(|memory| memory.shape()[0]);
                names("key", named.map(|tokens| &tokens.key[..]), given)?
            }
            None => query_tokens.clone(),
        };
        if cross && own.is_empty() {
            return Err(op.size("a memory of at least 1 token", 0));
        }
        let mut key_tokens: Vec<String> = (0..past).map(|j| format!("past {j}")).collect();
        // given queries and keys of one length are one sequence: the names of the queries serve for both
        let same = direct.is_some() && named.is_some_and(|tokens| tokens.key.is_empty());
        key_tokens.extend(if same && own.len() == query_tokens.len() {
            query_tokens.clone()
        } else {
            own
        });
        let (queries, keys) = (query_tokens.len(), key_tokens.len());
        if queries == 0 || keys == 0 {
            return Err(op.size(
                "at least 1 token on each side",
                format!("{queries} and {keys}"),
            ));
        }
        if queries > most || keys > most {
            return Err(op.too_many_tokens(format!("at most {most} tokens"), queries.max(keys)));
        }

        let projection = |head_axis, token_axis, heads, tokens, dim| Projection {
            head_axis,
            token_axis,
            dim_axis: Axis::Dim,
            heads,
            tokens,
            dim,
        };
        let output_width = match (&input.wo, projected && input.wq.is_none()) {
            (Some(wo), _) => Some(expect_matrix(
                op,
                input,
                wo,
                heads * widths.value_dim,
                widths.width,
            )?),
            (None, true) => Some(widths.width),
            (None, false) => None,
        };
        if input.bo.is_some() && output_width.is_none() {
            return Err(op.option("bo only with wo", "bo alone"));
        }
        if let (Some(bo), Some(width)) = (&input.bo, output_width) {
            expect_shape(op, "bo", bo, &["width"], &[width])?;
        }
        let reach = input
            .mask
            .as_ref()
            .and_then(|mask| mask.shape().last().copied())
            .unwrap_or(keys);
        Ok(Sizes {
            projected,
            cross,
            query: projection(Axis::Head, Axis::Query, heads, queries, widths.dim),
            key: projection(Axis::KvHead, Axis::Key, kv_heads, keys, widths.dim),
            value: projection(Axis::KvHead, Axis::Key, kv_heads, keys, widths.value_dim),
            output_width,
            query_tokens,
            key_tokens,
            config: TraceConfig {
                kind: TraceKind::Attention,
                heads,
                kv_heads,
                head_dim: widths.dim,
                value_dim: widths.value_dim,
                width: widths.width,
                causal: config.causal,
                window: checked_window(op, config.window)?,
                scale: checked_scale(op, config.scale, widths.dim)?,
                softcap: checked_softcap(op, config.softcap)?.unwrap_or(0.0),
                position: position(
                    op,
                    input,
                    heads,
                    &widths,
                    projected,
                    past + queries.max(keys - past),
                )?,
                seed: input.seed,
                seeded: Vec::new(),
                past,
                mask_length: reach.min(keys),
                edits: Vec::new(),
                rule: None,
            },
        })
    }
}

/// Query and key heads.
fn heads(op: Operation, config: &AttentionConfig) -> Result<(usize, usize), Error> {
    let Some(heads) = config.heads else {
        return Err(op.option("heads", "none"));
    };
    let kv_heads = config.kv_heads.unwrap_or(heads);
    for (name, heads) in [("heads", heads), ("kv_heads", kv_heads)] {
        if !(1..=TRACED_HEADS).contains(&heads) {
            return Err(op.option(format!("{name} from 1 to {TRACED_HEADS}"), heads));
        }
    }
    if heads % kv_heads != 0 {
        return Err(op.size(
            "heads that are a multiple of kv_heads",
            format!("{heads} and {kv_heads}"),
        ));
    }
    Ok((heads, kv_heads))
}

/// The number of past keys.
fn past(
    op: Operation,
    input: &TraceInput,
    kv_heads: usize,
    dim: usize,
    value_dim: usize,
) -> Result<usize, Error> {
    match (&input.past_key, &input.past_value) {
        (None, None) => Ok(0),
        (Some(key), Some(value)) => {
            let past = key.shape().get(1).copied().unwrap_or(0);
            let axes = ["kv_head", "past", "dim"];
            expect_shape(op, "past_key", key, &axes, &[kv_heads, past, dim])?;
            expect_shape(op, "past_value", value, &axes, &[kv_heads, past, value_dim])?;
            Ok(past)
        }
        _ => Err(op.option("past_key and past_value together", "one of them")),
    }
}

/// The names of the tokens of one side: those given, which must be as many as there are rows, or numbers.
fn names(
    op: Operation,
    most: usize,
    side: &str,
    named: Option<&[String]>,
    rows: Option<usize>,
) -> Result<Vec<String>, Error> {
    let named = named.filter(|named| !named.is_empty());
    match (named, rows) {
        (Some(named), Some(rows)) if named.len() != rows => {
            Err(op.shape(format!("{rows} {side} tokens, one per row"), named.len()))
        }
        // checked before names are made: a matrix may have millions of rows
        (_, Some(rows)) if rows > most => {
            Err(op.too_many_tokens(format!("at most {most} tokens"), rows))
        }
        (Some(named), _) => Ok(named.to_vec()),
        (None, Some(rows)) => Ok((0..rows).map(|row| row.to_string()).collect()),
        (None, None) => Err(op.size(format!("at least 1 {side} token"), 0)),
    }
}
