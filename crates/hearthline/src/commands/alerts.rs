//! `hearthline alerts [ack|mute|unmute]`: what is wrong and should be known, what was, and what a person says of it.

use std::time::Duration;

use axum::http::Method;
use clap::Subcommand;
use hearthline_api::{MuteRequest, Unmuted};
use hearthline_core::figures::figure;
use hearthline_runbook::alerts::{Alert, Figure, Listed, Mute, Past, Severity, State};

use super::Context;
use crate::exit::Exit;
use crate::house::{Program, segment};
use crate::instant::length;
use crate::table::{table, text};

/// Lists them, or says something of one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also those that are over, the newest first
    #[arg(long)]
    history: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say that you have seen it; it stays until it is over
    Ack {
        /// As in the list
        id: String,
    },
    /// Leave it out of the counts for a while
    Mute {
        /// As in the list, or the name of a rule for all of it
        id: String,
        /// For so long, as in 30m, 2h or 7d; 90 days at most
        #[arg(long = "for", value_name = "TIME", value_parser = length)]
        length: Duration,
    },
    /// Count it again
    Unmute {
        /// As it was muted
        id: String,
    },
}

/// The exit code of the list is that of the worst that is not muted.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let path = |id: &str, what: &str| format!("/api/v1/alerts/{}/{what}", segment(id));
    match args.what {
        None => {
            let limit = if args.history { 500 } else { 0 };
            let listed: Listed = program.ask(Method::GET, &format!("/api/v1/alerts?history={limit}")).await?;
            context.answer(&listed, &render(&listed, args.history))?;
            Ok(exit(&listed))
        }
        Some(What::Ack { id }) => {
            let alert: Alert = program.ask(Method::POST, &path(&id, "acknowledge")).await?;
            context.answer(&alert, &format!("{}: acknowledged; it stays until it is over\n", alert.id))
        }
        Some(What::Mute { id, length }) => {
            let request = MuteRequest { length: format!("{}ms", length.as_millis()) };
            let mute: Mute = program.post(&path(&id, "mute"), &request).await?;
            context.answer(&mute, &format!("{}: muted until {}\n", mute.what, mute.until))
        }
        Some(What::Unmute { id }) => {
            let unmuted: Unmuted = program.ask(Method::POST, &path(&id, "unmute")).await?;
            context.answer(&unmuted, &format!("{}: not muted\n", unmuted.what))
        }
    }
}

fn exit(listed: &Listed) -> Exit {
    let heard = listed.active.iter().filter(|alert| alert.state != State::Muted);
    match heard.map(|alert| alert.words.severity).max() {
        None => Exit::Ok,
        Some(Severity::Warning) => Exit::Degraded,
        Some(Severity::Critical) => Exit::Failed,
    }
}

fn render(listed: &Listed, history: bool) -> String {
    let mut blocks: Vec<String> = listed.note.iter().map(|note| format!("{note}.\n")).collect();
    if listed.active.is_empty() {
        let rules: Vec<_> = listed.rules.iter().map(|rule| rule.as_str()).collect();
        blocks.push(match rules.as_slice() {
            [] => "no alert: every rule is switched off\n".into(),
            rules => format!("no alert; looked at: {}\n", rules.join(", ")),
        });
    }
    blocks.extend(listed.active.iter().map(alert));
    if !listed.muted.is_empty() {
        let muted = listed.muted.iter().map(|mute| format!("  {} until {}\n", mute.what, mute.until));
        blocks.push(format!("Muted:\n{}", muted.collect::<String>()));
    }
    if history {
        blocks.push(past(&listed.history));
    }
    blocks.join("\n")
}

fn alert(alert: &Alert) -> String {
    let words = &alert.words;
    let state = match alert.state {
        State::Active => String::new(),
        State::Acknowledged => ", acknowledged".into(),
        State::Muted => ", muted".into(),
    };
    let figures: Vec<String> = words.evidence.iter().map(said).collect();
    let lines = [words.says.clone(), figures.join(", "), words.todo.clone()];
    let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| format!("  {line}\n"));
    let head = format!("{}  {}{state}, since {}\n", alert.id, words.severity.as_str(), alert.since);
    head + &lines.collect::<String>()
}

fn said(Figure { name, value, unit }: &Figure) -> String {
    format!("{name}: {}", figure(*value, unit))
}

fn past(history: &[Past]) -> String {
    if history.is_empty() {
        return "nothing was wrong before, as far as is known\n".into();
    }
    let mut rows = table(&["From", "To", "Alert", "Severity", "Acknowledged", "What it said"]);
    for past in history {
        let seen = past.acknowledged.clone().unwrap_or_else(|| "-".into());
        let severity = past.severity.as_str().to_owned();
        rows.add_row([
            past.from.clone(),
            past.to.clone(),
            past.id.clone(),
            severity,
            seen,
            past.says.clone(),
        ]);
    }
    text(&rows)
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::alerts::{Rule, Words};

    use super::*;

    fn of(id: &str, severity: Severity, state: State) -> Alert {
        let figure = |name: &str, value, unit: &str| Figure { name: name.into(), value, unit: unit.into() };
        Alert {
            id: id.into(),
            rule: Rule::SinkBehind,
            subject: Some("influxdb".into()),
            state,
            since: "2026-11-23T12:00:00.000000Z".into(),
            acknowledged: None,
            muted_until: None,
            words: Words {
                severity,
                title: "influxdb is behind".into(),
                says: "influxdb is 7 min behind; its 3 events are safe on disk".into(),
                evidence: vec![figure("behind", 400.0, "s"), figure("waiting", 3.0, "events")],
                todo: "see whether its server runs".into(),
                link: "#/place/influxdb".into(),
            },
        }
    }

    #[test]
    fn the_list_says_what_is_wrong_what_to_do_and_what_was() {
        let bare = Alert {
            words: Words { evidence: Vec::new(), ..of("", Severity::Warning, State::Active).words },
            ..of("disk", Severity::Warning, State::Muted)
        };
        let history = vec![Past {
            id: "gap_lost:7".into(),
            rule: Rule::GapLost,
            severity: Severity::Critical,
            title: "A gap is lost".into(),
            says: "what happened could not be had".into(),
            from: "2026-11-22T12:00:00.000000Z".into(),
            to: "2026-11-22T13:00:00.000000Z".into(),
            acknowledged: None,
        }];
        let mute = Mute { what: "disk".into(), until: "2026-11-23T14:00:00.000000Z".into() };
        let listed = Listed {
            active: vec![of("sink_behind:influxdb", Severity::Critical, State::Acknowledged), bare],
            muted: vec![mute],
            history,
            rules: Rule::ALL.to_vec(),
            note: Some("alerts.json could not be read".into()),
        };
        let empty = Listed { rules: Rule::ALL.to_vec(), ..Listed::default() };
        let pages = [render(&listed, true), render(&empty, false), render(&empty, true)];
        insta::assert_snapshot!(pages.join("---\n"));
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst_that_is_not_muted() {
        let code = |active: Vec<Alert>| exit(&Listed { active, ..Listed::default() });
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        assert_eq!(code(vec![]), Exit::Ok);
        assert_eq!(code(vec![of("a", critical, State::Muted)]), Exit::Ok);
        assert_eq!(code(vec![of("a", warning, State::Acknowledged)]), Exit::Degraded);
        assert_eq!(
            code(vec![of("a", warning, State::Active), of("b", critical, State::Active)]),
            Exit::Failed
        );
    }
}
