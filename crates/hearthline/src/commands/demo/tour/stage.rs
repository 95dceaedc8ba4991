//! What the acts share: the simulated house and InfluxDB in this process, and the recorder beside it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use hearthline_core::{Clock, SystemClock, Timestamp};
use hearthline_runbook::Status;
use hearthline_runbook::status::{Gaps, Sink};
use hearthline_sim::{Fault, HomeAssistant, House as SimulatedHouse, InfluxDb, NaiveWriter, Options};
use tokio::time::{Instant, sleep};

use super::super::influxdb::{self, BUCKET};
use super::super::{Args, TOKEN};
use super::account::{self, Account, Changes, Recorded, compare};
use super::recorder::Recorder;
use crate::house::House;
use crate::settings::Settings;

/// What a start may take, and everything else that waits for nobody but this machine.
pub(super) const SOON: Duration = Duration::from_secs(30);
/// What the way back to a peer may take, and the filling of a gap: the recorder of Home Assistant writes every 5 s.
pub(super) const FILLED: Duration = Duration::from_secs(90);
/// Between two looks at what is in this process.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// An entity that only the tour writes.
const WORD: &str = "sensor.tour";

/// All of it.
pub(super) struct Stage {
    /// The simulated Home Assistant.
    pub(super) peer: HomeAssistant,
    /// The simulated InfluxDB.
    pub(super) influx: InfluxDb,
    /// The old way, which writes into a copy of the bucket.
    pub(super) naive: NaiveWriter,
    /// The recorder.
    pub(super) recorder: Recorder,
    clock: Arc<dyn Clock>,
    /// When the recorder had its first word.
    began: Timestamp,
}

impl Stage {
    /// Sets it up and starts the recorder on an empty folder.
    ///
    /// # Errors
    /// When something cannot be started, or the recorder does not connect.
    pub(super) async fn set(settings: &Settings, args: &Args) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let house = SimulatedHouse::new(args.seed, clock.now()).with_rate(args.rate);
        let peer = HomeAssistant::new(
            house,
            Arc::clone(&clock),
            Options { token: TOKEN.into(), ..Options::default() },
        );
        let address = peer.listen(anywhere).await?;
        let influx = influxdb::server(Arc::clone(&clock))?;
        let influx_address = influx.listen(anywhere).await?;
        let naive = influxdb::naive(&format!("http://{address}").parse()?, TOKEN, influx_address)?;
        let recorder = Recorder::new(settings, address, influx_address)?;
        let living = peer.clone();
        tokio::spawn(async move { living.run().await });
        let mut stage = Self { peer, influx, naive, recorder, clock, began: Timestamp(0) };
        stage.recorder.start()?;
        stage.recorder.until("it is connected", SOON, is_connected).await?;
        stage.began = stage.word("begin")?;
        stage.settled(SOON).await?;
        Ok(stage)
    }

    /// Now, by the clock of the house.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The house says a word. When it was fired.
    ///
    /// # Errors
    /// When it is the same as before.
    pub(super) fn word(&self, word: &str) -> anyhow::Result<Timestamp> {
        let fired = self.peer.set_state(WORD, word, "{}");
        fired.map(|fired| fired.time_fired).with_context(|| format!("{WORD} is {word} already"))
    }

    /// The house says so many words at once.
    ///
    /// # Errors
    /// When one is the same as before.
    pub(super) fn words(&self, word: &str, count: u32) -> anyhow::Result<()> {
        (0..count).try_for_each(|number| self.word(&format!("{word} {number}")).map(drop))
    }

    /// Many events.
    pub(super) fn storm(&self, per_second: u32, lasting: Duration) {
        self.peer.cause(Fault::Storm { per_second, lasting, attribute_bytes: 200 });
    }

    /// Waits until no gap is open and everything that was fired up to now is in store and InfluxDB. When that now was.
    ///
    /// # Errors
    /// When it takes too long.
    pub(super) async fn settled(&mut self, within: Duration) -> anyhow::Result<Timestamp> {
        let quiet = |status: &Status| is_connected(status) && status.gaps.open == 0;
        self.recorder.until("it is connected and no gap is open", within, quiet).await?;
        let fired = self.peer.counters().fired;
        let last = self.word(&format!("after {fired} events"))?;
        let influx = self.influx.clone();
        let is_there = move || {
            let points = influx.points(BUCKET, BUCKET);
            points.iter().any(|point| point.time == last.0 * 1000)
        };
        let done =
            |status: &Status| sink(status).is_some_and(|sink| sink.lag_events == Some(0)) && is_there();
        self.recorder.until("everything is in InfluxDB", within, done).await?;
        Ok(last)
    }

    /// Waits for something in this process. How long it took.
    ///
    /// # Errors
    /// When it takes longer than `within`.
    pub(super) async fn until(
        &self,
        what: &str,
        within: Duration,
        is: impl Fn() -> bool,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while !is() {
            anyhow::ensure!(began.elapsed() < within, "expected within {} s: {what}", within.as_secs());
            sleep(LOOK_AGAIN).await;
        }
        Ok(began.elapsed())
    }

    /// What the house fired in a period.
    pub(super) fn fired(&self, from: Timestamp, to: Timestamp) -> Changes {
        account::fired(self.peer.ledger(), (from, to))
    }

    /// What the InfluxDB has of a period, in one of its buckets.
    pub(super) fn points(&self, bucket: &str, from: Timestamp, to: Timestamp) -> Recorded {
        Recorded::of_points(&self.influx.points(bucket, BUCKET), (from, to))
    }

    /// What the store has of a period: as the running program says, or from the files where none runs.
    ///
    /// # Errors
    /// As these say.
    pub(super) async fn rows(&self, from: Timestamp, to: Timestamp) -> anyhow::Result<Recorded> {
        let query = [("format", "ndjson".to_owned()), ("from", from.to_string())];
        let chunks = House::find(&self.recorder.settings)?.stream("/api/v1/export", &query).await?;
        let whole: Vec<u8> = chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await?;
        Recorded::of_rows(std::str::from_utf8(&whole)?, (from, to))
    }

    /// The gaps that the recorder names.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn gaps(&self) -> anyhow::Result<Gaps> {
        self.recorder.program()?.query("/api/v1/gaps", &[]).await
    }

    /// Store and InfluxDB against the ledger, from the beginning of the tour until `to`.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) async fn accounts(&self, to: Timestamp, gaps: &Gaps) -> anyhow::Result<(Account, Account)> {
        let fired = self.fired(self.began, to);
        let (rows, points) = (self.rows(self.began, to).await?, self.points(BUCKET, self.began, to));
        Ok((compare(&fired, &rows, &gaps.recent), compare(&fired, &points, &gaps.recent)))
    }

    /// Everything is well again, whatever an act left behind.
    pub(super) fn heal(&self) {
        self.peer.heal();
        self.influx.heal();
    }
}

/// Authenticated, subscribed and heard from.
pub(super) fn is_connected(status: &Status) -> bool {
    status.home_assistant.state == "connected"
}

/// The InfluxDB, as the recorder sees it.
pub(super) fn sink(status: &Status) -> Option<&Sink> {
    status.sinks.iter().find(|sink| sink.kind == "influxdb")
}
