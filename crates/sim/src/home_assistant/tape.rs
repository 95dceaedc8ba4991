//! A recording in the place of a house: the server answers as it was answered, and events come as they came.
//!
//! Events begin with the first subscription and then go on in their own time, whether or not anybody listens, as they do
//! in a house. `get_states` is what the recording says is the case at that moment: its own answer, put back by the events
//! before it and carried on by those after it. Any other command has the answers that it had in the recording, in that
//! order, the last one again and again. One that is not in the recording is unknown, but for `get_config`: without it no
//! client would know that Home Assistant runs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Clock;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::message;
use super::outbox::Out;
use super::world::World;
use super::{Ending, HomeAssistant, Options};
use crate::House;
use crate::recording::{Direction, Recording, Said};

/// With more messages waiting for a client the recording waits too: a fast replay is no reason to be cut off.
const MOST_WAITING: usize = 256;
const WAIT: Duration = Duration::from_millis(2);
/// How long a client that does not read is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The result as JSON, or code and message.
type Answer = Result<String, (Cow<'static, str>, String)>;

/// A recording, ready to be played.
#[derive(Debug, Default)]
pub(super) struct Tape {
    steps: VecDeque<(Duration, Step)>,
    /// By the type of the command.
    answers: HashMap<String, VecDeque<Answer>>,
    /// State objects as JSON, by entity.
    states: BTreeMap<String, String>,
    subscribed: Arc<Notify>,
}

#[derive(Debug)]
enum Step {
    Event(Event),
    /// All states, as they were told.
    States(BTreeMap<String, String>),
    /// A frame that is no message.
    Frame(Out),
    End(Ending),
}

#[derive(Debug)]
struct Event {
    /// The event object.
    json: String,
    kind: String,
    /// The entity, what it was and what it is; as JSON, absent for nothing.
    change: Option<(String, Option<String>, Option<String>)>,
}

#[derive(Deserialize)]
struct Message<'m> {
    id: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
    success: Option<bool>,
    #[serde(borrow)]
    result: Option<&'m RawValue>,
    error: Option<Refusal>,
    #[serde(borrow)]
    event: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Changed<'m> {
    event_type: String,
    #[serde(borrow)]
    data: Option<Data<'m>>,
}

#[derive(Deserialize)]
struct Data<'m> {
    entity_id: Option<String>,
    #[serde(borrow)]
    old_state: Option<&'m RawValue>,
    #[serde(borrow)]
    new_state: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Named {
    entity_id: String,
}

/// One frame's messages: an object, or an array of them.
fn messages(frame: &str) -> Option<Vec<Message<'_>>> {
    match serde_json::from_str(frame) {
        Ok(message) => Some(vec![message]),
        Err(_) => serde_json::from_str(frame).ok(),
    }
}

fn states(list: &str) -> BTreeMap<String, String> {
    let list: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
    let named = |raw: &&RawValue| {
        let Named { entity_id } = serde_json::from_str(raw.get()).ok()?;
        Some((entity_id, raw.get().to_owned()))
    };
    list.iter().filter_map(named).collect()
}

impl Tape {
    pub(super) fn of(recording: &Recording) -> Self {
        let mut tape = Self::default();
        let mut asked: HashMap<u64, String> = HashMap::new();
        let mut began = None;
        for frame in &recording.frames {
            let since = frame.t - *began.unwrap_or(&frame.t);
            let at = Duration::try_from_secs_f64(since).unwrap_or_default();
            let step = match (&frame.said, frame.direction) {
                (Said::Text(text), Direction::Out) => {
                    for message in messages(text).into_iter().flatten() {
                        if let Some(id) = message.id {
                            if message.kind == "subscribe_events" {
                                began.get_or_insert(&frame.t);
                            }
                            asked.insert(id, message.kind);
                        }
                    }
                    None
                }
                (Said::Text(text), Direction::In) => match messages(text) {
                    Some(messages) => {
                        for message in messages {
                            tape.take(at, &message, &asked);
                        }
                        None
                    }
                    None => Some(Step::Frame(Out::Alone(text.clone()))),
                },
                (Said::Binary(bytes), Direction::In) => Some(Step::Frame(Out::Binary(bytes.clone()))),
                (Said::End(Some(_)), Direction::In) => Some(Step::End(Ending::Close)),
                (Said::End(None), Direction::In) => Some(Step::End(Ending::Eof)),
                (Said::Binary(_) | Said::End(_), Direction::Out) => None,
            };
            tape.steps.extend(step.map(|step| (at, step)));
        }
        tape.put_back();
        tape
    }

    fn take(&mut self, at: Duration, message: &Message<'_>, asked: &HashMap<u64, String>) {
        if let Some(event) = message.event {
            self.steps.extend(Event::of(event).map(|event| (at, Step::Event(event))));
        }
        let Some(command) = message.id.and_then(|id| asked.get(&id)).filter(|_| message.kind == "result")
        else {
            return;
        };
        let answer = match (message.success, message.result, &message.error) {
            (Some(true), result, _) => Ok(result.map_or("null", RawValue::get).to_owned()),
            (_, _, Some(Refusal { code, message })) => Err((code.clone().into(), message.clone())),
            _ => return,
        };
        if command == "get_states"
            && let Ok(list) = &answer
        {
            self.steps.push_back((at, Step::States(states(list))));
        } else {
            self.answers.entry(command.clone()).or_default().push_back(answer);
        }
    }

    /// What was the case when the recording began: the first states that were told, without the events before that.
    fn put_back(&mut self) {
        let mut changed = BTreeSet::new();
        for (_, step) in &self.steps {
            match step {
                Step::Event(Event { change: Some((entity_id, old, _)), .. }) if changed.insert(entity_id) => {
                    self.states.extend(old.as_ref().map(|old| (entity_id.clone(), old.clone())));
                }
                Step::States(told) => {
                    let rest = told.iter().filter(|(entity_id, _)| !changed.contains(entity_id));
                    self.states.extend(rest.map(|(entity_id, state)| (entity_id.clone(), state.clone())));
                    break;
                }
                _ => {}
            }
        }
    }

    /// Somebody listens.
    pub(super) fn subscribed(&self) {
        self.subscribed.notify_one();
    }

    /// None where the recording has no answer.
    pub(super) fn answer(&mut self, command: &str) -> Option<Answer> {
        if command == "get_states" {
            let states: Vec<&str> = self.states.values().map(String::as_str).collect();
            return Some(Ok(format!("[{}]", states.join(","))));
        }
        let answers = self.answers.get_mut(command)?;
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }
}

impl Event {
    fn of(raw: &RawValue) -> Option<Self> {
        let json = raw.get().to_owned();
        let Changed { event_type, data } = serde_json::from_str(raw.get()).ok()?;
        let change = data.filter(|_| event_type == "state_changed").and_then(|data| {
            let text = |raw: Option<&RawValue>| raw.map(|raw| raw.get().to_owned());
            Some((data.entity_id?, text(data.old_state), text(data.new_state)))
        });
        Some(Self { json, kind: event_type, change })
    }
}

impl World {
    fn play(&mut self, step: Step) {
        match step {
            Step::Event(Event { json, kind, change }) => {
                if let (Some((entity_id, _, new)), Some(tape)) = (change, &mut self.tape) {
                    self.counted.fired += 1;
                    match new {
                        Some(new) => drop(tape.states.insert(entity_id, new)),
                        None => drop(tape.states.remove(&entity_id)),
                    }
                }
                let style = self.lasting.style;
                self.to_subscribers(&kind, |id| vec![Out::Text(message::of_subscription(id, &json, style))]);
            }
            Step::States(states) => {
                if let Some(tape) = &mut self.tape {
                    tape.states = states;
                }
            }
            Step::Frame(frame) => {
                for peer in self.peers.values().filter(|peer| !peer.subscriptions.is_empty()) {
                    peer.outbox.push(frame.clone());
                }
            }
            Step::End(ending) => self.end_all(ending),
        }
    }
}

impl HomeAssistant {
    /// A server that says what is in a recording, once [`replay`](Self::replay) runs. Faults work as they do with a house.
    #[must_use]
    pub fn replaying(recording: &Recording, clock: Arc<dyn Clock>, options: Options) -> Self {
        let options = Options { version: recording.ha_version.clone(), ..options };
        let server = Self::new(House::empty(0, clock.now()), clock, options);
        server.0.world.lock().tape = Some(Tape::of(recording));
        server
    }

    /// Plays the recording, `speed` times as fast as it was, from the first subscription to its end. What the server is
    /// asked after that is answered with what was the case then. Returns at once where there is no recording.
    pub async fn replay(&self, speed: f64) {
        let subscribed = self.0.world.lock().tape.as_ref().map(|tape| Arc::clone(&tape.subscribed));
        let Some(subscribed) = subscribed else { return };
        subscribed.notified().await;
        let start = Instant::now();
        while let Some((at, step)) = self.next_step() {
            let at = Duration::try_from_secs_f64(at.as_secs_f64() / speed).unwrap_or_default();
            sleep_until(start + at).await;
            let most = if matches!(step, Step::End(_)) { 0 } else { MOST_WAITING };
            let patience = Instant::now() + PATIENCE;
            while self.waiting() > most && Instant::now() < patience {
                sleep(WAIT).await;
            }
            if most == 0 {
                sleep(WAIT).await; // the last one has left the queue and not yet the house
            }
            self.0.world.lock().play(step);
        }
    }

    fn next_step(&self) -> Option<(Duration, Step)> {
        self.0.world.lock().tape.as_mut().and_then(|tape| tape.steps.pop_front())
    }

    /// Messages that wait for the client which has most of them.
    fn waiting(&self) -> usize {
        self.0.world.lock().peers.values().map(|peer| peer.outbox.len()).max().unwrap_or_default()
    }
}
