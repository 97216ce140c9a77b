//! Linear attention: a recurrence with a state instead of a softmax over all keys.

use crate::attention::array;
use crate::config::{LinearConfig, LinearRule};
use crate::error::{Error, Operation};
use crate::limits::checked_len;
use crate::tensor::{Heads, expect_limits, expect_rank, expect_shape, row_major};
use crate::visibility::checked_scale;
use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension};
use std::borrow::Cow;

mod chunked;
mod stepped;

/// What linear attention reads.
#[derive(Clone, Debug)]
pub struct LinearInput<'a> {
    /// Queries, `[batch, token, heads * key_dim]`.
    pub q: ArrayViewD<'a, f32>,
    /// Keys, `[batch, token, kv_heads * key_dim]`.
    pub k: ArrayViewD<'a, f32>,
    /// Values, `[batch, token, kv_heads * dim]`.
    pub v: ArrayViewD<'a, f32>,
    /// The logarithm of what is kept of the state, `[batch, token, kv_heads * key_dim]` or `[batch, token, kv_heads]`.
    pub decay: Option<ArrayViewD<'a, f32>>,
    /// How much of the error is taken in, `[batch, token, kv_heads]` or `[batch, token, 1]`.
    pub beta: Option<ArrayViewD<'a, f32>>,
    /// The state before the first token, `[batch, kv_heads, key_dim, dim]`; default: zeros.
    pub past_state: Option<ArrayViewD<'a, f32>>,
}

impl<'a> LinearInput<'a> {
    /// Queries, keys and values, and nothing besides.
    pub fn new<D: Dimension>(
        q: ArrayView<'a, f32, D>,
        k: ArrayView<'a, f32, D>,
        v: ArrayView<'a, f32, D>,
    ) -> Self {
        LinearInput {
            q: q.into_dyn(),
            k: k.into_dyn(),
            v: v.into_dyn(),
            decay: None,
            beta: None,
            past_state: None,
        }
    }
}

/// What linear attention gives.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearOutput {
    /// The read-out, `[batch, token, heads * dim]`.
    pub output: ArrayD<f32>,
    /// The state after the last token, `[batch, kv_heads, key_dim, dim]`.
    pub state: ArrayD<f32>,
}

/// Linear attention over a batch of independent sequences, token by token or in chunks.
///
/// Per key head, with the state `S` of `[key_dim, dim]`, for each token:
/// `linear` `S += k vᵀ`; `gated` `S = exp(g) S + k vᵀ`; `delta` `S += β k (v − Sᵀ k)ᵀ`; `gated_delta`
/// `S = exp(g) S`, then `S += β k (v − Sᵀ k)ᵀ`. The output of query head `h` is `scale · Sᵀ q[h]`.
///
/// # Shapes
/// q `[batch, token, heads * key_dim]`, k `[batch, token, kv_heads * key_dim]`, v `[batch, token, kv_heads * dim]`,
/// the rest as in [`LinearInput`].
///
/// # Errors
/// `shape`, `size` and `option` where the input does not fit together, where a rule lacks its decay or beta or
/// has one that it does not read, `too_large`.
///
/// # Source
/// ONNX operator `LinearAttention`, opset 27; Yang et al. 2024, "Gated Delta Networks", table 1 and, for the chunked
/// form, Yang et al. 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence Length", section 3.
///
/// ```
/// use attention_playground::{linear_attention, LinearConfig, LinearInput, LinearRule};
/// use ndarray::array;
///
/// let k = array![[[1.0, 0.0], [0.0, 1.0]]];
/// let v = array![[[3.0, 4.0], [5.0, 6.0]]];
/// let config = LinearConfig { heads: 1, rule: LinearRule::Linear, scale: Some(1.0), ..LinearConfig::default() };
/// let result = linear_attention(&LinearInput::new(k.view(), k.view(), v.view()), &config)?;
/// assert_eq!(result.output, v.into_dyn()); // each key finds the value that was stored with it
/// # Ok::<(), attention_playground::Error>(())
/// ```
pub fn linear_attention(input: &LinearInput, config: &LinearConfig) -> Result<LinearOutput, Error> {
    let op = Operation("linear_attention");
    let sizes = Sizes::of(op, input, config)?;
    let tensors = Tensors::of(input, &sizes);
    let out = Heads {
        dim: sizes.dim,
        ..sizes.q
    };
    let mut output = vec![0.0; checked_len(op, "the output", &out.shape())?];
    let mut states = Vec::with_capacity(checked_len(op, "the state", &sizes.state_shape())?);
    let chunk = config.chunk.map(|chunk| chunk.min(sizes.q.tokens));
    if let Some(chunk) = chunk {
        // a chunk holds two square tables and two of its rows by key features
        checked_len(op, "a chunk", &[chunk, chunk.max(sizes.key_dim)])?;
    }
    for batch in 0..sizes.q.batch {
        for kv_head in 0..sizes.kv_heads {
            let lane = Lane {
                sizes: &sizes,
                tensors: &tensors,
                batch,
                kv_head,
            };
            let write = |head: usize, token: usize, row: &[f32]| {
                output[out.row(batch, head, token)..][..row.len()].copy_from_slice(row);
            };
            states.extend(match chunk {
                Some(chunk) => chunked::run(&lane, chunk, write),
                None => stepped::run(&lane, write),
            });
        }
    }
    Ok(LinearOutput {
        output: array(out.shape(), output)?,
        state: array(sizes.state_shape(), states)?,
    })
}

/// The sizes of one call, all of them checked.
struct Sizes {
    pub q: Heads,
    pub kv_heads: usize,
    pub group: usize,
    pub key_dim: usize,
    pub dim: usize,
    pub rule: LinearRule,
    pub scale: f64,
    /// Decays per key head: one, or one per key feature.
    pub decay_dim: usize,
    /// Betas per token: one per key head, or one.
    pub beta_heads: usize,
}

impl Sizes {
    pub fn of(op: Operation, input: &LinearInput, config: &LinearConfig) -> Result<Self, Error> {
        expect_limits(
            op,
            &[
                ("q", Some(&input.q)),
                ("k", Some(&input.k)),
                ("v", Some(&input.v)),
                ("decay", input.decay.as_ref()),
                ("beta", input.beta.as_ref()),
                ("past_state", input.past_state.as_ref()),
            ],
        )?;
        let kv = Some(config.kv_heads.unwrap_or(config.heads));
        for (name, view) in [("q", &input.q), ("k", &input.k), ("v", &input.v)] {
            expect_rank(op, name, view, &["batch", "token", "heads * dim"])?;
        }
        let q = Heads::of(op, "q", &input.q, Some(config.heads), "heads")?;
        let k = Heads::of(op, "k", &input.k, kv, "kv_heads")?;
        let v = Heads::of(op, "v", &input.v, kv, "kv_heads")?;
        if q.heads % k.heads != 0 {
            return Err(op.size(
                "query heads that are a multiple of key heads",
                format!("{} and {}", q.heads, k.heads),
            ));
        }
        let (batch, tokens) = (q.batch, q.tokens);
        let axes = ["batch", "token", "channel"];
        expect_shape(
            op,
            "k",
            &input.k,
            &axes,
            &[batch, tokens, k.heads.saturating_mul(q.dim)],
        )?;
        expect_shape(op, "v", &input.v, &axes, &[batch, tokens, v.heads * v.dim])?;
        if tokens == 0 {
            return Err(op.size("at least 1 token", 0));
        }
        if config.chunk == Some(0) {
            return Err(op.option("chunk of at least 1", 0));
        }
        let gates = Gates {
            rule: config.rule,
            lead: &[batch, tokens],
            kv_heads: k.heads,
            key_dim: q.dim,
            decay: input.decay.as_ref(),
            beta: input.beta.as_ref(),
        };
        let (decay_dim, beta_heads) = gates.check(op)?;
        let sizes = Sizes {
            group: q.heads / k.heads,
            kv_heads: k.heads,
            key_dim: q.dim,
            dim: v.dim,
            rule: config.rule,
            scale: checked_scale(op, config.scale.filter(|&scale| scale != 0.0), q.dim)?,
            decay_dim,
            beta_heads,
            q,
        };
        if let Some(state) = &input.past_state {
            let axes = ["batch", "kv_head", "key_dim", "dim"];
            expect_shape(op, "past_state", state, &axes, &sizes.state_shape())?;
        }
        Ok(sizes)
    }

    pub fn state_shape(&self) -> Vec<usize> {
        vec![self.q.batch, self.kv_heads, self.key_dim, self.dim]
    }
}

/// What steers the state, and the sizes that it must fit.
pub(crate) struct Gates<'a> {
    pub rule: LinearRule,
    /// The extents before the channels: `[batch, token]`, or `[token]` of a single sequence.
    pub lead: &'a [usize],
    pub kv_heads: usize,
    pub key_dim: usize,
    pub decay: Option<&'a ArrayViewD<'a, f32>>,
    pub beta: Option<&'a ArrayViewD<'a, f32>>,
}

impl Gates<'_> {
    /// The decays of a key head (one, or one per key feature) and the betas of a token (one, or one per key head).
    pub fn check(&self, op: Operation) -> Result<(usize, usize), Error> {
        let needs = |name: &str, needed: bool, given: bool| match (needed, given) {
            (true, false) => Err(op.option(format!("{name}, for this rule"), "none")),
            (false, true) => {
                Err(op.option(format!("no {name}, which this rule does not read"), name))
            }
            _ => Ok(()),
        };
        needs("decay", self.rule.decays(), self.decay.is_some())?;
        needs("beta", self.rule.corrects(), self.beta.is_some())?;
        let axes = &["batch", "token", "channel"][2 - self.lead.len().min(2)..];
        let expect = |name, view, channels: usize| {
            let shape: Vec<usize> = self.lead.iter().copied().chain([channels]).collect();
            expect_shape(op, name, view, axes, &shape)
        };
        let mut decay_dim = 1;
        if let Some(decay) = self.decay {
            if decay.shape().last() != Some(&self.kv_heads) {
                decay_dim = self.key_dim;
            }
            expect("decay", decay, self.kv_heads * decay_dim)?;
        }
        let mut beta_heads = 1;
        if let Some(beta) = self.beta {
            if beta.shape().last() != Some(&1) {
                beta_heads = self.kv_heads;
            }
            expect("beta", beta, beta_heads)?;
        }
        Ok((decay_dim, beta_heads))
    }
}

/// The inputs in row-major order.
struct Tensors<'a> {
    pub q: Cow<'a, [f32]>,
    pub k: Cow<'a, [f32]>,
    pub v: Cow<'a, [f32]>,
    pub decay: Option<Cow<'a, [f32]>>,
    pub beta: Option<Cow<'a, [f32]>>,
    pub past_state: Option<Cow<'a, [f32]>>,
}

impl<'a> Tensors<'a> {
    pub fn of(input: &'a LinearInput, sizes: &Sizes) -> Self {
        Tensors {
            q: row_major(&input.q),
            k: row_major(&input.k),
            v: row_major(&input.v),
            decay: input
                .decay
                .as_ref()
                .map(row_major)
                .filter(|_| sizes.rule.decays()),
            beta: input
                .beta
                .as_ref()
                .map(row_major)
                .filter(|_| sizes.rule.corrects()),
            past_state: input.past_state.as_ref().map(row_major),
        }
    }
}

/// One key head of one sequence: an independent recurrence.
struct Lane<'a> {
    sizes: &'a Sizes,
    tensors: &'a Tensors<'a>,
    batch: usize,
    kv_head: usize,
}

impl Lane<'_> {
    fn kv_row<'t>(&self, data: &'t [f32], token: usize, dim: usize) -> &'t [f32] {
        let token = self.batch * self.sizes.q.tokens + token;
        &data[(token * self.sizes.kv_heads + self.kv_head) * dim..][..dim]
    }

    fn key(&self, token: usize) -> &[f32] {
        self.kv_row(&self.tensors.k, token, self.sizes.key_dim)
    }

    fn value(&self, token: usize) -> &[f32] {
        self.kv_row(&self.tensors.v, token, self.sizes.dim)
    }

    /// The queries that read this key head, with the number of their head.
    fn queries(&self, token: usize) -> impl Iterator<Item = (usize, &[f32])> {
        let first = self.kv_head * self.sizes.group;
        (first..first + self.sizes.group).map(move |head| {
            (
                head,
                &self.tensors.q[self.sizes.q.row(self.batch, head, token)..][..self.sizes.key_dim],
            )
        })
    }

    /// `exp(g)` of key feature `a`; 1 for a rule without decay.
    fn factor(&self, token: usize, a: usize) -> f32 {
        self.tensors.decay.as_ref().map_or(1.0, |decay| {
            let row = self.kv_row(decay, token, self.sizes.decay_dim);
            libm::exp(f64::from(row[a % self.sizes.decay_dim])) as f32
        })
    }

    fn beta(&self, token: usize) -> f32 {
        self.tensors.beta.as_ref().map_or(1.0, |beta| {
            let heads = self.sizes.beta_heads;
            beta[(self.batch * self.sizes.q.tokens + token) * heads + self.kv_head % heads]
        })
    }

    fn past_state(&self) -> Option<&[f32]> {
        let len = self.sizes.key_dim * self.sizes.dim;
        let at = (self.batch * self.sizes.kv_heads + self.kv_head) * len;
        self.tensors
            .past_state
            .as_ref()
            .map(|state| &state[at..at + len])
    }
}
