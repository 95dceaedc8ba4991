//! The attributes that say what a state is of: its unit and its class.
//!
//! They are looked for in every state, so the usual text is searched and not parsed. A member of the object itself is certain
//! where no other object begins before it; where it is not certain, the text is parsed.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What the attributes of a state say it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described<'a> {
    /// `unit_of_measurement`, if it is text.
    pub unit: Option<Cow<'a, str>>,
    /// `device_class`, if it is text.
    pub device_class: Option<Cow<'a, str>>,
}

impl<'a> Described<'a> {
    /// Reads the attributes of a state, a JSON object. Anything else describes nothing.
    #[must_use]
    pub fn of(attributes: &'a str) -> Self {
        let members = (member(attributes, "\"unit_of_measurement\""), member(attributes, "\"device_class\""));
        match members {
            (Ok(unit), Ok(device_class)) => {
                Self { unit: unit.map(Cow::Borrowed), device_class: device_class.map(Cow::Borrowed) }
            }
            _ => Self::parsed(attributes),
        }
    }

    fn parsed(attributes: &str) -> Self {
        #[derive(Default, Deserialize)]
        struct Members {
            #[serde(default)]
            unit_of_measurement: Option<Text>,
            #[serde(default)]
            device_class: Option<Text>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Text {
            Text(String),
            Other(IgnoredAny),
        }
        let text = |text| match text {
            Some(Text::Text(text)) => Some(Cow::Owned(text)),
            Some(Text::Other(_)) | None => None,
        };
        // An array would be taken for the members in their order.
        let object = Some(attributes).filter(|text| text.trim_start().starts_with('{'));
        let members: Members =
            object.and_then(|object| serde_json::from_str(object).ok()).unwrap_or_default();
        Self { unit: text(members.unit_of_measurement), device_class: text(members.device_class) }
    }
}

/// That it has to be parsed to be known.
struct Doubt;

/// The text of a member of an object; `key` with its quotes.
fn member<'a>(object: &'a str, key: &str) -> Result<Option<&'a str>, Doubt> {
    let Some(at) = memmem::find(object.as_bytes(), key.as_bytes()) else { return Ok(None) };
    let (before, found) = object.split_at_checked(at).ok_or(Doubt)?;
    let first_object = before.bytes().filter(|byte| *byte == b'{').take(2).count() == 1;
    // Inside of a string its quote would have a backslash before it.
    if !first_object || !before.trim_start().starts_with('{') || before.ends_with('\\') {
        return Err(Doubt);
    }
    let value = found.strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix(':')).ok_or(Doubt)?;
    let Some(text) = value.trim_start().strip_prefix('"') else { return Ok(None) };
    let end = memchr::memchr2(b'"', b'\\', text.as_bytes()).ok_or(Doubt)?;
    let (text, rest) = text.split_at_checked(end).ok_or(Doubt)?;
    if rest.starts_with('"') { Ok(Some(text)) } else { Err(Doubt) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn described(attributes: &str) -> (Option<String>, Option<String>) {
        let Described { unit, device_class } = Described::of(attributes);
        (unit.map(Cow::into_owned), device_class.map(Cow::into_owned))
    }

    #[test]
    fn a_key_in_a_text_or_in_an_inner_object_is_not_taken_for_the_states_own() {
        for (attributes, unit) in [
            (r#"{"unit_of_measurement":"°C"}"#, Some("°C")),
            (r#"{ "a" : [1] , "unit_of_measurement" : "°C" }"#, Some("°C")),
            (r#"{"a":{"unit_of_measurement":"W"}}"#, None),
            (r#"{"a":{"unit_of_measurement":"W"},"unit_of_measurement":"°C"}"#, Some("°C")),
            (r#"{"a":"\"unit_of_measurement\":\"W\""}"#, None),
            (r#"{"a":"\"unit_of_measurement\":\"W\"","unit_of_measurement":"°C"}"#, Some("°C")),
            (r#"{"a":"{","unit_of_measurement":"°C"}"#, Some("°C")),
            (r#"{"a":["unit_of_measurement"]}"#, None),
            (r#"{"a":"unit_of_measurement"}"#, None),
            (r#"{"unit_of_measurement":"\u00b0C"}"#, Some("°C")),
            (r#"{"unit_of_measurement":"a\"b"}"#, Some("a\"b")),
            (r#"{"unit_of_measurement":null}"#, None),
            (r#"{"unit_of_measurement":7}"#, None),
            (r#"{"unit_of_measurement":""}"#, Some("")),
            ("{}", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(described(attributes).0.as_deref(), unit, "{attributes}");
        }
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let word = prop_oneof![
            Just("unit_of_measurement".to_owned()),
            Just("device_class".to_owned()),
            Just("°C".to_owned()),
            Just("\"unit_of_measurement\":\"W\"".to_owned()),
            Just("\\".to_owned()),
            "[a-z{\\[\":,]{0,6}",
        ];
        let leaf = prop_oneof![
            word.clone().prop_map(serde_json::Value::from),
            any::<i32>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            let object = prop::collection::vec((word.clone(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
                object.prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_parser_finds(value in value()) {
            let text = value.to_string();
            prop_assert_eq!(Described::of(&text), Described::parsed(&text));
        }
    }
}
