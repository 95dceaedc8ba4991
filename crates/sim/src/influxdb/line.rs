//! Reading line protocol as InfluxDB 1.6.7 does, with its words for what it cannot read.
//!
//! A line ends at a line break outside a quoted field value. A backslash keeps its place and guards what follows it; in
//! the end it is taken away before a comma, an equals sign or a space of a name, and before a quote or a backslash of a
//! text. A field value is a number where it begins like one, a text where it begins with a quote, and else a truth value.

use std::collections::BTreeMap;

use super::point::{FieldValue, Point};

/// The first and the last nanosecond that can be stored.
const TIMES: std::ops::RangeInclusive<i64> = (i64::MIN + 2)..=(i64::MAX - 1);
/// Of a name with all tags, and of that with the name of a field.
const MAX_KEY: usize = 65_535;

/// How a write is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Nanoseconds in a unit of what stands for a time.
    pub(super) unit: i64,
    /// The time of lines without one, in nanoseconds.
    pub(super) now: i64,
    /// Whether `1u` is a value.
    pub(super) unsigned: bool,
}

/// A line, numbered from 1, and what it says or why it says nothing.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a [u8],
    pub(super) point: Result<Point, String>,
}

impl Reading {
    /// Reads every line that is neither empty nor a comment.
    pub(super) fn read<'a>(&self, body: &'a [u8]) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        let (mut rest, mut number) = (body, 0);
        while !rest.is_empty() {
            let end = line_end(rest);
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            number += 1;
            let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0)).count();
            let text = line.get(blank..).unwrap_or_default();
            if !text.is_empty() && !text.starts_with(b"#") {
                lines.push(Line { number, text, point: self.point(text) });
            }
        }
        lines
    }

    fn point(&self, line: &[u8]) -> Result<Point, String> {
        let mut cursor = Cursor { bytes: line, at: 0 };
        let (measurement, tags) = cursor.key()?;
        if cursor.at > MAX_KEY {
            return Err(format!("max key length exceeded: {} > {MAX_KEY}", cursor.at));
        }
        let key = cursor.at;
        let fields = cursor.fields(self.unsigned)?;
        if let Some(longest) = fields.keys().map(|name| key + 4 + name.len()).max().filter(|n| *n > MAX_KEY) {
            return Err(format!("max key length exceeded: {longest} > {MAX_KEY}"));
        }
        let time = match cursor.time()? {
            None => self.now,
            Some(digits) => self.instant(digits)?,
        };
        Ok(Point { measurement, tags, fields, time })
    }

    fn instant(&self, digits: &str) -> Result<i64, String> {
        let Ok(number) = digits.parse::<i64>() else {
            return Err(format!("strconv.ParseInt: parsing {digits:?}: value out of range"));
        };
        let outside = || format!("time outside range {} - {}", TIMES.start(), TIMES.end());
        number.checked_mul(self.unit).filter(|at| TIMES.contains(at)).ok_or_else(outside)
    }
}

/// Where the first line ends: a quote counts only where a value can be.
fn line_end(bytes: &[u8]) -> usize {
    let (mut at, mut quoted, mut in_fields) = (0, false, false);
    let (mut equals, mut commas) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if at + 2 < bytes.len() => at += 1,
            b' ' => in_fields = true,
            b'=' if in_fields && !quoted => equals += 1,
            b',' if in_fields && !quoted => commas += 1,
            b'"' if in_fields && equals > commas => quoted = !quoted,
            b'\n' if !quoted => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn slice(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    /// Goes to the next of these bytes that no backslash guards, past the first byte in any case.
    fn until(&mut self, stops: &[u8]) -> Option<u8> {
        loop {
            let guarded = self.peek() == Some(b'\\');
            self.at += 1;
            match self.peek() {
                None => return None,
                Some(byte) if !guarded && stops.contains(&byte) => return Some(byte),
                Some(_) => {}
            }
        }
    }

    fn key(&mut self) -> Result<(String, BTreeMap<String, String>), String> {
        if matches!(self.peek(), None | Some(b',')) {
            return Err("missing measurement".into());
        }
        let mut next = self.until(b", ").ok_or("missing fields")?;
        let measurement = name(self.slice(0));
        let mut tags = BTreeMap::new();
        while next == b',' {
            self.at += 1;
            let from = self.at;
            if matches!(self.peek(), None | Some(b' ' | b',' | b'=')) {
                return Err("missing tag key".into());
            }
            let ended = self.until(b"=, ");
            let key = name(self.slice(from));
            if ended != Some(b'=') {
                return Err("missing tag value".into());
            }
            self.at += 1;
            let from = self.at;
            if matches!(self.peek(), None | Some(b' ' | b',')) {
                return Err("missing tag value".into());
            }
            next = self.until(b"=, ").ok_or("missing fields")?;
            if next == b'=' {
                return Err("invalid tag format".into());
            }
            if tags.insert(key, name(self.slice(from))).is_some() {
                return Err("duplicate tags".into());
            }
        }
        Ok((measurement, tags))
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn fields(&mut self, unsigned: bool) -> Result<BTreeMap<String, FieldValue>, String> {
        const FORMAT: &str = "invalid field format";
        self.skip_spaces();
        let mut fields = BTreeMap::new();
        loop {
            let from = self.at;
            match self.peek() {
                None | Some(b' ') => return Err(FORMAT.into()),
                Some(b'=') => return Err("missing field key".into()),
                Some(_) => {}
            }
            if self.until(b"=, ") != Some(b'=') {
                return Err(FORMAT.into());
            }
            let key = name(self.slice(from));
            self.at += 1;
            let value = self.value(unsigned)?;
            fields.insert(key, value);
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return Ok(fields),
            }
        }
    }

    fn value(&mut self, unsigned: bool) -> Result<FieldValue, String> {
        match self.peek() {
            None | Some(b',' | b' ') => Err("missing field value".into()),
            Some(b'"') => self.text(),
            Some(b'0'..=b'9' | b'.' | b'-' | b'n' | b'N') => number(self.word(), unsigned),
            Some(_) => match self.word() {
                b"t" | b"T" | b"true" | b"True" | b"TRUE" => Ok(FieldValue::Bool(true)),
                b"f" | b"F" | b"false" | b"False" | b"FALSE" => Ok(FieldValue::Bool(false)),
                _ => Err("invalid boolean".into()),
            },
        }
    }

    fn word(&mut self) -> &'a [u8] {
        let from = self.at;
        while !matches!(self.peek(), None | Some(b',' | b' ')) {
            self.at += 1;
        }
        self.slice(from)
    }

    /// A text ends at a comma or a space outside quotes. Its first and last byte are taken for quotes, whatever the last is.
    fn text(&mut self) -> Result<FieldValue, String> {
        let (from, mut quoted) = (self.at, false);
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => quoted = !quoted,
                b'\\' => self.at += 1,
                b',' | b' ' if !quoted => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        let [b'"', text @ .., _] = self.slice(from) else { return Err("unbalanced quotes".into()) };
        if quoted {
            return Err("unbalanced quotes".into());
        }
        let mut plain = Vec::with_capacity(text.len());
        let mut bytes = text.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let guarded =
                if byte == b'\\' { bytes.next_if(|next| matches!(next, b'"' | b'\\')) } else { None };
            plain.push(guarded.unwrap_or(byte));
        }
        Ok(FieldValue::Text(String::from_utf8_lossy(&plain).into_owned()))
    }

    /// The digits of the time, if there is one. Nothing may follow it.
    fn time(&mut self) -> Result<Option<&'a str>, String> {
        self.skip_spaces();
        let digits = self.bytes.get(self.at..).unwrap_or_default();
        let digits = std::str::from_utf8(digits).map_err(|_| "bad timestamp")?.trim_end_matches(' ');
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        if unsigned.bytes().any(|byte| !byte.is_ascii_digit()) {
            return Err("bad timestamp".into());
        }
        Ok((!digits.is_empty()).then_some(digits))
    }
}

/// Without the backslashes that guard something.
fn name(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\\') {
        return text.into_owned();
    }
    text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")
}

fn number(word: &[u8], unsigned: bool) -> Result<FieldValue, String> {
    const INVALID: &str = "invalid number";
    let text = std::str::from_utf8(word).map_err(|_| INVALID)?;
    let digits = |text: &str| {
        let rest = text.strip_prefix('-').unwrap_or(text);
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(integer) = text.strip_suffix('i').filter(|integer| digits(integer)) {
        let range = || {
            format!(
                "unable to parse integer {integer}: strconv.ParseInt: parsing {integer:?}: value out of range"
            )
        };
        return integer.parse().map(FieldValue::Integer).map_err(|_| range());
    }
    if let Some(integer) = text.strip_suffix('u').filter(|integer| unsigned && digits(integer)) {
        return integer
            .parse()
            .map(FieldValue::Unsigned)
            .map_err(|_| format!("unable to parse unsigned {integer}"));
    }
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let float: f64 = if plain { text.parse().map_err(|_| INVALID)? } else { return Err(INVALID.into()) };
    if float.is_finite() { Ok(FieldValue::Float(float)) } else { Err("invalid float".into()) }
}
