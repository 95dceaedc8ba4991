//! Secrets are masked before the log.
//!
//! The values of keys such as `code` or `access_token` are replaced by `"***"` in the JSON text itself, so that
//! everything else stays byte for byte as it was sent.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A key is secret when it is one of these, or ends in one of them after an underscore.
const SECRET: [&str; 6] = ["code", "pin", "password", "passcode", "token", "api_key"];

/// The text with the values of secret keys masked. Borrowed when there is none, as in nearly every event.
#[must_use]
pub fn mask(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for key_end in SECRET.iter().flat_map(|word| ends(json, word)).collect::<std::collections::BTreeSet<_>>()
    {
        let Some(range) = secret_value(json, key_end).filter(|range| range.start >= copied) else { continue };
        let Some(kept) = json.get(copied..range.start) else { continue };
        masked.push_str(kept);
        masked.push_str("\"***\"");
        copied = range.end;
    }
    match json.get(copied..) {
        Some(rest) if copied > 0 => Cow::Owned(masked + rest),
        _ => Cow::Borrowed(json),
    }
}

/// Where `word"` ends in the text.
fn ends<'a>(json: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(json.as_bytes(), word)
        .map(|at| at + word.len())
        .filter(|end| json.as_bytes().get(*end) == Some(&b'"'))
}

/// The value that belongs to the key whose closing quote stands at `quote`, if it is a secret key with a value.
///
/// A quote inside a JSON string is written `\"`, so a word between two bare quotes and before a colon is a key.
fn secret_value(json: &str, quote: usize) -> Option<std::ops::Range<usize>> {
    let before = json.get(..quote)?;
    let key = before.get(before.rfind('"')? + 1..)?;
    let secret = SECRET
        .iter()
        .any(|word| key.strip_suffix(word).is_some_and(|stem| stem.is_empty() || stem.ends_with('_')));
    let after = json.get(quote + 1..)?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    if !secret {
        return None;
    }
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
