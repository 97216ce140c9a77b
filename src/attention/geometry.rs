//! The sizes of one call of attention, all of them checked before anything is computed.

use super::{AttentionInput, OPERATION};
use crate::config::AttentionConfig;
use crate::error::Error;
use crate::limits::checked_len;
use crate::tensor::{Heads, expect_limits, expect_shape, row_major};
use crate::visibility::{Visibility, checked_scale, checked_softcap, checked_window};
use ndarray::ArrayViewD;
use std::borrow::Cow;

/// The sizes of one call, all of them checked.
pub(crate) struct Geometry {
    pub q: Heads,
    pub k: Heads,
    pub v: Heads,
    /// Query heads that share a key head.
    pub group: usize,
    /// Queries of the whole sequence, and the first of them that is here.
    queries: usize,
    first: usize,
    /// Past and new keys.
    pub keys: usize,
    pub window: [i64; 2],
    pub scale: f64,
    pub softcap: Option<f64>,
    causal: bool,
    /// Keys of each sequence that are real, where that was said, and that the mask tells of.
    lengths: Option<Vec<usize>>,
    reach: usize,
}

impl Geometry {
    pub fn of(input: &AttentionInput, config: &AttentionConfig) -> Result<Self, Error> {
        let op = OPERATION;
        let (past_key, past_value) = (input.past_key.as_ref(), input.past_value.as_ref());
        expect_limits(
            op,
            &[
                ("q", Some(&input.q)),
                ("k", Some(&input.k)),
                ("v", Some(&input.v)),
                ("past_key", past_key),
                ("past_value", past_value),
            ],
        )?;
        let q = Heads::of(op, "q", &input.q, config.heads, "heads")?;
        let kv_heads = config
            .kv_heads
            .or(if q.packed { Some(q.heads) } else { None });
        let k = Heads::of(op, "k", &input.k, kv_heads, "kv_heads")?;
        let v = Heads::of(op, "v", &input.v, kv_heads, "kv_heads")?;
        if q.packed != k.packed || q.packed != v.packed {
            return Err(op.shape(
                "q, k and v with the same number of axes",
                format!(
                    "{}, {} and {}",
                    input.q.ndim(),
                    input.k.ndim(),
                    input.v.ndim()
                ),
            ));
        }
        let agree = |what: &str, a: usize, b: usize| {
            if a == b {
                Ok(())
            } else {
                Err(op.shape(format!("the same {what}"), format!("{a} and {b}")))
            }
        };
        agree("batch in q and k", q.batch, k.batch)?;
        agree("batch in k and v", k.batch, v.batch)?;
        agree("heads in k and v", k.heads, v.heads)?;
        agree("tokens in k and v", k.tokens, v.tokens)?;
        agree("dim in q and k", q.dim, k.dim)?;
        if q.heads % k.heads != 0 {
            return Err(op.size(
                "query heads that are a multiple of key heads",
                format!("{} and {}", q.heads, k.heads),
            ));
        }
        let past = past_len(input, &k, &v)?;
        let keys = k.tokens.saturating_add(past);
        if q.tokens == 0 || keys == 0 {
            return Err(op.size(
                "at least 1 query and 1 key",
                format!("{} and {keys}", q.tokens),
            ));
        }
        if let Some(lengths) = input.kv_lengths {
            if input.past_key.is_some() {
                return Err(op.option("either past keys or key lengths", "both"));
            }
            agree("batch in q and key lengths", q.batch, lengths.len())?;
            if let Some(length) = lengths.iter().find(|&&length| length > keys) {
                return Err(op.size(format!("key lengths of at most {keys}"), length));
            }
        }
        let [first, queries] = config.rows.unwrap_or([0, q.tokens]);
        if first.saturating_add(q.tokens) > queries {
            return Err(op.option(
                format!("rows [first, queries] with room for {} queries", q.tokens),
                format!("[{first}, {queries}]"),
            ));
        }
        Ok(Geometry {
            first,
            queries,
            group: q.heads / k.heads,
            keys,
            window: checked_window(op, config.window)?,
            scale: checked_scale(op, config.scale, q.dim)?,
            softcap: checked_softcap(op, config.softcap)?,
            causal: config.causal,
            lengths: input.kv_lengths.map(<[usize]>::to_vec),
            reach: (input.mask.as_ref())
                .and_then(|mask| mask.shape().last().copied())
                .unwrap_or(keys),
            q,
            k,
            v,
        })
    }

    /// Which keys the queries of sequence `batch` may see, by place.
    pub fn visibility(&self, batch: usize) -> Visibility {
        let padded = (self.lengths.as_ref()).and_then(|lengths| lengths.get(batch).copied());
        let offset = match padded {
            Some(length) => length as i64 - self.queries as i64,
            None => (self.keys - self.k.tokens) as i64,
        } + self.first as i64;
        Visibility {
            causal: self.causal,
            window: self.window,
            offset,
            length: padded.unwrap_or(self.keys).min(self.reach),
        }
    }
}

impl Geometry {
    /// The output, laid out as the queries are.
    pub fn output(&self) -> Heads {
        let Heads {
            batch,
            heads,
            tokens,
            packed,
            ..
        } = self.q;
        Heads {
            batch,
            heads,
            tokens,
            dim: self.v.dim,
            packed,
        }
    }
}

/// Checks the past tensors against the present ones and gives their number of tokens.
fn past_len(input: &AttentionInput, k: &Heads, v: &Heads) -> Result<usize, Error> {
    match (&input.past_key, &input.past_value) {
        (None, None) => Ok(0),
        (Some(key), Some(value)) => {
            let past = key.shape().get(2).copied().unwrap_or(0);
            let axes = ["batch", "kv_head", "past", "dim"];
            expect_shape(
                OPERATION,
                "past_key",
                key,
                &axes,
                &[k.batch, k.heads, past, k.dim],
            )?;
            expect_shape(
                OPERATION,
                "past_value",
                value,
                &axes,
                &[v.batch, v.heads, past, v.dim],
            )?;
            Ok(past)
        }
        _ => Err(OPERATION.option("past_key and past_value together", "one of them")),
    }
}

/// `[batch, kv_heads, past + tokens, dim]`, row-major; borrowed where `view` has that form already.
pub(crate) fn joined<'a>(
    view: &'a ArrayViewD<'_, f32>,
    heads: &Heads,
    past: Option<&'a ArrayViewD<'_, f32>>,
) -> Result<Cow<'a, [f32]>, Error> {
    let present = row_major(view);
    if past.is_none() && !heads.packed {
        return Ok(present);
    }
    let past = past.map(row_major).unwrap_or_default();
    let past_row = past.len() / (heads.batch * heads.heads);
    let tokens = (past_row / heads.dim).saturating_add(heads.tokens);
    let shape = [heads.batch, heads.heads, tokens, heads.dim];
    let mut data = Vec::with_capacity(checked_len(OPERATION, "past and present keys", &shape)?);
    for b in 0..heads.batch {
        for h in 0..heads.heads {
            data.extend_from_slice(&past[(b * heads.heads + h) * past_row..][..past_row]);
            for token in 0..heads.tokens {
                data.extend_from_slice(&present[heads.row(b, h, token)..][..heads.dim]);
            }
        }
    }
    Ok(Cow::Owned(data))
}
