//! `GET /api/v1/entities/changes?from=&to=&entity=&what=&limit=`: what became different about entities, the newest first.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use hearthline_core::{ChangeKind, EntityInfo, EntityRow};
use serde::{Deserialize, Serialize};

use super::super::parameters::{Query, instant, limited, list};
use crate::{ApiError, Reading};

/// Changes of an answer where the caller does not say, and at most.
const LIMIT: (usize, usize) = (100, 1000);
/// How far back an answer goes where the caller does not say.
const SPAN: Duration = Duration::from_secs(30 * 86_400);
/// What a person is told unasked: not what there is at the first look, nor what changes no reading.
const UNASKED: [ChangeKind; 2] = [ChangeKind::New, ChangeKind::Other];

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Parameters {
    from: Option<String>,
    to: Option<String>,
    /// Only of this one, by any name that it ever had.
    entity: Option<String>,
    /// Kinds of changes, separated by commas; all but `new` and `other` if not given.
    what: Option<String>,
    limit: Option<usize>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct EntityChanges {
    /// The newest first.
    pub changes: Vec<EntityChange>,
    /// Whether the limit left out older ones.
    pub more: bool,
}

/// One thing that became different about an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityChange {
    /// When, ISO 8601 UTC.
    pub at: String,
    /// What it was called from then on.
    pub entity_id: String,
    /// The name that stays.
    pub key: String,
    /// As people called it from then on.
    pub name: Option<String>,
    /// The name of the area that it was in from then on.
    pub area: Option<String>,
    /// What.
    pub what: ChangeKind,
    /// As it was.
    pub from: Option<String>,
    /// As it is.
    pub to: Option<String>,
}

/// Answers from memory.
pub(in super::super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<EntityChanges>, ApiError> {
    let to = instant("to", parameters.to.as_deref())?.unwrap_or_else(|| reading.clock.now());
    let from = instant("from", parameters.from.as_deref())?.unwrap_or_else(|| to.minus(SPAN));
    let kinds = list(parameters.what.as_deref()).into_iter().map(kind).collect::<Result<Vec<_>, _>>()?;
    let limit = limited(parameters.limit, LIMIT);
    let key = parameters.entity.map(|name| reading.store.series(&name).key);
    // What no registry knew cannot have gone from one: it has come into it, and goes on under its key there.
    let told = |what, info: &EntityInfo| {
        !UNASKED.contains(&what) && (what != ChangeKind::Removed || info.is_registered())
    };
    let takes = |what, info: &EntityInfo| {
        if kinds.is_empty() { told(what, info) } else { kinds.contains(&what) }
    };
    let rows = reading.store.entity_rows(from, to);
    let rows = rows.iter().filter(|row| key.as_ref().is_none_or(|key| *key == row.info.key));
    let taken = rows.flat_map(|row| of(row).filter(|change| takes(change.what, &row.info)));
    let mut changes: Vec<_> = taken.collect();
    let more = changes.len() > limit;
    changes.truncate(limit);
    Ok(Json(EntityChanges { changes, more }))
}

fn kind(word: &str) -> Result<ChangeKind, ApiError> {
    serde_json::from_value(word.into()).map_err(|_| {
        let todo = "write new, renamed, removed, unit, device_class, area, device, name, labels or other, separated by commas";
        ApiError::parameter("what", format!("nothing called {word:?} can change"), todo)
    })
}

fn of(row: &EntityRow) -> impl Iterator<Item = EntityChange> {
    let own = |text: &std::sync::Arc<str>| text.to_string();
    // Of what is new, nothing was otherwise before.
    let is_new = row.changes.iter().any(|change| change.what == ChangeKind::New);
    let told = row.changes.iter().filter(move |change| !is_new || change.what == ChangeKind::New);
    told.map(move |change| EntityChange {
        at: row.ts.to_string(),
        entity_id: row.info.entity_id.to_string(),
        key: own(&row.info.key),
        name: row.info.name.as_ref().map(own),
        area: row.info.area.as_ref().map(|area| own(&area.name)),
        what: change.what,
        from: change.from.as_ref().map(own),
        to: change.to.as_ref().map(own),
    })
}
