//! The sentence: is the house recorded, what is missing, what to do.

use hearthline_core::Timestamp;
use hearthline_core::figures::grouped;

use crate::facts::{Connection, Facts};
use crate::parts::Kind;
use crate::space::ABOUT_TO;
use crate::status::{DiskFull, Gap, Gaps, Overall, Refill, Sink};

/// A sink that is further behind than this is said to be behind.
const BEHIND_S: f64 = 30.0;

/// The state of the whole and the sentence for it. The worst thing comes first; each sentence says what happens to the
/// data and, where a person has to act, what to do.
#[must_use]
pub fn judge(facts: &Facts) -> (Overall, String) {
    loss(facts)
        .map(|sentence| (Overall::Unhealthy, sentence))
        .or_else(|| lateness(facts).map(|sentence| (Overall::Degraded, sentence)))
        .unwrap_or_else(|| (Overall::Healthy, recording(facts)))
}

/// All is well. In the first minutes a quiet house looks as if next to nothing came in, which is said.
fn recording(facts: &Facts) -> String {
    match facts.changed {
        Some((changed, of)) if changed < of => format!(
            "Recording. {} of {} entities have changed yet: Home Assistant only sends changes.",
            grouped(changed),
            grouped(of)
        ),
        _ => "Recording.".into(),
    }
}

/// Data is being lost, or about to be.
fn loss(facts: &Facts) -> Option<String> {
    let reason = || facts.connection_reason.clone().unwrap_or_else(|| "no reason is known".into());
    if let Some(reason) = &facts.log_refuses {
        let since = lost_since(&facts.gaps).map(|since| format!(" since {since}")).unwrap_or_default();
        return Some(format!("Not recording{since}: the log takes no events: {reason}."));
    }
    if facts.connection == Connection::Parked {
        return Some(format!("Not recording: {}.", reason()));
    }
    if facts.connection == Connection::Disconnected {
        let minutes = facts.connection_for.as_secs() / 60;
        return Some(format!("Not recording for {minutes} min: {}.", reason()));
    }
    if facts.unaccounted != 0 {
        return Some(format!(
            "Recording, but {} events are in no counter: please report this.",
            facts.unaccounted
        ));
    }
    if let Some(ill) = facts.parts.iter().find(|part| part.state == "unhealthy") {
        let reason = ill.reason.as_deref().unwrap_or("no reason is known");
        return Some(if Kind::of(&ill.name) == Kind::Source {
            format!("Not recording: {reason}.")
        } else {
            format!("{} is unhealthy: {reason}.", ill.name)
        });
    }
    let full = facts.disk_full.as_ref().filter(|full| full.left_s < ABOUT_TO.as_secs())?;
    Some(match facts.connection {
        Connection::Connected => format!("Recording, but {}.", filling(full)),
        _ => format!("Waiting for Home Assistant, and {}.", filling(full)),
    })
}

/// Until when there is room, and what to do.
fn filling(full: &DiskFull) -> String {
    const TODO: &str = "make room, or keep less";
    match Timestamp::parse(&full.at) {
        Ok(at) if full.left_s > 0 => {
            let date = at.day_in_words();
            format!("the disk is full on about {date} at the rate of the last days: {TODO}")
        }
        _ => format!("the disk has no room for another day: {TODO}"),
    }
}

/// Something is late or absent; nothing is lost.
fn lateness(facts: &Facts) -> Option<String> {
    let reason = facts.connection_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match facts.connection {
        Connection::Connecting => return Some(format!("Connecting to Home Assistant{reason}.")),
        Connection::Waiting => return Some(format!("Waiting for Home Assistant{reason}.")),
        _ => {}
    }
    if let Some(sink) = facts.sinks.iter().find(|sink| sink.state == "degraded" || sink.state == "parked") {
        let name = called(sink, &facts.sinks);
        if let Some(Refill { done, of, .. }) = sink.refill.as_ref().filter(|refill| refill.running) {
            return Some(format!(
                "Recording, {name} is given from the store what it lacks: {done} of {of} events."
            ));
        }
        let error = sink.reason.as_ref().or(sink.last_error.as_ref()).map_or("no reason is known", |e| e);
        return Some(if sink.state == "parked" {
            format!("Recording, {name} waits for you: {error}; its {}.", waiting(sink))
        } else if sink.slow_s.is_some() {
            format!("Recording, {name} is slow: {error}; {}.", waiting(sink))
        } else {
            format!("Recording, {name} takes nothing: {} ({error}).", waiting(sink))
        });
    }
    if let Some(sink) = facts.sinks.iter().find(|sink| sink.lag_s > BEHIND_S) {
        return Some(format!(
            "Recording, {} is {:.0} s behind: {}.",
            called(sink, &facts.sinks),
            sink.lag_s,
            waiting(sink)
        ));
    }
    if let Some(part) = facts.parts.iter().find(|part| matches!(part.state.as_str(), "degraded" | "parked")) {
        let reason = part.reason.as_deref().unwrap_or("no reason is known");
        if Kind::of(&part.name) == Kind::Settings {
            return Some(format!("Recording, but the settings have mistakes: {reason}."));
        }
        let how = if part.state == "parked" { "waits for you" } else { "is degraded" };
        return Some(format!("Recording, {} {how}: {reason}.", part.name));
    }
    if let Some(part) = facts.parts.iter().find(|part| part.state == "starting") {
        return Some(format!("Starting: {}.", part.name));
    }
    let full = facts.disk_full.as_ref().map(|full| format!("Recording, but {}.", filling(full)));
    full.or_else(|| gaps(&facts.gaps))
}

/// What a sink has not got, which is less than what it has not yet written down that it got.
fn waiting(sink: &Sink) -> String {
    match sink.lag_events.unwrap_or(sink.pending) {
        1 => "1 event is safe on disk".into(),
        count => format!("{} events are safe on disk", grouped(count)),
    }
}

/// Since when the log has not taken what came in: that gap is open, and nobody fills it before the log takes events again.
fn lost_since(gaps: &Gaps) -> Option<&str> {
    let refused =
        |gap: &&Gap| gap.state == "open" && matches!(gap.kind.as_str(), "log_refused" | "queue_full");
    gaps.recent.iter().find(refused).map(|gap| gap.from.as_str())
}

/// What a person calls it: the only InfluxDB is InfluxDB, whatever the settings call it.
fn called<'f>(sink: &'f Sink, all: &[Sink]) -> &'f str {
    const INFLUXDB: &str = "influxdb";
    let alone = all.iter().filter(|other| other.kind == INFLUXDB).count() == 1;
    if sink.kind == INFLUXDB && alone { "InfluxDB" } else { &sink.name }
}

/// Gaps that are open: being filled, or not yet known where they end.
fn gaps(gaps: &Gaps) -> Option<String> {
    let newest = gaps.recent.iter().find(|gap| gap.state == "open" && gap.kind != "requested");
    match (gaps.open, newest.map(|gap| gap.kind.as_str())) {
        (0, _) => None,
        (1, Some("chain_broken" | "compared")) => {
            Some("Recording, fetching a state that Home Assistant did not send.".into())
        }
        (1, _) => Some("Recording, fetching what was missed from Home Assistant's history.".into()),
        (n, _) => {
            Some(format!("Recording, fetching what was missed in {n} gaps from Home Assistant's history."))
        }
    }
}

#[cfg(test)]
mod tests;
