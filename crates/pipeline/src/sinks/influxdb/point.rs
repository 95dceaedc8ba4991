//! Rows become lines, in one of two layouts: our own ([`native`]), or that of Home Assistant's own integration ([`ha`]).
//!
//! Times are in nanoseconds. A server keeps one point of each series and time: a state that differs from others with its
//! `last_updated` comes so many nanoseconds later; other events come 0 to 999 nanoseconds later, by a hash of what they say. So a
//! row that is sent again is the point that is there.
//!
//! Attributes mostly do not change: what an entity's were encoded to last is kept, and nothing is allocated for a row whose
//! attributes are the same.

mod columns;
mod fields;
mod ha;
mod kept;
mod layout;
mod names;
mod native;
mod spread;
mod tally;
mod written;

use hearthline_core::{Row, Timestamp};

pub use self::columns::WEATHER;
use self::fields::Fields;
use self::ha::Ha;
pub use self::layout::{HaLayout, Layout, MeasurementAttr, NativeLayout};
use self::native::Native;
use self::spread::Spread;
use self::tally::Note;
pub use self::tally::{LeftOut, Reason};
use super::cardinality::Cardinality;
use super::line;
use super::schema::Schema;
use super::server::Version;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// One line was appended.
    Line,
    /// The row has no line.
    None,
    /// Nothing was appended: the row itself, not only one of its attributes, cannot be written.
    CannotBeWritten(Reason),
}

/// Makes lines of rows.
pub struct Encoder {
    form: Form,
    fields: Fields,
    spread: Spread,
    one_line: bool,
    notes: Vec<Note>,
}

/// By layout.
enum Form {
    Native(Box<Native>),
    Ha(Box<Ha>),
}

/// Where a row is written to, and what is counted of it.
struct Writing<'w> {
    fields: &'w mut Fields,
    spread: &'w mut Spread,
    notes: &'w mut Vec<Note>,
    out: &'w mut Vec<u8>,
}

impl Encoder {
    /// Encodes in this layout for a server that has these fields.
    #[must_use]
    pub fn new(layout: Layout, schema: Schema) -> Self {
        let mut fields = Fields::new(schema);
        let form = match layout {
            Layout::Native(layout) => Form::Native(Box::new(Native::new(layout, &mut fields))),
            Layout::Ha(layout) => Form::Ha(Box::new(Ha::new(layout, &mut fields))),
        };
        Self { form, fields, spread: Spread::default(), one_line: false, notes: Vec::new() }
    }

    /// What is known of the server's fields. To be kept on disk after a [`Encoder::keep`].
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.fields.schema
    }

    /// Adopts, learns or forgets. Rows are written accordingly from then on.
    pub fn change_schema<R>(&mut self, change: impl FnOnce(&mut Schema) -> R) -> R {
        let done = change(&mut self.fields.schema);
        self.begin_anew();
        done
    }

    /// In our own layout, states and events go to this measurement from now on.
    pub fn write_to(&mut self, measurement: &str) {
        if let Form::Native(native) = &mut self.form {
            native.write_to(measurement, &mut self.fields);
        }
    }

    /// The server takes no more fields than this in a measurement. Attributes that would need another one than the schema has are
    /// left out.
    pub fn limit_fields(&mut self, most: usize) {
        self.fields.limit(most);
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        match &mut self.form {
            Form::Native(native) => native.begin_anew(&mut self.fields),
            Form::Ha(ha) => ha.begin_anew(&mut self.fields),
        }
    }

    /// Which server is written to. One that reads line by line knows no line breaks inside of texts (VictoriaMetrics, which then
    /// loses the point without a word): spaces are written in their place.
    pub fn writes_for(&mut self, version: Version, reads_lines: bool) {
        self.one_line = reads_lines;
        if let Form::Ha(ha) = &mut self.form {
            ha.writes_for(version);
        }
    }

    /// What was encoded since the last call of this or of [`Encoder::discard`] was delivered: its counts hold.
    pub fn keep(&mut self) {
        self.fields.keep();
    }

    /// What was encoded since was not delivered and will be encoded again: its counts are dropped.
    pub fn discard(&mut self) {
        self.fields.tally.discard();
    }

    /// The fields that rows were delivered without, most rows first.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.fields.tally.all_left_out()
    }

    /// What the points cost the server, as far as they were written or their fields are known of it.
    #[must_use]
    pub fn cardinality(&self) -> Cardinality {
        let to_come = |measurement: &str| match &self.form {
            Form::Native(native) => native.to_come(measurement),
            Form::Ha(_) => 0,
        };
        Cardinality {
            series: self.spread.series(),
            entities: self.spread.entities(),
            fields: self.fields.counts(to_come),
            tags: self.spread.tags(),
            most_series: self.spread.most(),
            most_fields: self.fields.most_fields(),
        }
    }

    /// How many series were written to, and how many fields are known: when neither is another, [`Encoder::cardinality`] is the same.
    #[must_use]
    pub fn size(&self) -> (u64, usize) {
        (self.spread.series(), self.fields.count())
    }

    /// Appends the line of a row, with its line break.
    pub fn encode(&mut self, row: &Row, out: &mut Vec<u8>) -> Encoded {
        let start = out.len();
        let Self { form, fields, spread, notes, .. } = self;
        notes.clear();
        let to = Writing { fields, spread, notes, out };
        let encoded = match (form, row) {
            (Form::Native(native), Row::State(row)) => native.state(row, to),
            (Form::Native(native), Row::Event(row)) => native.event(row, to),
            (Form::Native(native), Row::Weather(row)) => native.observation(row, to),
            (Form::Ha(ha), Row::State(row)) => ha.state(row, to),
            _ => Ok(false),
        };
        match encoded {
            Ok(true) => {
                if self.one_line {
                    let breaks = out.iter_mut().skip(start).filter(|byte| **byte == b'\n');
                    breaks.for_each(|byte| *byte = b' ');
                }
                out.push(b'\n');
                self.fields.tally.count(&self.notes);
                Encoded::Line
            }
            Ok(false) => {
                out.truncate(start);
                Encoded::None
            }
            Err(reason) => {
                out.truncate(start);
                Encoded::CannotBeWritten(reason)
            }
        }
    }
}

/// Ends the line.
fn time(out: &mut Vec<u8>, at: Timestamp, tie: u16) -> Result<bool, Reason> {
    out.push(b' ');
    if line::time(out, at, tie) { Ok(true) } else { Err(Reason::TimeOutOfRange) }
}

#[cfg(test)]
mod tests;
