//! The tiled kernel against its plain twin, over several blocks of keys and panels of queries, with every option.
#![cfg(not(target_arch = "wasm32"))]

use attention_playground::{
    AttentionConfig, AttentionInput, Mask, compute_attention, plain_attention,
};
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;

/// About 2 units in the last place of values around 1, for sums of a few hundred terms.
const TOLERANCE: f32 = 2e-6;

#[derive(Clone, Debug)]
struct Case {
    heads: usize,
    group: usize,
    queries: usize,
    keys: usize,
    dim: usize,
    value_dim: usize,
    causal: bool,
    window: Option<[i64; 2]>,
    softcap: Option<f64>,
    mask: u8,
    length: Option<usize>,
    packed: bool,
    seed: u32,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (
        1..3usize,
        1..3usize,
        1..20usize,
        1..300usize,
        1..20usize,
        1..20usize,
    );
    let window =
        proptest::option::of((-1..150i64, -1..150i64).prop_map(|(left, right)| [left, right]));
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

fn tensor(seed: u32, shape: &[usize]) -> ArrayD<f32> {
    let count = shape.iter().product();
    ArrayD::from_shape_vec(IxDyn(shape), numbers(seed, count).collect()).expect("a full tensor")
}

impl Case {
    fn run(&self, first: usize, rows: Option<[usize; 2]>, count: usize) -> [ArrayD<f32>; 2] {
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
        [compute_attention, plain_attention]
            .map(|run| run(&input, &config).expect("a good request").output)
    }
}

fn close(found: &ArrayD<f32>, expected: &ArrayD<f32>) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.shape(), expected.shape());
    for (at, expected) in expected.indexed_iter() {
        let difference = (found[&at] - expected).abs();
        prop_assert!(
            difference <= TOLERANCE,
            "{:?}: {} against {}, {:e} apart",
            at,
            found[&at],
            expected,
            difference
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_kernel_agrees_with_its_plain_twin(case in cases()) {
        let [fast, plain] = case.run(0, None, case.queries);
        close(&fast, &plain)?;
    }

    #[test]
    fn rows_worked_on_apart_are_those_of_the_whole(case in cases(), cut in 0.0..1.0f64) {
        let cut = (case.queries as f64 * cut) as usize;
        prop_assume!(cut > 0 && cut < case.queries);
        let [whole, _] = case.run(0, None, case.queries);
        let axis = ndarray::Axis(if case.packed { 1 } else { 2 });
        for (first, count) in [(0, cut), (cut, case.queries - cut)] {
            let [part, _] = case.run(first, Some([first, case.queries]), count);
            let expected = whole.slice_axis(axis, (first..first + count).into()).to_owned();
            close(&part, &expected)?;
        }
    }
}

#[test]
fn what_is_no_finite_number_comes_out_as_from_the_plain_twin() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38, -1e38] {
        for place in 0..3 {
            let mut tensors = [1, 2, 3].map(|seed| tensor(seed, &[1, 1, 150, 4]));
            tensors[place][[0, 0, 120, 1]] = odd;
            let [q, k, v] = &tensors;
            for causal in [false, true] {
                let input = AttentionInput::new(q.view(), k.view(), v.view());
                let config = AttentionConfig {
                    causal,
                    ..AttentionConfig::default()
                };
                let [fast, plain] = [compute_attention, plain_attention]
                    .map(|run| run(&input, &config).expect("good").output);
                for (at, expected) in plain.indexed_iter() {
                    let found = fast[&at];
                    let same = found == *expected || (found.is_nan() && expected.is_nan());
                    let near = (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0);
                    assert!(
                        same || near,
                        "{odd} at {place}, causal {causal}, {at:?}: {found} against {expected}"
                    );
                }
            }
        }
    }
}
