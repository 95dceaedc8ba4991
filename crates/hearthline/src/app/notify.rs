//! Where people are told: from the settings to the places.

use anyhow::Context as _;
use hearthline_pipeline::webhook::Webhook;
use hearthline_runbook::notify::Place;

use crate::peer;
use crate::settings::{Notify, Settings};

/// All places.
///
/// # Errors
/// When the certificates that one is to be trusted by cannot be used.
pub(crate) fn places(settings: &Settings) -> anyhow::Result<Vec<Place>> {
    settings.notify.iter().map(place).collect()
}

fn place(of: &Notify) -> anyhow::Result<Place> {
    let name = of.name.value.clone();
    let hook = Webhook {
        url: of.url.expose().parse().with_context(|| format!("the address of {name} is none"))?,
        shape: of.shape.clone(),
        token: of.token.as_deref().cloned(),
        headers: of.headers.clone(),
        trust: peer::trust(of.ca_file.as_ref(), *of.tls_verify)?,
    };
    Ok(Place { name, level: *of.level, per_hour: *of.per_hour, hook })
}
