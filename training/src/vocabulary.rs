//! Words and their ids, and the tokenizer that says the same to everyone else.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// What fills up a batch.
pub const PAD: u32 = 0;
/// A word that the model does not know.
pub const UNKNOWN: u32 = 1;
/// A word that it is asked for.
pub const MASK: u32 = 2;

/// Words in the order of their ids.
pub struct Vocabulary {
    words: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The special tokens first, then the words in the order given, each once.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self {
            words: Vec::new(),
            ids: HashMap::new(),
        };
        for word in ["[PAD]", "[UNK]", "[MASK]"].into_iter().chain(words) {
            if !all.ids.contains_key(word) {
                all.ids.insert(word.into(), all.words.len() as u32);
                all.words.push(word.into());
            }
        }
        all
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The id of a word, or that of the unknown word.
    #[must_use]
    pub fn id(&self, word: &str) -> u32 {
        self.ids.get(word).copied().unwrap_or(UNKNOWN)
    }

    /// The word of an id.
    ///
    /// # Errors
    /// There is no such id.
    pub fn word(&self, id: u32) -> Result<&str> {
        let word = self
            .words
            .get(id as usize)
            .with_context(|| format!("expected an id below {}, found {id}", self.len()))?;
        Ok(word)
    }

    /// The tokens of a text, as [`Vocabulary::tokenizer`] finds them.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let lower = text
            .replace('\u{2019}', "'")
            .to_lowercase()
            .replace("[mask]", "[MASK]");
        let mut ids = Vec::new();
        for part in lower.split_whitespace() {
            let mut rest = part;
            while let Some(at) = rest.find(MARKS) {
                ids.extend((at > 0).then(|| self.id(&rest[..at])));
                ids.push(self.id(&rest[at..=at]));
                rest = &rest[at + 1..];
            }
            ids.extend((!rest.is_empty()).then(|| self.id(rest)));
        }
        ids
    }

    /// `tokenizer.json`: lower case, split at white space and around marks; an apostrophe stays within its word.
    #[must_use]
    pub fn tokenizer(&self) -> Value {
        let pattern = r"[.,?!:;]";
        json!({
            "normalizer": { "type": "Sequence", "normalizers": [
                { "type": "Replace", "pattern": { "String": "\u{2019}" }, "content": "'" },
                { "type": "Lowercase" },
            ] },
            "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
                { "type": "WhitespaceSplit" },
                { "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false },
            ] },
            "decoder": null,
        })
        .merge(self.model())
    }

    /// `tokenizer.json` where each character is a token.
    #[must_use]
    pub fn character_tokenizer(&self) -> Value {
        json!({
            "normalizer": null,
            "pre_tokenizer":
                { "type": "Split", "pattern": { "Regex": r"[\s\S]" }, "behavior": "Isolated", "invert": false },
            "decoder": { "type": "Fuse" },
        })
        .merge(self.model())
    }

    fn model(&self) -> Value {
        let special = self
            .words
            .iter()
            .enumerate()
            .filter(|(_, word)| word.starts_with('['));
        let added: Vec<Value> = special
            .map(|(id, word)| {
                json!({ "id": id, "content": word, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true })
            })
            .collect();
        let ids: Map<String, Value> = self
            .words
            .iter()
            .enumerate()
            .map(|(id, word)| (word.clone(), json!(id)))
            .collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "post_processor": null,
            // without pieces it knows whole words alone, and unlike "WordLevel" the tokenizers of browsers have it
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": ids,
            },
        })
    }
}

/// What stands alone even where no space parts it from a word. All of one byte.
const MARKS: [char; 6] = ['.', ',', '?', '!', ':', ';'];

/// The fields of two objects in one.
trait Merge {
    fn merge(self, other: Value) -> Value;
}

impl Merge for Value {
    fn merge(mut self, other: Value) -> Value {
        if let (Some(fields), Value::Object(others)) = (self.as_object_mut(), other) {
            fields.extend(others);
        }
        self
    }
}
