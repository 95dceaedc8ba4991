//! Instants and lengths of time as a person writes them on the command line.

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock, Timestamp};

/// An instant: in full, a date, `now`, or so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    /// At this instant.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

impl Instant {
    /// The instant itself.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.minus(ago),
        }
    }
}

/// Reads `2026-11-23T11:57:01Z`, `2026-11-23` (its first instant, UTC), `22:00` (the last one here), `now`, or `24h` (ago).
pub(crate) fn instant(text: &str) -> Result<Instant, String> {
    if text == "now" {
        return Ok(Instant::Ago(Duration::ZERO));
    }
    if let Ok(at) = Timestamp::parse(text) {
        return Ok(Instant::At(at));
    }
    if let Some(day) = Timestamp::day_of_date(text) {
        return Ok(Instant::At(Timestamp::start_of_day(day)));
    }
    if let Some(at) = text.contains(':').then(|| Timestamp::last_at(text, SystemClock::new().now())).flatten()
    {
        return Ok(Instant::At(at));
    }
    let todo = "write 2026-11-23T11:57:01Z, 2026-11-23, 22:00, 24h (ago) or now";
    crate::settings::duration(text).map(Instant::Ago).map_err(|_| todo.into())
}

/// A period and a limit, as the API takes them.
pub(crate) fn period_query(from: Instant, to: Instant, limit: usize) -> Vec<(&'static str, String)> {
    let now = SystemClock::new().now();
    vec![
        ("from", from.resolve(now).to_string()),
        ("to", to.resolve(now).to_string()),
        ("limit", limit.to_string()),
    ]
}

/// Reads `15m`, `1h`, `7d`.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    crate::settings::duration(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_in_every_form() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        for (text, resolved) in [
            ("now", "2026-11-23T12:00:00.000000Z"),
            ("24h", "2026-11-22T12:00:00.000000Z"),
            ("2026-11-01", "2026-11-01T00:00:00.000000Z"),
            ("2026-11-01T05:06:07.000008+01:00", "2026-11-01T04:06:07.000008Z"),
        ] {
            assert_eq!(instant(text).unwrap().resolve(now).to_string(), resolved);
        }
        let Instant::At(ten) = instant("22:00").unwrap() else { panic!("it is an instant") };
        let ago = SystemClock::new().now().since(ten);
        assert!(ago > Duration::ZERO && ago <= Duration::from_secs(25 * 3600), "{ago:?}");
        for text in ["", "25:00", "yesterday", "24", "2026-13-01", "-1h"] {
            instant(text).unwrap_err();
        }
    }
}
