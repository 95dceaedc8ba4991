//! What is recorded is in an InfluxDB, whatever was there before and whatever happens to it: against a real InfluxDB 1.6.7, a
//! real VictoriaMetrics, and the simulated one for what these do not do. The house is simulated.

mod access;
mod away;
mod clear;
mod conflict;
mod doctor;
mod faults;
mod hue;
pub(crate) mod peer;
mod reader;
mod recipes;
mod recorded;
mod schema;
pub(crate) mod simulated;
mod victoria_metrics;
mod wild;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fired, HomeAssistant, House, Options};
use serde_json::Value;

use crate::hearthline::{Hearthline, Run, Status};

/// Where the program writes unless told otherwise.
pub(crate) const MEASUREMENT: &str = "home_assistant_events";
/// How long everything may take to be delivered once nothing is in the way; a parked sink looks again each 30 s.
const DELIVERED: Duration = Duration::from_secs(90);

/// A simulated house in this process, and the program that records it.
pub(crate) struct Rig {
    pub(crate) house: HomeAssistant,
    pub(crate) hearthline: Hearthline,
}

/// The text of the state of each entity at each of its times (nanoseconds).
type States = BTreeMap<(String, i64), String>;

impl Rig {
    pub(crate) async fn new(settings: &str) -> Self {
        Self::of(House::empty(1, SystemClock::new().now()), settings).await
    }

    pub(crate) async fn of(house: House, settings: &str) -> Self {
        let options = Options::default();
        let token = options.token.clone();
        let house = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
        let address = house.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let hearthline = Hearthline::new(&format!("http://{address}"), &token).with_settings(settings);
        Self { house, hearthline }
    }

    /// What was fired, as it has to be in an InfluxDB.
    fn fired(&self) -> States {
        let state = |fired: &Fired| match &fired.new_state {
            Some(state) => state.state.to_string(),
            None => "removed".to_owned(),
        };
        let fired = self.house.ledger().into_iter();
        fired.map(|fired| ((fired.entity_id.to_string(), fired.time_fired.0 * 1000), state(&fired))).collect()
    }

    /// Waits until a word is in every sink; what was logged before it is there then, too.
    pub(crate) async fn delivered(&self, run: &mut Run) -> Status {
        let word = self.house.counters().fired.to_string();
        self.house.set_state("sensor.word", &word, "{}");
        run.has("sensor.word", &word).await;
        run.within(DELIVERED, "everything is delivered", |status| {
            let sinks = status.at("/sinks").as_array().unwrap();
            status.adds_up()
                && sinks.iter().filter(|sink| sink["kind"] == "influxdb").all(|sink| sink["pending"] == 0)
        })
        .await
    }
}

/// A sink of that name in the status.
pub(crate) fn sink<'s>(status: &'s Status, name: &str) -> &'s Value {
    let sinks = status.at("/sinks").as_array().unwrap();
    sinks.iter().find(|sink| sink["name"] == name).unwrap_or_else(|| panic!("no sink {name}: {sinks:?}"))
}

/// What the program says of fields that a server has as another type.
async fn conflicts(run: &mut Run) -> Value {
    serde_json::from_str(&run.get("/api/v1/conflicts").await).unwrap()
}

/// Everything that was fired is stored, once, and nothing else is.
fn assert_same(stored: &[(String, i64, String)], fired: &States) {
    let mut missing = fired.clone();
    for (entity_id, time, state) in stored {
        let expected = missing.remove(&(entity_id.clone(), *time));
        assert_eq!(expected.as_ref(), Some(state), "{entity_id} at {time} is there twice, or was never so");
    }
    assert!(
        missing.is_empty(),
        "{} of {} are not stored, first {:?}",
        missing.len(),
        fired.len(),
        missing.first_key_value()
    );
}
