//! What is done on one connection, in order: subscribe at once, so that nothing of a start is missed; ask for the
//! registries; wait until Home Assistant has started, since before that its states are a part; compare its states with
//! ours; then take in events until the stream ends, and compare again from time to time for entities that stay quiet.

mod compare;
mod registries;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use hearthline_core::{Clock, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use self::registries::entity_update;
use super::command::Command;
use super::fill::Filler;
use super::link::LinkConfig;
use super::lists::{Kept, Lists};
use super::session::{Incoming, Session};
use super::status::{LinkState, LinkStatus};
use super::wire::registry::Registry;
use super::wire::{self, EventData, Message};
use super::{Io, SessionError};
use crate::ingest::{CLOCKS, Hello, Ingest, IngestError};
use crate::orders;

/// The one type that is always asked for when no other is.
const STATE_CHANGED: &str = "state_changed";
/// All types.
const ALL: &str = "*";
/// Between two questions whether Home Assistant has started.
const STARTED: Duration = Duration::from_secs(2);
/// Without an event for so long after a comparison, a gap ends with the newest state compared.
const QUIET: Duration = Duration::from_secs(5);
/// How long the log may take to write one piece. Home Assistant cuts off a client that reads nothing for 5 s.
const ROOM: Duration = Duration::from_secs(4);
/// After a question was refused.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// With a slower ping no comparison is made: its answer shares the socket and could get us cut off.
const BUSY: Duration = Duration::from_secs(1);

/// One connection that records.
pub(super) struct Connection<'l> {
    session: Session<Box<dyn Io>>,
    ingest: &'l mut Ingest,
    orders: &'l mut orders::Incoming,
    filler: Filler,
    clock: Arc<dyn Clock>,
    config: &'l LinkConfig,
    status: &'l watch::Sender<LinkStatus>,
    subscribed: usize,
    /// When the newest subscription was there, by Home Assistant's clock, or a little later.
    subscribed_at: Timestamp,
    lists: Lists,
    /// An event of a registry cannot be had, which was said.
    unheard: bool,
    /// Home Assistant said that it had not started completely.
    starting: bool,
    /// When states were last compared; none while Home Assistant is starting.
    compared: Option<Instant>,
    /// The subscription that says what has reported, until it has.
    reported: Option<u64>,
    rng: Rng,
    /// The next question and when it is asked.
    next: Option<(Instant, Command)>,
}

impl<'l> Connection<'l> {
    /// On an authenticated session.
    pub(super) fn new(
        session: Session<Box<dyn Io>>,
        ingest: &'l mut Ingest,
        orders: &'l mut orders::Incoming,
        filler: Filler,
        clock: Arc<dyn Clock>,
        config: &'l LinkConfig,
        status: &'l watch::Sender<LinkStatus>,
    ) -> Self {
        Self {
            session,
            ingest,
            orders,
            filler,
            clock,
            config,
            status,
            subscribed: 0,
            subscribed_at: Timestamp::EPOCH,
            lists: Lists::default(),
            unheard: false,
            starting: false,
            compared: None,
            reported: None,
            rng: Rng::with_seed(config.seed),
            next: None,
        }
    }

    /// Subscribes and records until the stream ends or `stop` is ready; without an error only then.
    ///
    /// # Errors
    /// Why the stream ended.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), SessionError> {
        let mut stop = std::pin::pin!(stop);
        self.session.ask(Command::CoalesceMessages).await?;
        if self.config.events.iter().any(|kind| kind == ALL) {
            self.session.ask(Command::SubscribeEvents(None)).await?;
        } else {
            for kind in &self.config.events {
                self.session.ask(Command::SubscribeEvents(Some(kind.clone()))).await?;
            }
            self.hear_of_registries().await?;
        }
        self.lists.hold();
        self.lists.changed(None);
        self.ask_for_lists().await?;
        loop {
            let incoming = tokio::select! {
                biased; // so that a simulation does the same twice
                () = &mut stop => {
                    self.session.close().await;
                    return Ok(());
                }
                Some(order) = self.orders.recv() => {
                    order.carry_out(self.ingest);
                    if self.ingest.takes_refiltered() {
                        self.have_all_again().await?;
                    }
                    continue;
                }
                ready = self.filler.ready() => {
                    self.filler.go_on(ready, self.ingest)?;
                    self.fill().await?;
                    continue;
                }
                incoming = self.session.next() => incoming?,
            };
            match incoming {
                Incoming::Text(frame) => self.take_frame(frame).await?,
                Incoming::Binary(bytes) => {
                    self.ingest.undecodable(&bytes, "a frame of bytes, not of text", self.clock.now())?;
                    self.ingest.end_frame()?;
                }
                Incoming::Tick => {
                    self.show_slowness();
                    self.look_after_lists().await?;
                    self.ask_what_is_due().await?;
                    if self.compared.is_some_and(|at| at.elapsed() >= QUIET) {
                        self.ingest.quiet(self.subscribed_at)?;
                    }
                    self.ingest.repeat_weather()?;
                    self.fill().await?;
                }
            }
        }
    }

    fn show_slowness(&self) {
        let slow = self.session.slow();
        self.status.send_if_modified(|status| std::mem::replace(&mut status.slow, slow) != slow);
    }

    async fn take_frame(&mut self, frame: Utf8Bytes) -> Result<(), SessionError> {
        let received = self.clock.now();
        let whole = Kept::new(received, frame, 0);
        if self.lists.holds {
            self.keep(whole).await?;
        } else {
            self.take_messages(whole).await?;
        }
        self.go_on().await
    }

    /// Takes the messages of a frame, as far as none says that what follows has to wait.
    async fn take_messages(&mut self, kept: Kept) -> Result<(), SessionError> {
        for (n, message) in wire::messages(&kept.frame).enumerate().skip(kept.from) {
            self.take_message(message, kept.received).await?;
            if self.lists.holds {
                self.ingest.end_frame()?;
                return self.keep(Kept::new(kept.received, kept.frame.clone(), n + 1)).await;
            }
        }
        Ok(self.ingest.end_frame()?)
    }

    /// Keeps a frame back, and takes the answers in it that cannot wait.
    async fn keep(&mut self, kept: Kept) -> Result<(), SessionError> {
        for message in wire::messages(&kept.frame).skip(kept.from) {
            match message {
                Message::Event(event) if event.event_type == Registry::Entity.update_event() => {
                    self.lists.met(entity_update(&event));
                }
                Message::Result { id, .. } if self.cannot_wait(id) => {
                    self.take_message(message, kept.received).await?;
                    self.lists.takes(id);
                }
                Message::Pong { .. } => self.take_message(message, kept.received).await?,
                _ => {}
            }
        }
        if !self.lists.keep(kept) && self.lists.holds {
            self.do_without_lists()?;
            if self.lists.holds {
                tracing::warn!("the registries do not come, and too much waits for them; connecting anew");
                self.ingest.overflowed();
                return Err(IngestError::QueueFull.into());
            }
        }
        Ok(())
    }

    fn cannot_wait(&self, id: u64) -> bool {
        use Command::{CoalesceMessages, GetConfig, SubscribeEvents};
        let command = self.session.asked(id);
        matches!(command, Some(Command::Registry(_) | SubscribeEvents(_) | GetConfig | CoalesceMessages))
    }

    /// Takes what was kept back, once it need not be any longer.
    async fn go_on(&mut self) -> Result<(), SessionError> {
        while let Some(kept) = self.lists.let_go() {
            self.take_messages(kept).await?;
        }
        Ok(())
    }

    async fn take_message(&mut self, message: Message<'_>, received: Timestamp) -> Result<(), SessionError> {
        match message {
            Message::Event(event) => {
                let registry = match event.data {
                    EventData::Other(_) => Registry::updated_by(&event.event_type),
                    EventData::StateChanged { .. } => None,
                };
                if let Some(registry) = registry {
                    self.take_update(registry, &event, received)?;
                    self.ask_for_lists().await?;
                }
                if registry.is_none() || self.is_recorded(&event.event_type) {
                    self.ingest.accept(&event, received)?;
                }
            }
            Message::Result { id, .. } if self.lists.has_taken(id) => {}
            Message::Result { id, outcome } => self.take_result(id, outcome, received).await?,
            Message::Pong { id } => {
                self.session.answered(id);
                self.status.send_modify(|status| status.ping = self.session.ping());
            }
            Message::Rendered { id, outcome } => self.take_rendered(id, &outcome).await?,
            Message::Undecodable { raw, error } => {
                self.ingest.undecodable(raw.as_bytes(), &error.to_string(), received)?;
                self.compare_soon(); // good events may have stood in the same frame
            }
            Message::AuthRequired { .. } | Message::AuthOk | Message::AuthInvalid { .. } | Message::Other => {
            }
        }
        Ok(())
    }

    async fn take_result(
        &mut self,
        id: u64,
        outcome: Result<&str, Cow<'_, str>>,
        received: Timestamp,
    ) -> Result<(), SessionError> {
        use Command::{CoalesceMessages, History, SubscribeEvents};
        let command = self.session.answered(id);
        if matches!(command, Some(CoalesceMessages | SubscribeEvents(_) | Command::Registry(_))) {
            self.lists.heard();
        }
        match (command, outcome) {
            (Some(History(period)), outcome) => {
                let outcome = outcome.as_ref().map(|answer| *answer).map_err(AsRef::as_ref);
                self.filler.answered(id, &period, outcome, self.ingest)?;
                self.fill().await?;
            }
            (Some(Command::Registry(registry)), outcome) => {
                let outcome = outcome.as_ref().map(|answer| *answer).map_err(AsRef::as_ref);
                self.take_list(registry, outcome).await?;
            }
            (Some(command), Ok(answer)) => self.take_answer(command, answer, received).await?,
            (Some(command), Err(message)) => self.take_refusal(command, &message).await?,
            // An event that Home Assistant cannot write as JSON can come as an error of its subscription.
            (None, Err(message)) => {
                tracing::warn!(%message, "home assistant could not send an event; comparing states");
                self.compare_soon();
            }
            (None, Ok(_)) => {}
        }
        Ok(())
    }

    async fn take_answer(
        &mut self,
        command: Command,
        answer: &str,
        received: Timestamp,
    ) -> Result<(), SessionError> {
        match command {
            Command::SubscribeEvents(Some(event_type)) if self.is_ours(&event_type) => Ok(()),
            Command::SubscribeEvents(_) => self.subscribed().await,
            Command::GetConfig => self.take_config(answer).await,
            Command::GetStates => self.take_states(answer, received).await,
            Command::CoalesceMessages
            | Command::History(_)
            | Command::Registry(_)
            | Command::Reported
            | Command::Unsubscribe(_)
            | Command::CurrentUser
            | Command::RecorderInfo
            | Command::Ping => Ok(()),
        }
    }

    async fn take_refusal(&mut self, command: Command, message: &str) -> Result<(), SessionError> {
        match command {
            Command::SubscribeEvents(None) => {
                tracing::error!(%message, "not all events can be had (is the token an administrator's?); recording states");
                self.session.ask(Command::SubscribeEvents(Some(STATE_CHANGED.into()))).await?;
                self.hear_of_registries().await?;
                // What changed between the answer and the subscription is in no list and in no event otherwise.
                self.lists.wait_for_another();
                self.ask_for_each_list().await
            }
            Command::SubscribeEvents(Some(event_type)) if self.is_ours(&event_type) => {
                if !std::mem::replace(&mut self.unheard, true) {
                    tracing::warn!(%message, event_type, "changes of a registry are seen only when states are compared");
                }
                Ok(())
            }
            Command::SubscribeEvents(Some(event_type))
                if self.config.events.len() > 1 && event_type != STATE_CHANGED =>
            {
                tracing::error!(%message, event_type, "events of this type cannot be had; recording the others");
                Ok(())
            }
            Command::SubscribeEvents(event_type) => Err(SessionError::SubscriptionRefused {
                event_type: event_type.unwrap_or_default(),
                message: message.into(),
            }),
            command @ (Command::GetConfig | Command::GetStates) => {
                tracing::warn!(?command, %message, "home assistant refused a question; asking again");
                self.next = Some((Instant::now() + ASK_AGAIN, command));
                Ok(())
            }
            Command::Reported => {
                self.reported = None;
                tracing::debug!(%message, "what has reported without a change is not known; no sensor is called silent");
                Ok(())
            }
            Command::CoalesceMessages
            | Command::History(_)
            | Command::Registry(_)
            | Command::Unsubscribe(_)
            | Command::CurrentUser
            | Command::RecorderInfo
            | Command::Ping => Ok(()),
        }
    }

    /// Events arrive from now on.
    async fn subscribed(&mut self) -> Result<(), SessionError> {
        self.subscribed += 1;
        self.subscribed_at = self.session.peer_time().unwrap_or_else(|| self.clock.now().plus(CLOCKS));
        if self.subscribed > 1 {
            return Ok(());
        }
        let ha_version = self.session.ha_version().to_owned();
        let states_only = self.config.events.iter().all(|kind| kind == STATE_CHANGED);
        self.ingest.connected(&Hello { ha_version: ha_version.clone(), states_only })?;
        let now = self.clock.now();
        self.status.send_modify(|status| {
            status.enter(LinkState::Connected, now, self.clock.monotonic());
            status.connects += 1;
            status.ping = None;
            status.ha_version = Some(ha_version);
        });
        self.session.ask(Command::GetConfig).await?;
        Ok(())
    }

    async fn take_config(&mut self, answer: &str) -> Result<(), SessionError> {
        let config = wire::parse_config(answer)?;
        let running = config.is_running();
        self.status.send_modify(|status| {
            status.location_name = config.location_name;
            status.place = config.latitude.zip(config.longitude);
            status.ha_version = config.version.or(status.ha_version.take());
        });
        if running {
            if std::mem::take(&mut self.starting) {
                self.lists.changed(None); // it may have had a part of them
            }
            self.ingest.running();
            self.session.ask(Command::GetStates).await?;
        } else {
            self.starting = true;
            self.ingest.starting()?;
            self.next = Some((Instant::now() + STARTED, Command::GetConfig));
        }
        Ok(())
    }

    /// Waits until the log has written what it was given, so that its queue takes another piece. Nothing is read from the
    /// socket meanwhile, which Home Assistant bears for some seconds.
    async fn make_room(&mut self) -> Result<(), SessionError> {
        let log = self.ingest.log();
        let written = log.wait_written(self.ingest.appended());
        timeout(ROOM, written).await.map_err(|_| IngestError::QueueFull.into())
    }

    /// Asks history for what is missing, one question at a time.
    async fn fill(&mut self) -> Result<(), SessionError> {
        if self.is_busy() {
            self.filler.rest();
            return Ok(());
        }
        if let Some(question) = self.filler.due(self.ingest)? {
            let id = self.session.ask(question).await?;
            self.filler.asked(id);
        }
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.session.ping().is_some_and(|ping| ping > BUSY)
    }

    async fn ask_what_is_due(&mut self) -> Result<(), SessionError> {
        let now = Instant::now();
        let busy = self.is_busy();
        if let Some((_, command)) =
            self.next.take_if(|(at, command)| *at <= now && !(busy && *command == Command::GetStates))
        {
            if command == Command::GetStates {
                self.lists.changed(None);
                self.ask_for_lists().await?;
            }
            self.session.ask(command).await?;
        }
        Ok(())
    }

    /// Whether the settings ask for events of this type.
    fn is_recorded(&self, event_type: &str) -> bool {
        self.config.events.iter().any(|kind| kind == event_type || kind == ALL)
    }
}
