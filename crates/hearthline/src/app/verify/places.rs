//! From the log on: the disk, the store, its files, and every sink.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{EntityId, Seq, StateRow};
use hearthline_pipeline::deliver::SinkView;
use hearthline_pipeline::filter::{Decision, Filter, Subject};
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use hearthline_pipeline::sinks::influxdb::{InfluxView, Server};
use hearthline_runbook::parts::{LOG, STORE, WEATHER};
use hearthline_runbook::verify::{Expected, Leg, Outcome, Step, Trouble, readback};
use hearthline_store::StatesQuery;
use tokio::time::{Instant, sleep, timeout};

use super::{Found, Verifier, Way};
use crate::app::sinks::server;
use crate::settings::InfluxDb;

/// How long the disk and the store may take.
const DISK: Duration = Duration::from_secs(20);
/// How long a sink may take, beside the time for which it collects rows.
const SENT: Duration = Duration::from_secs(20);
/// How long a sink that is not well is waited for.
const UNWELL: Duration = Duration::from_secs(5);
/// How long a server that took a point may take to show it.
const SHOWN: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// Between two questions to a server.
const ASK: Duration = Duration::from_millis(200);
/// With so many events before it, a sink is behind and not stuck.
const BEHIND: u64 = 1000;

type Passed = Result<(Duration, String), Trouble>;

/// A sink beside the store.
pub(super) struct Target {
    settings: InfluxDb,
    delivery: Arc<SinkView>,
    view: InfluxView,
}

impl Target {
    pub(super) fn new(settings: &InfluxDb, delivery: &Arc<SinkView>, view: &InfluxView) -> Self {
        Self { settings: settings.clone(), delivery: Arc::clone(delivery), view: view.clone() }
    }

    fn name(&self) -> &str {
        &self.settings.name.value
    }
}

impl Verifier {
    /// The sinks beside the store, as the settings of this moment have them.
    fn targets(&self) -> Vec<Target> {
        let settings = self.current.settings();
        let sinks = settings.sinks.iter().zip(&self.others);
        sinks.map(|(settings, (delivery, view))| Target::new(settings, delivery, view)).collect()
    }

    /// Follows what is in the log to every place.
    pub(super) async fn follow(&self, mut way: Way) -> Way {
        let legs = match &way.found {
            Some(found) => self.legs(&way, found).await,
            None => self.not_tried(),
        };
        way.change.legs.extend(legs);
        way
    }

    fn not_tried(&self) -> Vec<Leg> {
        let earlier = |part: &str, step| Leg::of(part, step, Err(Trouble::Earlier));
        let targets = self.targets();
        let sinks = targets.iter().map(|target| earlier(target.name(), Step::Delivered));
        std::iter::once(earlier(STORE, Step::Stored)).chain(sinks).collect()
    }

    async fn legs(&self, way: &Way, found: &Found) -> Vec<Leg> {
        let targets = self.targets();
        let sinks = targets.iter().map(|target| self.sink(way, found, target));
        let (synced, stored, sinks) = tokio::join!(
            self.synced(way, found),
            self.stored(way, found),
            futures_util::future::join_all(sinks),
        );
        let mut legs = vec![Leg::of(LOG, Step::Synced, synced)];
        match stored {
            Ok((passed, row)) => {
                legs.push(Leg::of(STORE, Step::Stored, Ok(passed.clone())));
                legs.extend(self.weather(passed.0, &row));
            }
            Err(trouble) => legs.push(Leg::of(STORE, Step::Stored, Err(trouble))),
        }
        legs.extend(sinks.into_iter().flatten());
        legs
    }

    async fn synced(&self, way: &Way, found: &Found) -> Passed {
        match timeout(DISK, self.log.sync_through(found.seq)).await {
            Ok(Ok(())) => Ok((self.after(way.since), format!("through record {}", found.seq))),
            Ok(Err(error)) => Err(Trouble::LogRefuses(error.to_string())),
            Err(_) => Err(Trouble::Late(DISK)),
        }
    }

    async fn stored(&self, way: &Way, found: &Found) -> Result<((Duration, String), StateRow), Trouble> {
        self.given(&self.delivery, DISK, || self.delivery.given() >= found.seq).await?;
        let row = self
            .row(found)
            .await?
            .ok_or_else(|| Trouble::Says("the store was given it, and a query does not find it".into()))?;
        way.expected.in_row(&row)?;
        Ok(((self.after(way.since), "a query gives the row as it was set".into()), row))
    }

    /// The row that the store has of it.
    async fn row(&self, found: &Found) -> Result<Option<StateRow>, Trouble> {
        let (store, tie) = (Arc::clone(&self.store), found.tie);
        let query = StatesQuery {
            entities: Some(vec![EntityId::from(found.entity_id.as_str())]),
            renamed: false,
            from: found.ts,
            to: found.ts.plus(Duration::from_micros(1)),
        };
        let look = move || {
            let mut row = None;
            store
                .states(&query, |found| {
                    if found.tie == tie {
                        row = Some(found);
                    }
                    ControlFlow::Continue(())
                })
                .map(|()| row)
        };
        let looked =
            tokio::task::spawn_blocking(look).await.map_err(|error| Trouble::Says(error.to_string()))?;
        looked.map_err(|error| Trouble::Says(error.to_string()))
    }

    fn weather(&self, after: Duration, row: &StateRow) -> Option<Leg> {
        let weather = self.observer.status().weather;
        if weather.state == PartState::Off.as_str() || row.state.is_none() {
            return None;
        }
        let passed = match &row.weather {
            Some(observation) => {
                let temperature = observation.temperature.map_or(String::new(), |t| format!("{t} °C, "));
                Ok((after, format!("{temperature}as of {}", observation.at)))
            }
            None => {
                let why =
                    weather.reason.unwrap_or_else(|| format!("{} is {}", weather.provider, weather.state));
                Err(Trouble::NoWeather(why))
            }
        };
        Some(Leg::of(WEATHER, Step::Weather, passed))
    }

    /// Has the store write its files, once for all, and reads every row back from them. What that takes is told, not since when
    /// the states were set: those of the first round wait for the last.
    pub(super) async fn read_from_files(&self, ways: &mut [Way]) {
        let is_stored = |way: &Way| {
            way.change.legs.iter().any(|leg| leg.step == Step::Stored && leg.outcome == Outcome::Passed)
        };
        if !ways.iter().any(is_stored) {
            return;
        }
        let began = self.clock.monotonic();
        let flushed = self.flush().await;
        for way in ways.iter_mut().filter(|way| is_stored(way)) {
            let Some(found) = &way.found else { continue };
            let passed = match &flushed {
                Ok(seq) if *seq >= found.seq => self.in_files(way, found).await.map(|()| {
                    let took = self.clock.monotonic().saturating_sub(began);
                    (took, format!("files through record {seq} give the row as it was set"))
                }),
                Ok(_) => Err(Trouble::Late(DISK)),
                Err(trouble) => Err(trouble.clone()),
            };
            let behind =
                way.change.legs.iter().rposition(|leg| matches!(leg.step, Step::Stored | Step::Weather));
            way.change.legs.insert(behind.map_or(0, |at| at + 1), Leg::of(STORE, Step::Files, passed));
        }
    }

    async fn in_files(&self, way: &Way, found: &Found) -> Result<(), Trouble> {
        let row = self.row(found).await?;
        let row = row.ok_or_else(|| Trouble::Says("the row was there, and is not in the files".into()))?;
        way.expected.in_row(&row)
    }

    async fn flush(&self) -> Result<Seq, Trouble> {
        match timeout(DISK, self.flusher.clone().flush()).await {
            Ok(Ok(seq)) => Ok(seq),
            Ok(Err(words)) => Err(Trouble::Says(words)),
            Err(_) => Err(Trouble::Late(DISK)),
        }
    }

    async fn sink(&self, way: &Way, found: &Found, target: &Target) -> Vec<Leg> {
        let name = target.name();
        let filter = match target.settings.filter.compiled() {
            Ok(filter) => filter,
            Err(error) => {
                return vec![Leg::of(name, Step::Delivered, Err(Trouble::Says(error.to_string())))];
            }
        };
        let decision = self.decision(&filter, found).await;
        if !decision.kept {
            let trouble = Trouble::LeftOut(found.entity_id.clone(), decision.rule);
            return vec![Leg::of(name, Step::Delivered, Err(trouble))];
        }
        let within = *target.settings.batch_interval + SENT;
        let arrived = self.given(&target.delivery, within, || target.view.settled() >= found.seq).await;
        let delivered =
            arrived.map(|()| (self.after(way.since), "the server has answered for it".to_owned()));
        let is_delivered = delivered.is_ok();
        let mut legs = vec![Leg::of(name, Step::Delivered, delivered)];
        if is_delivered {
            legs.push(Leg::of(name, Step::ReadBack, self.read_back(way, found, target).await));
        }
        legs
    }

    /// What a sink's filter says of it. Where it belongs, and its class, is known to the store.
    async fn decision(&self, filter: &Filter, found: &Found) -> Decision {
        if !filter.looks_further() {
            return filter.decide(found.entity_id.as_str());
        }
        let is_stored = self.given(&self.delivery, DISK, || self.delivery.given() >= found.seq).await.is_ok();
        let row = if is_stored { self.row(found).await.ok().flatten() } else { None };
        let series = self.store.series(&found.entity_id);
        filter.decide(Subject {
            entity_id: &found.entity_id,
            info: series.info.as_deref(),
            device_class: row.as_ref().and_then(|row| row.device_class.as_deref()),
        })
    }

    async fn read_back(&self, way: &Way, found: &Found, target: &Target) -> Passed {
        let seen = target.view.look();
        if seen.reads_lines {
            return Err(Trouble::NoQuestions);
        }
        let row = self.row(found).await?;
        let row =
            row.ok_or_else(|| Trouble::Says("the server has answered for a row that is in no store".into()))?;
        // A repair may have moved all points of a layout with one measurement.
        let measurement = seen
            .measurement
            .as_deref()
            .map_or_else(|| target.settings.layout.measurement_of(&row), Into::into);
        let layout = &target.settings.layout;
        let fields = way.expected.fields(layout, &found.entity_id, &measurement, &seen.conflicts);
        if fields.is_empty() {
            return Err(Trouble::NoPoint);
        }
        let has_attribute = way.expected.dynamics.is_none() || fields.len() > 1;
        let config = server(&target.settings).map_err(|error| Trouble::Unread(format!("{error:#}")))?;
        let mut server = Server::new(config).map_err(|error| Trouble::Unread(error.to_string()))?;
        let version =
            seen.speaks.ok_or_else(|| Trouble::Unread("its server has not said which it is".into()))?;
        let from = found.ts.0.saturating_mul(1000);
        let kinds: Vec<_> = fields.iter().map(|(field, value)| (field.clone(), value.kind())).collect();
        let entity = layout.entity_tag(&found.entity_id);
        let is_it = |point: &StoredPoint| {
            point.time == from.saturating_add(found.tie.into())
                && point.tags.iter().any(|(tag, value)| tag == "entity_id" && value == entity)
        };
        let began = Instant::now();
        let point = loop {
            let asked =
                server.points_at(version, &measurement, &kinds, from..from.saturating_add(1000)).await;
            match asked.map(|points| points.into_iter().find(is_it)) {
                Ok(Some(point)) => break point,
                Ok(None) if began.elapsed() >= SHOWN => return Err(Trouble::Late(SHOWN)),
                Err(Stop::Later { words, .. }) if began.elapsed() >= SHOWN => {
                    return Err(Trouble::Unread(words));
                }
                Err(Stop::Parked(words)) => return Err(Trouble::Unread(words)),
                Ok(None) | Err(Stop::Later { .. }) => sleep(ASK).await,
            }
        };
        Expected::in_point(&point, &fields)?;
        let shown: Vec<_> = point.fields.iter().map(|(field, value)| format!("{field} = {value}")).collect();
        let says = match has_attribute {
            true => shown.join(", "),
            false => format!("{}; its attributes leave {} out", shown.join(", "), readback::ATTRIBUTE),
        };
        Ok((self.after(way.since), says))
    }

    /// Waits until a delivery has come so far; not for long where it is not well.
    async fn given(
        &self,
        delivery: &SinkView,
        within: Duration,
        arrived: impl Fn() -> bool,
    ) -> Result<(), Trouble> {
        let began = Instant::now();
        loop {
            if arrived() {
                return Ok(());
            }
            let seen = delivery.look();
            let reason =
                || seen.last_error.clone().unwrap_or_else(|| format!("it is {}", seen.state.as_str()));
            match seen.state {
                PartState::Parked => return Err(Trouble::Away(reason())),
                PartState::Degraded | PartState::Unhealthy | PartState::Starting
                    if began.elapsed() >= UNWELL =>
                {
                    return Err(Trouble::Away(reason()));
                }
                _ if began.elapsed() >= within && seen.pending > BEHIND => {
                    return Err(Trouble::Behind(seen.pending));
                }
                _ if began.elapsed() >= within => return Err(Trouble::Late(within)),
                _ => sleep(LOOK).await,
            }
        }
    }
}
