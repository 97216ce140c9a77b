//! Tables that are right, and tables that are not.

use super::table::{AXES_AT, MASK, MASK_KIND, OUTPUT, Q, WORDS};
use super::*;
use crate::{AttentionConfig, AttentionInput, Mask, compute_attention};
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;

const SHAPE: [usize; 4] = [1, 2, 3, 4];
const FLOATS: usize = 24;
/// Where mask and output of [`good`] start.
const MASK_AT: usize = 3 * FLOATS;
const OUTPUT_AT: usize = MASK_AT + 4;

/// A state whose table asks for attention over three tensors, with a boolean mask of nine bytes.
fn good() -> State {
    let mut state = State::new();
    state.table.0.fill(f64::NAN);
    let handle = state.allocate(OUTPUT_AT + FLOATS);
    let table = &mut state.table.0;
    table[0] = handle as f64;
    for (n, at) in [Q, Q + 6, Q + 12].into_iter().enumerate() {
        table[at] = (n * FLOATS) as f64;
        table[at + AXES_AT] = 4.0;
        for (axis, extent) in SHAPE.into_iter().enumerate() {
            table[at + AXES_AT + 1 + axis] = extent as f64;
        }
    }
    table[MASK] = MASK_AT as f64;
    table[MASK + AXES_AT..MASK + 4].copy_from_slice(&[2.0, 3.0, 3.0]);
    table[MASK_KIND] = 1.0;
    table[OUTPUT..OUTPUT + 2].copy_from_slice(&[OUTPUT_AT as f64, FLOATS as f64]);
    let block = state.blocks[0].as_mut().expect("a block");
    for (n, number) in block[..MASK_AT].iter_mut().enumerate() {
        *number = ((n * 7) % 11) as f32 / 4.0 - 1.0;
    }
    // any byte but zero means seen: 2 0 0 / 1 1 0 / 1 1 1
    for (word, bytes) in
        block[MASK_AT..]
            .iter_mut()
            .zip([[2, 0, 0, 1], [1, 0, 1, 255], [1, 0, 0, 0]])
    {
        *word = f32::from_ne_bytes(bytes);
    }
    state
}

#[test]
fn a_right_table_gives_what_the_library_gives() {
    let mut state = good();
    assert!(state.attend(), "{}", state.error);
    let block = state.blocks[0].as_ref().expect("a block");
    let tensor = |n: usize| {
        let data = block[n * FLOATS..(n + 1) * FLOATS].to_vec();
        ArrayD::from_shape_vec(IxDyn(&SHAPE), data).expect("a full tensor")
    };
    let [q, k, v] = [tensor(0), tensor(1), tensor(2)];
    let seen = ArrayD::from_shape_fn(IxDyn(&[3, 3]), |at| at[1] <= at[0]);
    let input = AttentionInput {
        mask: Some(Mask::Boolean(seen.view())),
        ..AttentionInput::new(q.view(), k.view(), v.view())
    };
    let expected = compute_attention(&input, &AttentionConfig::default())
        .expect("good")
        .output;
    assert_eq!(
        block[OUTPUT_AT..][..FLOATS],
        expected.into_raw_vec_and_offset().0
    );
}

#[test]
fn a_refusal_says_what_the_library_says() {
    let mut state = good();
    state.table.0[MASK + 2] = 2.0;
    assert!(!state.attend());
    let lines: Vec<_> = state.error.lines().collect();
    let expected = [
        "shape",
        "compute_attention",
        "mask that broadcasts to [1, 2, 3, 3]",
        "[2, 3]",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_block_is_not_found_by_another_handle_and_not_after_its_release() {
    for handle in [
        0.0,
        2.0,
        -1.0,
        0.5,
        f64::NAN,
        f64::INFINITY,
        4_294_967_295.0,
    ] {
        let mut state = good();
        state.table.0[0] = handle;
        assert!(!state.attend(), "{handle}");
    }
    let mut state = good();
    *state.block(1).expect("a place") = None;
    assert!(!state.attend());
    assert_eq!(state.allocate(8), 1, "the place is used again");
}

#[test]
fn more_memory_than_there_is_is_refused() {
    let mut state = State::new();
    assert_eq!(state.allocate(usize::MAX / 4), 0);
    assert!(state.error.starts_with("too_large\n"), "{}", state.error);
}

fn words() -> impl Strategy<Value = f64> {
    let odd = [
        f64::NAN,
        -1.0,
        0.5,
        1e18,
        f64::INFINITY,
        4_294_967_295.0,
        1_073_741_823.0,
    ];
    prop_oneof![
        (0..120u32).prop_map(f64::from),
        proptest::sample::select(odd.to_vec())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever stands in it: an answer or a refusal, no panic (and under a checker, no read outside of the block).
    #[test]
    fn any_table_is_answered(changes in prop::collection::vec((0..WORDS, words()), 1..6)) {
        let mut state = good();
        for (at, word) in changes {
            state.table.0[at] = word;
        }
        let done = state.attend();
        prop_assert!(done || state.error.lines().count() >= 4);
    }
}

#[test]
fn a_call_that_says_the_same_again_reads_what_is_there_now() {
    let mut state = good();
    state.table.0[MASK_KIND] = 0.0;
    let output = |state: &State| {
        let block = state.blocks[0].as_ref().expect("a block");
        block[OUTPUT_AT..][..FLOATS].to_vec()
    };
    assert!(state.attend() && state.last.is_some(), "{}", state.error);
    let first = output(&state);
    let block = state.blocks[0].as_mut().expect("a block");
    block[2 * FLOATS..3 * FLOATS]
        .iter_mut()
        .for_each(|value| *value += 1.0);
    assert!(state.attend());
    for (first, second) in first.iter().zip(output(&state)) {
        assert!((first + 1.0 - second).abs() < 1e-5, "{first} and {second}");
    }
    // a block that has become shorter is refused, as it would be at first
    state.blocks[0] = Block::new(OUTPUT_AT);
    assert!(!state.attend());
    assert!(state.last.is_none());
    // other words are read anew
    let mut state = good();
    state.table.0[MASK_KIND] = 0.0;
    assert!(state.attend());
    state.table.0[MASK_KIND] = 1.0;
    assert!(state.attend() && state.last.is_none());
    let mut fresh = good();
    assert!(fresh.attend());
    assert_eq!(output(&state), output(&fresh));
}
