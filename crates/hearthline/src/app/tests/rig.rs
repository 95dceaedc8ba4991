//! A house, its InfluxDB, and the program that records it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, Fs, Origin, RealFs, SystemClock, Timestamp};
use hearthline_pipeline::gaps::Cause;
use hearthline_runbook::status::{Part, Status};
use hearthline_sim::{Access, HomeAssistant, House, InfluxDb, InfluxVersion, Options};
use hearthline_store::StatesQuery;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::reload::Reading;
use crate::app::{App, Simulated, Snags, panics};
use crate::logging::LogFilter;
use crate::peer;
use crate::settings::{Purpose, Source};

const DATABASE: &str = "home";
const MEASUREMENT: &str = "home_assistant_events";
/// How long anything may take on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(150);

pub(super) struct Rig {
    pub(super) peer: HomeAssistant,
    influx: InfluxDb,
    pub(super) app: Arc<App>,
    pub(super) snags: Snags,
    began: Timestamp,
    stop: CancellationToken,
    pub(super) folder: TempDir,
}

impl Rig {
    pub(super) async fn new() -> Self {
        panics::hear();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let options = Options::default();
        let token = options.token.clone();
        let peer = HomeAssistant::new(House::empty(1, clock.now()), clock.clone(), options);
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let address = peer.listen(anywhere).await.unwrap();
        let influx = InfluxDb::new(InfluxVersion::V1, Access::Open, clock.clone());
        influx.create(DATABASE, None);
        let server = influx.listen(anywhere).await.unwrap();
        let file = format!(
            "[store]\nflush_interval = \"2s\"\n[[sinks]]\ntype = \"influxdb\"\nname = \"influxdb\"\nversion = 1\n\
             url = \"http://{server}\"\ndatabase = \"{DATABASE}\"\n"
        );
        let data = folder.path().display().to_string();
        let url = format!("http://{address}");
        let environment = [
            ("HOME_ASSISTANT_URL", url.as_str()),
            ("HOME_ASSISTANT_TOKEN", &token),
            ("HEARTHLINE_DATA_DIR", &data),
        ];
        let path = folder.path().join("hearthline.toml");
        (&RealFs as &dyn Fs).write_atomic(&path, file.as_bytes()).unwrap();
        let source = Source::new(Some(path), environment.into_iter().collect(), Purpose::Record, false);
        let settings = source.load().unwrap();
        let (began, simulated) = (clock.now(), Simulated::default());
        let snags = simulated.snags.clone();
        let link = peer::link(&settings).unwrap();
        let reading = Reading { source, log_filter: LogFilter::nowhere() };
        let app = App::start(&settings, link, Some(simulated), Cause::NotRunning, reading).unwrap();
        let (app, stop) = (Arc::new(app), CancellationToken::new());
        let (kept, until) = (Arc::clone(&app), stop.clone());
        tokio::spawn(async move { kept.keep_house(until).await });
        Self { peer, influx, app, snags, began, stop, folder }
    }

    pub(super) fn status(&self) -> Status {
        self.app.observer.observe();
        self.app.observer.status()
    }

    pub(super) fn part(&self, status: &Status, name: &str) -> Part {
        status.parts.iter().find(|part| part.name == name).unwrap().clone()
    }

    pub(super) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < deadline, "not in time: {what}; {:#?}", self.status());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) async fn connected(&self) {
        let connected = async || (self.status().home_assistant.state == "connected").then_some(());
        self.until("it is connected", connected).await;
    }

    /// Waits until every gap is filled and every sink has everything, then compares with what was fired. How many events
    /// that were, and how many are known from history.
    pub(super) async fn assert_complete(&self) -> (usize, usize) {
        let mut word = 0;
        self.until("every gap is filled and every sink has everything", async || {
            word += 1;
            self.peer.set_state("sensor.word", &word.to_string(), "{}");
            tokio::time::sleep(Duration::from_secs(1)).await;
            let status = self.status();
            let behind = status.sinks.iter().any(|sink| sink.pending > 50);
            (status.gaps.open == 0 && status.home_assistant.state == "connected" && !behind).then_some(())
        })
        .await;
        let status = self.status();
        assert_eq!((status.gaps.lost, status.gaps.partly), (0, 0), "{:#?}", status.gaps);
        let fired = self.peer.ledger();
        self.until("every sink has everything", async || {
            let status = self.status();
            (status.sinks.iter().all(|sink| sink.pending == 0) && status.events.unaccounted == 0)
                .then_some(())
        })
        .await;
        let (mut stored, from_history) = self.stored();
        let mut points = BTreeMap::<(String, i64), usize>::new();
        for point in self.influx.points(DATABASE, MEASUREMENT) {
            let entity = point.tags.iter().find(|(name, _)| *name == "entity_id").unwrap().1.clone();
            *points.entry((entity, point.time / 1000)).or_default() += 1;
        }
        for fired in &fired {
            let key = (fired.entity_id.to_string(), fired.time_fired.0);
            assert_eq!(stored.remove(&key), Some(1), "{key:?} in the store");
            assert_eq!(points.remove(&key), Some(1), "{key:?} in InfluxDB");
        }
        assert!(stored.is_empty() && points.is_empty(), "never fired: {stored:?} {points:?}");
        (fired.len(), from_history)
    }

    fn stored(&self) -> (BTreeMap<(String, i64), usize>, usize) {
        let (mut stored, mut from_history) = (BTreeMap::new(), 0);
        let query =
            StatesQuery { entities: None, renamed: false, from: self.began, to: Timestamp(i64::MAX / 2) };
        self.app
            .store
            .states(&query, |row| {
                *stored.entry((row.entity_id.to_string(), row.ts.0)).or_default() += 1;
                from_history += usize::from(row.origin == Origin::History);
                ControlFlow::Continue(())
            })
            .unwrap();
        (stored, from_history)
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        let mut app = self.app;
        let app = loop {
            match Arc::try_unwrap(app) {
                Ok(app) => break app,
                Err(shared) => app = shared, // the housekeeper is about to let go
            }
            tokio::task::yield_now().await;
        };
        app.stop().await.unwrap();
    }
}
