//! The house's own weather, behind the states that say it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{EntityId, Observation, Timestamp};

use super::{Ingest, IngestError, Stream};
use crate::record::WeatherRecord;
use crate::sources::home_assistant::wire::State;
use crate::weather::home_assistant::{self, House, HouseView, NAME, is_weather};

/// How often weather that does not change is logged again, so that it does not look stale.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// What is known of the house's weather entities.
#[derive(Debug, Default)]
pub(super) struct OwnWeather {
    house: House,
    /// Those that are recorded, with what each says now; none while it says nothing.
    seen: BTreeMap<EntityId, Option<Observation>>,
    /// It is known which ones there are.
    known: bool,
    /// When the one that is used is to be logged again, in monotonic time.
    again: Duration,
    /// What was last logged.
    observed: Option<Arc<Observation>>,
}

impl OwnWeather {
    /// The one that is used.
    fn chosen(&self) -> Option<&EntityId> {
        match &self.house {
            House::Ignored => None,
            House::First => self.seen.keys().next().filter(|_| self.known),
            House::Entity(entity) => self.seen.get_key_value(entity).map(|(entity, _)| entity),
        }
    }

    fn view(&self) -> HouseView {
        let entity = self.chosen();
        HouseView {
            known: self.known,
            available: entity.and_then(|entity| self.seen.get(entity)).is_some_and(Option::is_some),
            entity: entity.cloned(),
            observed: self.observed.clone(),
        }
    }
}

impl Ingest {
    /// Says which of the house's weather entities is used. To be called before the first connection.
    pub fn use_weather(&mut self, house: House) {
        let held = self.fold.held.iter().filter(|(id, held)| is_weather(id.as_str()) && held.state.is_some());
        let seen = held.filter(|(id, _)| self.keeps_known(id.as_str())).map(|(id, _)| (id.clone(), None));
        let seen: BTreeMap<_, _> = seen.collect();
        self.own_weather = OwnWeather { house, known: !seen.is_empty(), seen, ..OwnWeather::default() };
        self.view.publish_house(self.own_weather.view());
    }

    /// A state of an entity was logged, or its removal: what it says about the weather is logged behind it.
    pub(super) fn weather_behind(
        &mut self,
        entity_id: &str,
        state: Option<&State<'_>>,
        late: bool,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        if !is_weather(entity_id) || self.own_weather.house == House::Ignored {
            return Ok(());
        }
        let observation = state.and_then(home_assistant::read);
        if !late {
            self.see_weather(entity_id, state);
        }
        if let Some(observation) = observation
            && self.own_weather.chosen().is_some_and(|chosen| chosen.as_str() == entity_id)
        {
            self.log_weather(entity_id, observation, received)?;
        }
        self.view.publish_house(self.own_weather.view());
        Ok(())
    }

    /// What a weather entity says now, whether or not that is news.
    pub(super) fn see_weather(&mut self, entity_id: &str, state: Option<&State<'_>>) {
        let seen = &mut self.own_weather.seen;
        match state {
            Some(state) => drop(seen.insert(entity_id.into(), home_assistant::read(state))),
            None => drop(seen.remove(entity_id)),
        }
    }

    /// Every state was compared: which weather entities there are is known.
    pub(super) fn weather_known(&mut self) -> Result<(), IngestError> {
        self.own_weather.seen.retain(|id, _| !self.absent.contains(id));
        self.own_weather.known = true;
        self.view.publish_house(self.own_weather.view());
        self.repeat_weather()
    }

    /// Logs weather that has not changed for a while once more, while the stream is complete and its entity says something.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn repeat_weather(&mut self) -> Result<(), IngestError> {
        if self.stream != Stream::Complete || self.clock.monotonic() < self.own_weather.again {
            return Ok(());
        }
        let Some(chosen) = self.own_weather.chosen().cloned() else { return Ok(()) };
        let Some(Some(now)) = self.own_weather.seen.get(&chosen) else { return Ok(()) };
        let received = self.clock.now();
        let observation = Observation { at: received, ..now.clone() };
        self.log_weather(chosen.as_str(), observation, received)?;
        self.view.publish_house(self.own_weather.view());
        self.end_frame()
    }

    fn log_weather(
        &mut self,
        entity_id: &str,
        observation: Observation,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        let own = &mut self.own_weather;
        if own.observed.as_ref().is_none_or(|before| before.at <= observation.at) {
            let age = received.since(observation.at);
            own.again = (self.clock.monotonic() + AGAIN).saturating_sub(age);
            own.observed = Some(Arc::new(observation.clone()));
        }
        let (provider, source) = (NAME.into(), entity_id.into());
        self.push_weather(WeatherRecord { received, provider, source, observation })
    }
}

#[cfg(test)]
mod tests;
