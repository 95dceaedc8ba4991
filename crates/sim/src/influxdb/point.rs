//! What a server keeps: points, and the types of their fields.

use std::collections::BTreeMap;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A truth value.
    Bool,
    /// A double.
    Float,
    /// 64 bits with a sign.
    Integer,
    /// 64 bits without one; 1.x refuses it.
    Unsigned,
}

impl FieldKind {
    /// The word that servers use for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Bool => "boolean",
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
        }
    }

    /// The type of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Text, Self::Bool, Self::Float, Self::Integer, Self::Unsigned]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// A value with its type.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A double.
    Float(f64),
    /// 64 bits with a sign.
    Integer(i64),
    /// 64 bits without one.
    Unsigned(u64),
}

impl FieldValue {
    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> FieldKind {
        match self {
            Self::Text(_) => FieldKind::Text,
            Self::Bool(_) => FieldKind::Bool,
            Self::Float(_) => FieldKind::Float,
            Self::Integer(_) => FieldKind::Integer,
            Self::Unsigned(_) => FieldKind::Unsigned,
        }
    }
}

/// One line, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Measurement or table.
    pub measurement: String,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
    /// Fields by name.
    pub fields: BTreeMap<String, FieldValue>,
    /// Nanoseconds of UTC.
    pub time: i64,
}
