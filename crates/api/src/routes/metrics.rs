//! `GET /metrics`: the figures of the status document in Prometheus' text format 0.0.4.
//!
//! Base units, `_total` for what only grows, and no entity ids as labels: a house has thousands.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use hearthline_runbook::Status;
use hearthline_runbook::alerts::Severity;

use crate::ApiState;

/// The text.
pub(super) async fn get(State(state): State<ApiState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render(&(state.status)()))
}

/// Writes one document as text. What is not known has no line.
pub(crate) fn render(status: &Status) -> String {
    let mut text = Text::default();
    text.one("hearthline_info", "gauge", "The version that runs.", &[("version", &status.version)], Some(1));
    text.one("hearthline_uptime_seconds", "gauge", "Since the program started.", &[], Some(status.uptime_s));
    text.head("hearthline_overall", "gauge", "1 for the state of the whole, 0 for the others.");
    for state in ["healthy", "degraded", "unhealthy"] {
        let is = u8::from(status.overall.as_str() == state);
        text.line("hearthline_overall", &[("state", state)], Some(is));
    }
    home_assistant(&mut text, status);
    events(&mut text, status);
    entities(&mut text, status);
    log(&mut text, status);
    sinks(&mut text, status);
    weather(&mut text, status);
    parts(&mut text, status);
    alerts(&mut text, status);
    text.0
}

fn home_assistant(text: &mut Text, status: &Status) {
    let peer = &status.home_assistant;
    let connected = u8::from(peer.state == "connected");
    text.one(
        "hearthline_home_assistant_connected",
        "gauge",
        "Authenticated, subscribed and heard from.",
        &[],
        Some(connected),
    );
    let name = "hearthline_home_assistant_connection_attempts_total";
    text.one(name, "counter", "Since the program started.", &[], Some(peer.attempts));
    let name = "hearthline_home_assistant_last_event_age_seconds";
    text.one(name, "gauge", "Since the last event.", &[], peer.last_event_age_s);
    text.one("hearthline_home_assistant_ping_seconds", "gauge", "What the last ping took.", &[], peer.ping_s);
}

fn events(text: &mut Text, status: &Status) {
    let events = &status.events;
    for (name, what, count) in [
        ("received", "Offered, from every origin.", events.received),
        ("filtered", "Left out by the settings.", events.filtered),
        ("duplicate", "Held already.", events.duplicate),
        ("logged", "Handed to the log.", events.logged),
        ("unlogged", "Not taken by the log; each lies in a gap.", events.unlogged),
        ("quarantined", "Could not be understood; kept with their bytes.", events.quarantined),
    ] {
        text.one(&format!("hearthline_events_{name}_total"), "counter", what, &[], Some(count));
    }
    let name = "hearthline_events_unaccounted";
    text.one(name, "gauge", "In no counter, or in two; 0 at all times.", &[], Some(events.unaccounted));
    let name = "hearthline_events_recovered_total";
    text.one(name, "counter", "Had after a gap in which they were missed.", &[], Some(status.kept.recovered));
}

fn entities(text: &mut Text, status: &Status) {
    let (name, what) = ("hearthline_entities_silent", "Report regularly, and have not done so for long.");
    text.one(name, "gauge", what, &[], Some(status.silent.entities));
}

fn log(text: &mut Text, status: &Status) {
    let log = &status.log;
    text.one("hearthline_log_bytes", "gauge", "On disk.", &[], Some(log.bytes));
    text.one("hearthline_log_first_seq", "gauge", "The oldest record.", &[], Some(log.first_seq));
    text.one("hearthline_log_last_seq", "gauge", "The newest record.", &[], Some(log.last_seq));
    text.one(
        "hearthline_log_synced_seq",
        "gauge",
        "The newest record that survives a power cut.",
        &[],
        Some(log.synced_seq),
    );
    text.head("hearthline_gaps", "gauge", "Periods in which events were or may have been missed.");
    let gaps = &status.gaps;
    for (state, count) in
        [("open", gaps.open), ("filled", gaps.filled), ("partly", gaps.partly), ("lost", gaps.lost)]
    {
        text.line("hearthline_gaps", &[("state", state)], Some(count));
    }
}

fn sinks(text: &mut Text, status: &Status) {
    type Figure = fn(&hearthline_runbook::status::Sink) -> f64;
    #[expect(clippy::cast_precision_loss, reason = "Prometheus counts in doubles")]
    let figures: [(&str, &str, &str, Figure); 9] = [
        ("delivered_total", "counter", "Durably there.", |sink| sink.delivered as f64),
        ("filtered_total", "counter", "Left out by the sink's own filter.", |sink| sink.filtered as f64),
        ("collapsed_total", "counter", "Were there already.", |sink| sink.collapsed as f64),
        ("quarantined_total", "counter", "Set aside with a reason.", |sink| sink.quarantined as f64),
        (
            "lost_total",
            "counter",
            "Left the log before the sink had them, and are not in the store.",
            |sink| sink.lost as f64,
        ),
        (
            "refill_events",
            "gauge",
            "Still to be read from the store, because the log does not have them.",
            |sink| sink.refill.as_ref().map_or(0.0, |refill| refill.of.saturating_sub(refill.done) as f64),
        ),
        ("pending", "gauge", "Logged and not yet durably there.", |sink| sink.pending as f64),
        ("lag_seconds", "gauge", "Age of the oldest event that the sink has not been given.", |sink| {
            sink.lag_s
        }),
        ("write_errors_total", "counter", "Writes that failed, retries included.", |sink| {
            sink.write_errors as f64
        }),
    ];
    for (name, kind, what, figure) in figures {
        let name = format!("hearthline_sink_{name}");
        text.head(&name, kind, what);
        for sink in &status.sinks {
            text.line(&name, &[("sink", &sink.name), ("kind", &sink.kind)], Some(figure(sink)));
        }
    }
}

fn weather(text: &mut Text, status: &Status) {
    let weather = &status.weather;
    let name = "hearthline_weather_requests_total";
    text.head(name, "counter", "Calls to providers of weather, by what came of them.");
    for of in &weather.requests {
        text.line(name, &[("provider", &of.provider), ("outcome", &of.outcome)], Some(of.count));
    }
    let name = "hearthline_weather_cache_hits_total";
    text.one(
        name,
        "counter",
        "Looks at which the last answer was still good.",
        &[],
        Some(weather.cache_hits),
    );
    let name = "hearthline_weather_age_seconds";
    text.one(name, "gauge", "Age of the observation in use.", &[], weather.age_s);
}

fn parts(text: &mut Text, status: &Status) {
    let name = "hearthline_part_up";
    text.head(name, "gauge", "1 when the part is healthy or degraded; a part that is off has no line.");
    for part in status.parts.iter().filter(|part| part.state != "off") {
        let up = u8::from(part.state == "healthy" || part.state == "degraded");
        text.line(name, &[("part", &part.name)], Some(up));
    }
    let name = "hearthline_criterion_met";
    text.head(name, "gauge", "1 when the criterion holds; no line when that is not known.");
    for criterion in &status.criteria {
        text.line(name, &[("id", &criterion.id)], criterion.met.map(u8::from));
    }
}

fn alerts(text: &mut Text, status: &Status) {
    let (name, counts) = ("hearthline_alerts_active", &status.alerts);
    text.head(name, "gauge", "What is wrong and not muted, also where somebody has acknowledged it.");
    for (severity, count) in [
        (Severity::Warning, counts.active.saturating_sub(counts.critical)),
        (Severity::Critical, counts.critical),
    ] {
        text.line(name, &[("severity", severity.as_str())], Some(count));
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn one(
        &mut self,
        name: &str,
        kind: &str,
        what: &str,
        labels: &[(&str, &str)],
        value: Option<impl Display>,
    ) {
        if value.is_some() {
            self.head(name, kind, what);
            self.line(name, labels, value);
        }
    }

    fn head(&mut self, name: &str, kind: &str, what: &str) {
        let _ = writeln!(self.0, "# HELP {name} {what}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: Option<impl Display>) {
        let Some(value) = value else { return };
        self.0.push_str(name);
        let mut open = '{';
        for (label, text) in labels {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
            open = ',';
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}
