//! How the weather was: observations in the order of their own time.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Observation, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::WeatherRecord;

/// An observation that is older than this, seen from a row, is marked as stale.
pub const STALE: Duration = Duration::from_secs(30 * 60);
/// And one that is older than this says nothing about the row any more.
pub const ABSENT: Duration = Duration::from_secs(60 * 60);

/// Observations in the order of their own time, one for each instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weather(Vec<Arc<Observation>>);

impl Weather {
    pub(super) fn apply(&mut self, record: &WeatherRecord<'_>) {
        let new = Arc::new(record.observation.clone());
        let behind = self.0.partition_point(|known| known.at <= new.at);
        match self.0.get_mut(behind.wrapping_sub(1)).filter(|known| known.at == new.at) {
            Some(known) => *known = new,
            None => self.0.insert(behind, new),
        }
    }

    /// The weather of an instant: the newest observation that is not younger, if it is not too old, and whether it is
    /// stale.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<(&Arc<Observation>, bool)> {
        let behind = self.0.partition_point(|known| known.at <= at);
        let found = self.0.get(behind.checked_sub(1)?)?;
        let age = at.since(found.at);
        (age <= ABSENT).then_some((found, age > STALE))
    }

    /// The newest observation.
    #[must_use]
    pub fn newest(&self) -> Option<&Arc<Observation>> {
        self.0.last()
    }

    pub(super) fn forget(&mut self, before: Timestamp) {
        let gone = self.0.partition_point(|known| known.at < before.minus(ABSENT));
        self.0.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn observed(at: i64, temperature: u32) -> WeatherRecord<'static> {
        WeatherRecord {
            received: Timestamp(at),
            provider: "open_meteo".into(),
            source: "52.4,4.9".into(),
            observation: Observation {
                at: Timestamp(at),
                temperature: Some(temperature.into()),
                ..Observation::default()
            },
        }
    }

    #[test]
    fn an_old_observation_is_marked_and_then_absent() {
        let mut weather = Weather::default();
        weather.apply(&observed(0, 21));
        let at = |minutes: i64| weather.at(Timestamp(minutes * MINUTE)).map(|(_, stale)| stale);
        assert_eq!(
            [-1, 0, 30, 31, 60, 61].map(at),
            [None, Some(false), Some(false), Some(true), Some(true), None]
        );
    }

    proptest! {
        #[test]
        fn it_finds_what_a_search_through_all_of_them_finds(
            observed_at in vec((0i64..600, 0u32..1000), 0..60), asked in vec(-60i64..700, 1..60),
        ) {
            let mut weather = Weather::default();
            for (at, temperature) in &observed_at {
                weather.apply(&observed(*at * MINUTE, *temperature));
            }
            for at in asked.into_iter().map(|at| Timestamp(at * MINUTE + 1)) {
                let mut naive: Option<(i64, u32)> = None;
                for (own, temperature) in &observed_at {
                    let own = *own * MINUTE;
                    if own <= at.0 && naive.is_none_or(|(best, _)| own >= best) {
                        naive = Some((own, *temperature));
                    }
                }
                let naive = naive.filter(|(own, _)| at.0 - own <= 60 * MINUTE);
                let naive = naive.map(|(own, t)| (Timestamp(own), Some(f64::from(t)), at.0 - own > 30 * MINUTE));
                let found = weather.at(at).map(|(seen, stale)| (seen.at, seen.temperature, stale));
                prop_assert_eq!(found, naive);
            }
        }
    }
}
