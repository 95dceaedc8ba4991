//! Settings as a file that can be read again. Secrets are not in it: it says where one belongs.

use std::fmt::Write as _;

use serde_json::Value;

/// A key with its value, as it is kept: without what is secret.
pub(crate) struct Line<'l> {
    /// With its section; of one of several `<section>.<name>.<key>`.
    pub(crate) name: &'l str,
    /// Null where there is none.
    pub(crate) value: &'l Value,
    /// It has a value, which is not told.
    pub(crate) secret: bool,
    /// Who said so; none is the program's own default.
    pub(crate) origin: Option<&'l str>,
}

/// The file that says what these lines say. What nobody set is left out, and what the environment said is a remark.
pub(crate) fn file<'l>(lines: impl IntoIterator<Item = Line<'l>>) -> String {
    let (mut text, mut within) = (String::new(), String::new());
    for Line { name, value: held, secret, origin } in lines {
        let Some(origin) = origin else { continue };
        let (section, key) = name.rsplit_once('.').unwrap_or(("", name));
        if section != within {
            section.clone_into(&mut within);
            let header = match section.split_once('.') {
                Some(("sinks", _)) => "[[sinks]]\ntype = \"influxdb\"".into(),
                Some((several, _)) => format!("[[{several}]]"),
                None => format!("[{section}]"),
            };
            let _ = writeln!(text, "{}{header}", if text.is_empty() { "" } else { "\n" });
        }
        let from_variable = origin.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let _ = if secret {
            writeln!(text, "# {key}: a secret, set by {origin}; it is not in here")
        } else if held.is_null() {
            Ok(())
        } else if from_variable {
            writeln!(text, "# {key} = {} (from {origin})", value(held))
        } else {
            writeln!(text, "{key} = {}", value(held))
        };
    }
    text
}

/// A value as TOML writes it.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, member)| format!("{key:?} = {}", self::value(member)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", "))
        }
        // A JSON text is a TOML text.
        other => other.to_string(),
    }
}
