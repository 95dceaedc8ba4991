//! From the settings to what the weather feed is given.

use std::sync::Arc;

use hearthline_core::{Clock, EntityId, Fs, Observation};
use hearthline_pipeline::ingest::IngestView;
use hearthline_pipeline::sources::home_assistant::LinkStatus;
use hearthline_pipeline::weather::ask::{WITHIN, http};
use hearthline_pipeline::weather::home_assistant::HouseView;
use hearthline_pipeline::weather::provider::{KeySource, Reading};
use hearthline_pipeline::weather::{Choice, Feed, FeedConfig, House, Place};
use tokio::sync::watch;

use crate::settings::Settings;
use crate::settings::secret::written_in;

/// What survives a restart of the feed, in the data folder.
pub(crate) const FILE: &str = "weather.json";

/// The feed that the settings ask for; `newest` is the last observation that was had, which may still be good.
pub(crate) fn feed(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    fs: Arc<dyn Fs>,
    newest: Option<Arc<Observation>>,
) -> Feed {
    let weather = &settings.weather;
    let config = FeedConfig {
        choice: *weather.provider,
        outside: *weather.outside,
        base_url: weather.base_url.as_ref().map(|url| url.value.clone()),
        key: key(settings),
        interval: weather.interval.as_ref().map(|interval| interval.value),
        calls_per_minute: weather.calls_per_minute.as_ref().map(|calls| calls.value),
        calls_per_day: weather.calls_per_day.as_ref().map(|calls| calls.value),
        file: settings.data_dir.join(FILE),
        seed: getrandom::u64().unwrap_or_default(), // without randomness the waits are still right, only not spread
    };
    Feed::new(config, clock, fs, newest)
}

/// What the feed needs to know of each moment: the house's own weather, and where the house is.
pub(crate) fn world(
    house: Arc<IngestView>,
    connection: watch::Receiver<LinkStatus>,
) -> impl Fn() -> (HouseView, Option<Place>) {
    move || {
        let place = connection.borrow().place;
        (house.house(), place.and_then(|(latitude, longitude)| Place::near(latitude, longitude)))
    }
}

/// Which of the house's own entities is used.
pub(crate) fn house(settings: &Settings) -> House {
    let weather = &settings.weather;
    match &weather.entity {
        _ if !weather.provider.takes_house() => House::Ignored,
        Some(entity) => House::Entity(EntityId::from(entity.as_str())),
        None => House::First,
    }
}

/// Whom outside the settings ask, where and with what; none where they ask nobody, or only if the house has no entity of
/// its own.
pub(crate) async fn try_out(
    settings: &Settings,
    place: Option<(f64, f64)>,
) -> Option<Result<String, String>> {
    let Choice::Outside(provider) = *settings.weather.provider else { return None };
    let name = provider.facts().name;
    let place = place.and_then(|(latitude, longitude)| Place::near(latitude, longitude));
    let Some(place) = place else {
        return Some(Err(format!("{name} was not asked: Home Assistant does not say where the house is")));
    };
    let base = settings.weather.base_url.as_ref().map(|url| url.value.clone());
    let base = base.or_else(|| provider.facts().base_url.parse().ok())?;
    let answer = http(WITHIN)(provider.request(place, &base, key(settings)().as_ref())).await;
    Some(match provider.understand(answer) {
        Ok(Reading { observation, left_out }) => {
            let figure = |value: Option<f64>, unit| value.map(|value| format!("{value:.1} {unit}"));
            let figures = [figure(observation.temperature, "°C"), figure(observation.humidity, "%")];
            let word = observation.condition.as_deref().map(str::to_owned);
            let said: Vec<_> = figures.into_iter().flatten().chain(word).collect();
            let odd = if left_out.is_empty() {
                String::new()
            } else {
                format!("; left out, unit not known: {}", left_out.join(", "))
            };
            Ok(format!("{name} says of {place}: {} at {}{odd}", said.join(", "), observation.at))
        }
        Err((_, words)) => Err(format!("{name} {words}")),
    })
}

/// The key of each moment: another one put into the file is taken at the next look.
pub(crate) fn key(settings: &Settings) -> KeySource {
    let weather = &settings.weather;
    let (first, file) = (weather.api_key.as_deref().cloned(), weather.api_key_file.as_deref().cloned());
    Arc::new(move || file.as_deref().and_then(written_in).or_else(|| first.clone()))
}
