//! The fields of a server: where each value goes, how many there are, and of whom they come.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use hearthline_core::EntityId;

use super::columns::Target;
use super::tally::{Note, Reason, Tally};
use crate::sinks::influxdb::cardinality::{Share, most};
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::schema::{FieldType, Schema};

/// What is known of them.
pub(super) struct Fields {
    pub(super) schema: Schema,
    pub(super) tally: Tally,
    /// How many the server takes in a measurement.
    most: usize,
    /// Those that were written or are there already, by measurement.
    known: BTreeMap<String, HashSet<String>>,
    /// Of which entity a field was first, by entity.
    firsts: HashMap<EntityId, u64>,
}

impl Fields {
    pub(super) fn new(schema: Schema) -> Self {
        Self {
            schema,
            tally: Tally::default(),
            most: usize::MAX,
            known: BTreeMap::new(),
            firsts: HashMap::new(),
        }
    }

    /// Takes in what the server is known to have of a measurement.
    pub(super) fn know(&mut self, measurement: &str) {
        let has = self.schema.fields(measurement).map(ToOwned::to_owned);
        self.known.entry(measurement.into()).or_default().extend(has);
    }

    /// The server takes no more than this. What was refused is not there.
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most;
        self.known.clear();
        self.firsts.clear();
    }

    /// What was encoded since the last time was delivered.
    pub(super) fn keep(&mut self) {
        self.tally.keep(&mut self.schema);
    }

    /// Where a value of the field goes; the error is why `attribute`, whose it is, is left out. So many more fields will be there
    /// in any case.
    pub(super) fn target(
        &mut self,
        measurement: &str,
        field: &str,
        ours: FieldType,
        attribute: &str,
        to_come: usize,
    ) -> Result<Target, Note> {
        let placed = self.schema.place(measurement, field, ours).into_owned();
        let known = self.known.entry(measurement.to_owned()).or_default();
        if !known.contains(&placed) && known.len() + to_come >= self.most {
            return Err(self.tally.left_out(attribute, Reason::TooManyFields));
        }
        let target = Target::of(measurement, field, ours, &mut self.schema, &mut self.tally);
        if target.len() > line::LONGEST_FIELD {
            return Err(self.tally.left_out(attribute, Reason::NameTooLong));
        }
        known.insert(placed);
        Ok(target)
    }

    /// Where a value goes without which there is no point: whatever the server takes.
    pub(super) fn sure_target(&mut self, measurement: &str, field: &str, ours: FieldType) -> Target {
        let placed = self.schema.place(measurement, field, ours).into_owned();
        self.known.entry(measurement.to_owned()).or_default().insert(placed);
        Target::of(measurement, field, ours, &mut self.schema, &mut self.tally)
    }

    /// Of an entity came what needed fields that nobody had needed when there were `before` of them.
    pub(super) fn came_from(&mut self, entity: &EntityId, before: usize) {
        let new = self.count().saturating_sub(before);
        if new > 0 {
            *self.firsts.entry(entity.clone()).or_default() += new as u64;
        }
    }

    /// How many are known, of all measurements together.
    pub(super) fn count(&self) -> usize {
        self.known.values().map(HashSet::len).sum()
    }

    /// How many each measurement has, as far as they are known here, with those that will be there.
    pub(super) fn counts(&self, to_come: impl Fn(&str) -> usize) -> BTreeMap<String, u64> {
        let count = |(measurement, fields): (&String, &HashSet<String>)| {
            (measurement.clone(), (fields.len() + to_come(measurement)) as u64)
        };
        self.known.iter().map(count).filter(|(_, fields)| *fields > 0).collect()
    }

    /// The entities of which attributes came that needed fields which nobody had needed before.
    pub(super) fn most_fields(&self) -> Vec<Share> {
        most(self.firsts.iter().map(|(entity, count)| (entity.as_str(), *count)), 0)
    }
}
