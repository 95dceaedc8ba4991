//! What is said while nothing is recorded.

use std::net::SocketAddr;

use axum::http::StatusCode;
use hearthline_api::{ApiError, KnownSetting, Setup, SetupState};
use hearthline_runbook::doctor::Finding;

use super::{Desk, Lacking};
use crate::app::reload::mistakes;
use crate::house::reachable;
use crate::settings::mistake::{Mistakes, Place, Problem};
use crate::settings::origin::{Origin, Setting};
use crate::settings::source;

/// Whether address and token are all that is missing. A settings file that is named and not there yet is written then.
pub(super) fn is_setup(lacking: &Lacking) -> bool {
    let of = &lacking.settings.home_assistant;
    let unset = of.url.is_none() || of.token.is_none();
    let absent = lacking.settings.config.as_deref().is_some_and(source::is_absent);
    unset && (absent || lacking.mistakes.0.iter().all(|mistake| mistake.place == Place::Missing))
}

impl Desk {
    /// What is missing or wrong.
    pub(super) fn setup(&self) -> Setup {
        let lacking = self.lacking.lock().clone();
        let of = &lacking.settings.home_assistant;
        let known = |origin: &Origin, value| KnownSetting { value, origin: origin.to_string() };
        let is_setup = is_setup(&lacking);
        let (state, verdict, todo) = if is_setup {
            let todo =
                "go through the three steps on the page, or set HOME_ASSISTANT_URL and HOME_ASSISTANT_TOKEN";
            (SetupState::Setup, unset(of.url.is_some(), of.token.is_some()), todo)
        } else {
            let todo = "correct it; recording begins by itself then";
            (SetupState::Mistakes, wrong(&lacking.mistakes), todo)
        };
        let mistakes = if is_setup { Vec::new() } else { mistakes(&lacking.mistakes) };
        Setup {
            state,
            verdict,
            todo: Some(todo.into()),
            mistakes,
            file: Some(self.source.file().display().to_string()),
            url: of.url.as_ref().map(|Setting { value, origin }| known(origin, Some(value.to_string()))),
            token: of.token.as_ref().map(|token| known(&token.origin, None)),
        }
    }

    /// The same on standard error.
    pub(super) fn say(&self, address: SocketAddr) {
        let setup = self.setup();
        tracing::error!("{}", setup.verdict);
        if setup.state == SetupState::Setup {
            let page = reachable(address);
            tracing::info!(
                "set it up at http://{page}/ (from another machine it asks for the token of `hearthline token show`), or set \
                 HOME_ASSISTANT_URL and HOME_ASSISTANT_TOKEN and start again"
            );
        } else {
            for mistake in &self.lacking.lock().mistakes.0 {
                tracing::error!("{mistake}");
            }
            tracing::info!("the file is looked at each second: recording begins by itself when it is right");
        }
    }
}

fn unset(has_url: bool, has_token: bool) -> String {
    let what = match (has_url, has_token) {
        (true, _) => "there is no access token for Home Assistant yet",
        (false, true) => "it is not known yet where Home Assistant is",
        (false, false) => "it is not known yet where Home Assistant is, and there is no access token",
    };
    format!("Not recording: {what}.")
}

fn wrong(mistakes: &Mistakes) -> String {
    let count = mistakes.0.len();
    let Some(first) = mistakes.0.first() else { return "Not recording.".into() };
    let key = if first.key.is_empty() { String::new() } else { format!("{}: ", first.key) };
    let many = if count == 1 { "1 mistake".into() } else { format!("{count} mistakes, the first") };
    format!("Not recording: the settings have {many} at {}: {key}{}.", first.place, first.problem.reason)
}

/// What to do about a finding for who stands before the page: nothing is in a file yet.
pub(super) fn remedy(finding: &mut Finding) {
    const ADDRESS: &str = "correct the address in step 1, as in http://192.168.1.10:8123";
    const TOKEN: &str = "make a new long-lived token in Home Assistant (your profile, Security), and put all of it into step 2";
    finding.repair = None;
    let todo = match finding.id {
        "ha-dns-unknown" => {
            "correct the address in step 1; a name that ends in .local is not known to every machine: take the number, as in \
             http://192.168.1.10:8123"
        }
        "ha-tcp-refused" => {
            "see whether Home Assistant runs and whether address and port in step 1 are its own; its port is 8123 where nobody \
             has changed it"
        }
        "ha-tls-failed" => {
            "take the name that its certificate is made for, or http:// in place of https:// where it has none; or, within your \
             own walls, do not check the certificate (step 1)"
        }
        "ha-http-stranger" => ADDRESS,
        "ha-token-refused" => TOKEN,
        _ => return,
    };
    finding.remedy = Some(todo.into());
    // What these say ends with what to do about it in a file.
    if matches!(finding.id, "ha-dns-unknown" | "ha-token-refused")
        && let Some((says, _)) = finding.says.split_once("; ")
    {
        finding.says = says.to_owned();
    }
}

pub(super) fn missing(what: &str) -> ApiError {
    bad(what, "it is neither sent nor in the settings", "fill it in")
}

pub(super) fn refused(what: &str, problem: Problem) -> ApiError {
    bad(what, problem.reason, problem.todo)
}

fn bad(what: &str, why: impl Into<String>, todo: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, format!("{what} cannot be used"), why, todo)
}

pub(super) fn known(what: &str, origin: &Origin) -> ApiError {
    let why = format!("{origin} says another one, or says it already");
    ApiError::new(StatusCode::CONFLICT, format!("{what} cannot be set here"), why, "change it there")
}

pub(super) fn has_mistakes(mistakes: &Mistakes) -> ApiError {
    let todo = "correct them first; recording begins by itself then";
    ApiError::new(StatusCode::CONFLICT, "nothing is set up", wrong(mistakes), todo)
}

pub(super) fn not_tested() -> ApiError {
    let why = "this address and this token were not tested, or did not pass";
    ApiError::new(StatusCode::CONFLICT, "nothing is written", why, "test the connection first")
}

pub(super) fn not_looked(error: &anyhow::Error) -> ApiError {
    let todo = "correct what it says in the settings";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "it cannot be looked at", format!("{error:#}"), todo)
}
