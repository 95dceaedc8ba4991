//! The question over the network, and the task that drives the feed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderName, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::feed::Feed;
use super::home_assistant::HouseView;
use super::provider::Place;
use crate::orders::{Order, Orders};
use crate::sources::home_assistant::{Address, SessionError, Trust, dial};
use crate::watch::ticking;

/// How long a provider may take for its whole answer.
pub const WITHIN: Duration = Duration::from_secs(10);
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

/// Asks over HTTP, encrypted where the address says so; an answer takes [`WITHIN`] at most. A redirect is an answer like any
/// other: with it the key would go to another place.
#[must_use]
pub fn http(within: Duration) -> Fetch {
    Arc::new(move |url| {
        Box::pin(async move {
            match timeout(within, get(&url)).await {
                Ok(answer) => answer.unwrap_or_else(|failed| failed),
                Err(_) => Answer::Late,
            }
        })
    })
}

async fn get(url: &Url) -> Result<Answer, Answer> {
    let unreachable = |why: String| Answer::Unreachable(why);
    let address = Address::of(url).ok_or_else(|| unreachable("its address names no host".into()))?;
    let dial =
        dial::tcp(address.clone(), &Trust::default()).map_err(|error| unreachable(error.to_string()))?;
    let stream = dial().await.map_err(|error| unreachable(words(&error)))?;
    // Of hyper's errors only the words are used; none holds the address of a request.
    let broken = |error: hyper::Error| Answer::Unreachable(format!("the connection to it broke ({error})"));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let question =
        question(url, &address).ok_or_else(|| unreachable("its address cannot be asked for".into()))?;
    let exchange = async {
        let response = sender.send_request(question).await.map_err(broken)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| match error.downcast::<hyper::Error>() {
            Ok(error) => broken(*error),
            Err(_) => Answer::TooLarge,
        })?;
        Ok(Answer::Http { status, retry_after, body: body.to_bytes().into() })
    };
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await, // what it has sent is there to be read
            Err(error) => Err(broken(error)),
        },
    }
}

fn question(url: &Url, address: &Address) -> Option<Request<Empty<Bytes>>> {
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let headers: [(HeaderName, &str); 4] = [
        (HOST, &address.authority()),
        (USER_AGENT, concat!("hearthline/", env!("CARGO_PKG_VERSION"))),
        (ACCEPT, "application/json"),
        (CONNECTION, "close"),
    ];
    let request = Request::get(target.parse::<Uri>().ok()?);
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.body(Empty::new()).ok()
}

/// What is said about Home Assistant elsewhere is not said here.
fn words(error: &SessionError) -> String {
    match error {
        SessionError::Tls { address, source } => format!("no TLS connection to {address} ({source})"),
        error => error.to_string(),
    }
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
