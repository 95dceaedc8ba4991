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
fn a_figure_has_no_more_decimals_than_it_needs() {
    for (value, text) in [(1.0, "1"), (0.5, "0.5"), (99.999, "100"), (0.0, "0"), (100.0, "100")] {
        assert_eq!(short(value), text);
    }
}
