//! Carries out what [`hearthline_runbook::verify`] tells: sets the canary in Home Assistant, or waits for a state that comes by
//! itself, and follows it to every place.
//!
//! Nothing of the recorder knows of it: the canary comes in as every event does. The three changes of a round are set one after
//! the other, each once the one before was heard; from the log on they are followed beside each other.

mod follow;
mod places;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use hearthline_log::Log;
use hearthline_pipeline::deliver::SinkView;
use hearthline_pipeline::http::{Answer, HttpError};
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_pipeline::sources::home_assistant::canary::ENTITY;
use hearthline_pipeline::sources::home_assistant::{Canary, SessionError};
use hearthline_runbook::parts::{LOG, SOURCE};
use hearthline_runbook::verify::document::Instead;
use hearthline_runbook::verify::leg::left_out;
use hearthline_runbook::verify::{
    Carried, Change, Expected, Kept, Kind, Leg, Progress, Step, Trouble, Verify, readback,
};
use hearthline_store::Store;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::sleep;

use self::follow::{Follower, Found};
use super::parts::{Shared, Views};
use super::{Current, Flusher, Observer};

/// How long an event may take from Home Assistant to the log.
const HEARD: Duration = Duration::from_secs(15);
/// How long a state that comes by itself is waited for.
const QUIET: Duration = Duration::from_secs(60);
/// Between two tries to remove a canary that was left behind.
const AGAIN: Duration = Duration::from_secs(60);
/// Between two looks whether Home Assistant is there.
const LOOK: Duration = Duration::from_secs(1);

const RIGHTS: &str =
    "make the token in the profile of an administrator (Settings, People, the user, Administrator)";

/// Who sets the canary and follows it.
struct Verifier {
    clock: Arc<dyn Clock>,
    log: Log,
    store: Arc<Store>,
    current: Current,
    observer: Arc<Observer>,
    kept: Arc<Kept>,
    flusher: Flusher,
    /// Held by whoever sets or removes it.
    canary: Mutex<Canary>,
    delivery: Arc<SinkView>,
    /// Of each sink beside it, in the order of the settings.
    others: Vec<(Arc<SinkView>, InfluxView)>,
}

/// When a change was made, by both clocks.
#[derive(Clone, Copy)]
struct Moment {
    wall: Timestamp,
    monotonic: Duration,
}

/// A change on its way.
struct Way {
    change: Change,
    since: Moment,
    expected: Expected,
    found: Option<Found>,
}

/// The verification of this program, whose work is done on `place`.
pub(super) fn verify(
    shared: &Shared,
    views: &Views,
    observer: Arc<Observer>,
    kept: Arc<Kept>,
    place: &Handle,
) -> anyhow::Result<Verify> {
    let link = &shared.link;
    let canary = Canary::new(link.session.clone(), Arc::clone(&link.dial), Arc::clone(&link.token));
    let [delivery, others @ ..] = &*views.sinks else { anyhow::bail!("there is no store") };
    let others = others.iter().cloned().zip(views.influxdb.iter().cloned()).collect();
    let verifier = Arc::new(Verifier {
        clock: Arc::clone(&shared.clock),
        log: shared.log.clone(),
        store: Arc::clone(&shared.store),
        current: shared.current.clone(),
        observer,
        kept: Arc::clone(&kept),
        flusher: Flusher(shared.flushes.clone()),
        canary: Mutex::new(canary),
        delivery: Arc::clone(delivery),
        others,
    });
    place.spawn(Arc::clone(&verifier).remove_left());
    let carry = move |rounds, progress| {
        let work = Arc::clone(&verifier).carry(rounds, progress);
        Box::pin(work) as Pin<Box<dyn Future<Output = Carried> + Send>>
    };
    let every = shared.settings.verify.every.as_ref().map(|every| every.value);
    let verify = Verify::new(Arc::new(carry), kept, Arc::clone(&shared.clock), place.clone(), every);
    let scheduled = verify.clone();
    place.spawn(async move { scheduled.keep_verifying().await });
    Ok(verify)
}

impl Verifier {
    async fn carry(self: Arc<Self>, rounds: u32, progress: Progress) -> Carried {
        let mut canary = self.canary.lock().await;
        let mut instead = match self.may_set(&mut canary).await {
            Ok(instead) => instead,
            Err(trouble) => {
                let mut change = self.begun(1, Kind::Text, Expected::default()).change;
                change.legs.push(Leg::of(SOURCE, Step::Set, Err(trouble)));
                return Carried { instead: None, changes: vec![change] };
            }
        };
        let mut ways = Vec::new();
        for round in 1..=rounds {
            progress(round);
            let begun = match instead {
                Some(_) => Ok(vec![self.natural(round).await]),
                None => self.round(&mut canary, round).await,
            };
            let begun = match begun {
                Ok(begun) => begun,
                Err(why) => {
                    instead = Some(why);
                    vec![self.natural(round).await]
                }
            };
            let followed = begun.into_iter().map(|way| self.follow(way));
            ways.extend(futures_util::future::join_all(followed).await);
        }
        self.read_from_files(&mut ways).await;
        Carried { instead, changes: ways.into_iter().map(|way| way.change).collect() }
    }

    /// Whether the canary can be set; if not, why something else is followed. It is not tried without the right: Home Assistant
    /// would take it for a wrong login.
    async fn may_set(&self, canary: &mut Canary) -> Result<Option<Instead>, Trouble> {
        let decision = self.current.filter().decide(ENTITY);
        if !decision.kept {
            let (by, todo) = left_out(ENTITY, decision.rule.as_deref());
            let why = format!("your filter leaves {ENTITY} out{by}");
            return Ok(Some(Instead { why, todo: format!("{todo} under [filter]") }));
        }
        let house = self.observer.status().home_assistant;
        if house.state == "parked" {
            let reason = house.reason.unwrap_or_else(|| "home assistant refuses the token".into());
            let words = format!("{reason}; it was not tried again, since wrong tries get the address banned");
            return Err(Trouble::Unreachable(words));
        }
        let is_administrator = canary.is_administrator().await;
        if !is_administrator.map_err(|error: SessionError| Trouble::Unreachable(error.to_string()))? {
            let why = "the token is not an administrator's".to_owned();
            return Ok(Some(Instead { why, todo: RIGHTS.into() }));
        }
        if self.kept.is_left() {
            drop(self.remove(canary).await);
        }
        Ok(None)
    }

    /// Sets, changes and removes the canary; each is in the log then, or it is known that it is not.
    async fn round(&self, canary: &mut Canary, round: u32) -> Result<Vec<Way>, Instead> {
        let number = 100_000_000 + getrandom::u32().unwrap_or_default() % 899_999_998;
        let text = Value::from(format!("none-{number}"));
        if let Err(error) = self.kept.may_be_set() {
            let words = format!("its note cannot be written to the data folder ({error}), so it was not set");
            let expected = Expected { state: Some(number.to_string()), dynamics: Some(text) };
            let mut way = self.begun(round, Kind::Text, expected);
            way.change.legs.push(Leg::of(SOURCE, Step::Set, Err(Trouble::Says(words))));
            return Ok(vec![way]);
        }
        let mut follower = Follower::new(&self.log, &self.clock);
        let mut ways = Vec::new();
        for (kind, number, dynamics) in
            [(Kind::Text, number, text), (Kind::Boolean, number + 1, Value::from(true))]
        {
            let expected = Expected { state: Some(number.to_string()), dynamics: Some(dynamics.clone()) };
            let attributes = json!({ readback::ATTRIBUTE: dynamics, "friendly_name": "Hearthline canary" });
            let mut way = self.begun(round, kind, expected);
            let answer = canary.set(&number.to_string(), &attributes).await;
            let is_set = matches!(&answer, Ok(answer) if matches!(answer.status, 200 | 201));
            if ways.is_empty() && !is_set {
                match &answer {
                    Ok(_) => self.kept.is_removed(), // it was never there
                    Err(_) => drop(self.remove(canary).await),
                }
                return Err(not_settable(answer));
            }
            self.is_heard(&mut way, answer, &mut follower).await;
            ways.push(way);
        }
        let mut way = self.begun(round, Kind::Removal, Expected::default());
        let answer = self.remove(canary).await;
        self.is_heard(&mut way, answer, &mut follower).await;
        ways.push(way);
        Ok(ways)
    }

    /// What Home Assistant answered, and whether the event came.
    async fn is_heard(&self, way: &mut Way, answer: Result<Answer, HttpError>, follower: &mut Follower) {
        let set = match answer {
            Ok(Answer { status: status @ (200 | 201), .. }) => {
                Ok((self.after(way.since), format!("HTTP {status}")))
            }
            Ok(answer) => Err(Trouble::Refused(words_of(&answer))),
            Err(error) => Err(Trouble::Refused(error.to_string())),
        };
        let is_set = set.is_ok();
        way.change.legs.push(Leg::of(SOURCE, Step::Set, set));
        if is_set {
            let state = way.expected.state.clone();
            let wanted = |found: &Found| {
                found.entity_id == ENTITY
                    && found.removed == state.is_none()
                    && state.as_ref().is_none_or(|state| found.raw.contains(&format!("\"{state}\"")))
            };
            way.found = follower.find(HEARD, wanted).await;
            self.tell_heard(way, HEARD);
        }
    }

    /// Follows the next state that comes.
    async fn natural(&self, round: u32) -> Way {
        let mut follower = Follower::new(&self.log, &self.clock);
        let mut way = self.begun(round, Kind::Natural, Expected::default());
        let found = follower.find(QUIET, |found| !found.removed).await;
        if let Some(found) = &found {
            way.change.entity_id.clone_from(&found.entity_id);
            way.expected = Expected::of_record(&found.raw);
            way.change.state.clone_from(&way.expected.state);
            let ago = self.clock.now().since(found.received);
            way.since =
                Moment { wall: found.received, monotonic: self.clock.monotonic().saturating_sub(ago) };
        }
        way.found = found;
        self.tell_heard(&mut way, QUIET);
        way
    }

    fn tell_heard(&self, way: &mut Way, within: Duration) {
        let Some(found) = &way.found else {
            let house = self.observer.status().home_assistant;
            let leg = match self.log.stats().refuses {
                Some(why) => Leg::of(LOG, Step::Logged, Err(Trouble::LogRefuses(why))),
                None if way.change.kind == Kind::Natural => {
                    Leg::of(SOURCE, Step::Heard, Err(Trouble::Quiet(within, house.state)))
                }
                None => {
                    let unheard = Trouble::Unheard(within, house.state, house.reason);
                    Leg::of(SOURCE, Step::Heard, Err(unheard))
                }
            };
            way.change.legs.push(leg);
            return;
        };
        way.change.at = Some(found.ts.to_string());
        way.change.seq = Some(found.seq.0);
        let after = found.received.since(way.since.wall);
        let heard = Ok((after, format!("the event of {}", found.ts)));
        let mut heard = Leg::of(SOURCE, Step::Heard, heard);
        if way.change.kind == Kind::Natural {
            heard.ms = None; // its times begin here
        }
        way.change.legs.push(heard);
        let read = way.expected.in_record(&found.raw);
        let after = found.read_at.saturating_sub(way.since.monotonic);
        let logged = read.map(|()| (after, format!("record {}", found.seq)));
        way.change.legs.push(Leg::of(LOG, Step::Logged, logged));
    }

    /// Removes it, also where it is not known whether it is there.
    async fn remove(&self, canary: &mut Canary) -> Result<Answer, HttpError> {
        let answer = canary.remove().await;
        if matches!(&answer, Ok(answer) if matches!(answer.status, 200 | 404)) {
            self.kept.is_removed();
        } else {
            tracing::warn!(
                "{ENTITY} could not be removed from home assistant: it is tried again at the next start and the next time"
            );
        }
        answer
    }

    /// Removes what an earlier run has left behind, once Home Assistant is there.
    async fn remove_left(self: Arc<Self>) {
        while self.kept.is_left() {
            if self.observer.status().home_assistant.state != "connected" {
                sleep(LOOK).await;
                continue;
            }
            let mut canary = self.canary.lock().await;
            match canary.is_administrator().await {
                Ok(true) => drop(self.remove(&mut canary).await),
                Ok(false) => {
                    let words = "was left in home assistant, and the token is no administrator's any more";
                    return tracing::error!("{ENTITY} {words}: remove it under Developer tools, States");
                }
                Err(error) => tracing::debug!(%error, "what was left behind could not be removed yet"),
            }
            drop(canary);
            if self.kept.is_left() {
                sleep(AGAIN).await;
            }
        }
    }

    fn begun(&self, round: u32, kind: Kind, expected: Expected) -> Way {
        let entity_id = if kind == Kind::Natural { String::new() } else { ENTITY.to_owned() };
        let state = expected.state.clone();
        let change = Change { round, kind, entity_id, state, at: None, seq: None, legs: Vec::new() };
        let since = Moment { wall: self.clock.now(), monotonic: self.clock.monotonic() };
        Way { change, since, expected, found: None }
    }

    fn after(&self, since: Moment) -> Duration {
        self.clock.monotonic().saturating_sub(since.monotonic)
    }
}

/// Why something else is followed, from the first answer to a state.
fn not_settable(answer: Result<Answer, HttpError>) -> Instead {
    let words = match answer {
        Ok(answer) if matches!(answer.status, 401 | 403) => {
            let why = format!("Home Assistant does not let the token set a state ({})", words_of(&answer));
            return Instead { why, todo: RIGHTS.into() };
        }
        Ok(answer) => words_of(&answer),
        Err(error) => error.to_string(),
    };
    Instead {
        why: format!("Home Assistant's REST API does not take a state ({words})"),
        todo: "see whether a proxy before Home Assistant lets /api/states through, and whether `api:` is in configuration.yaml \
               (default_config has it)"
            .into(),
    }
}

fn words_of(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let first: String = body.lines().next().unwrap_or_default().chars().take(120).collect();
    format!("HTTP {}: {first}", answer.status)
}
