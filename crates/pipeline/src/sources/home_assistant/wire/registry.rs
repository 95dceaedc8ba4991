//! The registries: which areas, floors, labels, devices and entities there are.
//!
//! Releases add keys, let others go and put null in places, so nothing is taken for granted but an id: what else is absent or
//! of another type is not known. An entry without an id is passed over and named; its neighbours are read.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::WireError;

/// One of `config/<name>_registry/list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Registry {
    /// Rooms.
    Area,
    /// What areas lie on.
    Floor,
    /// What people tag things with.
    Label,
    /// Devices.
    Device,
    /// Entities.
    Entity,
}

impl Registry {
    /// All; entities last, as they refer to the others.
    pub const ALL: [Self; 5] = [Self::Area, Self::Floor, Self::Label, Self::Device, Self::Entity];

    /// The type of the command that lists it.
    #[must_use]
    pub const fn list_command(self) -> &'static str {
        match self {
            Self::Area => "config/area_registry/list",
            Self::Floor => "config/floor_registry/list",
            Self::Label => "config/label_registry/list",
            Self::Device => "config/device_registry/list",
            Self::Entity => "config/entity_registry/list",
        }
    }

    /// The type of the event that says that it has changed.
    #[must_use]
    pub const fn update_event(self) -> &'static str {
        match self {
            Self::Area => "area_registry_updated",
            Self::Floor => "floor_registry_updated",
            Self::Label => "label_registry_updated",
            Self::Device => "device_registry_updated",
            Self::Entity => "entity_registry_updated",
        }
    }

    /// The registry that an event of this type is about.
    #[must_use]
    pub fn updated_by(event_type: &str) -> Option<Self> {
        let ends = event_type.ends_with("_registry_updated");
        Self::ALL.into_iter().find(|registry| ends && registry.update_event() == event_type)
    }
}

/// An area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Area {
    /// Its id.
    #[serde(rename = "area_id")]
    pub id: Arc<str>,
    /// As people call it.
    #[serde(default)]
    pub name: Text,
    /// What it lies on.
    #[serde(default)]
    pub floor_id: Text,
    /// Ids of its labels.
    #[serde(default)]
    pub labels: Texts,
}

/// A floor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Floor {
    /// Its id.
    #[serde(rename = "floor_id")]
    pub id: Arc<str>,
    /// As people call it.
    #[serde(default)]
    pub name: Text,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// Its id.
    #[serde(rename = "label_id")]
    pub id: Arc<str>,
    /// As people call it.
    #[serde(default)]
    pub name: Text,
}

/// A device. One that is a part of another may have no more than its id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: Arc<str>,
    /// As its integration calls it.
    #[serde(default)]
    pub name: Text,
    /// As people call it, where they do otherwise.
    #[serde(default)]
    pub name_by_user: Text,
    /// Where it is.
    #[serde(default)]
    pub area_id: Text,
    /// What it is a part of.
    #[serde(default)]
    pub parent_device_id: Text,
    /// Who made it.
    #[serde(default)]
    pub manufacturer: Text,
    /// Which one they made.
    #[serde(default)]
    pub model: Text,
    /// Ids of its labels; no release before 2024.4 has them.
    #[serde(default)]
    pub labels: Texts,
}

/// An entity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entity {
    /// The id that stays when it is renamed.
    pub id: Arc<str>,
    /// Its name of today.
    pub entity_id: Arc<str>,
    /// As people call it, where they do otherwise than its integration.
    #[serde(default)]
    pub name: Text,
    /// As its integration calls it; none where that is what its device is called.
    #[serde(default)]
    pub original_name: Text,
    /// Where it is, if elsewhere than its device.
    #[serde(default)]
    pub area_id: Text,
    /// The device it belongs to.
    #[serde(default)]
    pub device_id: Text,
    /// Its integration.
    #[serde(default)]
    pub platform: Text,
    /// `diagnostic` or `config`.
    #[serde(default)]
    pub entity_category: Text,
    /// Who has disabled it.
    #[serde(default)]
    pub disabled_by: Text,
    /// Who does not want to see it.
    #[serde(default)]
    pub hidden_by: Text,
    /// Ids of its labels.
    #[serde(default)]
    pub labels: Texts,
}

/// What an event about the registry of entities says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct EntityUpdate {
    /// `create`, `update` or `remove`.
    #[serde(default)]
    pub action: Text,
    /// The name of today; of one that has gone, the last one.
    #[serde(default)]
    pub entity_id: Text,
    /// The name before, where it is another now.
    #[serde(default)]
    pub old_entity_id: Text,
}

/// Reads a list of a registry. An entry that cannot be read is passed over and comes back as it was written.
///
/// # Errors
/// When it is no list.
pub fn parse_registry<T: DeserializeOwned>(raw: &str) -> Result<(Vec<T>, Vec<&str>), WireError> {
    let all: Vec<&RawValue> = serde_json::from_str(raw)?;
    let (mut entries, mut unreadable) = (Vec::with_capacity(all.len()), Vec::new());
    for raw in all.into_iter().map(RawValue::get) {
        match serde_json::from_str(raw) {
            Ok(entry) => entries.push(entry),
            Err(_) => unreadable.push(raw),
        }
    }
    Ok((entries, unreadable))
}

/// Text that is not empty; anything else is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Option<Arc<str>>);

/// The texts of a list; anything else is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<Arc<str>>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient).map(|texts| Self(texts.text))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient).map(|texts| Self(texts.list))
    }
}

/// Takes any value, and keeps what is text in it.
struct Lenient;

#[derive(Default)]
struct Found {
    text: Option<Arc<str>>,
    list: Vec<Arc<str>>,
}

impl<'de> Visitor<'de> for Lenient {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Found, E> {
        Ok(Found { text: (!text.is_empty()).then(|| text.into()), list: Vec::new() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Found, A::Error> {
        let mut list = Vec::new();
        while let Some(Text(text)) = elements.next_element()? {
            list.extend(text);
        }
        Ok(Found { text: None, list })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Found, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Found, E> {
        Ok(Found::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Found, E> {
        Ok(Found::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Found, E> {
        Ok(Found::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Found, E> {
        Ok(Found::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Found, E> {
        Ok(Found::default())
    }
}

#[cfg(test)]
mod tests;
