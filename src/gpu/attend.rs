//! `compute_attention` on the GPU.

use super::device::Device;
use super::expect_bias;
use super::numbers::Numbers;
use super::part::{Results, Take, Whole};
use crate::attention::{Geometry, OPERATION, joined, results};
use crate::config::{AttentionConfig, ScoresKind};
use crate::error::Error;
use crate::limits::checked_len;
use crate::mask::{Broadcast, Mask};
use crate::tensor::row_major;
use crate::{AttentionInput, AttentionOutput};
#[cfg(target_arch = "wasm32")]
use {
    super::expect_finite, crate::attention::array, crate::trace::Rows, js_sys::Float32Array,
    ndarray::ArrayD, std::cell::RefCell,
};

/// What the output is called in a refusal.
const RESULT: &str = "the result";

/// Scores that were asked for, `[batch, heads, query, key]`.
type Scores = Option<(Vec<usize>, Vec<f32>)>;

pub(super) async fn compute_attention(
    device: &Device,
    input: &AttentionInput<'_>,
    config: &AttentionConfig,
) -> Result<AttentionOutput, Error> {
    let geometry = Geometry::of(input, config)?;
    let Geometry { k, v, .. } = &geometry;
    let keys = joined(&input.k, k, input.past_key.as_ref())?;
    let values = joined(&input.v, v, input.past_value.as_ref())?;
    let queries = row_major(&input.q);
    let out = geometry.output();
    let mut output = vec![0.0; checked_len(OPERATION, "the output", &out.shape())?];
    let mut mixed = |[b, h, i]: [usize; 3], rows: Numbers<'_>| {
        if !out.packed {
            rows.copy_to(&mut output[out.row(b, h, i)..][..rows.len()]);
            return;
        }
        for (n, row) in rows.here().chunks_exact(out.dim).enumerate() {
            output[out.row(b, h, i + n)..][..row.len()].copy_from_slice(row);
        }
    };
    let tensors = [&*queries, &*keys, &*values].map(Numbers::Ours);
    let scores = attend(
        device,
        &geometry,
        input,
        tensors,
        config.scores,
        &|| Ok(()),
        &mut mixed,
    )
    .await?;
    Numbers::Ours(&output).expect_finite(OPERATION, RESULT)?;
    results(input, &geometry, (keys, values), output, scores)
}

/// The same of queries, keys and values in arrays of JavaScript, from which they go to the GPU, and of which `input` has no more
/// than the shapes, each of four axes, and no past. The output goes to `rows`; gives its shape, and the scores that were asked for.
#[cfg(target_arch = "wasm32")]
pub(super) async fn compute_attention_of(
    device: &Device,
    arrays: [Float32Array; 3],
    input: &AttentionInput<'_>,
    config: &AttentionConfig,
    rows: &mut dyn Rows,
) -> Result<(Vec<usize>, Option<ArrayD<f32>>), Error> {
    let geometry = Geometry::of(input, config)?;
    let out = geometry.output();
    let length = checked_len(OPERATION, "the output", &out.shape())?;
    let rows = RefCell::new(rows);
    let mut finite = Ok(());
    let mut mixed = |[b, h, i]: [usize; 3], numbers: Numbers<'_>| {
        let at = out.row(b, h, i);
        let put = numbers.each(|first, some| {
            rows.borrow_mut().put(at + first, some);
            expect_finite(OPERATION, RESULT, some)
        });
        if finite.is_ok() {
            finite = put;
        }
    };
    let tensors = arrays.map(Numbers::Theirs);
    let begin = || {
        rows.borrow_mut().begin(OPERATION, length)?;
        rows.borrow_mut().touch();
        Ok(())
    };
    let scores = attend(
        device,
        &geometry,
        input,
        tensors,
        config.scores,
        &begin,
        &mut mixed,
    )
    .await?;
    finite?;
    let scores = scores.map(|(shape, scores)| array(shape, scores));
    Ok((out.shape(), scores.transpose()?))
}

/// Hands over what is mixed, after `begin`, and gives the scores. Keys and values are `[batch, kv_heads, key, dim]`, queries as they
/// were given. `begin` is called while the GPU works.
async fn attend(
    device: &Device,
    geometry: &Geometry,
    input: &AttentionInput<'_>,
    [queries, all_keys, all_values]: [Numbers<'_>; 3],
    wanted: Option<ScoresKind>,
    begin: &dyn Fn() -> Result<(), Error>,
    mixed: &mut Take<'_>,
) -> Result<Scores, Error> {
    let Geometry { q, k, v, keys, .. } = geometry;
    let score_shape = [q.batch, q.heads, q.tokens, *keys];
    let mask = Broadcast::of(OPERATION, input.mask.as_ref(), score_shape)?;
    let given = [("q", &queries), ("k", &all_keys), ("v", &all_values)];
    let given_finite =
        || (given.iter()).try_for_each(|(what, numbers)| numbers.expect_finite(OPERATION, what));
    if let Some(Mask::Additive(view)) = &input.mask {
        expect_bias(OPERATION, view.iter())?;
    }
    let visibility: Vec<_> = (0..q.batch).map(|b| geometry.visibility(b)).collect();
    let whole = Whole {
        op: OPERATION,
        kv_heads: k.heads,
        members: geometry.group,
        queries: q.tokens,
        keys: *keys,
        dim: q.dim,
        value_dim: v.dim,
        q: (queries.clone(), &|b, h, i| q.row(b, h, i)),
        k: all_keys.clone(),
        v: all_values.clone(),
        mask: &mask,
        visibility: &visibility,
        slopes: None,
        scale: geometry.scale,
        softcap: geometry.softcap,
    };
    let mut kept = match wanted {
        Some(_) => vec![0.0; checked_len(OPERATION, "the scores", &score_shape)?],
        None => Vec::new(),
    };
    let parts = whole.parts(device.most_bytes, wanted.is_some());
    for (n, part) in parts.iter().enumerate() {
        let mut scores = |[b, h, i]: [usize; 3], rows: Numbers<'_>| {
            let at = ((b * q.heads + h) * q.tokens + i) * keys;
            rows.copy_to(&mut kept[at..][..rows.len()]);
        };
        let results = Results {
            mixed: Some(&mut *mixed),
            scores: wanted.map(|kind| (kind, &mut scores as &mut Take)),
        };
        // once, and while the GPU works: before it the GPU would wait
        let meanwhile = || {
            if n > 0 {
                return Ok(());
            }
            given_finite()?;
            begin()
        };
        whole.run(device, part, &meanwhile, results).await?;
    }
    if matches!(
        wanted,
        Some(ScoresKind::Raw | ScoresKind::Capped | ScoresKind::Weights)
    ) {
        Numbers::Ours(&kept).expect_finite(OPERATION, "the scores")?;
    }
    Ok(wanted.map(|_| (score_shape.to_vec(), kept)))
}
