//! The examples of `docs/formats/influxdb.md`: from the record in the log to the line that a server is sent.

use std::borrow::Cow;

use hearthline_core::{EntityInfo, Named, Timestamp};
use serde_json::value::RawValue;

use super::*;
use crate::normalise::Normaliser;
use crate::record::{EntityRecord, EventRecord, Record, StateRecord, WeatherRecord};
use crate::sinks::influxdb::line::tests::{Line, Value, parse};

const DOCUMENT: &str = include_str!("../../../../../../../docs/formats/influxdb.md");

/// One example: what the log has.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    new_state: Option<Box<RawValue>>,
    old_state: Option<String>,
    area: Option<String>,
    weather: Option<Weather>,
    event: Option<Box<RawValue>>,
    observation: Option<Weather>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Weather {
    at: String,
    temperature: f64,
    condition: String,
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn observed(weather: &Weather) -> Record<'static> {
    let observation = Observation {
        at: time(&weather.at),
        temperature: Some(weather.temperature),
        condition: Some(weather.condition.as_str().into()),
        ..Observation::default()
    };
    let (received, provider, source) = (observation.at, "open_meteo".into(), "52.4, 4.9".into());
    Record::Weather(WeatherRecord { received, provider, source, observation })
}

impl Example {
    /// The records of the log, the one that is looked at last.
    fn records(&self) -> Vec<Record<'_>> {
        let mut records: Vec<Record<'_>> = self.weather.iter().map(|weather| observed(weather)).collect();
        if let Some(state) = &self.new_state {
            let fields: serde_json::Value = serde_json::from_str(state.get()).unwrap();
            let entity_id = fields["entity_id"].as_str().unwrap().to_owned();
            let ts = time(fields["last_updated"].as_str().unwrap());
            if let Some(area) = &self.area {
                let area = Some(Named { id: "a".into(), name: area.as_str().into() });
                let info = EntityInfo { area, ..EntityInfo::unregistered(entity_id.as_str().into()) };
                let (info, changes) = (Cow::Owned(info), Vec::new());
                records.push(Record::Entity(EntityRecord {
                    at: Timestamp::EPOCH,
                    received: Timestamp::EPOCH,
                    info,
                    removed: false,
                    changes,
                }));
            }
            records.push(Record::State(StateRecord {
                origin: Origin::Snapshot,
                received: ts,
                ts,
                tie: 0,
                removed: false,
                restored: false,
                late: false,
                old_state: self.old_state.as_deref().map(Cow::Borrowed),
                entity_id: entity_id.into(),
                raw: state.get().into(),
            }));
        }
        records.extend(
            self.event.iter().map(|event| {
                Record::Event(EventRecord { received: Timestamp::EPOCH, raw: event.get().into() })
            }),
        );
        records.extend(self.observation.iter().map(|weather| observed(weather)));
        records
    }
}

/// A server has these lines.
fn adopt(schema: &mut Schema, lines: &str) {
    for Line { measurement, fields, .. } in parse(&format!("{lines}\n")) {
        for (field, value) in fields {
            let has = match value {
                Value::Float(_) => FieldType::Float,
                Value::Text(_) => FieldType::Text,
                Value::Bool(_) => FieldType::Bool,
            };
            schema.adopt(&measurement, &field, [has], AT);
        }
    }
}

#[test]
fn the_examples_of_the_document_are_what_is_written() {
    let mut schema = Schema::default();
    let mut blocks = DOCUMENT.split("\n```").skip(1).step_by(2);
    let mut checked = 0;
    while let Some(block) = blocks.next() {
        let (kind, text) = block.split_once('\n').unwrap();
        if kind == "existing" {
            adopt(&mut schema, text);
            continue;
        }
        assert_eq!(kind, "json", "{text}");
        let example: Example = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let (kind, line) = blocks.next().unwrap().split_once('\n').unwrap();
        assert_eq!(kind, "text");
        let mut encoder = Encoder::new(layout(Attributes::Default), schema.clone());
        let (mut normaliser, mut bytes, mut written) = (Normaliser::new("home"), Vec::new(), Vec::new());
        for (seq, record) in (1..).zip(example.records()) {
            bytes.clear();
            record.encode(&mut bytes).unwrap();
            written.clear();
            let row = normaliser.row(Seq(seq), &bytes).unwrap();
            encoder.encode(&row, &mut written);
        }
        assert_eq!(String::from_utf8(written).unwrap().trim_end(), line, "{text}");
        checked += 1;
    }
    assert_eq!(checked, 6);
}
