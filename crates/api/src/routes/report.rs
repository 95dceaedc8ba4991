//! `GET /api/v1/report?since=&until=`: the report of an incident, as Markdown to be saved. It is made of what is kept and is kept
//! nowhere itself. `POST /api/v1/report/send` tells it in short at the places of the settings, at once; it needs the token.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use hearthline_pipeline::orders::Order;
use hearthline_runbook::alerts::HISTORY;
use hearthline_runbook::incident::{self, Known, Live, Period};
use hearthline_store::{QuarantineQuery, Store};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::notify::{NotifyTested, nothing_sent};
use super::parameters::{Query, document_or_nothing, instant};
use super::reading::blocking;
use crate::{ApiError, ApiState};

/// So long is waited for the recorder, which answers between two frames.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where the caller does not say since when.
const SPAN: Duration = Duration::from_secs(24 * 3600);

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    since: Option<String>,
    until: Option<String>,
}

/// Of which time, and to whom: the body of a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportSendRequest {
    /// From this instant on, ISO 8601; null is 24 h before the end.
    #[serde(default)]
    pub since: Option<String>,
    /// Up to, but not including, this instant; null is now.
    #[serde(default)]
    pub until: Option<String>,
    /// The name of a place; null is all.
    #[serde(default)]
    pub place: Option<String>,
}

/// A report with the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentReport {
    /// As in `2026-11-26T22-00-00Z-incident.md`.
    pub name: String,
    /// Markdown.
    pub text: String,
}

/// One, to be saved.
pub(super) async fn get(
    State(state): State<ApiState>,
    Query(parameters): Query<Parameters>,
) -> Result<impl IntoResponse, ApiError> {
    let period = asked(&state, parameters.since.as_deref(), parameters.until.as_deref())?;
    let IncidentReport { name, text } = incident_report(&state, period).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text))
}

/// Sends one, in short.
pub(super) async fn send(State(state): State<ApiState>, body: Bytes) -> Result<Json<NotifyTested>, ApiError> {
    let request: ReportSendRequest = document_or_nothing(
        &body,
        r#"send JSON, as in {"since": "2026-11-26T22:00:00Z", "place": "phone"}, or nothing"#,
    )?;
    let period = asked(&state, request.since.as_deref(), request.until.as_deref())?;
    let message = told(&state, period, incident::message).await?;
    match state.notify.send(request.place.as_deref(), &message).await {
        Ok(tried) => Ok(Json(NotifyTested { tried })),
        Err(why) => Err(nothing_sent(why)),
    }
}

/// The period that is asked for.
fn asked(state: &ApiState, since: Option<&str>, until: Option<&str>) -> Result<Period, ApiError> {
    let until = instant("until", until)?.unwrap_or_else(|| state.reading.clock.now());
    let since = instant("since", since)?.unwrap_or_else(|| until.minus(SPAN));
    if since >= until {
        let (why, todo) =
            (format!("{since} is not before {until}"), "write an earlier since or a later until");
        return Err(ApiError::parameter("since", why, todo));
    }
    Ok(Period { since, until })
}

/// The report of a period, for whoever hands it on.
///
/// # Errors
/// When the thread that reads it ends.
pub async fn incident_report(state: &ApiState, period: Period) -> Result<IncidentReport, ApiError> {
    let make =
        |known: &Known| IncidentReport { name: incident::name_of(known), text: incident::report(known) };
    told(state, period, make).await
}

/// Whatever is made of what is known of a period.
async fn told<T: Send + 'static>(
    state: &ApiState,
    period: Period,
    make: impl FnOnce(&Known) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let gaps = match timeout(PATIENCE, state.orders.give(Order::ListGaps)).await {
        Ok(Ok(gaps)) => Ok(gaps.iter().map(Into::into).collect()),
        Ok(Err(why)) => Err(why),
        Err(_) => Err("the recorder does not answer".into()),
    };
    let (status, alerts, logs) = ((state.status)(), state.alerts.list(HISTORY), state.logs.clone());
    let (incidents, store) = (state.incidents.clone(), state.reading.store.clone());
    blocking("the report cannot be written", move || {
        let aside = set_aside(&store, period);
        let live = Live { status: Some(status), gaps, alerts: Some(alerts), logs: Some(logs), aside };
        Ok(make(&incidents.read(period, live)))
    })
    .await
}

/// What was set aside in a period and is not settled: each reason, and how many. Waits for the disk.
///
/// # Errors
/// In words: why the store cannot be read.
pub fn set_aside(store: &Store, period: Period) -> Result<Vec<(String, u64)>, String> {
    let query = QuarantineQuery { from: period.since, to: period.until, settled: false };
    let mut counts = std::collections::BTreeMap::new();
    let read = store.quarantined(&query, |row, _| {
        *counts.entry(row.reason.to_string()).or_insert(0) += 1;
        ControlFlow::Continue(())
    });
    read.map_err(|error| error.to_string())?;
    Ok(counts.into_iter().collect())
}
