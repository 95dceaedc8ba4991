//! The settings that somebody proposes, and the way to Home Assistant with them.

use std::sync::Arc;

use hearthline_api::{ApiError, SetupRequest};
use hearthline_runbook::doctor::{Report, Running, examine_way};

use super::Desk;
use super::words;
use crate::doctor::subject;
use crate::settings::origin::Setting;
use crate::settings::{self, Settings};

impl Desk {
    /// The settings as they are, with what they lack.
    pub(super) fn candidate(&self, request: &SetupRequest) -> Result<Settings, ApiError> {
        let lacking = self.lacking.lock();
        if !words::is_setup(&lacking) {
            return Err(words::has_mistakes(&lacking.mistakes));
        }
        let mut candidate = lacking.settings.clone();
        drop(lacking);
        let of = &mut candidate.home_assistant;
        match (&of.url, &request.url) {
            (None, None) => return Err(words::missing("the address")),
            (Some(_), None) => {}
            (known, Some(text)) => {
                let url = settings::url(text).map_err(|problem| words::refused("the address", problem))?;
                match known {
                    Some(known) if known.value != url => {
                        return Err(words::known("the address", &known.origin));
                    }
                    Some(_) => {}
                    None => of.url = Some(Setting::default(url)),
                }
            }
        }
        match (&of.token, &request.token) {
            (None, None) => return Err(words::missing("the token")),
            (Some(_), None) => {}
            (Some(known), Some(_)) => return Err(words::known("the token", &known.origin)),
            (None, Some(text)) => {
                let token = settings::token(text).map_err(|problem| words::refused("the token", problem))?;
                of.token = Some(Setting::default(token));
            }
        }
        if !request.tls_verify {
            of.tls_verify = Setting::default(false);
        }
        Ok(candidate)
    }
}

/// Goes the way to Home Assistant.
pub(super) async fn look(candidate: &Settings) -> Result<Report, ApiError> {
    let subject = subject(candidate, Running::No).map_err(|error| words::not_looked(&error))?;
    let mut report = examine_way(Arc::new(subject)).await;
    for finding in &mut report.findings {
        words::remedy(finding);
    }
    Ok(report)
}
