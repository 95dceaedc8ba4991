//! Fields that a server has as another type than our values have.

use std::collections::{BTreeMap, BTreeSet};

use hearthline_pipeline::sinks::influxdb::name::type_of;
use hearthline_pipeline::sinks::influxdb::schema::{FieldType, Schema};
use hearthline_pipeline::sinks::influxdb::server::Opened;

use crate::doctor::catalogue::{CONFLICTS_MAPPED, CONFLICTS_NONE, CONFLICTS_UNKNOWN, CONFLICTS_UNMAPPED};
use crate::doctor::{Finding, Sink, Subject};

/// Fields that are named.
const SHOWN: usize = 5;

pub(super) fn look(subject: &Subject, sink: &Sink, opened: &Opened) -> Finding {
    if let Some(why) = &opened.fields_unknown {
        let says = format!(
            "the server does not say which fields it has ({why}): a type that differs is learned from a refusal"
        );
        return Finding::of(CONFLICTS_UNKNOWN, says).todo("let the user or token read the database");
    }
    let measurement = &*sink.layout.measurement;
    let taken = taken(measurement, &opened.fields);
    let count = taken.len();
    if count == 0 {
        return Finding::of(CONFLICTS_NONE, "no field has another type than our values")
            .figure("fields", 0, "1");
    }
    // What cannot be read is learned anew by the sink; until then nothing is mapped.
    let schema = Schema::read(&*subject.fs, &sink.dir).unwrap_or_default();
    let known = |field: &str, types: &BTreeSet<FieldType>| {
        types.iter().all(|has| schema.knows(measurement, field, *has))
    };
    let unmapped: Vec<_> = taken.iter().filter(|(field, types)| !known(field, types)).collect();
    let names = |of: &[(&str, &BTreeSet<FieldType>)]| {
        let named = of.iter().take(SHOWN).map(|(field, types)| {
            let types: Vec<_> = types.iter().map(ToString::to_string).collect();
            format!("{field} ({})", types.join(" and "))
        });
        let more = if of.len() > SHOWN { ", .." } else { "" };
        named.collect::<Vec<_>>().join(", ") + more
    };
    let repair = format!("hearthline repair schema --sink {}", sink.name);
    let finding = if unmapped.is_empty() {
        let all: Vec<_> = taken.iter().map(|(field, types)| (*field, types)).collect();
        let says = format!(
            "{count} fields of {measurement} have another type than our values, which go to fields of their own: {}",
            names(&all)
        );
        Finding::of(CONFLICTS_MAPPED, says).todo(format!(
            "`hearthline conflicts` lists them; {repair} brings the old values to where ours are"
        ))
    } else {
        let of: Vec<_> = unmapped.iter().map(|(field, types)| (**field, *types)).collect();
        let says = format!(
            "{} of {count} fields of {measurement} that have another type than our values are not mapped yet: {}",
            of.len(),
            names(&of)
        );
        Finding::of(CONFLICTS_UNMAPPED, says)
            .todo(format!("the sink maps them when it starts or is refused: hearthline run, or hearthline repair restart {} --apply; then {repair}", sink.name))
    };
    finding.figure("fields", count, "1").figure("not mapped", unmapped.len(), "1").repair("schema")
}

/// Fields with another type than the one that their name says, with the types that the server has.
fn taken<'o>(
    measurement: &str,
    fields: &'o [(String, String, FieldType)],
) -> BTreeMap<&'o str, BTreeSet<FieldType>> {
    let mut types: BTreeMap<&str, BTreeSet<FieldType>> = BTreeMap::new();
    for (_, field, has) in fields.iter().filter(|(of, ..)| of == measurement) {
        types.entry(field).or_default().insert(*has);
    }
    types.retain(|field, types| type_of(field).is_some_and(|ours| types.iter().any(|has| *has != ours)));
    types
}
