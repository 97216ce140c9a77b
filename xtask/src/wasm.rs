//! `wasm`: the engine, compiled, bound to JavaScript and optimised, in `build/wasm`.

use std::env::current_exe;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const TARGET: &str = "wasm32-unknown-unknown";
const GLUE: [&str; 2] = ["engine.js", "engine.d.ts"];

/// Compiles, binds and optimises; does only the first where that changed nothing.
pub fn build() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let compiled = compile(&root)?;
    let output = root.join("build/wasm/engine_bg.wasm");
    // This program holds the options of the later steps, so a new one makes everything anew.
    if is_newer(&output, &[&compiled, &current_exe()?]) {
        return Ok(());
    }
    let bound = root.join("build/bindgen");
    bind(&compiled, &bound)?;
    fs::create_dir_all(root.join("build/wasm"))?;
    for name in GLUE {
        fs::copy(bound.join(name), root.join("build/wasm").join(name))?;
    }
    // Last, because its date says that all is done.
    optimise(&root, &bound.join("engine_bg.wasm"), &output)
}

fn compile(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .current_dir(root)
        .args(["build", "--release", "--lib", "--target", TARGET])
        .args(["--package", "attention-playground"]))?;
    // The folder of all targets: this program stands in its `debug` folder.
    let exe = current_exe()?;
    let targets = exe.ancestors().nth(2).context("no target folder")?;
    Ok(targets.join(format!("{TARGET}/release/attention_playground.wasm")))
}

fn bind(input: &Path, folder: &Path) -> Result<()> {
    let (input, folder) = (input.as_os_str(), folder.as_os_str());
    let mut args = vec!["wasm-bindgen".as_ref(), input, "--out-dir".as_ref(), folder];
    args.extend(["--target", "web", "--out-name", "engine"].map(OsStr::new));
    args.push("--omit-default-module-path".as_ref());
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args).context("wasm-bindgen")
}

fn optimise(root: &Path, input: &Path, output: &Path) -> Result<()> {
    let tool = root.join("node_modules/binaryen/bin/wasm-opt");
    ensure!(tool.exists(), "{} is missing: run `npm ci`", tool.display());
    // Which instructions it may use stands in the module's own target-features section.
    run(Command::new("node")
        .arg(tool)
        .args(["-O3", "--strip-debug", "--strip-producers", "--output"])
        .args([output, input]))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn is_newer(output: &Path, inputs: &[&Path]) -> bool {
    let date = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = date(output);
    made.is_some() && inputs.iter().all(|input| date(input) <= made)
}
