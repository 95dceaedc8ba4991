//! Time stands still in these stories and is moved on by waiting for it.

use axum::body::BodyDataStream;
use hearthline_pipeline::live::CAPACITY;

use super::*;

struct Stream(BodyDataStream);

impl Stream {
    async fn of(house: &House, path: &str) -> Self {
        Self::from(house.ask(Method::GET, path).await)
    }

    /// As a browser comes back.
    async fn again(house: &House, id: &str) -> Self {
        let mut request = House::request(Method::GET, "/api/v1/live");
        request.headers_mut().unwrap().insert("last-event-id", id.parse().unwrap());
        Self::from(house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap())
    }

    fn from(response: axum::response::Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
        Self(response.into_body().into_data_stream())
    }

    /// The next event and its document; none at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        self.next_with_id().await.map(|(event, document, _)| (event, document))
    }

    async fn next_with_id(&mut self) -> Option<(String, Value, u64)> {
        let chunk = self.0.next().await?.unwrap();
        let text = std::str::from_utf8(&chunk).unwrap();
        let (event, rest) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let (data, id) = rest.strip_suffix("\n\n").unwrap().split_once("\nid: ").unwrap();
        Some((event.to_owned(), serde_json::from_str(data).unwrap(), id.parse().unwrap()))
    }

    /// What is told before the next status, each with its id.
    async fn told(&mut self) -> Vec<(String, u64)> {
        let mut told = Vec::new();
        loop {
            match self.next_with_id().await.unwrap() {
                (event, _, _) if event == "status" => return told,
                (event, document, id) => {
                    told.push((document["state"].as_str().map_or(event, str::to_owned), id))
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_comes_at_once_and_then_what_is_written() {
    let house = House::new();
    house.write(vec![state(9, "light.hall", "off")]);
    let mut stream = Stream::of(&house, "/api/v1/live").await;
    assert_eq!(stream.next().await, Some(("status".into(), serde_json::to_value(status()).unwrap())));
    house.write(vec![
        state(3, "sensor.hall", "21.5"),
        quarantined(2, "no JSON", b"x"),
        event(1, "call_service", r#"{"entity_id":"light.hall","n":1}"#),
    ]);
    let (first, second) = (stream.next().await.unwrap(), stream.next().await.unwrap());
    assert_eq!((first.0.as_str(), second.0.as_str()), ("state", "event"));
    insta::assert_snapshot!(format!("{}\n{}", pretty(&first.1), pretty(&second.1)));
}

#[tokio::test(start_paused = true)]
async fn in_a_quiet_house_the_status_comes_every_two_seconds() {
    let house = House::new();
    let mut stream = Stream::of(&house, "/api/v1/live").await;
    let start = tokio::time::Instant::now();
    for seconds in [0, 2, 4] {
        assert_eq!(stream.next().await.unwrap().0, "status");
        assert_eq!(start.elapsed(), Duration::from_secs(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_entities_asked_for_are_told() {
    let house = House::new();
    let mut stream = Stream::of(&house, "/api/v1/live?entity=light,sensor.*_door").await;
    stream.next().await;
    house.write(vec![
        state(5, "sensor.hall", "21.5"),
        state(4, "sensor.hall_door", "open"),
        event(3, "call_service", "{}"),
        event(2, "automation_triggered", r#"{"entity_id":"light.hall"}"#),
        state(1, "light.hall", "on"),
    ]);
    for entity_id in ["sensor.hall_door", "light.hall", "light.hall"] {
        assert_eq!(stream.next().await.unwrap().1["entity_id"], entity_id);
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_watches_a_former_name_sees_the_entity() {
    let house = House::new();
    let info = |name| context::info("k", name, "Hall");
    house.write(vec![
        context::known(20, info("sensor.old"), &[]),
        context::known(10, info("sensor.new"), &[]),
        state(9, "sensor.old", ""),
    ]);
    let mut stream = Stream::of(&house, "/api/v1/live?entity=sensor.old").await;
    stream.next().await;
    house.write(vec![state(8, "sensor.other", "1"), state(7, "sensor.new", "2")]);
    let (name, seen) = stream.next().await.unwrap();
    assert_eq!((&*name, &seen["entity_id"]), ("state", &json!("sensor.new")));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_is_told_what_it_lost_and_goes_on() {
    let house = House::new();
    let mut stream = Stream::of(&house, "/api/v1/live").await;
    stream.next().await;
    let rows = (0..CAPACITY as u64 + 5).map(|n| state(n, "sensor.hall", &n.to_string())).collect();
    house.write(rows);
    assert_eq!(stream.next().await, Some(("lost".into(), json!({ "skipped": 5 }))));
    assert_eq!(stream.next().await.unwrap().1["state"], "5");
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_program() {
    let house = House::new();
    let mut stream = Stream::of(&house, "/api/v1/live").await;
    stream.next().await;
    house.stop.cancel();
    assert_eq!(stream.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_goes_on_without_a_loss_and_sees_nothing_twice() {
    let house = House::new();
    house.write(vec![state(9, "light.hall", "off")]);
    let mut stream = Stream::of(&house, "/api/v1/live").await;
    assert_eq!(stream.next_with_id().await.unwrap().2, 1, "all before is known from elsewhere");
    house.write(vec![state(8, "sensor.hall", "20"), state(7, "sensor.hall", "21")]);
    assert_eq!(stream.next_with_id().await.unwrap().2, 2);
    drop(stream);
    house.write(vec![state(6, "sensor.hall", "22")]);
    let told =
        |words: &[(&str, u64)]| words.iter().map(|(word, id)| ((*word).to_owned(), *id)).collect::<Vec<_>>();
    let missed = told(&[("21", 3), ("22", 4)]);
    for by_header in [true, false] {
        let mut stream = if by_header {
            Stream::again(&house, "2").await
        } else {
            Stream::of(&house, "/api/v1/live?after=2").await
        };
        let mut seen = stream.told().await; // the first status comes before, between or after
        seen.extend(stream.told().await);
        assert_eq!(seen, missed);
    }
    let mut quiet = Stream::again(&house, "4").await;
    assert_eq!(quiet.next_with_id().await.unwrap().2, 4, "a status keeps the place");
}

#[tokio::test(start_paused = true)]
async fn who_was_away_for_too_long_is_told_to_ask_again() {
    let house = House::new();
    house.write((0..CAPACITY as u64 + 5).map(|n| state(n, "sensor.hall", "1")).collect());
    for id in ["3", "99999"] {
        let mut stream = Stream::again(&house, id).await;
        let after: u64 = id.parse().unwrap();
        assert_eq!(stream.next().await, Some(("reset".into(), json!({ "after": after }))));
        let (event, _, id) = stream.next_with_id().await.unwrap();
        assert_eq!((event.as_str(), id), ("status", CAPACITY as u64 + 5), "and goes on from now");
    }
    let refused = house.get("/api/v1/live?after=x").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}
