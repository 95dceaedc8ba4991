//! What is said of a sink beside the store.

use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::MeasurementAttr;
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use hearthline_runbook::parts::Kind;

use super::{Meaning, shown, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;

/// The type of a sink.
pub(in crate::settings) fn sink_type(raw: Raw<'_>) -> Meaning<&'static str> {
    const TODO: &str = "write type = \"influxdb\"; the store is always on";
    match text(raw)? {
        "store" => Ok("store"),
        "influxdb" => Ok("influxdb"),
        other => Err(Problem::new(format!("this version has no sink of type {}", shown(other)), TODO)),
    }
}

/// What a sink is called; it is the name of its folder too.
pub(in crate::settings) fn sink_name(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write up to 40 letters a-z, digits, - and _, beginning with a letter";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    if Kind::of(text) != Kind::Sink {
        return Err(Problem::new(
            format!("{} is another part of the program", shown(text)),
            "write another name",
        ));
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(fits) {
        return Err(Problem::new(format!("{} cannot be the name of a sink", shown(text)), TODO));
    }
    Ok(text.into())
}

/// The version of an InfluxDB; none: it is asked.
pub(in crate::settings) fn influxdb_version(raw: Raw<'_>) -> Meaning<Option<Version>> {
    match raw {
        Raw::Text("auto") => Ok(None),
        Raw::Integer(1) | Raw::Text("1") => Ok(Some(Version::V1)),
        Raw::Integer(2) | Raw::Text("2") => Ok(Some(Version::V2)),
        Raw::Integer(3) | Raw::Text("3") => Ok(Some(Version::V3)),
        _ => Err(Problem::new("no version of InfluxDB", "write \"auto\", 1, 2 or 3")),
    }
}

/// Which attributes, in one word.
pub(in crate::settings) fn attributes(raw: Raw<'_>) -> Meaning<Attributes> {
    let raw = match raw {
        Raw::Text(text) => serde_json::Value::from(text),
        _ => serde_json::Value::Null,
    };
    serde_json::from_value(raw).map_err(|error| no_attributes(&error))
}

/// Which attributes, one by one.
pub(in crate::settings) fn attribute_list(words: Vec<String>) -> Meaning<Attributes> {
    serde_json::from_value(words.into()).map_err(|error| no_attributes(&error))
}

fn no_attributes(error: &serde_json::Error) -> Problem {
    let todo =
        "write \"none\", \"default\", \"all\", or a list like [\"brightness\", \"climate.*_temperature\"]";
    Problem::new(error.to_string(), todo)
}

/// How points look.
#[derive(Clone, Copy)]
pub(in crate::settings) enum LayoutKind {
    Native,
    Ha,
}

/// How points look.
pub(in crate::settings) fn layout(raw: Raw<'_>) -> Meaning<LayoutKind> {
    match text(raw)? {
        "native" => Ok(LayoutKind::Native),
        "ha" => Ok(LayoutKind::Ha),
        other => {
            let reason = format!("this version has no layout {}", shown(other));
            let todo = "write \"native\", or \"ha\" for the points of Home Assistant's own integration";
            Err(Problem::new(reason, todo))
        }
    }
}

/// What a measurement is called after, in the layout `ha`.
pub(in crate::settings) fn measurement_attr(raw: Raw<'_>) -> Meaning<MeasurementAttr> {
    match text(raw)? {
        "unit_of_measurement" => Ok(MeasurementAttr::Unit),
        "domain__device_class" => Ok(MeasurementAttr::DomainDeviceClass),
        "entity_id" => Ok(MeasurementAttr::EntityId),
        other => {
            let reason = format!("no measurement is called after {}", shown(other));
            Err(Problem::new(reason, "write unit_of_measurement, domain__device_class or entity_id"))
        }
    }
}

/// Where a new sink begins.
pub(in crate::settings) fn start(raw: Raw<'_>) -> Meaning<Start> {
    match text(raw)? {
        "log" => Ok(Start::Log),
        "now" => Ok(Start::Now),
        "all" => Ok(Start::All),
        other => Err(Problem::new(
            format!("{} is no place to begin", shown(other)),
            "write \"log\" (with the oldest that the log still has), \"all\" (with the oldest that the store has) or \"now\"",
        )),
    }
}
