//! `entities`: one row for each thing that became known of an entity; it holds from `ts` until the next row with the same
//! `entity_key`. A row with `removed` says how the entity was when it went.
//!
//! `labels` is a JSON list of names, `label_ids` one of their ids in the same order; `changes` is a JSON list of what is
//! different from the row before, as in `[{"what":"unit","from":"°C","to":"°F"}]`. The file is restated whenever something
//! becomes known, so it belongs to no day and no retention takes a name from a day that is kept.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, LargeStringArray, RecordBatch};
use hearthline_core::{Change, EntityId, EntityInfo, EntityRow, Named, Seq, Timestamp};
use serde::Serialize;

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, flag, is_set, optional, required, text, time};

impl Record for EntityRow {
    type Identity = (Arc<str>, Arc<str>, Timestamp);

    const TABLE: Table = Table::Entities;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::SharedTime),
        required("entity_key", Kind::Text),
        required("entity_id", Kind::Text),
        optional("name", Kind::Text),
        required("domain", Kind::Text),
        optional("area", Kind::Text),
        optional("area_id", Kind::Text),
        optional("floor", Kind::Text),
        optional("floor_id", Kind::Text),
        optional("device", Kind::Text),
        optional("device_id", Kind::Text),
        optional("manufacturer", Kind::Text),
        optional("model", Kind::Text),
        optional("integration", Kind::Text),
        required("labels", Kind::Text),
        required("label_ids", Kind::Text),
        optional("unit", Kind::Text),
        optional("device_class", Kind::Text),
        optional("category", Kind::Text),
        required("disabled", Kind::Bool),
        required("hidden", Kind::Bool),
        required("removed", Kind::Bool),
        required("changes", Kind::Text),
        required("site", Kind::Text),
    ];
    const SORTED: &'static [&'static str] = &["ts", "entity_key"];
    const KEY: &'static [&'static str] = &["site", "entity_key", "ts"];
    const NAME: &'static str = "entity_key";

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn name(&self) -> &str {
        &self.info.key
    }

    fn identity(&self) -> Self::Identity {
        (Arc::clone(&self.site), Arc::clone(&self.info.key), self.ts)
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        ("", self.ts, Seq::ZERO)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.ts.cmp(&other.ts))
            .then_with(|| self.info.key.cmp(&other.info.key))
            .then_with(|| self.site.cmp(&other.site))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        let info = |of: fn(&EntityInfo) -> Option<&str>| text(rows, move |row| of(&row.info));
        vec![
            time(rows, |row| Some(row.ts.0)),
            info(|info| Some(&info.key)),
            info(|info| Some(info.entity_id.as_str())),
            info(|info| info.name.as_deref()),
            info(|info| Some(info.entity_id.domain())),
            info(|info| info.area.as_ref().map(|area| &*area.name)),
            info(|info| info.area.as_ref().map(|area| &*area.id)),
            info(|info| info.floor.as_ref().map(|floor| &*floor.name)),
            info(|info| info.floor.as_ref().map(|floor| &*floor.id)),
            info(|info| info.device.as_ref().map(|device| &*device.name)),
            info(|info| info.device.as_ref().map(|device| &*device.id)),
            info(|info| info.manufacturer.as_deref()),
            info(|info| info.model.as_deref()),
            info(|info| info.integration.as_deref()),
            json(rows, |row| row.info.labels.iter().map(|label| &*label.name).collect::<Vec<_>>()),
            json(rows, |row| row.info.labels.iter().map(|label| &*label.id).collect::<Vec<_>>()),
            info(|info| info.unit.as_deref()),
            info(|info| info.device_class.as_deref()),
            info(|info| info.category.as_deref()),
            flag(rows, |row| row.info.disabled),
            flag(rows, |row| row.info.hidden),
            flag(rows, |row| row.removed),
            json(rows, |row| &*row.changes),
            text(rows, |row| Some(&row.site)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let texts = |name| Texts::of(batch, name);
        let [mut site, mut key, mut entity_id] = ["site", "entity_key", "entity_id"].map(texts);
        let [mut name, mut unit, mut device_class] = ["name", "unit", "device_class"].map(texts);
        let [mut area, mut floor, mut device] =
            [["area", "area_id"], ["floor", "floor_id"], ["device", "device_id"]].map(|pair| pair.map(texts));
        let [mut manufacturer, mut model] = ["manufacturer", "model"].map(texts);
        let [mut integration, mut category] = ["integration", "category"].map(texts);
        let [mut labels, mut label_ids, mut changes] = ["labels", "label_ids", "changes"].map(texts);
        let [disabled, hidden, removed] = ["disabled", "hidden", "removed"].map(|name| is_set(batch, name));
        let ts = Numbers::<TimestampMicrosecondType>::of(batch, "ts");
        let row = |row| Self {
            seq: Seq::ZERO,
            ts: Timestamp(ts.get(row).unwrap_or_default()),
            site: site.required(row),
            info: Arc::new(EntityInfo {
                key: key.required(row),
                entity_id: EntityId::new(entity_id.required(row)),
                name: name.get(row),
                area: named(&mut area, row),
                floor: named(&mut floor, row),
                device: named(&mut device, row),
                manufacturer: manufacturer.get(row),
                model: model.get(row),
                integration: integration.get(row),
                labels: pairs(&label_ids.required(row), &labels.required(row)),
                category: category.get(row),
                unit: unit.get(row),
                device_class: device_class.get(row),
                disabled: disabled(row),
                hidden: hidden(row),
            }),
            removed: removed(row),
            changes: serde_json::from_str::<Vec<Change>>(&changes.required(row)).unwrap_or_default().into(),
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.entities
    }
}

/// A column of JSON. What is written into it has no key that is not text, so there is nothing that could fail.
fn json<'a, T: Serialize>(rows: &'a [Arc<EntityRow>], of: impl Fn(&'a EntityRow) -> T) -> ArrayRef {
    let texts = rows.iter().map(|row| serde_json::to_string(&of(row)).ok());
    Arc::new(texts.map(Option::unwrap_or_default).map(Some).collect::<LargeStringArray>())
}

fn named([name, id]: &mut [Texts<'_>; 2], row: usize) -> Option<Named> {
    Some(Named { name: name.get(row)?, id: id.get(row)? })
}

fn pairs(ids: &str, names: &str) -> Vec<Named> {
    let list = |text| serde_json::from_str::<Vec<Arc<str>>>(text).unwrap_or_default();
    list(ids).into_iter().zip(list(names)).map(|(id, name)| Named { id, name }).collect()
}
