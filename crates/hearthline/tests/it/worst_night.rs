//! The worst night, in two acts, on a real Home Assistant and a real InfluxDB: what the system before Hearthline lost of it, and
//! what Hearthline did with what that left behind and with everything that went wrong afterwards.
//!
//! The account of each scene is held against a witness: a second client of the same Home Assistant, behind no proxy.

mod connection;
mod naive;
mod server;
mod table;
mod token;
mod types;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::hearthline::{Hearthline, Run, Status};
use crate::home_assistant::peer::HomeAssistant;
use crate::home_assistant::witness::{Change, Witness};
use crate::influxdb::MEASUREMENT;
use crate::influxdb::peer::InfluxDb;
use crate::proxy::Proxy;
use crate::wait::is_whole;

use table::{Scene, Table};

const SINK: &str = "influxdb";
/// Under this name Home Assistant lists the program's token.
const TOKEN: &str = "hearthline of the night";
/// What is this night's has this in its name.
const NIGHT: &str = "night_";
/// Between two changes of the house.
const CHANGE: Duration = Duration::from_millis(50);
/// What the recorder's commit and the questions to it may take, on a machine that is busy with other tests.
const SETTLED: Duration = Duration::from_secs(150);

/// Everything that plays.
struct Night {
    house: HomeAssistant,
    server: InfluxDb,
    witness: Witness,
    /// Between the program and Home Assistant.
    line: Proxy,
    /// Between the program and InfluxDB.
    way: Proxy,
    hearthline: Hearthline,
    began: Timestamp,
    changes: Cell<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Home Assistant and InfluxDB: cargo xtask test"]
async fn what_the_old_way_lost_of_it_and_that_nothing_else_was_lost() {
    let night = Night::falls().await;
    let naive = naive::play(&night).await;
    println!("{naive}");

    let mut table = Table::default();
    let mut run = night.hearthline.start();
    run.connected().await;
    types::play(&night, &mut run, &mut table).await;
    connection::play(&night, &mut run, &mut table).await;
    types::come_back(&night, &mut run, &mut table, naive.offered).await;
    server::play(&night, &mut run, &mut table).await;
    connection::storm(&night, &mut run, &mut table).await;
    token::play(&night, &mut run, &mut table).await;

    let last = night.settled(&mut run).await;
    let changes = night.assert_same().await;
    assert_eq!(last.count("/gaps/lost") + last.count("/gaps/partly"), 0, "{}", last.at("/gaps"));
    assert_eq!(last.count("/events/quarantined"), 0);
    assert!(run.stop().await.success());
    table.close(&naive, changes);
}

impl Night {
    async fn falls() -> Self {
        let (house, server) = (HomeAssistant::running().await, InfluxDb::running().await);
        let witness = Witness::of(&house).await;
        let (line, way) = (Proxy::before(&house.url()).await, Proxy::before(&server.url()).await);
        let token = house.new_token(TOKEN).await;
        let hearthline = Hearthline::new(&line.url(), "").without("HOME_ASSISTANT_TOKEN");
        let file = hearthline.path("token");
        std::fs::write(&file, &token).unwrap();
        let hearthline = hearthline.with_settings(&format!(
            "[home_assistant]\ntoken_file = \"{}\"\n[[sinks]]\ntype = \"influxdb\"\nname = \"{SINK}\"\nurl = \"{}\"\n\
             database = \"house\"\n",
            file.display(),
            way.url()
        ));
        let began = now();
        Self { house, server, witness, line, way, hearthline, began, changes: Cell::new(0) }
    }

    /// One change of a lamp whose `dynamics` is a text, a room whose `dynamics` is a boolean, or a sensor. Its state says which
    /// change of the night it is.
    async fn change(&self) -> String {
        let n = self.changes.replace(self.changes.get() + 1);
        let (entity, attributes) = match n % 3 {
            0 => ("light.night_lamp", json!({ "dynamics": "none", "brightness": n })),
            1 => ("light.night_room", json!({ "dynamics": n.is_multiple_of(2), "is_hue_group": true })),
            _ => ("sensor.night_kitchen", json!({ "unit_of_measurement": "°C" })),
        };
        self.house.set(entity, &n.to_string(), &attributes).await;
        entity.to_owned()
    }

    /// Does something while the house lives.
    async fn living<T>(&self, doing: impl Future<Output = T>) -> T {
        let mut doing = std::pin::pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return done,
                () = sleep(CHANGE) => drop(self.change().await),
            }
        }
    }

    /// The house lives for a while.
    async fn passes(&self) {
        let long = Duration::from_secs(if is_whole() { 60 } else { 3 });
        self.living(sleep(long)).await;
    }

    /// Waits until the program has heard the newest change, every gap is closed and everything is delivered.
    async fn settled(&self, run: &mut Run) -> Status {
        run.connected().await;
        self.heard(run).await;
        run.within(SETTLED, "every gap is closed", |status| status.count("/gaps/open") == 0).await;
        self.heard(run).await;
        run.within(SETTLED, "everything is delivered", |status| {
            let sink = sink(status);
            status.adds_up() && sink["pending"] == 0 && sink["refill"].is_null() && sink["state"] == "healthy"
        })
        .await
    }

    async fn heard(&self, run: &mut Run) {
        let n = self.changes.get().to_string();
        let entity = self.change().await;
        run.has(&entity, &n).await;
    }

    /// What Home Assistant changed of the night since then, by the witness.
    async fn told(&self, since: Timestamp) -> Vec<Change> {
        let mut told = self.witness.has_seen("", self.changes.get()).await;
        told.retain(|change| change.entity_id.contains(NIGHT) && change.ts >= since.0);
        told
    }

    /// What the store has of the night since then: entity, time, state.
    async fn stored(&self, since: Timestamp) -> Vec<(String, i64, String)> {
        let since = since.to_string();
        let answer = self.hearthline.command(&["export", "--format", "ndjson", "--from", &since]).await;
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let rows = answer.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let stored = rows.map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("entity_id"), Timestamp::parse(&text("ts")).unwrap().0, text("state"))
        });
        stored.filter(|(entity_id, ..)| entity_id.contains(NIGHT)).collect()
    }

    /// What InfluxDB has of the night.
    async fn delivered(&self) -> Vec<(String, i64, String)> {
        let points = self.server.states(MEASUREMENT).await.into_iter();
        let points = points.map(|(entity_id, time, state)| (entity_id, time / 1000, state));
        points.filter(|(entity_id, ..)| entity_id.contains(NIGHT)).collect()
    }

    /// Settles, and writes down what of the changes since then is neither in the store nor in InfluxDB.
    async fn account(&self, run: &mut Run, since: Timestamp, scene: Scene) -> Scene {
        self.settled(run).await;
        let told = self.told(since).await;
        let missing = |there: Vec<(String, i64, String)>| {
            let there: BTreeSet<_> = there.into_iter().collect();
            let wanted = told.iter().map(identity);
            wanted.filter(|change| !there.contains(change)).count()
        };
        let lost = [missing(self.stored(since).await), missing(self.delivered().await)];
        Scene { changes: told.len(), lost, ..scene }
    }

    /// Store and InfluxDB have each change of the night once and nothing else. How many there were.
    async fn assert_same(&self) -> usize {
        let told = self.told(self.began).await;
        let wanted: Vec<_> = sorted(told.iter().map(identity).collect());
        assert_eq!(wanted.len(), self.changes.get(), "each change was one");
        assert_eq!(sorted(self.stored(self.began).await), wanted, "in the store");
        assert_eq!(sorted(self.delivered().await), wanted, "in InfluxDB");
        wanted.len()
    }

    /// A repair that has to succeed; what it says of its steps.
    async fn repair(&self, arguments: &[&str]) -> String {
        let answer = self.hearthline.command(&[&["repair", "--json", "--apply"], arguments].concat()).await;
        assert_eq!(answer.code, 0, "repair {arguments:?}: {answer:?}");
        let receipt = &answer.json()["receipt"];
        assert_eq!(receipt["state"], "done", "{receipt}");
        let steps = receipt["steps"].as_array().unwrap().iter();
        let says: Vec<_> = steps.map(|step| step["done"]["says"].as_str().unwrap().to_owned()).collect();
        format!("`repair {}`: {}", arguments.join(" "), says.join("; "))
    }
}

fn identity(change: &Change) -> (String, i64, String) {
    (change.entity_id.clone(), change.ts, change.state.clone().unwrap_or_default())
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all
}

fn sink(status: &Status) -> &Value {
    crate::influxdb::sink(status, SINK)
}

fn now() -> Timestamp {
    SystemClock::new().now()
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
