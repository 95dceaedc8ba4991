//! What can be wrong with the provider of weather.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, Fs, ManualClock, MemFs, SystemClock};
use hearthline_pipeline::weather::feed::Saved;
use hearthline_pipeline::weather::{Choice, Provider};

use super::super::{Depth, Subject, Weather};
use super::rig::{Case, case, look, subject, subject_on};

fn asking(subject: Subject, has_key: bool) -> Subject {
    let provider = Provider::OpenWeatherMap;
    let weather =
        Weather { choice: Choice::Outside(provider), provider: Some(provider), has_key, ..subject.weather };
    Subject { weather, ..subject }
}

/// One that has used so much of its day, and may not ask yet.
fn used(used: u32, wait: Option<Duration>) -> Subject {
    let disk = MemFs::default();
    let now = SystemClock::new().now();
    let saved = Saved {
        provider: Provider::OpenWeatherMap.facts().name.into(),
        day: now.day(),
        used,
        not_before: wait.map(|wait| now.plus(wait)),
        ..Saved::default()
    };
    let mut subject = asking(subject_on(&disk), true);
    subject.clock = Arc::new(ManualClock::at(now)); // also at midnight
    (&disk as &dyn Fs)
        .write_atomic("/data/weather.json".as_ref(), &serde_json::to_vec(&saved).unwrap())
        .unwrap();
    subject
}

pub(super) async fn cases() -> Vec<Case> {
    let limit = Provider::OpenWeatherMap.facts().calls_per_day;
    let house =
        Subject { weather: Weather { choice: Choice::HomeAssistant, ..subject().weather }, ..subject() };
    let mut refuses = asking(subject(), true);
    refuses.weather.ask =
        Arc::new(|_| Box::pin(std::future::ready(Some(Err("refuses the key (401)".into())))));
    let refuses =
        Case { fault: "a wrong key", id: "weather-refuses", report: look(refuses, Depth::Full).await };
    vec![
        case("no weather", "weather-off", subject()).await,
        case("the house's own weather", "weather-house", house).await,
        case("a key and calls left", "weather-ok", used(3, None)).await,
        case("no key", "weather-keyless", asking(subject(), false)).await,
        case("no calls left", "weather-spent", used(limit, None)).await,
        case("we are to wait", "weather-waits", used(3, Some(Duration::from_secs(600)))).await,
        refuses,
    ]
}
