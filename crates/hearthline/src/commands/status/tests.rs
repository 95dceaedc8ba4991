use super::*;

fn document() -> Status {
    serde_json::from_value(serde_json::json!({
        "version": "0.1.0",
        "overall": "degraded",
        "verdict": "Recording. Home Assistant is away since 12:00:00 UTC.",
        "uptime_s": 3600,
        "home_assistant": {
            "state": "waiting", "since": "2026-11-23T12:00:00.000000Z", "version": "2024.3.3", "attempts": 3,
            "last_event_age_s": 12.4, "reason": "connection refused",
        },
        "events": {
            "received": 100, "filtered": 10, "duplicate": 5, "logged": 85, "unlogged": 0, "quarantined": 1,
            "per_minute": 42,
        },
        "log": { "first_seq": 1, "last_seq": 90, "bytes": 4096, "synced_seq": 90 },
        "sinks": [{
            "name": "store", "kind": "parquet", "state": "healthy", "delivered": 80, "filtered": 0, "collapsed": 1,
            "quarantined": 1, "pending": 3, "lag_s": 0.0, "write_errors": 0, "last_error": null,
        }, {
            "name": "influxdb", "kind": "influxdb", "state": "degraded", "delivered": 40, "filtered": 0, "collapsed": 0,
            "quarantined": 0, "pending": 45, "lag_s": 0.0, "write_errors": 0, "last_error": null, "lost": 2,
            "loss": "2 events from 2026-11-20T00:00:00.000000Z to 2026-11-21T00:00:00.000000Z are neither in the log nor in the store: the store has dropped what was too old",
            "refill": {
                "why": "missed", "done": 12, "of": 55, "from": "2026-11-22T10:00:00.000000Z",
                "to": "2026-11-23T11:00:00.000000Z", "since": "2026-11-23T11:58:00.000000Z", "left_s": 130.0, "waiting": 1,
                "running": true,
            },
        }],
        "parts": [
            { "name": "log", "state": "healthy", "since": "2026-11-23T11:00:00.000000Z", "reason": null, "uptime": 1.0 },
            {
                "name": "source", "state": "degraded", "since": "2026-11-23T12:00:00.000000Z",
                "reason": "connection refused", "uptime": 0.99, "uptime_24h": 0.99999, "uptime_7d": 0.995, "uptime_30d": 1.0,
                "meaning": "nothing comes in", "todo": "see whether it runs", "restarts": 2,
                "last_restart": { "at": "2026-11-23T11:30:00.000000Z", "why": "it hung" },
            },
        ],
        "weather": { "provider": "off", "state": "off", "calls": 0, "cache_hits": 0, "age_s": null },
        "silent": {
            "count": 1, "entities": 2,
            "items": [{
                "name": "Freezer", "device": "Freezer", "area": "Kitchen",
                "entities": ["sensor.freezer_battery", "sensor.freezer_temperature"],
                "since": "2026-11-23T09:00:00.000000Z", "silent_s": 10800, "usual_s": 300,
                "sentence": "Freezer: nothing for 3 h, usually each 5 min",
            }],
        },
        "gaps": { "open": 1, "filled": 0, "partly": 0, "lost": 0 },
        "alerts": { "active": 2, "critical": 1, "unseen": 1, "muted": 0 },
        "maintenance": {
            "since": "2026-11-23T11:55:00.000000Z", "until": "2026-11-23T12:25:00.000000Z", "left_s": 900, "why": "new disk",
        },
        "criteria": [
            {
                "id": "connection", "label": "Connected", "met": false, "value": 0.0, "target": 1.0, "unit": "",
                "window_s": 0, "note": null,
            },
            {
                "id": "error_rate", "label": "Error rate", "met": true, "value": 0.253, "target": 1.0, "unit": "%",
                "window_s": 3600,
            },
            {
                "id": "rate", "label": "Events per minute", "met": null, "value": null, "target": 10.0,
                "unit": "per min", "window_s": 3600, "note": "quiet house",
            },
        ],
    }))
    .unwrap()
}

#[test]
fn it_opens_with_the_five_rows_of_the_former_dashboard() {
    let page = render(&document());
    let rows = ["Overall Status", "WebSocket Connection", "Event Processing", "Database Storage", "Weather"];
    for (line, row) in page.lines().zip(rows) {
        assert!(line.trim_start().starts_with(row), "{row}: {line:?}");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn a_span_is_told_in_the_unit_that_a_person_would_use() {
    let spans = [0.0, 89.0, 91.0, 600.0, 5399.0, 7300.0].map(span);
    assert_eq!(spans, ["0 s", "89 s", "2 min", "10 min", "90 min", "2 h"]);
}

#[test]
fn a_figure_has_no_more_decimals_than_it_needs() {
    for (value, text) in [(1.0, "1"), (0.5, "0.5"), (99.999, "100"), (0.0, "0"), (100.0, "100")] {
        assert_eq!(short(value), text);
    }
}
