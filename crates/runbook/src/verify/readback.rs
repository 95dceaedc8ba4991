//! Whether what was read back is what was set.

use hearthline_core::StateRow;
use hearthline_pipeline::sinks::influxdb::name;
use hearthline_pipeline::sinks::influxdb::schema::{Conflict, FieldType};
use hearthline_pipeline::sinks::influxdb::stored::{FieldValue, StoredPoint};
use serde::Deserialize;
use serde_json::Value;

use super::leg::Trouble;

/// The attribute whose type flips.
pub const ATTRIBUTE: &str = "dynamics";

/// What has to be read back.
#[derive(Clone, Debug, PartialEq)]
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

    /// In a point, whose fields are called as [`Expected::fields`] says.
    ///
    /// # Errors
    /// What is there instead.
    pub fn in_point(&self, point: &StoredPoint, fields: &[(String, FieldType)]) -> Result<(), Trouble> {
        let differs = |name: &str, expected: &FieldValue| {
            let found =
                point.fields.iter().find(|(field, value)| field == name && value.kind() == expected.kind());
            match found {
                Some((_, found)) if found == expected => Ok(()),
                Some((_, found)) => {
                    Err(Trouble::Differs(format!("the point's {name} is {found}, and {expected} was set")))
                }
                None => Err(Trouble::Differs(format!(
                    "the point has no {name} of type {}, and {expected} was set",
                    expected.kind().as_str()
                ))),
            }
        };
        let wanted =
            std::iter::once(FieldValue::Text(self.state.clone().unwrap_or_else(|| "removed".into())))
                .chain(self.dynamics.as_ref().and_then(field_of));
        for ((name, _), expected) in fields.iter().zip(wanted) {
            differs(name, &expected)?;
        }
        Ok(())
    }

    /// Which fields of a point have it: the state's, then the attribute's where the sink writes it. A name that the server has as
    /// another type has a sibling, which `conflicts` name.
    #[must_use]
    pub fn fields(
        &self,
        measurement: &str,
        conflicts: &[Conflict],
        attribute: bool,
    ) -> Vec<(String, FieldType)> {
        let placed = |plain: String, ours: FieldType| {
            let moved = conflicts.iter().find(|conflict| {
                conflict.measurement == measurement && conflict.field == plain && conflict.ours == ours
            });
            (moved.map_or(plain, |conflict| conflict.goes_to.clone()), ours)
        };
        let mut fields = vec![placed("state".into(), FieldType::Text)];
        if let Some(value) = self.dynamics.as_ref().and_then(field_of).filter(|_| attribute) {
            let kind = if value.kind() == FieldType::Bool { name::Kind::Bool } else { name::Kind::Text };
            fields.push(placed(name::of_attribute(ATTRIBUTE, kind), value.kind()));
        }
        fields
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

/// As a sink writes it.
fn field_of(value: &Value) -> Option<FieldValue> {
    match value {
        Value::String(text) => Some(FieldValue::Text(text.clone())),
        Value::Bool(flag) => Some(FieldValue::Bool(*flag)),
        _ => None,
    }
}
