//! What Python makes of a value. The integration has no types of its own: a field is what `float()` says, else what `str()` says.
//!
//! Home Assistant gives us JSON, which does not say all that Python knows. What its own components are known to keep as something
//! else than JSON's types is in [`KNOWN`].

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sources::home_assistant::wire::walk::{self, Walk};

/// Attributes of a domain that are no list and no text in Home Assistant, by its source of 2024.3.3.
const KNOWN: [(&str, &str, Type); 10] = [
    ("automation", "last_triggered", Type::Time),
    ("climate", "hvac_modes", Type::Members("HVACMode")),
    ("light", "hs_color", Type::Tuple),
    ("light", "rgb_color", Type::Tuple),
    ("light", "rgbw_color", Type::Tuple),
    ("light", "rgbww_color", Type::Tuple),
    ("light", "supported_color_modes", Type::Members("ColorMode")),
    ("light", "xy_color", Type::Tuple),
    ("media_player", "media_position_updated_at", Type::Time),
    ("script", "last_triggered", Type::Time),
];

/// What a value is in Python.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    /// What JSON says.
    Json,
    /// A tuple, of which JSON makes a list.
    Tuple,
    /// A list of members of an enumeration, of which JSON makes their values.
    Members(&'static str),
    /// A time, of which JSON makes ISO 8601.
    Time,
}

/// The zeros of the scripts that have decimal digits, each followed by its nine others: Unicode 14, which Python 3.11 and 3.12 take.
#[rustfmt::skip]
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900,
    0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0,
    0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// `float(text)`: with spaces around it, digits of any script and `_` between digits. None is a `ValueError`.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_space);
    if text.is_ascii() && !text.contains('_') {
        return text.parse().ok();
    }
    let mut plain = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let digit = digit(c);
        match digit {
            Some(digit) => plain.push(digit),
            None if c == '_' => {
                let after = chars.peek().copied().and_then(self::digit);
                before.and(after)?;
            }
            None => plain.push(c),
        }
        before = digit;
    }
    plain.parse().ok()
}

/// The number that the integration finds in a text that is none: its digits and its point, where two digits stand beside each other
/// (`^[^\.]*\d+\.?\d+[^\.]*$`). It may be infinite.
pub(super) fn number_in(text: &str) -> Option<f64> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plain = |c| digit(c).unwrap_or(if c == '.' { '.' } else { ' ' });
    let mut plain: String = text.chars().map(plain).collect();
    let (bytes, is) = (plain.as_bytes(), u8::is_ascii_digit);
    let stands_out = match text.matches('.').count() {
        0 => bytes.windows(2).any(|two| two.iter().all(is)),
        1 => bytes.windows(3).any(|three| matches!(three, [a, b'.', b] if is(a) && is(b))),
        _ => false,
    };
    plain.retain(|c| c != ' ');
    plain.parse().ok().filter(|_| stands_out)
}

/// `str(value)` of a value in JSON, the attribute of an entity of that domain. None where a text is not Unicode.
pub(super) fn text<'j>(json: &'j str, domain: &str, attribute: &str) -> Option<Cow<'j, str>> {
    let known = KNOWN.iter().find(|(of, name, _)| *of == domain && *name == attribute);
    let kind = known.map_or(Type::Json, |(.., kind)| *kind);
    match json.as_bytes().first() {
        Some(b'"') => {
            let text = walk::string(json)?;
            Some(if kind == Type::Time { text.replacen('T', " ", 1).into() } else { text })
        }
        _ => {
            let mut out = String::new();
            repr(json, kind, &mut out)?;
            Some(out.into())
        }
    }
}

/// `repr(value)`.
fn repr(json: &str, kind: Type, out: &mut String) -> Option<()> {
    match json.as_bytes().first()? {
        b'"' => {
            let text = walk::string(json)?;
            match kind {
                Type::Members(class) => {
                    _ = write!(out, "<{class}.{}: ", text.to_uppercase());
                    quoted(&text, out);
                    out.push('>');
                }
                _ => quoted(&text, out),
            }
        }
        b'[' => {
            let (open, close) = if kind == Type::Tuple { ('(', ')') } else { ('[', ']') };
            let of = if let Type::Members(_) = kind { kind } else { Type::Json };
            let (mut elements, mut is_well) = (0, true);
            out.push(open);
            Walk::new(json).array(|walk| {
                out.push_str(if elements > 0 { ", " } else { "" });
                elements += 1;
                is_well &= repr(walk.value(), of, out).is_some();
            });
            out.push_str(if kind == Type::Tuple && elements == 1 { "," } else { "" });
            out.push(close);
            return is_well.then_some(());
        }
        b'{' => {
            let (mut members, mut is_well) = (0, true);
            out.push('{');
            Walk::new(json).object(|key, walk| {
                out.push_str(if members > 0 { ", " } else { "" });
                members += 1;
                let key = walk::key(key).map(|key| quoted(&key, out));
                out.push_str(": ");
                is_well &= key.and(repr(walk.value(), Type::Json, out)).is_some();
            });
            out.push('}');
            return is_well.then_some(());
        }
        b't' => out.push_str("True"),
        b'f' => out.push_str("False"),
        b'n' => out.push_str("None"),
        _ if json.contains(['.', 'e', 'E']) => float_repr(json.parse().ok()?, out),
        _ => out.push_str(json),
    }
    Some(())
}

/// A float as Python writes it: `1.0`, `1e-05`, `1e+16`.
fn float_repr(number: f64, out: &mut String) {
    let size = number.abs();
    let written = if !number.is_finite() {
        write!(out, "{number}")
    } else if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |of| ('-', of));
        write!(out, "{digits}e{sign}{exponent:0>2}")
    } else {
        write!(out, "{number:?}")
    };
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// `repr()` of a text.
fn quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let written = match code {
                    ..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
                debug_assert!(written.is_ok(), "a String takes everything");
            }
        }
    }
    out.push(quote);
}

/// `str.isprintable()`. Rust's escapes know the same categories, and leave a combining character as it is where another stands
/// before it.
fn is_printable(c: char) -> bool {
    let among = || ['a', c].iter().collect::<String>();
    c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && among().escape_debug().eq(['a', c]))
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The ASCII digit of a decimal digit of any script.
fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c).filter(char::is_ascii_digit);
    }
    let code = u32::from(c);
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?)?;
    char::from_digit(code - zero, 10)
}

#[cfg(test)]
mod tests;
