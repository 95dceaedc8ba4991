//! A program that waits for its settings.

use hearthline_runbook::doctor::examine_way;

use super::*;
use crate::{KnownSetting, SettingMistake, Setup, SetupBegun, SetupState, Waiting, waiting};

pub(super) const HERE: &str = r#"{"url": "http://ha:8123", "token": "hunter2"}"#;

/// One in which a mistake was made.
pub(super) fn house() -> House {
    let recorded = House::new();
    let clock = ManualClock::at(NOON);
    let filter = Arc::new(Filter::new(&[], &[]).unwrap());
    let of = clock.clone();
    let state = Waiting {
        look: Arc::new(|| Setup {
            state: SetupState::Mistakes,
            verdict: "Not recording: the settings have 1 mistake at /etc/h.toml:2:1: log.synk: no such key."
                .into(),
            todo: Some("correct it; recording begins by itself then".into()),
            mistakes: vec![SettingMistake {
                place: "/etc/h.toml:2:1".into(),
                key: "log.synk".into(),
                reason: "no such key".into(),
                todo: "did you mean sync?".into(),
            }],
            file: Some("/etc/h.toml".into()),
            url: Some(KnownSetting {
                value: Some("http://ha:8123/".into()),
                origin: "HOME_ASSISTANT_URL".into(),
            }),
            token: None,
        }),
        test: Arc::new(move |_| {
            let subject = Arc::new(doctor::subject(of.clone()));
            Box::pin(async move { Ok(examine_way(subject).await) })
        }),
        begin: Arc::new(|request| {
            assert_eq!(request.token.as_deref(), Some("hunter2"));
            let begun = SetupBegun { file: "/etc/h.toml".into(), token_file: None };
            Box::pin(std::future::ready(Ok(begun)))
        }),
        recorded: Some(Reading {
            store: Arc::clone(&recorded.store),
            filter: Arc::new(move || Arc::clone(&filter)),
            clock: Arc::new(clock.clone()),
            silent: Arc::new(Arc::default),
            left_out: Arc::new(Vec::new),
        }),
        access: Access::new(ApiToken::new("right"), Arc::new(clock), false),
    };
    House { router: waiting(state), ..recorded }
}

#[tokio::test]
async fn everything_but_what_is_recorded_already_is_answered_with_why_nothing_is() {
    let house = house();
    for path in ["/api/v1/status", "/api/v1/live", "/api/v1/gaps", "/metrics", "/api/v1/repairs"] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let error = &answer.json()["error"];
        assert_eq!(error["what"], "nothing is recorded");
        assert_eq!(error["why"], "the settings have 1 mistake at /etc/h.toml:2:1: log.synk: no such key");
        assert_eq!(error["do"], "correct it; recording begins by itself then");
    }
    for path in ["/healthz", "/health", "/api/v1/health", "/readyz"] {
        assert_eq!(house.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(house.get("/healthz").await.json()["overall"], "unhealthy");
}

#[tokio::test]
async fn who_may_ask_is_decided_as_ever_and_this_machine_may_set_it_up() {
    let house = house();
    let send = async |from: [u8; 4], path: &str| {
        let mut request = Request::post(path).header("host", "localhost:8099");
        request.extensions_mut().unwrap().insert(ConnectInfo(SocketAddr::from((from, 50_000))));
        let response = house.router.clone().oneshot(request.body(Body::from(HERE)).unwrap()).await.unwrap();
        response.status()
    };
    for path in ["/api/v1/setup", "/api/v1/setup/test"] {
        assert_eq!(send([127, 0, 0, 1], path).await, StatusCode::OK, "{path}");
        assert_eq!(send([192, 168, 1, 20], path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(house.document("/api/v1/entities").await["entities"], json!([]));
}

#[tokio::test]
async fn what_was_sent_is_not_told_where_it_cannot_be_read_or_printed() {
    let house = house();
    for body in [r#"{"tls_verify": "hunter2"}"#, r#"{"hunter2": 1}"#, "hunter2"] {
        let answer = repairs::post(&house, "/api/v1/setup/test", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
    let request: crate::SetupRequest = serde_json::from_str(HERE).unwrap();
    assert_eq!(format!("{request:?}"), "SetupRequest");
}

#[tokio::test]
async fn a_program_that_records_is_not_set_up_again() {
    let house = House::new();
    let setup = house.document("/api/v1/setup").await;
    assert_eq!((&setup["state"], &setup["file"]), (&json!("recording"), &json!(null)));
    for path in ["/api/v1/setup", "/api/v1/setup/test"] {
        assert_eq!(repairs::post(&house, path, HERE).await.status, StatusCode::CONFLICT, "{path}");
    }
}
