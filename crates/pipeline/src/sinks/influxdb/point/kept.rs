//! What is kept of the rows before, so that what is the same is not encoded again.

use std::sync::Arc;

use hearthline_core::{EntityId, Observation};

use super::columns::figures;
use super::fields::Fields;
use super::names::Names;
use super::tally::Note;
use crate::sinks::influxdb::line;

/// Encoded attributes of one entity that are kept for its next row.
pub(super) const MOST_KEPT: usize = 16 << 10;

/// What the last row of an entity was encoded to.
#[derive(Default)]
pub(super) struct Entity {
    pub(super) area: Option<Arc<str>>,
    pub(super) device_class: Option<Arc<str>>,
    /// Measurement and tags.
    pub(super) key: Vec<u8>,
    attributes: Option<Arc<str>>,
    fields: Vec<u8>,
    notes: Vec<Note>,
}

/// What the last observation was encoded to.
pub(super) struct Weather {
    pub(super) of: Arc<Observation>,
    pub(super) fields: Vec<u8>,
    pub(super) notes: Vec<Note>,
}

impl Entity {
    /// Appends the fields of attributes.
    pub(super) fn attributes(
        &mut self,
        attributes: &Arc<str>,
        entity: &EntityId,
        names: &mut Names,
        known: &mut Fields,
        out: &mut Vec<u8>,
        notes: &mut Vec<Note>,
    ) {
        if self.attributes.as_ref() == Some(attributes) {
            out.extend_from_slice(&self.fields);
            notes.extend_from_slice(&self.notes);
            return;
        }
        let (start, noted) = (out.len(), notes.len());
        names.attributes(entity, attributes, known, out, notes);
        let fields = out.get(start..).unwrap_or_default();
        self.attributes = None;
        self.fields.clear();
        self.notes.clear();
        if fields.len() <= MOST_KEPT {
            self.attributes = Some(Arc::clone(attributes));
            self.fields.extend_from_slice(fields);
            self.notes.extend_from_slice(notes.get(noted..).unwrap_or_default());
        }
    }
}

impl Weather {
    pub(super) fn new(observation: &Arc<Observation>, names: &mut Names) -> Self {
        let (mut fields, mut notes) = (Vec::new(), Vec::new());
        let columns = &names.columns;
        figures(&columns.weather, observation, &mut fields, &mut notes);
        if let Some(condition) =
            observation.condition.as_deref().filter(|text| text.len() <= line::LONGEST_TEXT)
        {
            fields.push(b',');
            columns.weather_condition.begin(&mut fields, &mut notes);
            line::text(&mut fields, condition);
        }
        fields.push(b',');
        columns.weather_at.begin(&mut fields, &mut notes);
        line::text(&mut fields, &observation.at.to_string());
        Self { of: Arc::clone(observation), fields, notes }
    }
}
