//! How a state and an attribute of it are written, for who reads them back.

use std::borrow::Cow;

use hearthline_core::{StateRow, entity};
use serde_json::Value;

use super::layout::Layout;
use super::{ha, native};
use crate::sinks::influxdb::name;
use crate::sinks::influxdb::stored::FieldValue;

impl Layout {
    /// The tag `entity_id` of an entity's points.
    #[must_use]
    pub fn entity_tag<'e>(&self, entity_id: &'e str) -> &'e str {
        match self {
            Self::Native(_) => entity_id,
            Self::Ha(_) => ha::object_id(entity_id),
        }
    }

    /// The measurement of a state.
    #[must_use]
    pub fn measurement_of<'r>(&'r self, row: &'r StateRow) -> Cow<'r, str> {
        match self {
            Self::Native(layout) => layout.measurement.as_str().into(),
            Self::Ha(layout) => layout.measurement_of(row),
        }
    }

    /// The field of a state's text, none being a removal; none where it has no point.
    #[must_use]
    pub fn state_field(&self, state: Option<&str>) -> Option<(&'static str, FieldValue)> {
        match self {
            Self::Native(_) => Some(("state", FieldValue::Text(state.unwrap_or(native::REMOVED).to_owned()))),
            Self::Ha(_) => state.and_then(ha::field_of_state),
        }
    }

    /// The field of an attribute that is a text without a number in it, or a flag; none where it is not written.
    #[must_use]
    pub fn attribute_field(
        &self,
        entity_id: &str,
        attribute: &str,
        value: &Value,
    ) -> Option<(String, FieldValue)> {
        match self {
            Self::Native(layout) => {
                let (kind, value) = match value {
                    Value::String(text) => (name::Kind::Text, FieldValue::Text(text.clone())),
                    Value::Bool(flag) => (name::Kind::Bool, FieldValue::Bool(*flag)),
                    _ => return None,
                };
                let keeps = layout.attributes.keeps(entity::domain_of(entity_id), attribute);
                keeps.then(|| (name::of_attribute(attribute, kind), value))
            }
            Self::Ha(layout) => {
                let is = |name: &String| name == attribute;
                if layout.ignore_attributes.iter().any(is) || layout.tags_attributes.iter().any(is) {
                    return None;
                }
                let (field, value) = match value {
                    Value::String(text) => (format!("{attribute}_str"), FieldValue::Text(text.clone())),
                    Value::Bool(flag) => {
                        (attribute.to_owned(), FieldValue::Float(f64::from(u8::from(*flag))))
                    }
                    _ => return None,
                };
                Some((name::writable_field(&field), value))
            }
        }
    }
}
