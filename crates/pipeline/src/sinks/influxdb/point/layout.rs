//! How points look, and which tags they have.

use std::collections::BTreeMap;

use super::columns::WEATHER;
use super::tally::Reason;
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::writable;

/// How points look.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The measurement of states and other events.
    pub measurement: String,
    /// Tags that every point has.
    pub tags: BTreeMap<String, String>,
    /// Which attributes are written.
    pub attributes: Attributes,
    /// Whether the weather is written: beside each state, and as points of its own.
    pub weather: bool,
}

/// Tags and fields that the layout's own tags cannot be called.
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
    /// Whether points can look like this.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let Self { measurement, tags, .. } = self;
        if measurement.is_empty() || measurement.starts_with(['#', '_']) || *measurement == WEATHER {
            return Err(format!(
                "measurement {measurement:?}: write a name that begins with neither # nor _ and is not {WEATHER:?}, which has the observations"
            ));
        }
        for (tag, value) in tags {
            let reason = if tag.is_empty() || value.is_empty() {
                "name and value of a tag cannot be empty"
            } else if TAKEN.contains(&tag.as_str()) || tag.starts_with("attr_") || tag.starts_with("weather_")
            {
                "points have a tag or field of that name already: choose another"
            } else {
                continue;
            };
            return Err(format!("tag {tag:?}: {reason}"));
        }
        Ok(())
    }

    /// Writes measurement and tags, sorted by name as servers like it. A tag without a value is left out.
    pub(super) fn series(
        &self,
        measurement: &str,
        tags: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        let start = out.len();
        line::measurement(out, &writable(measurement));
        let own = self.tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()));
        let mut tags: Vec<_> =
            tags.iter().copied().chain(own).filter(|(_, value)| !value.is_empty()).collect();
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
}
