//! `settled`: one row for each record of `quarantine` that waits no more. It has the time of that record, so that both lie in
//! one day and go together.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch};
use hearthline_core::{Seq, SettledRow, Settlement, Timestamp};

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, number, required, text, time};

impl Record for SettledRow {
    type Identity = Seq;

    const TABLE: Table = Table::Settled;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::Time),
        required("of", Kind::Seq),
        required("seq", Kind::Seq),
        required("how", Kind::Text),
        required("at", Kind::Time),
        required("site", Kind::Text),
    ];
    const SORTED: &'static [&'static str] = &["ts", "of"];
    const KEY: &'static [&'static str] = &["ts", "of"];
    const NAME: &'static str = "how";

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn name(&self) -> &str {
        self.how.as_str()
    }

    fn identity(&self) -> Self::Identity {
        self.of
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        ("", self.ts, self.of)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.ts, self.of).cmp(&(other.ts, other.of))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        vec![
            time(rows, |row| Some(row.ts.0)),
            number::<UInt64Type, _>(rows, |row| Some(row.of.0)),
            number::<UInt64Type, _>(rows, |row| Some(row.seq.0)),
            text(rows, |row| Some(row.how.as_str())),
            time(rows, |row| Some(row.at.0)),
            text(rows, |row| Some(&row.site)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let [mut how, mut site] = ["how", "site"].map(|name| Texts::of(batch, name));
        let [ts, at] = ["ts", "at"].map(|name| Numbers::<TimestampMicrosecondType>::of(batch, name));
        let [of, seq] = ["of", "seq"].map(|name| Numbers::<UInt64Type>::of(batch, name));
        let row = |row| Self {
            seq: Seq(seq.get(row).unwrap_or_default()),
            of: Seq(of.get(row).unwrap_or_default()),
            ts: Timestamp(ts.get(row).unwrap_or_default()),
            site: site.required(row),
            how: how.get(row).and_then(|name| Settlement::from_name(&name)).unwrap_or(Settlement::Dropped),
            at: Timestamp(at.get(row).unwrap_or_default()),
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.settled
    }
}
