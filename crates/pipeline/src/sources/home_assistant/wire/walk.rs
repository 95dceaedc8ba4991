//! A walk over JSON text, once and without a copy.
//!
//! What is met can be read, or passed over and kept as a slice of the text; both check it against RFC 8259. Where the text is
//! no JSON the walk goes to its end, and [`Walk::end`] says so: what was read before that is to be thrown away.
//!
//! `serde_json` cannot say where in the text an object begins and ends, but as a slice that has to be gone over again to be
//! read: five times for a state change, which took three times as long. That it takes and refuses the same texts is a test.

use std::borrow::Cow;

use crate::mask::is_secret;

/// Deeper objects and arrays are refused, as by `serde_json`: a walk must not exhaust the stack.
const DEEPEST: usize = 128;

/// What a value says if it is a string. None also where that is not Unicode: JSON can name half a character.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// What a key says, as [`Walk::object`] gives it: without its quotes.
pub(crate) fn key(raw: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Some(Cow::Borrowed(raw));
    }
    serde_json::from_str(&format!("\"{raw}\"")).ok().map(Cow::Owned)
}

/// A place in the text: before a value, or behind one.
pub(crate) struct Walk<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    failed_at: Option<usize>,
    /// A key that was passed has a value that is masked before the log.
    pub(super) met_secret: bool,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, failed_at: None, met_secret: false }
    }

    /// Ends the walk. The error is where the text stops being JSON, in bytes; it may be what follows the value.
    pub(crate) fn end(&mut self) -> Result<(), usize> {
        self.skip_space();
        if self.peek().is_some() {
            self.fail();
        }
        self.failed_at.map_or(Ok(()), Err)
    }

    /// Passes over the value; answers with its text.
    pub(crate) fn value(&mut self) -> &'a str {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.skip_string(),
            Some(b'{') => return self.object(|_, walk| _ = walk.value()),
            Some(b'[') => self.array(|walk| _ = walk.value()),
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(b't') => self.skip_word("true"),
            Some(b'f') => self.skip_word("false"),
            Some(b'n') => self.skip_word("null"),
            _ => self.fail(),
        }
        self.since(start)
    }

    /// Passes over the value; answers with what it says if it is a string.
    pub(super) fn string(&mut self) -> Option<Cow<'a, str>> {
        string(self.value())
    }

    /// Stops at each member of an object, behind its key; `member` has to pass over the value. Answers with the text of the
    /// object, or of what is in its place, which is passed over.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self)) -> &'a str {
        self.skip_space();
        let start = self.at;
        if self.peek() != Some(b'{') {
            return self.value();
        }
        let mut more = self.enter(b'}');
        while more {
            let key = self.at + 1;
            self.skip_string();
            let key = self.text.get(key..self.at.saturating_sub(1)).unwrap_or_default();
            self.met_secret |= is_secret(key);
            self.skip_space();
            if !self.skip(b':') {
                self.fail();
            }
            member(key, self);
            more = self.has_more(b'}');
        }
        self.since(start)
    }

    /// Stops at each element of an array; `element` has to pass over it.
    pub(crate) fn array(&mut self, mut element: impl FnMut(&mut Self)) {
        let mut more = self.enter_array();
        while more {
            element(self);
            more = self.has_more(b']');
        }
    }

    /// Whether an array begins here and has an element: then the walk stops at it.
    pub(super) fn enter_array(&mut self) -> bool {
        self.is_array() && self.enter(b']')
    }

    /// Whether an array begins here.
    pub(super) fn is_array(&mut self) -> bool {
        self.skip_space();
        self.peek() == Some(b'[')
    }

    /// Whether the array has another element: then the walk stops at it, else behind the array.
    pub(super) fn has_element(&mut self) -> bool {
        self.has_more(b']')
    }

    /// The text from `start` to where the walk stands.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Whether the text is no JSON, as far as the walk has come.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed_at.is_some()
    }

    /// Where the walk stands, in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Passes over the opening bracket; whether the closing one does not follow at once.
    fn enter(&mut self, close: u8) -> bool {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            self.fail();
        }
        self.skip_space();
        let empty = self.skip(close);
        self.depth -= usize::from(empty);
        !empty && self.failed_at.is_none()
    }

    fn has_more(&mut self, close: u8) -> bool {
        self.skip_space();
        if self.skip(b',') {
            self.skip_space();
            return true;
        }
        self.depth -= 1;
        if !self.skip(close) {
            self.fail();
        }
        false
    }

    fn fail(&mut self) {
        self.failed_at.get_or_insert(self.at);
        self.at = self.text.len();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        if !self.skip(b'"') {
            return self.fail();
        }
        loop {
            self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.text.as_bytes().get(self.at..).unwrap_or_default() {
                [b'"', ..] => {
                    self.at += 1;
                    return;
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|hex| hex.is_ascii_hexdigit()) => {
                    self.at += 6
                }
                _ => return self.fail(),
            }
        }
    }

    fn skip_number(&mut self) {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.skip_digits();
        }
        if self.skip(b'.') {
            self.skip_digits();
        }
        if self.skip(b'e') || self.skip(b'E') {
            if !self.skip(b'+') {
                self.skip(b'-');
            }
            self.skip_digits();
        }
    }

    /// At least one.
    fn skip_digits(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            self.fail();
        }
    }

    fn skip_word(&mut self, word: &str) {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
        } else {
            self.fail();
        }
    }
}

/// How many bytes come before the first one that means something in a string: a quote, a backslash or a control character.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // Eight at once. The lowest high bit that is left marks a byte below the limit; those above it may be wrong.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let special = equal(b'"') | equal(b'\\') | below(word, 0x20);
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + tail.iter().position(special).unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn members_are_met_in_order_and_keep_their_text() {
        let text = r#" { "a" : "x\"}y" , "b":[1,{"c":"]"}], "d":-1.5e3 ,"e":{}, "f" : null } "#;
        let mut met = Vec::new();
        let raw = Walk::new(text).object(|key, walk| met.push((key, walk.value())));
        assert_eq!(raw, text.trim());
        let all =
            [("a", r#""x\"}y""#), ("b", r#"[1,{"c":"]"}]"#), ("d", "-1.5e3"), ("e", "{}"), ("f", "null")];
        assert_eq!(met, all);
    }

    #[test]
    fn a_string_is_borrowed_unless_it_has_escapes() {
        assert!(matches!(Walk::new(r#""21.5""#).string(), Some(Cow::Borrowed("21.5"))));
        assert_eq!(Walk::new(r#""a\u00e9\n\"b""#).string().unwrap(), "aé\n\"b");
        assert_eq!(Walk::new("21.5").string(), None);
        assert_eq!(Walk::new(r#""\ud800""#).string(), None);
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        for (depth, end) in [(DEEPEST, Ok(())), (DEEPEST + 1, Err(DEEPEST + 1)), (1 << 20, Err(DEEPEST + 1))]
        {
            let text = nested(depth);
            let mut walk = Walk::new(&text);
            walk.value();
            assert_eq!(walk.end(), end);
        }
    }

    const PIECES: [&str; 34] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\\"\"",
        "\"{\\\\\"",
        " ",
        "1",
        "-2.5e1",
        "true",
        "null",
        "\"\u{e9}\"",
        "{}",
        "[]",
        "\"k\":",
        "{\"x\":",
        "},\"y\":",
        "\"",
        "\\",
        "\\u12aF",
        "\\u12g",
        "\n",
        "\t\r",
        "0",
        "-",
        ".",
        "e+",
        "E-",
        "tru",
        "false",
        "\u{7f}\u{1}",
    ];

    proptest::proptest! {
        #[test]
        fn it_takes_what_serde_json_takes(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..9),
            frame in proptest::sample::select(vec![("", ""), ("[", "]"), ("{\"k\":", "}"), ("\"", "\"")]),
        ) {
            let text = format!("{}{}{}", frame.0, pieces.concat(), frame.1);
            let mut walk = Walk::new(&text);
            let raw = walk.value();
            let expected = serde_json::from_str::<&RawValue>(&text);
            proptest::prop_assert_eq!(walk.end().is_ok(), expected.is_ok(), "{}", text);
            if let Ok(expected) = expected {
                proptest::prop_assert_eq!(raw, expected.get());
            }
        }
    }
}
