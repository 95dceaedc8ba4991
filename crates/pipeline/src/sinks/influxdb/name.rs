//! What a field is called.
//!
//! InfluxDB gives a field the type of the first value that it sees, and refuses every value of another type from then on. Home
//! Assistant uses one attribute name with several types: `dynamics` of a Hue lamp is a text, of a Hue room a boolean. So the name
//! of a field says its type:
//!
//! | value of the attribute `x` | field | type |
//! | --- | --- | --- |
//! | number | `attr_x` | float, also for integers |
//! | text | `attr_x_str` | text |
//! | boolean | `attr_x_bool` | boolean |
//! | object, list | `attr_x_json` | text |
//! | null | | |
//!
//! Where the server has that name already as another type, the field is `attr_x_num` (a number), else the suffix gets a number:
//! `attr_x_num2`, `attr_x_str2`, …: the first that is free. An attribute whose own name ends like that (`size_num`, `size_num2_`)
//! gets one more `_` behind it. No two pairs of attribute and type have one field.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::schema::FieldType;

/// Behind the last `_` of a field's name: its type.
const SUFFIXES: [&str; 4] = ["str", "bool", "json", "num"];

/// What an attribute is, in JSON. Null is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A string.
    Text,
    /// `true` or `false`.
    Bool,
    /// An object or an array.
    Json,
}

impl Kind {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 4] = [Self::Number, Self::Text, Self::Bool, Self::Json];

    /// What the value is for the server.
    #[must_use]
    pub const fn field_type(self) -> FieldType {
        match self {
            Self::Number => FieldType::Float,
            Self::Text | Self::Json => FieldType::Text,
            Self::Bool => FieldType::Bool,
        }
    }
}

/// The field of an attribute, where nobody else has its name.
#[must_use]
pub fn of_attribute(attribute: &str, kind: Kind) -> String {
    let mut name = String::from("attr_");
    name.push_str(&writable_field(attribute));
    if suffix(name.trim_end_matches('_')).is_some() {
        name.push('_');
    }
    name.push_str(match kind {
        Kind::Number => "",
        Kind::Text => "_str",
        Kind::Bool => "_bool",
        Kind::Json => "_json",
    });
    name
}

/// The `n`th name, from 1, for values of type `ours` of the field `plain` when `plain` itself is taken.
pub(super) fn sibling(plain: &str, ours: FieldType, n: u32) -> String {
    let mut name = plain.to_owned();
    let number = if suffix(plain).is_some() {
        n + 1
    } else {
        name.push_str(match ours {
            FieldType::Float | FieldType::Integer | FieldType::Unsigned => "_num",
            FieldType::Text => "_str",
            FieldType::Bool => "_bool",
        });
        n
    };
    if number > 1 {
        _ = write!(name, "{number}");
    }
    name
}

/// The type that a field of this name has where we make it; none for a name that is not ours.
#[must_use]
pub fn type_of(field: &str) -> Option<FieldType> {
    match field {
        "value" => return Some(FieldType::Float),
        "state" | "old_state" | "data_json" | "weather_condition" | "weather_at" => {
            return Some(FieldType::Text);
        }
        "weather_temperature" | "weather_humidity" | "weather_pressure" | "weather_wind_speed" => {
            return Some(FieldType::Float);
        }
        "weather_stale" => return Some(FieldType::Bool),
        _ => {}
    }
    let attribute = field.strip_prefix("attr_")?;
    Some(match suffix(attribute) {
        Some("str" | "json") => FieldType::Text,
        Some("bool") => FieldType::Bool,
        _ => FieldType::Float,
    })
}

/// The suffix that says the type, without its number.
fn suffix(name: &str) -> Option<&'static str> {
    let (_, last) = name.rsplit_once('_')?;
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    SUFFIXES.into_iter().find(|suffix| *suffix == last)
}

/// A name as line protocol can carry it: backslashes and control characters as `%5C`, `%0A`, …, which no server has an escape
/// for; a `%` that would read as one of these as `%25`. Different names stay different.
#[must_use]
pub fn writable(name: &str) -> Cow<'_, str> {
    let fits = |at: usize, c: char| match c {
        '\\' => false,
        '%' => !is_code(name.as_bytes().get(at + 1..at + 3)),
        c => !c.is_ascii_control(),
    };
    if name.char_indices().all(|(at, c)| fits(at, c)) {
        return Cow::Borrowed(name);
    }
    let mut written = String::with_capacity(name.len() + 8);
    for (at, c) in name.char_indices() {
        if fits(at, c) {
            written.push(c);
        } else {
            _ = write!(written, "%{:02X}", u32::from(c));
        }
    }
    Cow::Owned(written)
}

/// A name as [`writable`], which can be that of a field: without quotes.
pub(super) fn writable_field(name: &str) -> String {
    writable(name).replace('"', "%22")
}

fn is_code(digits: Option<&[u8]>) -> bool {
    digits.is_some_and(|digits| digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'A'..=b'F')))
}

#[cfg(test)]
pub(super) mod tests;
