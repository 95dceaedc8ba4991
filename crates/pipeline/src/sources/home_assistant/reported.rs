//! What has reported without a change, as Home Assistant holds it.
//!
//! A state's `last_reported` in `get_states` is of no use: Home Assistant writes a state as text once, when it is first
//! asked for, and an equal write later moves the time and not the text (home-assistant/core#181392; read in the source
//! of `homeassistant/core.py`: `async_set_internal` and the cached `as_dict_json`). A template reads the live state. So
//! one is rendered, which any user may and which changes nothing, and its subscription is ended as soon as it has
//! answered. Releases before 2024.4 have no `last_reported`, and are not asked.
//!
//! The answer is words that are separated by white space: `now=` and then `entity_id=`, each with whole seconds since
//! 1970, of those entities that have reported for over 10 seconds without a change; what is written twice within that,
//! as all is at a start, is one report. Home Assistant renders up to 256 KiB, which is about 6,000 such entities;
//! above that it refuses, and nothing is judged.

use hearthline_core::Timestamp;

/// The template; a constant.
pub const TEMPLATE: &str = "now={{ as_timestamp(utcnow()) | int }} \
    {% for s in states if (s.last_reported - s.last_updated).total_seconds() > 10 %}\
    {{ s.entity_id }}={{ as_timestamp(s.last_reported) | int }} {% endfor %}";

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported<'a> {
    /// Home Assistant's time.
    pub now: Timestamp,
    /// When each entity last reported that has done so without a change.
    pub entities: Vec<(&'a str, Timestamp)>,
}

impl<'a> Reported<'a> {
    /// Reads what was rendered; none where it is not that. A word that is not understood is passed over.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace().filter_map(|word| {
            let (name, seconds) = word.rsplit_once('=')?;
            Some((name, Timestamp(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?)))
        });
        let (_, now) = words.next().filter(|(name, _)| *name == "now")?;
        Some(Self { now, entities: words.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_not_understood_hide_no_others() {
        let second = |seconds: i64| Timestamp(seconds * 1_000_000);
        let read =
            Reported::parse("now=1795436485 sensor.büro=1795436480 sensor.x=None 4 =\nsensor.y=-1 ").unwrap();
        assert_eq!(read.now, second(1_795_436_485));
        assert_eq!(read.entities, [("sensor.büro", second(1_795_436_480)), ("sensor.y", second(-1))]);
        for other in ["", "1795436485", "sensor.x=1", "now=soon sensor.x=1", "now=9223372036854775807"] {
            assert_eq!(Reported::parse(other), None, "{other}");
        }
    }
}
