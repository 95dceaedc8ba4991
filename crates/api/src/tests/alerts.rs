use std::path::Path;

use hearthline_runbook::alerts::{Alerts, Beside, Limits, Pace};

use super::*;

/// A house whose store stands still.
pub(super) fn house() -> Alerts {
    let pace = Pace { grace: Duration::ZERO, raise: Duration::ZERO, clear: HOUR };
    let clock = Arc::new(ManualClock::at(NOON));
    let fs = Arc::new(MemFs::default());
    let alerts = Alerts::open(fs, clock, Path::new("/data"), Limits::default(), pace);
    let mut status = status();
    status.sinks[0].state = "parked".into();
    alerts.look(&status, Beside::default());
    alerts
}

async fn post(house: &House, what: &str, body: &'static str, token: Option<&str>) -> Answer {
    let path = format!("/api/v1/alerts/{what}");
    Answer::of(house.send(Method::POST, &path, token, Body::from(body)).await).await
}

#[tokio::test]
async fn an_alert_is_acknowledged_muted_and_heard_of_again_by_who_has_the_token() {
    let house = House::new();
    insta::assert_snapshot!(pretty(&house.document("/api/v1/alerts").await));
    let state = async || {
        let listed = house.document("/api/v1/alerts").await;
        let alert = listed["active"].as_array().unwrap().iter().find(|one| one["id"] == "sink_behind:store");
        alert.unwrap()["state"].clone()
    };
    for what in ["sink_behind:store/acknowledge", "sink_behind:store/mute", "sink_behind:store/unmute"] {
        let refused = post(&house, what, r#"{"for":"2h"}"#, None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
    }
    assert_eq!(state().await, "active");
    let seen = post(&house, "sink_behind:store/acknowledge", "", Some("right")).await;
    assert_eq!((seen.status, seen.json()["state"].clone()), (StatusCode::OK, "acknowledged".into()));
    assert_eq!(state().await, "acknowledged");
    let muted = post(&house, "sink_behind/mute", r#"{"for":"2h"}"#, Some("right")).await;
    let until = NOON.plus(2 * HOUR).to_string();
    assert_eq!(muted.json(), json!({ "what": "sink_behind", "until": until }));
    assert_eq!(state().await, "muted");
    let again = post(&house, "sink_behind/unmute", "", Some("right")).await;
    assert_eq!(again.json(), json!({ "what": "sink_behind" }));
    assert_eq!(state().await, "acknowledged");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words() {
    let house = House::new();
    for (what, body, status, words) in [
        ("disk/acknowledge", "", StatusCode::NOT_FOUND, "nothing of the name \"disk\" is wrong now"),
        ("dusk/mute", r#"{"for":"2h"}"#, StatusCode::NOT_FOUND, "no alert and no rule is called \"dusk\""),
        ("disk/mute", r#"{"for":"400d"}"#, StatusCode::BAD_REQUEST, "90 days at most"),
        ("disk/mute", r#"{"for":"ever"}"#, StatusCode::BAD_REQUEST, "is no length of time"),
        ("disk/mute", "", StatusCode::BAD_REQUEST, "EOF"),
        ("disk/mute", r#"{"for":"2h","by":"me"}"#, StatusCode::BAD_REQUEST, "unknown field `by`"),
    ] {
        let answer = post(&house, what, body, Some("right")).await;
        assert_eq!(answer.status, status, "{what} {body}");
        assert!(answer.text().contains(&words.replace('"', "\\\"")), "{}", answer.text());
    }
}
