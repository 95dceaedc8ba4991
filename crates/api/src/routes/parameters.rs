//! What stands after the `?`, read into what it means.

use std::time::Duration;

use hearthline_core::Timestamp;

use crate::ApiError;

/// An instant in ISO 8601 with an offset.
pub(super) fn instant(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let refuse = |error: hearthline_core::time::NotATime| {
        ApiError::parameter(
            name,
            error.to_string(),
            "write it as 2026-11-23T11:57:01Z (a + in an offset as %2B)",
        )
    };
    text.map(|text| Timestamp::parse(text).map_err(refuse)).transpose()
}

/// A length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
pub(super) fn length(name: &str, text: Option<&str>) -> Result<Option<Duration>, ApiError> {
    text.map(|text| {
        parse_length(text).ok_or_else(|| {
            ApiError::parameter(
                name,
                format!("{text:?} is no length of time"),
                "write it as 500ms, 10s, 15m, 1h or 7d",
            )
        })
    })
    .transpose()
}

/// The items of a list with commas; none when there is no list.
pub(super) fn list(text: Option<&str>) -> Vec<&str> {
    text.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

fn parse_length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let unit = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        "d" => Duration::from_secs(86_400),
        _ => return None,
    };
    unit.checked_mul(number.parse().ok()?).filter(|length| !length.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_others_refused() {
        let read = |text| length("bucket", Some(text)).map_err(|error| error.status.as_u16());
        assert_eq!(read("15m"), Ok(Some(Duration::from_secs(900))));
        assert_eq!(read("1500ms"), Ok(Some(Duration::from_millis(1500))));
        for text in ["", "m", "15", "0s", "1y", "-1h", "99999999999d"] {
            assert_eq!(read(text), Err(400), "{text}");
        }
        assert_eq!(length("bucket", None).unwrap(), None);
    }

    #[test]
    fn a_list_may_be_absent_or_have_holes() {
        assert_eq!(list(Some("a, b,,c")), ["a", "b", "c"]);
        assert!(list(None).is_empty());
    }
}
