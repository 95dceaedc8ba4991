//! Reading, writing, and comparing.
//!
//! Page by page: what the points have, what is where it goes already, and what is missing there. What is missing is written;
//! a value that is there and says something else is never overwritten. So it may be killed at any point and be done again. To compare
//! is the same without writing: nothing may be missing then, and the running checksum of what was found has to be that of what was
//! to be there.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::convert::{Cannot, convert};
use super::moves::Move;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::name;
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::server::Server;
use crate::sinks::influxdb::server::page::Reader;
use crate::sinks::influxdb::server::table::Table;
use crate::sinks::influxdb::stored::{FieldValue, StoredPoint};

/// A value with its name.
type Field = (String, FieldValue);

/// A time and the tags.
type At = (i64, Vec<(String, String)>);

/// Points that are named where their values were kept.
const EXAMPLES: usize = 20;

/// What goes where.
pub struct Transfer<'t> {
    /// Where it is read.
    pub from: &'t Table,
    /// Where it is written, as it is now.
    pub to: &'t Table,
    /// Which fields.
    pub moves: &'t [Move],
    /// Integers that no float holds are written as texts beside it, because nothing of the point stays where it was.
    pub whole_points: bool,
    /// Points that the other measurement has in any form are passed over.
    pub only_new: bool,
}

/// What is done with what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is written.
    Write,
    /// It is counted.
    Compare,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Points that were read.
    pub points: u64,
    /// Values that have to be where they go.
    pub values: u64,
    /// Those that were written, or are missing where it is only compared.
    pub missing: u64,
    /// Those that were there.
    pub there: u64,
    /// Values that would have overwritten another one, which was left.
    pub kept: u64,
    /// The first of these.
    pub kept_examples: Vec<String>,
    /// Integers that no float holds exactly; they are not copied.
    pub inexact: u64,
    /// Texts that are no numbers, where numbers were to be copied.
    pub no_numbers: u64,
    /// Points whose tags no line can carry.
    pub unwritable: u64,
    /// Points that are older than the server keeps any, and were not taken any more.
    pub outside: u64,
    /// CRC-32 of the values with their series and times, without those that were kept or are missing.
    pub crc: u32,
}

impl Transfer<'_> {
    /// Goes through a range. `each` hears how many points were read, and of each point what was there already.
    ///
    /// # Errors
    /// When the server stops answering, or refuses a line. It may be run again.
    pub async fn run(
        &self,
        server: &mut Server,
        range: Range<i64>,
        mode: Mode,
        mut each: impl FnMut(u64, &StoredPoint) -> Result<(), Stop>,
    ) -> Result<Outcome, Stop> {
        let mut moves: HashMap<&str, Vec<&Move>> = HashMap::new();
        for of in self.moves {
            moves.entry(&of.field).or_default().push(of);
        }
        let moved = |(field, kind): &(&str, FieldType)| {
            moves.get(field).is_some_and(|of| of.iter().any(|of| of.kind == *kind))
        };
        let fields: Vec<_> =
            self.from.columns().filter(moved).map(|(field, kind)| (field.to_owned(), kind)).collect();
        let mut reader = Reader::new(self.from, &fields, range);
        let (mut outcome, mut sum) = (Outcome::default(), crc32fast::Hasher::new());
        while let Some(page) = reader.next(server).await? {
            let ends =
                page.first().zip(page.last()).map(|(first, last)| first.time..last.time.saturating_add(1));
            let Some(ends) = ends else { continue };
            let there = self.there(server, ends).await?;
            let mut to_write = Vec::new();
            outcome.points += page.len() as u64;
            for point in &page {
                let at = there.get(point);
                if self.only_new && at.is_some() {
                    continue;
                }
                let wanted = self.wanted(&moves, point, &mut outcome);
                let (missing, found) = sort(wanted, at, point, &mut outcome, &mut sum, mode);
                each(outcome.points, &found)?;
                if !missing.fields.is_empty() {
                    to_write.push(missing);
                }
            }
            if mode == Mode::Write {
                let written = server.write_points(self.to.version, &self.to.measurement, &to_write).await?;
                outcome.outside += written.outside;
            }
        }
        outcome.crc = sum.finalize();
        Ok(outcome)
    }

    /// What is there already, where it goes.
    async fn there(&self, server: &mut Server, range: Range<i64>) -> Result<There, Stop> {
        let target = self.to.columns().filter(|(field, kind)| {
            self.only_new
                || self.moves.iter().any(|of| {
                    of.to == *field && of.becomes == *kind || self.whole_points && field.starts_with(&of.to)
                })
        });
        let fields: Vec<_> = target.map(|(field, kind)| (field.to_owned(), kind)).collect();
        let mut reader = Reader::new(self.to, &fields, range);
        let mut there = There::default();
        while let Some(page) = reader.next(server).await? {
            there.0.extend(page.into_iter().map(|point| ((point.time, point.tags), point.fields)));
        }
        Ok(there)
    }

    /// The values of a point, with the names and types that they get.
    fn wanted(
        &self,
        moves: &HashMap<&str, Vec<&Move>>,
        point: &StoredPoint,
        outcome: &mut Outcome,
    ) -> Vec<Field> {
        let carried = point.tags.iter().all(|(tag, value)| line::carries(tag) && line::carries(value));
        if !carried {
            outcome.unwritable += 1;
            return Vec::new();
        }
        let mut wanted: Vec<Field> = Vec::with_capacity(point.fields.len());
        for (field, value) in &point.fields {
            let of_field = moves.get(field.as_str()).into_iter().flatten();
            for of in of_field.filter(|of| of.kind == value.kind()) {
                let (to, value) = match convert(value, of.becomes) {
                    Ok(value) => (of.to.clone(), value),
                    Err(Cannot::Precision) if self.whole_points => {
                        let Ok(text) = convert(value, FieldType::Text) else { continue };
                        (name::sibling(&of.to, FieldType::Text, 1), text)
                    }
                    Err(Cannot::Precision) => {
                        outcome.inexact += 1;
                        continue;
                    }
                    Err(Cannot::Reading) => {
                        outcome.no_numbers += 1;
                        continue;
                    }
                };
                put(&mut wanted, &to, value);
            }
        }
        wanted
    }
}

/// Adds a value. Where its name has another one (of a point that has the old field and the new one), it gets the next name.
fn put(wanted: &mut Vec<Field>, to: &str, value: FieldValue) {
    let mut names = std::iter::once(to.to_owned()).chain((1..).map(|n| name::sibling(to, value.kind(), n)));
    let Some(to) = names.find(|to| wanted.iter().all(|(has, is)| has != to || *is == value)) else { return };
    if wanted.iter().all(|(has, _)| *has != to) {
        wanted.push((to, value));
    }
}

/// Points by time and tags.
#[derive(Default)]
struct There(HashMap<At, Vec<Field>>);

impl There {
    fn get(&self, point: &StoredPoint) -> Option<&Vec<Field>> {
        if self.0.is_empty() {
            return None;
        }
        // A key of borrowed parts would need a type of its own; tags are few.
        self.0.get(&(point.time, point.tags.clone()))
    }
}

/// What of a point is missing, and what of it is there.
fn sort(
    wanted: Vec<Field>,
    at: Option<&Vec<Field>>,
    point: &StoredPoint,
    outcome: &mut Outcome,
    sum: &mut crc32fast::Hasher,
    mode: Mode,
) -> (StoredPoint, StoredPoint) {
    let part = || StoredPoint { tags: point.tags.clone(), time: point.time, fields: Vec::new() };
    let (mut missing, mut found) = (part(), part());
    for (name, value) in wanted {
        outcome.values += 1;
        let has = at.and_then(|fields| fields.iter().find(|(has, _)| *has == name));
        match has {
            Some((_, has)) if *has == value => {
                outcome.there += 1;
                add(sum, point, &name, &value);
                found.fields.push((name, value));
            }
            Some((_, has)) => {
                outcome.kept += 1;
                if outcome.kept_examples.len() < EXAMPLES {
                    let tags: String =
                        point.tags.iter().map(|(tag, value)| format!(" {tag}={value}")).collect();
                    let words = format!("{name} at {}{tags}: has {has}, not {value}", point.time);
                    outcome.kept_examples.push(words);
                }
            }
            None => {
                outcome.missing += 1;
                if mode == Mode::Write {
                    add(sum, point, &name, &value);
                }
                missing.fields.push((name, value));
            }
        }
    }
    (missing, found)
}

fn add(sum: &mut crc32fast::Hasher, point: &StoredPoint, name: &str, value: &FieldValue) {
    let mut bytes = Vec::with_capacity(128);
    line::point(&mut bytes, "", &point.tags, [(name, value)], point.time);
    sum.update(&bytes);
}

#[cfg(test)]
mod tests;
