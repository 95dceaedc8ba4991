//! Looks at the running parts once a second, and makes the status document.

mod parts;
mod refill;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hearthline_core::{Clock, Origin, Timestamp};
use hearthline_log::{Log, LogStats};
use hearthline_pipeline::deliver::{SinkView, SinkViewOf};
use hearthline_pipeline::health::Board;
use hearthline_pipeline::ingest::{FIRST_MINUTES, IngestView, ViewOf};
use hearthline_pipeline::metrics::{MINUTE, Sample, Samples};
use hearthline_pipeline::silence::SilenceView;
use hearthline_pipeline::sinks::Committed;
use hearthline_pipeline::sinks::influxdb::{InfluxView, InfluxViewOf};
use hearthline_pipeline::sources::home_assistant::LinkStatus;
use hearthline_pipeline::weather::{WeatherView, WeatherViewOf};
use hearthline_runbook::alerts::{Alerts, Limits};
use hearthline_runbook::backup::Backups;
use hearthline_runbook::criteria::Targets;
use hearthline_runbook::discovery::Figures;
use hearthline_runbook::maintenance::Maintenance;
use hearthline_runbook::notify::Notify;
use hearthline_runbook::status::{self, Overall, Status};
use hearthline_runbook::verify::Kept;
use hearthline_runbook::{Connection, Facts, criteria, kept, silent, verdict};

use super::alerts::AlertWatch;
use super::mqtt::Announcer;
use super::supervise::Supervised;
use super::uptime::Uptimes;
use parking_lot::Mutex;
use tokio::sync::watch;

/// How often.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// A difference in the counters is said only when it stays: a look is not taken in one instant.
const SETTLE: Duration = Duration::from_secs(10);

/// What can be looked at.
pub(super) struct Views {
    pub(super) ingest: Arc<IngestView>,
    pub(super) silence: Arc<SilenceView>,
    pub(super) sinks: Vec<Arc<SinkView>>,
    pub(super) influxdb: Vec<InfluxView>,
    pub(super) connection: watch::Receiver<LinkStatus>,
    pub(super) weather: Arc<WeatherView>,
    pub(super) log: Log,
    pub(super) supervised: Supervised,
    /// What is switched off because of mistakes in the settings, and which these are.
    pub(super) off: Option<String>,
    pub(super) canary: CanaryView,
    /// What is told Home Assistant; none where the settings name no broker.
    pub(super) announcer: Option<Announcer>,
}

/// The verifications.
pub(super) struct CanaryView {
    pub(super) kept: Arc<Kept>,
    /// Between two that the program does by itself.
    pub(super) every: Option<Duration>,
}

/// Looks, and remembers an hour of it.
pub(crate) struct Observer {
    views: Views,
    board: Board,
    clock: Arc<dyn Clock>,
    start: Duration,
    /// The house is a simulated one.
    simulated: bool,
    targets: Mutex<Targets>,
    /// What a person should know of the settings.
    note: Mutex<Option<String>>,
    uptime: Uptimes,
    watch: AlertWatch,
    seen: Mutex<Seen>,
    /// Known once they are looked after.
    backups: OnceLock<Backups>,
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
    supervised: Supervised,
}

impl Observer {
    pub(super) fn new(
        views: Views,
        clock: Arc<dyn Clock>,
        simulated: bool,
        targets: Targets,
        uptime: Uptimes,
        watch: AlertWatch,
    ) -> Self {
        let (board, start) = (Board::new(Arc::clone(&clock)), clock.monotonic());
        let (targets, note, seen) = (Mutex::new(targets), Mutex::default(), Mutex::default());
        let backups = OnceLock::new();
        let observer =
            Self { views, board, clock, start, simulated, targets, note, uptime, watch, seen, backups };
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
            supervised: self.views.supervised.clone(),
        }
    }

    /// Judges by other targets and limits from now on.
    pub(super) fn judge_by(&self, targets: Targets, limits: Limits) {
        *self.targets.lock() = targets;
        self.watch.judge_by(limits);
    }

    /// What a person should know of the settings; none is nothing.
    pub(super) fn note(&self, note: Option<String>) {
        *self.note.lock() = note;
    }

    /// Samples the counters, lets the parts say how they are, and draws the conclusions that a person should know of. Answers
    /// with how the whole is.
    pub(super) fn observe(&self) -> Overall {
        let look = self.look();
        let now = self.clock.monotonic();
        let mut seen = self.seen.lock();
        seen.samples.push(look.sample(now));
        seen.unaccounted_since = match look.unaccounted() {
            0 => None,
            _ => seen.unaccounted_since.or(Some(now)),
        };
        let window = seen.samples.window(self.targets.lock().window);
        drop(seen);
        self.set_parts(&look);
        self.uptime.look(&self.board.parts());
        let facts = self.facts(&look);
        let canary = facts.canary.clone();
        let status = self.document(&look, facts);
        self.watch.look(&status, window, canary.as_ref());
        if let Some(announcer) = &self.views.announcer {
            announcer.show(Figures::of(&status));
        }
        status.overall
    }

    /// What of it a person should know.
    pub(crate) const fn alerts(&self) -> &Alerts {
        &self.watch.alerts
    }

    /// From now on backups are looked after.
    pub(super) fn tell_of(&self, backups: Backups) {
        // Only the first counts, and there is one.
        let _ = self.backups.set(backups);
    }

    /// The backups that the program takes by itself.
    fn backup(&self) -> Option<status::Backup> {
        let facts = self.backups.get()?.facts(self.clock.now())?;
        Some(status::Backup {
            every_s: facts.every.as_secs(),
            age_s: facts.age.map(|age| age.as_secs()),
            waited_s: facts.waited.as_secs(),
            failed: facts.failed,
        })
    }

    /// Who is told of it.
    pub(crate) const fn notify(&self) -> &Notify {
        &self.watch.notify
    }

    /// Whether a person works on the house.
    pub(crate) const fn maintenance(&self) -> &Maintenance {
        &self.watch.maintenance
    }

    /// Measures the disk if that was long ago. Waits for it.
    pub(super) fn measure(&self) {
        self.watch.measure();
    }

    /// Keeps how long the parts were up, if that was kept long ago or is to be `now`. Waits for the disk.
    pub(super) fn keep_uptime(&self, now: bool) {
        if now {
            self.uptime.write();
        } else {
            self.uptime.refresh();
        }
    }

    /// The status document of this moment.
    pub(crate) fn status(&self) -> Status {
        let look = self.look();
        self.document(&look, self.facts(&look))
    }

    /// What follows from one look.
    fn document(&self, look: &Look, facts: Facts) -> Status {
        let (overall, verdict) = verdict::judge(&facts);
        let (per_minute, criteria) = {
            let Seen { samples, .. } = &*self.seen.lock();
            let per_minute = samples.window(MINUTE).and_then(|window| window.per_minute());
            (per_minute, criteria::evaluate(&facts, samples, overall, &self.targets.lock()))
        };
        let quarantined = look.sinks.iter().map(|sink| sink.committed.quarantined).max().unwrap_or(0);
        let counters = look.ingest.counters;
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            overall,
            verdict,
            uptime_s: facts.uptime.as_secs(),
            uptime_since: Some(self.uptime.since().to_string()),
            home_assistant: self.home_assistant(look),
            events: status::Events {
                received: counters.received_total(),
                filtered: counters.filtered,
                duplicate: counters.duplicate,
                logged: counters.logged,
                unlogged: counters.unlogged,
                quarantined: quarantined.max(counters.undecodable),
                unaccounted: i64::try_from(facts.unaccounted).unwrap_or(i64::MAX),
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
            criteria,
            sinks: facts.sinks,
            parts: facts.parts,
            weather: self.weather(&look.weather),
            silent: silent::of(&self.views.silence.silent(), self.clock.now()),
            gaps: facts.gaps,
            kept: kept::of(&look.ingest.totals),
            disk_full: facts.disk_full,
            backup: self.backup(),
            alerts: self.watch.alerts.counts(),
            settings_note: self.note.lock().clone(),
            maintenance: self.watch.maintenance.now().map(|period| period.shown(self.clock.now())),
            simulated: self.simulated,
        }
    }

    fn facts(&self, look: &Look) -> Facts {
        let (link, canary) = (&look.connection, &self.views.canary);
        let since = self.seen.lock().unaccounted_since;
        let settled = since.is_some_and(|since| self.clock.monotonic().saturating_sub(since) > SETTLE);
        Facts {
            uptime: self.clock.monotonic().saturating_sub(self.start),
            known_for: self.clock.now().since(self.uptime.since()),
            connection: self.connection(link),
            connection_for: self.clock.monotonic().saturating_sub(link.entered),
            connection_reason: link.last_error.clone(),
            ping_answered: link.ping.is_some(),
            unaccounted: if settled { look.unaccounted() } else { 0 },
            log_refuses: look.log.refuses.clone(),
            sinks: look.sinks.iter().map(|sink| look.sink(sink)).collect(),
            parts: self.parts(),
            gaps: gaps(&look.ingest),
            disk_full: self.watch.disk_full(),
            canary: canary.kept.canary(canary.every, self.clock.now()),
            changed: look.changed(self.clock.now()),
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
            connects: link.connects,
            last_event_age_s: look.ingest.last_event.map(|at| self.clock.now().since(at).as_secs_f64()),
            location_name: link.location_name.clone(),
            ping_s: link.ping.map(|ping| ping.as_secs_f64()),
            reason: link.last_error.clone().filter(|_| state != Connection::Connected),
            last_error: link.last_error.clone(),
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

    /// In the first minutes, how many entities have changed, and of how many.
    fn changed(&self, now: Timestamp) -> Option<(u64, u64)> {
        let since = self.ingest.totals.since?;
        let changed = self.ingest.changed.filter(|_| now.since(since) < FIRST_MINUTES)?;
        Some((changed as u64, self.ingest.entities as u64))
    }

    fn influxdb(&self, name: &str) -> Option<&InfluxViewOf> {
        self.influxdb.iter().find(|(of, _)| of == name).map(|(_, view)| view)
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
            slow_s: parts::slowness(sink).map(|took| took.as_secs_f64()),
            lost: sink.committed.lost,
            loss: view.and_then(|view| view.loss.as_ref()).map(refill::lost),
            refill: view.and_then(|view| view.refill.as_ref()).map(|view| refill::shown(view, sink.state)),
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
            refused: self.influxdb.iter().map(|(_, view)| view.refused_for_type).sum(),
            states: self.sinks.iter().map(|sink| sink.states).max().unwrap_or(0),
            with_weather: self.sinks.iter().map(|sink| sink.with_weather).max().unwrap_or(0),
        }
    }
}

fn gaps(ingest: &ViewOf) -> status::Gaps {
    status::Gaps {
        open: ingest.gaps.open,
        filled: ingest.gaps.filled,
        partly: ingest.gaps.partly,
        lost: ingest.gaps.lost,
        recent: ingest.recent_gaps.iter().map(Into::into).collect(),
    }
}
