//! Numbers on their way to the GPU and back: in our memory, or in an array of JavaScript, which a browser's GPU reads and writes, so
//! that ours need not hold a copy.

use super::expect_finite;
use crate::error::{Error, Operation};
#[cfg(target_arch = "wasm32")]
use js_sys::Float32Array;
use std::borrow::Cow;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(super) enum Numbers<'a> {
    Ours(&'a [f32]),
    #[cfg(target_arch = "wasm32")]
    Theirs(Float32Array),
}

/// Numbers of an array of JavaScript that are copied together.
#[cfg(target_arch = "wasm32")]
const SOME: usize = 1 << 14;

impl<'a> Numbers<'a> {
    pub fn len(&self) -> usize {
        match self {
            Numbers::Ours(numbers) => numbers.len(),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => array.length() as usize,
        }
    }

    pub fn part(&self, range: Range<usize>) -> Self {
        match self {
            Numbers::Ours(numbers) => Numbers::Ours(&numbers[range]),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => {
                Numbers::Theirs(array.subarray(range.start as u32, range.end as u32))
            }
        }
    }

    /// In our memory.
    pub fn here(&self) -> Cow<'a, [f32]> {
        match self {
            Numbers::Ours(numbers) => Cow::Borrowed(numbers),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => Cow::Owned(array.to_vec()),
        }
    }

    /// Into as many numbers of ours.
    pub fn copy_to(&self, target: &mut [f32]) {
        match self {
            Numbers::Ours(numbers) => target.copy_from_slice(numbers),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => array.copy_to(target),
        }
    }

    /// Hands them over from the first to the last, as many together as stay near the processor, and where those begin.
    pub fn each(
        &self,
        mut take: impl FnMut(usize, &[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self {
            Numbers::Ours(numbers) => take(0, numbers),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => {
                let mut some = vec![0.0; SOME.min(self.len())];
                for first in (0..self.len()).step_by(SOME) {
                    let some = &mut some[..SOME.min(self.len() - first)];
                    let end = first + some.len();
                    array.subarray(first as u32, end as u32).copy_to(some);
                    take(first, some)?;
                }
                Ok(())
            }
        }
    }

    /// Refuses what a shader need not know of.
    pub fn expect_finite(&self, op: Operation, what: &str) -> Result<(), Error> {
        self.each(|_, some| expect_finite(op, what, some))
    }
}
