//! A house whose people are told at a place at which nobody is, and which takes no maintenance for itself.

use std::path::Path;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::sources::home_assistant::Trust;
use hearthline_pipeline::webhook::{Shape, Urgency, Webhook};
use hearthline_runbook::alerts::Alerts;
use hearthline_runbook::maintenance::Maintenance;
use hearthline_runbook::notify::{GROUP, Notify, Place};

use super::repairs::post;
use super::*;

/// What asks for it.
pub(super) const DISK: &str = r#"{"for": "30m", "why": "new disk"}"#;

/// A place at this address.
pub(super) fn place(name: &str, url: &str) -> Place {
    let hook = Webhook {
        url: url.parse().unwrap(),
        shape: Shape::Slack,
        token: None,
        headers: Vec::new(),
        trust: Trust::default(),
    };
    Place { name: name.into(), level: Urgency::Warning, per_hour: 12, hook }
}

/// One whose port is nobody's.
pub(super) fn nobody() -> Place {
    place("phone", "http://127.0.0.1:1/of-nobody")
}

pub(super) fn house(alerts: &Alerts, places: Vec<Place>) -> (Notify, Maintenance) {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOON));
    let fs: Arc<dyn Fs> = Arc::new(MemFs::default());
    fs.create_dir_all(Path::new("/data")).unwrap();
    let maintenance = Maintenance::open(Arc::clone(&fs), Arc::clone(&clock), Path::new("/data"));
    let both = (alerts.clone(), maintenance.clone());
    let notify = Notify::open((fs, clock), Path::new("/data"), places, GROUP, both);
    notify.look(&status());
    (notify, maintenance)
}

pub(super) async fn began(house: &House) {
    assert_eq!(post(house, "/api/v1/maintenance", DISK).await.status, StatusCode::OK);
}

#[tokio::test]
async fn maintenance_begins_goes_on_and_ends_by_who_has_the_token() {
    let house = House::new();
    let path = "/api/v1/maintenance";
    assert_eq!(house.document(path).await, json!({ "now": null, "last": null, "meanwhile": null }));
    for path in [path, "/api/v1/maintenance/end", "/api/v1/notify/test", "/api/v1/report/send"] {
        let refused = house.send(Method::POST, path, None, Body::from(DISK)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let begun = post(&house, path, DISK).await.json();
    let until = NOON.plus(Duration::from_mins(30)).to_string();
    let now = json!({ "since": NOON.to_string(), "until": until, "left_s": 1800, "why": "new disk" });
    assert_eq!(begun["now"], now);
    assert_eq!(house.document(path).await, begun);
    let ended = post(&house, "/api/v1/maintenance/end", "").await.json();
    assert_eq!(ended["now"], Value::Null);
    assert_eq!(
        ended["last"],
        json!({
            "since": NOON.to_string(), "at": NOON.to_string(), "ordered": true, "why": "new disk",
        })
    );
    assert_eq!(ended["meanwhile"]["wrong"], json!(["Freezer (Kitchen) is silent", "store stands still"]));
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    let house = House::new();
    for (path, body, status, words) in [
        ("maintenance", r#"{"for": "25h"}"#, StatusCode::BAD_REQUEST, "24 hours at most"),
        ("maintenance", r#"{"for": "10s"}"#, StatusCode::BAD_REQUEST, "a minute at least"),
        ("maintenance", "{}", StatusCode::BAD_REQUEST, "missing field"),
        ("maintenance/end", "", StatusCode::CONFLICT, "there is no maintenance to end"),
        ("notify/test", r#"{"place": "fax"}"#, StatusCode::NOT_FOUND, "there are phone"),
    ] {
        let answer = post(&house, &format!("/api/v1/{path}"), body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        assert!(answer.text().contains(words), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_places_are_listed_and_a_test_says_why_it_was_not_taken() {
    let house = House::new();
    let listed = house.document("/api/v1/notify").await;
    insta::assert_snapshot!(pretty(&listed));
    let tested = post(&house, "/api/v1/notify/test", "").await.json();
    let why = tested["tried"][0]["why"].as_str().unwrap();
    assert!(why.contains("127.0.0.1:1") && !why.contains("of-nobody"), "{why}");
}
