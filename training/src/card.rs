//! What is written of a model: its folder under `models/`, with a card, and what it is tested on.

use std::fmt::Write as _;
use std::fs::{create_dir_all, write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::optimiser::Recipe;
use crate::weights::Weights;

/// What is to be known of a model. It becomes `card.json`, and the same in words `README.md`.
#[derive(Serialize)]
pub struct Card {
    /// The name of its folder.
    pub name: &'static str,
    /// The name of the program that makes it.
    pub program: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Its class in the reference library, and its sizes.
    pub model: String,
    /// How many numbers were trained.
    pub parameters: usize,
    /// The size of `model.safetensors`.
    pub bytes: usize,
    /// What it learnt from, and what was kept back.
    pub data: &'static str,
    /// How it was trained.
    pub recipe: Recipe,
    /// Besides the recipe.
    pub training: &'static str,
    /// One row for each seed: its scores on validation data.
    pub seeds: Vec<Value>,
    /// The seed that was chosen, or that of each network.
    pub chosen: Value,
    /// By what it was chosen.
    pub chosen_by: &'static str,
    /// What was measured once, on test data, after the choice, with the weights as written.
    pub test: Value,
    /// What the test data are.
    pub test_data: String,
    /// What it can not do.
    pub limits: &'static [&'static str],
}

impl Card {
    /// Markdown for people.
    fn page(&self) -> String {
        let Recipe {
            steps,
            batch,
            rate,
            decay,
        } = self.recipe;
        let mut page = format!(
            "# {name}\n\n{summary}\n\n\
             | | |\n| --- | --- |\n| model | {model} |\n| parameters | {parameters} |\n| weights | {bytes} bytes, f16 |\n\n\
             ## Data\n\n{data}\n\n\
             ## Training\n\n`npm run train -- {program}` makes it again: {steps} steps of {batch}, AdamW, one cycle up to a rate \
             of {rate}, weight decay {decay}.{training}\n\n",
            name = self.name,
            program = self.program,
            summary = self.summary,
            model = self.model,
            parameters = self.parameters,
            bytes = self.bytes,
            data = self.data,
            training = if self.training.is_empty() {
                String::new()
            } else {
                format!(" {}", self.training)
            },
        );
        page += &format!("On validation data, by seed:\n\n{}\n", table(&self.seeds));
        page += &format!(
            "Chosen: {}, by {}.\n\n",
            seeds(&self.chosen),
            self.chosen_by
        );
        page += &format!(
            "## Score\n\nMeasured once, after the choice, with the weights as they are in the file. {}\n\n{}\n",
            self.test_data,
            table(std::slice::from_ref(&self.test))
        );
        page += "## What it can not do\n\n";
        for limit in self.limits {
            page += &format!("* {limit}\n");
        }
        page
    }
}

/// A seed, or those of several networks, in words.
fn seeds(chosen: &Value) -> String {
    match chosen.as_object() {
        Some(networks) => {
            let one = |(network, seed): (&String, &Value)| format!("seed {seed} of {network}");
            networks.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        None => format!("seed {chosen}"),
    }
}

/// A Markdown table with a row for each object; a key that an earlier object has not is left out.
fn table(rows: &[Value]) -> String {
    let Some(first) = rows.first().and_then(Value::as_object) else {
        return String::new();
    };
    let mut keys: Vec<&str> = first.keys().map(String::as_str).collect();
    keys.sort_by_key(|&key| key != "seed");
    let mut table = format!(
        "| {} |\n|{}\n",
        keys.join(" | "),
        " --- |".repeat(keys.len())
    );
    for row in rows {
        let cells = keys.iter().map(|key| match &row[key] {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        });
        let _ = writeln!(table, "| {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    table
}

/// The folder of a model.
pub struct Folder(PathBuf);

impl Folder {
    /// `models/NAME` of the repository, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let path = root().join("models").join(name);
        create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }

    /// Writes `model.safetensors`. Returns its size in bytes.
    ///
    /// # Errors
    /// As [`Weights::write`].
    pub fn weights(&self, weights: &[&Weights]) -> Result<usize> {
        Weights::write(weights, &self.0.join("model.safetensors"))
    }

    /// Writes a file of JSON, a field a line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn json(&self, name: &str, value: &Value) -> Result<()> {
        put(&self.0.join(name), &lines(value))
    }

    /// Writes `card.json` and `README.md`.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn card(&self, card: &Card) -> Result<()> {
        self.json("card.json", &serde_json::to_value(card)?)?;
        put(&self.0.join("README.md"), &card.page())
    }
}

/// Writes `tests/models/NAME.json`: the cases that the score is of, one a line, and the score that training measured
/// on them.
///
/// # Errors
/// It cannot be written.
pub fn test_file(name: &str, mut about: Value, score: &Value, cases: &[Value]) -> Result<()> {
    about["model"] = json!(name);
    about["score"] = score.clone();
    let mut text = lines(&about);
    text.truncate(text.trim_end().len() - "\n}".len());
    let cases: Vec<String> = cases.iter().map(Value::to_string).collect();
    text += &format!(
        ",\n  \"cases\": [\n    {}\n  ]\n}}\n",
        cases.join(",\n    ")
    );
    let folder = root().join("tests/models");
    create_dir_all(&folder)?;
    put(&folder.join(format!("{name}.json")), &text)
}

/// Four digits of a share.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn put(path: &Path, text: &str) -> Result<()> {
    write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// JSON with one field of the object a line.
fn lines(value: &Value) -> String {
    match value.as_object() {
        Some(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("  {}: {value}", json!(key)))
                .collect();
            format!("{{\n{}\n}}\n", fields.join(",\n"))
        }
        None => format!("{value}\n"),
    }
}
