//! What the servers of the sinks say when they are asked; nothing is written to them and nothing is made there.

use std::collections::{BTreeMap, BTreeSet};

use hearthline_core::{Fs, RealFs};
use hearthline_pipeline::sinks::influxdb::Server;
use hearthline_pipeline::sinks::influxdb::point::Layout;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::server::Opened;

use super::cost::Recorded;
use crate::app;
use crate::settings::{InfluxDb, Settings};

/// What a sink's server says.
pub(super) struct Sink {
    /// As in the settings.
    pub(super) name: String,
    /// In words; the error is why nothing could be written.
    pub(super) says: Result<String, String>,
    /// What the points would cost it, in words; none where nothing is recorded yet.
    pub(super) cost: Option<String>,
}

/// Asks all of them, one after the other.
pub(super) async fn try_out(settings: &Settings) -> anyhow::Result<Vec<Sink>> {
    let recorded = Recorded::read(settings)?;
    let mut sinks = Vec::new();
    for sink in &settings.sinks {
        let layout = app::sinks::layout(sink, &settings.data_dir)?;
        let sink = &InfluxDb { layout, ..sink.clone() };
        let mut server = Server::new(app::sinks::server(sink)?)?;
        let opened = server.open(&sink.layout.measurements(), false).await;
        let (version, fields) = match &opened {
            Ok(opened) => (Some(opened.version), opened.fields.as_slice()),
            Err(_) => (*sink.version, [].as_slice()),
        };
        let cost = recorded.as_ref().map(|recorded| recorded.words(sink, version, fields)).transpose()?;
        let says = match opened {
            Ok(opened) => Ok(words(sink, &opened, &server.what(opened.version))),
            Err(stop) => match server.is_missing().await {
                // Where rows of ours have been it is not made again in silence.
                Ok(Some(version)) if is_new(settings, sink)? => Ok(format!(
                    "{} is not there yet; `hearthline run` makes it, if it may",
                    server.what(version)
                )),
                _ => Err(stop.words().to_owned()),
            },
        };
        sinks.push(Sink { name: sink.name.value.clone(), says, cost });
    }
    Ok(sinks)
}

/// Whether nothing was ever written to it from this data folder.
fn is_new(settings: &Settings, sink: &InfluxDb) -> std::io::Result<bool> {
    let cursor = app::sinks::dir(sink, &settings.data_dir).join("cursor");
    Ok((&RealFs as &dyn Fs).read_if_exists(&cursor)?.is_none())
}

fn words(sink: &InfluxDb, opened: &Opened, what: &str) -> String {
    let version =
        if opened.says.is_empty() { "the server".into() } else { format!("InfluxDB {}", opened.says) };
    let mut words = format!("{version} lets us write to {what}");
    if let Some(why) = &opened.fields_unknown {
        words.push_str(&format!(", and does not say which fields it has ({why})"));
    }
    words.push_str(&match sink.layout.measurement() {
        Some(measurement) => format!(", measurement {measurement:?}"),
        None => format!(", layout {}", sink.layout.as_str()),
    });
    let taken = taken(&sink.layout, &opened.fields);
    if !taken.is_empty() {
        let count = taken.len();
        let shown: Vec<_> = taken.iter().take(5).cloned().collect();
        let more = if count > shown.len() { ", .." } else { "" };
        let shown = shown.join(", ");
        words.push_str(&format!(
            "; {count} of its fields have another type than our values, which go to fields of their own: {shown}{more}"
        ));
    }
    words
}

/// Fields with another type than the one that their name says, with the types that the server has.
fn taken(layout: &Layout, fields: &[(String, String, FieldType)]) -> Vec<String> {
    let mut types: BTreeMap<(&str, &str), BTreeSet<FieldType>> = BTreeMap::new();
    for (measurement, field, has) in fields {
        types.entry((measurement, field)).or_default().insert(*has);
    }
    let other = types.into_iter().filter(|((measurement, field), types)| {
        layout.type_of(measurement, field).is_some_and(|ours| types.iter().any(|has| *has != ours))
    });
    other
        .map(|((_, field), types)| {
            let types: Vec<_> = types.iter().map(ToString::to_string).collect();
            format!("{field} ({})", types.join(" and "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
    use hearthline_pipeline::sinks::influxdb::point::NativeLayout;

    use super::*;

    #[test]
    fn fields_with_another_type_than_their_name_says_are_told_with_what_the_server_has() {
        let field = |name: &str, has| ("m".to_owned(), name.to_owned(), has);
        let mut fields = vec![
            field("attr_dynamics", FieldType::Bool),
            field("attr_dynamics", FieldType::Text),
            field("attr_brightness", FieldType::Float),
            field("attr_effect_str", FieldType::Text),
            field("attr_on_bool2", FieldType::Bool),
            field("attr_list_json", FieldType::Float),
            field("value", FieldType::Text),
            field("state", FieldType::Text),
            field("somebody_elses", FieldType::Integer),
        ];
        fields.push(("other".into(), "attr_x".into(), FieldType::Text));
        let layout = Layout::Native(NativeLayout::new("m", Attributes::All));
        assert_eq!(
            taken(&layout, &fields),
            ["attr_dynamics (text and bool)", "attr_list_json (float)", "value (text)"]
        );
    }
}
