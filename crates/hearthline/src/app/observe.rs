//! Looks at the running parts once a second, and makes the status document.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Origin, Timestamp};
use hearthline_log::{Damage, Log, LogStats};
use hearthline_pipeline::deliver::{SinkView, SinkViewOf};
use hearthline_pipeline::health::{Board, PartState};
use hearthline_pipeline::ingest::{IngestView, ViewOf};
use hearthline_pipeline::metrics::{MINUTE, Sample, Samples};
use hearthline_pipeline::silence::SilenceView;
use hearthline_pipeline::sinks::Committed;
use hearthline_pipeline::sinks::influxdb::refill::{Loss, RefillViewOf, Why};
use hearthline_pipeline::sinks::influxdb::{InfluxView, InfluxViewOf};
use hearthline_pipeline::sources::home_assistant::{LinkState, LinkStatus};
use hearthline_pipeline::weather::{WeatherView, WeatherViewOf};
use hearthline_runbook::status::{self, Status};
use hearthline_runbook::{Connection, Facts, criteria, kept, silent, verdict};
use parking_lot::Mutex;
use tokio::sync::watch;

/// How often.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// A difference in the counters is said only when it stays: a look is not taken in one instant.
const SETTLE: Duration = Duration::from_secs(10);
/// Home Assistant restarts in less than this.
const RESTART: Duration = Duration::from_secs(300);

/// What can be looked at.
pub(super) struct Views {
    pub(super) ingest: Arc<IngestView>,
    pub(super) silence: Arc<SilenceView>,
    pub(super) sinks: Vec<Arc<SinkView>>,
    pub(super) influxdb: Vec<InfluxView>,
    pub(super) connection: watch::Receiver<LinkStatus>,
    pub(super) weather: Arc<WeatherView>,
    pub(super) log: Log,
}

/// Looks, and remembers an hour of it.
pub(crate) struct Observer {
    views: Views,
    board: Board,
    clock: Arc<dyn Clock>,
    start: Duration,
    /// The house is a simulated one.
    simulated: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    samples: Samples,
    /// Since when the counters have not added up.
    unaccounted_since: Option<Duration>,
}

/// One look at everything.
struct Look {
    ingest: ViewOf,
    sinks: Vec<SinkViewOf>,
    influxdb: Vec<(String, InfluxViewOf)>,
    connection: LinkStatus,
    weather: WeatherViewOf,
    log: LogStats,
}

impl Observer {
    pub(super) fn new(views: Views, board: Board, clock: Arc<dyn Clock>, simulated: bool) -> Self {
        let start = clock.monotonic();
        let observer = Self { views, board, clock, start, simulated, seen: Mutex::default() };
        observer.observe();
        observer
    }

    fn look(&self) -> Look {
        Look {
            ingest: self.views.ingest.look(),
            sinks: self.views.sinks.iter().map(|sink| sink.look()).collect(),
            influxdb: self.views.influxdb.iter().map(|view| (view.name().to_owned(), view.look())).collect(),
            connection: self.views.connection.borrow().clone(),
            weather: self.views.weather.look(),
            log: self.views.log.stats(),
        }
    }

    /// Samples the counters and lets the parts say how they are.
    pub(super) fn observe(&self) {
        let look = self.look();
        let now = self.clock.monotonic();
        let mut seen = self.seen.lock();
        seen.samples.push(look.sample(now));
        seen.unaccounted_since = match look.unaccounted() {
            0 => None,
            _ => seen.unaccounted_since.or(Some(now)),
        };
        drop(seen);
        self.set_parts(&look);
    }

    fn set_parts(&self, look: &Look) {
        let (state, reason) = match (&look.log.refuses, damaged(&self.views.log.damage())) {
            (Some(reason), _) => (PartState::Unhealthy, Some(reason.clone())),
            (None, Some(damaged)) => (PartState::Degraded, Some(damaged)),
            (None, None) => (PartState::Healthy, None),
        };
        self.board.set("log", state, reason);
        for sink in &look.sinks {
            let (state, reason) = look.state_of(sink);
            self.board.set(&sink.name, state, reason);
        }
        let link = &look.connection;
        let (state, reason) = match self.connection(link) {
            Connection::Connected => (PartState::Healthy, None),
            Connection::Connecting => (PartState::Starting, link.last_error.clone()),
            Connection::Waiting => (PartState::Degraded, link.last_error.clone()),
            Connection::Disconnected => (PartState::Unhealthy, link.last_error.clone()),
            Connection::Parked => (PartState::Parked, link.last_error.clone()),
        };
        self.board.set("home_assistant", state, reason);
        self.board.set("weather", look.weather.state, look.weather.reason.clone());
        self.board.set("api", PartState::Healthy, None);
    }

    /// The status document of this moment.
    pub(crate) fn status(&self) -> Status {
        let look = self.look();
        let (facts, per_minute, samples) = {
            let seen = self.seen.lock();
            let now = self.clock.monotonic();
            let settled = seen.unaccounted_since.is_some_and(|since| now.saturating_sub(since) > SETTLE);
            let per_minute = seen.samples.window(MINUTE).and_then(|window| window.per_minute());
            (self.facts(&look, settled), per_minute, seen.samples.clone())
        };
        let (overall, verdict) = verdict::judge(&facts);
        let quarantined = look.sinks.iter().map(|sink| sink.committed.quarantined).max().unwrap_or(0);
        let counters = look.ingest.counters;
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            overall,
            verdict,
            uptime_s: facts.uptime.as_secs(),
            home_assistant: self.home_assistant(&look),
            events: status::Events {
                received: counters.received_total(),
                filtered: counters.filtered,
                duplicate: counters.duplicate,
                logged: counters.logged,
                unlogged: counters.unlogged,
                quarantined: quarantined.max(counters.undecodable),
                unaccounted: i64::try_from(look.unaccounted()).unwrap_or(i64::MAX),
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a count of events"
                )]
                per_minute: per_minute.map(|rate| rate.round() as u64),
            },
            log: status::Log {
                first_seq: look.log.first_seq.0,
                last_seq: look.log.last_seq.0,
                bytes: look.log.bytes,
                synced_seq: look.log.synced_seq.0,
            },
            criteria: criteria::evaluate(&facts, &samples, overall),
            sinks: facts.sinks,
            parts: facts.parts,
            weather: self.weather(&look.weather),
            silent: silent::of(&self.views.silence.silent(), self.clock.now()),
            gaps: facts.gaps,
            kept: kept::of(&look.ingest.totals),
            simulated: self.simulated,
        }
    }

    fn facts(&self, look: &Look, difference_settled: bool) -> Facts {
        let link = &look.connection;
        Facts {
            uptime: self.clock.monotonic().saturating_sub(self.start),
            connection: self.connection(link),
            connection_for: self.clock.monotonic().saturating_sub(link.entered),
            connection_reason: link.last_error.clone(),
            ping_answered: link.ping.is_some(),
            unaccounted: if difference_settled { look.unaccounted() } else { 0 },
            log_refuses: look.log.refuses.clone(),
            sinks: look.sinks.iter().map(|sink| look.sink(sink)).collect(),
            parts: self.parts(),
            gaps: gaps(&look.ingest),
        }
    }

    fn connection(&self, link: &LinkStatus) -> Connection {
        let away = self.clock.monotonic().saturating_sub(link.entered) >= RESTART;
        match link.state {
            LinkState::Connected => Connection::Connected,
            LinkState::Parked => Connection::Parked,
            LinkState::Connecting | LinkState::Waiting if away => Connection::Disconnected,
            LinkState::Connecting => Connection::Connecting,
            LinkState::Waiting => Connection::Waiting,
        }
    }

    fn home_assistant(&self, look: &Look) -> status::HomeAssistant {
        let link = &look.connection;
        let state = self.connection(link);
        status::HomeAssistant {
            state: state.as_str().into(),
            since: link.since.to_string(),
            version: link.ha_version.clone(),
            attempts: link.attempts,
            last_event_age_s: look.ingest.last_event.map(|at| self.clock.now().since(at).as_secs_f64()),
            location_name: link.location_name.clone(),
            ping_s: link.ping.map(|ping| ping.as_secs_f64()),
            reason: link.last_error.clone().filter(|_| state != Connection::Connected),
        }
    }

    fn weather(&self, weather: &WeatherViewOf) -> status::Weather {
        let budget = |(used, limit)| status::Budget { used, limit };
        let requests = weather.outcomes.iter().map(|((provider, outcome), count)| status::WeatherRequests {
            provider: (*provider).into(),
            outcome: (*outcome).into(),
            count: *count,
        });
        let observation = weather.observation.as_deref();
        status::Weather {
            provider: weather.provider.into(),
            configured: weather.configured.into(),
            source: weather.source.clone(),
            state: weather.state.as_str().into(),
            reason: weather.reason.clone(),
            calls: weather.calls,
            cache_hits: weather.cache_hits,
            errors: weather.errors,
            limited: weather.limited,
            requests: requests.collect(),
            age_s: observation.map(|observation| self.clock.now().since(observation.at).as_secs_f64()),
            next_call_s: weather.next_call.map(|at| at.saturating_sub(self.clock.monotonic()).as_secs_f64()),
            quota: weather
                .quota
                .map(|[minute, day]| status::WeatherQuota { minute: budget(minute), day: budget(day) }),
            observation: observation.map(Into::into),
            attribution: weather.attribution.map(|attribution| status::Attribution {
                text: attribution.text.into(),
                url: attribution.url.into(),
            }),
            last_error: weather.last_error.clone(),
        }
    }

    fn parts(&self) -> Vec<status::Part> {
        let parts = self.board.parts().into_iter();
        parts
            .map(|part| status::Part {
                name: part.name.as_ref().into(),
                state: part.state.as_str().into(),
                since: part.since.to_string(),
                reason: part.reason,
                uptime: part.uptime,
            })
            .collect()
    }
}

impl Look {
    /// Events that are in no term of an equation, or in two: offered ones, logged ones that are not in the log, and those
    /// that a sink has counted and can show nowhere.
    fn unaccounted(&self) -> i128 {
        let counters = self.ingest.counters;
        let log = i128::from(counters.logged) - i128::from(self.log.events_total);
        let sinks = self.sinks.iter().map(|sink| {
            let Committed { events, delivered, filtered, collapsed, quarantined, lost, .. } = sink.committed;
            let shown = [delivered, filtered, collapsed, quarantined, lost].map(i128::from);
            (i128::from(events) - shown.iter().sum::<i128>()).abs()
        });
        counters.difference().abs() + log.abs() + sinks.sum::<i128>()
    }

    fn influxdb(&self, name: &str) -> Option<&InfluxViewOf> {
        self.influxdb.iter().find(|(of, _)| of == name).map(|(_, view)| view)
    }

    /// How a sink is, and why where it is not well.
    fn state_of(&self, sink: &SinkViewOf) -> (PartState, Option<String>) {
        let refill = self.influxdb(&sink.name).and_then(|view| view.refill.as_ref());
        match (sink.state, refill) {
            (PartState::Healthy | PartState::Starting, Some(refill)) => {
                (PartState::Degraded, Some(refilled(refill)))
            }
            (PartState::Healthy, None) => (PartState::Healthy, None),
            (state, _) => (state, sink.last_error.clone()),
        }
    }

    fn sink(&self, sink: &SinkViewOf) -> status::Sink {
        let (state, reason) = self.state_of(sink);
        let view = self.influxdb(&sink.name);
        status::Sink {
            name: sink.name.clone(),
            kind: sink.kind.into(),
            state: state.as_str().into(),
            reason,
            delivered: sink.committed.delivered,
            filtered: sink.committed.filtered,
            collapsed: sink.committed.collapsed,
            quarantined: sink.committed.quarantined,
            pending: sink.pending,
            lag_s: sink.lag.as_secs_f64(),
            write_errors: sink.write_errors,
            last_error: sink.last_error.clone(),
            version: view.and_then(|view| view.version.clone()),
            url: view.map(|view| view.url.clone()),
            database: view.map(|view| view.database.clone()),
            conflicts: view.map(|view| view.conflicts.len() as u64),
            lag_events: view.map(|view| sink.pending.saturating_sub(view.ahead)),
            lost: sink.committed.lost,
            loss: view.and_then(|view| view.loss.as_ref()).map(lost),
            refill: view.and_then(|view| view.refill.as_ref()).map(|view| refill(view, sink.state)),
        }
    }

    fn sample(&self, at: Duration) -> Sample {
        let counters = self.ingest.counters;
        let quarantined = self.sinks.iter().map(|sink| sink.committed.quarantined).max().unwrap_or(0);
        Sample {
            at,
            received: counters.received_total(),
            live: counters.received_of(Origin::Live),
            persisted: counters.filtered + counters.duplicate + counters.logged,
            failed: quarantined.max(counters.undecodable),
            states: self.sinks.iter().map(|sink| sink.states).max().unwrap_or(0),
            with_weather: self.sinks.iter().map(|sink| sink.with_weather).max().unwrap_or(0),
        }
    }
}

/// What is read from the store, for a person.
fn refilled(refill: &RefillViewOf) -> String {
    let RefillViewOf { done, of, .. } = refill;
    match refill.why {
        Why::Missed => {
            format!(
                "being refilled from the store with what the log could not keep for it: {done} of {of} events"
            )
        }
        Why::New => format!("being filled with what the store has: {done} of {of} events"),
        Why::Asked => format!("being refilled from the store, as was asked: {done} of {of} events"),
    }
}

fn refill(refill: &RefillViewOf, sink: PartState) -> status::Refill {
    let RefillViewOf { why, done, of, from, to, since, left, waiting } = *refill;
    status::Refill {
        why: why.as_str().into(),
        done,
        of,
        from: from.map(|from| from.to_string()),
        to: to.map(|to| to.to_string()),
        since: since.to_string(),
        left_s: left.map(|left| left.as_secs_f64()),
        waiting: waiting as u64,
        running: matches!(sink, PartState::Healthy | PartState::Starting),
    }
}

/// What a sink will never have, for a person.
fn lost(loss: &Loss) -> String {
    let Loss { events, from, to, words } = loss;
    let from = from.map_or_else(|| "the first".to_owned(), |from| from.to_string());
    let to = to.map_or_else(|| "what the log has".to_owned(), |to| to.to_string());
    format!("{events} events from {from} to {to} are neither in the log nor in the store: {words}")
}

/// What of the log cannot be read, for a person.
fn damaged(damage: &[Damage]) -> Option<String> {
    let (first, more) = damage.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!("; and {} more such places", more.len()) };
    Some(format!(
        "a part of it cannot be read, what follows it can: {first}{more}; see what `dmesg` and `smartctl` tell of the \
         disk, and `hearthline log verify` for all of it"
    ))
}

fn gaps(ingest: &ViewOf) -> status::Gaps {
    let written = |at: Timestamp| at.to_string();
    let recent = ingest.recent_gaps.iter().map(|gap| status::Gap {
        id: gap.id,
        state: gap.state.as_str().into(),
        from: written(gap.from),
        to: gap.to.map(written),
        cause: if gap.detail.is_empty() {
            gap.cause.to_string()
        } else {
            format!("{}: {}", gap.cause, gap.detail)
        },
        entities: gap.entities.iter().map(ToString::to_string).collect(),
        recovered: gap.recovered,
        kind: gap.cause.as_str().into(),
        through: gap.through.map(written),
        not_kept: gap.result.not_kept.iter().map(ToString::to_string).collect(),
        without_attributes: gap.without_attributes,
        note: Some(gap.result.note.clone()).filter(|note| !note.is_empty()),
    });
    status::Gaps {
        open: ingest.gaps.open,
        filled: ingest.gaps.filled,
        partly: ingest.gaps.partly,
        lost: ingest.gaps.lost,
        recent: recent.collect(),
    }
}
