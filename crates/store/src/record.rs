//! What flush, merge and scan need to know of a row, whatever its table.

mod entities;
mod events;
mod quarantine;
mod settled;
pub(crate) mod states;
mod weather;

use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use hearthline_core::{Seq, Timestamp};

use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::Column;

/// A row of one table.
pub(crate) trait Record: Clone + Send + Sync + 'static {
    /// What makes two rows the same row.
    type Identity: Eq + Hash;

    const TABLE: Table;
    const COLUMNS: &'static [Column];
    /// Those of them that exports have too.
    const EXPORTED: &'static [Column] = Self::COLUMNS;
    /// The columns a file is sorted by.
    const SORTED: &'static [&'static str];
    /// The columns that [`Record::order`] and [`Record::identity`] read.
    const KEY: &'static [&'static str];
    /// The column of [`Record::name`].
    const NAME: &'static str;

    fn ts(&self) -> Timestamp;

    /// What a query may ask for by name.
    fn name(&self) -> &str;

    fn identity(&self) -> Self::Identity;

    /// Where it stands in a file, as far as several rows may share it: a name, a time and a number that do not fall from one row
    /// to the next.
    fn place(&self) -> (&str, Timestamp, Seq);

    /// The number of its record, where its table has that.
    fn number(&self) -> Seq {
        self.place().2
    }

    /// Without the number of its record, if that is only for who reads rows again.
    fn without_number(row: Arc<Self>) -> Arc<Self> {
        row
    }

    /// The order of rows in a file. Rows of one name and identity are neighbours in it.
    fn order(&self, other: &Self) -> Ordering;

    /// One array for each column, in their order.
    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef>;

    /// Columns that were left out come back as null or empty.
    fn decode(batch: &RecordBatch) -> Vec<Self>;

    /// The rows of this table that are not in a file yet.
    fn buffered(buffers: &Buffers) -> &Days<Self>;
}
