//! Where entities belong, what they were called, and the weather.

use hearthline_core::{Change, ChangeKind, EntityInfo, EntityRow, Named, Observation, WeatherRow};

use super::*;

pub(super) fn info(key: &str, entity_id: &str, area: &str) -> EntityInfo {
    let named = |name: &str| Named { id: name.to_lowercase().into(), name: name.into() };
    EntityInfo {
        key: key.into(),
        name: Some("Hall".into()),
        area: Some(named(area)),
        device: Some(named("Hue lamp")),
        integration: Some("hue".into()),
        labels: vec![Named { id: "l1".into(), name: "Warm".into() }],
        device_class: Some("temperature".into()),
        ..EntityInfo::unregistered(entity_id.into())
    }
}

pub(super) fn known(before: u64, info: EntityInfo, changes: &[(ChangeKind, &str, &str)]) -> Row {
    let text = |text: &str| Some(text).filter(|text| !text.is_empty()).map(Into::into);
    let change =
        |(what, from, to): &(ChangeKind, &str, &str)| Change { what: *what, from: text(from), to: text(to) };
    Row::Entity(EntityRow {
        seq: Seq::ZERO,
        ts: NOON.minus(Duration::from_secs(before)),
        site: "home".into(),
        info: Arc::new(info),
        removed: false,
        changes: changes.iter().map(change).collect(),
    })
}

pub(super) fn weather(before: u64, temperature: f64, condition: &str) -> Row {
    let at = NOON.minus(Duration::from_secs(before));
    let condition = Some(condition.into());
    Row::Weather(WeatherRow {
        seq: Seq::ZERO,
        received: at,
        site: "home".into(),
        provider: "open_meteo".into(),
        source: "52.37, 4.89".into(),
        observation: Arc::new(Observation {
            at,
            temperature: Some(temperature),
            condition,
            ..Observation::default()
        }),
    })
}

/// Renamed a hundred seconds before noon, and moved.
fn house() -> House {
    let house = House::new();
    house.write(vec![
        state(400, "sensor.old", "20"),
        known(
            300,
            info("k", "sensor.old", "Hall"),
            &[(ChangeKind::New, "", ""), (ChangeKind::Unit, "", "°C")],
        ),
        state(200, "sensor.old", "21"),
        known(
            100,
            info("k", "sensor.new", "Kitchen"),
            &[(ChangeKind::Renamed, "sensor.old", "sensor.new"), (ChangeKind::Area, "Hall", "Kitchen")],
        ),
        state(99, "sensor.old", ""),
        state(98, "sensor.new", "22"),
        state(50, "light.hall", "on"),
    ]);
    house
}

fn ids(answer: &Value) -> Vec<&str> {
    let entities = answer["entities"].as_array().unwrap().iter();
    entities.map(|entity| entity["entity_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_renamed_entity_is_listed_once_and_says_what_it_was_called() {
    let house = house();
    let answer = house.document("/api/v1/entities").await;
    assert_eq!(ids(&answer), ["light.hall", "sensor.new"]);
    let span =
        |id: &str, from: Option<&str>, to: Option<&str>| json!({ "entity_id": id, "from": from, "to": to });
    let renamed = "2026-11-23T11:58:20.000000Z";
    let names = json!([span("sensor.old", None, Some(renamed)), span("sensor.new", Some(renamed), None)]);
    for name in ["sensor.old", "sensor.new", "k"] {
        let entity = house.document(&format!("/api/v1/entities/{name}")).await;
        assert_eq!((&entity["entity_id"], &entity["key"]), (&json!("sensor.new"), &json!("k")), "{name}");
        assert_eq!((&entity["latest"]["state"], &entity["names"]), (&json!("22"), &names), "{name}");
        assert_eq!((&entity["area"], &entity["labels"]), (&json!("Kitchen"), &json!(["Warm"])));
        let history = house.document(&format!("/api/v1/entities/{name}/history")).await;
        assert_eq!((&history["entity_id"], &history["names"]), (&json!("sensor.new"), &names));
        let states: Vec<_> = history["states"].as_array().unwrap().iter().map(|row| &row["state"]).collect();
        assert_eq!(states, ["20", "21", "22"], "{name}");
        let path = format!("/api/v1/entities/{name}/history?bucket=1h&from=2026-11-23T11:00:00Z");
        assert_eq!(house.document(&path).await["buckets"][0]["count"], 3, "{name}");
        let export = house.get(&format!("/api/v1/export?entities={name}")).await;
        assert_eq!(export.text().lines().count(), 4, "{name}");
    }
    for pattern in ["sensor.old", "sensor.n*"] {
        let events = house.document(&format!("/api/v1/events?entity={pattern}")).await;
        assert_eq!(events["events"].as_array().unwrap().len(), 3, "{pattern}");
    }
    assert_eq!(ids(&house.document("/api/v1/entities?ids=sensor.old").await), ["sensor.new"]);
}

#[tokio::test]
async fn an_entity_that_never_was_is_not_found() {
    let answer = house().get("/api/v1/entities/sensor.absent").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["why"], "no entity is or was called \"sensor.absent\"");
}

#[tokio::test]
async fn entities_are_asked_for_by_where_they_belong_and_by_silence() {
    let house = house();
    for (query, found) in [
        ("area=kitchen", &["sensor.new"][..]),
        ("area=KITCHEN&label=warm", &["sensor.new"]),
        ("area=hall", &[]),
        ("device=hue%20LAMP", &["sensor.new"]),
        ("label=l1&integration=Hue&device_class=temperature", &["sensor.new"]),
        ("device_class=battery", &[]),
        ("silent=true", &["sensor.new"]),
        ("silent=false", &["light.hall"]),
    ] {
        assert_eq!(ids(&house.document(&format!("/api/v1/entities?{query}")).await), found, "{query}");
    }
    let silent = &house.document("/api/v1/entities/sensor.new").await["silent"];
    assert_eq!(*silent, json!({ "since": "2026-11-23T11:58:22.000000Z", "usual_s": 30.0 }));
}

#[tokio::test]
async fn what_got_into_a_registry_is_not_told_of_as_gone() {
    let house = house();
    let stranger = EntityInfo::unregistered("sensor.new".into());
    house.write(vec![known(1, stranger, &[(ChangeKind::Removed, "", "")])]);
    let first = |answer: &Value| answer["changes"][0]["what"].clone();
    assert_eq!(first(&house.document("/api/v1/entities/changes").await), "renamed");
    assert_eq!(first(&house.document("/api/v1/entities/changes?what=removed").await), "removed");
}

#[tokio::test]
async fn what_changed_is_told_newest_first_and_without_what_is_merely_new() {
    let house = house();
    let what = |answer: &Value| -> Vec<_> {
        answer["changes"].as_array().unwrap().iter().map(|change| change["what"].clone()).collect()
    };
    let answer = house.document("/api/v1/entities/changes").await;
    assert_eq!(what(&answer), ["renamed", "area"]);
    let expected = json!({
        "at": "2026-11-23T11:58:20.000000Z", "entity_id": "sensor.new", "key": "k", "name": "Hall",
        "area": "Kitchen", "what": "area", "from": "Hall", "to": "Kitchen",
    });
    assert_eq!(answer["changes"][1], expected);
    for (query, found) in [
        ("what=new,area", &["area", "new"][..]),
        ("entity=sensor.old&what=renamed", &["renamed"]),
        ("entity=light.hall", &[]),
        ("to=2026-11-23T11:58:20Z&what=new", &["new"]),
        ("from=2026-11-23T11:58:21Z", &[]),
    ] {
        assert_eq!(
            what(&house.document(&format!("/api/v1/entities/changes?{query}")).await),
            found,
            "{query}"
        );
    }
    let one = house.document("/api/v1/entities/changes?limit=1").await;
    assert_eq!((what(&one).len(), &one["more"]), (1, &json!(true)));
    let refused = house.get("/api/v1/entities/changes?what=colour").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["error"]["why"], "nothing called \"colour\" can change");
}

#[tokio::test]
async fn the_weather_is_told_as_observed_or_as_means() {
    let house = House::new();
    house.write(
        (0..4).map(|n| weather(3000 - 600 * n, n as f64, if n < 3 { "sunny" } else { "rainy" })).collect(),
    );
    house.store.flush().unwrap();
    let all = house.document("/api/v1/weather").await;
    let expected = json!({
        "at": "2026-11-23T11:10:00.000000Z", "provider": "open_meteo", "source": "52.37, 4.89",
        "temperature": 0.0, "condition": "sunny",
    });
    assert_eq!((all["observations"].as_array().unwrap().len(), &all["observations"][0]), (4, &expected));
    let some = house.document("/api/v1/weather?from=2026-11-23T11:20:00Z&to=2026-11-23T11:40:00Z").await;
    assert_eq!(some["observations"].as_array().unwrap().len(), 2);
    let first = house.document("/api/v1/weather?limit=3").await;
    assert_eq!((first["observations"].as_array().unwrap().len(), &first["more"]), (3, &json!(true)));

    let means = house.document("/api/v1/weather?every=30m").await;
    let mean = |at: usize, of: &str| means["observations"][at][of].clone();
    assert_eq!((mean(0, "temperature"), mean(1, "temperature")), (json!(0.5), json!(2.5)));
    assert_eq!((mean(1, "at"), mean(1, "condition")), (json!("2026-11-23T11:30:00.000000Z"), json!("rainy")));
    assert_eq!((means["observations"].as_array().unwrap().len(), &means["more"]), (2, &json!(false)));
    let one = house.document("/api/v1/weather?every=30m&limit=1").await;
    assert_eq!((&one["observations"][0]["temperature"], &one["more"]), (&json!(0.5), &json!(true)));
    assert_eq!(house.get("/api/v1/weather?every=1s").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_row_of_history_says_how_the_weather_was_and_where_the_entity_belonged() {
    let house = House::new();
    let Row::State(plain) = state(10, "sensor.hall", "20") else { panic!() };
    let at = NOON.minus(HOUR);
    let weather =
        Observation { at, temperature: Some(3.5), condition: Some("fog".into()), ..Observation::default() };
    let row = StateRow {
        area: Some("Hall".into()),
        device: Some("Lamp".into()),
        weather: Some(Arc::new(weather)),
        weather_stale: true,
        ..plain
    };
    house.write(vec![Row::State(row)]);
    let row = &house.document("/api/v1/entities/sensor.hall/history").await["states"][0];
    assert_eq!((&row["area"], &row["device"]), (&json!("Hall"), &json!("Lamp")));
    assert_eq!((&row["weather_temperature"], &row["weather_stale"]), (&json!(3.5), &json!(true)));
    assert_eq!(
        (&row["weather_at"], row.get("weather_humidity")),
        (&json!("2026-11-23T11:00:00.000000Z"), None)
    );
    assert_eq!(row["weather_condition"], "fog");
    let event = &house.document("/api/v1/events?entity=sensor.hall").await["events"][0];
    for name in ["weather_temperature", "weather_at", "weather_stale"] {
        assert_eq!(event[name], row[name], "{name} in the list of events");
    }
}
