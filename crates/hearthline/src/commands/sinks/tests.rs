use hearthline_api::{Conflict, LeftOut, SinkCardinality, SinkConcern};
use hearthline_pipeline::sinks::influxdb::RefusedRow;

use super::*;

fn sink(name: &str) -> status::Sink {
    serde_json::from_value(serde_json::json!({
        "name": name, "kind": "parquet", "state": "healthy", "delivered": 120, "filtered": 3, "collapsed": 1,
        "quarantined": 0, "pending": 0, "lag_s": 0.0, "write_errors": 0, "last_error": null,
    }))
    .unwrap()
}

fn influxdb() -> status::Sink {
    status::Sink {
        kind: "influxdb".into(),
        state: "degraded".into(),
        reason: Some("HTTP 503: it restarts".into()),
        quarantined: 1,
        pending: 40,
        lag_s: 12.3,
        write_errors: 2,
        last_error: Some("HTTP 503: it restarts".into()),
        version: Some("1.6.7".into()),
        url: Some("http://127.0.0.1:8086/".into()),
        database: Some("ha".into()),
        conflicts: Some(1),
        lag_events: Some(38),
        slow_s: None,
        ..sink("influxdb")
    }
}

#[test]
fn the_list_says_who_is_behind_and_why() {
    insta::assert_snapshot!(all(&[sink("store"), influxdb()]));
}

#[test]
fn one_is_told_with_everything_that_is_known_of_its_server() {
    let share = |of: &str, count| SinkShare { of: of.into(), count };
    let server = SinkServer {
        layout: "native".into(),
        measurement: Some("home_assistant_events_2".into()),
        fields_unknown: Some("HTTP 403".into()),
        conflicts: vec![Conflict {
            sink: "influxdb".into(),
            measurement: "m".into(),
            field: "attr_dynamics".into(),
            server: vec!["text".into(), "bool".into()],
            ours: "float".into(),
            goes_to: "attr_dynamics_num".into(),
            since: "2026-11-23T12:00:00.000000Z".into(),
            rows: 42,
        }],
        left_out: vec![LeftOut {
            sink: "influxdb".into(),
            field: "entity_picture".into(),
            reason: "the text is longer than 65,535 bytes".into(),
            rows: 3,
        }],
        refused: vec![RefusedRow {
            at: "2026-11-23T12:00:00.000000Z".into(),
            seq: 7,
            entity: Some("sensor.hall".into()),
            line: "m,entity_id=sensor.hall value=1 1".into(),
            words: "points beyond retention policy".into(),
        }],
        missed: 5,
        cardinality: SinkCardinality {
            series: 850_000,
            entities: 1200,
            fields: vec![share("m", 61), share("weather", 11)],
            most_series: vec![share("sensor.hall", 2)],
            most_fields: vec![share("light.lamp", 6)],
            concerns: vec![SinkConcern {
                what: "series".into(),
                count: 850_000,
                limit: 1_000_000,
                says: "InfluxDB refuses points of further series".into(),
            }],
        },
    };
    insta::assert_snapshot!(one(&SinkReport { sink: influxdb(), server: Some(server) }));
}

#[test]
fn the_store_has_no_server() {
    insta::assert_snapshot!(one(&SinkReport { sink: sink("store"), server: None }));
}
