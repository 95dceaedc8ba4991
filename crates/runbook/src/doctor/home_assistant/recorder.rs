//! Whether the recorder is there, and how far back it goes: gaps are filled from it.

use std::collections::HashMap;
use std::time::Duration;

use hearthline_core::EntityId;
use hearthline_pipeline::sources::home_assistant::command::{Command, Period};
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::Visit;
use crate::doctor::Finding;
use crate::doctor::catalogue::{HA_RECORDER_ABSENT, HA_RECORDER_OK, HA_RECORDER_SHORT, HA_RECORDER_STANDS};

const HOUR: Duration = Duration::from_secs(3600);
/// Hours back that are asked for, the farthest first.
const BACK: [u32; 9] = [365 * 24, 90 * 24, 30 * 24, 14 * 24, 10 * 24, 7 * 24, 3 * 24, 24, 1];
/// A shorter history leaves a longer outage unfilled.
const SHORT: u32 = 3 * 24;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    backlog: Option<u64>,
    max_backlog: Option<u64>,
    recording: Option<bool>,
    thread_running: Option<bool>,
    migration_in_progress: Option<bool>,
}

impl Visit<'_> {
    pub(super) async fn recorder(
        &mut self,
        inquiry: &mut Inquiry,
        sample: &[EntityId],
    ) -> Result<(), SessionError> {
        const TODO: &str = "add `recorder:` and `history:` to configuration.yaml (default_config has both), and restart Home Assistant";
        let began = Instant::now();
        let info = match self.ask(inquiry, Command::RecorderInfo).await?.outcome {
            Ok(info) => serde_json::from_str(&info).unwrap_or_default(),
            Err(words) if words.contains("nknown command") => {
                let says = "Home Assistant has no recorder: what is missed while the line is down cannot be fetched afterwards";
                self.found(Finding::of(HA_RECORDER_ABSENT, says).took(began.elapsed()).todo(TODO));
                return Ok(());
            }
            Err(_) => Info::default(),
        };
        let back = match self.how_far_back(inquiry, sample).await? {
            Ok(back) => back,
            Err(words) => {
                let says = format!(
                    "history cannot be asked ({words}): what is missed while the line is down is lost"
                );
                self.found(Finding::of(HA_RECORDER_ABSENT, says).took(began.elapsed()).todo(TODO));
                return Ok(());
            }
        };
        let finding = judged(&info, back);
        self.found(
            finding
                .took(began.elapsed())
                .figure("back at least", back, "h")
                .figure("backlog", info.backlog, "1")
                .figure("backlog at most", info.max_backlog, "1")
                .figure("entities asked", sample.len(), "1"),
        );
        Ok(())
    }

    /// The farthest of some times of which history has a state, in hours.
    async fn how_far_back(
        &mut self,
        inquiry: &mut Inquiry,
        sample: &[EntityId],
    ) -> Result<Result<Option<u32>, String>, SessionError> {
        if sample.is_empty() {
            return Ok(Ok(None));
        }
        let now = self.subject.clock.now();
        for hours in BACK {
            let end = now.minus(HOUR * hours);
            let entities = sample.to_vec();
            let period = Period { start: end.minus(HOUR), end: Some(end), entities, attributes: false };
            match self.ask(inquiry, Command::History(period)).await?.outcome {
                Ok(answer) => {
                    let found: HashMap<String, Vec<IgnoredAny>> =
                        serde_json::from_str(&answer).unwrap_or_default();
                    if found.values().any(|states| !states.is_empty()) {
                        return Ok(Ok(Some(hours)));
                    }
                }
                Err(words) => return Ok(Err(words)),
            }
        }
        Ok(Ok(None))
    }
}

/// What is said of a recorder that answers.
fn judged(info: &Info, back: Option<u32>) -> Finding {
    let depth = match back {
        None => "history has no state of the last hour".to_owned(),
        Some(hours) if hours >= 48 => format!("history goes back {} days at least", hours / 24),
        Some(hours) => format!("history goes back {hours} h at least"),
    };
    let stands = info.recording == Some(false) || info.thread_running == Some(false);
    if stands || info.migration_in_progress == Some(true) {
        let why = if stands { "it does not record now" } else { "its database is being migrated" };
        Finding::of(HA_RECORDER_STANDS, format!("the recorder is there, but {why}; {depth}"))
            .todo("see Settings, System, Logs in Home Assistant: its database, and the room on its disk")
    } else if back.is_none_or(|hours| hours < SHORT) {
        Finding::of(
            HA_RECORDER_SHORT,
            format!("the recorder is there; {depth}: a longer outage is filled in part"),
        )
        .todo("a new house has no more yet; else raise purge_keep_days of the recorder in Home Assistant")
    } else {
        Finding::of(HA_RECORDER_OK, format!("the recorder is there; {depth}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_that_stands_is_worse_than_one_that_is_young() {
        for (info, back, id) in [
            (r#"{"recording":true,"thread_running":true}"#, Some(240), "ha-recorder-ok"),
            ("{}", Some(240), "ha-recorder-ok"),
            (r#"{"recording":true}"#, Some(24), "ha-recorder-short"),
            (r#"{"recording":true}"#, None, "ha-recorder-short"),
            (r#"{"recording":false}"#, Some(240), "ha-recorder-stands"),
            (r#"{"recording":true,"thread_running":false}"#, None, "ha-recorder-stands"),
            (r#"{"migration_in_progress":true}"#, Some(240), "ha-recorder-stands"),
        ] {
            assert_eq!(judged(&serde_json::from_str(info).unwrap(), back).id, id, "{info} {back:?}");
        }
    }
}
