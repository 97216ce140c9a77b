//! The programs that make the models under `models/`.

mod bart;
mod bert;
mod card;
mod dates;
mod decoder;
mod digits;
mod draw;
mod gpt2;
mod layers;
mod optimiser;
mod options;
mod order;
mod places;
mod pronoun;
mod recall;
mod rows;
mod seeds;
mod verify;
mod vit;
mod vocabulary;
mod weights;

use std::path::Path;

use anyhow::{Result, bail};

use options::Options;

const USAGE: &str = "\
usage: npm run train -- NAME [--seeds N] [--quick] [--data FILE]
  NAME           pronoun, order, dates, decoder, digits, recall
  --seeds N      train from N seeds and keep the best on validation data; 5
  --quick        a few steps only, to see that the program runs; writes nothing
  --data FILE    digits: the table of images
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
        "dates" => dates::run(&options),
        "decoder" => decoder::run(&options),
        "digits" => digits::run(&options),
        "order" => order::run(&options),
        "pronoun" => pronoun::run(&options),
        "recall" => recall::run(&options),
        _ => bail!("unknown model: {name}\n{USAGE}"),
    }
}
