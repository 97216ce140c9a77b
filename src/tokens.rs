//! Text into tokens: words and punctuation, as a reader would point at them.

mod marks;

use marks::MARKS;

const ZERO_WIDTH_JOINER: char = '\u{200d}';

fn is_mark(c: char) -> bool {
    let code = u32::from(c);
    let place = MARKS.partition_point(|&(_, last)| last < code);
    MARKS.get(place).is_some_and(|&(first, _)| first <= code)
}

/// Half of a flag.
fn is_regional(c: char) -> bool {
    ('\u{1f1e6}'..='\u{1f1ff}').contains(&c)
}

/// Scripts that are written without spaces, where each character is a word or nearly one.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3041..=0x30ff | 0x3105..=0x312f | 0x31a0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x1b000..=0x1b2ff | 0x20000..=0x3fffd)
}

/// Signs that hold a word together when they stand between its letters: `didn't`, `well-known`.
fn joins(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '-' | '\u{2010}' | '\u{2011}')
}

/// Letters and digits of scripts that are written with spaces.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !stands_alone(c)
}

/// Splits text into words, numbers, and single signs.
///
/// White space separates. Letters and digits stay together, with an apostrophe or a hyphen between them; every
/// other character is a token of its own, with the marks that belong to it. An emoji stays whole, also one of
/// several parts; so does a flag. Characters of scripts without spaces (Chinese, Japanese) stand alone.
///
/// ```
/// use attention_playground::tokenize;
/// assert_eq!(tokenize("It didn't stop."), ["It", "didn't", "stop", "."]);
/// assert_eq!(tokenize("👩‍🔬🇸🇪!"), ["👩‍🔬", "🇸🇪", "!"]);
/// ```
#[must_use]
pub fn tokenize(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    // what the last token is made of, while another character may still join it
    let mut open = Open::Nothing;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let joined = match open {
            Open::Nothing => false,
            _ if is_mark(c) || c == ZERO_WIDTH_JOINER => true,
            Open::Word => is_word(c) || (joins(c) && next.is_some_and(is_word)),
            // after a joiner, a part of the same sign
            Open::Sign
                if tokens
                    .last()
                    .is_some_and(|token| token.ends_with(ZERO_WIDTH_JOINER)) =>
            {
                !c.is_whitespace()
            }
            Open::Sign => false,
            Open::Flag => is_regional(c),
        };
        if c.is_whitespace() {
            open = Open::Nothing;
            continue;
        }
        match tokens.last_mut() {
            Some(token) if joined => {
                token.push(c);
                // a flag is a pair
                if open == Open::Flag && is_regional(c) {
                    open = Open::Sign;
                }
            }
            _ => {
                tokens.push(c.into());
                open = if is_word(c) {
                    Open::Word
                } else if is_regional(c) {
                    Open::Flag
                } else {
                    Open::Sign
                };
            }
        }
    }
    tokens
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Word,
    Sign,
    Flag,
}
