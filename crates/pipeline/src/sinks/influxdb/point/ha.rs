//! The layout of Home Assistant's own integration `influxdb`, so that boards on its database go on.
//!
//! A state is a point of the measurement that its unit names (or what the options say, see [`HaLayout`]), with the tags `domain` and
//! `entity_id` (without the domain), those attributes that are to be tags, and the layout's own. Its fields: `value` (float) where
//! the state is a number, `state` (text) where it is none, both where it is a word that stands for one (`on`, `locked`, …); then
//! every attribute, of which a field is what Python's `float()` says, else `<name>_str` what `str()` says (see [`python`]), and
//! then `<name>` as well if there is a number in that text. An attribute whose name is a field already gets a `_` behind it. The
//! unit is no field where it is the measurement, nor the class where it is part of it.
//!
//! Not written, as by the integration: `unknown`, `unavailable`, empty states, removals, other events; NaN and infinity. What differs
//! is in `docs/formats/influxdb-ha.md`, and why.

mod python;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, StateRow};

use super::Writing;
use super::columns::Target;
use super::fields::Fields;
use super::kept::MOST_KEPT;
use super::layout::{HaLayout, MeasurementAttr, series};
use super::names;
use super::tally::{Note, Reason};
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::{writable, writable_field};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::server::Version;
use crate::sinks::influxdb::stored::FieldValue;
use crate::sources::home_assistant::wire::walk::{self, Walk};

/// Makes lines in it.
pub(super) struct Ha {
    layout: HaLayout,
    entities: HashMap<EntityId, Entity>,
    tables: Tables,
    /// A line break in a text is written as the two characters `\n`.
    spells_breaks: bool,
}

/// The measurements that were written to.
#[derive(Default)]
struct Tables {
    all: Vec<Table>,
    /// Where in `all` each is.
    by_name: HashMap<Box<str>, usize>,
}

/// A measurement, and where its values go.
struct Table {
    name: Box<str>,
    state: Option<Target>,
    value: Option<Target>,
    /// Of attributes, by the field's name: of numbers, and of texts. One that can have no field has the reason instead.
    attributes: HashMap<String, [Option<Result<Target, Note>>; 2]>,
}

/// What the last row of an entity was encoded to.
#[derive(Default)]
struct Entity {
    /// Of what the rest was made.
    of: Option<Of>,
    table: usize,
    /// Measurement and tags.
    key: Vec<u8>,
    /// Of the attributes, each with a comma before it.
    fields: Vec<u8>,
    notes: Vec<Note>,
}

struct Of {
    attributes: Option<Arc<str>>,
    unit: Option<Arc<str>>,
    device_class: Option<Arc<str>>,
    shows: Shows,
}

/// Which fields a state has.
#[derive(Clone, Copy, PartialEq)]
struct Shows {
    state: bool,
    value: bool,
}

/// What the attributes of a row are to its point.
#[derive(Default)]
struct Sorted<'j> {
    tags: Vec<(Cow<'j, str>, Cow<'j, str>)>,
    fields: BTreeMap<Cow<'j, str>, Value<'j>>,
    left_out: Vec<(Cow<'j, str>, Reason)>,
}

enum Value<'j> {
    Number(f64),
    Text(Cow<'j, str>),
}

impl Ha {
    pub(super) fn new(layout: HaLayout, fields: &mut Fields) -> Self {
        let (entities, tables) = (HashMap::new(), Tables::default());
        let mut ha = Self { layout, entities, tables, spells_breaks: true };
        ha.begin_anew(fields);
        ha
    }

    /// What is known of the fields has changed.
    pub(super) fn begin_anew(&mut self, fields: &mut Fields) {
        self.entities.clear();
        self.tables = Tables::default();
        let has: Vec<_> = fields.schema.measurements().map(ToOwned::to_owned).collect();
        has.iter().for_each(|measurement| fields.know(measurement));
    }

    /// The integration's client for version 1 spells line breaks, which that for version 2 leaves as they are.
    pub(super) fn writes_for(&mut self, version: Version) {
        self.spells_breaks = version == Version::V1;
        self.entities.clear();
    }

    pub(super) fn state(&mut self, row: &StateRow, to: Writing<'_>) -> Result<bool, Reason> {
        let Some(state) = row.state.as_deref().filter(|state| is_written(state)) else { return Ok(false) };
        let (shows, value) = read(state);
        let Self { layout, entities, tables, spells_breaks } = self;
        let Writing { fields, spread, notes, out } = to;
        let entity = match entities.get_mut(row.entity_id.as_str()) {
            Some(entity) => entity,
            None => entities.entry(row.entity_id.clone()).or_default(),
        };
        if !entity.of.as_ref().is_some_and(|of| of.is(row, shows)) {
            entity.of = None;
            let sorted = entity.encode(row, shows, layout, tables, fields)?;
            entity.write(&sorted, *spells_breaks, tables, fields);
            entity.of = Some(Of::new(row, shows));
            spread.meet(&entity.key, row.entity_id.as_str(), true);
        }
        out.extend_from_slice(&entity.key);
        let mut before = b' ';
        let table = tables.all.get(entity.table);
        if let Some(target) = table.and_then(|table| table.state.as_ref()).filter(|_| shows.state) {
            out.push(std::mem::replace(&mut before, b','));
            target.begin(out, notes);
            text(out, state, *spells_breaks)?;
        }
        if let Some(target) = table.and_then(|table| table.value.as_ref()).filter(|_| shows.value) {
            out.push(before);
            target.begin(out, notes);
            line::float(out, value);
        }
        out.extend_from_slice(&entity.fields);
        notes.extend_from_slice(&entity.notes);
        if entity.fields.len() > MOST_KEPT {
            *entity = Entity::default();
        }
        super::time(out, row.ts, row.tie.into())
    }
}

impl Of {
    fn new(row: &StateRow, shows: Shows) -> Self {
        let StateRow { attributes, unit, device_class, .. } = row;
        Self { attributes: attributes.clone(), unit: unit.clone(), device_class: device_class.clone(), shows }
    }

    fn is(&self, row: &StateRow, shows: Shows) -> bool {
        self.shows == shows
            && self.attributes == row.attributes
            && self.unit == row.unit
            && self.device_class == row.device_class
    }
}

impl Entity {
    /// Encodes measurement and tags. Answers with what the attributes are.
    fn encode<'r>(
        &mut self,
        row: &'r StateRow,
        shows: Shows,
        layout: &HaLayout,
        tables: &mut Tables,
        fields: &mut Fields,
    ) -> Result<Sorted<'r>, Reason> {
        let (measurement, said) = layout.measurement(row);
        let sorted = layout.sorted(row, shows, said);
        let (domain, object_id) = (row.entity_id.domain(), object_id(row.entity_id.as_str()));
        let mut tags: BTreeMap<&str, &str> = [("domain", domain), ("entity_id", object_id)].into();
        tags.extend(sorted.tags.iter().map(|(tag, value)| (&**tag, &**value)));
        tags.extend(layout.tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str())));
        self.key.clear();
        series(&measurement, tags.into_iter().collect(), &mut self.key)?;
        self.table = tables.of(&measurement, shows, fields);
        Ok(sorted)
    }

    /// Encodes the fields of attributes.
    fn write(&mut self, sorted: &Sorted<'_>, spells_breaks: bool, tables: &mut Tables, fields: &mut Fields) {
        self.fields.clear();
        self.notes.clear();
        let Some(table) = tables.all.get_mut(self.table) else { return };
        for (field, reason) in &sorted.left_out {
            self.notes.push(fields.tally.left_out(field, *reason));
        }
        for (name, value) in &sorted.fields {
            let (start, noted) = (self.fields.len(), self.notes.len());
            let target = match table.target(name, value, fields) {
                Ok(target) => target,
                Err(left_out) => {
                    self.notes.push(*left_out);
                    continue;
                }
            };
            self.fields.push(b',');
            target.begin(&mut self.fields, &mut self.notes);
            let written = match value {
                Value::Number(number) => {
                    line::float(&mut self.fields, *number);
                    Ok(())
                }
                Value::Text(says) => text(&mut self.fields, says, spells_breaks),
            };
            if let Err(reason) = written {
                self.fields.truncate(start);
                self.notes.truncate(noted);
                self.notes.push(fields.tally.left_out(name, reason));
            }
        }
    }
}

impl Tables {
    /// Where in `all` it is, with targets for a state that shows that.
    fn of(&mut self, name: &str, shows: Shows, fields: &mut Fields) -> usize {
        let at = self.by_name.get(name).copied().unwrap_or_else(|| {
            let at = self.all.len();
            let name: Box<str> = name.into();
            self.by_name.insert(name.clone(), at);
            self.all.push(Table { name, state: None, value: None, attributes: HashMap::new() });
            at
        });
        if let Some(Table { state, value, .. }) = self.all.get_mut(at) {
            for (target, shown, field, ours) in [
                (state, shows.state, "state", FieldType::Text),
                (value, shows.value, "value", FieldType::Float),
            ] {
                if shown && target.is_none() {
                    *target = Some(fields.sure_target(name, field, ours));
                }
            }
        }
        at
    }
}

impl Table {
    fn target(&mut self, attribute: &str, value: &Value<'_>, fields: &mut Fields) -> &Result<Target, Note> {
        let (at, ours) = match value {
            Value::Number(_) => (0, FieldType::Float),
            Value::Text(_) => (1, FieldType::Text),
        };
        let [number, text] = self.attributes.entry_ref(attribute).or_default();
        let target = if at == 0 { number } else { text };
        target.get_or_insert_with(|| {
            let field = writable_field(attribute);
            fields.target(&self.name, &field, ours, attribute, 0)
        })
    }
}

impl HaLayout {
    /// The measurement of a state.
    pub(super) fn measurement_of<'r>(&'r self, row: &'r StateRow) -> Cow<'r, str> {
        self.measurement(row).0
    }

    /// The measurement of a state, and which attribute that says.
    fn measurement<'r>(&'r self, row: &'r StateRow) -> (Cow<'r, str>, &'static str) {
        let some = |name: &'r Option<String>| name.as_deref().filter(|name| !name.is_empty());
        let named = |name: Cow<'r, str>, says| (on_the_wire(name), says);
        if let Some(name) = some(&self.override_measurement) {
            return named(name.into(), "");
        }
        let domain = row.entity_id.domain();
        match (self.measurement_attr, row.unit.as_deref(), row.device_class.as_deref()) {
            (MeasurementAttr::DomainDeviceClass, _, Some(class)) => {
                named(format!("{domain}__{class}").into(), "device_class")
            }
            (MeasurementAttr::DomainDeviceClass, _, None) => named(domain.into(), ""),
            (MeasurementAttr::Unit, Some(unit), _) if !unit.is_empty() => {
                named(unit.into(), "unit_of_measurement")
            }
            (MeasurementAttr::Unit, ..) => {
                named(some(&self.default_measurement).unwrap_or(row.entity_id.as_str()).into(), "")
            }
            (MeasurementAttr::EntityId, ..) => named(row.entity_id.as_str().into(), ""),
        }
    }

    /// What the attributes are, where the measurement says one of them.
    fn sorted<'r>(&self, row: &'r StateRow, shows: Shows, said: &str) -> Sorted<'r> {
        let Some(json) = row.attributes.as_deref() else { return Sorted::default() };
        let mut sorted = Sorted::default();
        let mut walk = Walk::new(json);
        walk.object(|raw, walk| {
            let json = walk.value();
            let Some(name) = walk::key(raw).filter(|name| !name.is_empty()) else {
                let reason = if raw.is_empty() { Reason::NoName } else { Reason::NotUnicode };
                return sorted.left_out.push((raw.into(), reason));
            };
            let is_among = |names: &[String]| names.iter().any(|among| *among == *name);
            if is_among(&self.tags_attributes) {
                match python::text(json, row.entity_id.domain(), &name) {
                    Some(_) if json == "null" => {}
                    Some(value) => sorted.tags.push((name, value)),
                    None => sorted.left_out.push((name, Reason::NotUnicode)),
                }
            } else if name != said && !is_among(&self.ignore_attributes) {
                sorted.add(name, json, row.entity_id.domain(), shows);
            }
        });
        if walk.end().is_err() {
            return Sorted {
                left_out: vec![("(all attributes)".into(), Reason::NotJson)],
                ..Sorted::default()
            };
        }
        sorted
    }
}

impl<'j> Sorted<'j> {
    fn add(&mut self, attribute: Cow<'j, str>, json: &'j str, domain: &str, shows: Shows) {
        let is_state = (shows.state && attribute == "state") || (shows.value && attribute == "value");
        let is_taken = is_state || self.fields.contains_key(&attribute);
        let mut name = attribute.clone();
        if is_taken {
            name.to_mut().push('_');
        }
        let is_text = json.starts_with('"');
        let number = match json.as_bytes().first() {
            Some(b'"') => walk::string(json).and_then(|text| python::float(&text)),
            Some(b't') => Some(1.0),
            Some(b'f') => Some(0.0),
            Some(b'-' | b'0'..=b'9') => json.parse().ok(),
            _ => None,
        };
        if let Some(number) = number {
            if !number.is_finite() && !is_text {
                self.left_out.push((attribute, Reason::NumberTooLarge));
            }
            return self.number(name, number);
        }
        let Some(text) = python::text(json, domain, &attribute) else {
            return self.left_out.push((attribute, Reason::NotUnicode));
        };
        let number = python::number_in(&text);
        self.fields.insert(format!("{name}_str").into(), Value::Text(text));
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// No server has a field for infinity and NaN.
    fn number(&mut self, name: Cow<'j, str>, number: f64) {
        if number.is_finite() {
            self.fields.insert(name, Value::Number(number));
        } else {
            self.fields.remove(&name);
        }
    }
}

/// The tag `entity_id`: the id without its domain.
pub(super) fn object_id(entity_id: &str) -> &str {
    entity_id.split_once('.').map_or(entity_id, |(_, object_id)| object_id)
}

/// Whether there is a point of such a state.
fn is_written(state: &str) -> bool {
    !matches!(state, "" | "unknown" | "unavailable")
}

/// Which fields a state has, and its number if that is one of them. What is infinite or NaN is shown as it was said: the
/// integration writes it as a number, which no server takes.
fn read(state: &str) -> (Shows, f64) {
    let stands_for = || match state {
        "on" | "locked" | "above_horizon" | "open" | "home" => Some(1.0),
        "off" | "unlocked" | "below_horizon" | "closed" | "not_home" => Some(0.0),
        _ => None,
    };
    match python::float(state) {
        Some(number) if number.is_finite() => (Shows { state: false, value: true }, number),
        Some(_) => (Shows { state: true, value: false }, 0.0),
        None => {
            let number = stands_for();
            (Shows { state: true, value: number.is_some() }, number.unwrap_or_default())
        }
    }
}

/// The field of a state's text, where it has a point.
pub(super) fn field_of_state(state: &str) -> Option<(&'static str, FieldValue)> {
    let (shows, value) = read(state);
    is_written(state).then(|| match shows.state {
        true => ("state", FieldValue::Text(state.to_owned())),
        false => ("value", FieldValue::Float(value)),
    })
}

/// A measurement as a server has it: of one that begins with `#`, the line would be a comment.
fn on_the_wire(name: Cow<'_, str>) -> Cow<'_, str> {
    if let Some(rest) = name.strip_prefix('#') {
        return format!("%23{}", writable(rest)).into();
    }
    match writable(&name) {
        Cow::Borrowed(_) => name,
        Cow::Owned(written) => written.into(),
    }
}

fn text(out: &mut Vec<u8>, says: &str, spells_breaks: bool) -> Result<(), Reason> {
    if spells_breaks && says.contains('\n') {
        return names::text(out, &says.replace('\n', "\\n"));
    }
    names::text(out, says)
}

#[cfg(test)]
mod tests;
