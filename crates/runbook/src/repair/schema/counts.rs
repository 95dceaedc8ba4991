//! How many values of each type a measurement has, as kept beside a receipt.

use hearthline_pipeline::sinks::influxdb::export::Counts;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use serde::{Deserialize, Serialize};

/// One field and type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) field: String,
    #[serde(rename = "type")]
    pub(super) kind: FieldType,
    pub(super) values: u64,
}

pub(super) fn counted(counts: &Counts) -> Vec<Counted> {
    let each = counts.iter();
    each.map(|((field, kind), values)| Counted { field: field.clone(), kind: *kind, values: *values })
        .collect()
}

pub(super) fn counts(counted: &[Counted]) -> Counts {
    counted.iter().map(|of| ((of.field.clone(), of.kind), of.values)).collect()
}

/// Where two counts differ, in words; none where they do not.
pub(super) fn difference(before: &Counts, after: &Counts) -> Option<String> {
    let zero = 0;
    let names = before.keys().chain(after.keys());
    let differs =
        names.filter(|name| before.get(*name).unwrap_or(&zero) != after.get(*name).unwrap_or(&zero));
    let mut words: Vec<_> = differs
        .map(|name| {
            let (before, after) = (before.get(name).unwrap_or(&zero), after.get(name).unwrap_or(&zero));
            format!("{}::{} {before} and {after}", name.0, name.1)
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then(|| words.join(", "))
}
