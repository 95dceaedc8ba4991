//! Fields that a server has as another type than our values have.

use std::collections::{BTreeMap, BTreeSet};

use hearthline_pipeline::sinks::influxdb::point::Layout;
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
    let taken = taken(&sink.layout, &opened.fields);
    let count = taken.len();
    if count == 0 {
        return Finding::of(CONFLICTS_NONE, "no field has another type than our values")
            .figure("fields", 0, "1");
    }
    // What cannot be read is learned anew by the sink; until then nothing is mapped.
    let schema = Schema::read(&*subject.fs, &sink.dir).unwrap_or_default();
    let is_known = |((measurement, field), types): &(&(&str, &str), &BTreeSet<FieldType>)| {
        types.iter().all(|has| schema.knows(measurement, field, *has))
    };
    let unmapped: Vec<_> = taken.iter().filter(|of| !is_known(of)).collect();
    // A layout with one measurement has a repair that brings the old values to where ours are.
    let (place, repair) = match &sink.layout {
        Layout::Native(layout) => (
            format!("fields of {}", layout.measurement),
            Some(format!("hearthline repair schema --sink {}", sink.name)),
        ),
        Layout::Ha(_) => ("fields".to_owned(), None),
    };
    let finding = if unmapped.is_empty() {
        let says = format!(
            "{count} {place} have another type than our values, which go to fields of their own: {}",
            named(&sink.layout, &taken.iter().collect::<Vec<_>>())
        );
        let brings = |repair| format!("; {repair} brings the old values to where ours are");
        let then = repair.as_ref().map(brings).unwrap_or_default();
        Finding::of(CONFLICTS_MAPPED, says).todo(format!("`hearthline conflicts` lists them{then}"))
    } else {
        let says = format!(
            "{} of {count} {place} that have another type than our values are not mapped yet: {}",
            unmapped.len(),
            named(&sink.layout, &unmapped)
        );
        let then = repair.as_ref().map(|repair| format!("; then {repair}")).unwrap_or_default();
        Finding::of(CONFLICTS_UNMAPPED, says)
            .todo(format!("the sink maps them when it starts or is refused: hearthline run, or hearthline repair restart {} --apply{then}", sink.name))
    };
    let finding = finding.figure("fields", count, "1").figure("not mapped", unmapped.len(), "1");
    if repair.is_some() { finding.repair("schema") } else { finding }
}

/// The first of them, each with its measurement where there are several.
fn named(layout: &Layout, of: &[(&(&str, &str), &BTreeSet<FieldType>)]) -> String {
    let named = of.iter().take(SHOWN).map(|((measurement, field), types)| {
        let types: Vec<_> = types.iter().map(ToString::to_string).collect();
        let types = types.join(" and ");
        match layout {
            Layout::Native(_) => format!("{field} ({types})"),
            Layout::Ha(_) => format!("{field} of {measurement} ({types})"),
        }
    });
    let more = if of.len() > SHOWN { ", .." } else { "" };
    named.collect::<Vec<_>>().join(", ") + more
}

/// Fields with another type than the one that their name says, with the types that the server has.
fn taken<'o>(
    layout: &Layout,
    fields: &'o [(String, String, FieldType)],
) -> BTreeMap<(&'o str, &'o str), BTreeSet<FieldType>> {
    let mut types: BTreeMap<(&str, &str), BTreeSet<FieldType>> = BTreeMap::new();
    for (measurement, field, has) in fields {
        types.entry((measurement, field)).or_default().insert(*has);
    }
    types.retain(|(measurement, field), types| {
        layout.type_of(measurement, field).is_some_and(|ours| types.iter().any(|has| *has != ours))
    });
    types
}
