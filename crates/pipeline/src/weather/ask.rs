//! The question over the network, and the task that drives the feed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONNECTION, HeaderValue, RETRY_AFTER};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::feed::Feed;
use super::home_assistant::HouseView;
use super::provider::Place;
use crate::http::{HttpError, Limits, Peer, Question};
use crate::orders::{Order, Orders};
use crate::sources::home_assistant::{Address, Trust, dial};
use crate::watch::ticking;

/// How long a provider may take for its whole answer: one that takes longer is named within 10 s.
pub const WITHIN: Duration = Duration::from_secs(7);
/// The largest answer; a usual one has a kilobyte.
const LARGEST: usize = 1 << 20;
/// How long the reader may take to log an observation.
const LOGGED: Duration = Duration::from_secs(30);
/// Between two looks whether something is due.
const TICK: Duration = Duration::from_secs(1);

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer over HTTP.
    Http {
        /// Its status.
        status: u16,
        /// `Retry-After`, as it stands there.
        retry_after: Option<String>,
        /// What it says.
        body: Vec<u8>,
    },
    /// None in time.
    Late,
    /// Nobody is there, or says nothing that is HTTP; in words that hold no question.
    Unreachable(String),
    /// It is larger than an answer is.
    TooLarge,
}

/// Carries a question over the network. A simulation hands in its own.
pub type Fetch = Arc<dyn Fn(Url) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// Asks over HTTP, encrypted where the address says so; all of it takes `within` at most. A redirect is an answer like any
/// other: with it the key would go to another place.
#[must_use]
pub fn http(within: Duration) -> Fetch {
    Arc::new(move |url| {
        Box::pin(async move {
            let limits = Limits { connect: within, answer: within, largest: LARGEST };
            match timeout(within, get(&url, limits)).await {
                Ok(answer) => answer.unwrap_or_else(|failed| failed),
                Err(_) => Answer::Late,
            }
        })
    })
}

/// No error holds the address with its query, in which the key stands.
async fn get(url: &Url, limits: Limits) -> Result<Answer, Answer> {
    let address = Address::of(url).ok_or_else(|| Answer::Unreachable("its address names no host".into()))?;
    let dial = dial::tcp(address.clone(), &Trust::default());
    let dial = dial.map_err(|error| Answer::Unreachable(error.to_string()))?;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let headers = [(ACCEPT, "application/json"), (CONNECTION, "close")];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into();
    let question = Question { method: Method::GET, target, headers, body: Bytes::new() };
    let answer = Peer::new(address, dial, limits).ask(&question).await.map_err(|error| match error {
        HttpError::Late { .. } => Answer::Late,
        HttpError::TooLarge { .. } => Answer::TooLarge,
        error => Answer::Unreachable(error.to_string()),
    })?;
    let retry_after = answer.header(RETRY_AFTER.as_str()).map(str::to_owned);
    Ok(Answer::Http { status: answer.status, retry_after, body: answer.body.into() })
}

/// Looks each second whether the feed wants to ask, asks, and hands over what it gets, until told to stop. `world` says what
/// the house itself knows and where it is; whoever rings `now` wants the next call now.
pub async fn run(
    mut feed: Feed,
    world: impl Fn() -> (HouseView, Option<Place>),
    fetch: Fetch,
    orders: Orders,
    now: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let work = async {
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = now.notified() => feed.ask_now(),
            }
            let (house, place) = world();
            let Some(question) = feed.step(&house, place) else { continue };
            let answer = ticking(fetch(question.url)).await;
            if let Some(record) = feed.answered(answer) {
                let logged = timeout(LOGGED, orders.give(|reply| Order::Weather(record, reply)));
                let late = |_| Err("the recorder did not take it in time".into());
                feed.logged(ticking(logged).await.unwrap_or_else(late));
            }
            feed.publish(&house, place);
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

#[cfg(test)]
mod tests;
