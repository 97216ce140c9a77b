//! Features of embeddings and heads: what was given says them, and must agree.

use crate::error::{Error, Operation};
use crate::limits::DEFAULT_HEAD_DIM;
use crate::tensor::{expect_rank, expect_shape};
use crate::trace::TraceInput;
use ndarray::ArrayViewD;

/// Sizes of queries, keys and values that were given as they are.
pub(super) struct Direct {
    pub queries: usize,
    pub keys: usize,
    pub dim: usize,
    pub value_dim: usize,
}

impl Direct {
    pub fn of(
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
pub(super) fn rows(
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
pub(super) struct Widths {
    pub width: usize,
    pub dim: usize,
    pub value_dim: usize,
}

impl Widths {
    pub fn of(
        op: Operation,
        input: &TraceInput,
        heads: usize,
        kv_heads: usize,
    ) -> Result<Self, Error> {
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
pub(super) fn divided(
    op: Operation,
    what: &str,
    total: usize,
    parts: usize,
) -> Result<usize, Error> {
    if total == 0 || !total.is_multiple_of(parts) {
        return Err(op.size(format!("{what} that {parts} heads divide"), total));
    }
    Ok(total / parts)
}

/// The columns of `wo`, whose rows are the joined heads. With embeddings, they are as wide as those.
pub(super) fn expect_matrix(
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
