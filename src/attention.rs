//! Scaled dot-product attention: fast, and keeps nothing.

use crate::config::{AttentionConfig, ScoresKind};
use crate::error::{Error, Operation};
use crate::limits::checked_len;
use crate::mask::{Broadcast, Mask};
use crate::plain;
use crate::tensor::{Heads, expect_limits, expect_shape, row_major};
use crate::visibility::{Visibility, checked_scale, checked_softcap, checked_window};
use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension, IxDyn};
use std::borrow::Cow;

const OPERATION: Operation = Operation("compute_attention");

/// What attention reads. Views may be laid out in memory in any way.
#[derive(Clone, Debug)]
pub struct AttentionInput<'a> {
    /// Queries, `[batch, heads, query, dim]` or `[batch, query, heads * dim]`.
    pub q: ArrayViewD<'a, f32>,
    /// Keys, `[batch, kv_heads, key, dim]` or packed like the queries.
    pub k: ArrayViewD<'a, f32>,
    /// Values, `[batch, kv_heads, key, value_dim]` or packed like the queries.
    pub v: ArrayViewD<'a, f32>,
    /// Which keys may be seen, or what is added to the scores.
    pub mask: Option<Mask<'a>>,
    /// Keys that come before `k`, `[batch, kv_heads, past, dim]`.
    pub past_key: Option<ArrayViewD<'a, f32>>,
    /// Values that come before `v`, `[batch, kv_heads, past, value_dim]`.
    pub past_value: Option<ArrayViewD<'a, f32>>,
    /// How many keys of each sequence in the batch are real; the rest is padding. Not together with past keys.
    pub kv_lengths: Option<&'a [usize]>,
}

impl<'a> AttentionInput<'a> {
    /// Queries, keys and values, and nothing besides.
    pub fn new<D: Dimension, E: Dimension, F: Dimension>(
        q: ArrayView<'a, f32, D>,
        k: ArrayView<'a, f32, E>,
        v: ArrayView<'a, f32, F>,
    ) -> Self {
        AttentionInput {
            q: q.into_dyn(),
            k: k.into_dyn(),
            v: v.into_dyn(),
            mask: None,
            past_key: None,
            past_value: None,
            kv_lengths: None,
        }
    }
}

/// What attention gives.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionOutput {
    /// The mixed values, laid out as the queries were: `[batch, heads, query, value_dim]` or packed.
    pub output: ArrayD<f32>,
    /// Past and new keys joined, `[batch, kv_heads, key, dim]`, where there were past ones.
    pub present_key: Option<ArrayD<f32>>,
    /// Past and new values joined, where there were past ones.
    pub present_value: Option<ArrayD<f32>>,
    /// The intermediate that [`AttentionConfig::scores`] asks for, `[batch, heads, query, key]`.
    pub scores: Option<ArrayD<f32>>,
}

/// Scaled dot-product attention over a batch of independent sequences.
///
/// `output[h,i] = Σ_j softmax_j(cap(scale · query[h,i] · key[g,j]) + mask[h,i,j]) · value[g,j]`, with `g` the key
/// head that query head `h` reads. A key that may not be seen has no part in it, whatever it holds. A query that
/// sees no key gives zeros.
///
/// # Shapes
/// q `[batch, heads, query, dim]`, k `[batch, kv_heads, key, dim]`, v `[batch, kv_heads, key, value_dim]`,
/// each also packed, as in [`AttentionInput`]; the output is laid out like q.
///
/// # Errors
/// `shape`, `size` and `option` where the input does not fit together or the options have no meaning,
/// `too_large` where a tensor would exceed [`crate::Limits::tensor_bytes`].
///
/// # Source
/// ONNX operator `Attention`, opset 25; Vaswani et al. 2017, "Attention Is All You Need", equation 1.
///
/// ```
/// use attention_playground::{compute_attention, AttentionConfig, AttentionInput};
/// use ndarray::Array4;
///
/// let q = Array4::from_shape_fn((1, 2, 3, 4), |(_, h, i, c)| (h + i * c) as f32 / 4.0);
/// let config = AttentionConfig { causal: true, ..AttentionConfig::default() };
/// let result = compute_attention(&AttentionInput::new(q.view(), q.view(), q.view()), &config)?;
/// assert_eq!(result.output.shape(), [1, 2, 3, 4]);
/// // the first query sees only the first key, so its output is the first value
/// assert_eq!(result.output[[0, 1, 0, 2]], q[[0, 1, 0, 2]]);
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn compute_attention(
    input: &AttentionInput,
    config: &AttentionConfig,
) -> Result<AttentionOutput, Error> {
    let geometry = Geometry::of(input, config)?;
    let keys = joined(&input.k, &geometry.k, input.past_key.as_ref())?;
    let values = joined(&input.v, &geometry.v, input.past_value.as_ref())?;
    let (output, scores) = geometry.run(input, config, &keys, &values)?;
    let present = |data: Cow<[f32]>, heads: &Heads| {
        input.past_key.as_ref().map(|_| {
            let shape = vec![heads.batch, heads.heads, geometry.keys, heads.dim];
            array(shape, data.into_owned())
        })
    };
    Ok(AttentionOutput {
        output,
        scores,
        present_key: present(keys, &geometry.k).transpose()?,
        present_value: present(values, &geometry.v).transpose()?,
    })
}

pub(crate) fn array(shape: Vec<usize>, data: Vec<f32>) -> Result<ArrayD<f32>, Error> {
    ArrayD::from_shape_vec(IxDyn(&shape), data)
        .map_err(|error| OPERATION.internal(format!("data for {shape:?}"), error))
}

/// The sizes of one call, all of them checked.
struct Geometry {
    q: Heads,
    k: Heads,
    v: Heads,
    /// Query heads that share a key head.
    group: usize,
    /// Past and new keys.
    keys: usize,
    window: [i64; 2],
    scale: f64,
    softcap: Option<f64>,
}

impl Geometry {
    fn of(input: &AttentionInput, config: &AttentionConfig) -> Result<Self, Error> {
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
        Ok(Geometry {
            group: q.heads / k.heads,
            keys,
            window: checked_window(op, config.window)?,
            scale: checked_scale(op, config.scale, q.dim)?,
            softcap: checked_softcap(op, config.softcap)?,
            q,
            k,
            v,
        })
    }

    /// Which keys the queries of sequence `batch` may see, by place.
    fn visibility(
        &self,
        input: &AttentionInput,
        config: &AttentionConfig,
        batch: usize,
    ) -> Visibility {
        let padded = input
            .kv_lengths
            .and_then(|lengths| lengths.get(batch).copied());
        let offset = match padded {
            Some(length) => length as i64 - self.q.tokens as i64,
            None => (self.keys - self.k.tokens) as i64,
        };
        let reach = input
            .mask
            .as_ref()
            .and_then(|mask| mask.shape().last().copied())
            .unwrap_or(self.keys);
        Visibility {
            causal: config.causal,
            window: self.window,
            offset,
            length: padded.unwrap_or(self.keys).min(reach),
        }
    }

    /// The whole computation, one row of scores at a time.
    fn run(
        &self,
        input: &AttentionInput,
        config: &AttentionConfig,
        keys: &[f32],
        values: &[f32],
    ) -> Result<(ArrayD<f32>, Option<ArrayD<f32>>), Error> {
        let Geometry { q, k, v, .. } = self;
        let out = Heads {
            batch: q.batch,
            heads: q.heads,
            tokens: q.tokens,
            dim: v.dim,
            packed: q.packed,
        };
        let mut output = vec![0.0; checked_len(OPERATION, "the output", &out.shape())?];
        let scores_shape = vec![q.batch, q.heads, q.tokens, self.keys];
        let mut kept = match config.scores {
            Some(_) => vec![0.0; checked_len(OPERATION, "the scores", &scores_shape)?],
            None => Vec::new(),
        };
        let bias = Broadcast::of(
            OPERATION,
            input.mask.as_ref(),
            [q.batch, q.heads, q.tokens, self.keys],
        )?;
        let queries = row_major(&input.q);
        let mut row = vec![0.0; self.keys];
        let mut seen = vec![false; self.keys];
        let mut sums = vec![0.0; v.dim];
        for b in 0..q.batch {
            let visibility = self.visibility(input, config, b);
            for h in 0..q.heads {
                let kv = (b * k.heads + h / self.group) * self.keys;
                let keys = &keys[kv * k.dim..][..self.keys * k.dim];
                let values = &values[kv * v.dim..][..self.keys * v.dim];
                for i in 0..q.tokens {
                    let query = &queries[q.row(b, h, i)..][..q.dim];
                    let at = ((b * q.heads + h) * q.tokens + i) * self.keys;
                    let mut keep = |kind: ScoresKind, row: &[f32]| {
                        if config.scores == Some(kind) {
                            kept[at..at + row.len()].copy_from_slice(row);
                        }
                    };
                    plain::scores_row(query, keys, &mut row);
                    row.iter_mut()
                        .for_each(|score| *score = plain::scale(*score, self.scale));
                    keep(ScoresKind::Raw, &row);
                    if let Some(cap) = self.softcap {
                        row.iter_mut()
                            .for_each(|score| *score = plain::softcap(*score, cap));
                    }
                    keep(ScoresKind::Capped, &row);
                    bias.apply([b, h, i], &mut row);
                    let visible = visibility.range(i);
                    row[..visible.start].fill(f32::NEG_INFINITY);
                    row[visible.end..].fill(f32::NEG_INFINITY);
                    keep(ScoresKind::Masked, &row);
                    for (seen, &score) in seen.iter_mut().zip(&row) {
                        *seen = score != f32::NEG_INFINITY;
                    }
                    plain::softmax_row(&mut row);
                    keep(ScoresKind::Weights, &row);
                    let mixed = &mut output[out.row(b, h, i)..][..v.dim];
                    plain::mix_row(&row, &seen, values, &mut sums, mixed);
                }
            }
        }
        let scores = config
            .scores
            .map(|_| array(scores_shape, kept))
            .transpose()?;
        Ok((array(out.shape(), output)?, scores))
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
fn joined<'a>(
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
