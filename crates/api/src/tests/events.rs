use super::*;

const HOURS: u64 = 3600;

fn house() -> House {
    let house = House::new();
    house.write(vec![
        state(60 * HOURS, "light.hall", "off"),
        event(50 * HOURS, "call_service", r#"{"service":"reload"}"#),
        state(26 * HOURS, "sensor.hall", "19.5"),
        state(50 * 60, "light.hall", "on"),
        state(40 * 60, "sensor.hall", "21.5"),
        event(
            30 * 60,
            "automation_triggered",
            r#"{"entity_id":"automation.hall","name":"Abendlicht Küche"}"#,
        ),
        state(20 * 60, "sensor.kitchen", "22"),
    ]);
    house.store.flush().unwrap();
    house.write(vec![
        event(10 * 60, "call_service", r#"{"entity_id":["light.a"]}"#),
        state(5 * 60, "light.hall", ""),
    ]);
    house
}

/// What the rows of an answer are about, and whether there are more.
async fn found(house: &House, query: &str) -> (Vec<String>, bool) {
    let answer = house.document(&format!("/api/v1/events?{query}")).await;
    let about = |event: &Value| {
        let of_state = format!(
            "{} {}",
            event["entity_id"].as_str().unwrap_or("-"),
            event["state"].as_str().unwrap_or("-")
        );
        if event["event_type"] == "state_changed" {
            of_state
        } else {
            event["event_type"].as_str().unwrap().into()
        }
    };
    (answer["events"].as_array().unwrap().iter().map(about).collect(), answer["more"] == true)
}

#[tokio::test]
async fn the_last_hour_is_told_newest_first_states_and_other_events_together() {
    insta::assert_snapshot!(pretty(&house().document("/api/v1/events").await));
}

#[tokio::test]
async fn a_limit_takes_the_newest_of_all_days_and_says_that_there_are_more() {
    let house = house();
    let all = [
        "light.hall -",
        "call_service",
        "sensor.kitchen 22",
        "automation_triggered",
        "sensor.hall 21.5",
        "light.hall on",
        "sensor.hall 19.5",
        "call_service",
        "light.hall off",
    ];
    for limit in 1..=all.len() + 1 {
        let (events, more) = found(&house, &format!("from=2026-11-01T00:00:00Z&limit={limit}")).await;
        assert_eq!(events, all[..limit.min(all.len())], "{limit}");
        assert_eq!(more, limit < all.len(), "{limit}");
    }
    let (events, more) = found(&house, "from=2026-11-01T00:00:00Z&limit=0").await;
    assert_eq!((events.len(), more), (1, true), "a limit of nothing is one");
}

#[tokio::test]
async fn each_filter_takes_what_it_names() {
    let house = house();
    for (query, expected) in [
        ("entity=light.hall", &["light.hall -", "light.hall on"][..]),
        ("entity=sensor", &["sensor.kitchen 22", "sensor.hall 21.5"]),
        ("entity=*.kitchen,automation.*", &["sensor.kitchen 22", "automation_triggered"]),
        ("entity=light.absent", &[]),
        ("type=state_changed&entity=sensor.kitchen", &["sensor.kitchen 22"]),
        ("type=call_service", &["call_service"]),
        ("type=absent", &[]),
        ("text=KITCHEN", &["sensor.kitchen 22"]),
        ("text=the%20sensor", &["sensor.kitchen 22", "sensor.hall 21.5"]),
        ("text=K%C3%9CCHE", &["automation_triggered"]),
        ("text=21.", &["sensor.hall 21.5"]),
        ("text=triggered", &["automation_triggered"]),
        ("from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z", &["sensor.hall 19.5"]),
        ("from=2026-11-23T11:20:00Z&to=2026-11-23T11:30:00Z", &["sensor.hall 21.5"]),
        ("from=2026-11-23T12:00:00Z&to=2026-11-22T12:00:00Z", &[]),
    ] {
        assert_eq!(
            found(&house, query).await,
            (expected.iter().map(ToString::to_string).collect(), false),
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_empty_house_has_no_events() {
    assert_eq!(found(&House::new(), "").await, (Vec::new(), false));
}
