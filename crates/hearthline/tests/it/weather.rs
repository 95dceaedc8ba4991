//! The weather, from a service that is simulated in this process, and what is told of the key to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, SystemClock};
use hearthline_sim::{House, Outdoors, Weather};

use crate::hearthline::Hearthline;
use crate::simulated::recorded;
use crate::wait::{until, within_a_day};

const WRONG: &str = "wrong-0123456789abcdef-key";
const RIGHT: &str = "right-fedcba9876543210-key";
/// What a test may take.
const LASTING: Duration = Duration::from_secs(120);

/// A service that wants the right key, and where it listens.
async fn service() -> (Weather, String) {
    let weather = Weather::new(Arc::new(SystemClock::new()), Some(RIGHT), Outdoors::default);
    let address = weather.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    (weather, format!("http://{address}"))
}

#[tokio::test]
async fn a_key_is_refused_changed_and_taken_and_is_told_to_nobody() {
    within_a_day(LASTING).await; // calls are counted by the day
    let (peer, hearthline) = recorded(House::new(3, SystemClock::new().now())).await;
    tokio::spawn(async move { peer.run().await });
    let (weather, address) = service().await;
    let key = hearthline.path("key");
    std::fs::write(&key, WRONG).unwrap();
    let toml = format!(
        "[weather]\nprovider = \"openweathermap\"\nbase_url = \"{address}\"\napi_key_file = \"key\"\n"
    );
    let hearthline = hearthline.with_settings(&toml).with_variable("HEARTHLINE_LOG", "trace");
    let mut run = hearthline.start();
    let state = |status: &crate::hearthline::Status| status.at("/weather/state").as_str().unwrap().to_owned();
    let parked = run.until("the weather is parked", |status| state(status) == "parked").await;
    assert!(parked.at("/weather/reason").as_str().unwrap().contains("WEATHER_API_KEY"));
    assert_eq!(weather.requests(), 1, "a key that was refused is not tried over and over");
    assert_ne!(parked.at("/overall"), "unhealthy", "events are recorded all the same");
    let checked = hearthline.command(&["check"]).await;
    assert_eq!(checked.code, 3, "{checked:?}");
    assert!(checked.stdout.contains("refuses the API key"), "{checked:?}");
    let shown = hearthline.command(&["weather"]).await;
    assert_eq!(shown.code, 3, "{shown:?}");

    std::fs::write(&key, RIGHT).unwrap();
    let healthy = run.until("the weather comes", |status| state(status) == "healthy").await;
    assert_eq!((healthy.count("/weather/calls"), healthy.count("/weather/errors")), (2, 1));
    assert_eq!(healthy.at("/weather/observation/temperature"), 11.2);
    assert_eq!(healthy.at("/weather/source"), "52.37, 4.89", "no more exact than it has to be");
    let answers = [
        format!("{checked:?}"),
        format!("{shown:?}"),
        format!("{:?}", hearthline.command(&["check"]).await),
        format!("{:?}", hearthline.command(&["weather", "--json"]).await),
        format!("{:?}", hearthline.command(&["status"]).await),
        run.get("/metrics").await,
        run.get("/api/v1/status").await,
        format!("{healthy:?}"),
    ];
    assert!(answers[3].contains("OpenWeather"), "{}", answers[3]);
    assert!(run.stop().await.success());
    assert!(run.said().contains("refuses the API key"));
    for told in answers.iter().chain([&run.said()]) {
        assert!(!told.contains(WRONG) && !told.contains(RIGHT), "the key is told: {told}");
    }
    for key in [WRONG, RIGHT] {
        assert_eq!(hearthline.files_with(key.as_bytes()), Vec::<PathBuf>::new());
    }

    let asked = weather.requests();
    let mut again = hearthline.start();
    let status = again.until("the log has the weather", |status| state(status) == "healthy").await;
    assert_eq!(status.count("/weather/calls"), 0, "what was had is good for ten minutes");
    assert_eq!(status.at("/weather/quota/day/used"), 2, "and what was used of the day is known");
    assert_eq!(weather.requests(), asked);
    assert!(again.stop().await.success());
}

#[tokio::test]
async fn the_house_own_weather_is_taken_and_nobody_outside_is_asked() {
    let (peer, hearthline) = recorded(House::new(3, SystemClock::new().now())).await;
    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    let mut run = hearthline.start();
    let status = run.until("the weather comes", |status| status.at("/weather/state") == "healthy").await;
    assert_eq!(
        (status.at("/weather/provider"), status.at("/weather/configured"), status.at("/weather/source")),
        (&"home_assistant".into(), &"auto".into(), &"weather.home".into())
    );
    assert!(status.at("/weather/quota").is_null());
    let attributes = r#"{"temperature": 50.0, "temperature_unit": "°F"}"#;
    peer.set_state("weather.home", "sunny", attributes).unwrap();
    until("a change is taken", Duration::from_secs(60), async || {
        (*run.status().await.at("/weather/observation/temperature") == 10.0).then_some(())
    })
    .await;
    assert!(run.stop().await.success());
}

#[tokio::test]
async fn a_house_without_weather_asks_nobody_until_a_person_allows_it() {
    let (_peer, hearthline) = recorded(House::empty(1, SystemClock::new().now())).await;
    let (weather, address) = service().await;
    let hearthline = with(hearthline, &format!("base_url = \"{address}\"\n"));
    let mut run = hearthline.start();
    run.connected().await;
    let off = |status: &crate::hearthline::Status| status.at("/weather/reason").to_string();
    run.until("it says how to switch it on", |status| off(status).contains("outside = true")).await;
    let status = run.until("it is healthy", |status| status.at("/overall") == "healthy").await;
    assert_eq!(status.at("/weather/state"), "off");
    assert!(run.stop().await.success());
    assert_eq!(weather.requests(), 0);

    let hearthline = with(hearthline, &format!("base_url = \"{address}\"\noutside = true\n"));
    let mut run = hearthline.start();
    let status = run.until("the weather comes", |status| status.at("/weather/state") == "healthy").await;
    assert_eq!(status.at("/weather/provider"), "open_meteo");
    assert!(run.stop().await.success());
    assert_eq!(weather.requests(), 1);
}

fn with(hearthline: Hearthline, weather: &str) -> Hearthline {
    hearthline.with_settings(&format!("[weather]\n{weather}"))
}
