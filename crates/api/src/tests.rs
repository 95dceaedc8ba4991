//! Stories of the API over a store on a disk in memory.

mod alerts;
mod backups;
mod context;
mod criteria;
mod doctor;
mod entities;
mod events;
mod gaps;
mod live;
mod logs;
mod metrics;
mod notes;
mod openapi;
mod quarantine;
mod rate;
mod recorded;
mod refusals;
mod repairs;
mod report;
mod retention;
mod runbook;
mod running;
mod settings;
mod setup;
mod sinks;
mod told;
mod typescript;
mod verify;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use futures_util::{StreamExt as _, TryStreamExt as _};
use hearthline_core::entity::domain_of;
use hearthline_core::{
    Batch, EventRow, ManualClock, MemFs, Origin, QuarantineRow, Row, Seq, StateRow, Timestamp,
};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::left_out::LeftOut;
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::{Incoming, Orders};
use hearthline_pipeline::silence::Silent;
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_runbook::Status;
use hearthline_runbook::logs::Logs;
use hearthline_runbook::notify::Place;
use hearthline_store::{Store, StoreConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{Access, ApiState, ApiToken, Naive, NaiveLoss, Reading, router};

/// 2026-11-23, noon.
const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// A recorded house that is asked from the same machine.
struct House {
    store: Arc<Store>,
    live: Live,
    logs: Logs,
    stop: CancellationToken,
    router: Router,
    /// Until somebody carries them out.
    orders: Option<Incoming>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl House {
    fn new() -> Self {
        Self::with(status(), Ok(Seq(7)))
    }

    /// One whose status is this, and whose flush ends so.
    fn with(status: Status, flushed: Result<Seq, String>) -> Self {
        Self::delivering(status, flushed, Vec::new())
    }

    /// One that also delivers into these.
    fn delivering(status: Status, flushed: Result<Seq, String>, influxdb: Vec<InfluxView>) -> Self {
        Self::built(status, flushed, influxdb, vec![told::nobody()])
    }

    /// One whose people are told at these places.
    fn telling(places: Vec<Place>) -> Self {
        Self::built(status(), Ok(Seq(7)), Vec::new(), places)
    }

    fn built(
        status: Status,
        flushed: Result<Seq, String>,
        influxdb: Vec<InfluxView>,
        places: Vec<Place>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        let config = StoreConfig { flush_interval: HOUR, ..StoreConfig::new("/data/store") };
        let store = Arc::new(Store::open(Arc::new(MemFs::default()), clock.clone(), config).unwrap());
        let (live, stop) = (Live::default(), CancellationToken::new());
        let (orders, incoming) = Orders::channel();
        let filter = Arc::new(Filter::new(&[], &["sensor.*_battery".into()]).unwrap());
        let (runbook, reports) = runbook::house();
        let (logs, notes, incidents) = logs::house();
        let alerts = alerts::house();
        let (notify, maintenance) = told::house(&alerts, places);
        let state = ApiState {
            reading: Reading {
                store: Arc::clone(&store),
                filter: Arc::new(move || Arc::clone(&filter)),
                clock: clock.clone(),
                silent: Arc::new(silent),
                left_out: Arc::new(left_out),
            },
            status: Arc::new(move || status.clone()),
            flush: Arc::new(move || Box::pin(std::future::ready(flushed.clone()))),
            orders: orders.clone(),
            repairs: repairs::house(),
            runbook,
            reports,
            doctor: doctor::house(),
            verify: verify::house(),
            alerts,
            settings: settings::house(),
            backups: backups::house(),
            logs: logs.clone(),
            notes,
            incidents,
            notify,
            maintenance,
            influxdb,
            live: live.clone(),
            faults: crate::Faults {
                named: vec![crate::Fault { name: "drop".into(), says: "the connection breaks".into() }],
                cause: Arc::new(|_| ()),
                naive: Arc::new(|| {
                    let words = "field type conflict".to_owned();
                    Some(Naive {
                        running: true,
                        ended: None,
                        received: 5,
                        accepted: 2,
                        lost: 3,
                        refused: vec![NaiveLoss { words, events: 3 }],
                    })
                }),
            },
            stop: stop.clone(),
            access: Access::new(ApiToken::new("right"), clock, false),
        };
        Self { store, live, logs, stop, router: router(state), orders: Some(incoming) }
    }

    /// Writes rows as the next records of the log, and shows them.
    fn write(&self, mut rows: Vec<Row>) {
        let before = self.store.stats().buffered as u64 + self.store.committed().0;
        for (seq, row) in (before + 1..).zip(&mut rows) {
            *row.seq_mut() = Seq(seq);
        }
        let batch = Batch { first: Seq(before + 1), last: Seq(before + rows.len() as u64), rows };
        self.store.write(&batch).unwrap();
        self.live.publish(&batch);
    }

    async fn ask(&self, method: Method, path: &str) -> axum::response::Response {
        self.ask_with(method, path, None).await
    }

    async fn ask_with(&self, method: Method, path: &str, token: Option<&str>) -> axum::response::Response {
        self.send(method, path, token, Body::empty()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Body,
    ) -> axum::response::Response {
        let mut request = Self::request(method, path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    /// From the same machine.
    fn request(method: Method, path: &str) -> axum::http::request::Builder {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
        Request::builder().method(method).uri(path).header("host", "localhost:8099").extension(peer)
    }

    async fn answer(&self, method: Method, path: &str) -> Answer {
        Answer::of(self.ask(method, path).await).await
    }

    /// Changes what is recorded, with the token.
    async fn change(&self, path: &str) -> Answer {
        Answer::of(self.ask_with(Method::POST, path, Some("right")).await).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.answer(Method::GET, path).await
    }

    /// A document that is answered with 200.
    async fn document(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }
}

impl Answer {
    async fn of(response: axum::response::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let chunks = response.into_body().into_data_stream();
        let body = chunks.map(|chunk| chunk.map(|chunk| chunk.to_vec())).try_concat().await.unwrap();
        Self { status, headers, body }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Of one entity, which usually says something each 30 s.
fn silent() -> Arc<[Silent]> {
    let since = NOON.minus(Duration::from_secs(98));
    [Silent { entity_id: "sensor.new".into(), since, usual: Duration::from_secs(30), info: None }].into()
}

/// One that a rule names.
fn left_out() -> Vec<LeftOut> {
    let last = Some(NOON.minus(Duration::from_secs(5)));
    vec![LeftOut {
        entity_id: "sensor.remote_battery".into(),
        rule: Some("sensor.*_battery".into()),
        events: 3,
        last,
    }]
}

/// A document as a person reads it.
fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap()
}

/// A state of so many seconds before noon.
fn state(before: u64, entity_id: &str, state: &str) -> Row {
    let ts = NOON.minus(Duration::from_secs(before));
    let (domain, is_number) = (domain_of(entity_id), state.parse::<f64>().is_ok());
    Row::State(StateRow {
        state: (!state.is_empty()).then(|| state.into()),
        unit: is_number.then(|| "°C".into()),
        device_class: is_number.then(|| "temperature".into()),
        received_delay_ms: Some(3),
        attributes: Some(format!(r#"{{"friendly_name":"The {domain}"}}"#).into()),
        ..StateRow::new(ts, entity_id, state)
    })
}

fn event(before: u64, event_type: &str, data: &str) -> Row {
    Row::Event(EventRow {
        seq: Seq::ZERO,
        ts: NOON.minus(Duration::from_secs(before)),
        site: "home".into(),
        event_type: event_type.into(),
        data: data.into(),
        context_id: None,
        origin: Origin::Live,
    })
}

fn quarantined(before: u64, reason: &str, raw: &[u8]) -> Row {
    let ts = NOON.minus(Duration::from_secs(before));
    Row::Quarantined(QuarantineRow {
        seq: Seq::ZERO,
        ts,
        site: "home".into(),
        reason: reason.into(),
        raw: raw.into(),
    })
}

/// A house in which things have happened.
fn status() -> Status {
    serde_json::from_value(json!({
        "version": "0.1.0", "overall": "degraded", "verdict": "Recording. The store is behind.", "uptime_s": 3600,
        "home_assistant": {
            "state": "connected", "since": "2026-11-23T11:00:00.000000Z", "version": "2024.3.3", "attempts": 3,
            "last_event_age_s": 1.5, "location_name": "Home", "ping_s": 0.002, "reason": null,
        },
        "events": {
            "received": 100, "filtered": 10, "duplicate": 5, "logged": 84, "unlogged": 1, "quarantined": 2,
            "per_minute": 42,
        },
        "log": { "first_seq": 1, "last_seq": 90, "bytes": 4096, "synced_seq": 89 },
        "sinks": [{
            "name": "store", "kind": "parquet", "state": "degraded", "delivered": 78, "filtered": 0, "collapsed": 1,
            "quarantined": 2, "pending": 3, "lag_s": 2.5, "write_errors": 4, "last_error": "no space left",
        }],
        "parts": [
            { "name": "log", "state": "healthy", "since": "2026-11-23T11:00:00.000000Z", "reason": null, "uptime": 1.0 },
            {
                "name": "store", "state": "degraded", "since": "2026-11-23T11:59:00.000000Z",
                "reason": "no space left", "uptime": 0.99, "uptime_24h": 0.98, "uptime_7d": 0.999, "uptime_30d": 0.999,
                "meaning": "events are safe in the log", "todo": "make room", "restarts": 1,
                "last_restart": { "at": "2026-11-23T11:30:00.000000Z", "why": "it hung" },
            },
            { "name": "weather", "state": "off", "since": "2026-11-23T11:00:00.000000Z", "reason": null, "uptime": null },
        ],
        "weather": {
            "provider": "open_meteo", "configured": "auto", "source": "52.37, 4.89", "state": "healthy",
            "reason": null, "calls": 3, "cache_hits": 20, "errors": 1, "limited": 0,
            "requests": [
                { "provider": "open_meteo", "outcome": "late", "count": 1 },
                { "provider": "open_meteo", "outcome": "ok", "count": 2 },
            ],
            "age_s": 312.0, "next_call_s": 288.0,
            "quota": { "minute": { "used": 0, "limit": 10 }, "day": { "used": 3, "limit": 1000 } },
            "observation": { "at": "2026-11-23T11:55:00.000000Z", "temperature": 11.2, "condition": "cloudy" },
            "attribution": { "text": "Weather data by Open-Meteo.com", "url": "https://open-meteo.com/" },
            "last_error": "Open-Meteo gave no answer in time",
        },
        "silent": {
            "count": 1, "entities": 2,
            "items": [{
                "key": "freezer", "name": "Freezer", "device": "Freezer", "area": "Kitchen",
                "entities": ["sensor.freezer_battery", "sensor.freezer_temperature"],
                "since": "2026-11-23T09:00:00.000000Z", "silent_s": 10800, "usual_s": 300,
                "sentence": "Freezer: nothing for 3 h, usually each 5 min",
            }],
        },
        "gaps": {
            "open": 0, "filled": 1, "partly": 0, "lost": 0,
            "recent": [{
                "id": 1, "state": "filled", "from": "2026-11-23T11:10:00.000000Z", "to": "2026-11-23T11:11:00.000000Z",
                "cause": "connection reset", "entities": [], "recovered": 12, "kind": "disconnected",
            }],
        },
        "alerts": { "active": 3, "critical": 1, "unseen": 2, "muted": 1 },
        "maintenance": {
            "since": "2026-11-23T11:50:00.000000Z", "until": "2026-11-23T12:20:00.000000Z", "left_s": 1200, "why": "new disk",
        },
        "criteria": [
            {
                "id": "persistence", "label": "Everything received is kept", "met": true, "value": 100.0, "target": 100.0,
                "unit": "%", "window_s": 3600, "note": null,
            },
            {
                "id": "rate", "label": "Events per minute", "met": null, "value": null, "target": 10.0,
                "unit": "per min", "window_s": 3600, "note": "a \"quiet\" house",
            },
        ],
        "simulated": true,
    }))
    .unwrap()
}
