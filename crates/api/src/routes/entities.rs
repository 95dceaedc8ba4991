//! `GET /api/v1/entities?ids=&area=&device=&label=&integration=&device_class=&silent=`: every entity with its latest state,
//! where it belongs, what it was called, and whether the settings keep it; and `GET /api/v1/entities/{id}`: one of them, by
//! any name that it ever had.

pub(super) mod changes;
pub(super) mod left_out;
pub(super) mod talkers;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use hearthline_core::{EntityId, EntityInfo, Named};
use hearthline_pipeline::filter::Subject;
use hearthline_pipeline::silence::Silent;
use hearthline_store::{Segment, Series};
use serde::{Deserialize, Serialize};

use super::history::State;
use super::parameters::{Path, Query, list};
use crate::{ApiError, Reading};

/// The parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Only these, in this order, separated by commas; also those that were never recorded.
    ids: Option<String>,
    /// Only those in this area: an id or a name, in any case, as in the four that follow.
    area: Option<String>,
    device: Option<String>,
    label: Option<String>,
    integration: Option<String>,
    device_class: Option<String>,
    /// Only those that say nothing, or only those that do.
    silent: Option<bool>,
}

/// The answer, sorted by id unless ids were given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entities {
    /// One for each.
    pub entities: Vec<Entity>,
}

/// One entity.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entity {
    /// As Home Assistant writes it now, or wrote it last.
    pub entity_id: String,
    /// The name that stays: the registry's id, or the entity id where there is none.
    pub key: String,
    /// As people call it; null where no registry says so, as in all that follow.
    pub name: Option<String>,
    /// The name of its area.
    pub area: Option<String>,
    /// The id of its area.
    pub area_id: Option<String>,
    /// The name of its area's floor.
    pub floor: Option<String>,
    /// The name of its device.
    pub device: Option<String>,
    /// The id of its device.
    pub device_id: Option<String>,
    /// Who made the device.
    pub manufacturer: Option<String>,
    /// Which one they made.
    pub model: Option<String>,
    /// The integration that it comes from.
    pub integration: Option<String>,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// Under which names it was recorded, the oldest first.
    pub names: Vec<NameSpan>,
    /// Since when it says nothing though it usually does; null where it is not silent, or nothing is recording.
    pub silent: Option<SilentSince>,
    /// Whether the settings keep it.
    pub kept: bool,
    /// The rule that decided, as written in the settings; null when none names it.
    pub rule: Option<String>,
    /// The latest state; null when none was ever recorded.
    pub latest: Option<State>,
}

/// A name, while the entity had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameSpan {
    /// The name.
    pub entity_id: String,
    /// Its first instant; null where no earlier name is known.
    pub from: Option<String>,
    /// The instant after the last; null where it goes on.
    pub to: Option<String>,
}

/// An entity that says nothing though it usually does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilentSince {
    /// When it last said something.
    pub since: String,
    /// How many seconds usually pass between two of its reports.
    pub usual_s: f64,
}

/// Answers from memory.
pub(super) async fn get(
    Shared(reading): Shared<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Entities>, ApiError> {
    let silent = (reading.silent)();
    let ids = list(parameters.ids.as_deref());
    let ids = if ids.is_empty() {
        reading.store.entity_ids().into_iter().collect()
    } else {
        ids.into_iter().map(EntityId::from).collect::<Vec<_>>()
    };
    let all =
        ids.iter().map(|id| (entity(&reading, &silent, id.as_str()), reading.store.series(id.as_str()).info));
    let meant = all.filter(|(entity, info)| parameters.take(entity, info.as_deref()));
    Ok(Json(Entities { entities: meant.map(|(entity, _)| entity).collect() }))
}

/// Answers from memory.
pub(super) async fn one(
    Shared(reading): Shared<Reading>,
    Path(name): Path<String>,
) -> Result<Json<Entity>, ApiError> {
    let entity = entity(&reading, &(reading.silent)(), &name);
    if entity.latest.is_none() && reading.store.entity(&name).is_none() {
        let why = format!("no entity is or was called {name:?}");
        return Err(ApiError::new(StatusCode::NOT_FOUND, "not found", why, "ask for /api/v1/entities"));
    }
    Ok(Json(entity))
}

fn entity(reading: &Reading, silent: &[Silent], name: &str) -> Entity {
    let Series { key, entity_id, info, segments } = reading.store.series(name);
    let info = info.as_deref();
    let subject = Subject { entity_id: entity_id.as_str(), info, device_class: None };
    let decision = (reading.filter)().decide(subject);
    let text = |of: fn(&EntityInfo) -> Option<&str>| info.and_then(of).map(str::to_owned);
    Entity {
        key: key.to_string(),
        name: text(|info| info.name.as_deref()),
        area: text(|info| info.area.as_ref().map(|area| &*area.name)),
        area_id: text(|info| info.area.as_ref().map(|area| &*area.id)),
        floor: text(|info| info.floor.as_ref().map(|floor| &*floor.name)),
        device: text(|info| info.device.as_ref().map(|device| &*device.name)),
        device_id: text(|info| info.device.as_ref().map(|device| &*device.id)),
        manufacturer: text(|info| info.manufacturer.as_deref()),
        model: text(|info| info.model.as_deref()),
        integration: text(|info| info.integration.as_deref()),
        labels: info.iter().flat_map(|info| &info.labels).map(|label| label.name.to_string()).collect(),
        names: names(&segments),
        silent: silent.iter().find(|silent| silent.entity_id == entity_id).map(SilentSince::of),
        kept: decision.kept,
        rule: decision.rule,
        latest: reading.store.latest_of(name).map(|row| State::of(&row)),
        entity_id: entity_id.to_string(),
    }
}

/// The names of a series, as an answer has them.
pub(super) fn names(segments: &[Segment]) -> Vec<NameSpan> {
    let name = |segment: &Segment| NameSpan {
        entity_id: segment.entity_id.to_string(),
        from: (segment.from.0 > i64::MIN).then(|| segment.from.to_string()),
        to: (segment.to.0 < i64::MAX).then(|| segment.to.to_string()),
    };
    segments.iter().map(name).collect()
}

impl SilentSince {
    fn of(silent: &Silent) -> Self {
        Self { since: silent.since.to_string(), usual_s: silent.usual.as_secs_f64() }
    }
}

impl Parameters {
    /// Whether an entity is one of those that are asked for.
    fn take(&self, entity: &Entity, info: Option<&EntityInfo>) -> bool {
        let same = |wanted: &str, text: &str| wanted.to_lowercase() == text.to_lowercase();
        let is = |wanted: &Option<String>, text: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| text.is_some_and(|text| same(wanted, text)))
        };
        let any = |wanted: &Option<String>, named: &[Named]| {
            let either = |wanted: &str, named: &Named| same(wanted, &named.name) || same(wanted, &named.id);
            wanted.as_deref().is_none_or(|wanted| named.iter().any(|named| either(wanted, named)))
        };
        let one = |of: fn(&EntityInfo) -> &Option<Named>| info.map(of).map_or(&[][..], Option::as_slice);
        let latest = entity.latest.as_ref().and_then(|latest| latest.device_class.as_deref());
        any(&self.area, one(|info| &info.area))
            && any(&self.device, one(|info| &info.device))
            && any(&self.label, info.map_or(&[], |info| &info.labels))
            && is(&self.integration, info.and_then(|info| info.integration.as_deref()))
            && is(&self.device_class, info.and_then(|info| info.device_class.as_deref()).or(latest))
            && self.silent.is_none_or(|silent| silent == entity.silent.is_some())
    }
}
