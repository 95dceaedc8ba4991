//! `repair sink`: makes what is missing at a sink's server, has the sink look again at once, and send once more what the store
//! has of a period: what a database lost that was dropped, or what a person asks for.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_pipeline::deliver::SinkView;
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::sinks::influxdb::Server;
use hearthline_pipeline::sinks::influxdb::server::Measurements;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::schema::MendedSink;
use super::{Doing, Done, Options, Plan, Refused, Repair, RepairError, Scribe, Step};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// How long the sink may take until it delivers again: its own pause, and an exchange.
const WITHIN: Duration = Duration::from_secs(40);

/// The repair.
pub struct Sink {
    sink: MendedSink,
    /// How the running sink is; none where no program runs.
    delivery: Option<Arc<SinkView>>,
    /// What a person wants to be sent once more: from, to.
    period: Option<(Timestamp, Timestamp)>,
}

impl Sink {
    /// Of one sink. Its period is that of the options, where they name one.
    ///
    /// # Errors
    /// In words: a period that is none, or for which the program has to run.
    pub fn new(
        sink: MendedSink,
        delivery: Option<Arc<SinkView>>,
        options: &Options,
    ) -> Result<Self, Refused> {
        let (from, to) = options.period().map_err(Refused::Options)?;
        let period = if from.is_some() || to.is_some() {
            let (from, to) = (from.unwrap_or(Timestamp::EPOCH), to.unwrap_or_else(|| sink.clock.now()));
            if from >= to {
                return Err(Refused::Options(format!("from {from} to {to} is no period")));
            }
            if sink.view.is_none() {
                let words =
                    "what the store has is sent by the running program: start it with `hearthline run`";
                return Err(Refused::NeedsProgram(words.into()));
            }
            Some((from, to))
        } else {
            None
        };
        Ok(Self { sink, delivery, period })
    }

    fn server(&self) -> Result<Server, RepairError> {
        Server::new(self.sink.server.clone()).map_err(|error| RepairError::Person(error.to_string()))
    }

    /// Why it stands, if it waits for a person.
    fn parked(&self) -> Option<String> {
        let look = self.delivery.as_ref()?.look();
        (look.state == PartState::Parked).then(|| look.last_error.unwrap_or_default())
    }

    fn step(&self, kind: &str, what: String, touches: String) -> Step {
        Step {
            kind: kind.into(),
            what,
            touches,
            rows: None,
            bytes: None,
            seconds: Some(1),
            undo: false,
            data: json!({ "sink": self.sink.name }),
        }
    }

    async fn create(&self) -> Result<Done, RepairError> {
        let mut server = self.server()?;
        let opened = server.open(&Measurements::These(Vec::new()), true).await?;
        let what = server.what(opened.version);
        let says = if opened.made { format!("{what} was made") } else { format!("{what} is there already") };
        Ok(Done { says, data: json!({ "made": opened.made, "version": opened.says }) })
    }

    /// The step that has a period sent once more.
    fn refill_step(&self, (from, to): (Timestamp, Timestamp)) -> Step {
        let what = match from {
            Timestamp::EPOCH => format!("send {} once more what the store has up to {to}", self.sink.name),
            _ => format!("send {} once more what the store has from {from} to {to}", self.sink.name),
        };
        let touches = "the server: a point that it has is the same point again".into();
        let data = json!({ "sink": self.sink.name, "from": from, "to": to });
        Step { seconds: None, data, ..self.step("refill", what, touches) }
    }

    /// Asked for once more after a kill, it is sent once more, which doubles nothing.
    async fn refill(&self, step: &Step, scribe: &Scribe) -> Result<Done, RepairError> {
        let at = |name: &str| step.data.get(name).and_then(Value::as_i64).map(Timestamp);
        let (Some(from), Some(to)) = (at("from"), at("to")) else {
            return Err(RepairError::Person("the receipt names no period: plan it anew".into()));
        };
        let view = self.sink.view.as_ref().ok_or_else(|| {
            RepairError::Person("what the store has is sent by the running program: start it".into())
        })?;
        view.refill(from, to);
        loop {
            if let Some(events) = view.refilled(from, to) {
                let says = format!("{events} events of the store were sent");
                return Ok(Done { says, data: json!({ "events": events }) });
            }
            if let Some(words) = self.parked() {
                return Err(RepairError::Later(format!("{} stands still: {words}", self.sink.name)));
            }
            let seen = view.look().refill.filter(|refill| refill.from == Some(from) && refill.to == Some(to));
            if let Some(refill) = seen {
                scribe.progress(refill.done, Some(refill.of), "events");
            }
            sleep(LOOK).await;
        }
    }

    /// A sink that stands still because a person was waited for looks again.
    async fn look(&self) -> Result<Done, RepairError> {
        let Some(delivery) = &self.delivery else { return Ok(Done::default()) };
        let began = Instant::now();
        delivery.hurry();
        loop {
            let look = delivery.look();
            let seconds = began.elapsed().as_secs_f64();
            let state = look.state.as_str();
            if look.state == PartState::Healthy {
                let says = format!("{} delivers again after {seconds:.1} s", look.name);
                return Ok(Done { says, data: json!({ "seconds": seconds, "pending": look.pending }) });
            }
            if began.elapsed() >= WITHIN {
                let words = look.last_error.unwrap_or_default();
                return Err(RepairError::Later(format!("{} is {state}: {words}", look.name)));
            }
            sleep(LOOK).await;
        }
    }
}

impl Repair for Sink {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let (name, url) = (&self.sink.name, &self.sink.server.url);
            let mut server = self.server()?;
            let missing = server.is_missing().await?;
            let mut steps = Vec::new();
            let finding = match (missing, self.parked()) {
                (Some(version), _) => {
                    let what = server.what(version);
                    steps.push(self.step("create", format!("make {what}"), format!("the server at {url}")));
                    format!("{name}: {what} is not there")
                }
                (None, Some(words)) => format!("{name} stands still though it can be written to: {words}"),
                (None, None) => format!("{name} can be written to"),
            };
            if self.delivery.is_some() && (missing.is_some() || self.parked().is_some()) {
                let what = format!("have {name} look again, without waiting for its next attempt");
                steps.push(self.step("look", what, "what waits in the log for it is sent".into()));
            }
            // A database that has to be made has lost all that it had.
            let all = || (Timestamp::EPOCH, self.sink.clock.now());
            let lost = (missing.is_some() && self.sink.view.is_some()).then(all);
            steps.extend(self.period.or(lost).map(|period| self.refill_step(period)));
            Ok(Plan { repair: "sink".into(), finding, steps, confirm: None, notes: Vec::new() })
        })
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            match &*step.kind {
                "refill" => self.refill(step, scribe).await,
                "create" => self.create().await,
                "look" => self.look().await,
                _ => Err(step.unknown()),
            }
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let mut server = self.server()?;
            if let Some(version) = server.is_missing().await? {
                return Err(RepairError::Differs(format!("{} is not there", server.what(version))));
            }
            if let Some(words) = self.parked() {
                return Err(RepairError::Later(format!("{} stands still: {words}", self.sink.name)));
            }
            let pending = self.delivery.as_ref().map(|delivery| delivery.look().pending);
            let waits = pending.map(|pending| format!(", {pending} events wait for it")).unwrap_or_default();
            Ok(Done {
                says: format!("{} can be written to{waits}", self.sink.name),
                data: json!({ "pending": pending.map_or(Value::Null, Value::from) }),
            })
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
