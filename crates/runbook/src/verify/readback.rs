//! Whether what was read back is what was set.

use hearthline_core::StateRow;
use hearthline_pipeline::sinks::influxdb::point::Layout;
use hearthline_pipeline::sinks::influxdb::schema::Conflict;
use hearthline_pipeline::sinks::influxdb::stored::{FieldValue, StoredPoint};
use serde::Deserialize;
use serde_json::Value;

use super::leg::Trouble;

/// The attribute whose type flips.
pub const ATTRIBUTE: &str = "dynamics";

/// What has to be read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// The text of the state; none is a removal.
    pub state: Option<String>,
    /// The value of [`ATTRIBUTE`]; none where it is not ours to say.
    pub dynamics: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    new_state: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    state: Option<String>,
    attributes: Value,
}

impl Expected {
    /// What a record says, of which nothing is known beforehand.
    #[must_use]
    pub fn of_record(raw: &str) -> Self {
        let read: Event = serde_json::from_str(raw).unwrap_or_default();
        Self { state: read.data.new_state.and_then(|new| new.state), dynamics: None }
    }

    /// In the text of a record: an event without its `old_state`.
    ///
    /// # Errors
    /// What is there instead.
    pub fn in_record(&self, raw: &str) -> Result<(), Trouble> {
        let read: Event = serde_json::from_str(raw)
            .map_err(|error| Trouble::Differs(format!("the record is no event ({error})")))?;
        let (state, attributes) =
            read.data.new_state.map(|new| (new.state, new.attributes)).unwrap_or_default();
        self.is(state.as_deref(), attributes.get(ATTRIBUTE), "the record")
    }

    /// In a row of the store.
    ///
    /// # Errors
    /// What is there instead.
    pub fn in_row(&self, row: &StateRow) -> Result<(), Trouble> {
        let attributes = row.attributes.as_deref().unwrap_or("null");
        let attributes: Value = serde_json::from_str(attributes).unwrap_or_default();
        self.is(row.state.as_deref(), attributes.get(ATTRIBUTE), "the row")
    }

    /// In a point, which has to have these fields.
    ///
    /// # Errors
    /// What is there instead.
    pub fn in_point(point: &StoredPoint, fields: &[(String, FieldValue)]) -> Result<(), Trouble> {
        for (name, expected) in fields {
            let found =
                point.fields.iter().find(|(field, value)| field == name && value.kind() == expected.kind());
            let differs = match found {
                Some((_, found)) if found == expected => continue,
                Some((_, found)) => format!("the point's {name} is {found}, and {expected} was set"),
                None => {
                    let kind = expected.kind().as_str();
                    format!("the point has no {name} of type {kind}, and {expected} was set")
                }
            };
            return Err(Trouble::Differs(differs));
        }
        Ok(())
    }

    /// Which fields of a point have it: the state's, then the attribute's where the sink writes it. A name that the server has as
    /// another type has a sibling, which `conflicts` name. Empty where a sink writes no point of it.
    #[must_use]
    pub fn fields(
        &self,
        layout: &Layout,
        entity_id: &str,
        measurement: &str,
        conflicts: &[Conflict],
    ) -> Vec<(String, FieldValue)> {
        let placed = |(plain, value): (String, FieldValue)| {
            let moved = conflicts.iter().find(|conflict| {
                conflict.measurement == measurement
                    && conflict.field == plain
                    && conflict.ours == value.kind()
            });
            (moved.map_or(plain, |conflict| conflict.goes_to.clone()), value)
        };
        let Some((state, text)) = layout.state_field(self.state.as_deref()) else { return Vec::new() };
        let dynamics = self.dynamics.as_ref();
        let attribute = dynamics.and_then(|value| layout.attribute_field(entity_id, ATTRIBUTE, value));
        std::iter::once((state.to_owned(), text)).chain(attribute).map(placed).collect()
    }

    fn is(&self, state: Option<&str>, dynamics: Option<&Value>, what: &str) -> Result<(), Trouble> {
        let text = |state: Option<&str>| state.map_or("a removal".to_owned(), |state| format!("{state:?}"));
        if state != self.state.as_deref() {
            let (found, set) = (text(state), text(self.state.as_deref()));
            return Err(Trouble::Differs(format!("{what} says {found}, and {set} was set")));
        }
        if let Some(expected) = self.dynamics.as_ref().filter(|expected| Some(*expected) != dynamics) {
            let found = dynamics.map_or("no value".to_owned(), ToString::to_string);
            return Err(Trouble::Differs(format!(
                "{what} has {found} as {ATTRIBUTE}, and {expected} was set"
            )));
        }
        Ok(())
    }
}
