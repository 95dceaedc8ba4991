use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::sources::home_assistant::Io;

const OK: &str = "HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.6.7\r\n\r\n";

/// A peer whose every connection is one that `serve` was given the other end of.
fn peer<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(usize, DuplexStream) -> F + Send + Sync + 'static,
) -> Peer {
    let (dialled, serve) = (AtomicUsize::new(0), Arc::new(serve));
    let dial: Dial = Arc::new(move || {
        let (ours, theirs) = duplex(1 << 16);
        tokio::spawn(serve(dialled.fetch_add(1, Ordering::Relaxed), theirs));
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Io>) })
    });
    let url = "http://influx:8086".parse().unwrap();
    Peer::new(Address::of(&url).unwrap(), dial, Limits::default())
}

fn question() -> Question {
    let target = "/write?db=ha&p=hunter2".into();
    let headers = vec![(hyper::header::AUTHORIZATION, HeaderValue::from_static("Token hunter2"))];
    Question { method: Method::POST, target, headers, body: Bytes::from_static(b"m f=1 1") }
}

async fn heard(stream: &mut DuplexStream) -> String {
    let mut heard = vec![0; 4096];
    let len = stream.read(&mut heard).await.unwrap();
    String::from_utf8_lossy(&heard[..len]).into_owned()
}

#[tokio::test]
async fn one_connection_is_kept_for_all_questions() {
    let mut peer = peer(|dialled, mut stream| async move {
        assert_eq!(dialled, 0, "a second connection");
        for _ in 0..3 {
            let heard = heard(&mut stream).await;
            assert!(
                heard.starts_with("POST /write?db=ha&p=hunter2 HTTP/1.1\r\nhost: influx:8086\r\n"),
                "{heard}"
            );
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    for _ in 0..3 {
        let answer = peer.ask(&question()).await.unwrap();
        assert_eq!((answer.status, answer.header("x-influxdb-version")), (204, Some("1.6.7")));
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_between_two_questions_is_no_failure() {
    let mut peer = peer(|_, mut stream| async move {
        heard(&mut stream).await;
        stream.write_all(OK.as_bytes()).await.unwrap();
    });
    for _ in 0..3 {
        assert_eq!(peer.ask(&question()).await.unwrap().status, 204);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_an_error_and_the_next_question_takes_another_connection() {
    let mut peer = peer(|dialled, mut stream| async move {
        heard(&mut stream).await;
        let answer =
            if dialled == 0 { "HTTP/1.1 400 Bad Request\r\nContent-Length: 90\r\n\r\n{\"error" } else { OK };
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let error = peer.ask(&question()).await.unwrap_err();
    assert!(matches!(error, HttpError::Broken { .. }), "{error}");
    assert!(!error.to_string().contains("hunter"), "{error}");
    assert_eq!(peer.ask(&question()).await.unwrap().status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_is_given_up() {
    let mut peer = peer(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    let error = peer.ask(&question()).await.unwrap_err();
    assert_eq!(error.to_string(), "influx:8086 did not answer within 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_about_is_given_up() {
    let dial: Dial = Arc::new(|| Box::pin(std::future::pending()));
    let url = "http://influx:8086".parse().unwrap();
    let error =
        Peer::new(Address::of(&url).unwrap(), dial, Limits::default()).ask(&question()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect to influx:8086 within 5 s");
}
