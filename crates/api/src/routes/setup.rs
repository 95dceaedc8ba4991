//! While nothing is recorded because nobody has said where Home Assistant is, or because the settings have mistakes.
//!
//! `GET /api/v1/setup` says which of both, and what is known; `POST /api/v1/setup/test` goes the way to Home Assistant with an
//! address and a token, and answers with what was found on it, step by step; `POST /api/v1/setup` writes both down, once they
//! were tested, and recording begins. Every other request of the house is answered with why nothing is recorded. To be on this
//! machine is enough: nothing is recorded yet that could be changed.
//!
//! The token that is sent is in no answer, in no error and in no log.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hearthline_runbook::doctor::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Access, ApiError, ApiState, Reading, SettingMistake};

/// Whether it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupState {
    /// It does: there is nothing to set up.
    Recording,
    /// It does not: address or token of Home Assistant are not known.
    Setup,
    /// It does not: the settings have mistakes.
    Mistakes,
}

/// What is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Which of the three.
    pub state: SetupState,
    /// One sentence for a person.
    pub verdict: String,
    /// What a person can do; null while it records.
    #[serde(rename = "do")]
    pub todo: Option<String>,
    /// In the order of the file, then of the environment.
    pub mistakes: Vec<SettingMistake>,
    /// The settings file that is read, or that would be written; null while it records.
    pub file: Option<String>,
    /// Home Assistant's address, where the settings have it.
    pub url: Option<KnownSetting>,
    /// Where the token comes from, where the settings have one.
    pub token: Option<KnownSetting>,
}

/// A setting that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSetting {
    /// What it is; null where it is a secret.
    pub value: Option<String>,
    /// The environment variable, or file and line.
    pub origin: String,
}

/// Where Home Assistant is, and what it lets us in with.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// Left out where the settings have it.
    #[serde(default)]
    pub url: Option<String>,
    /// Left out where the settings have it.
    #[serde(default)]
    pub token: Option<String>,
    /// Whether a certificate is checked.
    #[serde(default = "yes")]
    pub tls_verify: bool,
}

impl std::fmt::Debug for SetupRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetupRequest")
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupBegun {
    /// The settings file.
    pub file: String,
    /// The file with the token, which its owner alone can read; null where the settings had one.
    pub token_file: Option<String>,
}

/// Does something with what was sent.
pub type SetupStep<T> =
    Arc<dyn Fn(SetupRequest) -> Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send>> + Send + Sync>;

/// What is needed to answer while nothing is recorded.
#[derive(Clone)]
pub struct Waiting {
    /// Says what is missing or wrong at this moment.
    pub look: Arc<dyn Fn() -> Setup + Send + Sync>,
    /// Goes the way to Home Assistant.
    pub test: SetupStep<Report>,
    /// Writes down what was tested.
    pub begin: SetupStep<SetupBegun>,
    /// What is recorded already.
    pub recorded: Option<Reading>,
    /// Who may ask.
    pub access: Access,
}

const fn yes() -> bool {
    true
}

/// What is missing or wrong.
pub(super) async fn get(State(state): State<Waiting>) -> Json<Setup> {
    Json((state.look)())
}

/// Nothing is.
pub(super) async fn recording(State(state): State<ApiState>) -> Json<Setup> {
    let verdict = (state.status)().verdict;
    let state = SetupState::Recording;
    Json(Setup { state, verdict, todo: None, mistakes: Vec::new(), file: None, url: None, token: None })
}

/// Goes the way to Home Assistant.
pub(super) async fn test(State(state): State<Waiting>, body: Bytes) -> Result<Json<Report>, ApiError> {
    (state.test)(request(&body)?).await.map(Json)
}

/// Writes both down.
pub(super) async fn begin(State(state): State<Waiting>, body: Bytes) -> Result<Json<SetupBegun>, ApiError> {
    (state.begin)(request(&body)?).await.map(Json)
}

/// It records, and what it records with is not changed here.
pub(super) async fn is_done() -> ApiError {
    let todo = "change the settings file, or put another token into the token_file";
    ApiError::new(StatusCode::CONFLICT, "nothing is set up", "it is set up already, and records", todo)
}

/// The words of the parser may hold what was sent, and so the token: they are left out.
fn request(body: &[u8]) -> Result<SetupRequest, ApiError> {
    serde_json::from_slice(body).map_err(|_| {
        let todo =
            r#"send JSON, as in {"url": "http://192.168.1.10:8123", "token": "..", "tls_verify": true}"#;
        ApiError::parameter("the body", "it is not what is expected", todo)
    })
}

/// Nothing has started.
pub(super) async fn not_ready() -> (StatusCode, Json<Value>) {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "ready": false, "starting": ["settings"] })))
}

/// Nothing is recorded, which is as bad as it gets.
pub(super) async fn health(State(state): State<Waiting>) -> (StatusCode, Json<Value>) {
    let verdict = (state.look)().verdict;
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "overall": "unhealthy", "verdict": verdict })))
}

/// Another serves as soon as it records: a line that is kept open would be cut under whoever asks next.
pub(super) async fn close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer to everything that needs a recorder.
pub(super) fn nothing(setup: &Setup) -> ApiError {
    let why = setup.verdict.trim_start_matches("Not recording: ").trim_end_matches('.');
    let todo = setup.todo.clone().unwrap_or_default();
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "nothing is recorded", why, todo)
}
