//! What a server has, as it has it: points with the types that it keeps.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schema::FieldType;

/// One point, or as much of it as was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredPoint {
    /// Sorted by name; without empty ones.
    pub tags: Vec<(String, String)>,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// A field whose name has several types at the server can stand here several times.
    pub fields: Vec<(String, FieldValue)>,
}

/// A value with the type that the server keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// 64 bits.
    Float(f64),
    /// 64 bits, signed.
    Integer(i64),
    /// 64 bits, without a sign.
    Unsigned(u64),
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(number) => write!(f, "{number}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Unsigned(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(is) => write!(f, "{is}"),
        }
    }
}

impl FieldValue {
    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> FieldType {
        match self {
            Self::Float(_) => FieldType::Float,
            Self::Integer(_) => FieldType::Integer,
            Self::Unsigned(_) => FieldType::Unsigned,
            Self::Text(_) => FieldType::Text,
            Self::Bool(_) => FieldType::Bool,
        }
    }
}
