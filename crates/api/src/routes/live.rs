//! `GET /api/v1/live?entity=&after=`: server-sent events, from the moment of asking on, or from where a reader was.
//!
//! `state`: a state that was just written to the store ([`Change`]). `event`: any other event ([`Event`]). `status`: the
//! status document, at once and every 2 s, which also keeps the line from falling silent. `lost` ([`Lost`]): the reader was
//! too slow; it should ask for `/api/v1/entities` again. The answer ends with the program.
//!
//! Each has as its `id` the log record that the reader has seen everything up to. A reader that comes back says the last one, in
//! `Last-Event-ID` as browsers do or as `after`, and gets what it missed; where that is not kept any more, or the id is of
//! another log, it gets `reset` ([`Reset`]) first, and should ask for `/api/v1/entities` again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hearthline_core::{Row, Seq, StateRow};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::live::{Seen, Watch};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Interval;

use super::events::{Event, entity_of, was_called};
use super::parameters::{Query, entities};
use crate::{ApiError, ApiState};

/// Between two status documents.
const STATUS: Duration = Duration::from_secs(2);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Domains, ids and globs, of names that an entity has or had.
    entity: Option<String>,
    /// The last id that the reader saw.
    after: Option<u64>,
}

/// A state that was just written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// `last_updated`, or `time_fired` of a removal; ISO 8601 UTC with microseconds.
    pub ts: String,
    /// As Home Assistant writes it.
    pub entity_id: String,
    /// The text; null is a removal.
    pub state: Option<String>,
    /// The text as a number, where it is one.
    pub value: Option<f64>,
    /// `unit_of_measurement`.
    pub unit: Option<String>,
    /// The name of the area that the entity is in.
    pub area: Option<String>,
    /// `live`, `snapshot`, `history`, ...: how it is known.
    pub origin: String,
    /// Put back by Home Assistant after a restart; no new reading.
    pub restored: bool,
    /// All attributes, as received; null where they are not known.
    pub attributes: Option<Box<RawValue>>,
}

/// What a reader that was too slow has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// States and events of all entities.
    pub skipped: u64,
}

/// The reader cannot go on where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// The id that it came with.
    pub after: u64,
}

/// Ends when the program is told to stop, or the reader goes away.
pub(super) async fn get(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let entities = entities("entity", parameters.entity.as_deref())?;
    let after = match headers.get("last-event-id") {
        Some(id) => Some(last_seen(id.to_str().unwrap_or_default())?),
        None => parameters.after,
    };
    let status = tokio::time::interval(STATUS);
    let (rows, seen) = state.live.watch();
    let mut watcher = Watcher { rows, status, entities, state, seen, reset: None };
    if let Some(after) = after {
        let newest = Seq((watcher.state.status)().log.last_seq);
        match watcher.state.live.watch_after(Seq(after), newest) {
            Some(rows) => (watcher.rows, watcher.seen) = (rows, Seq(after)),
            None => watcher.reset = Some(Reset { after }),
        }
    }
    let stream = stream::unfold(watcher, |mut watcher| async {
        watcher.next().await.map(|event| (Ok::<_, Infallible>(event), watcher))
    });
    // A proxy that collects the answer before it passes it on would wait for ever.
    Ok(([("x-accel-buffering", "no")], Sse::new(stream)).into_response())
}

fn last_seen(id: &str) -> Result<u64, ApiError> {
    id.parse().map_err(|_| {
        let why = format!("{id:?} is no id of this stream");
        ApiError::parameter("Last-Event-ID", why, "leave it out, and ask for /api/v1/entities")
    })
}

struct Watcher {
    rows: Watch,
    /// The last record up to which everything was seen.
    seen: Seq,
    reset: Option<Reset>,
    status: Interval,
    entities: Option<Filter>,
    state: ApiState,
}

impl Watcher {
    async fn next(&mut self) -> Option<sse::Event> {
        if let Some(reset) = self.reset.take() {
            return self.with_id(event("reset", &reset));
        }
        loop {
            let event = tokio::select! {
                () = self.state.stop.cancelled() => return None,
                _ = self.status.tick() => event("status", &(self.state.status)()),
                seen = self.rows.next() => match seen? {
                    Seen::Missed(skipped) => event("lost", &Lost { skipped }),
                    Seen::Row(row) => {
                        self.seen = row.seq();
                        self.row(&row)
                    }
                },
            };
            if event.is_some() {
                return self.with_id(event);
            }
        }
    }

    fn with_id(&self, event: Option<sse::Event>) -> Option<sse::Event> {
        event.map(|event| event.id(self.seen.0.to_string()))
    }

    fn row(&self, row: &Row) -> Option<sse::Event> {
        let wanted = |entity_id: &str| {
            let Some(entities) = &self.entities else { return true };
            entities.keeps(entity_id) || was_called(&self.state.reading.store, entity_id, entities)
        };
        match row {
            Row::State(row) if wanted(row.entity_id.as_str()) => event("state", &Change::of(row)),
            Row::Event(row) if self.entities.is_none() || entity_of(row).is_some_and(|id| wanted(&id)) => {
                event("event", &Event::of_event(row))
            }
            _ => None,
        }
    }
}

impl Change {
    fn of(row: &StateRow) -> Self {
        Self {
            ts: row.ts.to_string(),
            entity_id: row.entity_id.to_string(),
            state: row.state.as_deref().map(str::to_owned),
            value: row.value,
            unit: row.unit.as_deref().map(str::to_owned),
            area: row.area.as_deref().map(str::to_owned),
            origin: row.origin.to_string(),
            restored: row.restored,
            attributes: row
                .attributes
                .as_deref()
                .and_then(|json| RawValue::from_string(json.to_owned()).ok()),
        }
    }
}

fn event(name: &str, document: &impl Serialize) -> Option<sse::Event> {
    let event = sse::Event::default().event(name).json_data(document);
    event.inspect_err(|error| tracing::warn!("a {name} of the live stream cannot be written: {error}")).ok()
}
