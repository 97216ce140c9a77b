//! Arbitrary requests at every public function, steered by what they reach.
//!
//! ```text
//! cargo install cargo-fuzz
//! RUSTC_BOOTSTRAP=1 cargo fuzz run requests -- -max_total_time=60     # or a nightly toolchain
//! ```
#![no_main]

#[path = "../../tests/common/junk.rs"]
mod junk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| junk::throw(bytes));
