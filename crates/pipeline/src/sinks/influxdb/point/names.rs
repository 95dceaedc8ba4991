//! Under which name each value is written: worked out once for each name and type, looked up from then on.

use std::collections::BTreeMap;
use std::mem;

use hashbrown::{HashMap, HashSet};
use hearthline_core::EntityId;

use super::columns::{Columns, Target, WEATHER};
use super::tally::{Note, Reason, Tally};
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::cardinality::{Share, most};
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name::{self, Kind};
use crate::sinks::influxdb::schema::Schema;
use crate::sources::home_assistant::wire::walk::Walk;

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
    most_fields: usize,
    schema: Schema,
    pub(super) tally: Tally,
    pub(super) columns: Columns,
    /// By domain, then by attribute as it stands in the JSON.
    plans: HashMap<Box<str>, HashMap<Box<str>, Plan>>,
    planned: usize,
    /// The fields that were written or are there already, by measurement.
    fields: BTreeMap<String, HashSet<String>>,
    /// Of which entity a field was first, by entity.
    firsts: HashMap<EntityId, u64>,
}

impl Names {
    pub(super) fn new(measurement: String, attributes: Attributes, mut schema: Schema) -> Self {
        let mut tally = Tally::default();
        let columns = Columns::of(&measurement, &mut schema, &mut tally);
        let mut names = Self {
            measurement,
            attributes,
            most_fields: usize::MAX,
            schema,
            tally,
            columns,
            plans: HashMap::new(),
            planned: 0,
            fields: BTreeMap::new(),
            firsts: HashMap::new(),
        };
        names.know_fields();
        names
    }

    pub(super) const fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn change_schema<R>(&mut self, change: impl FnOnce(&mut Schema) -> R) -> R {
        let done = change(&mut self.schema);
        self.plan_again();
        done
    }

    pub(super) fn write_to(&mut self, measurement: &str) {
        self.measurement = measurement.to_owned();
        self.plan_again();
    }

    pub(super) fn limit_fields(&mut self, most: usize) {
        self.most_fields = most;
        self.fields.clear(); // what was refused is not there
        self.firsts.clear();
        self.plan_again();
    }

    /// What was encoded since the last time was delivered.
    pub(super) fn keep(&mut self) {
        self.tally.keep(&mut self.schema);
    }

    /// How many fields each measurement has, as far as they are known here; that of states with those which every house has.
    pub(super) fn fields(&self) -> BTreeMap<String, u64> {
        let to_come =
            |measurement: &str| if measurement == self.measurement { self.columns.to_come } else { 0 };
        let count = |(measurement, fields): (&String, &HashSet<String>)| {
            (measurement.clone(), (fields.len() + to_come(measurement)) as u64)
        };
        self.fields.iter().map(count).filter(|(_, fields)| *fields > 0).collect()
    }

    /// Of all measurements together.
    pub(super) fn field_count(&self) -> usize {
        self.fields.values().map(HashSet::len).sum()
    }

    /// The entities of which attributes came that needed fields which nobody had needed before.
    pub(super) fn most_fields(&self) -> Vec<Share> {
        most(self.firsts.iter().map(|(entity, count)| (entity.as_str(), *count)), 0)
    }

    fn plan_again(&mut self) {
        self.plans.clear();
        self.planned = 0;
        self.columns = Columns::of(&self.measurement, &mut self.schema, &mut self.tally);
        self.know_fields();
    }

    fn know_fields(&mut self) {
        for measurement in [&*self.measurement, WEATHER] {
            let known = self.schema.fields(measurement).map(ToOwned::to_owned);
            self.fields.entry(measurement.into()).or_default().extend(known);
        }
    }

    /// Appends the fields of attributes, each with a comma before it.
    pub(super) fn attributes(
        &mut self,
        entity: &EntityId,
        json: &str,
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
        let known = self.field_count();
        let mut plans = self.plans.get_mut(domain).map(mem::take).unwrap_or_default();
        let mut walk = Walk::new(json);
        walk.object(|key, walk| {
            let value = walk.value();
            let Some(kind) = kind(value) else { return };
            if !plans.contains_key(key) {
                plans.insert(key.into(), self.plan(domain, key));
            }
            if let Some(plan) = plans.get_mut(key).filter(|plan| plan.kept) {
                self.attribute(plan, kind, value, out, notes);
            }
        });
        if walk.end().is_err() {
            out.truncate(start);
            notes.truncate(noted);
            notes.push(self.tally.left_out("(all attributes)", Reason::NotJson));
        }
        match self.plans.get_mut(domain) {
            Some(empty) => *empty = plans,
            None => drop(self.plans.insert(domain.into(), plans)),
        }
        let new = self.field_count().saturating_sub(known);
        if new > 0 {
            *self.firsts.entry(entity.clone()).or_default() += new as u64;
        }
    }

    /// What is done with an attribute, by its name as it stands in the JSON.
    fn plan(&mut self, domain: &str, key: &str) -> Plan {
        self.planned += 1;
        let decoded =
            if key.contains('\\') { serde_json::from_str(&format!("\"{key}\"")) } else { Ok(key.to_owned()) };
        let all = |note: Note| [Some(Err(note)), Some(Err(note)), Some(Err(note)), Some(Err(note))];
        match decoded {
            Ok(name) if name.is_empty() => {
                let targets = all(self.tally.left_out("", Reason::NoName));
                Plan { attribute: name.into(), kept: true, targets }
            }
            Ok(name) => {
                let kept = self.attributes.keeps(domain, &name);
                Plan { attribute: name.into(), kept, targets: [const { None }; 4] }
            }
            Err(_) => {
                let targets = all(self.tally.left_out(key, Reason::NotUnicode));
                Plan { attribute: key.into(), kept: true, targets }
            }
        }
    }

    fn attribute(
        &mut self,
        plan: &mut Plan,
        kind: Kind,
        value: &str,
        out: &mut Vec<u8>,
        notes: &mut Vec<Note>,
    ) {
        let Plan { attribute, targets, .. } = plan;
        let Some(target) = targets.get_mut(kind as usize) else { return };
        let target = match target.get_or_insert_with(|| self.attribute_target(attribute, kind)) {
            Ok(target) => target,
            Err(left_out) => return notes.push(*left_out),
        };
        let (start, noted) = (out.len(), notes.len());
        out.push(b',');
        target.begin(out, notes);
        if let Err(reason) = write(out, kind, value) {
            out.truncate(start);
            notes.truncate(noted);
            notes.push(self.tally.left_out(attribute, reason));
        }
    }

    fn attribute_target(&mut self, attribute: &str, kind: Kind) -> Result<Target, Note> {
        let field = name::of_attribute(attribute, kind);
        let measurement = self.measurement.clone();
        let placed = self.schema.place(&measurement, &field, kind.field_type()).into_owned();
        let fields = self.fields.entry(measurement.clone()).or_default();
        if !fields.contains(&placed) && fields.len() + self.columns.to_come >= self.most_fields {
            return Err(self.tally.left_out(attribute, Reason::TooManyFields));
        }
        let Self { schema, tally, .. } = self;
        let target = Target::of(&measurement, &field, kind.field_type(), schema, tally);
        if target.len() > line::LONGEST_FIELD {
            return Err(self.tally.left_out(attribute, Reason::NameTooLong));
        }
        self.fields.entry(measurement).or_default().insert(placed);
        Ok(target)
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
