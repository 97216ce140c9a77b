//! `compute_attention` on the GPU.

use super::device::Device;
use super::part::{Results, Take, Whole};
use super::{expect_bias, expect_finite};
use crate::attention::{Geometry, OPERATION, joined, results};
use crate::config::{AttentionConfig, ScoresKind};
use crate::error::Error;
use crate::limits::checked_len;
use crate::mask::{Broadcast, Mask};
use crate::tensor::row_major;
use crate::{AttentionInput, AttentionOutput};

pub(super) async fn compute_attention(
    device: &Device,
    input: &AttentionInput<'_>,
    config: &AttentionConfig,
) -> Result<AttentionOutput, Error> {
    let geometry = Geometry::of(input, config)?;
    let Geometry { q, k, v, keys, .. } = &geometry;
    let all_keys = joined(&input.k, k, input.past_key.as_ref())?;
    let all_values = joined(&input.v, v, input.past_value.as_ref())?;
    let queries = row_major(&input.q);
    let score_shape = [q.batch, q.heads, q.tokens, *keys];
    let mask = Broadcast::of(OPERATION, input.mask.as_ref(), score_shape)?;
    let given = [("q", &queries), ("k", &all_keys), ("v", &all_values)];
    let given_finite =
        || (given.iter()).try_for_each(|(what, numbers)| expect_finite(OPERATION, what, numbers));
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
        q: (&queries, &|b, h, i| q.row(b, h, i)),
        k: &all_keys,
        v: &all_values,
        mask: &mask,
        visibility: &visibility,
        slopes: None,
        scale: geometry.scale,
        softcap: geometry.softcap,
    };
    let out = geometry.output();
    let mut output = vec![0.0; checked_len(OPERATION, "the output", &out.shape())?];
    let mut kept = match config.scores {
        Some(_) => vec![0.0; checked_len(OPERATION, "the scores", &score_shape)?],
        None => Vec::new(),
    };
    let parts = whole.parts(device.most_bytes, config.scores.is_some());
    for (n, part) in parts.iter().enumerate() {
        let mut mixed = |[b, h, i]: [usize; 3], row: &[f32]| {
            output[out.row(b, h, i)..][..row.len()].copy_from_slice(row);
        };
        let mut scores = |[b, h, i]: [usize; 3], row: &[f32]| {
            kept[((b * q.heads + h) * q.tokens + i) * keys..][..row.len()].copy_from_slice(row);
        };
        let results = Results {
            mixed: Some(&mut mixed),
            scores: config.scores.map(|kind| (kind, &mut scores as &mut Take)),
        };
        // once, and while the GPU works: before it the GPU would wait
        let finite = || if n == 0 { given_finite() } else { Ok(()) };
        whole.run(device, part, &finite, results).await?;
    }
    expect_finite(OPERATION, "the result", &output)?;
    if matches!(
        config.scores,
        Some(ScoresKind::Raw | ScoresKind::Capped | ScoresKind::Weights)
    ) {
        expect_finite(OPERATION, "the scores", &kept)?;
    }
    let scores = config.scores.map(|_| (score_shape.to_vec(), kept));
    results(input, &geometry, (all_keys, all_values), output, scores)
}
