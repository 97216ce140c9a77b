//! Text becomes the tokens that a reader would point at.
#![cfg(not(target_arch = "wasm32"))]

use attention_playground::tokenize;

#[test]
fn words_and_signs() {
    let rows: [(&str, &[&str]); 22] = [
        ("", &[]),
        (" \t\n\u{a0}", &[]),
        (
            "The animal didn't cross the street because it was too wide.",
            &[
                "The", "animal", "didn't", "cross", "the", "street", "because", "it", "was", "too",
                "wide", ".",
            ],
        ),
        ("it’s well-known", &["it’s", "well-known"]),
        ("'quoted' - dash", &["'", "quoted", "'", "-", "dash"]),
        ("a--b", &["a", "-", "-", "b"]),
        ("3.14, 42!", &["3", ".", "14", ",", "42", "!"]),
        ("snake_case", &["snake", "_", "case"]),
        ("naïve nai\u{308}ve", &["naïve", "nai\u{308}ve"]),
        ("Привет, мир", &["Привет", ",", "мир"]),
        ("مرحبا بالعالم", &["مرحبا", "بالعالم"]),
        ("שָׁלוֹם עולם", &["שָׁלוֹם", "עולם"]),
        ("नमस्ते दुनिया", &["नमस्ते", "दुनिया"]),
        ("你好，世界", &["你", "好", "，", "世", "界"]),
        ("こんにちは", &["こ", "ん", "に", "ち", "は"]),
        ("한국어 문장", &["한국어", "문장"]),
        ("👍🏽ok", &["👍🏽", "ok"]),
        ("👩‍🔬👨‍👩‍👧‍👦", &["👩‍🔬", "👨‍👩‍👧‍👦"]),
        ("🇸🇪🇳🇴🇫", &["🇸🇪", "🇳🇴", "🇫"]),
        ("❤️1️⃣", &["❤️", "1️⃣"]),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿!", &["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "!"]),
        ("e\u{301}\u{301}", &["e\u{301}\u{301}"]),
    ];
    for (text, expected) in rows {
        assert_eq!(tokenize(text), expected, "{text:?}");
    }
}

#[test]
fn marks_and_joiners_without_a_base_are_kept() {
    assert_eq!(tokenize("\u{301} \u{200d}x"), ["\u{301}", "\u{200d}x"]);
}

#[test]
fn a_long_text_takes_a_moment() {
    let text = "word, ".repeat(200_000);
    assert_eq!(tokenize(&text).len(), 400_000);
}
