use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use hearthline_core::Secret;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;

use super::*;

/// What came in: path with query, headers, body.
type Heard = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// Takes whatever comes and answers the same each time.
async fn receiver(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    says: &'static str,
) -> (SocketAddr, Heard) {
    let heard = Heard::default();
    let takes = Arc::clone(&heard);
    let answer = move |request: Request| {
        let takes = Arc::clone(&takes);
        async move {
            let (head, body) = request.into_parts();
            let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            takes.lock().push((head.uri.to_string(), head.headers, body));
            let mut said = HeaderMap::new();
            for (name, value) in headers {
                said.insert(*name, value.parse().unwrap());
            }
            (StatusCode::from_u16(status).unwrap(), said, says).into_response()
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (address, heard)
}

fn hook(address: SocketAddr, path: &str, shape: Shape, token: Option<&str>) -> Webhook {
    Webhook {
        url: format!("http://{address}{path}").parse().unwrap(),
        shape,
        token: token.map(Secret::new),
        headers: Vec::new(),
        trust: Trust::default(),
    }
}

fn message() -> Message {
    Message {
        title: "The disk fills <fast> & \"now\"".into(),
        text: "Full in 2 days.\nMake room.".into(),
        urgency: Urgency::Critical,
    }
}

#[tokio::test]
async fn each_shape_is_what_its_documentation_says() {
    let (address, heard) = receiver(200, &[], "ok").await;
    let template = "{\"t\": \"{title}\", \"m\": \"{text}\", \"u\": \"{urgency}\", \"{other}\": {}}";
    let of = |path, shape, token| hook(address, path, shape, token);
    let mut told = String::new();
    for hook in [
        of("/house", Shape::Ntfy, Some("tk_1")),
        of("/below/house", Shape::Ntfy, None),
        of("/services/T0/B0/x", Shape::Slack, None),
        of("/api/webhooks/1/x?wait=true", Shape::Discord, None),
        of("/", Shape::Gotify, Some("A1")),
        of("/gotify/message", Shape::Gotify, Some("A1")),
        of("/api/webhook/mine", Shape::Template(template.into()), None),
    ] {
        hook.tell(&message()).await.unwrap();
        let (target, headers, body) = heard.lock().pop().unwrap();
        let _: Value = serde_json::from_str(&body).unwrap();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("application/json"));
        let secret = header("authorization").or(header("x-gotify-key")).unwrap_or_default();
        told += &format!("{} {target} [{secret}]\n{body}\n", hook.shape.as_str());
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_template_that_is_no_json_gets_the_words_as_they_are() {
    let (address, heard) = receiver(204, &[], "").await;
    let mut hook = hook(address, "/x", Shape::Template("{title}: {text} {title".into()), None);
    hook.headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static("text/plain")),
        (HeaderName::from_static("x-priority"), HeaderValue::from_static("5")),
    ];
    let odd = Message { title: "{text}".into(), text: "\"a\"\nb".into(), urgency: Urgency::Info };
    hook.tell(&odd).await.unwrap();
    let (_, headers, body) = heard.lock().pop().unwrap();
    assert_eq!(body, "{text}: \"a\"\nb {title", "and what is put in is not filled itself");
    assert_eq!(headers.get_all("content-type").iter().count(), 1);
    assert_eq!(headers["x-priority"], "5");
}

#[tokio::test]
async fn what_was_not_taken_says_why_and_when_without_a_secret() {
    for (status, headers, says, untold) in [
        (
            429,
            [("retry-after", "1.5")].as_slice(),
            "slow down",
            ("answers HTTP 429: slow down", Some(1500), false),
        ),
        (503, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], "", ("answers HTTP 503", None, false)),
        (401, &[], "no such token: s3cret", ("answers HTTP 401: no such token: ***", None, false)),
        (400, &[], "invalid_payload", ("answers HTTP 400: invalid_payload", None, true)),
        (302, &[("location", "http://elsewhere/")], "", ("answers HTTP 302", None, false)),
    ] {
        let (address, _) = receiver(status, headers, says).await;
        let hook = hook(address, "/secret", Shape::Slack, Some("s3cret"));
        let found = hook.tell(&message()).await.unwrap_err();
        let (why, after, never) = untold;
        assert_eq!(found.why, format!("{address} {why}"));
        assert_eq!((found.after, found.never), (after.map(Duration::from_millis), never));
        assert_eq!(hook.reach().await, Ok(()), "somebody is there");
    }
}

#[tokio::test]
async fn nobody_there_is_said_without_the_path() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let hook = hook(address, "/secret", Shape::Slack, None);
    let untold = hook.tell(&message()).await.unwrap_err();
    assert!(!untold.never && untold.why.contains(&address.to_string()), "{untold:?}");
    assert!(!untold.why.contains("secret"));
    assert!(hook.reach().await.is_err());
    assert!(!format!("{hook:?}").contains("secret"));
}

#[test]
fn a_long_text_is_cut_between_characters() {
    assert_eq!(cut(&"ä".repeat(5), 3), "äää …");
    assert_eq!(cut("äää", 3), "äää");
}
