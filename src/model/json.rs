//! A small strict reader of JSON: configurations and the headers of weights.
//!
//! It refuses what such files must not have and other readers let pass: two equal keys, or anything after the end. Numbers
//! stay text until somebody asks for one kind of them, so that sizes are exact.

use crate::error::{Error, Operation};
use std::cmp::Ordering;

/// Levels of nesting: deeper ones would only be there to use up the stack.
const DEPTH: usize = 32;
/// Powers of ten that f64 holds exactly.
const EXACT_TENS: usize = 22;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the file, each key once.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What it is, for the reader of an error.
    pub fn describe(&self) -> String {
        match self {
            Json::Null => "null".into(),
            Json::Flag(flag) => (if *flag { "true" } else { "false" }).into(),
            Json::Number(text) => text.clone(),
            Json::Text(text) => format!("\"{text}\""),
            Json::List(_) => "an array".into(),
            Json::Object(_) => "an object".into(),
        }
    }

    /// The value of this key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(fields) = self else {
            return None;
        };
        fields
            .iter()
            .find(|field| field.0 == key)
            .map(|field| &field.1)
    }

    /// A whole number of at least 0, written with digits alone.
    pub fn whole(&self) -> Option<u64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number. Exactly rounded where up to 15 digits and a power of ten up to 22 say it, else to a few units in the last
    /// place: the standard library's reader would be the largest function of the module.
    pub fn number(&self) -> Option<f64> {
        let Json::Number(text) = self else {
            return None;
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let mut exponent: i32 = exponent.trim_start_matches('+').parse().ok()?;
        let mut value = 0.0_f64;
        let mut fraction = false;
        for byte in mantissa.bytes() {
            match byte {
                b'.' => fraction = true,
                b'0'..=b'9' => {
                    value = value * 10.0 + f64::from(byte - b'0');
                    exponent = exponent.saturating_sub(i32::from(fraction));
                }
                _ => {}
            }
        }
        let mut left = exponent.unsigned_abs().min(1000) as usize;
        while left > 0 {
            let step = left.min(EXACT_TENS);
            let power = (0..step).fold(1.0, |power: f64, _| power * 10.0);
            value = if exponent < 0 {
                value / power
            } else {
                value * power
            };
            left -= step;
        }
        Some(if text.starts_with('-') { -value } else { value })
    }
}

/// The indices `0 .. count` in the order that `compare` says, by a heap.
// the standard library's sort is many times as large, and a model is sorted three times in its life
pub(crate) fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let sift = |order: &mut [usize], mut parent: usize| {
        while let Some(mut child) = Some(2 * parent + 1).filter(|&child| child < order.len()) {
            let right = child + 1;
            if right < order.len() && compare(order[child], order[right]).is_lt() {
                child = right;
            }
            if compare(order[parent], order[child]).is_ge() {
                break;
            }
            order.swap(parent, child);
            parent = child;
        }
    };
    for parent in (0..count / 2).rev() {
        sift(&mut order, parent);
    }
    for end in (1..count).rev() {
        order.swap(0, end);
        sift(&mut order[..end], 0);
    }
    order
}

/// Reads one value, and nothing after it but white space.
///
/// # Errors
/// `format`, with the byte at which it goes wrong.
pub(crate) fn read(operation: Operation, what: &'static str, bytes: &[u8]) -> Result<Json, Error> {
    let text = std::str::from_utf8(bytes).map_err(|fault| {
        operation.format(
            format!("{what} in UTF-8"),
            format!("another byte at {}", fault.valid_up_to()),
        )
    })?;
    let mut reader = Reader {
        operation,
        what,
        text,
        at: 0,
    };
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.refused("nothing after the value")),
    }
}

struct Reader<'a> {
    operation: Operation,
    what: &'static str,
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    #[cold]
    #[inline(never)]
    fn refused(&self, expected: &str) -> Error {
        let found = match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some(found) => format!("{found:?} at byte {}", self.at),
            None => format!("its end at byte {}", self.at),
        };
        self.operation
            .format(format!("{}: {expected}", self.what), found)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Goes on if this byte comes next.
    fn next_is(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Error> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.refused("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Json, Error> {
        if depth > DEPTH {
            return Err(self.refused(&format!("at most {DEPTH} levels")));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Flag(true)),
            Some(b'f') => self.word("false", Json::Flag(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.refused("a value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.next_is(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.next_is(b']') {
                return Ok(Json::List(items));
            }
            if !self.next_is(b',') {
                return Err(self.refused("a comma or the end of an array"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Error> {
        self.at += 1;
        let mut fields: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.next_is(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.refused("a key"));
            }
            let key = self.string()?;
            self.space();
            if !self.next_is(b':') {
                return Err(self.refused("a colon"));
            }
            fields.push((key, self.value(depth + 1)?));
            self.space();
            if self.next_is(b'}') {
                break;
            }
            if !self.next_is(b',') {
                return Err(self.refused("a comma or the end of an object"));
            }
        }
        let sorted = order(fields.len(), &|a, b| fields[a].0.cmp(&fields[b].0));
        match sorted
            .windows(2)
            .find(|pair| fields[pair[0]].0 == fields[pair[1]].0)
        {
            None => Ok(Json::Object(fields)),
            Some(pair) => Err(self.operation.format(
                format!("{}: each key once", self.what),
                format!("\"{}\" twice", fields[pair[0]].0),
            )),
        }
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.refused("a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json, Error> {
        let start = self.at;
        self.next_is(b'-');
        let zero = self.peek() == Some(b'0');
        if zero {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next_is(b'.') {
            self.digits()?;
        }
        if self.next_is(b'e') || self.next_is(b'E') {
            if !self.next_is(b'+') {
                self.next_is(b'-');
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            text.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.refused("the end of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        self.at += 1;
        let letter = self.peek();
        self.at += usize::from(letter.is_some_and(|letter| letter.is_ascii()));
        Ok(match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.unit()?;
                if (0xd800..0xdc00).contains(&code) {
                    if !(self.next_is(b'\\') && self.next_is(b'u')) {
                        return Err(self.refused("the second half of a surrogate pair"));
                    }
                    // a second half that is none makes a code that is no character
                    let low = self.unit()?.wrapping_sub(0xdc00);
                    code = if low < 0x400 {
                        0x1_0000 + ((code - 0xd800) << 10) + low
                    } else {
                        0xd800
                    };
                }
                char::from_u32(code).ok_or_else(|| self.refused("a character before"))?
            }
            _ => return Err(self.refused("an escape that JSON has")),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.refused("four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Json, Error> {
        read(Operation("test"), "a test", text.as_bytes())
    }

    #[test]
    fn numbers_agree_with_the_standard_library() {
        for text in [
            "0",
            "-0",
            "7",
            "1e-12",
            "1e-05",
            "0.02",
            "1E+2",
            "-3.25",
            "0.1",
            "123456789012345",
            "50256",
            "6.02e23",
            "1e22",
        ] {
            let json = parse(text).expect(text);
            assert_eq!(json.number(), text.parse().ok(), "{text}");
        }
        let far = parse("1.7976931348623157e308").expect("a number").number();
        assert!((far.expect("a number") / f64::MAX - 1.0).abs() < 1e-14);
        assert_eq!(
            parse("1e999").expect("a number").number(),
            Some(f64::INFINITY)
        );
        assert_eq!(parse("1e-999").expect("a number").number(), Some(0.0));
    }

    #[test]
    fn order_sorts() {
        for count in 0..50_usize {
            let keys: Vec<usize> = (0..count).map(|n| n * 7919 % 31).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            let sorted = order(count, &|a, b| keys[a].cmp(&keys[b]));
            assert_eq!(
                sorted.iter().map(|&n| keys[n]).collect::<Vec<_>>(),
                expected
            );
        }
    }

    #[test]
    fn whole_numbers_are_exact_or_none() {
        let whole = |text: &str| parse(text).expect(text).whole();
        assert_eq!(whole("18446744073709551615"), Some(u64::MAX));
        for text in ["18446744073709551616", "-1", "1.0", "1e3", "\"1\""] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn agrees_with_serde_json() {
        let good = [
            r#"{"a": [1, -2.5e3, true, false, null], "b\u00e9\ud83d\ude00": {"c": "\"\\\/\b\f\n\r\t"}, "": []}"#,
            " [ ] ",
            "{}\n",
            r#""é🙂""#,
        ];
        fn same(json: &Json, other: &serde_json::Value) -> bool {
            match (json, other) {
                (Json::Null, serde_json::Value::Null) => true,
                (Json::Flag(a), serde_json::Value::Bool(b)) => a == b,
                (Json::Number(_), serde_json::Value::Number(b)) => json.number() == b.as_f64(),
                (Json::Text(a), serde_json::Value::String(b)) => a == b,
                (Json::List(a), serde_json::Value::Array(b)) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
                }
                (Json::Object(a), serde_json::Value::Object(b)) => {
                    a.len() == b.len()
                        && a.iter()
                            .all(|(key, value)| b.get(key).is_some_and(|b| same(value, b)))
                }
                _ => false,
            }
        }
        for text in good {
            let expected = serde_json::from_str(text).expect(text);
            assert!(same(&parse(text).expect(text), &expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        let deep = "[".repeat(40) + &"]".repeat(40);
        for (text, expected, found) in [
            ("", "a value", "its end at byte 0"),
            ("{", "a key", "its end at byte 1"),
            ("{\"a\"}", "a colon", "'}' at byte 4"),
            ("{\"a\":1,}", "a key", "'}' at byte 7"),
            ("{\"a\":1 \"b\":2}", "a comma", "'\"' at byte 7"),
            ("{\"a\":1,\"b\":2,\"a\":3}", "each key once", "\"a\" twice"),
            ("[1,]", "a value", "']' at byte 3"),
            ("[1 2]", "a comma", "'2' at byte 3"),
            ("01", "nothing after", "'1' at byte 1"),
            ("1.", "a digit", "its end"),
            ("1e", "a digit", "its end"),
            ("-", "a digit", "its end"),
            ("+1", "a value", "'+'"),
            ("NaN", "a value", "'N'"),
            ("nul", "a value", "'n'"),
            ("\"a", "the end of a string", "its end"),
            ("\"a\n\"", "the end of a string", "'\\n' at byte 2"),
            ("\"\\x\"", "an escape", "'\"'"),
            ("\"\\é\"", "an escape", "'é'"),
            ("\"\\u12g4\"", "four hexadecimal", "'g'"),
            ("\"\\ud800\"", "second half", "'\"'"),
            ("\"\\ud800\\u0041\"", "a character", "'\"'"),
            ("\"\\udc00\"", "a character", "'\"'"),
            ("{} {}", "nothing after", "'{' at byte 3"),
            (&deep, "at most 32 levels", "'[' at byte 33"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.code(), "format", "{text}");
            assert!(
                error.report().expected.contains(expected),
                "{text}: {error}"
            );
            assert!(error.report().found.contains(found), "{text}: {error}");
        }
        let error = read(Operation("test"), "a test", b"\"\xff\"").expect_err("not UTF-8");
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }
}
