//! Line protocol read back, as servers read it. Foreign bytes come in: a person may have edited the file.
//!
//! Outside of texts a backslash guards the byte behind it, whatever stands before the backslash; it is taken away before `,`, `=` and
//! space. Inside of texts it guards a quote or a backslash.

use crate::sinks::influxdb::stored::{FieldValue, StoredPoint};

/// Finds the end of a line, byte by byte: a line break inside a text ends nothing.
#[derive(Default)]
pub(super) struct Scanner {
    place: Place,
    last: u8,
    /// The last byte was the sign between a field and its value.
    at_value: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Start,
    Comment,
    Key,
    Fields,
    Text,
    /// Behind a backslash in a text.
    Guarded,
}

impl Scanner {
    /// Whether this byte ends the line.
    pub(super) fn ends(&mut self, byte: u8) -> bool {
        let guarded = self.last == b'\\';
        self.last = byte;
        let at_value = std::mem::replace(&mut self.at_value, byte == b'=' && !guarded);
        match (self.place, byte) {
            (Place::Text, b'\\') => self.place = Place::Guarded,
            (Place::Text, b'"') => self.place = Place::Fields,
            (Place::Guarded, _) => self.place = Place::Text,
            (Place::Text, _) => {}
            (Place::Comment, b'\n') => return true,
            (Place::Comment, _) => {}
            (_, b'\n') if !guarded => return true,
            (Place::Start, b'#') => self.place = Place::Comment,
            (Place::Start, _) => self.place = Place::Key,
            (Place::Key, b' ') if !guarded => self.place = Place::Fields,
            (Place::Fields, b'"') if at_value => self.place = Place::Text,
            _ => {}
        }
        false
    }

    /// Whether the line so far is inside a text.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.place, Place::Text | Place::Guarded)
    }
}

/// Measurement and point of a line without its line break.
pub(super) fn line(text: &str) -> Result<(String, StoredPoint), String> {
    let mut rest = text;
    let measurement = unescaped(until(&mut rest, b", "), ", ");
    if measurement.is_empty() {
        return Err("no measurement".into());
    }
    let mut tags = Vec::new();
    while let Some(after) = rest.strip_prefix(',') {
        rest = after;
        let name = unescaped(until(&mut rest, b"=, "), ",= ");
        rest = rest.strip_prefix('=').ok_or("a tag without a value")?;
        let value = unescaped(until(&mut rest, b"=, "), ",= ");
        if name.is_empty() || value.is_empty() {
            return Err("an empty tag".into());
        }
        tags.push((name, value));
    }
    let mut fields = Vec::new();
    loop {
        rest = rest.strip_prefix(if fields.is_empty() { ' ' } else { ',' }).ok_or("no field")?;
        let name = unescaped(until(&mut rest, b"=, "), ",= ");
        rest = rest.strip_prefix('=').filter(|_| !name.is_empty()).ok_or("a field without a value")?;
        fields.push((name, value(&mut rest)?));
        if !rest.starts_with(',') {
            break;
        }
    }
    let time = rest.strip_prefix(' ').ok_or("no time")?;
    let time = time.parse().map_err(|_| format!("{time:?} is no time"))?;
    Ok((measurement, StoredPoint { tags, time, fields }))
}

/// What stands in front, up to one of these bytes that no backslash stands before.
fn until<'a>(rest: &mut &'a str, ends: &[u8]) -> &'a str {
    let mut before = 0;
    let end = rest.bytes().position(|byte| {
        let ends = before != b'\\' && ends.contains(&byte);
        before = byte;
        ends
    });
    let (taken, left) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((*rest, ""));
    *rest = left;
    taken
}

fn unescaped(text: &str, guarded: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(|next| guarded.contains(*next)) {
            plain.push(c);
        } else {
            plain.extend(chars.next());
        }
    }
    plain
}

fn value(rest: &mut &str) -> Result<FieldValue, String> {
    if let Some(after) = rest.strip_prefix('"') {
        let mut text = String::new();
        let mut chars = after.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    *rest = after.get(at + 1..).unwrap_or_default();
                    return Ok(FieldValue::Text(text));
                }
                '\\' => match chars.next() {
                    Some((_, guarded @ ('"' | '\\'))) => text.push(guarded),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                c => text.push(c),
            }
        }
        return Err("a text without its end".into());
    }
    let word = until(rest, b", ");
    let number = |word: &str| FieldValue::Float(word.parse().unwrap_or(f64::NAN));
    let value = match (word, word.strip_suffix('i'), word.strip_suffix('u')) {
        ("true" | "t" | "T" | "True" | "TRUE", ..) => Some(FieldValue::Bool(true)),
        ("false" | "f" | "F" | "False" | "FALSE", ..) => Some(FieldValue::Bool(false)),
        (_, Some(integer), _) => integer.parse().ok().map(FieldValue::Integer),
        (_, _, Some(unsigned)) => unsigned.parse().ok().map(FieldValue::Unsigned),
        (word, ..) => {
            Some(number(word)).filter(|value| matches!(value, FieldValue::Float(n) if n.is_finite()))
        }
    };
    value.ok_or_else(|| format!("{word:?} is no value"))
}
