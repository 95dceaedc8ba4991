//! The routes, one file each.

mod alerts;
mod backups;
mod conflicts;
mod criteria;
mod doctor;
mod entities;
mod events;
mod export;
mod faults;
mod flush;
mod gaps;
mod health;
mod history;
mod live;
mod logs;
mod maintenance;
mod metrics;
mod newest;
mod notes;
mod notify;
mod openapi;
mod parameters;
mod quarantine;
mod rate;
mod reading;
mod repairs;
mod report;
mod reports;
mod retention;
mod runbook;
mod session;
mod settings;
mod setup;
mod sinks;
mod stats;
mod status;
mod verify;
mod weather;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};

use crate::access::{self, Access};
use crate::{ApiError, ApiState, Reading, page};

pub use alerts::{MuteRequest, Unmuted};
pub use backups::{BackupBegun, BackupRequest};
pub use conflicts::{Conflict, Conflicts, ConflictsReset, LeftOut, Unread};
pub use criteria::Criteria;
pub use entities::changes::{EntityChange, EntityChanges};
pub use entities::left_out::{LeftOutEntities, LeftOutEntity};
pub use entities::talkers::{Talker, Talkers};
pub use entities::{Entities, Entity, NameSpan, SilentSince};
pub use events::{Event, Events};
pub use faults::{Fault, FaultList, Naive, NaiveLoss};
pub use flush::Flushed;
pub use gaps::{Backfill, Retried};
pub use history::{Bucket, History, State};
pub use live::{Change, Lost, Reset};
pub use maintenance::MaintenanceRequest;
#[cfg(test)]
pub(crate) use metrics::render as metrics_of;
pub use notes::NoteRequest;
pub use notify::{NotifyTestRequest, NotifyTested};
pub use quarantine::one::QuarantinedWhole;
pub use quarantine::settle::SettledList;
pub use quarantine::{Quarantine, Quarantined, Settlement};
pub use rate::{Rate, RatePiece};
pub use repairs::{Findings, RepairBegun, RepairRequest, Repairs};
pub use report::{IncidentReport, ReportSendRequest, incident_report, set_aside};
pub use reports::ReportList;
pub use retention::{Retention, RetentionAmount, RetentionDay, RetentionReceipts};
pub use runbook::{Runbook, RunbookRequest, RunbookRun};
pub use session::Session;
pub use settings::{
    Answered, CheckRequest, FilterPreview, KeptSet, KeptSetting, KeptSettings, Reloaded, Setting,
    SettingChange, SettingMistake, SettingsChecked, SettingsDesk, SettingsInForce,
};
pub use setup::{
    KnownSetting, SettingsMistake, Setup, SetupBegun, SetupRequest, SetupState, SetupStep, Waiting,
};
pub use sinks::{SinkCardinality, SinkConcern, SinkReport, SinkServer, SinkShare};
pub use stats::Stats;
pub use verify::{VerifyBegun, VerifyRequest};
pub use weather::{Observations, Observed};

/// The routes that answer from what is recorded. They work without a running program and check nobody: for use within
/// the process.
pub fn reading(recorded: Reading) -> Router {
    Router::new()
        .route("/api/v1/entities", get(entities::get))
        .route("/api/v1/entities/changes", get(entities::changes::get))
        .route("/api/v1/entities/left_out", get(entities::left_out::get))
        .route("/api/v1/entities/talkers", get(entities::talkers::get))
        .route("/api/v1/entities/{id}", get(entities::one))
        .route("/api/v1/entities/{id}/history", get(history::get))
        .route("/api/v1/events", get(events::get))
        .route("/api/v1/export", get(export::get))
        .route("/api/v1/quarantine", get(quarantine::get))
        .route("/api/v1/quarantine/{seq}", get(quarantine::one::get))
        .route("/api/v1/rate", get(rate::get))
        .route("/api/v1/weather", get(weather::get))
        .route("/api/v1/retention", get(retention::get))
        .route("/api/v1/retention/receipts", get(retention::receipts))
        .with_state(recorded)
        .fallback(unknown)
}

/// The routes that change what is recorded. To be on this machine is not enough for them.
fn writing(state: ApiState) -> Router {
    let recorded = state.reading.clone();
    Router::new()
        .route("/api/v1/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/api/v1/alerts/{id}/mute", post(alerts::mute))
        .route("/api/v1/alerts/{id}/unmute", post(alerts::unmute))
        .route("/api/v1/backups", post(backups::begin))
        .route("/api/v1/backups/{name}/rehearse", post(backups::rehearse))
        .route("/api/v1/conflicts/reset", post(conflicts::reset))
        .route("/api/v1/notes", post(notes::add))
        .route("/api/v1/maintenance", post(maintenance::begin))
        .route("/api/v1/maintenance/end", post(maintenance::end))
        .route("/api/v1/notify/test", post(notify::test))
        .route("/api/v1/quarantine/retry", post(quarantine::settle::retry))
        .route("/api/v1/quarantine/drop", post(quarantine::settle::drop_named))
        .route("/api/v1/reload", post(settings::reload))
        .route("/api/v1/repairs", post(repairs::begin))
        .route("/api/v1/repairs/{id}/undo", post(repairs::undo))
        .route("/api/v1/repairs/{id}/resume", post(repairs::resume))
        .route("/api/v1/runbook", post(runbook::begin))
        .route("/api/v1/runbook/{id}/undo", post(runbook::undo))
        .route("/api/v1/runbook/{id}/resume", post(runbook::resume))
        .route("/api/v1/report/send", post(report::send))
        .route("/api/v1/settings/check", post(settings::check))
        .route("/api/v1/verify", post(verify::post))
        .with_state(state)
        .route("/api/v1/retention", post(retention::post))
        .with_state(recorded)
        .route_layer(from_fn(access::guard_writing))
}

/// All routes and the page; who may ask is checked before all that tell of the house. `/health`, `/api/v1/health` and `/api/v1/stats` are addresses
/// of the system that this program replaces.
pub fn router(state: ApiState) -> Router {
    let (access, recorded, writing) = (state.access.clone(), state.reading.clone(), writing(state.clone()));
    Router::new()
        .route("/readyz", get(health::ready))
        .route("/healthz", get(health::health))
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::get))
        .route("/openapi.json", get(openapi::get))
        .route("/api/v1/health", get(health::health))
        .route("/api/v1/status", get(status::get))
        .route("/api/v1/criteria", get(criteria::get))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/backups", get(backups::list))
        .route("/api/v1/maintenance", get(maintenance::get))
        .route("/api/v1/notify", get(notify::list))
        .route("/api/v1/doctor", get(doctor::get))
        .route("/api/v1/verify", get(verify::get))
        .route("/api/v1/stats", get(stats::get))
        .route("/api/v1/live", get(live::get))
        .route("/api/v1/logs", get(logs::get))
        .route("/api/v1/notes", get(notes::list))
        .route("/api/v1/report", get(report::get))
        .route("/api/v1/flush", post(flush::post))
        .route("/api/v1/conflicts", get(conflicts::get))
        .route("/api/v1/sinks/{name}", get(sinks::one))
        .route("/api/v1/gaps", get(gaps::get))
        .route("/api/v1/gaps/{id}", get(gaps::one))
        .route("/api/v1/gaps/retry", post(gaps::retry))
        .route("/api/v1/backfill", post(gaps::backfill))
        .route("/api/v1/repairs", get(repairs::list))
        .route("/api/v1/repairs/findings", get(repairs::findings))
        .route("/api/v1/repairs/plan", post(repairs::plan))
        .route("/api/v1/repairs/{id}", get(repairs::one))
        .route("/api/v1/reports", get(reports::list))
        .route("/api/v1/reports/{name}", get(reports::one))
        .route("/api/v1/runbook", get(runbook::get))
        .route("/api/v1/runbook/{id}", get(runbook::one))
        .route("/api/v1/demo/faults", get(faults::get))
        .route("/api/v1/demo/faults/{name}", post(faults::post))
        .route("/api/v1/session", get(session::get))
        .route("/api/v1/settings", get(settings::get))
        .route("/api/v1/settings/kept", get(settings::kept))
        .route("/api/v1/setup", get(setup::recording))
        .route("/api/v1/setup", post(setup::is_done))
        .route("/api/v1/setup/test", post(setup::is_done))
        .with_state(state)
        .merge(reading(recorded))
        .merge(writing)
        .layer(from_fn_with_state(access.clone(), access::guard))
        .merge(open(access))
        .layer(map_response(in_words))
}

/// While nothing is recorded, because the settings are not good enough for it: what is missing or wrong, the steps of the setup,
/// what is recorded already, and for everything else that nothing is recorded.
pub fn waiting(state: Waiting) -> Router {
    let access = state.access.clone();
    let recorded = state.recorded.clone().map_or_else(Router::new, reading);
    let look = std::sync::Arc::clone(&state.look);
    Router::new()
        .route("/readyz", get(setup::not_ready))
        .route("/healthz", get(setup::health))
        .route("/health", get(setup::health))
        .route("/openapi.json", get(openapi::get))
        .route("/api/v1/health", get(setup::health))
        .route("/api/v1/setup", get(setup::get))
        .route("/api/v1/setup", post(setup::begin))
        .route("/api/v1/setup/test", post(setup::test))
        .with_state(state)
        .merge(recorded)
        .fallback(async move || setup::nothing(&look()))
        .layer(from_fn_with_state(access.clone(), access::guard))
        .merge(open(access))
        .layer(map_response(in_words))
        .layer(map_response(setup::close))
}

/// What anybody may ask: whether the process lives, and the page, which shows nothing of the house before it is let in.
fn open(access: Access) -> Router {
    Router::new()
        .route("/livez", get(health::live))
        .route("/api/v1/session", post(session::open))
        .route("/api/v1/session", delete(session::end))
        .with_state(access)
        .merge(page::routes())
}

/// Puts what the server refuses before any route is asked into the words that all refusals have.
async fn in_words(response: Response) -> Response {
    let (what, why, todo) = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => (
            "not allowed",
            "this address is not asked by that method",
            "see /openapi.json for the methods of each",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("the body cannot be read", "it is too large", "send less"),
        _ => return response,
    };
    let mut worded = ApiError::new(response.status(), what, why, todo).into_response();
    if let Some(methods) = response.headers().get(header::ALLOW) {
        worded.headers_mut().insert(header::ALLOW, methods.clone());
    }
    worded
}

async fn unknown(uri: Uri) -> ApiError {
    let why = format!("there is nothing at {}", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, "not found", why, "ask for /openapi.json, which lists everything")
}
