//! The embedded store: plain Parquet files in a folder, a manifest that says which of them count, and a buffer in memory
//! for what is not in a file yet. The only crate that names arrow or parquet; neither appears in a signature.
//!
//! ```text
//! <dir>/manifest.<n>                                   which files count, and up to which log record (`manifest`)
//! <dir>/states/date=2026-11-23/0000000017.parquet      rows of one UTC day, sorted by (entity_id, ts, tie)
//! <dir>/events/date=…/  <dir>/quarantine/date=…/       the same for the other tables, sorted by ts
//! <dir>/settled/date=…/                                which rows of quarantine wait no more, by the time of those
//! <dir>/weather/date=…/                                weather observations, sorted by ts
//! <dir>/latest/0000000018.parquet                      the last state of each entity, columns as in `states`
//! <dir>/entities/0000000019.parquet                    what was known of each entity from when on, sorted by ts
//! <dir>/../receipts/retention-<n>.json                 what retention has dropped (`receipt`)
//! ```
//!
//! Any engine may read the folder at any time: a file appears whole, under its final name. While closed days are merged
//! there are moments in which a day's rows are there twice; the manifest is exact at all times.
//!
//! What was [written](Store::write) is in memory and in every answer; what was [flushed](Store::flush) survives a power
//! cut. The rows between the two are given again by the log.

mod buckets;
mod buffer;
mod check;
mod columns;
mod error;
mod export;
mod file;
mod flush;
mod folder;
mod held;
mod latest;
mod manifest;
mod names;
mod query;
mod rate;
mod receipt;
mod record;
mod repair;
mod reread;
mod retention;
mod scan;
mod series;
mod stats;
mod store;
mod table;
mod upkeep;

#[cfg(test)]
mod tests;

pub use buckets::{BucketRow, Fill, LOOK_BACK};
pub use check::{Check, Depth, check};
pub use error::StoreError;
pub use export::ExportFormat;
pub use held::{Held, HeldFile, Summary, TableSummary, summary};
pub use manifest::Counts;
pub use names::{Segment, Series};
pub use query::{EventsQuery, QuarantineQuery, StatesQuery, WeatherQuery};
pub use rate::RateRow;
pub use receipt::{Outcome, Receipt, ReceiptFile};
pub use repair::{BadFile, Rebuilt, Replaced, Survey, damaged_manifest, rebuild, survey};
pub use reread::{Again, Bookmark, Portion, Reread};
pub use retention::{Amount, Hold, PlannedDay, Protection, RetentionPlan};
pub use stats::{FileInfo, StoreStats};
pub use store::{Store, StoreConfig};
pub use table::Table;
