//! The way to Home Assistant, step by step, each timed; then what it lets us know once it has let us in.
//!
//! Each step needs the one before: where one fails, the rest is not looked at. A token that was refused is not tried again,
//! since Home Assistant bans an address that keeps trying.

mod clock;
mod frame;
mod reach;
mod recorder;
mod rights;
mod version;

use std::time::Duration;

use hearthline_pipeline::sources::home_assistant::command::Command;
use hearthline_pipeline::sources::home_assistant::inquiry::Answered;
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError};

use super::catalogue::{HA_UNSET, HA_WEBSOCKET_BROKE};
use super::{Check, Finding, Looked, Peer, Subject, seconds};

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// The steps, in their order.
const STEPS: [&str; 11] = [
    "ha-dns",
    "ha-tcp",
    "ha-tls",
    "ha-http",
    "ha-websocket",
    "ha-token",
    "ha-rights",
    "ha-version",
    "ha-recorder",
    "ha-clock",
    "ha-frame",
];

pub(super) const CHECK: Check = Check {
    name: "home assistant",
    within: seconds(120, 300),
    look: |subject, _| {
        Box::pin(async move {
            let Some(peer) = &subject.home_assistant else {
                let says = "the settings do not say where Home Assistant is, or hold no token";
                let todo = "set HOME_ASSISTANT_URL and HOME_ASSISTANT_TOKEN, or url and token_file under [home_assistant]";
                subject.place.send_replace(Some(None));
                return Finding::of(HA_UNSET, says).todo(todo).into();
            };
            let mut visit = Visit { subject: &subject, peer, findings: Vec::new(), frame: 0 };
            let _ = visit.make().await;
            visit.ended()
        })
    },
};

/// One visit at Home Assistant.
struct Visit<'s> {
    subject: &'s Subject,
    peer: &'s Peer,
    findings: Vec<Finding>,
    /// The largest frame that was received, in bytes.
    frame: usize,
}

/// A step that failed: what follows it is not looked at. What was found is among the findings.
struct Failed;

impl Visit<'_> {
    async fn make(&mut self) -> Result<(), Failed> {
        let way = self.reach().await?;
        let mut inquiry = self.let_in(&way).await?;
        let said = self.look_around(&mut inquiry).await;
        if let Err(error) = &said {
            self.found(
                Finding::of(HA_WEBSOCKET_BROKE, format!("it was not answered to the end: {error}"))
                    .todo("ask again; see Home Assistant's own log if it stays so"),
            );
        }
        inquiry.close().await;
        said.map_err(|_| Failed)
    }

    async fn look_around(&mut self, inquiry: &mut Inquiry) -> Result<(), SessionError> {
        self.rights(inquiry).await?;
        self.version(inquiry).await?;
        let sample = self.frame(inquiry).await?;
        self.recorder(inquiry, &sample).await
    }

    async fn ask(&mut self, inquiry: &mut Inquiry, command: Command) -> Result<Answered, SessionError> {
        let answered = inquiry.ask(command, ANSWER).await?;
        self.frame = self.frame.max(answered.frame);
        Ok(answered)
    }

    fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn fail<T>(&mut self, finding: Finding) -> Result<T, Failed> {
        self.found(finding);
        Err(Failed)
    }

    /// What was found, in the order of the steps, and what was not looked at.
    fn ended(mut self) -> Looked {
        let place = |finding: &Finding| STEPS.iter().position(|step| *step == finding.check);
        self.findings.sort_by_key(place);
        self.subject.place.send_if_modified(|place| place.is_none() && place.replace(None).is_none());
        let failed = self.findings.iter().max_by_key(|finding| finding.severity).map(|finding| finding.id);
        let missed = STEPS.iter().filter(|step| self.findings.iter().all(|found| found.check != **step));
        let missed: Vec<_> = missed.copied().collect();
        let why = format!("it needs the steps before it: see {}", failed.unwrap_or_default());
        missed.into_iter().fold(Looked::from(self.findings), |looked, step| looked.skip(step, why.clone()))
    }
}
