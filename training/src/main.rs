//! The programs that make the models under `models/`.

mod bert;
mod card;
mod draw;
mod layers;
mod optimiser;
mod options;
mod order;
mod places;
mod pronoun;
mod rows;
mod seeds;
mod verify;
mod vocabulary;
mod weights;

use std::path::Path;

use anyhow::{Result, bail};

use options::Options;

const USAGE: &str = "\
usage: npm run train -- NAME [--seeds N] [--quick]
  NAME           pronoun, order
  --seeds N      train from N seeds and keep the best on validation data; 5
  --quick        a few steps only, to see that the program runs; writes nothing
or:    npm run train -- verify FOLDER
  FOLDER         a checkpoint with what the reference library computes on it: holds the models here against it";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        bail!("{USAGE}")
    };
    if name == "verify" {
        let [folder] = rest else { bail!("{USAGE}") };
        return verify::verify(Path::new(folder));
    }
    let options = Options::read(rest)?;
    match name.as_str() {
        "order" => order::run(&options),
        "pronoun" => pronoun::run(&options),
        _ => bail!("unknown model: {name}\n{USAGE}"),
    }
}
