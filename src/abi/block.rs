//! Memory that JavaScript writes its tensors into.

#![allow(unsafe_code, reason = "a slice of lines seen as one of floats")]

use std::ops::{Deref, DerefMut};

/// A line of the cache. Blocks begin with one: copies to a place that stands a few bytes off from where they come from
/// are up to twenty times slower (`rep movsb`, which the C library copies with).
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

/// Floats, at least as many as were asked for.
pub(super) struct Block(Vec<Line>);

impl Block {
    /// All zero; nothing where there is no memory left.
    pub fn new(floats: usize) -> Option<Self> {
        let mut lines = Vec::new();
        let count = floats.div_ceil(LINE);
        lines.try_reserve_exact(count).ok()?;
        lines.resize(count, Line([0.0; LINE]));
        Some(Block(lines))
    }
}

impl Deref for Block {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the same memory, borrowed as long; a line is its floats and nothing else.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}
