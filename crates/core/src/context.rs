//! What a row knows beside its state: the weather of its time, and where its entity belongs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{EntityId, Timestamp};

/// A weather observation, in the units that are stored whatever the provider used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The observation's own time.
    pub at: Timestamp,
    /// °C.
    pub temperature: Option<f64>,
    /// °C.
    pub apparent_temperature: Option<f64>,
    /// °C.
    pub dew_point: Option<f64>,
    /// %.
    pub humidity: Option<f64>,
    /// hPa.
    pub pressure: Option<f64>,
    /// m/s.
    pub wind_speed: Option<f64>,
    /// m/s.
    pub wind_gust_speed: Option<f64>,
    /// Where the wind comes from, degrees clockwise from north.
    pub wind_bearing: Option<f64>,
    /// %.
    pub cloud_cover: Option<f64>,
    /// mm in the hour before.
    pub precipitation: Option<f64>,
    /// Home Assistant's word for it, as in `partlycloudy`.
    pub condition: Option<Arc<str>>,
}

impl Observation {
    /// Whether it says anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { at: self.at, ..Self::default() }
    }
}

/// Something that has a name for people and an id that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The registry's id.
    pub id: Arc<str>,
    /// As people call it.
    pub name: Arc<str>,
}

/// What is known of an entity beside its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityInfo {
    /// The name that stays: the registry's id, or the entity id where there is none.
    pub key: Arc<str>,
    /// The name of the day.
    pub entity_id: EntityId,
    /// As people call it.
    pub name: Option<Arc<str>>,
    /// Its own area, else its device's.
    pub area: Option<Named>,
    /// The area's floor.
    pub floor: Option<Named>,
    /// The device it belongs to.
    pub device: Option<Named>,
    /// Who made the device.
    pub manufacturer: Option<Arc<str>>,
    /// Which one they made.
    pub model: Option<Arc<str>>,
    /// The integration it comes from.
    pub integration: Option<Arc<str>>,
    /// Its own labels and its device's and area's, by id.
    pub labels: Vec<Named>,
    /// `diagnostic` or `config`; none for what the device is there for.
    pub category: Option<Arc<str>>,
    /// `unit_of_measurement`.
    pub unit: Option<Arc<str>>,
    /// `device_class`.
    pub device_class: Option<Arc<str>>,
    /// Somebody has disabled it: it has no state.
    pub disabled: bool,
    /// Somebody does not want to see it.
    pub hidden: bool,
}

impl EntityInfo {
    /// Of an entity of which no registry knows.
    #[must_use]
    pub fn unregistered(entity_id: EntityId) -> Self {
        Self {
            key: entity_id.as_str().into(),
            entity_id,
            name: None,
            area: None,
            floor: None,
            device: None,
            manufacturer: None,
            model: None,
            integration: None,
            labels: Vec::new(),
            category: None,
            unit: None,
            device_class: None,
            disabled: false,
            hidden: false,
        }
    }

    /// Whether a registry knows it.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        *self.key != *self.entity_id.as_str()
    }
}

/// One thing that has become different about an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub what: ChangeKind,
    /// As it was.
    pub from: Option<Arc<str>>,
    /// As it is.
    pub to: Option<Arc<str>>,
}

/// What can become different about an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not known before.
    New,
    /// It has another entity id.
    Renamed,
    /// It has gone from the registry.
    Removed,
    /// Its state is in another unit.
    Unit,
    /// Its device class.
    DeviceClass,
    /// It is in another area, or the area is called otherwise.
    Area,
    /// It belongs to another device, or the device is called otherwise.
    Device,
    /// It is called otherwise.
    Name,
    /// It has other labels.
    Labels,
    /// Anything else about it.
    Other,
}
