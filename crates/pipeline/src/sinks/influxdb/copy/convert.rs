//! What a value becomes.

use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::stored::FieldValue;

/// Why a value does not become one of the other type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cannot {
    /// An integer that a float does not hold exactly.
    Precision,
    /// A text that does not read as a number; or types that have nothing in common.
    Reading,
}

/// The value as one of type `kind`, which says exactly the same.
///
/// # Errors
/// When there is none.
pub fn convert(value: &FieldValue, kind: FieldType) -> Result<FieldValue, Cannot> {
    if value.kind() == kind {
        return Ok(value.clone());
    }
    match (value, kind) {
        (FieldValue::Integer(whole), FieldType::Float) => exact(i128::from(*whole)),
        (FieldValue::Unsigned(whole), FieldType::Float) => exact(i128::from(*whole)),
        (FieldValue::Text(text), FieldType::Float) => {
            number(text).map(FieldValue::Float).ok_or(Cannot::Reading)
        }
        (FieldValue::Integer(whole), FieldType::Text) => Ok(FieldValue::Text(whole.to_string())),
        (FieldValue::Unsigned(whole), FieldType::Text) => Ok(FieldValue::Text(whole.to_string())),
        _ => Err(Cannot::Reading),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is compared with what it came from")]
#[expect(clippy::cast_precision_loss, reason = "it is compared with what it came from")]
fn exact(whole: i128) -> Result<FieldValue, Cannot> {
    let float = whole as f64;
    if float as i128 == whole { Ok(FieldValue::Float(float)) } else { Err(Cannot::Precision) }
}

/// The number that a text reads as: digits with a sign, a point and an exponent, and nothing beside it; finite.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let looks = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = text.parse().ok().filter(|_| looks)?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_becomes_a_float_where_that_is_the_same_number() {
        let float = |value| convert(&value, FieldType::Float);
        assert_eq!(float(FieldValue::Integer(-3)), Ok(FieldValue::Float(-3.0)));
        assert_eq!(float(FieldValue::Integer(1 << 53)), Ok(FieldValue::Float(9_007_199_254_740_992.0)));
        assert_eq!(float(FieldValue::Integer((1 << 53) + 1)), Err(Cannot::Precision));
        assert_eq!(float(FieldValue::Integer(i64::MAX)), Err(Cannot::Precision));
        assert_eq!(float(FieldValue::Integer(i64::MIN)), Ok(FieldValue::Float(-9_223_372_036_854_775_808.0)));
        assert_eq!(float(FieldValue::Unsigned(u64::MAX)), Err(Cannot::Precision));
        assert_eq!(float(FieldValue::Bool(true)), Err(Cannot::Reading));
    }

    #[test]
    fn a_text_is_a_number_where_it_is_nothing_else() {
        for (text, reads) in [
            ("12", Some(12.0)),
            ("-12.5e-1", Some(-1.25)),
            ("+.5", Some(0.5)),
            ("7.", Some(7.0)),
            ("1e999", None),
            ("nan", None),
            ("inf", None),
            ("", None),
            (" 1", None),
            ("1 lx", None),
            ("1,5", None),
            ("0x10", None),
            ("--1", None),
        ] {
            assert_eq!(number(text), reads, "{text:?}");
        }
    }
}
