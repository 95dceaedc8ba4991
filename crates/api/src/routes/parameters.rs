//! What stands after the `?` and in the body, read into what it means.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hearthline_core::{Clock, Timestamp};
use hearthline_pipeline::filter::Filter;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Lengths of time that a period is cut into at most.
const PIECES: u128 = 10_000;

/// What stands after the `?`. One that cannot be read, or is none of the route's, is refused in words.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::try_from_uri(&parts.uri).map_err(|error| {
            let why = error.body_text().replace("Failed to deserialize query string: ", "");
            ApiError::parameter("the query", why, "see /openapi.json for the parameters of each route")
        })?;
        Ok(Self(query.0))
    }
}

/// A name or a number in the address itself. One that cannot be read is refused in words.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await.map_err(|error| {
            let why = error.body_text().replace("Invalid URL: ", "");
            ApiError::parameter("the address", why, "see /openapi.json for what each route is asked with")
        })?;
        Ok(Self(path.0))
    }
}

/// The document of a request's body; `todo` says how one looks.
pub(super) fn document<T: DeserializeOwned>(body: &[u8], todo: &str) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::parameter("the body", error.to_string(), todo))
}

/// The same, where nothing stands for a document that says nothing.
pub(super) fn document_or_nothing<T: DeserializeOwned>(body: &[u8], todo: &str) -> Result<T, ApiError> {
    document(if body.is_empty() { b"{}" } else { body }, todo)
}

/// Which entities: domains, ids and globs, separated by commas; none when there is no list.
pub(super) fn entities(name: &str, text: Option<&str>) -> Result<Option<Filter>, ApiError> {
    let rules: Vec<String> = list(text).into_iter().map(str::to_owned).collect();
    let filter = Filter::new(&rules, &[]).map_err(|error| {
        let todo =
            "write domains (light), ids (light.kitchen) or globs (sensor.*_battery), separated by commas";
        ApiError::parameter(name, error.to_string(), todo)
    })?;
    Ok((!rules.is_empty()).then_some(filter))
}

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

/// The period from one instant to another: up to now, and `span` long, where the caller does not say.
pub(super) fn period(
    from: Option<&str>,
    to: Option<&str>,
    span: Duration,
    clock: &dyn Clock,
) -> Result<(Timestamp, Timestamp), ApiError> {
    let to = instant("to", to)?.unwrap_or_else(|| clock.now());
    let from = instant("from", from)?.unwrap_or_else(|| to.minus(span));
    Ok((from, to))
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

/// Refuses to cut a period into more pieces than are answered.
pub(super) fn check_count(
    name: &str,
    from: Timestamp,
    to: Timestamp,
    length: Duration,
) -> Result<(), ApiError> {
    let count = to.since(from).as_micros() / length.as_micros().max(1);
    if count > PIECES {
        let why = format!("that would be {count} buckets, and at most {PIECES} are answered");
        return Err(ApiError::parameter(name, why, "take a longer bucket or a shorter period"));
    }
    Ok(())
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
