//! What others may see of the feed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Observation;
use parking_lot::Mutex;

use super::provider::Attribution;
use crate::health::PartState;

/// What others may see of the feed, at any time, from any thread.
#[derive(Debug)]
pub struct WeatherView(Mutex<WeatherViewOf>);

/// One look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct WeatherViewOf {
    /// What is in use: a provider's name, or `off`.
    pub provider: &'static str,
    /// What the settings say.
    pub configured: &'static str,
    /// The place that is asked for, or the entity.
    pub source: Option<String>,
    /// How the part is.
    pub state: PartState,
    /// Why, where it is not healthy.
    pub reason: Option<String>,
    /// Calls made, by provider and by what came of them.
    pub outcomes: BTreeMap<(&'static str, &'static str), u64>,
    /// Calls made.
    pub calls: u64,
    /// Looks at which what was held was still good.
    pub cache_hits: u64,
    /// Calls that brought no observation.
    pub errors: u64,
    /// Looks at which no call was made because of the budget or `Retry-After`.
    pub limited: u64,
    /// When the next call is due, in monotonic time.
    pub next_call: Option<Duration>,
    /// Used and allowed, in the last minute and on this day.
    pub quota: Option<[(u32, u32); 2]>,
    /// In use.
    pub observation: Option<Arc<Observation>>,
    /// What has to stand beside the data.
    pub attribution: Option<Attribution>,
    /// Why the last call that failed did.
    pub last_error: Option<String>,
}

impl WeatherView {
    pub(super) fn new(configured: &'static str) -> Self {
        Self(Mutex::new(WeatherViewOf {
            provider: "off",
            configured,
            source: None,
            state: PartState::Starting,
            reason: None,
            outcomes: BTreeMap::new(),
            calls: 0,
            cache_hits: 0,
            errors: 0,
            limited: 0,
            next_call: None,
            quota: None,
            observation: None,
            attribution: None,
            last_error: None,
        }))
    }

    /// One look.
    #[must_use]
    pub fn look(&self) -> WeatherViewOf {
        self.0.lock().clone()
    }

    pub(super) fn publish(&self, of: WeatherViewOf) {
        *self.0.lock() = of;
    }
}
