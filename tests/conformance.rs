//! The published test vectors of the three ONNX operators, every one, against the public API.
//!
//! Prints a table of all cases; no case is skipped, and none has a tolerance of its own.

#[cfg(not(target_arch = "wasm32"))]
mod common;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

/// The vectors are files; in wasm they are read and run through the JavaScript face of the engine instead.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::common::vectors::{CASES, check, published};
    use attention_playground::compute_attention;
    use safetensors::SafeTensors;
    use std::process::ExitCode;

    pub fn main() -> ExitCode {
        let (cases, bytes) = published();
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let mut failed = 0;
        println!("operator          opset  largest difference  case");
        for json in &cases {
            let text = |name: &str| json[name].as_str().unwrap_or("?").to_owned();
            let result = check(&file, json, &compute_attention);
            let cell = match &result {
                Ok(difference) => format!("{difference:.1e}"),
                Err(_) => "FAILED".to_owned(),
            };
            println!(
                "{:<16}  {:<5}  {cell:<18}  {}",
                text("op"),
                json["opset"],
                text("name")
            );
            if let Err(miss) = result {
                failed += 1;
                println!("    {miss}");
            }
        }
        println!("{} of {} cases agree", cases.len() - failed, cases.len());
        if failed == 0 && cases.len() == CASES {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
