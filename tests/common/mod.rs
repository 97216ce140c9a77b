//! What the tests share: comparing arrays and saying where they differ most.

#![allow(dead_code, reason = "each test file takes the helpers that it needs")]

#[cfg(not(target_arch = "wasm32"))]
pub mod checkpoint;
#[cfg(not(target_arch = "wasm32"))]
pub mod drawn;
pub mod traces;
#[cfg(not(target_arch = "wasm32"))]
pub mod vectors;

use ndarray::{ArrayD, ArrayViewD, Dimension, IxDyn};

/// How close is close enough: `|a - b| <= absolute + relative * |b|`.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub absolute: f64,
    pub relative: f64,
}

/// What an f32 holds after sums of a few dozen terms.
pub const CLOSE: Tolerance = Tolerance {
    absolute: 1e-5,
    relative: 1e-4,
};

/// Nothing at all, except that NaN equals NaN.
pub const SAME: Tolerance = Tolerance {
    absolute: 0.0,
    relative: 0.0,
};

impl Tolerance {
    fn accepts(self, found: f32, expected: f32) -> bool {
        if found == expected || (found.is_nan() && expected.is_nan()) {
            return true;
        }
        let (found, expected) = (f64::from(found), f64::from(expected));
        // an infinity is near nothing but itself
        found.is_finite()
            && expected.is_finite()
            && (found - expected).abs() <= self.absolute + self.relative * expected.abs()
    }
}

/// The largest difference of two arrays, or where they differ too much.
pub fn compare(
    found: &ArrayViewD<f32>,
    expected: &ArrayViewD<f32>,
    tolerance: Tolerance,
) -> Result<f64, String> {
    if found.shape() != expected.shape() {
        return Err(format!(
            "shape {:?} instead of {:?}",
            found.shape(),
            expected.shape()
        ));
    }
    let mut largest = 0.0_f64;
    let mut miss = None;
    let mut misses = 0;
    for ((index, &expected), &found) in expected.indexed_iter().zip(found.iter()) {
        let difference = (f64::from(found) - f64::from(expected)).abs();
        if difference.is_finite() {
            largest = largest.max(difference);
        }
        if !tolerance.accepts(found, expected) {
            misses += 1;
            miss.get_or_insert_with(|| {
                format!("{found} instead of {expected} at {:?}", index.slice())
            });
        }
    }
    match miss {
        None => Ok(largest),
        Some(miss) => Err(format!(
            "{miss}; {misses} of {} cells differ, the largest difference is {largest:e}",
            expected.len()
        )),
    }
}

/// Fails the test unless the arrays agree.
#[track_caller]
pub fn assert_close(found: ArrayViewD<f32>, expected: ArrayViewD<f32>, tolerance: Tolerance) {
    if let Err(miss) = compare(&found, &expected, tolerance) {
        panic!("{miss}");
    }
}

/// An array of this shape.
pub fn array(shape: &[usize], data: Vec<f32>) -> ArrayD<f32> {
    ArrayD::from_shape_vec(IxDyn(shape), data).expect("as many numbers as the shape says")
}

/// Numbers that look random and are the same in every run: a small linear congruential generator.
pub fn noise(shape: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x1234_5678_9abc_def1);
    ArrayD::from_shape_fn(IxDyn(shape), |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 24) as f32) * 2.0 - 1.0
    })
}

/// Every index of a shape, the last axis fastest.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![Vec::new()], |all, &extent| {
        let longer = |index: Vec<usize>| {
            (0..extent).map(move |place| index.iter().copied().chain([place]).collect())
        };
        all.into_iter().flat_map(longer).collect()
    })
}
