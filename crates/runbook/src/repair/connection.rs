//! `repair connection`: closes the connection to Home Assistant and makes it again, at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::program::Program;
use super::{Doing, Done, Options, Plan, Repair, RepairError, Scribe, Step};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// How long one attempt may take: as long as a session may take to open, and the old one to close.
const WITHIN: Duration = Duration::from_secs(20);
const CONNECTED: &str = "connected";

/// The repair.
pub struct Connection {
    program: Arc<dyn Program>,
    only_what_is_wrong: bool,
}

impl Connection {
    /// Of the running program.
    #[must_use]
    pub fn new(program: Arc<dyn Program>, options: &Options) -> Self {
        Self { program, only_what_is_wrong: options.only_what_is_wrong }
    }
}

impl Repair for Connection {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let peer = self.program.status().home_assistant;
            let finding = match (&*peer.state, &peer.reason) {
                (CONNECTED, _) => format!("the connection to Home Assistant is up since {}", peer.since),
                (state, Some(reason)) => {
                    format!("the connection to Home Assistant is {state} since {}: {reason}", peer.since)
                }
                (state, None) => format!("the connection to Home Assistant is {state} since {}", peer.since),
            };
            let step = Step {
                kind: "reconnect".into(),
                what: "close the connection and make it again, without waiting for the next attempt".into(),
                touches: "the connection; what happens in between is a gap, and is filled".into(),
                rows: None,
                bytes: None,
                seconds: Some(2),
                undo: false,
                data: Value::Null,
            };
            let well = peer.state == CONNECTED && self.only_what_is_wrong;
            Ok(Plan {
                repair: "connection".into(),
                finding,
                steps: if well { Vec::new() } else { vec![step] },
                ..Plan::default()
            })
        })
    }

    fn apply<'a>(&'a mut self, _: &'a Step, _: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let before = self.program.status().home_assistant.attempts;
            self.program.reconnect();
            let began = Instant::now();
            loop {
                sleep(LOOK).await;
                let peer = self.program.status().home_assistant;
                let seconds = began.elapsed().as_secs_f64();
                if peer.state == CONNECTED && peer.attempts > before {
                    let version = peer.version.clone().unwrap_or_default();
                    let (attempts, since) = (peer.attempts - before, peer.since);
                    return Ok(Done {
                        says: format!(
                            "a new session is authenticated and subscribed after {seconds:.1} s (Home Assistant \
                             {version}, attempts: {attempts})"
                        ),
                        data: json!({ "seconds": seconds, "attempts": attempts, "since": since }),
                    });
                }
                if began.elapsed() >= WITHIN {
                    let reason = peer.reason.unwrap_or_else(|| "no answer yet".into());
                    let words = format!("not connected after {seconds:.0} s: {reason}");
                    return Err(match &*peer.state {
                        "parked" => RepairError::Person(words),
                        _ => RepairError::Later(words),
                    });
                }
            }
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let peer = self.program.status().home_assistant;
            if peer.state != CONNECTED {
                let reason = peer.reason.unwrap_or_else(|| peer.state.clone());
                return Err(RepairError::Later(format!("the connection is not up: {reason}")));
            }
            let age = peer.last_event_age_s;
            let heard = age.map_or("no event yet".into(), |age| format!("last event {age:.1} s ago"));
            Ok(Done {
                says: format!("connected since {}, {heard}", peer.since),
                data: json!({ "since": peer.since, "last_event_age_s": age, "ping_s": peer.ping_s }),
            })
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
