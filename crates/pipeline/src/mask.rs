//! Secrets are masked before the log.
//!
//! The values of keys such as `code` or `access_token` are replaced by `"***"` in the JSON text itself, so that
//! everything else stays byte for byte as it was sent.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::value::RawValue;

/// A key is secret when it is one of these, or ends in one of them after an underscore.
const SECRET: [&str; 6] = ["code", "pin", "password", "passcode", "token", "api_key"];

/// Whether the value of this key is masked.
pub(crate) fn is_secret(key: &str) -> bool {
    // Asked of every key of every event: the last two letters rule out nearly all.
    matches!(key.as_bytes(), [.., b'd', b'e'] | [.., b'i' | b'e', b'n'] | [.., b'r', b'd'] | [.., b'e', b'y'])
        && SECRET
            .iter()
            .any(|word| key.strip_suffix(word).is_some_and(|stem| stem.is_empty() || stem.ends_with('_')))
}

/// The text with the values of secret keys masked. Borrowed when there is none, as in nearly every event.
#[must_use]
pub fn mask(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for quote in SECRET.iter().flat_map(|word| ends(json, word)).collect::<BTreeSet<_>>() {
        let Some(value) = secret_value(json, quote).filter(|value| value.start >= copied) else { continue };
        masked.push_str(json.get(copied..value.start).unwrap_or_default());
        masked.push_str("\"***\"");
        copied = value.end;
    }
    match json.get(copied..) {
        Some(rest) if copied > 0 => Cow::Owned(masked + rest),
        _ => Cow::Borrowed(json),
    }
}

/// Where the closing quotes behind `word` stand in the text.
fn ends<'a>(json: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(json.as_bytes(), word)
        .map(|at| at + word.len())
        .filter(|end| json.as_bytes().get(*end) == Some(&b'"'))
}

/// The value that belongs to the key whose closing quote stands at `quote`, if it is a secret key with a value.
///
/// A quote inside a JSON string is written `\"`, so a word between two bare quotes and before a colon is a key.
fn secret_value(json: &str, quote: usize) -> Option<Range<usize>> {
    let before = json.get(..quote)?;
    if !is_secret(before.get(before.rfind('"')? + 1..)?) {
        return None;
    }
    let value = json.get(quote + 1..)?.trim_start().strip_prefix(':')?.trim_start();
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
    fn every_secret_word_is_told_alone_and_behind_an_underscore() {
        for word in SECRET {
            assert!(
                is_secret(word) && is_secret(&format!("wifi_{word}")) && !is_secret(&format!("x{word}")),
                "{word}"
            );
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
