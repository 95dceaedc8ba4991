use std::future::Future;

use hearthline_core::{Clock as _, SystemClock};

use super::*;
use crate::{Access, Ending, Fault, FieldKind, HomeAssistant, House, InfluxDb, InfluxVersion, Options};

const TOKEN: &str = "simulated-token";

/// A quiet house, a server whose lamps are text, and the old way between them.
async fn between(version: InfluxVersion) -> (HomeAssistant, InfluxDb, NaiveWriter) {
    let clock = Arc::new(SystemClock::new());
    let house = House::empty(1, clock.now());
    let peer = HomeAssistant::new(house, clock.clone(), Options::default());
    let address = peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let access = match version {
        InfluxVersion::V1 => Access::Password { user: "house".into(), password: "secret".into() },
        InfluxVersion::V2 | InfluxVersion::V3 => Access::Token("secret".into()),
    };
    let server = InfluxDb::new(version, access.clone(), clock.clone());
    server.create("house", None);
    let lamp = format!("events,entity_id=light.old attr_dynamics=\"none\" {}", clock.now().0 * 1000);
    server.seed("house", &lamp).unwrap();
    let influx = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let target = NaiveTarget {
        url: format!("http://{influx}").parse().unwrap(),
        version,
        database: "house".into(),
        organisation: "home".into(),
        access,
        measurement: "events".into(),
    };
    let writer = NaiveWriter::new(format!("http://{address}").parse().unwrap(), TOKEN, target);
    (peer, server, writer)
}

/// Runs it until something is so.
async fn until(writer: &NaiveWriter, is: impl Fn(&NaiveCounts) -> bool) -> NaiveCounts {
    tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let counts = writer.counts();
            if is(&counts) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("it stays {:?}", writer.counts()))
}

fn running(writer: &NaiveWriter) -> impl Future<Output = Result<(), String>> + use<> {
    let writer = writer.clone();
    async move { writer.run().await }
}

#[tokio::test]
async fn a_field_of_another_type_costs_it_the_event_whatever_it_is_written_to() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let (peer, server, writer) = between(version).await;
        tokio::spawn(running(&writer));
        until(&writer, |counts| counts.running).await;
        peer.set_state("light.room", "on", r#"{"dynamics":false}"#);
        peer.set_state("sensor.a b", "21.5", r#"{"unit":"°C","level":3,"odd, name":2.5,"list":[1,"x"]}"#);
        peer.remove("sensor.a b");
        let counts = until(&writer, |counts| counts.left_out == 1).await;
        assert_eq!((counts.received, counts.accepted, counts.lost), (3, 1, 1), "{counts:?}");
        assert_eq!(counts.tries, 1 + u64::from(RETRIES) + 1, "the lamp's was tried again: {counts:?}");
        let (words, lost) = counts.refused.first_key_value().unwrap();
        assert!(words.contains("is type boolean, already exists as type string"), "{words}");
        assert_eq!(*lost, 1);
        let stored = server.counts("house", "events");
        let has = |field: &str, kind| stored.get(&(field.to_owned(), kind)).copied();
        assert_eq!(has("attr_level", FieldKind::Integer), Some(1), "{stored:?}");
        assert_eq!(has("attr_odd, name", FieldKind::Float), Some(1), "{stored:?}");
        assert_eq!(has("attr_list", FieldKind::Text), Some(1), "{stored:?}");
        assert_eq!(has("attr_dynamics", FieldKind::Bool), None, "{stored:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_the_end_of_it() {
    let (peer, _server, writer) = between(InfluxVersion::V2).await;
    let ended = tokio::spawn(running(&writer));
    until(&writer, |counts| counts.running).await;
    peer.cause(Fault::Drop(Ending::Close));
    assert_eq!(ended.await.unwrap(), Ok(()));
    peer.set_state("sensor.a", "1", "{}");
    let counts = writer.counts();
    assert_eq!((counts.running, counts.received), (false, 0));
    assert!(counts.ended.unwrap().contains("not made again"));
    peer.cause(Fault::RevokeToken);
    let refused = writer.run().await.unwrap_err();
    assert!(refused.contains("auth_invalid"), "{refused}");
}
