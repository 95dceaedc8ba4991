//! What two real releases said, read back: see `tests/recordings`. In a recording the first line is a header, each other
//! line a frame: `dir` in or out, `op` its kind, `text` its payload.

use std::collections::HashMap;
use std::path::PathBuf;

use super::*;

const RELEASES: [&str; 2] = ["2024.3.3", "2026.11.0"];

#[derive(Deserialize)]
struct Frame {
    dir: String,
    op: String,
    #[serde(default)]
    text: String,
}

fn folder(release: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(release)
}

/// The text frames that came in.
fn frames(release: &str, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder(release).join(name)).unwrap();
    let frames = text.lines().skip(1).map(|line| serde_json::from_str::<Frame>(line).unwrap());
    frames.filter(|frame| frame.dir == "in" && frame.op == "text").map(|frame| frame.text).collect()
}

fn recordings(release: &str) -> Vec<String> {
    let names = std::fs::read_dir(folder(release))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".ndjson")).collect()
}

/// Of `subscribe_entities`, which some recordings hold too and which is never asked for.
fn is_compressed(event: &str) -> bool {
    event.starts_with("{\"a\":") || event.starts_with("{\"c\":")
}

/// Hands every event of a recording to `look`.
fn each_event(frames: &[String], mut look: impl FnMut(Event<'_>)) {
    for frame in frames {
        for message in messages(frame) {
            if let Message::Event(event) = message {
                look(event);
            }
        }
    }
}

#[test]
fn every_frame_of_every_recording_is_read() {
    for release in RELEASES {
        let (mut events, mut results) = (0, 0);
        for name in recordings(release) {
            for frame in frames(release, &name) {
                for message in messages(&frame) {
                    match message {
                        Message::Event(event) => {
                            assert_eq!(parse_event(event.raw).unwrap(), event);
                            events += 1;
                        }
                        Message::Undecodable { raw, error } if !is_compressed(raw) => {
                            panic!("{release}/{name}: {error}: {raw}")
                        }
                        Message::Result { .. } => results += 1,
                        _ => {}
                    }
                }
            }
        }
        assert!(events > 400 && results > 20, "{release}: {events} events, {results} results");
    }
}

#[test]
fn an_old_state_is_the_new_state_before_it_of_the_same_entity() {
    for release in RELEASES {
        let mut followed = 0;
        for name in ["subscribe-state_changed.ndjson", "coalesce-burst.ndjson", "restart-early-client.ndjson"]
        {
            let mut last = HashMap::<String, Timestamp>::new();
            each_event(&frames(release, name), |event| {
                let EventData::StateChanged { entity_id, old_state, new_state } = event.data else { return };
                if let (Some(before), Some(old)) = (last.get(entity_id.as_ref()), &old_state) {
                    assert_eq!(*before, old.last_updated, "{release}/{name}: {entity_id}");
                    followed += 1;
                }
                match new_state {
                    Some(new) => drop(last.insert(entity_id.into_owned(), new.last_updated)),
                    None => drop(last.remove(entity_id.as_ref())),
                }
            });
        }
        assert!(followed > 60, "{release}: {followed}");
    }
}

#[test]
fn a_state_keeps_its_place_in_the_event_and_loses_nothing() {
    for release in RELEASES {
        let mut seen = 0;
        each_event(&frames(release, "subscribe-nasty.ndjson"), |event| {
            let EventData::StateChanged { new_state: Some(new), .. } = event.data else { return };
            assert!(event.raw.contains(new.raw) && new.raw.contains(new.attributes));
            let attributes: HashMap<String, serde_json::Value> =
                serde_json::from_str(new.attributes).unwrap();
            assert_eq!(attributes["big_int"], i64::MAX);
            assert_eq!(attributes[""], "empty key");
            assert_eq!(attributes["nan"], serde_json::Value::Null);
            seen += 1;
        });
        assert_eq!(seen, 4, "{release}");
    }
}

#[test]
fn one_attribute_comes_with_two_types() {
    let mut types = Vec::new();
    each_event(&frames("2026.11.0", "subscribe-nasty.ndjson"), |event| {
        let EventData::StateChanged { new_state: Some(new), .. } = event.data else { return };
        let attributes: HashMap<String, serde_json::Value> = serde_json::from_str(new.attributes).unwrap();
        types.push((attributes["dynamics"].is_boolean(), attributes["dynamics"].is_string()));
    });
    assert!(types.contains(&(true, false)) && types.contains(&(false, true)), "{types:?}");
}

#[test]
fn of_six_events_home_assistant_drops_four_in_silence_and_the_chain_shows_it() {
    for release in RELEASES {
        let mut broken = 0;
        let mut last = HashMap::<String, Timestamp>::new();
        each_event(&frames(release, "unserializable.ndjson"), |event| {
            let EventData::StateChanged { entity_id, old_state, new_state } = event.data else { return };
            if let Some(old) = old_state.filter(|_| entity_id.starts_with("sensor.bad_")) {
                broken += u32::from(last.get(entity_id.as_ref()) != Some(&old.last_updated));
            }
            if let Some(new) = new_state {
                last.insert(entity_id.into_owned(), new.last_updated);
            }
        });
        assert!(broken > 0, "{release}");
    }
}

#[test]
fn authentication_is_read() {
    for release in RELEASES {
        let said = frames(release, "auth-invalid.ndjson");
        assert!(
            matches!(parse_message(&said[0]), Ok(Message::AuthRequired { ha_version }) if ha_version == release)
        );
        assert!(matches!(parse_message(&said[1]), Ok(Message::AuthInvalid { .. })));
        let said = frames(release, "auth-ok.ndjson");
        assert!(matches!(parse_message(&said[1]), Ok(Message::AuthOk)));
    }
}

#[test]
fn an_error_with_an_id_that_is_no_number_belongs_to_nobody() {
    let (mut ours, mut nobodys) = (0, 0);
    for frame in frames("2026.11.0", "errors.ndjson") {
        for message in messages(&frame) {
            match message {
                Message::Result { outcome: Err(message), .. } => {
                    assert!(!message.is_empty());
                    ours += 1;
                }
                Message::Other => nobodys += 1,
                _ => {}
            }
        }
    }
    assert!(ours > 5 && nobodys >= 4, "{ours} {nobodys}");
}

#[test]
fn snapshots_and_configurations_are_read() {
    for release in RELEASES {
        let read = |name: &str| std::fs::read_to_string(folder(release).join(name)).unwrap();
        let answer = read("list-get_states.json");
        let Ok(Message::Result { outcome: Ok(result), .. }) = parse_message(&answer) else {
            panic!("{release}")
        };
        let (states, unreadable) = parse_states(result).unwrap();
        assert!(states.len() > 20 && unreadable.is_empty(), "{release}: {}, {unreadable:?}", states.len());
        let answer = read("list-get_config.json");
        let Ok(Message::Result { outcome: Ok(result), .. }) = parse_message(&answer) else {
            panic!("{release}")
        };
        let config = parse_config(result).unwrap();
        assert_eq!(config.version.as_deref(), Some(release));
        assert!(config.is_running() && config.location_name.is_some());
    }
}

#[test]
fn a_state_that_cannot_be_read_does_not_hide_its_neighbours() {
    let good = r#"{"entity_id":"a.b","state":"1","attributes":{},"last_changed":"2026-11-23T11:57:01+00:00","last_updated":"2026-11-23T11:57:01+00:00"}"#;
    let bad = good.replace("11:57:01", "soon");
    let (states, unreadable) =
        parse_states(&format!("[{good},{bad},{good}]")).map(|(s, u)| (s.len(), u.len())).unwrap();
    assert_eq!((states, unreadable), (2, 1));
}

#[test]
fn what_is_no_message_is_refused_and_what_is_unknown_passed_over() {
    for raw in ["", "{", "{\"type\":\"pong\",\"id\":1,}", "nonsense", "\u{0}"] {
        let mut all = messages(raw);
        let whole = matches!(all.next(), Some(Message::Undecodable { raw: all, .. }) if all == raw);
        assert!(whole && all.next().is_none() && parse_message(raw).is_err(), "{raw}");
    }
    for raw in ["[1]", "{\"id\":1}", "{\"type\":\"event\",\"id\":1}", "{\"type\":7}"] {
        assert!(messages(raw).all(|m| matches!(m, Message::Undecodable { .. })), "{raw}");
        parse_message(raw).unwrap_err();
    }
    assert!(matches!(parse_message(r#"{"new":[1],"type":"novelty","id":3}"#), Ok(Message::Other)));
    assert!(matches!(parse_message(r#"{"id":7,"type":"pong"}"#), Ok(Message::Pong { id: 7 })));
}

#[test]
fn where_a_frame_stops_being_json_its_rest_is_one_undecodable_message() {
    let pong = r#"{"id":7,"type":"pong"}"#;
    for (frame, pongs, rest) in [
        (format!("[{pong}, {pong} ]"), 2, None),
        (" [ ] ".to_owned(), 0, None),
        (format!("[{pong},{pong}"), 1, Some(pong.to_owned())),
        (format!("[{pong},{{\"type\":\"pong\",\"id\"}}]"), 1, Some("{\"type\":\"pong\",\"id\"}]".to_owned())),
        (format!("[{pong},]"), 1, Some("]".to_owned())),
        (format!("[{pong}] {pong}"), 1, Some(format!(" {pong}"))),
        (format!("{pong}{pong}"), 1, Some(pong.to_owned())),
    ] {
        let (undecodable, read): (Vec<_>, Vec<_>) =
            messages(&frame).partition(|message| matches!(message, Message::Undecodable { .. }));
        let found = undecodable.first().map(|message| match message {
            Message::Undecodable { raw, .. } => (*raw).to_owned(),
            _ => String::new(),
        });
        assert_eq!((read.len(), found, undecodable.len() < 2), (pongs, rest, true), "{frame}");
    }
}

proptest::proptest! {
    #[test]
    fn foreign_text_never_panics(text in "\\PC*") {
        let _ = messages(&text).count();
        let _ = parse_message(&text);
        let _ = parse_event(&text);
        let _ = parse_states(&text);
    }
}
