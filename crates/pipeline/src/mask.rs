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
#[must_use]
pub fn is_secret(key: &str) -> bool {
    // Asked of every key of every event: the last two letters rule out nearly all.
    matches!(key.as_bytes(), [.., b'd', b'e'] | [.., b'i' | b'e', b'n'] | [.., b'r', b'd'] | [.., b'e', b'y'])
        && is_one_of(key, &SECRET)
}

/// Whether the key is one of the words, or ends in one after an underscore.
fn is_one_of(key: &str, words: &[&str]) -> bool {
    words.iter().any(|word| key.strip_suffix(word).is_some_and(|stem| stem.is_empty() || stem.ends_with('_')))
}

/// The text with the values of secret keys masked. Borrowed when there is none, as in nearly every event.
#[must_use]
pub fn mask(json: &str) -> Cow<'_, str> {
    masked(json, &SECRET, |_| "\"***\"")
}

/// Keys that say where the house is. The sun's place in the sky at a known time does.
const PLACE: [&str; 7] =
    ["latitude", "longitude", "elevation", "azimuth", "location_name", "external_url", "internal_url"];
/// Addresses of pictures carry tokens.
const IN_ADDRESS: [&str; 2] = ["token=", "authSig="];

/// The text without secrets and without the place of the house, to be handed on. Everything else is as it was sent.
#[must_use]
pub fn anonymise(json: &str) -> String {
    let text = mask(json);
    let mut text =
        masked(&text, &PLACE, |value| if value.starts_with('"') { "\"***\"" } else { "0" }).into_owned();
    for name in IN_ADDRESS {
        text = values_behind(&text, name);
    }
    text
}

/// The text with what stands behind each `name`, as in `token=`, masked up to the first sign that no such value has.
#[must_use]
pub fn values_behind(text: &str, name: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(name)) {
        let start = from + at + name.len();
        from = start;
        if text.get(start..).is_some_and(|rest| rest.starts_with("***")) {
            continue; // it was masked before
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
        let length = text.get(start..).and_then(|rest| rest.find(|c| !is_token(c)));
        let end = length.map_or(text.len(), |length| start + length);
        text.replace_range(start..end, "***");
    }
    text
}

fn masked<'j>(json: &'j str, words: &[&str], by: fn(&str) -> &'static str) -> Cow<'j, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for quote in words.iter().flat_map(|word| ends(json, word)).collect::<BTreeSet<_>>() {
        let Some(value) = value_of(json, quote, words).filter(|value| value.start >= copied) else {
            continue;
        };
        masked.push_str(json.get(copied..value.start).unwrap_or_default());
        masked.push_str(by(json.get(value.clone()).unwrap_or_default()));
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

/// The value that belongs to the key whose closing quote stands at `quote`, if the key is one of the words and has a value.
///
/// A quote inside a JSON string is written `\"`, so a word between two bare quotes and before a colon is a key.
fn value_of(json: &str, quote: usize, words: &[&str]) -> Option<Range<usize>> {
    let before = json.get(..quote)?;
    if !is_one_of(before.get(before.rfind('"')? + 1..)?, words) {
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
    fn what_is_handed_on_has_no_secret_and_no_place() {
        let json = r#"{"latitude":52.37,"location_name":"Home","alarm_code":"1234","elevation":null,"n":1.50,
            "entity_picture":"/api/image/a?token=8f3c-1&t=2","url":"/x?authSig=ey.J_h","state":"latitude"}"#;
        let handed_on = r#"{"latitude":0,"location_name":"***","alarm_code":"***","elevation":null,"n":1.50,
            "entity_picture":"/api/image/a?token=***&t=2","url":"/x?authSig=***","state":"latitude"}"#;
        assert_eq!(anonymise(json), handed_on);
        assert_eq!(anonymise("token="), "token=***");
    }

    #[test]
    fn every_secret_word_is_told_alone_and_behind_an_underscore() {
        let page = include_str!("../../../docs/security.md");
        let told =
            page.lines().find(|line| line.ends_with(" are masked before anything is written.")).unwrap();
        for word in SECRET {
            assert!(told.contains(&format!("`{word}`")), "{word} is not told");
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
