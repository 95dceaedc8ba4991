use hearthline_core::Fs;
use hearthline_pipeline::sinks::influxdb::cardinality::{Cardinality, Share};
use hearthline_pipeline::sinks::influxdb::point::{LeftOut, Reason};
use hearthline_pipeline::sinks::influxdb::refill::{RefillViewOf, Why};
use hearthline_pipeline::sinks::influxdb::schema::{Conflict, FieldType};
use hearthline_pipeline::sinks::influxdb::{InfluxViewOf, Version};

use super::*;

/// One that delivers into an InfluxDB with troubles of every kind.
pub(super) fn house() -> House {
    let fs: Arc<dyn Fs> = Arc::new(MemFs::default());
    let dir = PathBuf::from("/data/sinks/influxdb");
    fs.create_dir_all(&dir).unwrap();
    let refused = |seq: u64| {
        json!({
            "at": "2026-11-23T11:58:00.000000Z", "seq": seq, "entity": (seq != 3).then_some("sensor.hall"),
            "line": "m f=1 1", "words": "points beyond retention policy",
        })
    };
    let lines: String = (1..=30).map(|seq| format!("{}\n", refused(seq))).collect();
    fs.write_atomic(&dir.join("refused.ndjson"), lines.as_bytes()).unwrap();
    let (url, database) = ("http://127.0.0.1:8086/".to_owned(), "ha".to_owned());
    let view = InfluxView::new("influxdb", &dir, fs, url.clone(), database.clone());
    view.change(|seen| {
        let share = |of: &str, count| Share { of: of.into(), count };
        *seen = InfluxViewOf {
            speaks: Some(Version::V3),
            conflicts: vec![Conflict {
                measurement: "m".into(),
                field: "attr_dynamics".into(),
                server: vec![FieldType::Text, FieldType::Bool],
                ours: FieldType::Float,
                goes_to: "attr_dynamics_num".into(),
                since: NOON,
                rows: 42,
            }],
            left_out: vec![LeftOut { field: "entity_picture".into(), reason: Reason::TextTooLong, rows: 3 }],
            layout: "native",
            measurement: Some("house_2".into()),
            fields_unknown: Some("HTTP 403".into()),
            refill: Some(RefillViewOf {
                why: Why::Missed,
                done: 40,
                of: 42,
                from: None,
                to: None,
                since: NOON,
                left: None,
                waiting: 0,
            }),
            cardinality: Cardinality {
                series: 12,
                entities: 11,
                fields: [("m".to_owned(), 460)].into(),
                tags: 5,
                most_series: vec![share("sensor.hall", 2)],
                most_fields: vec![share("sensor.calendar", 400)],
            },
            ..seen.clone()
        };
    });
    let mut status = status();
    status.sinks.push(hearthline_runbook::status::Sink {
        name: "influxdb".into(),
        kind: "influxdb".into(),
        url: Some(url),
        database: Some(database),
        conflicts: Some(1),
        lag_events: Some(3),
        slow_s: None,
        ..status.sinks[0].clone()
    });
    House::delivering(status, Ok(Seq(7)), vec![view])
}

#[tokio::test]
async fn a_sink_is_told_with_what_is_known_of_its_server() {
    let mut report = house().document("/api/v1/sinks/influxdb").await;
    let refused = report["server"]["refused"].as_array().unwrap();
    let seqs: Vec<_> = refused.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (11..=30).rev().collect::<Vec<_>>(), "the newest first");
    report["server"]["refused"].as_array_mut().unwrap().truncate(1);
    insta::assert_snapshot!(pretty(&report));
}

#[tokio::test]
async fn a_sink_without_a_server_has_none_and_one_that_is_not_there_says_which_are() {
    let house = house();
    let store = house.document("/api/v1/sinks/store").await;
    assert_eq!((store["sink"]["name"].as_str(), &store["server"]), (Some("store"), &Value::Null));
    let refused = house.get("/api/v1/sinks/cloud").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.json()["error"]["do"], "these are: store, influxdb");
}
