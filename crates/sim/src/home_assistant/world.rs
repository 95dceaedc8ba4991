//! What the server knows: the house, its clients and what is wrong with it. One lock holds it; no wait happens under it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};

use super::message::{self, Style};
use super::outbox::{Out, Outbox};
use super::recorder::Recorder;
use super::tape::Tape;
use super::{Counters, Ending, Options};
use crate::house::{Fired, House};

/// How far the start of the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Down,
    NotRunning,
    Starting,
    Running,
}

impl Phase {
    /// `state` of the configuration.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Down | Self::NotRunning => "NOT_RUNNING",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
        }
    }
}

/// What stays wrong until it is healed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lasting {
    pub(super) refuse: bool,
    pub(super) close_after_auth: bool,
    pub(super) token_revoked: bool,
    pub(super) no_admin: bool,
    pub(super) slow_pong: Duration,
    pub(super) style: Style,
    pub(super) bad_gateway: bool,
    /// Types of commands.
    pub(super) refused: BTreeSet<String>,
    pub(super) ignored: BTreeSet<String>,
    pub(super) single_frames: bool,
    pub(super) bursts: Duration,
    /// How far the house's clock is ahead, in microseconds.
    pub(super) skew: i64,
    pub(super) no_recorder: bool,
    pub(super) slow_history: Duration,
    /// Of each that is named here, nothing of its device is reported.
    pub(super) silenced: BTreeSet<EntityId>,
}

/// One client.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) outbox: Arc<Outbox>,
    /// The event type wanted, by the id of the command; absent for all.
    pub(super) subscriptions: BTreeMap<u64, Option<String>>,
    /// Templates that are rendered, by the id of the command.
    pub(super) templates: BTreeSet<u64>,
    pub(super) last_id: u64,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) house: House,
    pub(super) recorder: Recorder,
    /// A recording that speaks in place of the house.
    pub(super) tape: Option<Tape>,
    pub(super) phase: Phase,
    /// Stops so far; a start that another stop has overtaken is given up.
    pub(super) boot: u64,
    pub(super) peers: BTreeMap<u64, Peer>,
    pub(super) lasting: Lasting,
    /// The next event is sent twice.
    pub(super) duplicate: bool,
    /// The next command of that type ends the connection so.
    pub(super) drop_on: Option<(String, Ending)>,
    /// The next command is refused.
    pub(super) id_reuse: bool,
    pub(super) failed_logins: u32,
    pub(super) banned: bool,
    pub(super) counted: Counters,
    peak_time: Duration,
}

impl World {
    pub(super) fn new(house: House, options: &Options) -> Self {
        Self {
            house,
            recorder: Recorder::new(options),
            tape: None,
            phase: Phase::Running,
            boot: 0,
            peers: BTreeMap::new(),
            lasting: Lasting::default(),
            duplicate: false,
            drop_on: None,
            id_reuse: false,
            failed_logins: 0,
            banned: false,
            counted: Counters::default(),
            peak_time: options.peak_time,
        }
    }

    pub(super) fn accepting(&self) -> bool {
        self.phase != Phase::Down && !self.lasting.refuse
    }

    /// Takes in a client, if any are.
    pub(super) fn admit(&mut self) -> Option<(u64, Arc<Outbox>)> {
        if !self.accepting() {
            return None;
        }
        self.counted.connections_ever += 1;
        let outbox = Arc::new(Outbox::new(self.peak_time));
        outbox.single(self.lasting.single_frames);
        let peer = Peer {
            outbox: outbox.clone(),
            subscriptions: BTreeMap::new(),
            templates: BTreeSet::new(),
            last_id: 0,
        };
        self.peers.insert(self.counted.connections_ever, peer);
        Some((self.counted.connections_ever, outbox))
    }

    pub(super) fn end_all(&self, ending: Ending) {
        self.peers.values().for_each(|peer| peer.outbox.end(ending));
    }

    /// Counts a try to authenticate, and bans the address at the threshold.
    pub(super) fn login(&mut self, right: bool, threshold: Option<u32>) {
        self.counted.auth_attempts += 1;
        self.failed_logins = if right { 0 } else { self.failed_logins + 1 };
        if !right {
            self.counted.auth_failures += 1;
            self.banned |= threshold.is_some_and(|n| self.failed_logins >= n);
        }
    }

    /// Status and body of what every request is answered, whatever it asks for.
    pub(super) const fn refusal(&self) -> Option<(&'static str, &'static str)> {
        if self.banned {
            Some(("403 Forbidden", "403: Forbidden"))
        } else if self.lasting.bad_gateway {
            Some(("502 Bad Gateway", "502: Bad Gateway"))
        } else {
            None
        }
    }

    /// Whether the token's user is an administrator.
    pub(super) const fn is_admin(&self, options: &Options) -> bool {
        options.admin && !self.lasting.no_admin
    }

    /// Sends and records what was fired.
    pub(super) fn publish(&mut self, fired: impl IntoIterator<Item = Fired>) {
        for event in fired {
            self.counted.fired += 1;
            if event.deliverable() {
                self.send("state_changed", &message::state_changed(&event, self.lasting.style));
            }
            self.recorder.push(event, self.lasting.skew);
        }
    }

    /// Fires an event of any other type.
    pub(super) fn fire(&mut self, at: Timestamp, event_type: &str, data: &str) {
        let context = self.house.context(at, None);
        let fired = self.house.tick(at);
        let body = message::event(event_type, data, fired, &context, self.lasting.style);
        self.send(event_type, &body);
    }

    fn send(&mut self, event_type: &str, body: &str) {
        let copies = 1 + usize::from(std::mem::take(&mut self.duplicate));
        let style = self.lasting.style;
        self.to_subscribers(event_type, |id| {
            vec![Out::Text(message::of_subscription(id, body, style)); copies]
        });
    }

    /// Puts messages into the queue of every subscription to that type of event.
    pub(super) fn to_subscribers(&self, event_type: &str, messages: impl Fn(u64) -> Vec<Out>) {
        for peer in self.peers.values() {
            for (&id, wanted) in &peer.subscriptions {
                if wanted.as_deref().is_none_or(|w| w == event_type) {
                    messages(id).into_iter().for_each(|message| peer.outbox.push(message));
                }
            }
        }
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            connections: self.peers.len() as u64,
            subscriptions: self.peers.values().map(|p| p.subscriptions.len() as u64).sum(),
            ..self.counted.clone()
        }
    }
}
