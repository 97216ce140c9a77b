//! Drawn requests of attention, with every option.

use super::vectors::Attend;
use attention_playground::{AttentionConfig, AttentionInput, Mask};
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub struct Case {
    pub heads: usize,
    pub group: usize,
    pub queries: usize,
    pub keys: usize,
    pub dim: usize,
    pub value_dim: usize,
    pub causal: bool,
    pub window: Option<[i64; 2]>,
    pub softcap: Option<f64>,
    pub mask: u8,
    pub length: Option<usize>,
    pub packed: bool,
    pub seed: u32,
}

pub fn cases() -> impl Strategy<Value = Case> {
    let sizes = (
        1..3usize,
        1..3usize,
        1..20usize,
        1..700usize,
        1..20usize,
        1..20usize,
    );
    let window =
        proptest::option::of((-1..400i64, -1..400i64).prop_map(|(left, right)| [left, right]));
    let rest = (
        any::<bool>(),
        window,
        proptest::option::of(1.0..20.0f64),
        0..4u8,
        any::<bool>(),
        any::<bool>(),
        any::<u32>(),
    );
    (sizes, rest).prop_map(
        |(
            (heads, group, queries, keys, dim, value_dim),
            (causal, window, softcap, mask, short, packed, seed),
        )| Case {
            heads: heads * group,
            group,
            queries,
            keys,
            dim,
            value_dim,
            causal,
            window,
            softcap,
            mask,
            length: short.then_some(seed as usize % (keys + 1)),
            packed,
            seed,
        },
    )
}

/// Numbers in [-2, 2) that look random and are the same in every run.
fn numbers(seed: u32, count: usize) -> impl Iterator<Item = f32> {
    let mut state = seed | 1;
    (0..count).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / f32::from(1u16 << 11) / 2048.0 - 2.0
    })
}

pub fn tensor(seed: u32, shape: &[usize]) -> ArrayD<f32> {
    let count = shape.iter().product();
    ArrayD::from_shape_vec(IxDyn(shape), numbers(seed, count).collect()).expect("a full tensor")
}

impl Case {
    /// The outputs of `run` for each of these, with queries `first` to `first + count`.
    pub fn run<const N: usize>(
        &self,
        first: usize,
        rows: Option<[usize; 2]>,
        count: usize,
        attend: [Attend; N],
    ) -> [ArrayD<f32>; N] {
        let kv = self.heads / self.group;
        let shape = |heads: usize, tokens: usize, dim: usize| match self.packed {
            true => vec![1, tokens, heads * dim],
            false => vec![1, heads, tokens, dim],
        };
        let token_axis = if self.packed { 1 } else { 2 };
        let q = tensor(self.seed, &shape(self.heads, self.queries, self.dim));
        let k = tensor(self.seed ^ 77, &shape(kv, self.keys, self.dim));
        let v = tensor(self.seed ^ 99, &shape(kv, self.keys, self.value_dim));
        let part = q.slice_axis(ndarray::Axis(token_axis), (first..first + count).into());
        let added = tensor(self.seed ^ 5, &[1, self.heads, self.queries, self.keys]);
        let mut added = added
            .slice_axis(ndarray::Axis(2), (first..first + count).into())
            .to_owned();
        if self.mask == 3 {
            added.mapv_inplace(|bias| if bias < 0.0 { f32::NEG_INFINITY } else { bias });
        }
        let seen = added.mapv(|bias| bias > -1.5);
        let mut input = AttentionInput::new(part, k.view(), v.view());
        input.mask = match self.mask {
            0 => None,
            1 => Some(Mask::Boolean(seen.view())),
            _ => Some(Mask::Additive(added.view())),
        };
        let lengths = self.length.map(|length| vec![length]);
        input.kv_lengths = lengths.as_deref();
        let config = AttentionConfig {
            heads: Some(self.heads),
            kv_heads: Some(kv),
            causal: self.causal,
            window: self.window,
            softcap: self.softcap,
            rows,
            ..AttentionConfig::default()
        };
        attend.map(|attend| attend(&input, &config).expect("a good request").output)
    }
}
