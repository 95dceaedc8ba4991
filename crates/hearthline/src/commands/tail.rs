//! `hearthline tail`: what happens from now on, from the running program.

mod sse;

use std::io::{self, Write as _};

use futures_util::StreamExt as _;
use hearthline_api::{Change, Event, Lost};

use self::sse::{Message, Messages};
use super::events::{with_unit, words};
use super::{Context, signs};
use crate::exit::Exit;
use crate::house::{House, Program, Unreachable};

/// Which entities.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these: ids, domains (light) or globs ('sensor.*_battery'); without one, all, and other events too
    #[arg(value_name = "ENTITY_ID|GLOB")]
    entities: Vec<String>,
}

/// Prints a line for each, with `--json` a JSON object; ends on Ctrl-C, or with the program.
pub(crate) async fn run(args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    let house = House::Running(Program::required(&context.settings)?);
    let query: Vec<_> = match args.entities.as_slice() {
        [] => Vec::new(),
        entities => vec![("entity", entities.join(","))],
    };
    let mut chunks = house.stream("/api/v1/live", &query).await?;
    let mut messages = Messages::default();
    loop {
        let chunk = tokio::select! {
            stop = tokio::signal::ctrl_c() => return Ok(stop.map(|()| Exit::Ok)?),
            chunk = chunks.next() => chunk,
        };
        let Some(Ok(chunk)) = chunk else {
            return Err(Unreachable("the program has ended; so does this".into()).into());
        };
        for message in messages.feed(&chunk) {
            if let Some(line) = line(&message, context.json)? {
                writeln!(context.out, "{line}")?;
            }
        }
        context.out.flush()?;
    }
}

/// The line for a message, if it is one that is shown. What was missed is said on standard error.
fn line(message: &Message, json: bool) -> anyhow::Result<Option<String>> {
    let line = match message.event.as_str() {
        "state" | "event" if json => message.data.clone(),
        "state" => signs(&of_state(&serde_json::from_str(&message.data)?)).into_owned(),
        "event" => {
            let event: Event = serde_json::from_str(&message.data)?;
            let (what, how) = words(&event);
            signs(&format!("{}  {what}  {how}", event.ts)).into_owned()
        }
        "lost" => {
            let Lost { skipped } = serde_json::from_str(&message.data)?;
            let _ = writeln!(
                io::stderr(),
                "hearthline: {skipped} went by too fast to be shown; all are recorded"
            );
            return Ok(None);
        }
        _ => return Ok(None),
    };
    Ok(Some(line))
}

fn of_state(change: &Change) -> String {
    let state = with_unit(change.state.as_deref(), change.unit.as_deref());
    let note = match (change.restored, change.origin.as_str()) {
        (true, _) => "  (restored)".into(),
        (false, "live") => String::new(),
        (false, origin) => format!("  ({origin})"),
    };
    format!("{}  {}  {state}{note}", change.ts, change.entity_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(event: &str, data: &str, json: bool) -> Option<String> {
        line(&Message { event: event.into(), data: data.into() }, json).unwrap()
    }

    #[test]
    fn a_change_is_a_line_and_with_json_an_object() {
        let state = r#"{"ts":"T","entity_id":"sensor.a","state":"21.5","value":21.5,"unit":"°C","origin":"live","restored":false,"attributes":{}}"#;
        assert_eq!(shown("state", state, false).unwrap(), "T  sensor.a  21.5 °C");
        assert_eq!(shown("state", state, true).unwrap(), state);
        let snapshot = state.replace("live", "snapshot").replace("\"21.5\"", "null");
        assert_eq!(shown("state", &snapshot, false).unwrap(), "T  sensor.a  (removed)  (snapshot)");
        let event = r#"{"ts":"T","event_type":"call","entity_id":null,"state":null,"unit":null,"value":null,"origin":"live","restored":false,"data":{"a":1}}"#;
        assert_eq!(shown("event", event, false).unwrap(), r#"T  call  {"a":1}"#);
    }

    #[test]
    fn what_is_no_change_has_no_line() {
        assert_eq!(shown("status", "{}", false), None);
        assert_eq!(shown("lost", r#"{"skipped":3}"#, true), None);
    }
}
