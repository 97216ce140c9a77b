//! `wasm`: the engine, compiled, bound to JavaScript and optimised, and the modules without glue beside it, in `build/wasm`.

use std::env::current_exe;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use wasmparser::{Operator, Parser, Payload};

const TARGET: &str = "wasm32-unknown-unknown";
/// The modules with glue, each the feature of that name, and how they are optimised. What sends work to a GPU has none itself.
const GLUED: [(&str, &str); 2] = [("engine", "s"), ("gpu", "z")];

/// A module without glue.
struct Module {
    /// Its file, without the ending.
    name: &'static str,
    /// The feature of the crate that it is.
    feature: &'static str,
    /// The instructions that it may use.
    instructions: &'static str,
    profile: &'static str,
    /// Bytes of its stack.
    stack: u32,
    /// What it imports until it is optimised.
    imports: &'static [&'static str],
}

/// The stack of the kernels takes nothing but a few frames, and counts as memory of the engine.
const KERNELS: Module = Module {
    name: "kernels_simd128",
    feature: "kernels",
    instructions: "+simd128",
    profile: "release",
    stack: 65_536,
    imports: &["order.out_of_order"],
};

const MODULES: [Module; 3] = [
    KERNELS,
    Module {
        name: "kernels_relaxed",
        instructions: "+simd128,+relaxed-simd",
        ..KERNELS
    },
    // No relaxed instructions: a model says the same everywhere.
    Module {
        name: "models",
        feature: "models",
        profile: "engine",
        stack: 1 << 20,
        imports: &[],
        ..KERNELS
    },
];

/// Compiles, binds and optimises; does only the first where that changed nothing.
pub fn build() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::create_dir_all(root.join("build/wasm"))?;
    (GLUED.iter()).try_for_each(|(name, level)| build_glued(&root, name, level))?;
    MODULES
        .iter()
        .try_for_each(|module| build_module(&root, module))
}

fn build_glued(root: &Path, name: &str, level: &str) -> Result<()> {
    let features = ["--no-default-features", "--features", name];
    // One after the other in one folder: they share what they are made of.
    let level = format!("profile.engine.opt-level=\"{level}\"");
    run(cargo(root)
        .args(["--profile", "engine", "--config", &level])
        .args(features))?;
    let compiled = targets()?.join(format!("{TARGET}/engine/attention_playground.wasm"));
    let kept = targets()?.join(format!("{TARGET}/engine/{name}.wasm"));
    if !same(&compiled, &kept) {
        fs::copy(&compiled, &kept)?;
    }
    let output = root.join(format!("build/wasm/{name}_bg.wasm"));
    // This program holds the options of the later steps, so a new one makes everything anew.
    if is_newer(&output, &[&kept, &current_exe()?]) {
        return Ok(());
    }
    let bound = root.join("build/bindgen");
    bind(&kept, &bound, name)?;
    for file in [format!("{name}.js"), format!("{name}.d.ts")] {
        fs::copy(bound.join(&file), root.join("build/wasm").join(&file))?;
    }
    // Last, because its date says that all is done.
    optimise(root, &bound.join(format!("{name}_bg.wasm")), &output, "")
}

/// Whether both files hold the same.
fn same(a: &Path, b: &Path) -> bool {
    matches!((fs::read(a), fs::read(b)), (Ok(a), Ok(b)) if a == b)
}

fn build_module(root: &Path, module: &Module) -> Result<()> {
    // A folder of its own: other flags would make everything in the common one anew.
    let targets = targets()?.join(module.name.replace('_', "-"));
    let instructions = format!("target-feature={}", module.instructions);
    let stack = format!("link-arg=-zstack-size={}", module.stack);
    // Loop strength reduction turns every load's constant offset into a pointer that is counted up: more pointers than
    // registers, and half the speed.
    let lsr = "llvm-args=-disable-lsr";
    let flags = ["-C", &instructions, "-C", lsr, "-C", &stack];
    run(cargo(root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .args(["--profile", module.profile, "--no-default-features"])
        .args(["--features", module.feature, "--target-dir"])
        .arg(&targets))?;
    let compiled = targets.join(format!(
        "{TARGET}/{}/attention_playground.wasm",
        module.profile
    ));
    let output = root.join(format!("build/wasm/{}.wasm", module.name));
    if is_newer(&output, &[&compiled, &current_exe()?]) {
        return Ok(());
    }
    // What else it imported would be zero, too, and nobody would know.
    let imports = imports_of(&compiled)?;
    let name = module.name;
    ensure!(imports == module.imports, "{name} imports {imports:?}");
    // The answer that no optimiser was to know, see src/kernel/order.rs, is zero. Now that all is in its order, the tests of it
    // go, by passes that move no sum past another.
    let last = if imports.is_empty() {
        ""
    } else {
        "--remove-imports --precompute --remove-unused-brs --vacuum"
    };
    let optimised = output.with_extension("optimised");
    optimise(root, &compiled, &optimised, last)?;
    keep_nan(&optimised, &output)
}

/// Where relaxed instructions are allowed, the compiler writes the maximum that keeps NaN as the one that need not, and a score
/// that is NaN is lost, on some machines. Both instructions are equally long.
fn keep_nan(from: &Path, to: &Path) -> Result<()> {
    const RELAXED_MAX: [u8; 3] = [0xfd, 0x8e, 0x02];
    const PMAX: [u8; 3] = [0xfd, 0xeb, 0x01];
    let mut bytes = fs::read(from)?;
    let mut places = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Payload::CodeSectionEntry(body) = payload? {
            for operator in body.get_operators_reader()?.into_iter_with_offsets() {
                if let (Operator::F32x4RelaxedMax, at) = operator? {
                    places.push(at);
                }
            }
        }
    }
    for at in places {
        ensure!(bytes[at..].starts_with(&RELAXED_MAX), "a longer maximum");
        bytes[at..at + PMAX.len()].copy_from_slice(&PMAX);
    }
    // Last, because its date says that all is done.
    Ok(fs::write(to, bytes)?)
}

/// Each as `module.name`.
fn imports_of(wasm: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(wasm)?;
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                imports.push(format!("{}.{}", import.module, import.name));
            }
        }
    }
    Ok(imports)
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--lib", "--target", TARGET])
        .args(["--package", "attention-playground"]);
    cargo
}

/// The folder of all targets: this program stands in its `debug` folder.
fn targets() -> Result<PathBuf> {
    let exe = current_exe()?;
    Ok(exe
        .ancestors()
        .nth(2)
        .context("no target folder")?
        .to_path_buf())
}

fn bind(input: &Path, folder: &Path, name: &str) -> Result<()> {
    let (input, folder) = (input.as_os_str(), folder.as_os_str());
    let mut args = vec!["wasm-bindgen".as_ref(), input, "--out-dir".as_ref(), folder];
    args.extend(["--target", "web", "--out-name", name].map(OsStr::new));
    args.push("--omit-default-module-path".as_ref());
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args).context("wasm-bindgen")
}

/// `last`: passes after those of the level.
fn optimise(root: &Path, input: &Path, output: &Path, last: &str) -> Result<()> {
    let tool = root.join("node_modules/binaryen/bin/wasm-opt");
    ensure!(tool.exists(), "{} is missing: run `npm ci`", tool.display());
    // Which instructions it may use stands in the module's own target-features section. Low memory: an address plus a small
    // constant that wrapped around would lie in the lowest kilobyte, the far end of the stack, which comes first; nothing is
    // read there in that way, so that the constant may go into the load.
    let options = "-O3 --low-memory-unused";
    // What is called in one place stays out of it unless it is tiny: browsers compile a function when it is first called, and
    // what a first call has no need of is then not compiled. The files are 3 percent smaller, too, when they are compressed.
    let apart = "--one-caller-inline-max-function-size=20";
    run(Command::new("node")
        .arg(tool)
        .args(options.split(' '))
        .arg(apart)
        .args(last.split_whitespace())
        .args(["--strip-debug", "--strip-producers", "--output"])
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
