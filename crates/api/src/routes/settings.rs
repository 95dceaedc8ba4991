//! Settings. `GET /api/v1/settings` shows what holds and who said so; `GET /api/v1/settings/kept` what held before, while all was
//! well. `POST /api/v1/settings/check` says what the settings of its body would change, and `POST /api/v1/reload` reads the file
//! again and takes up what can be taken up; these need the token. No answer has a secret in it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parameters::document;
use crate::{ApiError, ApiState};

/// A document that is on its way.
pub type Answered<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Who knows the settings of the running program.
#[derive(Clone)]
pub struct SettingsDesk {
    /// What holds.
    pub in_force: Arc<dyn Fn() -> SettingsInForce + Send + Sync>,
    /// Reads them again.
    pub reload: Arc<dyn Fn() -> Answered<Reloaded> + Send + Sync>,
    /// Says what others would change.
    pub check: Arc<dyn Fn(Option<String>) -> Answered<SettingsChecked> + Send + Sync>,
    /// What held before.
    pub kept: Arc<dyn Fn() -> Answered<Result<KeptSettings, String>> + Send + Sync>,
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsInForce {
    /// The settings file; null where the environment alone says what holds.
    pub file: Option<String>,
    /// Since when these hold, ISO 8601 UTC.
    pub since: String,
    /// Every key, in the order of the documentation.
    pub settings: Vec<Setting>,
    /// What is written otherwise and holds when the program is started anew.
    pub waiting: Vec<SettingChange>,
    /// Things that a person should know: variables that are set and do nothing.
    pub notes: Vec<String>,
    /// How the last reload went; null where there was none.
    pub last_reload: Option<Reloaded>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// With its section; of a sink `sinks.<name>.<key>`.
    pub name: String,
    /// As it can be written in the file; null where there is none, and of a secret.
    pub value: Value,
    /// It has a value, which is not told.
    pub secret: bool,
    /// Who said so: a file with its line, or an environment variable; null is the program's own default.
    pub origin: Option<String>,
    /// What it does.
    pub meaning: String,
    /// What can be written.
    pub kind: String,
    /// What holds where there is no value, in words.
    pub unset: String,
    /// When a change of it holds: `live` at once, `part` once its part is started anew alone, `restart` with the next start.
    pub holds: String,
}

/// A value that is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingChange {
    /// With its section.
    pub name: String,
    /// What it was; null where there was none, and of a secret.
    pub from: Value,
    /// What it is to be; null likewise.
    pub to: Value,
    /// It is a secret, of which only that it is another one is told.
    pub secret: bool,
    /// When it holds: `live`, `part` or `restart`.
    pub holds: String,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingMistake {
    /// File, line and column, or the variable.
    pub place: String,
    /// The key with its section; empty where the file cannot be read at all.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    #[serde(rename = "do")]
    pub todo: String,
}

/// How a reload went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reloaded {
    /// When, ISO 8601 UTC.
    pub at: String,
    /// Who wanted it: `file` (it was changed), `signal` or `person`.
    pub by: String,
    /// All of it in one sentence.
    pub says: String,
    /// With one of them, nothing was changed.
    pub mistakes: Vec<SettingMistake>,
    /// What holds now.
    pub taken: Vec<SettingChange>,
    /// What holds when the program is started anew.
    pub waiting: Vec<SettingChange>,
    /// The last record that was let through by the filter of before; null where the filter is the same.
    pub filter_behind: Option<u64>,
    /// What did not go as it should.
    pub troubles: Vec<String>,
}

/// What settings would change that do not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsChecked {
    /// All of it in one sentence.
    pub says: String,
    /// With one of them they cannot hold.
    pub mistakes: Vec<SettingMistake>,
    /// What would be another one.
    pub changes: Vec<SettingChange>,
    /// Which entities would be recorded; null with a mistake.
    pub preview: Option<FilterPreview>,
}

/// Which of the entities that there are now a filter lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterPreview {
    /// Entities of which Home Assistant has a state.
    pub entities: u64,
    /// Of these, so many are recorded now.
    pub recorded: u64,
    /// So many would be.
    pub would_be: u64,
    /// Those that would come in, by name, the first hundred.
    pub comes_in: Vec<String>,
    /// How many that are.
    pub comes_in_count: u64,
    /// Those that would go out, by name, the first hundred.
    pub goes_out: Vec<String>,
    /// How many that are.
    pub goes_out_count: u64,
    /// The same in words.
    pub says: String,
}

/// What held before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptSettings {
    /// The newest first.
    pub kept: Vec<KeptSet>,
}

/// Settings under which the program was well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptSet {
    /// Never given twice.
    pub number: u64,
    /// Since when they held, ISO 8601 UTC.
    pub since: String,
    /// When they had been healthy for long enough.
    pub healthy: String,
    /// The release that they held under.
    pub version: String,
    /// The settings file.
    pub file: Option<String>,
    /// Every key with its value.
    pub settings: Vec<KeptSetting>,
}

/// A key and the value that it had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptSetting {
    /// With its section.
    pub name: String,
    /// Null where there was none, and of a secret.
    pub value: Value,
    /// It had a value, which is not kept.
    pub secret: bool,
    /// Who said so; null is the default.
    pub origin: Option<String>,
}

/// Settings that do not hold: the body of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// What would be in the settings file; null is the file as it is.
    #[serde(default)]
    pub toml: Option<String>,
}

/// What holds.
pub(super) async fn get(State(state): State<ApiState>) -> Json<SettingsInForce> {
    Json((state.settings.in_force)())
}

/// What held before.
pub(super) async fn kept(State(state): State<ApiState>) -> Result<Json<KeptSettings>, ApiError> {
    let kept = (state.settings.kept)().await;
    kept.map(Json).map_err(|why| ApiError::inside("the settings that were kept cannot be read", why))
}

/// What others would change.
pub(super) async fn check(
    State(state): State<ApiState>,
    body: Bytes,
) -> Result<Json<SettingsChecked>, ApiError> {
    let request: CheckRequest =
        document(&body, r#"send JSON, as in {"toml": "[filter]\nexclude = [\"light\"]"}"#)?;
    Ok(Json((state.settings.check)(request.toml).await))
}

/// Reads them again.
pub(super) async fn reload(State(state): State<ApiState>) -> Json<Reloaded> {
    Json((state.settings.reload)().await)
}
