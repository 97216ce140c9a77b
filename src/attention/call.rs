//! One call of attention over all its sequences and heads: by the kernel, or row by row by its plain twin.

use super::geometry::Geometry;
use super::{AttentionInput, OPERATION};
use crate::config::ScoresKind;
use crate::error::Error;
use crate::kernel::{Head, Kernel, QUERIES};
use crate::limits::checked_len;
use crate::mask::Broadcast;
use crate::plain;
use crate::tensor::row_major;
use crate::visibility::Visibility;
use std::borrow::Cow;

pub(super) struct Call<'a> {
    geometry: &'a Geometry,
    queries: Cow<'a, [f32]>,
    /// `[batch, kv_heads, key, dim]`, past ones included.
    keys: &'a [f32],
    /// `[batch, kv_heads, key, value_dim]`
    values: &'a [f32],
    mask: Broadcast<'a>,
}

/// Working space of one row of the plain twin.
struct Row {
    scores: Vec<f32>,
    seen: Vec<bool>,
    sums: Vec<f64>,
}

/// Looks at a row of scores `[key]` of query `[batch, head, query]` on its way.
type Keep<'a> = dyn FnMut(ScoresKind, [usize; 3], &[f32]) + 'a;

impl<'a> Call<'a> {
    pub fn new(
        geometry: &'a Geometry,
        input: &'a AttentionInput<'_>,
        keys: &'a [f32],
        values: &'a [f32],
    ) -> Result<Self, Error> {
        let Geometry { q, .. } = geometry;
        let scores = [q.batch, q.heads, q.tokens, geometry.keys];
        Ok(Call {
            queries: row_major(&input.q),
            mask: Broadcast::of(OPERATION, input.mask.as_ref(), scores)?,
            geometry,
            keys,
            values,
        })
    }

    /// Without a mask, of tensors in the layout that the geometry says.
    #[cfg(any(all(target_arch = "wasm32", feature = "kernels"), test))]
    pub fn of(geometry: &'a Geometry, [queries, keys, values]: [&'a [f32]; 3]) -> Self {
        Call {
            queries: Cow::Borrowed(queries),
            mask: Broadcast {
                mask: None,
                keys: geometry.keys,
            },
            geometry,
            keys,
            values,
        }
    }

    /// Tiled, by the kernel. `space` is kept for the next call of the same sizes.
    pub fn fast(&self, output: &mut [f32], space: &mut Option<Kernel>) {
        let Geometry { q, v, .. } = self.geometry;
        let kernel = match space {
            Some(kernel) if kernel.fits(q.dim, v.dim) => kernel,
            _ => space.insert(Kernel::new(q.dim, v.dim)),
        };
        let out = self.geometry.output();
        let mut row = None;
        self.each_head(|b, h, keys, values, visibility| {
            let head = Head {
                keys,
                values,
                scale: self.geometry.scale,
                softcap: self.geometry.softcap,
                visibility,
                bias: (self.mask.mask.is_some())
                    .then_some(|i, first, row: &mut [f32]| self.mask.apply([b, h, i], first, row)),
            };
            let queries = (&*self.queries, &|i| q.row(b, h, i));
            for first in (0..q.tokens).step_by(QUERIES) {
                let part = first..(first + QUERIES).min(q.tokens);
                let rows = (&mut *output, &|i| out.row(b, h, i));
                kernel.attend(&head, part, queries, rows, |i, mixed| {
                    let row = row.get_or_insert_with(|| self.row());
                    self.plain_row(
                        [b, h, i],
                        (keys, values, visibility),
                        row,
                        mixed,
                        &mut |_, _, _| {},
                    );
                });
            }
        });
    }

    /// Row by row; every row of scores passes `keep`.
    pub fn plain(&self, output: &mut [f32], keep: &mut Keep) {
        let Geometry { q, v, .. } = self.geometry;
        let out = self.geometry.output();
        let mut row = self.row();
        self.each_head(|b, h, keys, values, visibility| {
            for i in 0..q.tokens {
                let mixed = &mut output[out.row(b, h, i)..][..v.dim];
                self.plain_row([b, h, i], (keys, values, visibility), &mut row, mixed, keep);
            }
        });
    }

    /// Row by row, and gives one kind of scores, `[batch, heads, query, key]`, with that shape.
    pub fn plain_keeping(
        &self,
        wanted: ScoresKind,
        output: &mut [f32],
    ) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let Geometry { q, keys, .. } = self.geometry;
        let shape = vec![q.batch, q.heads, q.tokens, *keys];
        let mut kept = vec![0.0; checked_len(OPERATION, "the scores", &shape)?];
        self.plain(output, &mut |kind, [b, h, i], row| {
            if kind == wanted {
                let at = ((b * q.heads + h) * q.tokens + i) * keys;
                kept[at..at + row.len()].copy_from_slice(row);
            }
        });
        Ok((shape, kept))
    }

    /// Every head with its keys `[key, dim]` and values `[key, value_dim]`, and what its queries may see.
    fn each_head(&self, mut run: impl FnMut(usize, usize, &'a [f32], &'a [f32], Visibility)) {
        let Geometry {
            q,
            k,
            v,
            group,
            keys,
            ..
        } = self.geometry;
        for b in 0..q.batch {
            let visibility = self.geometry.visibility(b);
            for h in 0..q.heads {
                let kv = (b * k.heads + h / group) * keys;
                let (keys, values) = (
                    &self.keys[kv * k.dim..][..keys * k.dim],
                    &self.values[kv * v.dim..][..keys * v.dim],
                );
                run(b, h, keys, values, visibility);
            }
        }
    }

    fn row(&self) -> Row {
        let Geometry { keys, v, .. } = self.geometry;
        Row {
            scores: vec![0.0; *keys],
            seen: vec![false; *keys],
            sums: vec![0.0; v.dim],
        }
    }

    /// One query against all keys, step by step.
    // apart, since the kernel's way to it is for rows that are not finite
    #[inline(never)]
    fn plain_row(
        &self,
        at: [usize; 3],
        (keys, values, visibility): (&[f32], &[f32], Visibility),
        row: &mut Row,
        mixed: &mut [f32],
        keep: &mut Keep,
    ) {
        let [b, h, i] = at;
        let Geometry {
            q, scale, softcap, ..
        } = self.geometry;
        let query = &self.queries[q.row(b, h, i)..][..q.dim];
        let Row { scores, seen, sums } = row;
        plain::scores_row(query, keys, scores);
        scores
            .iter_mut()
            .for_each(|score| *score = plain::scale(*score, *scale));
        keep(ScoresKind::Raw, at, scores);
        if let Some(cap) = *softcap {
            scores
                .iter_mut()
                .for_each(|score| *score = plain::softcap(*score, cap));
        }
        keep(ScoresKind::Capped, at, scores);
        self.mask.apply(at, 0, scores);
        let visible = visibility.range(i);
        scores[..visible.start].fill(f32::NEG_INFINITY);
        scores[visible.end..].fill(f32::NEG_INFINITY);
        keep(ScoresKind::Masked, at, scores);
        for (seen, &score) in seen.iter_mut().zip(&*scores) {
            *seen = score != f32::NEG_INFINITY;
        }
        plain::softmax_row(scores);
        keep(ScoresKind::Weights, at, scores);
        plain::mix_row(scores, seen, values, sums, mixed);
    }
}
