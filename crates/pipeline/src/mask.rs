//! Secrets are masked before the log.
//!
//! The values of keys such as `code` or `access_token` are replaced by `"***"` in the JSON text itself, so that
//! everything else stays byte for byte as it was sent.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;

/// A key is secret when it is one of these, or ends in one of them after an underscore.
const SECRET: [&[u8]; 6] = [b"code", b"pin", b"password", b"passcode", b"token", b"api_key"];

/// The text with the values of secret keys masked. Borrowed when there is none, as in nearly every event.
#[must_use]
pub fn mask(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for colon in memchr::memchr_iter(b':', json.as_bytes()) {
        let Some(value) = secret_value(json, colon).filter(|value| value.start >= copied) else { continue };
        masked.push_str(json.get(copied..value.start).unwrap_or_default());
        masked.push_str("\"***\"");
        copied = value.end;
    }
    match json.get(copied..) {
        Some(rest) if copied > 0 => Cow::Owned(masked + rest),
        _ => Cow::Borrowed(json),
    }
}

/// The value behind this colon, if a secret key stands before it and the value is not null.
///
/// A quote inside a JSON string is written `\"`, so a word before a bare quote and a colon ends a key.
fn secret_value(json: &str, colon: usize) -> Option<Range<usize>> {
    let key = json.as_bytes().get(..colon)?.trim_ascii_end().strip_suffix(b"\"")?;
    let ends_in = |word: &&[u8]| {
        key.last() == word.last() // nearly always the end of it, and much cheaper than the rest
            && key.strip_suffix(*word).is_some_and(|stem| matches!(stem, [.., b'_' | b'"']))
    };
    if !SECRET.iter().any(ends_in) {
        return None;
    }
    let value = json.get(colon + 1..)?.trim_start();
    let start = json.len() - value.len();
    let raw = serde_json::Deserializer::from_str(value).into_iter::<&RawValue>().next()?.ok()?.get();
    (raw != "null").then_some(start..start + raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_keys_are_masked_and_nothing_else_changes() {
        for (json, masked) in [
            (r#"{"code":"1234","a": 1.50}"#, r#"{"code":"***","a": 1.50}"#),
            (r#"{"access_token" : {"x":[1,"}"]} , "b":2}"#, r#"{"access_token" : "***" , "b":2}"#),
            (r#"{"d":{"pin":1234},"alarm_code":"a\"b"}"#, r#"{"d":{"pin":"***"},"alarm_code":"***"}"#),
        ] {
            assert_eq!(mask(json), masked);
        }
    }

    #[test]
    fn what_only_looks_like_a_secret_stays() {
        for json in [
            r#"{"code_format":"number","spin":1,"barcode":2}"#,
            r#"{"text":"\"code\": 1","list":["code","token"]}"#,
            r#"{"code":null}"#,
            r#"{"state":"token"}"#,
            r#"{"code":"#,
        ] {
            assert_eq!(mask(json), json);
        }
    }
}
