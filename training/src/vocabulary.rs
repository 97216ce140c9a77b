//! Words or characters and their ids, and the tokenizer that says the same to everyone else.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// A word that the model does not know; what fills up a batch stands before it.
pub const UNKNOWN: u32 = 1;
/// A word that it is asked for.
pub const MASK: u32 = 2;
/// The special tokens of a model that is asked for words.
pub const WITH_MASK: [&str; 3] = ["[PAD]", "[UNK]", "[MASK]"];

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Word,
    Character,
}

/// Tokens in the order of their ids.
pub struct Vocabulary {
    unit: Unit,
    /// How many of the tokens are special.
    special: usize,
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The special tokens, of which the first two are `[PAD]` and `[UNK]`, then words in lower case in the order given, each
    /// once.
    pub fn of_words<'a>(special: &[&'a str], words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Unit::Word, special, words)
    }

    /// The special tokens, of which the first two are `[PAD]` and `[UNK]`, then characters in lower case.
    pub fn of_characters<'a>(
        special: &[&'a str],
        characters: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::new(Unit::Character, special, characters)
    }

    fn new<'a>(unit: Unit, special: &[&'a str], tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self {
            unit,
            special: special.len(),
            tokens: Vec::new(),
            ids: HashMap::new(),
        };
        for token in special.iter().copied().chain(tokens) {
            if !all.ids.contains_key(token) {
                all.ids.insert(token.into(), all.tokens.len() as u32);
                all.tokens.push(token.into());
            }
        }
        all
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The id of a token, or that of the unknown one.
    #[must_use]
    pub fn id(&self, token: &str) -> u32 {
        self.ids.get(token).copied().unwrap_or(UNKNOWN)
    }

    /// The token of an id.
    ///
    /// # Errors
    /// There is no such id.
    pub fn token(&self, id: u32) -> Result<&str> {
        let token = self.tokens.get(id as usize);
        Ok(token.with_context(|| format!("expected an id below {}, found {id}", self.len()))?)
    }

    /// The ids of a text, as [`Vocabulary::tokenizer`] finds them; of the special tokens it finds `[MASK]`.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let lower = text
            .replace('\u{2019}', "'")
            .to_lowercase()
            .replace("[mask]", "[MASK]");
        if self.unit == Unit::Character {
            return lower
                .chars()
                .map(|character| self.id(&character.to_string()))
                .collect();
        }
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

    /// `tokenizer.json`: lower case; split at white space and around marks, an apostrophe stays within its word; or
    /// into characters.
    #[must_use]
    pub fn tokenizer(&self) -> Value {
        let split = |pattern: &str| json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false });
        let (pre_tokenizer, decoder) = match self.unit {
            Unit::Word => (
                json!({ "type": "Sequence", "pretokenizers": [{ "type": "WhitespaceSplit" }, split(r"[.,?!:;]")] }),
                Value::Null,
            ),
            Unit::Character => (split(r"[\s\S]"), json!({ "type": "Fuse" })),
        };
        let added: Vec<Value> = self.tokens[..self.special]
            .iter()
            .map(|token| {
                json!({ "id": self.id(token), "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true })
            })
            .collect();
        let ids: Map<String, Value> = self
            .tokens
            .iter()
            .map(|token| (token.clone(), json!(self.id(token))))
            .collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "normalizer": { "type": "Sequence", "normalizers": [
                { "type": "Replace", "pattern": { "String": "\u{2019}" }, "content": "'" },
                { "type": "Lowercase" },
            ] },
            "pre_tokenizer": pre_tokenizer,
            "post_processor": null,
            "decoder": decoder,
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

#[cfg(test)]
mod tests {
    use super::{MASK, UNKNOWN, Vocabulary, WITH_MASK};

    #[test]
    fn marks_stand_alone_and_apostrophes_do_not() {
        let words = Vocabulary::of_words(&WITH_MASK, ["didn't", "it", ",", "."]);
        assert_eq!(
            words.encode("It didn\u{2019}t, [MASK] zebra."),
            [4, 3, 5, MASK, UNKNOWN, 6]
        );
        assert_eq!(words.encode("..it"), [6, 6, 4]);
        assert!(words.encode(" \n").is_empty());
    }

    #[test]
    fn characters_are_tokens() {
        let characters = Vocabulary::of_characters(&["[PAD]", "[UNK]"], [" ", "m", "a"]);
        assert_eq!(characters.encode("Ma m\u{e9}"), [3, 4, 2, 3, UNKNOWN]);
    }
}
