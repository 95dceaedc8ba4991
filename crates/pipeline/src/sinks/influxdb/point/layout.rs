//! How points look, and which tags they have.

use std::collections::BTreeMap;

use super::columns::WEATHER;
use super::tally::Reason;
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::{type_of, writable};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::server::Measurements;

/// How points look.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// Our own: one measurement, fields whose names say their types.
    Native(NativeLayout),
    /// That of Home Assistant's own integration `influxdb`.
    Ha(HaLayout),
}

/// Our own.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeLayout {
    /// The measurement of states and other events.
    pub measurement: String,
    /// Tags that every point has.
    pub tags: BTreeMap<String, String>,
    /// Which attributes are written.
    pub attributes: Attributes,
    /// Whether the weather is written: beside each state, and as points of its own.
    pub weather: bool,
}

/// That of the integration, with the options of the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HaLayout {
    /// Tags that every point has, in place of others of these names.
    pub tags: BTreeMap<String, String>,
    /// What a measurement is called after.
    pub measurement_attr: MeasurementAttr,
    /// The measurement of everything.
    pub override_measurement: Option<String>,
    /// The measurement of what has nothing to be called after.
    pub default_measurement: Option<String>,
    /// Attributes that are tags.
    pub tags_attributes: Vec<String>,
    /// Attributes that are not written.
    pub ignore_attributes: Vec<String>,
}

/// What a measurement is called after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeasurementAttr {
    /// The unit: `°C`.
    #[default]
    Unit,
    /// Domain and class: `sensor__temperature`.
    DomainDeviceClass,
    /// The entity: `sensor.kitchen`.
    EntityId,
}

/// Tags and fields that the own tags of [`NativeLayout`] cannot be called.
const TAKEN: [&str; 14] = [
    "area",
    "device_class",
    "domain",
    "entity_id",
    "event_type",
    "provider",
    "source",
    "state",
    "value",
    "old_state",
    "data_json",
    "time",
    "_field",
    "_measurement",
];

impl Layout {
    /// As in the settings.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Native(_) => "native",
            Self::Ha(_) => "ha",
        }
    }

    /// Whether points can look like this.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Native(layout) => layout.check(),
            Self::Ha(layout) => layout.check(),
        }
    }

    /// The measurement of all states; none where there are several.
    #[must_use]
    pub fn measurement(&self) -> Option<&str> {
        match self {
            Self::Native(layout) => Some(&layout.measurement),
            Self::Ha(layout) => layout.override_measurement.as_deref(),
        }
    }

    /// What is written to.
    #[must_use]
    pub fn measurements(&self) -> Measurements<'_> {
        match self {
            Self::Native(layout) => Measurements::These(vec![&layout.measurement, WEATHER]),
            Self::Ha(_) => Measurements::All,
        }
    }

    /// The type that a field of ours has there, by its name. None for one that is not ours, or whose name does not say it.
    #[must_use]
    pub fn type_of(&self, measurement: &str, field: &str) -> Option<FieldType> {
        match self {
            Self::Native(layout) => type_of(field).filter(|_| measurement == layout.measurement),
            Self::Ha(_) if field == "value" => Some(FieldType::Float),
            Self::Ha(_) => (field == "state" || field.ends_with("_str")).then_some(FieldType::Text),
        }
    }

    /// Whether the weather is written.
    #[must_use]
    pub const fn has_weather(&self) -> bool {
        match self {
            Self::Native(layout) => layout.weather,
            Self::Ha(_) => false,
        }
    }
}

impl From<NativeLayout> for Layout {
    fn from(layout: NativeLayout) -> Self {
        Self::Native(layout)
    }
}

impl From<HaLayout> for Layout {
    fn from(layout: HaLayout) -> Self {
        Self::Ha(layout)
    }
}

impl NativeLayout {
    /// With the weather, and without tags of a person.
    #[must_use]
    pub fn new(measurement: impl Into<String>, attributes: Attributes) -> Self {
        Self { measurement: measurement.into(), tags: BTreeMap::new(), attributes, weather: true }
    }

    fn check(&self) -> Result<(), String> {
        let Self { measurement, tags, .. } = self;
        if !is_measurement(measurement) || *measurement == WEATHER {
            return Err(format!(
                "measurement {measurement:?}: write a name that begins with neither # nor _ and is not {WEATHER:?}, which has the observations"
            ));
        }
        check_tags(tags, |tag| {
            TAKEN.contains(&tag) || tag.starts_with("attr_") || tag.starts_with("weather_")
        })
    }
}

impl HaLayout {
    fn check(&self) -> Result<(), String> {
        for (key, name) in [
            ("override_measurement", &self.override_measurement),
            ("default_measurement", &self.default_measurement),
        ] {
            if let Some(name) = name.as_ref().filter(|name| !is_measurement(name)) {
                return Err(format!("{key} {name:?}: write a name that begins with neither # nor _"));
            }
        }
        check_tags(&self.tags, |tag| ["time", "_field", "_measurement"].contains(&tag))
    }
}

fn is_measurement(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '_'])
}

fn check_tags(tags: &BTreeMap<String, String>, is_taken: impl Fn(&str) -> bool) -> Result<(), String> {
    for (tag, value) in tags {
        let reason = if tag.is_empty() || value.is_empty() {
            "name and value of a tag cannot be empty"
        } else if is_taken(tag) {
            "points have a tag or field of that name already: choose another"
        } else {
            continue;
        };
        return Err(format!("tag {tag:?}: {reason}"));
    }
    Ok(())
}

/// Writes a measurement, whose name is [`writable`], and tags, sorted by name as servers like it. A tag without a value is left out.
pub(super) fn series(
    measurement: &str,
    mut tags: Vec<(&str, &str)>,
    out: &mut Vec<u8>,
) -> Result<(), Reason> {
    let start = out.len();
    line::measurement(out, measurement);
    tags.retain(|(_, value)| !value.is_empty());
    tags.sort_unstable();
    for (tag, value) in tags {
        out.push(b',');
        line::key(out, &writable(tag));
        out.push(b'=');
        line::key(out, &writable(value));
    }
    if out.len() - start > line::LONGEST_SERIES {
        out.truncate(start);
        return Err(Reason::NameTooLong);
    }
    Ok(())
}
