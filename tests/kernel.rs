//! The tiled kernel against its plain twin, over several blocks of keys and panels of queries, with every option.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{
    AttentionConfig, AttentionInput, Mask, compute_attention, plain_attention,
};
use common::drawn::{cases, tensor};
use common::vectors::Attend;
use ndarray::ArrayD;
use proptest::prelude::*;

const BOTH: [Attend; 2] = [&compute_attention, &plain_attention];

/// About 2 units in the last place of values around 1, for sums of a few hundred terms.
const TOLERANCE: f32 = 2e-6;

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
        let [fast, plain] = case.run(0, None, case.queries, BOTH);
        close(&fast, &plain)?;
    }

    #[test]
    fn rows_worked_on_apart_are_those_of_the_whole(case in cases(), cut in 0.0..1.0f64) {
        let cut = (case.queries as f64 * cut) as usize;
        prop_assume!(cut > 0 && cut < case.queries);
        let [whole] = case.run(0, None, case.queries, [&compute_attention]);
        let axis = ndarray::Axis(if case.packed { 1 } else { 2 });
        for (first, count) in [(0, cut), (cut, case.queries - cut)] {
            let [part] = case.run(first, Some([first, case.queries]), count, [&compute_attention]);
            let expected = whole.slice_axis(axis, (first..first + count).into()).to_owned();
            close(&part, &expected)?;
        }
    }
}

#[test]
fn what_is_no_finite_number_comes_out_as_from_the_plain_twin() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38, -1e38] {
        for place in 0..3 {
            let mut tensors = [1, 2, 3].map(|seed| tensor(seed, &[1, 1, 350, 4]));
            tensors[place][[0, 0, 320, 1]] = odd;
            let [q, k, v] = &tensors;
            for causal in [false, true] {
                let input = AttentionInput::new(q.view(), k.view(), v.view());
                let config = AttentionConfig {
                    causal,
                    ..AttentionConfig::default()
                };
                agree(
                    &input,
                    &config,
                    &format!("{odd} at {place}, causal {causal}"),
                );
            }
        }
    }
}

fn agree(input: &AttentionInput, config: &AttentionConfig, what: &str) {
    let [fast, plain] =
        [compute_attention, plain_attention].map(|run| run(input, config).expect("good").output);
    for (at, expected) in plain.indexed_iter() {
        let found = fast[&at];
        let same = found == *expected || (found.is_nan() && expected.is_nan());
        let near = (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0);
        assert!(same || near, "{what}, {at:?}: {found} against {expected}");
    }
}

/// Masks of numbers that stand for "not seen" elsewhere, alone and beside others, in each order of the keys.
#[test]
fn only_negative_infinity_hides_a_key() {
    const HIDDEN: f32 = f32::NEG_INFINITY;
    let q = tensor(1, &[1, 1, 24, 4]);
    let [k, v] = [2, 3].map(|seed| tensor(seed, &[1, 1, 350, 4]));
    for pattern in [
        &[f32::MIN][..],
        &[f32::MIN, HIDDEN],
        &[f32::MIN, 0.0],
        &[f32::MIN, -3.3e38],
        &[f32::MIN, -2.4e38, HIDDEN],
        &[f32::MIN, -2.3e38],
        &[f32::MIN, f32::NAN],
        &[f32::MIN, f32::MAX],
        &[f32::MIN, f32::INFINITY],
        &[-3.4e38],
        &[-3.4e38, 0.0],
        &[-3.0e38, -2.9e38],
        &[-2.5e38, HIDDEN],
        &[-2.0e38],
        &[f32::MAX],
        &[f32::MAX, HIDDEN, 0.0],
        &[HIDDEN],
    ] {
        for backwards in [false, true] {
            // in some rows most of the keys are hidden, so that what is seen is in one block
            let added = ArrayD::from_shape_fn(vec![24, 350], |at| {
                let place = (at[0] + if backwards { 350 - at[1] } else { at[1] }) % pattern.len();
                let few = at[0] % 3 == 0 && !(250..260).contains(&at[1]);
                if few { HIDDEN } else { pattern[place] }
            });
            let mut input = AttentionInput::new(q.view(), k.view(), v.view());
            input.mask = Some(Mask::Additive(added.view()));
            for (window, softcap) in [(None, None), (Some([-1, 290]), None), (None, Some(3.0))] {
                let config = AttentionConfig {
                    window,
                    softcap,
                    ..AttentionConfig::default()
                };
                agree(&input, &config, &format!("{pattern:?}, window {window:?}"));
            }
        }
    }
}

/// Scores that are finite, and not any more in the units of the softmax.
#[test]
fn a_query_that_sees_nothing_but_low_scores_sees_them() {
    let q = ArrayD::from_elem(vec![1, 1, 20, 1], -1.0);
    let mut k = tensor(2, &[1, 1, 350, 1]).mapv(|number| 2.9e38 + 1e37 * number);
    k[[0, 0, 300, 0]] = 2.5e38;
    let v = tensor(3, &[1, 1, 350, 4]);
    let mut input = AttentionInput::new(q.view(), k.view(), v.view());
    let seen = ArrayD::from_shape_fn(vec![20, 350], |at| at[1] % 20 > at[0]);
    for masked in [false, true] {
        input.mask = masked.then(|| Mask::Boolean(seen.view()));
        for window in [None, Some([9, 300])] {
            let config = AttentionConfig {
                window,
                scale: Some(1.0),
                ..AttentionConfig::default()
            };
            agree(&input, &config, &format!("{window:?}, masked {masked}"));
        }
    }
}
