//! `wasm-test`: wasm-bindgen's own test runner as a server. `scripts/wasm-test.mjs` opens its page in a browser and
//! reads the result; both addresses and modes come to it in the environment, as the runner documents.

use std::ffi::OsString;
use std::io::{copy, sink, stdin};

use anyhow::Result;

/// Serves until the standard input closes, so that no server outlives the script that started it.
pub fn serve(args: impl Iterator<Item = OsString>) -> Result<()> {
    std::thread::spawn(|| {
        let _ = copy(&mut stdin(), &mut sink());
        std::process::exit(0);
    });
    let name = OsString::from("wasm-bindgen-test-runner");
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::iter::once(name).chain(args))
}
