//! The HTTP API: JSON under `/api/v1`, answers for probes, metrics.
//!
//! Every route has its file in [`routes`]. Who may ask is decided in one place, [`access`], before any route is reached.

pub mod access;
pub mod error;
mod page;
pub mod routes;
mod serve;
mod state;

#[cfg(test)]
mod tests;

pub use access::{Access, ApiToken};
pub use error::ApiError;
pub use routes::{
    Backfill, Bucket, Change, Conflict, Conflicts, ConflictsReset, Entities, Entity, EntityChange,
    EntityChanges, Event, Events, Fault, FaultList, Findings, Flushed, History, LeftOut, Lost,
    MaintenanceRequest, MuteRequest, Naive, NaiveLoss, NameSpan, NotifyTestRequest, NotifyTested,
    Observations, Observed, Quarantine, Quarantined, QuarantinedWhole, Rate, RatePiece, RepairBegun,
    RepairRequest, Repairs, ReportList, Retention, RetentionAmount, RetentionDay, RetentionReceipts, Retried,
    Runbook, RunbookRequest, RunbookRun, Session, SettledList, Settlement, SilentSince, SinkCardinality,
    SinkConcern, SinkReport, SinkServer, SinkShare, State, Stats, Unmuted, Unread, VerifyBegun,
    VerifyRequest, reading, router,
};
pub use serve::serve;
pub use state::{ApiState, Faults, FlushRequest, Reading};
