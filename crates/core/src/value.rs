//! What a state says, beside its text.

/// The meaning of a state text. The text itself is always kept next to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A finite number, in the entity's unit.
    Number(f64),
    /// `on` or `off` of a domain whose states are a switch.
    Bool(bool),
    /// Anything else, also `NaN` and infinity, which no store can compare.
    Text(&'a str),
    /// Home Assistant knows the entity and not its state.
    Unknown,
    /// The entity cannot be reached.
    Unavailable,
}

/// Domains whose `on` and `off` are the two positions of a switch, and not two words among others.
const SWITCHED: [&str; 16] = [
    "automation",
    "binary_sensor",
    "calendar",
    "fan",
    "group",
    "humidifier",
    "input_boolean",
    "light",
    "media_player",
    "remote",
    "schedule",
    "script",
    "siren",
    "switch",
    "timer",
    "update",
];

impl<'a> Value<'a> {
    /// Reads the state text of an entity of `domain`.
    ///
    /// `0` and `1` are numbers in every domain; `on` and `off` are booleans only in domains of switches; `unknown`
    /// is never false.
    #[must_use]
    pub fn of(domain: &str, state: &'a str) -> Self {
        match state {
            "unknown" => Self::Unknown,
            "unavailable" => Self::Unavailable,
            "on" | "off" if SWITCHED.contains(&domain) => Self::Bool(state == "on"),
            _ => number(state).map_or(Self::Text(state), Self::Number),
        }
    }

    /// The number to store in a numeric column: booleans are 1 and 0, everything that is no number is none.
    #[must_use]
    pub fn as_number(self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(n),
            Self::Bool(b) => Some(f64::from(u8::from(b))),
            Self::Text(_) | Self::Unknown | Self::Unavailable => None,
        }
    }
}

/// A finite decimal number, as a sensor writes it. Words that Rust would take (`inf`, `nan`) are not numbers here.
fn number(text: &str) -> Option<f64> {
    let first = text.trim_start_matches(['-', '+']).as_bytes().first()?;
    if !first.is_ascii_digit() && *first != b'.' {
        return None;
    }
    text.parse().ok().filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_in_every_domain() {
        for (text, number) in [("0", 0.0), ("1", 1.0), ("-21.50", -21.5), ("1e3", 1000.0), (".5", 0.5)] {
            assert_eq!(Value::of("sensor", text), Value::Number(number));
            assert_eq!(Value::of("binary_sensor", text), Value::Number(number));
        }
    }

    #[test]
    fn on_and_off_are_booleans_only_where_the_domain_says_so() {
        assert_eq!(Value::of("light", "on"), Value::Bool(true));
        assert_eq!(Value::of("binary_sensor", "off"), Value::Bool(false));
        assert_eq!(Value::of("sensor", "on"), Value::Text("on"));
        assert_eq!(Value::of("climate", "off"), Value::Text("off"));
    }

    #[test]
    fn unknown_is_never_false_and_nan_is_text() {
        assert_eq!(Value::of("binary_sensor", "unknown"), Value::Unknown);
        assert_eq!(Value::of("light", "unavailable"), Value::Unavailable);
        for text in ["nan", "NaN", "inf", "-inf", "infinity", "1e999", "", " 1", "1 °C", "0x10"] {
            assert_eq!(Value::of("sensor", text), Value::Text(text), "{text:?}");
        }
    }
}
