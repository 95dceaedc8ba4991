//! How the part is, and what others may see of it.

use std::time::Duration;

use super::{Feed, HouseView, Place, Provider, Source, WeatherViewOf, Why};
use crate::context::STALE;
use crate::health::PartState;
use crate::weather::home_assistant::NAME;
use crate::weather::provider::Choice;
use crate::weather::quota::Spent;

const NO_ENTITY: &str = "the house has no weather entity that is recorded";
const NOT_ALLOWED: &str = "and nobody outside is asked unless a person says so: set outside = true under [weather] to ask \
                           Open-Meteo, which then learns to about a kilometre where the house is";

impl Feed {
    /// Shows how it is now.
    pub fn publish(&mut self, house: &HouseView, place: Option<Place>) {
        let (now, day) = (self.clock.monotonic(), self.clock.now().day());
        if let Some(quota) = &mut self.quota {
            quota.pass(now, day);
        }
        let source = self.used(house);
        let (state, reason) = self.judge(source, house, place);
        let outside = match source {
            Source::Outside(provider) => Some(provider),
            _ => None,
        };
        self.view.publish(WeatherViewOf {
            provider: match source {
                Source::Off | Source::Undecided => "off",
                Source::House => NAME,
                Source::Outside(provider) => provider.facts().name,
            },
            configured: self.config.choice.as_str(),
            source: match source {
                Source::House => house.entity.as_ref().map(ToString::to_string),
                Source::Outside(_) => place.map(|place| place.to_string()),
                Source::Off | Source::Undecided => None,
            },
            state,
            reason,
            outcomes: self.outcomes.clone(),
            calls: self.counts.calls,
            cache_hits: self.counts.cache_hits,
            errors: self.counts.errors,
            limited: self.counts.limited,
            next_call: outside.and_then(|_| self.next_call()),
            quota: outside.and(self.quota.as_ref()).map(|quota| [quota.minute(), quota.today()]),
            observation: match source {
                Source::House => house.observed.clone(),
                Source::Outside(_) => self.held.clone(),
                Source::Off | Source::Undecided => None,
            },
            attribution: outside.map(|provider| provider.facts().attribution),
            last_error: self.last_error.clone(),
        });
    }

    /// When the next call is due, as far as that is known.
    fn next_call(&self) -> Option<Duration> {
        let barrier = self.barrier.as_ref().map(|barrier| barrier.until);
        self.source?;
        barrier.max(self.good_until)
    }

    fn judge(&self, source: Source, house: &HouseView, place: Option<Place>) -> (PartState, Option<String>) {
        let (state, reason) = match source {
            Source::Off if self.config.choice == Choice::Off => return (PartState::Off, None),
            Source::Off => return (PartState::Off, Some(format!("{NO_ENTITY}, {NOT_ALLOWED}"))),
            Source::Undecided => {
                let words = "Home Assistant has not said yet which weather entities there are";
                (PartState::Starting, Some(words.into()))
            }
            Source::House => self.judge_house(house),
            Source::Outside(provider) => self.judge_outside(provider, place),
        };
        let enabled = self.clock.monotonic().saturating_sub(self.started);
        if state == PartState::Starting && enabled > STALE {
            (PartState::Degraded, reason)
        } else {
            (state, reason)
        }
    }

    fn judge_house(&self, house: &HouseView) -> (PartState, Option<String>) {
        let Some(entity) = &house.entity else {
            return if house.known {
                let words =
                    format!("{NO_ENTITY}; name one with entity, or another provider, under [weather]");
                (PartState::Degraded, Some(words))
            } else {
                (
                    PartState::Starting,
                    Some("Home Assistant has not said yet which weather entities there are".into()),
                )
            };
        };
        let degraded = |words: &str| (PartState::Degraded, Some(format!("{entity} {words}")));
        match &house.observed {
            _ if house.known && !house.available => {
                degraded("says nothing; look at its integration in Home Assistant")
            }
            Some(observed) if self.clock.now().since(observed.at) > STALE => {
                degraded("was not heard of for more than 30 min; rows are without weather after an hour")
            }
            Some(_) => (PartState::Healthy, None),
            None => (PartState::Starting, Some(format!("{entity} was not heard of yet"))),
        }
    }

    fn judge_outside(&self, provider: Provider, place: Option<Place>) -> (PartState, Option<String>) {
        let name = provider.facts().title;
        if provider.facts().needs_key && (self.config.key)().is_none() {
            let words =
                format!("{name} wants an API key: set WEATHER_API_KEY, or api_key_file under [weather]");
            return (PartState::Parked, Some(words));
        }
        if place.is_none() {
            let words = "Home Assistant has not said yet where the house is (Settings, System, General)";
            return (PartState::Starting, Some(words.into()));
        }
        if let Some(failed) = &self.failed {
            let refused = matches!(self.barrier.as_ref().map(|barrier| &barrier.why), Some(Why::Refused(_)));
            return (if refused { PartState::Parked } else { PartState::Degraded }, Some(failed.clone()));
        }
        let old = self.held.as_ref().is_some_and(|held| self.clock.now().since(held.at) > STALE);
        match (&self.held, self.spent) {
            (held, Some(spent)) if old || held.is_none() => {
                (PartState::Degraded, Some(format!("{name} is not asked: {spent}")))
            }
            (Some(_), _) if old => (
                PartState::Degraded,
                Some(format!("the newest observation of {name} is more than 30 min old")),
            ),
            (Some(_), _) if !self.left_out.is_empty() => {
                let words =
                    format!("{name} uses a unit that is not known; left out: {}", self.left_out.join(", "));
                (PartState::Degraded, Some(words))
            }
            (Some(_), _) => (PartState::Healthy, None),
            (None, _) => (PartState::Starting, Some(format!("{name} was not asked yet"))),
        }
    }
}

impl Spent {
    /// For a person.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Minute => "the calls of this minute are used up; raise calls_per_minute under [weather]",
            Self::Day => {
                "the calls of this day (UTC) are used up; raise calls_per_day or interval under [weather]"
            }
        }
    }
}
