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
    Answered, Backfill, BackupBegun, BackupRequest, Bucket, Change, CheckRequest, Conflict, Conflicts,
    ConflictsReset, Entities, Entity, EntityChange, EntityChanges, Event, Events, Fault, FaultList,
    FilterPreview, Findings, Flushed, History, IncidentReport, KeptSet, KeptSetting, KeptSettings,
    KnownSetting, LeftOut, LeftOutEntities, LeftOutEntity, Lost, MaintenanceRequest, MuteRequest, Naive,
    NaiveLoss, NameSpan, NoteRequest, NotifyTestRequest, NotifyTested, Observations, Observed, Quarantine,
    Quarantined, QuarantinedWhole, Rate, RatePiece, Reloaded, RepairBegun, RepairRequest, Repairs,
    ReportList, ReportSendRequest, Reset, Retention, RetentionAmount, RetentionDay, RetentionReceipts,
    Retried, Runbook, RunbookRequest, RunbookRun, Session, Setting, SettingChange, SettingMistake,
    SettingsChecked, SettingsDesk, SettingsInForce, SettledList, Settlement, Setup, SetupBegun, SetupRequest,
    SetupState, SetupStep, SilentSince, SinkCardinality, SinkConcern, SinkReport, SinkServer, SinkShare,
    State, Stats, Talker, Talkers, Unmuted, Unread, VerifyBegun, VerifyRequest, Waiting, incident_report,
    reading, router, set_aside, waiting,
};
pub use serve::serve;
pub use state::{ApiState, Faults, FlushRequest, Reading};
