use std::sync::Mutex;

use tokio::net::TcpListener;

use super::repairs::post;
use super::told::place;
use super::*;

/// What a place was told, the newest last.
type Heard = Arc<Mutex<Vec<String>>>;

/// Takes what comes at `/takes` and refuses all else. Gives its address.
async fn receiver() -> (String, Heard) {
    let heard = Heard::default();
    let takes = Arc::clone(&heard);
    let take = async move |body: String| takes.lock().unwrap().push(body);
    let routes = Router::new()
        .route("/takes", axum::routing::post(take))
        .fallback(async || (StatusCode::BAD_REQUEST, "no such channel"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, heard)
}

#[tokio::test]
async fn the_report_of_a_time_is_markdown_to_be_saved() {
    let mut house = House::new();
    house.carry_out_orders();
    house.write(vec![quarantined(30, "no JSON", b"x"), quarantined(7200, "no JSON", b"x")]);
    let answer = house.get("/api/v1/report?since=2026-11-23T11:00:30Z&until=2026-11-23T12:00:01Z").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "text/markdown; charset=utf-8")
    );
    let expected = "attachment; filename=\"2026-11-23T11-00-30Z-incident.md\"";
    assert_eq!(answer.header("content-disposition"), expected);
    for part in [
        "# Incident of 23 November 2026",
        "1 set aside with all bytes, not lost: no JSON",
        "sink_behind:store",
    ] {
        assert!(answer.text().contains(part), "{part}: {}", answer.text());
    }
    assert!(
        answer.text().contains("| error | store | a file cannot be read file=a.parquet |"),
        "{}",
        answer.text()
    );
    assert!(!answer.text().contains("very-secret"));
}

#[tokio::test]
async fn a_time_that_ends_before_it_begins_is_refused() {
    let answer =
        House::new().get("/api/v1/report?since=2026-11-23T11:00:00Z&until=2026-11-23T10:00:00Z").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("is not before"), "{}", answer.text());
}

#[tokio::test]
async fn each_place_is_told_in_short_and_one_that_refuses_says_why() {
    let (address, heard) = receiver().await;
    let places =
        vec![place("phone", &format!("{address}/takes")), place("team", &format!("{address}/of-nobody"))];
    let mut house = House::telling(places);
    house.carry_out_orders();
    let span = r#""since": "2026-11-23T11:00:30Z", "until": "2026-11-23T12:00:01Z""#;
    let sent = post(&house, "/api/v1/report/send", &format!("{{{span}}}")).await.json();
    assert_eq!(sent["tried"][0], json!({ "name": "phone", "why": null }));
    assert_eq!(sent["tried"][1]["name"], "team");
    let why = sent["tried"][1]["why"].as_str().unwrap();
    assert!(why.ends_with("answers HTTP 400: no such channel") && !why.contains("of-nobody"), "{why}");
    let told = heard.lock().unwrap().clone();
    let [told] = told.as_slice() else { panic!("told once: {told:?}") };
    let told: Value = serde_json::from_str(told).unwrap();
    insta::assert_snapshot!(told["text"].as_str().unwrap());

    let one = post(&house, "/api/v1/report/send", &format!(r#"{{{span}, "place": "phone"}}"#)).await.json();
    assert_eq!(one, json!({ "tried": [{ "name": "phone", "why": null }] }));
    assert_eq!(heard.lock().unwrap().len(), 2);
    let listed = house.document("/api/v1/notify").await;
    assert_eq!(listed["places"][0]["told"], 0, "it is not counted against the hour");
}

#[tokio::test]
async fn a_report_that_cannot_be_sent_is_refused_in_words() {
    let (address, heard) = receiver().await;
    let mut house = House::telling(vec![place("phone", &format!("{address}/takes"))]);
    house.carry_out_orders();
    for (body, status, words) in [
        (r#"{"place": "fax"}"#, StatusCode::NOT_FOUND, "there are phone"),
        (
            r#"{"since": "2026-11-23T11:00:00Z", "until": "2026-11-23T10:00:00Z"}"#,
            StatusCode::BAD_REQUEST,
            "is not before",
        ),
        (r#"{"hours": 2}"#, StatusCode::BAD_REQUEST, "unknown field"),
    ] {
        let answer = post(&house, "/api/v1/report/send", body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    assert!(heard.lock().unwrap().is_empty(), "and nobody is told");
    let mut nowhere = House::telling(Vec::new());
    nowhere.carry_out_orders();
    let answer = post(&nowhere, "/api/v1/report/send", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("write [[notify]]"), "{}", answer.text());
}
