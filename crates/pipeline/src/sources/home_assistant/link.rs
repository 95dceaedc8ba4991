//! The owner of the connection: makes it, and makes it again, for ever.
//!
//! Whether and when to try again is a property of the error ([`Retry`]). A refused token is tried once and never again,
//! because Home Assistant bans addresses that keep trying: the link is parked until another token is put in place.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Secret};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::command::Command;
use super::connection::Connection;
use super::fill::{Filler, Stored};
use super::session::{self, Session, SessionConfig};
use super::status::{LinkState, LinkStatus};
use super::wire::{self, Message};
use super::{Dial, Retry, SessionError, TokenSource};
use crate::ingest::Ingest;
use crate::orders::{Incoming, meanwhile};
use crate::watch::ticking;

/// Between two comparisons of states in a usual house.
pub const SWEEP: Duration = Duration::from_secs(15 * 60);
/// A connection that lasted so long was a good one: the next wait is a first one again.
const STABLE: Duration = Duration::from_secs(60);
/// How often a parked link looks for another token.
const NEW_TOKEN: Duration = Duration::from_secs(5);
/// An app's token is Home Assistant's own: where it is refused, Home Assistant is not there yet.
const SUPERVISED: Duration = Duration::from_secs(60);
/// How long a probe waits for its answer.
const PROBE: Duration = Duration::from_secs(10);

/// What a link needs to know.
#[derive(Clone)]
pub struct LinkConfig {
    /// Opens a stream.
    pub dial: Dial,
    /// About the peer.
    pub session: SessionConfig,
    /// The token of this moment.
    pub token: TokenSource,
    /// Types of events; `*` is all.
    pub events: Vec<String>,
    /// Between two comparisons of states at most, and three quarters of it at least; an hour where they are large.
    pub sweep: Duration,
    /// The program runs as an app under Home Assistant's supervisor.
    pub supervised: bool,
    /// For the waits between attempts, and between comparisons.
    pub seed: u64,
    /// A person wants the next attempt now, also where the link is parked.
    pub retry: Arc<Notify>,
    /// A person wants the connection closed and made again now, whatever it seems to be like.
    pub again: Arc<Notify>,
}

/// The owner of the connection.
pub struct Link {
    config: LinkConfig,
    clock: Arc<dyn Clock>,
    stored: Stored,
    status: watch::Sender<LinkStatus>,
}

impl Link {
    /// Connects only when run. `stored` says what need not be taken from history. The receiver shows how it is, at any time.
    #[must_use]
    pub fn new(
        config: LinkConfig,
        clock: Arc<dyn Clock>,
        stored: Stored,
    ) -> (Self, watch::Receiver<LinkStatus>) {
        let (status, receiver) = watch::channel(LinkStatus::new(clock.now(), clock.monotonic()));
        (Self { config, clock, stored, status }, receiver)
    }

    /// Where it is shown how it is.
    #[must_use]
    pub fn status(&self) -> watch::Sender<LinkStatus> {
        self.status.clone()
    }

    /// The same, shown where the link before this one was, whose figures go on.
    #[must_use]
    pub fn shown_in(mut self, status: watch::Sender<LinkStatus>) -> Self {
        self.status = status;
        self.status.send_modify(|status| {
            status.enter(LinkState::Waiting, self.clock.now(), self.clock.monotonic());
            status.ping = None;
        });
        self
    }

    /// Keeps one connection up until told to stop, and carries out orders all the while. At the end the log knows where the
    /// stream ended.
    pub async fn run(self, mut ingest: Ingest, mut orders: Incoming, stop: CancellationToken) {
        let mut backoff = Backoff::new(self.config.seed);
        let mut said = String::new();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let token = (self.config.token)();
            let error = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                session = meanwhile(&mut orders, &mut ingest, ticking(self.open(&token))) => match session {
                    Ok(session) => self.record(session, &mut ingest, &mut orders, &stop).await.err(),
                    Err(error) => Some(error),
                },
            };
            let Some(error) = error else { break };
            let words = error.to_string();
            ingest.disconnected(&words);
            if matches!(error, SessionError::Asked) {
                tracing::info!("{words}");
                self.enter(LinkState::Waiting, words);
                continue;
            }
            if self.status.borrow().state == LinkState::Connected {
                said.clear();
                if began.elapsed() >= STABLE {
                    backoff.reset();
                }
            }
            let failing = self.fail(&error, &token, words, &mut said, &mut backoff, &stop);
            meanwhile(&mut orders, &mut ingest, ticking(failing)).await;
        }
        ingest.stopped();
    }

    async fn open(&self, token: &Secret) -> Result<Session<Box<dyn super::Io>>, SessionError> {
        self.status.send_modify(|status| status.attempts += 1);
        let stream = (self.config.dial)().await?;
        Session::open(stream, &self.config.session, token).await
    }

    async fn record(
        &self,
        session: Session<Box<dyn super::Io>>,
        ingest: &mut Ingest,
        orders: &mut Incoming,
        stop: &CancellationToken,
    ) -> Result<(), SessionError> {
        let (address, version) = (&self.config.session.address, session.ha_version().to_owned());
        tracing::info!("Home Assistant {version} has let us in at {address}");
        let clock = Arc::clone(&self.clock);
        let filler = Filler::new(Arc::clone(&self.stored), ingest.log());
        let connection = Connection::new(session, ingest, orders, filler, clock, &self.config, &self.status);
        // What was asked for before this connection is done by it.
        std::pin::pin!(self.config.again.notified()).enable();
        let ends = async {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.config.again.notified() => {}
            }
        };
        connection.run(ends).await?;
        if stop.is_cancelled() { Ok(()) } else { Err(SessionError::Asked) }
    }

    fn enter(&self, state: LinkState, words: String) {
        self.status.send_modify(|status| {
            status.enter(state, self.clock.now(), self.clock.monotonic());
            status.last_error = Some(words);
        });
    }

    /// Says what went wrong, once, and waits as long as that takes.
    async fn fail(
        &self,
        error: &SessionError,
        token: &Secret,
        words: String,
        said: &mut String,
        backoff: &mut Backoff,
        stop: &CancellationToken,
    ) {
        let retry = match error.retry() {
            Retry::Park if self.config.supervised => None,
            retry => Some(retry),
        };
        let parks = matches!(retry, Some(Retry::Park | Retry::ParkFor(_)));
        if *said == words {
            tracing::debug!("{words}");
        } else if parks {
            tracing::error!("{words}; parked: no further attempt until that is mended");
        } else {
            tracing::warn!("{words}; trying again");
        }
        said.clone_from(&words);
        self.enter(if parks { LinkState::Parked } else { LinkState::Waiting }, words);
        let (limit, until_new_token) = match retry {
            None => (SUPERVISED, false),
            Some(Retry::Backoff) => (backoff.wait(), false),
            Some(Retry::Park) => (Duration::MAX, true),
            Some(Retry::ParkFor(limit)) => (limit, true),
        };
        let waiting = async {
            let began = Instant::now();
            loop {
                let rest = limit.saturating_sub(began.elapsed());
                if rest.is_zero() || (until_new_token && (self.config.token)() != *token) {
                    return;
                }
                sleep(if until_new_token { rest.min(NEW_TOKEN) } else { rest }).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.config.retry.notified() => {}
            () = self.config.again.notified() => {}
            () = waiting => {}
        }
    }
}

/// What one look at Home Assistant shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Its version.
    pub ha_version: String,
    /// The name of the house.
    pub location_name: Option<String>,
    /// Whether it has started completely.
    pub running: bool,
    /// Latitude and longitude of the house in degrees.
    pub place: Option<(f64, f64)>,
}

/// Connects once, authenticates, asks for the configuration and goes.
///
/// # Errors
/// Why that could not be done.
pub async fn probe(config: &LinkConfig) -> Result<Probe, SessionError> {
    let stream = (config.dial)().await?;
    let mut session = Session::open(stream, &config.session, &(config.token)()).await?;
    let ha_version = session.ha_version().to_owned();
    session.ask(Command::GetConfig).await?;
    let late =
        |_| SessionError::Late { address: config.session.address.authority(), what: "answer", within: PROBE };
    let config = timeout(PROBE, configuration(&mut session)).await.map_err(late)??;
    session.close().await;
    let (running, place) = (config.is_running(), config.latitude.zip(config.longitude));
    Ok(Probe { ha_version, running, place, location_name: config.location_name })
}

async fn configuration(session: &mut Session<Box<dyn super::Io>>) -> Result<wire::Config, SessionError> {
    loop {
        let session::Incoming::Text(frame) = session.next().await? else { continue };
        for message in wire::messages(&frame) {
            let Message::Result { id, outcome } = message else { continue };
            if let (Some(Command::GetConfig), Ok(answer)) = (session.answered(id), outcome) {
                return Ok(wire::parse_config(answer)?);
            }
        }
    }
}

#[cfg(test)]
mod tests;
