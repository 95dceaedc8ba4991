//! What a repair is asked with.

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::catalogue::Kind;

/// What a repair is asked with. Each repair takes some of them ([`Kind::options`]); the others are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Of this sink alone, by its name in the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// How a type conflict is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Which measurement is cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurement: Option<String>,
    /// From this instant on, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this instant, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Texts that read as numbers are copied as numbers too.
    #[serde(skip_serializing_if = "is_false")]
    pub numbers: bool,
    /// What was cleared is written back as our own types; without it, it stays in the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<bool>,
    /// Which part of the program, as in `hearthline status`; none is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How long the runbook watches at its end, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor_s: Option<u64>,
    /// The runbook begins maintenance before its first line and ends it after its last.
    #[serde(skip_serializing_if = "is_false")]
    pub maintenance: bool,
    /// Nobody asked for this repair by name: it plans only what is wrong.
    #[serde(skip)]
    pub only_what_is_wrong: bool,
}

/// How a type conflict is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The values are copied into fields of their own types; nothing is deleted.
    Copy,
    /// The measurement is copied into a new one, which is written to from then on.
    Rewrite,
    /// The measurement is exported, then deleted.
    Clear,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Options {
    /// Reads them as a repair takes them.
    ///
    /// # Errors
    /// In words: a key that is not known, or that this repair does not take, or a value that means nothing.
    pub fn read(kind: &Kind, options: &Value) -> Result<Self, String> {
        let given = match options {
            Value::Null => return Ok(Self::default()),
            Value::Object(given) => given,
            _ => return Err("options is no JSON object".into()),
        };
        let read = serde_json::from_value(options.clone()).map_err(|error| error.to_string())?;
        match given.keys().find(|key| !kind.options.contains(&key.as_str())) {
            None => Ok(read),
            Some(key) if kind.options.is_empty() => {
                Err(format!("repair {} takes no option, and {key} was given", kind.name))
            }
            Some(key) => {
                Err(format!("repair {} takes no {key}; it takes {}", kind.name, kind.options.join(", ")))
            }
        }
    }

    /// The instants of `from` and `to`, where they are given.
    pub(super) fn period(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), String> {
        let at = |name: &str, text: &Option<String>| {
            let at = text.as_deref().map(Timestamp::parse).transpose();
            at.map_err(|error| format!("{name}: {error}; write it like 2026-11-26T00:41:07Z"))
        };
        Ok((at("from", &self.from)?, at("to", &self.to)?))
    }

    /// As they are kept in a receipt.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEMA: Kind = Kind {
        name: "schema",
        mends: "",
        touches: "",
        undo: "",
        options: &["sink", "mode", "numbers"],
        needs_program: false,
    };
    const GAPS: Kind = Kind { name: "gaps", options: &[], ..SCHEMA };

    #[test]
    fn options_are_read_strictly() {
        let read = |kind, options: Value| Options::read(kind, &options);
        let all = json!({ "sink": "influxdb", "mode": "copy", "numbers": true });
        let options = read(&SCHEMA, all.clone()).unwrap();
        assert_eq!((options.mode, options.numbers), (Some(Mode::Copy), true));
        assert_eq!(options.to_value(), all);
        assert_eq!(read(&SCHEMA, Value::Null).unwrap(), Options::default());
        assert_eq!(Options::default().to_value(), json!({}));
        for (kind, options, words) in [
            (&SCHEMA, json!({ "sinc": "influxdb" }), "unknown field `sinc`"),
            (&SCHEMA, json!({ "mode": "guess" }), "unknown variant `guess`, expected one of `copy`"),
            (&SCHEMA, json!({ "part": "log" }), "repair schema takes no part; it takes sink, mode, numbers"),
            (&GAPS, json!({ "sink": "a" }), "repair gaps takes no option, and sink was given"),
            (&GAPS, json!({ "only_what_is_wrong": true }), "unknown field `only_what_is_wrong`"),
            (&GAPS, json!([]), "no JSON object"),
        ] {
            let why = read(kind, options).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }
}
