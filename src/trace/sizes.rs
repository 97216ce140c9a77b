//! The sizes of a traced attention, worked out from what was given and checked against it.

use super::input::TraceInput;
use super::{Axis, PositionConfig, TraceConfig, TraceKind};
use crate::config::{AttentionConfig, Position};
use crate::error::{Error, Operation};
use crate::limits::{DEFAULT_HEAD_DIM, TRACED_HEADS, TRACED_TOKENS};
use crate::positions::{BASE, alibi_slopes, checked_base};
use crate::rotary::checked_rotary_dim;
use crate::tensor::{expect_limits, expect_rank, expect_shape, row_major};
use crate::visibility::{checked_scale, checked_softcap, checked_window};
use ndarray::ArrayViewD;

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

    pub fn of(op: Operation, input: &TraceInput, config: &AttentionConfig) -> Result<Self, Error> {
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
        let query_tokens = names(op, "query", named.map(|tokens| &tokens.query[..]), given)?;
        let own = match &direct {
            Some(direct) => names(
                op,
                "key",
                named.map(|tokens| &tokens.key[..]),
                Some(direct.keys),
            )?,
            None if cross => {
                let given = input.memory.as_ref().map(|memory| memory.shape()[0]);
                names(op, "key", named.map(|tokens| &tokens.key[..]), given)?
            }
            None => query_tokens.clone(),
        };
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
        if queries > TRACED_TOKENS || keys > TRACED_TOKENS {
            return Err(
                op.too_many_tokens(format!("at most {TRACED_TOKENS} tokens"), queries.max(keys))
            );
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

/// Sizes of queries, keys and values that were given as they are.
struct Direct {
    queries: usize,
    keys: usize,
    dim: usize,
    value_dim: usize,
}

impl Direct {
    fn of(
        op: Operation,
        input: &TraceInput,
        heads: usize,
        kv_heads: usize,
    ) -> Result<Option<Self>, Error> {
        let (q, k, v) = match (&input.q, &input.k, &input.v) {
            (None, None, None) => return Ok(None),
            (Some(q), Some(k), Some(v)) => (q, k, v),
            _ => return Err(op.option("q, k and v together", "some of them")),
        };
        let others = [
            &input.x,
            &input.memory,
            &input.wq,
            &input.wk,
            &input.wv,
            &input.bq,
            &input.bk,
            &input.bv,
        ];
        if others.iter().any(|other| other.is_some()) {
            return Err(op.option("either q, k and v or embeddings with weights", "both"));
        }
        let (queries, dim) = rows(op, "q", q, heads, "heads")?;
        let (keys, key_dim) = rows(op, "k", k, kv_heads, "kv_heads")?;
        let (values, value_dim) = rows(op, "v", v, kv_heads, "kv_heads")?;
        if dim != key_dim {
            return Err(op.shape("q and k with the same dim", format!("{dim} and {key_dim}")));
        }
        if keys != values {
            return Err(op.shape(
                "k and v with the same tokens",
                format!("{keys} and {values}"),
            ));
        }
        Ok(Some(Direct {
            queries,
            keys,
            dim,
            value_dim,
        }))
    }
}

/// Tokens and features of `[heads, tokens, dim]` or `[tokens, heads * dim]`.
fn rows(
    op: Operation,
    name: &str,
    view: &ArrayViewD<'_, f32>,
    heads: usize,
    option: &str,
) -> Result<(usize, usize), Error> {
    let (tokens, dim) = match *view.shape() {
        [own, tokens, dim] if own == heads => (tokens, dim),
        [tokens, channels] if channels % heads == 0 => (tokens, channels / heads),
        [_, channels] => {
            return Err(op.size(
                format!("channels of {name} that {heads} {option} divide"),
                channels,
            ));
        }
        _ => {
            let expected =
                format!("{name} [{option} {heads}, tokens, dim] or [tokens, {heads} * dim]");
            return Err(op.shape(expected, format!("{:?}", view.shape())));
        }
    };
    if dim == 0 {
        return Err(op.size(format!("{name} with at least 1 feature per head"), 0));
    }
    Ok((tokens, dim))
}

/// Features of embeddings and heads that are projected.
struct Widths {
    width: usize,
    dim: usize,
    value_dim: usize,
}

impl Widths {
    fn of(op: Operation, input: &TraceInput, heads: usize, kv_heads: usize) -> Result<Self, Error> {
        let matrix = ["rows", "columns"];
        let named = [
            ("x", &input.x),
            ("memory", &input.memory),
            ("wq", &input.wq),
            ("wk", &input.wk),
            ("wv", &input.wv),
            ("wo", &input.wo),
        ];
        for (name, view) in named {
            if let Some(view) = view {
                expect_rank(op, name, view, &matrix)?;
            }
        }
        let columns =
            |view: &Option<ArrayViewD<'_, f32>>| view.as_ref().map(|view| view.shape()[1]);
        let (dim, value_dim, rows) = match (&input.wq, &input.wk, &input.wv) {
            (None, None, None) => (None, None, None),
            (Some(wq), Some(wk), Some(wv)) => {
                let dim = divided(op, "columns of wq", wq.shape()[1], heads)?;
                let key_dim = divided(op, "columns of wk", wk.shape()[1], kv_heads)?;
                if dim != key_dim {
                    return Err(op.shape(
                        "wq and wk with the same features per head",
                        format!("{dim} and {key_dim}"),
                    ));
                }
                (
                    Some(dim),
                    Some(divided(op, "columns of wv", wv.shape()[1], kv_heads)?),
                    Some(wq.shape()[0]),
                )
            }
            _ => return Err(op.option("wq, wk and wv together", "some of them")),
        };
        let asked = input.head_dim.or(dim);
        let width = columns(&input.x)
            .or(columns(&input.memory))
            .or(rows)
            .or(input.width);
        let width =
            width.unwrap_or_else(|| heads.saturating_mul(asked.unwrap_or(DEFAULT_HEAD_DIM)));
        let dim = match asked {
            Some(dim) => dim,
            None => divided(op, "width", width, heads)?,
        };
        if width == 0 || dim == 0 {
            return Err(op.size(
                "width and head_dim of at least 1",
                format!("{width} and {dim}"),
            ));
        }
        let widths = Widths {
            width,
            dim,
            value_dim: value_dim.unwrap_or(dim),
        };
        widths.check(op, input, heads, kv_heads)?;
        Ok(widths)
    }

    /// Holds everything that was given against the sizes.
    fn check(
        &self,
        op: Operation,
        input: &TraceInput,
        heads: usize,
        kv_heads: usize,
    ) -> Result<(), Error> {
        if let Some(width) = input.width.filter(|&width| width != self.width) {
            return Err(op.option(
                format!("width {}, as the given matrices have", self.width),
                width,
            ));
        }
        let channels = |name: &str, heads: usize, dim: usize| {
            heads
                .checked_mul(dim)
                .ok_or_else(|| op.too_large(format!("{name} that fits in memory"), dim))
        };
        let query = channels("wq", heads, self.dim)?;
        let key = channels("wk", kv_heads, self.dim)?;
        let value = channels("wv", kv_heads, self.value_dim)?;
        channels("wo", heads, self.value_dim)?;
        let embeddings = [("x", &input.x), ("memory", &input.memory)];
        for (name, view) in embeddings {
            if let Some(view) = view {
                expect_shape(
                    op,
                    name,
                    view,
                    &["token", "width"],
                    &[view.shape()[0], self.width],
                )?;
            }
        }
        let parts = [
            ("wq", &input.wq, "bq", &input.bq, query),
            ("wk", &input.wk, "bk", &input.bk, key),
            ("wv", &input.wv, "bv", &input.bv, value),
        ];
        for (w_name, w, b_name, b, channels) in parts {
            if let Some(w) = w {
                expect_shape(
                    op,
                    w_name,
                    w,
                    &["width", "channel"],
                    &[self.width, channels],
                )?;
            }
            if let Some(b) = b {
                expect_shape(op, b_name, b, &["channel"], &[channels])?;
            }
        }
        Ok(())
    }
}

/// `total / parts`, where they divide.
fn divided(op: Operation, what: &str, total: usize, parts: usize) -> Result<usize, Error> {
    if total == 0 || total % parts != 0 {
        return Err(op.size(format!("{what} that {parts} heads divide"), total));
    }
    Ok(total / parts)
}

/// The columns of `wo`, whose rows are the joined heads. With embeddings, they are as wide as those.
fn expect_matrix(
    op: Operation,
    input: &TraceInput,
    wo: &ArrayViewD<'_, f32>,
    channels: usize,
    width: usize,
) -> Result<usize, Error> {
    expect_rank(op, "wo", wo, &["channel", "width"])?;
    let columns = if input.q.is_some() {
        wo.shape()[1]
    } else {
        width
    };
    expect_shape(op, "wo", wo, &["channel", "width"], &[channels, columns])?;
    if columns == 0 {
        return Err(op.size("wo with at least 1 column", 0));
    }
    Ok(columns)
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
        (_, Some(rows)) if rows > TRACED_TOKENS => {
            Err(op.too_many_tokens(format!("at most {TRACED_TOKENS} tokens"), rows))
        }
        (Some(named), _) => Ok(named.to_vec()),
        (None, Some(rows)) => Ok((0..rows).map(|row| row.to_string()).collect()),
        (None, None) => Err(op.size(format!("at least 1 {side} token"), 0)),
    }
}

/// The positions, with defaults filled in. `places` is one more than the last place of a token.
fn position(
    op: Operation,
    input: &TraceInput,
    heads: usize,
    widths: &Widths,
    projected: bool,
    places: usize,
) -> Result<PositionConfig, Error> {
    let added = |name: &str| {
        if projected {
            Ok(())
        } else {
            Err(op.option(
                format!("embeddings, which {name} positions are added to"),
                "q, k and v",
            ))
        }
    };
    Ok(match &input.position {
        Position::None => PositionConfig::None,
        Position::Sinusoidal => {
            added("sinusoidal")?;
            PositionConfig::Sinusoidal
        }
        Position::Learned(table) => {
            added("learned")?;
            expect_rank(op, "the table of positions", table, &["position", "width"])?;
            let rows = table.shape()[0];
            expect_shape(
                op,
                "the table of positions",
                table,
                &["position", "width"],
                &[rows, widths.width],
            )?;
            if rows < places {
                return Err(op.index(format!("a table of at least {places} positions"), rows));
            }
            PositionConfig::Learned
        }
        &Position::Rotary {
            base,
            dim,
            interleaved,
        } => PositionConfig::Rotary {
            base: checked_base(op, base.unwrap_or(BASE))?,
            dim: checked_rotary_dim(op, dim, widths.dim)?,
            interleaved,
        },
        Position::Alibi { slopes: None } => PositionConfig::Alibi {
            slopes: alibi_slopes(heads)?,
        },
        Position::Alibi {
            slopes: Some(slopes),
        } => {
            expect_shape(op, "slopes", slopes, &["head"], &[heads])?;
            let slopes = row_major(slopes).into_owned();
            if let Some(slope) = slopes.iter().find(|slope| !slope.is_finite()) {
                return Err(op.option("finite slopes", slope));
            }
            PositionConfig::Alibi { slopes }
        }
    })
}
