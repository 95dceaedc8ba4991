//! What a person writes, and what to say when it means nothing.

use std::time::Duration;

const DURATION: &str = "is no duration; write a number and a unit, as in 500ms, 10s, 15m, 24h or 7d";

/// Reads `500ms`, `1.5s`, `15m`, `24h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("{text:?} {DURATION}");
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(refused)?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(refused()),
    };
    let number: f64 = number.trim().parse().map_err(|_| refused())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| refused())
}

/// Reads a length of time that can be negative, as in `-1h`.
pub(crate) fn micros(text: &str) -> Result<i64, String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let micros = i64::try_from(duration(rest)?.as_micros());
    micros.map(|micros| sign * micros).map_err(|_| format!("{text:?} is too long"))
}

/// That there is no such thing, with the one that may be meant, or all that there are.
pub(crate) fn unknown<'a>(what: &str, given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known.iter().map(|name| (strsim::damerau_levenshtein(given, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 1 + name.len() / 4 => {
            format!("no {what} is called {given:?}; is {name:?} meant?")
        }
        None => format!("no {what} is called {given:?}; there is none"),
        Some(_) => format!("no {what} is called {given:?}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_every_unit_and_never_without() {
        for (text, millis) in
            [("500ms", 500), ("1.5s", 1500), ("2 m", 120_000), ("1h", 3_600_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1 week", "nans", "1e400s", "ü"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!((micros("-1h"), micros("2us")), (Ok(-3_600_000_000), Ok(2)));
    }
}
