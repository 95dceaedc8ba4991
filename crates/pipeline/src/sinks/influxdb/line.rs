//! Line protocol, piece by piece, into a buffer:
//!
//! ```text
//! measurement,tag=value,tag=value field=1.5,field="text",field=true 1700000000000000000
//! ```
//!
//! A measurement has `,` and space escaped by a backslash; tag names, tag values and field names `=` too; texts `"` and the
//! backslash. There is no escape for a backslash outside of texts: one that stands before an escaped character changes what is
//! read, on every server in another way. So what is given here as a name has none, and no control characters:
//! see [`super::name::writable`].

use std::io::Write as _;

use hearthline_core::Timestamp;

use super::stored::FieldValue;

/// Most bytes of measurement and tags, as written. The servers' limit is 65,535 for these together with a field's name.
pub const LONGEST_SERIES: usize = 32_767;
/// Most bytes of a field's name, as written.
pub const LONGEST_FIELD: usize = 32_763;
/// Most bytes of a text.
pub const LONGEST_TEXT: usize = 65_535;

/// The name of a measurement.
pub fn measurement(out: &mut Vec<u8>, name: &str) {
    escaped(out, name, |byte| matches!(byte, b',' | b' '));
}

/// The name of a tag or field, or the value of a tag.
pub fn key(out: &mut Vec<u8>, key: &str) {
    escaped(out, key, |byte| matches!(byte, b',' | b' ' | b'='));
}

/// A text in its quotes.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text, |byte| matches!(byte, b'"' | b'\\'));
    out.push(b'"');
}

/// A finite number, as a float.
pub fn float(out: &mut Vec<u8>, number: f64) {
    let size = number.abs();
    // Without an exponent, 1e300 would be 301 digits.
    let written = if size != 0.0 && !(1e-5..1e16).contains(&size) {
        write!(out, "{number:e}")
    } else {
        write!(out, "{number}")
    };
    debug_assert!(written.is_ok(), "a Vec takes everything");
}

/// A time in nanoseconds, the `tie`th of its microsecond. Nothing is written of one that is out of the servers' range.
#[must_use]
pub fn time(out: &mut Vec<u8>, at: Timestamp, tie: u16) -> bool {
    let nanos = at.0.checked_mul(1000).and_then(|nanos| nanos.checked_add(i64::from(tie)));
    // The ends of the range mean something else to the servers.
    let Some(nanos) = nanos.filter(|nanos| (i64::MIN + 2..i64::MAX).contains(nanos)) else { return false };
    write!(out, "{nanos}").is_ok()
}

/// A whole line of what a server has: every value in the type that the server keeps.
pub fn point<'f>(
    out: &mut Vec<u8>,
    name: &str,
    tags: &[(String, String)],
    fields: impl IntoIterator<Item = (&'f str, &'f FieldValue)>,
    time: i64,
) {
    measurement(out, name);
    for (name, value) in tags {
        out.push(b',');
        key(out, name);
        out.push(b'=');
        key(out, value);
    }
    let mut before = b' ';
    for (name, value) in fields {
        out.push(std::mem::replace(&mut before, b','));
        key(out, name);
        out.push(b'=');
        let written = match value {
            FieldValue::Float(number) => {
                float(out, *number);
                Ok(())
            }
            FieldValue::Text(says) => {
                text(out, says);
                Ok(())
            }
            FieldValue::Integer(number) => write!(out, "{number}i"),
            FieldValue::Unsigned(number) => write!(out, "{number}u"),
            FieldValue::Bool(is) => write!(out, "{is}"),
        };
        debug_assert!(written.is_ok(), "a Vec takes everything");
    }
    let written = writeln!(out, " {time}");
    debug_assert!(written.is_ok(), "a Vec takes everything");
}

/// Whether a line can carry a name, or the value of a tag, that some server has: a backslash at its end would guard what follows,
/// and a line break that no backslash guards would end the line.
#[must_use]
pub fn carries(name: &str) -> bool {
    let mut backslashes = 0_usize;
    for byte in name.bytes() {
        match byte {
            b'\\' => backslashes += 1,
            b'\n' if backslashes.is_multiple_of(2) => return false,
            _ => backslashes = 0,
        }
    }
    !name.is_empty() && backslashes == 0
}

fn escaped(out: &mut Vec<u8>, text: &str, special: fn(u8) -> bool) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| special(*byte)) {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        out.push(b'\\');
        let (special, after) = from.split_at(1);
        out.extend_from_slice(special);
        rest = after;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
pub(super) mod tests;
