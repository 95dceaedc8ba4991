//! `quarantine`: one row for each record that could not be understood, with its bytes.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{ArrayRef, LargeBinaryArray, RecordBatch};
use hearthline_core::{QuarantineRow, Seq, Timestamp};

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, number, required, text, time};

impl Record for QuarantineRow {
    type Identity = Seq;

    const TABLE: Table = Table::Quarantine;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::Time),
        required("seq", Kind::Seq),
        required("reason", Kind::Text),
        required("raw", Kind::Bytes),
        required("site", Kind::Text),
    ];
    const SORTED: &'static [&'static str] = &["ts", "seq"];
    const KEY: &'static [&'static str] = &["ts", "seq"];
    const NAME: &'static str = "reason";

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn name(&self) -> &str {
        &self.reason
    }

    fn identity(&self) -> Self::Identity {
        self.seq
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        ("", self.ts, self.seq)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.ts, self.seq).cmp(&(other.ts, other.seq))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        vec![
            time(rows, |row| Some(row.ts.0)),
            number::<UInt64Type, _>(rows, |row| Some(row.seq.0)),
            text(rows, |row| Some(&row.reason)),
            Arc::new(LargeBinaryArray::from_iter_values(rows.iter().map(|row| &*row.raw))),
            text(rows, |row| Some(&row.site)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let [mut reason, mut site] = ["reason", "site"].map(|name| Texts::of(batch, name));
        let ts = Numbers::<TimestampMicrosecondType>::of(batch, "ts");
        let seq = Numbers::<UInt64Type>::of(batch, "seq");
        let raw = batch.column_by_name("raw").and_then(|column| column.as_binary_opt::<i64>());
        let row = |row| Self {
            seq: Seq(seq.get(row).unwrap_or_default()),
            ts: Timestamp(ts.get(row).unwrap_or_default()),
            site: site.required(row),
            reason: reason.required(row),
            raw: raw.map_or_else(Arc::default, |raw| raw.value(row).into()),
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.quarantine
    }
}
