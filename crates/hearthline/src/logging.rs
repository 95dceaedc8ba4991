//! Where everything goes that the program says by `tracing`: to standard error, and to the program's own log.
//!
//! Both get what the settings' log filter lets through. The own log has each event as a structured line: its part is told by the
//! event (`part`, `sink`), else by the thread of a sink, else by where in the source it is said.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use hearthline_core::SystemClock;
use hearthline_runbook::logs::{Level, Logs, Mask};
use hearthline_runbook::parts::{API, LOG, SOURCE, STORE, WEATHER};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt as said, reload};

use crate::settings::{Secret, Settings};

/// From where in the source follows who says it: the first that fits.
const PARTS: [(&str, &str); 17] = [
    ("hearthline::app::supervise", "supervisor"),
    ("hearthline::app::alerts", "alerts"),
    ("hearthline::app::verify", "verify"),
    ("hearthline::serve", API),
    ("hearthline::fault", "simulated"),
    ("hearthline::commands::demo", "simulated"),
    ("hearthline_api", API),
    ("hearthline_log", LOG),
    ("hearthline_store", STORE),
    ("hearthline_runbook::repair", "repair"),
    ("hearthline_runbook::verify", "verify"),
    ("hearthline_runbook::alerts", "alerts"),
    ("hearthline_pipeline::weather", WEATHER),
    ("hearthline_pipeline::ingest", SOURCE),
    ("hearthline_pipeline::sources", SOURCE),
    ("hearthline_pipeline::silence", SOURCE),
    ("hearthline_sim", "simulated"),
];
/// Of everything else.
const PROGRAM: &str = "program";

/// From now on everything that is said goes to standard error and to the log that is answered, as far as the filter lets it
/// through.
pub(crate) fn start(settings: &Settings) -> (Logs, LogFilter) {
    let (filter, handle) = reload::Layer::new(filter(&settings.log_filter));
    let logs = Logs::new(Arc::new(SystemClock::new()), mask(settings));
    let err = said::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).with_target(false);
    tracing_subscriber::registry().with(filter).with(err).with(Own(logs.clone())).init();
    let change = move |filter| {
        if let Err(error) = handle.reload(filter) {
            tracing::warn!(%error, "another log filter could not be taken");
        }
    };
    (logs, LogFilter(Arc::new(change)))
}

/// Changes what is said. Clones are the same.
#[derive(Clone)]
pub(crate) struct LogFilter(Arc<dyn Fn(EnvFilter) + Send + Sync>);

impl LogFilter {
    /// Of a test, which says nothing.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self(Arc::new(|_| ()))
    }

    /// Says what this lets through from now on.
    pub(crate) fn set(&self, to: &str) {
        (self.0)(filter(to));
    }
}

fn filter(written: &str) -> EnvFilter {
    EnvFilter::builder().parse_lossy(written)
}

/// Hides what the settings hold of secrets.
pub(crate) fn mask(settings: &Settings) -> Mask {
    Mask::new(secrets(settings).map(Secret::expose))
}

/// From now on what these settings hold of secrets is hidden too: a demonstration brings its own.
pub(crate) fn hide(logs: &Logs, settings: &Settings) {
    secrets(settings).for_each(|secret| logs.hide(secret.expose()));
}

/// Every secret that the settings hold.
fn secrets(settings: &Settings) -> impl Iterator<Item = &Secret> {
    settings.secrets().map(|(secret, _)| &secret.value)
}

/// Takes what is said to the program's own log.
struct Own(Logs);

impl<S: Subscriber> Layer<S> for Own {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        let thread = std::thread::current();
        let part = part(&said.fields, thread.name().unwrap_or_default(), event.metadata().target());
        self.0.say(level, &part, &said.message, said.fields);
    }
}

/// Who says it.
fn part(fields: &[(String, String)], thread: &str, target: &str) -> String {
    let of = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    if let Some(part) = of("part").or_else(|| of("sink")) {
        return part;
    }
    if let Some(sink) = thread.strip_prefix("sink-") {
        return sink.to_owned();
    }
    if target.starts_with("hearthline_pipeline::deliver") {
        return thread.to_owned();
    }
    let within = |module: &&(&str, &str)| {
        target.strip_prefix(module.0).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    PARTS.iter().find(within).map_or(PROGRAM, |(_, part)| part).to_owned()
}

/// The message and the fields of an event.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}"); // into memory, which takes everything
        } else {
            self.fields.push((field.name().to_owned(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name().to_owned(), value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::logs::Wanted;

    use super::*;

    #[test]
    fn what_is_said_is_a_line_with_its_part_its_fields_and_no_secret() {
        let logs = Logs::new(Arc::new(SystemClock::new()), Mask::new(["very-secret"]));
        let subscriber = tracing_subscriber::registry().with(Own(logs.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(sink = "influxdb", rows = 3, why = ?Some("very-secret"), "{} were refused", "rows");
            tracing::error!(target: "hearthline_log::reserve", "the disk is full");
            tracing::info!(target: "hearthline_logger", "of somebody else");
        });
        let lines = logs.read(&Wanted::newest(9)).lines;
        let told: Vec<_> = lines.iter().map(|line| (line.level, &*line.part, &*line.message)).collect();
        let expected = [
            (Level::Warn, "influxdb", "rows were refused"),
            (Level::Error, "log", "the disk is full"),
            (Level::Info, "program", "of somebody else"),
        ];
        assert_eq!(told, expected);
        assert_eq!((&*lines[0].fields["rows"], &*lines[0].fields["why"]), ("3", "Some(\"***\")"));
    }

    #[test]
    fn a_delivery_is_told_by_its_thread_and_the_rest_by_its_place() {
        let of = |thread: &str, target: &str| part(&[], thread, target);
        assert_eq!(of("sink-house", "hearthline_pipeline::deliver"), "house");
        assert_eq!(of("store", "hearthline_pipeline::deliver"), "store");
        assert_eq!(of("main", "hearthline_store::folder"), "store");
        assert_eq!(of("reader", "hearthline_pipeline::sources::home_assistant::link"), "home_assistant");
        assert_eq!(of("main", "hearthline_apiary"), "program");
    }
}
