//! Arbitrary requests at every public function, for a few seconds: each is answered, and none panics. The fuzzer in
//! `fuzz/` throws the same ones, for longer and with an eye on what they reach.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/junk.rs"]
mod junk;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_request_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        junk::throw(&bytes);
    }
}
