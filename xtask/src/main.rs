//! The build driver: wasm-bindgen and its test runner as a library, so that neither has to be installed and
//! their version is the one in `Cargo.lock`.

mod wasm;
mod wasm_test;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo run -p xtask -- COMMAND
  wasm                  builds the engine for the browser into build/wasm
  wasm-test FILE ARGS   serves the page that runs the tests in FILE, until its input closes";

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    match args.next().as_deref().and_then(|name| name.to_str()) {
        Some("wasm") => wasm::build(),
        Some("wasm-test") => wasm_test::serve(args),
        _ => bail!("{USAGE}"),
    }
}
