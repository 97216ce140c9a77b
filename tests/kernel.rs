//! The tiled kernel against its plain twin, over several blocks of keys and panels of queries, with every option.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use attention_playground::{AttentionConfig, AttentionInput, compute_attention, plain_attention};
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
