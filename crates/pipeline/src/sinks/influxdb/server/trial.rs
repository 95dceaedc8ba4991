//! A point that is written, read back and removed again, to see that a server does what it says.

use std::time::Duration;

use tokio::time::Instant;

use super::{Reader, Server, Version};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::stored::{FieldValue, StoredPoint};

/// Where the point is written: a measurement that nothing else uses, since all of it is removed.
pub const TRIAL: &str = "hearthline_doctor";

/// What became of the point.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Until the server had taken it.
    pub wrote: Duration,
    /// Until it was read back, or why it was not.
    pub read: Result<Duration, String>,
    /// What was read back is what was written.
    pub same: bool,
    /// The measurement was removed, or why not: then the point stays.
    pub removed: Result<(), String>,
}

impl Server {
    /// Writes one point of that time (nanoseconds) with this text into [`TRIAL`], reads it back, and removes the measurement.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn try_out(&mut self, version: Version, text: &str, time: i64) -> Result<Trial, Stop> {
        let fields = vec![
            ("number".to_owned(), FieldValue::Float(21.5)),
            ("text".to_owned(), FieldValue::Text(text.to_owned())),
        ];
        let point = StoredPoint { tags: Vec::new(), time, fields };
        let began = Instant::now();
        let written = self.write_points(version, TRIAL, std::slice::from_ref(&point)).await?;
        let wrote = began.elapsed();
        if written.outside > 0 {
            let words = "the server says that a point of this moment is older than it keeps any: see its clock and its retention";
            return Err(Stop::Parked(words.into()));
        }
        let began = Instant::now();
        let read = self.read_back(version, time).await;
        let same = read.as_ref().is_ok_and(|read| read.iter().any(|read| is_same(read, &point)));
        let read = read.map(|_| began.elapsed()).map_err(|stop| stop.words().to_owned());
        let removed = self.clear(version, TRIAL).await.map_err(|stop| stop.words().to_owned());
        Ok(Trial { wrote, read, same, removed })
    }

    async fn read_back(&mut self, version: Version, time: i64) -> Result<Vec<StoredPoint>, Stop> {
        let table = self.table(version, TRIAL).await?;
        let fields = [("number", FieldType::Float), ("text", FieldType::Text)];
        let fields = fields.map(|(name, kind)| (name.to_owned(), kind));
        let mut reader = Reader::new(&table, &fields, time..time.saturating_add(1));
        Ok(reader.next(self).await?.unwrap_or_default())
    }
}

/// The order of fields is the server's.
fn is_same(read: &StoredPoint, written: &StoredPoint) -> bool {
    read.time == written.time
        && read.fields.len() == written.fields.len()
        && written.fields.iter().all(|field| read.fields.contains(field))
}
