//! `events`: one row for each event that is no state change.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch};
use hearthline_core::{EventRow, Origin, Seq, Timestamp};

use super::Record;
use crate::Table;
use crate::buffer::{Buffers, Days};
use crate::columns::{Column, Kind, Numbers, Texts, number, optional, required, text, time};

impl Record for EventRow {
    type Identity = (Arc<str>, Arc<str>, Timestamp, Option<Arc<str>>, Arc<str>);

    const TABLE: Table = Table::Events;
    const COLUMNS: &'static [Column] = &[
        required("ts", Kind::Time),
        required("seq", Kind::Seq),
        required("event_type", Kind::Text),
        required("data", Kind::Text),
        optional("context_id", Kind::Text),
        required("origin", Kind::Text),
        required("site", Kind::Text),
    ];
    const SORTED: &'static [&'static str] = &["ts"];
    const KEY: &'static [&'static str] = &["site", "event_type", "ts", "context_id", "data", "seq"];
    const NAME: &'static str = "event_type";

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn name(&self) -> &str {
        &self.event_type
    }

    fn identity(&self) -> Self::Identity {
        let [site, event_type, data] = [&self.site, &self.event_type, &self.data].map(Arc::clone);
        (site, event_type, self.ts, self.context_id.clone(), data)
    }

    fn place(&self) -> (&str, Timestamp, Seq) {
        ("", self.ts, Seq::ZERO)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.ts.cmp(&other.ts))
            .then_with(|| self.event_type.cmp(&other.event_type))
            .then_with(|| self.data.cmp(&other.data))
            .then_with(|| self.context_id.cmp(&other.context_id))
            .then_with(|| self.site.cmp(&other.site))
            .then_with(|| self.seq.cmp(&other.seq))
    }

    fn encode(rows: &[Arc<Self>]) -> Vec<ArrayRef> {
        vec![
            time(rows, |row| Some(row.ts.0)),
            number::<UInt64Type, _>(rows, |row| Some(row.seq.0)),
            text(rows, |row| Some(&row.event_type)),
            text(rows, |row| Some(&row.data)),
            text(rows, |row| row.context_id.as_deref()),
            text(rows, |row| Some(row.origin.as_str())),
            text(rows, |row| Some(&row.site)),
        ]
    }

    fn decode(batch: &RecordBatch) -> Vec<Self> {
        let texts = |name| Texts::of(batch, name);
        let [mut event_type, mut data, mut site] = ["event_type", "data", "site"].map(texts);
        let [mut context_id, mut origin] = ["context_id", "origin"].map(texts);
        let ts = Numbers::<TimestampMicrosecondType>::of(batch, "ts");
        let seq = Numbers::<UInt64Type>::of(batch, "seq");
        let row = |row| Self {
            seq: Seq(seq.get(row).unwrap_or_default()),
            ts: Timestamp(ts.get(row).unwrap_or_default()),
            site: site.required(row),
            event_type: event_type.required(row),
            data: data.required(row),
            context_id: context_id.get(row),
            origin: origin.get(row).and_then(|name| Origin::from_name(&name)).unwrap_or(Origin::Live),
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn buffered(buffers: &Buffers) -> &Days<Self> {
        &buffers.events
    }
}
