//! The sinks: whether each can be reached and written to, whether what is written is there afterwards, and which fields it has
//! as another type.

mod conflicts;

use hearthline_pipeline::sinks::influxdb::Server;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::{Opened, TRIAL, Trial};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::catalogue::{
    SINK_AWAY, SINK_DIFFERS, SINK_LEFT, SINK_MISSING, SINK_OK, SINK_REFUSES, SINK_UNREAD, SINKS_NONE,
};
use super::finding::millis;
use super::{Check, Depth, Finding, Looked, Sink, Subject, seconds};

pub(super) const CHECK: Check = Check {
    name: "sinks",
    within: seconds(90, 180),
    look: |subject, depth| {
        Box::pin(async move {
            if subject.sinks.is_empty() {
                return Finding::of(SINKS_NONE, "there is no sink beside the store").into();
            }
            let mut running = JoinSet::new();
            for n in 0..subject.sinks.len() {
                let subject = subject.clone();
                running.spawn(async move {
                    match subject.sinks.get(n) {
                        Some(sink) => (n, look(&subject, sink, depth).await),
                        None => (n, Looked::default()),
                    }
                });
            }
            let mut all = running.join_all().await;
            all.sort_by_key(|(n, _)| *n);
            all.into_iter().fold(Looked::default(), |mut sum, (_, looked)| {
                sum.findings.extend(looked.findings);
                sum.skipped.extend(looked.skipped);
                sum
            })
        })
    },
};

async fn look(subject: &Subject, sink: &Sink, depth: Depth) -> Looked {
    let about = |finding: Finding| finding.about(&sink.name);
    let began = Instant::now();
    let server =
        sink.server.clone().and_then(|config| Server::new(config).map_err(|error| error.to_string()));
    let mut server = match server {
        Ok(server) => server,
        Err(words) => {
            return about(Finding::of(SINK_REFUSES, words)).todo("correct [[sinks]] in the settings").into();
        }
    };
    let opened = match server.open(&sink.layout.measurements(), false).await {
        Ok(opened) => opened,
        Err(stop) => {
            let missing = server.is_missing().await.ok().flatten();
            return about(closed(sink, stop, missing.is_some()).took(began.elapsed())).into();
        }
    };
    let reached = began.elapsed();
    let (name, what) = (called(&opened), server.what(opened.version));
    let mut looked = Looked::default();
    if depth == Depth::Look || sink.layout.measurement() == Some(TRIAL) {
        let finding = Finding::of(SINK_OK, format!("{name} lets us write to {what}")).took(reached);
        looked.findings.push(about(finding));
        let why = format!("{}: a point is written for it, which `hearthline doctor` does", sink.name);
        looked = looked.skip("sink-write", why);
    } else {
        let findings = trial(subject, &mut server, &opened, (&name, &what)).await;
        looked.findings.extend(findings.into_iter().map(|finding| about(finding.took(reached))));
    }
    looked.findings.push(about(conflicts::look(subject, sink, &opened)));
    looked
}

/// Why nothing can be written.
fn closed(sink: &Sink, stop: Stop, missing: bool) -> Finding {
    match stop {
        Stop::Later { words, .. } => {
            let host = sink.server.as_ref().ok().and_then(|server| server.url.host_str().map(str::to_owned));
            let todo = format!(
                "see whether its server runs and can be reached from here ({}); everything is kept in the log meanwhile",
                host.unwrap_or_default()
            );
            Finding::of(SINK_AWAY, words).todo(todo)
        }
        Stop::Parked(words) if missing => Finding::of(SINK_MISSING, words)
            .todo(format!("hearthline repair sink --sink {} --apply", sink.name))
            .repair("sink"),
        Stop::Parked(words) => Finding::of(SINK_REFUSES, words)
            .todo("put right what it says: the address, or a token, or user and password, that may write there (url, token_file, username, password_file under [[sinks]])"),
    }
}

fn called(opened: &Opened) -> String {
    if opened.says.is_empty() { "the server".into() } else { format!("InfluxDB {}", opened.says) }
}

/// A point that is written, read back and removed.
async fn trial(
    subject: &Subject,
    server: &mut Server,
    opened: &Opened,
    (name, what): (&str, &str),
) -> Vec<Finding> {
    let now = subject.clock.now();
    let text = format!("hearthline doctor \"{now}\", ü");
    let mut trial = match server.try_out(opened.version, &text, now.0.saturating_mul(1000)).await {
        Ok(trial) => trial,
        Err(Stop::Later { words, .. }) => {
            return vec![
                Finding::of(SINK_AWAY, format!("a point could not be written to {what}: {words}"))
                    .todo("ask again in a moment"),
            ];
        }
        Err(Stop::Parked(words)) => {
            let says = format!("a point could not be written to {what}: {words}");
            return vec![Finding::of(SINK_REFUSES, says).todo("let the user or token write there")];
        }
    };
    if opened.reads_lines && !trial.same && trial.read.is_ok() {
        trial.removed = Err("it does not know that order".into());
        trial.read =
            Err("it only speaks like an InfluxDB 1, and has a language of its own for questions".into());
    }
    told(&trial, name, what)
}

fn told(trial: &Trial, name: &str, what: &str) -> Vec<Finding> {
    let Trial { wrote, read, same, removed } = trial;
    let first = match read {
        Err(words) => Finding::of(
            SINK_UNREAD,
            format!("{name} took a point into {TRIAL} of {what}, which could not be read back: {words}"),
        )
        .todo("let the user or token read as well, if repairs of this server are wanted"),
        Ok(_) if !same => Finding::of(
            SINK_DIFFERS,
            format!("{name} took a point into {TRIAL} of {what}, and does not have it as it was written"),
        )
        .todo(format!(
            "ask it by hand for what {TRIAL} has; see whether a proxy before it changes what is written"
        )),
        Ok(read) => Finding::of(
            SINK_OK,
            format!("{name} took a point into {TRIAL} of {what} and gave it back as it was written"),
        )
        .figure("read back", millis(*read), "ms"),
    };
    let mut findings = vec![first.figure("written", millis(*wrote), "ms")];
    if let Err(words) = removed {
        findings.push(
            Finding::of(
                SINK_LEFT,
                format!("the point stays in {TRIAL} of {what}, since it may not be removed: {words}"),
            )
            .todo("nothing has to be done; an administrator may drop that measurement"),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_point_that_is_not_as_it_was_written_is_a_fault_and_one_that_stays_is_told() {
        let (took, no) = (Duration::from_millis(2), || Err("not allowed".to_owned()));
        for (read, same, removed, ids) in [
            (Ok(took), true, Ok(()), vec!["sink-ok"]),
            (Ok(took), true, no(), vec!["sink-ok", "sink-left"]),
            (Ok(took), false, Ok(()), vec!["sink-differs"]),
            (Err("may not read".to_owned()), false, no(), vec!["sink-unread", "sink-left"]),
        ] {
            let trial = Trial { wrote: took, read, same, removed };
            let found: Vec<_> =
                told(&trial, "it", "database \"house\"").iter().map(|found| found.id).collect();
            assert_eq!(found, ids, "{trial:?}");
        }
    }
}
