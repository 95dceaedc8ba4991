//! The API as a part: served, asked each few seconds whether it answers, and served anew when it does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hearthline_core::Clock;
use hearthline_pipeline::health::PartState;
use hearthline_runbook::parts::API;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::Supervised;
use crate::house::reachable;

/// Between two questions whether it answers.
const EVERY: Duration = Duration::from_secs(3);
/// How long it may take for that.
const ANSWER: Duration = Duration::from_secs(4);
/// How long answers that are on their way may take after the signal to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Says how the API is beside the parts that have threads of their own. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct ApiWatch {
    shown: Supervised,
    anew: Arc<Notify>,
}

impl ApiWatch {
    pub(crate) fn new(shown: Supervised) -> Self {
        Self { shown, anew: Arc::default() }
    }

    /// Has it served anew. Answers that are on their way are given.
    pub(crate) fn restart(&self) {
        self.anew.notify_one();
    }

    fn is_in(&self, trouble: Option<&str>) {
        let trouble = trouble.map(|words| (PartState::Degraded, words.to_owned()));
        self.shown.change(API, |part| part.trouble = trouble);
    }
}

/// Serves until told to stop. A listener is shared by all that serve one after the other, so that nobody is turned away.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    (watch, clock): (ApiWatch, Arc<dyn Clock>),
    stop: CancellationToken,
) {
    let address = listener.local_addr();
    let Ok(listener) = listener.into_std() else { return };
    let mut asked = tokio::time::interval(EVERY);
    asked.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    asked.tick().await;
    while !stop.is_cancelled() {
        let ends = stop.child_token();
        let Some(mut serving) = start(&listener, &router, &ends) else {
            watch.is_in(Some("its address can no longer be listened on; it is tried again"));
            tokio::time::sleep(EVERY).await;
            continue;
        };
        let why = loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break "the program ends",
                () = watch.anew.notified() => break hearthline_runbook::status::Restart::WANTED,
                ended = &mut serving => {
                    tracing::warn!(?ended, "the API has ended by itself");
                    break "it had ended by itself";
                }
                _ = asked.tick() => {}
            }
            let Ok(address) = address else { continue };
            match timeout(ANSWER, is_alive(address)).await {
                Ok(Ok(())) => watch.is_in(None),
                no_answer => {
                    let words =
                        format!("it does not answer within {} s; it is served anew", ANSWER.as_secs());
                    tracing::warn!(?no_answer, "the API: {words}");
                    watch.is_in(Some(&words));
                    break "it did not answer within 4 s";
                }
            }
        };
        ends.cancel();
        if stop.is_cancelled() {
            if timeout(LAST_ANSWERS, &mut serving).await.is_err() {
                serving.abort(); // an export to a slow reader
            }
            return;
        }
        watch.shown.change(API, |part| {
            part.restarts += 1;
            part.last = Some((clock.now(), why.to_owned()));
        });
        tracing::info!("the API is served anew: {why}");
    }
}

fn start(
    listener: &std::net::TcpListener,
    router: &Router,
    ends: &CancellationToken,
) -> Option<JoinHandle<std::io::Result<()>>> {
    let listener = TcpListener::from_std(listener.try_clone().ok()?).ok()?;
    Some(tokio::spawn(hearthline_api::serve(listener, router.clone(), ends.clone().cancelled_owned())))
}

/// Asks as anybody would.
async fn is_alive(listens: SocketAddr) -> std::io::Result<()> {
    let address = reachable(listens);
    let mut stream = TcpStream::connect(address).await?;
    let question = format!("GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1") { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use hearthline_core::SystemClock;

    use std::net::Ipv4Addr;

    use super::*;

    async fn served(router: Router) -> (SocketAddr, ApiWatch, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (watch, stop) = (ApiWatch::default(), CancellationToken::new());
        let watched = (watch.clone(), Arc::new(SystemClock::new()) as Arc<dyn Clock>);
        let serving = tokio::spawn(serve(listener, router, watched, stop.clone()));
        (address, watch, stop, serving)
    }

    #[tokio::test]
    async fn one_that_hangs_or_is_slow_is_named_within_ten_seconds_and_served_anew() {
        for (what, answers_in, named) in
            [("hangs", 600, true), ("is slow", 6, true), ("takes its time", 2, false)]
        {
            let answer = move || async move { tokio::time::sleep(Duration::from_secs(answers_in)).await };
            let (_, watch, stop, serving) = served(Router::new().route("/livez", get(answer))).await;
            let began = tokio::time::Instant::now();
            let mut said = None;
            while said.is_none() && began.elapsed() < Duration::from_secs(10) {
                tokio::time::sleep(Duration::from_millis(50)).await;
                said = watch.shown.look(API).trouble;
            }
            println!("an API that {what}: {said:?} after {:.1} s", began.elapsed().as_secs_f64());
            assert_eq!(said.is_some(), named, "{what}");
            if named {
                let known = watch.shown.look(API);
                let (_, why) = known.last.unwrap();
                assert_eq!((known.restarts, &*why), (1, "it did not answer within 4 s"), "{what}");
            }
            stop.cancel();
            serving.await.unwrap();
        }
    }

    #[tokio::test]
    async fn it_is_served_anew_on_the_same_address() {
        let (address, watch, stop, serving) =
            served(Router::new().route("/livez", get(|| async { "ok" }))).await;
        is_alive(address).await.unwrap();
        watch.restart();
        while watch.shown.look(API).restarts == 0 {
            tokio::task::yield_now().await;
        }
        is_alive(address).await.unwrap();
        let known = watch.shown.look(API);
        assert_eq!((known.trouble, &*known.last.unwrap().1), (None, "a person wanted it"));
        stop.cancel();
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
