//! Attention needs memory for its output and one panel, not for the square of the tokens: counted by the allocator.
#![cfg(not(target_arch = "wasm32"))]
#![allow(unsafe_code, reason = "a global allocator that counts")]

use attention_playground::{AttentionConfig, AttentionInput, compute_attention};
use ndarray::Array4;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator and counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn memory_is_linear_in_the_tokens() {
    let extra = |tokens: usize| {
        let x = Array4::from_shape_fn((1, 2, tokens, 8), |(_, h, i, c)| {
            ((h + i * 7 + c * 3) % 11) as f32 / 11.0
        });
        let input = AttentionInput::new(x.view(), x.view(), x.view());
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        let result =
            compute_attention(&input, &AttentionConfig::default()).expect("a good request");
        PEAK.load(Relaxed) - before - result.output.len() * size_of::<f32>()
    };
    for tokens in [256, 2048] {
        let extra = extra(tokens);
        assert!(
            extra < 64 * 1024,
            "{tokens} tokens: {extra} bytes besides the output"
        );
    }
}
