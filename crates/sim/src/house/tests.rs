use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::Value;

use super::{Fired, House, State, Write};

const HOUR: Duration = Duration::from_secs(3600);

fn morning() -> Timestamp {
    Timestamp::parse("2026-11-23T00:00:00+00:00").unwrap()
}

fn live(seed: u64, hours: u32) -> Vec<Fired> {
    House::new(seed, morning()).advance(morning().plus(hours * HOUR))
}

fn hash(fired: &[Fired]) -> u64 {
    let mut hasher = DefaultHasher::new();
    fired.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn the_same_seed_lives_the_same_day_twice_and_another_seed_another() {
    assert_eq!(hash(&live(1, 8)), hash(&live(1, 8)));
    assert_ne!(hash(&live(1, 8)), hash(&live(2, 8)));
}

#[test]
fn it_makes_no_difference_in_how_many_steps_a_day_passes() {
    let mut house = House::new(3, morning());
    let in_steps: Vec<Fired> =
        (1..=8 * 60).flat_map(|m| house.advance(morning().plus(Duration::from_secs(60 * m)))).collect();
    assert_eq!(hash(&in_steps), hash(&live(3, 8)));
}

#[test]
fn an_hour_of_the_day_has_30_to_120_events_a_minute_and_the_rate_multiplies_them() {
    let day = live(4, 24);
    for hour in 0..24 {
        let (from, to) = (morning().plus(hour * HOUR), morning().plus((hour + 1) * HOUR));
        let per_minute = day.iter().filter(|f| from <= f.time_fired && f.time_fired < to).count() / 60;
        assert!((30..=120).contains(&per_minute), "{per_minute} a minute in hour {hour}");
    }
    let six_hours = day.iter().filter(|f| f.time_fired <= morning().plus(6 * HOUR)).count();
    let busy = House::new(4, morning()).with_rate(5.0).advance(morning().plus(6 * HOUR)).len();
    assert!((4 * six_hours..6 * six_hours).contains(&busy), "{busy} where {six_hours} are usual");
}

#[test]
fn events_are_a_chain_in_time_and_every_state_of_a_day_is_well_formed() {
    let day = live(5, 8);
    assert!(day.is_sorted_by(|a, b| a.time_fired < b.time_fired));
    let mut held = std::collections::HashMap::new();
    for fired in &day {
        let new = fired.new_state.clone().unwrap();
        let key = |s: &Arc<State>| (s.last_updated, s.state.clone(), s.attributes.clone());
        let before = held.insert(fired.entity_id.clone(), key(&new));
        assert_eq!(before, fired.old_state.as_ref().map(key));
        assert_eq!(new.last_updated, fired.time_fired);
        assert!(serde_json::from_str::<Value>(&new.attributes).unwrap().get("friendly_name").is_some());
        assert!(!new.state.is_empty() && new.context.id.len() == 26);
    }
}

#[test]
fn there_is_what_a_house_has_and_a_name_with_two_types() {
    let mut house = House::new(6, morning());
    let mut day = house.advance(morning().plus(24 * HOUR));
    let ids: BTreeSet<&str> = house.states().map(|s| s.entity_id.as_str()).collect();
    assert!((60..=100).contains(&ids.len()), "{} entities", ids.len());
    for domain in [
        "binary_sensor",
        "climate",
        "cover",
        "light",
        "media_player",
        "person",
        "sensor",
        "sun",
        "switch",
        "update",
        "weather",
        "zone",
    ] {
        assert!(house.states().any(|s| s.entity_id.domain() == domain), "no {domain}");
    }
    let attribute = |id: &str, key: &str| {
        serde_json::from_str::<Value>(&house.state(id).unwrap().attributes)
            .unwrap()
            .get(key)
            .cloned()
            .unwrap()
    };
    assert_eq!(attribute("light.hue_lamp", "dynamics"), "none");
    assert_eq!(attribute("light.hue_room", "dynamics"), false);
    assert_eq!(attribute("sensor.büro_feinstaub", "unit_of_measurement"), "µg/m³");
    assert_eq!(attribute("weather.home", "wind_speed_unit"), "km/h");
    day.retain(|f| f.new_state.as_ref().is_some_and(|s| &*s.state == "unavailable"));
    assert!(!day.is_empty() && day.iter().all(|f| f.entity_id.as_str() == "sensor.garden_soil_moisture"));
}

#[test]
fn people_leave_in_the_morning_and_come_back() {
    let mut house = House::new(7, morning());
    let where_at = |house: &mut House, hour| {
        house.advance(morning().plus(hour * HOUR));
        house.state("person.alex").unwrap().state.to_string()
    };
    assert_eq!(where_at(&mut house, 6), "home");
    house.advance(morning().plus(8 * HOUR));
    let left = house.advance(morning().plus(16 * HOUR));
    let away = |f: &&Fired| f.new_state.as_ref().is_some_and(|s| &*s.state == "not_home");
    assert!(left.iter().filter(away).any(|f| f.entity_id.as_str() == "person.alex"));
    assert_eq!(where_at(&mut house, 22), "home");
}

#[test]
fn a_room_and_its_lamp_change_by_one_service_call() {
    let day = live(8, 24);
    let of = |id| day.iter().filter(move |f| f.entity_id.as_str() == id);
    let together =
        of("light.hue_lamp").filter(|l| of("light.hue_room").any(|r| r.context == l.context)).count();
    assert!(together > 3, "{together} times together");
}

#[test]
fn the_registries_agree_with_each_other_and_with_the_states() {
    let mut house = House::new(9, morning());
    house.advance(morning().plus(HOUR));
    let registries = house.registries();
    let keys = |list: &Value, key: &str| -> BTreeSet<String> {
        list.as_array().unwrap().iter().filter_map(|e| Some(e[key].as_str()?.to_owned())).collect()
    };
    assert!(keys(&registries.device, "id").is_superset(&keys(&registries.entity, "device_id")));
    assert!(keys(&registries.area, "area_id").is_superset(&keys(&registries.device, "area_id")));
    assert!(keys(&registries.floor, "floor_id").is_superset(&keys(&registries.area, "floor_id")));
    assert_eq!(registries.area.as_array().unwrap().len(), 8);
    let labels = registries.entity.as_array().unwrap().iter().flat_map(|e| e["labels"].as_array().unwrap());
    let labels: BTreeSet<_> = labels.map(|l| l.as_str().unwrap().to_owned()).collect();
    assert_eq!(labels, keys(&registries.label, "label_id"));
    let ids: BTreeSet<_> = house.states().map(|s| s.entity_id.to_string()).collect();
    assert_eq!(ids, keys(&registries.entity, "entity_id"));
    assert_eq!(registries.entity.as_array().unwrap().len(), keys(&registries.entity, "id").len());
}

#[test]
fn an_equal_write_fires_nothing_and_equal_is_what_python_calls_so() {
    let mut house = House::empty(1, morning());
    let at = |s| morning().plus(Duration::from_secs(s));
    assert!(house.set_state(at(0), "sensor.eq", "1", r#"{"x":true}"#).is_some());
    for equal in [r#"{"x":true}"#, r#"{"x":1}"#, r#"{"x": 1.0}"#] {
        assert_eq!(house.set_state(at(1), "sensor.eq", "1", equal), None);
    }
    let reported = house.state("sensor.eq").unwrap();
    assert_eq!((reported.last_updated, reported.last_reported), (at(0), at(1)));

    let text = house.set_state(at(2), "sensor.eq", "2", r#"{"x":1}"#).unwrap().new_state.unwrap();
    assert_eq!((&*text.attributes, text.last_changed, text.last_updated), (r#"{"x":true}"#, at(2), at(2)));
    let only = house.set_state(at(3), "sensor.eq", "2", r#"{"x":"true"}"#).unwrap().new_state.unwrap();
    assert_eq!((only.last_changed, only.last_updated), (at(2), at(3)));
    let large = |n: u64| format!(r#"{{"x":[{n}]}}"#);
    assert!(house.set_state(at(4), "sensor.eq", "2", &large(u64::MAX)).is_some());
    assert!(house.set_state(at(5), "sensor.eq", "2", &large(u64::MAX - 1)).is_some());
}

#[test]
fn a_service_call_is_one_context_in_distinct_microseconds_and_raw_attributes_survive() {
    let mut house = House::empty(1, morning());
    let odd = r#"{ "b":1.50, "a":[1,"two",null], "":"温度 \n" }"#;
    let writes = ["light.a", "light.b"].map(|id| Write::new(id, "on", odd)).to_vec();
    let fired = house.call_service(morning(), Some("user"), writes);
    assert_eq!(fired[0].context, fired[1].context);
    assert_eq!(fired[0].context.user_id.as_deref(), Some("user"));
    assert!(fired[0].time_fired < fired[1].time_fired);
    assert_eq!(&*fired[1].new_state.as_ref().unwrap().attributes, odd);
    let alone = house.set_state(morning(), "light.a", "off", odd).unwrap();
    assert_ne!(alone.context, fired[0].context);
}

#[test]
fn a_removed_entity_stays_away_until_it_is_written_again() {
    let mut house = House::new(2, morning());
    house.advance(morning().plus(HOUR));
    let gone = house.remove(morning().plus(HOUR), "sensor.kitchen_temperature").unwrap();
    assert!(gone.new_state.is_none() && gone.old_state.is_some());
    assert_eq!(house.remove(morning().plus(HOUR), "sensor.kitchen_temperature"), None);
    let later = house.advance(morning().plus(3 * HOUR));
    assert!(later.iter().all(|f| f.entity_id.as_str() != "sensor.kitchen_temperature"));
    let back = house.set_state(morning().plus(3 * HOUR), "sensor.kitchen_temperature", "20.0", "{}").unwrap();
    assert_eq!(back.old_state, None);
}
