//! What the points of a sink would cost its server, before the first is written: by the last state of every entity that is
//! recorded, encoded as the sink would.

use std::sync::Arc;

use hearthline_core::{Clock, EntityRow, RealFs, Row, StateRow, SystemClock, Timestamp};
use hearthline_pipeline::filter::{Filter, Subject};
use hearthline_pipeline::sinks::influxdb::Version;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::cardinality::Cardinality;
use hearthline_pipeline::sinks::influxdb::point::{Encoder, Layout, NativeLayout};
use hearthline_pipeline::sinks::influxdb::schema::{FieldType, Schema};
use hearthline_store::Store;

use crate::app::store_config;
use crate::running;
use crate::settings::{InfluxDb, Settings};

/// Entities that are named.
const NAMED: usize = 3;

/// The last state of every entity that is there, with what the registries said of it.
pub(super) struct Recorded(Vec<(StateRow, Option<EntityRow>)>);

impl Recorded {
    /// None where nothing is recorded yet, or where a program runs that knows better.
    pub(super) fn read(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let config = store_config(settings);
        if !config.dir.is_dir() || running::find(&settings.data_dir)?.is_some() {
            return Ok(None);
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = Store::open_read_only(Arc::new(RealFs), clock, config)?;
        let there = store.latest().into_iter().filter(|row| row.state.is_some());
        let all: Vec<_> = there.map(|row| (store.entity(row.entity_id.as_str()), row)).collect();
        Ok(Some(Self(all.into_iter().map(|(entity, row)| (row, entity)).collect()))
            .filter(|all| !all.0.is_empty()))
    }

    /// What it would cost this sink's server, which has these fields.
    pub(super) fn words(
        &self,
        sink: &InfluxDb,
        version: Option<Version>,
        fields: &[(String, String, FieldType)],
    ) -> anyhow::Result<String> {
        let filter = sink.filter.compiled()?;
        let cost = |layout: &Layout| self.cost(layout, &filter, fields);
        let chosen = cost(&sink.layout);
        let less = match &sink.layout {
            Layout::Native(layout)
                if matches!(layout.attributes, Attributes::All | Attributes::Chosen(_)) =>
            {
                Some(cost(&NativeLayout { attributes: Attributes::Default, ..layout.clone() }.into()))
            }
            _ => None,
        };
        Ok(words(sink.layout.measurement(), &chosen, less.as_ref(), version))
    }

    fn cost(&self, layout: &Layout, filter: &Filter, fields: &[(String, String, FieldType)]) -> Cardinality {
        let mut schema = Schema::default();
        for (measurement, field, has) in fields {
            schema.adopt(measurement, field, [*has], Timestamp::EPOCH);
        }
        let mut encoder = Encoder::new(layout.clone(), schema);
        let mut line = Vec::new();
        for (row, entity) in &self.0 {
            let subject = Subject {
                entity_id: row.entity_id.as_str(),
                info: entity.as_ref().map(|entity| &*entity.info),
                device_class: row.device_class.as_deref(),
            };
            if filter.keeps(subject) {
                line.clear();
                encoder.encode(&Row::State(row.clone()), &mut line);
            }
        }
        encoder.cardinality()
    }
}

fn words(
    measurement: Option<&str>,
    chosen: &Cardinality,
    less: Option<&Cardinality>,
    version: Option<Version>,
) -> String {
    let fields = |of: &Cardinality| match measurement {
        Some(measurement) => of.fields.get(measurement).copied().unwrap_or_default(),
        None => of.fields.values().sum(),
    };
    let count = |n: u64, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let mut words = format!(
        "by what is recorded of {}: {}, and {} {}",
        count(chosen.entities, "entity", "entities"),
        count(chosen.series, "series", "series"),
        match measurement {
            Some(measurement) => format!("{measurement} gets"),
            None => format!("{} have", count(chosen.fields.len() as u64, "measurement", "measurements")),
        },
        count(fields(chosen), "field", "fields"),
    );
    if let Some(less) = less {
        words.push_str(&format!(" (with attributes = \"default\" {})", fields(less)));
        let most = chosen.most_fields.iter().take(NAMED);
        let most: Vec<_> = most.map(|share| format!("{} ({})", share.of, share.count)).collect();
        if !most.is_empty() {
            words.push_str(&format!("; most of them come with {}", most.join(", ")));
        }
    }
    for concern in chosen.concerns(version) {
        words.push_str(&format!(
            "; {} of at most {} {}: {}",
            concern.count, concern.limit, concern.what, concern.says
        ));
    }
    words
}

#[cfg(test)]
mod tests;
