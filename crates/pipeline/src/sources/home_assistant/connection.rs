//! What is done on one connection, in order: subscribe at once, so that nothing of a start is missed; wait until Home
//! Assistant has started, since before that its states are a part; compare its states with ours; then take in events
//! until the stream ends, and compare again from time to time for entities that stay quiet.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use super::command::Command;
use super::session::{Incoming, Session};
use super::status::{LinkState, LinkStatus};
use super::wire::{self, Message};
use super::{Io, SessionError};
use crate::ingest::{Hello, Ingest};
use crate::orders;

/// The one type that is always asked for when no other is.
const STATE_CHANGED: &str = "state_changed";
/// All types.
const ALL: &str = "*";
/// Between two questions whether Home Assistant has started.
const STARTED: Duration = Duration::from_secs(2);
/// Between two comparisons.
const SWEEP: Duration = Duration::from_secs(15 * 60);
/// The same where the answer is large.
const LARGE_SWEEP: (usize, Duration) = (4 << 20, Duration::from_secs(3600));
/// The least between two comparisons, however much gives reason for one.
const SOON: Duration = Duration::from_secs(10);
/// After a question was refused.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// With a slower ping no comparison is made: its answer shares the socket and could get us cut off.
const BUSY: Duration = Duration::from_secs(1);

/// One connection that records.
pub struct Connection<'l> {
    session: Session<Box<dyn Io>>,
    ingest: &'l mut Ingest,
    orders: &'l mut orders::Incoming,
    clock: Arc<dyn Clock>,
    events: &'l [String],
    status: &'l watch::Sender<LinkStatus>,
    subscribed: usize,
    /// When states were last compared; none while Home Assistant is starting.
    compared: Option<Instant>,
    /// The next question and when it is asked.
    next: Option<(Instant, Command)>,
}

impl<'l> Connection<'l> {
    /// On an authenticated session.
    pub const fn new(
        session: Session<Box<dyn Io>>,
        ingest: &'l mut Ingest,
        orders: &'l mut orders::Incoming,
        clock: Arc<dyn Clock>,
        events: &'l [String],
        status: &'l watch::Sender<LinkStatus>,
    ) -> Self {
        Self { session, ingest, orders, clock, events, status, subscribed: 0, compared: None, next: None }
    }

    /// Subscribes and records until the stream ends or `stop` is ready; without an error only then.
    ///
    /// # Errors
    /// Why the stream ended.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), SessionError> {
        let mut stop = std::pin::pin!(stop);
        self.session.ask(Command::CoalesceMessages).await?;
        let all = self.events.iter().any(|kind| kind == ALL);
        if all {
            self.session.ask(Command::SubscribeEvents(None)).await?;
        } else {
            for kind in self.events {
                self.session.ask(Command::SubscribeEvents(Some(kind.clone()))).await?;
            }
        }
        loop {
            let incoming = tokio::select! {
                () = &mut stop => {
                    self.session.close().await;
                    return Ok(());
                }
                Some(order) = self.orders.recv() => {
                    order.carry_out(self.ingest);
                    continue;
                }
                incoming = self.session.next() => incoming?,
            };
            match incoming {
                Incoming::Text(frame) => self.take_frame(&frame).await?,
                Incoming::Binary(bytes) => {
                    self.ingest.undecodable(&bytes, "a frame of bytes, not of text", self.clock.now())?;
                    self.ingest.end_frame()?;
                }
                Incoming::Tick => self.ask_what_is_due().await?,
            }
        }
    }

    async fn take_frame(&mut self, frame: &str) -> Result<(), SessionError> {
        let received = self.clock.now();
        for message in wire::messages(frame) {
            self.take_message(message, received).await?;
        }
        Ok(self.ingest.end_frame()?)
    }

    async fn take_message(&mut self, message: Message<'_>, received: Timestamp) -> Result<(), SessionError> {
        match message {
            Message::Event(event) => self.ingest.accept(&event, received)?,
            Message::Result { id, outcome } => match (self.session.answered(id), outcome) {
                (Some(command), Ok(answer)) => self.take_answer(command, answer, received).await?,
                (Some(command), Err(message)) => self.take_refusal(command, &message).await?,
                // An event that Home Assistant cannot write as JSON can come as an error of its subscription.
                (None, Err(message)) => {
                    tracing::warn!(%message, "home assistant could not send an event; comparing states");
                    self.compare_soon();
                }
                (None, Ok(_)) => {}
            },
            Message::Pong { id } => {
                self.session.answered(id);
                self.status.send_modify(|status| status.ping = self.session.ping());
            }
            Message::Undecodable { raw, error } => {
                self.ingest.undecodable(raw.as_bytes(), &error.to_string(), received)?;
                self.compare_soon(); // good events may have stood in the same frame
            }
            Message::AuthRequired { .. } | Message::AuthOk | Message::AuthInvalid { .. } | Message::Other => {
            }
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
            Command::SubscribeEvents(_) => self.subscribed().await,
            Command::GetConfig => self.take_config(answer).await,
            Command::GetStates => self.take_states(answer, received),
            Command::CoalesceMessages | Command::Ping => Ok(()),
        }
    }

    async fn take_refusal(&mut self, command: Command, message: &str) -> Result<(), SessionError> {
        match command {
            Command::SubscribeEvents(None) => {
                tracing::warn!(%message, "not all events can be had (is the token an administrator's?); recording states");
                self.session.ask(Command::SubscribeEvents(Some(STATE_CHANGED.into()))).await?;
                Ok(())
            }
            Command::SubscribeEvents(Some(event_type))
                if self.events.len() > 1 && event_type != STATE_CHANGED =>
            {
                tracing::warn!(%message, event_type, "events of this type cannot be had; recording the others");
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
            Command::CoalesceMessages | Command::Ping => Ok(()),
        }
    }

    /// Events arrive from now on.
    async fn subscribed(&mut self) -> Result<(), SessionError> {
        self.subscribed += 1;
        if self.subscribed > 1 {
            return Ok(());
        }
        let ha_version = self.session.ha_version().to_owned();
        let states_only = self.events.iter().all(|kind| kind == STATE_CHANGED);
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
            status.ha_version = config.version.or(status.ha_version.take());
        });
        if running {
            self.ingest.running();
            self.session.ask(Command::GetStates).await?;
        } else {
            self.next = Some((Instant::now() + STARTED, Command::GetConfig));
        }
        Ok(())
    }

    fn take_states(&mut self, answer: &str, received: Timestamp) -> Result<(), SessionError> {
        let (states, unreadable) = wire::parse_states(answer)?;
        if let Some(first) = unreadable.first() {
            tracing::warn!(count = unreadable.len(), %first, "states of a snapshot cannot be read");
        }
        let report = self.ingest.snapshot(&states, received)?;
        self.compared = Some(Instant::now());
        tracing::debug!(?report, "compared states with home assistant's");
        let after = if answer.len() > LARGE_SWEEP.0 { LARGE_SWEEP.1 } else { SWEEP };
        self.next = Some((Instant::now() + after, Command::GetStates));
        Ok(())
    }

    /// Something may have been missed. While Home Assistant is starting, states are compared at the end of that anyway.
    fn compare_soon(&mut self) {
        if let Some(compared) = self.compared {
            self.next = Some((Instant::now().max(compared + SOON), Command::GetStates));
        }
    }

    async fn ask_what_is_due(&mut self) -> Result<(), SessionError> {
        let now = Instant::now();
        let busy = self.session.ping().is_some_and(|ping| ping > BUSY);
        if let Some((_, command)) =
            self.next.take_if(|(at, command)| *at <= now && !(busy && *command == Command::GetStates))
        {
            self.session.ask(command).await?;
        }
        Ok(())
    }
}
