//! Under which name each value is written: worked out once for each name and type, looked up from then on.

use std::mem;

use hashbrown::HashMap;
use hearthline_core::EntityId;

use super::columns::{Columns, Target, WEATHER};
use super::fields::Fields;
use super::tally::{Note, Reason};
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::{self, Kind};
use crate::sources::home_assistant::wire::walk::{self, Walk};

/// Plans that are kept: more attributes than any house has, and a bound.
const MOST_PLANS: usize = 20_000;

/// What is done with an attribute of the entities of a domain.
struct Plan {
    attribute: Box<str>,
    kept: bool,
    /// By kind; none until there was such a value. An attribute that can have no field has the reason instead.
    targets: [Option<Result<Target, Note>>; 4],
}

pub(super) struct Names {
    measurement: String,
    attributes: Attributes,
    pub(super) columns: Columns,
    /// By domain, then by attribute as it stands in the JSON.
    plans: HashMap<Box<str>, HashMap<Box<str>, Plan>>,
    planned: usize,
}

impl Names {
    pub(super) fn new(measurement: String, attributes: Attributes, fields: &mut Fields) -> Self {
        let columns = Columns::of(&measurement, &mut fields.schema, &mut fields.tally);
        let mut names = Self { measurement, attributes, columns, plans: HashMap::new(), planned: 0 };
        names.know_fields(fields);
        names
    }

    pub(super) fn write_to(&mut self, measurement: &str, fields: &mut Fields) {
        self.measurement = measurement.to_owned();
        self.plan_again(fields);
    }

    /// The measurement of states gets so many fields in any case.
    pub(super) fn to_come(&self, measurement: &str) -> usize {
        if measurement == self.measurement { self.columns.to_come } else { 0 }
    }

    /// The schema or what the server takes has changed.
    pub(super) fn plan_again(&mut self, fields: &mut Fields) {
        self.plans.clear();
        self.planned = 0;
        self.columns = Columns::of(&self.measurement, &mut fields.schema, &mut fields.tally);
        self.know_fields(fields);
    }

    fn know_fields(&mut self, fields: &mut Fields) {
        for measurement in [&*self.measurement, WEATHER] {
            fields.know(measurement);
        }
    }

    /// Appends the fields of attributes, each with a comma before it.
    pub(super) fn attributes(
        &mut self,
        entity: &EntityId,
        json: &str,
        fields: &mut Fields,
        out: &mut Vec<u8>,
        notes: &mut Vec<Note>,
    ) {
        if self.attributes == Attributes::None {
            return;
        }
        if self.planned > MOST_PLANS {
            self.plans.clear();
            self.planned = 0;
        }
        let domain = entity.domain();
        let (start, noted) = (out.len(), notes.len());
        let known = fields.count();
        let mut plans = self.plans.get_mut(domain).map(mem::take).unwrap_or_default();
        let mut walk = Walk::new(json);
        walk.object(|key, walk| {
            let value = walk.value();
            let Some(kind) = kind(value) else { return };
            if !plans.contains_key(key) {
                plans.insert(key.into(), self.plan(domain, key, fields));
            }
            if let Some(plan) = plans.get_mut(key).filter(|plan| plan.kept) {
                self.attribute(plan, kind, value, fields, out, notes);
            }
        });
        if walk.end().is_err() {
            out.truncate(start);
            notes.truncate(noted);
            notes.push(fields.tally.left_out("(all attributes)", Reason::NotJson));
        }
        match self.plans.get_mut(domain) {
            Some(empty) => *empty = plans,
            None => drop(self.plans.insert(domain.into(), plans)),
        }
        fields.came_from(entity, known);
    }

    /// What is done with an attribute, by its name as it stands in the JSON.
    fn plan(&mut self, domain: &str, key: &str, fields: &mut Fields) -> Plan {
        self.planned += 1;
        let all = |note: Note| [Some(Err(note)), Some(Err(note)), Some(Err(note)), Some(Err(note))];
        match walk::key(key) {
            Some(name) if name.is_empty() => {
                let targets = all(fields.tally.left_out("", Reason::NoName));
                Plan { attribute: name.into(), kept: true, targets }
            }
            Some(name) => {
                let kept = self.attributes.keeps(domain, &name);
                Plan { attribute: name.into(), kept, targets: [const { None }; 4] }
            }
            None => {
                let targets = all(fields.tally.left_out(key, Reason::NotUnicode));
                Plan { attribute: key.into(), kept: true, targets }
            }
        }
    }

    fn attribute(
        &self,
        plan: &mut Plan,
        kind: Kind,
        value: &str,
        fields: &mut Fields,
        out: &mut Vec<u8>,
        notes: &mut Vec<Note>,
    ) {
        let Plan { attribute, targets, .. } = plan;
        let Some(target) = targets.get_mut(kind as usize) else { return };
        let target = match target.get_or_insert_with(|| self.attribute_target(attribute, kind, fields)) {
            Ok(target) => target,
            Err(left_out) => return notes.push(*left_out),
        };
        let (start, noted) = (out.len(), notes.len());
        out.push(b',');
        target.begin(out, notes);
        if let Err(reason) = write(out, kind, value) {
            out.truncate(start);
            notes.truncate(noted);
            notes.push(fields.tally.left_out(attribute, reason));
        }
    }

    fn attribute_target(&self, attribute: &str, kind: Kind, fields: &mut Fields) -> Result<Target, Note> {
        let field = name::of_attribute(attribute, kind);
        fields.target(&self.measurement, &field, kind.field_type(), attribute, self.columns.to_come)
    }
}

/// What a JSON value is; none for null.
fn kind(json: &str) -> Option<Kind> {
    match json.as_bytes().first()? {
        b'"' => Some(Kind::Text),
        b't' | b'f' => Some(Kind::Bool),
        b'{' | b'[' => Some(Kind::Json),
        b'-' | b'0'..=b'9' => Some(Kind::Number),
        _ => None,
    }
}

/// Writes a JSON value as the value of a field.
fn write(out: &mut Vec<u8>, kind: Kind, json: &str) -> Result<(), Reason> {
    match kind {
        Kind::Bool => out.extend_from_slice(json.as_bytes()),
        Kind::Number if json.len() <= 24 && !json.contains(['e', 'E']) => {
            out.extend_from_slice(json.as_bytes())
        }
        Kind::Number => {
            let number = json.parse().ok().filter(|number: &f64| number.is_finite());
            line::float(out, number.ok_or(Reason::NumberTooLarge)?);
        }
        Kind::Text if json.contains('\\') => {
            text(out, &serde_json::from_str::<String>(json).map_err(|_| Reason::NotUnicode)?)?;
        }
        // Without escapes there is nothing to escape either, and it has its quotes.
        Kind::Text if json.len() <= line::LONGEST_TEXT + 2 => out.extend_from_slice(json.as_bytes()),
        Kind::Text => return Err(Reason::TextTooLong),
        Kind::Json => text(out, json)?,
    }
    Ok(())
}

/// A text that is not too long.
pub(super) fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Reason> {
    if text.len() > line::LONGEST_TEXT {
        return Err(Reason::TextTooLong);
    }
    line::text(out, text);
    Ok(())
}
