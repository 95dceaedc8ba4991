//! The keys of a `[[sinks]]`.

use hearthline_pipeline::sinks::influxdb::point::{HaLayout, Layout, MeasurementAttr, NativeLayout};
use serde_json::Value;

use super::{Entry, PATH, Shown, What, nothing, row};
use crate::settings::environment::variable;
use crate::settings::{InfluxDb, written};

/// A key of how points look: none where the layout has no such key.
macro_rules! of_layout {
    ($key:literal, $kind:literal or $unset:literal, $value:expr, $meaning:literal) => {
        row!(@ $key, [], Part, $kind, $unset, $meaning, |sink: &InfluxDb| look(sink, $key, $value), take_layout)
    };
}

/// In the order in which a person needs them.
pub(in crate::settings) const SINK: &[Entry<InfluxDb>] = &[
    row!(@ "type", [], Restart, "`influxdb`", "has to be set", "What it is. The store is always on.",
        |_| None, |_, _| ()),
    row!(set "name": Restart, "a name", name => written::text,
        "What it is called, and its folder. The variables are of the one called `influxdb`."),
    row!(set "url" as variable::INFLUXDB_URL: Part, "an address", url => written::url,
        "The server, as in `http://192.168.1.20:8086`. The variable alone makes a sink."),
    row!(set "version": Part, "`auto`, 1, 2 or 3", version => written::version, "Of the server; `auto` asks it."),
    row!(set "database" as variable::INFLUXDB_BUCKET: Part, "a name", database => written::text,
        "The database, or the bucket of version 2. In the layout `ha` it is `home_assistant` where none is named."),
    row!(@ "bucket", [variable::INFLUXDB_BUCKET], Part, "a name", "", "Another word for `database`.", |_| None, |_, _| ()),
    row!(open "org" as variable::INFLUXDB_ORG: Part, "a name" or "none", org => written::text,
        "The organisation, which version 2 wants."),
    row!(open "username": Part, "a name" or "none", username => written::text, "With a password, of version 1."),
    row!(hidden "password": Part, "a secret" or "none", password, "Of that user. Better in a file of its own."),
    row!(open "password_file": Part, PATH or "none", password_file => written::path, "A file with the password."),
    row!(hidden "token" as variable::INFLUXDB_TOKEN: Part, "a secret" or "none", token,
        "In place of user and password. Better in a file of its own."),
    row!(open "token_file": Part, PATH or "none", token_file => written::path, "A file with the token."),
    row!(open "ca_file": Part, PATH or "none", ca_file => written::path, "More certificates to trust, PEM."),
    row!(set "tls_verify": Part, "true or false", tls_verify => written::flag,
        "Whether the server's certificate is checked."),
    row!(set "include": Part, "a list of rules", filter.include => written::texts,
        "What it gets of what is recorded; none means all. The rules are those of `[filter]`."),
    row!(set "exclude": Part, "a list of rules", filter.exclude => written::texts, "What it does not get."),
    row!(set "batch_size": Part, "a number", batch_size => written::count, "Lines that are sent at once."),
    row!(set "batch_interval": Part, "a duration", batch_interval => written::duration,
        "The longest that a row waits for others."),
    row!(set "start": Part, "`log`, `now` or `all`", start => written::start,
        "Where a new sink begins: with the oldest of the log, with what comes from now on, or with the oldest of the store."),
    of_layout!("layout", "`native` or `ha`" or "", |layout| match layout {
        Layout::Native(_) => Some("native".into()),
        Layout::Ha(_) => Some("ha".into()),
    }, "How points look: our own, or as Home Assistant's own integration writes them."),
    of_layout!("tags", "a table of texts" or "", |layout| {
        let (Layout::Native(NativeLayout { tags, .. }) | Layout::Ha(HaLayout { tags, .. })) = layout;
        Some(serde_json::json!(tags))
    }, "Tags that every point has."),
    of_layout!("measurement", "a name" or "", |layout| native(layout, |layout| layout.measurement.as_str().into()),
        "Layout `native`: what states are written to."),
    of_layout!("attributes", "`none`, `default`, `all` or a list of names" or "",
        |layout| native(layout, |layout| serde_json::json!(layout.attributes)),
        "Layout `native`: which attributes are written."),
    of_layout!("weather", "true or false" or "", |layout| native(layout, |layout| layout.weather.into()),
        "Layout `native`: whether points know the weather of their time."),
    of_layout!("measurement_attr", "`unit_of_measurement`, `domain__device_class` or `entity_id`" or "`unit_of_measurement`",
        |layout| ha(layout, |layout| measurement_attr(layout.measurement_attr).into()),
        "Layout `ha`: what a measurement is called after."),
    of_layout!("override_measurement", "a name" or "none",
        |layout| ha(layout, |layout| layout.override_measurement.clone().into()),
        "Layout `ha`: one measurement for all."),
    of_layout!("default_measurement", "a name" or "none",
        |layout| ha(layout, |layout| layout.default_measurement.clone().into()),
        "Layout `ha`: for what has nothing to be called after."),
    of_layout!("tags_attributes", "a list of names" or "`[]`",
        |layout| ha(layout, |layout| layout.tags_attributes.clone().into()),
        "Layout `ha`: attributes that are tags."),
    of_layout!("ignore_attributes", "a list of names" or "`[]`",
        |layout| ha(layout, |layout| layout.ignore_attributes.clone().into()),
        "Layout `ha`: attributes that are not written."),
];

fn look(sink: &InfluxDb, key: &'static str, value: fn(&Layout) -> Option<Value>) -> Option<Shown> {
    match value(&sink.layout)? {
        Value::Null => nothing(),
        value => Some(Shown { value: What::Plain(value), origin: sink.layout_origin(key) }),
    }
}

fn take_layout(to: &mut InfluxDb, from: &InfluxDb) {
    (to.layout, to.layout_origins) = (from.layout.clone(), from.layout_origins.clone());
}

fn native(layout: &Layout, value: fn(&NativeLayout) -> Value) -> Option<Value> {
    if let Layout::Native(layout) = layout { Some(value(layout)) } else { None }
}

fn ha(layout: &Layout, value: fn(&HaLayout) -> Value) -> Option<Value> {
    if let Layout::Ha(layout) = layout { Some(value(layout)) } else { None }
}

const fn measurement_attr(attr: MeasurementAttr) -> &'static str {
    match attr {
        MeasurementAttr::Unit => "unit_of_measurement",
        MeasurementAttr::DomainDeviceClass => "domain__device_class",
        MeasurementAttr::EntityId => "entity_id",
    }
}
