//! From the settings to what the connection is given.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hearthline_pipeline::sources::home_assistant::{
    Address, LinkConfig, SWEEP, SessionConfig, TokenSource, Trust, dial,
};

use crate::settings::secret::written_in;
use crate::settings::{Setting, Settings};

/// Everything that the connection needs, from settings that were loaded for recording.
///
/// # Errors
/// When the certificates to trust cannot be used.
pub(crate) fn link(settings: &Settings) -> anyhow::Result<LinkConfig> {
    let peer = &settings.home_assistant;
    let url = peer.url.as_ref().context("Home Assistant's address is not known")?;
    let address = Address::of(url).context("Home Assistant's address names no host")?;
    let trust = trust(peer.ca_file.as_ref(), *peer.tls_verify)?;
    Ok(LinkConfig {
        dial: dial::tcp(address.clone(), &trust)?,
        session: SessionConfig { address, ping_interval: *peer.ping_interval },
        token: token(settings)?,
        events: peer.events.value.clone(),
        sweep: SWEEP,
        supervised: peer.supervised,
        seed: getrandom::u64().unwrap_or_default(), // without randomness the waits are still right, only not spread
        retry: Arc::default(),
        again: Arc::default(),
    })
}

/// Whose certificates are taken.
///
/// # Errors
/// When the file that the settings name cannot be read.
pub(crate) fn trust(ca_file: Option<&Setting<PathBuf>>, verify: bool) -> anyhow::Result<Trust> {
    let extra_pem = match ca_file {
        Some(file) => {
            let what = || format!("cannot read ca_file {} ({})", file.display(), file.origin);
            Some(std::fs::read(&file.value).with_context(what)?)
        }
        None => None,
    };
    Ok(Trust { extra_pem, anyone: !verify })
}

/// The token of each moment: another one put into the token file is taken at the next attempt.
fn token(settings: &Settings) -> anyhow::Result<TokenSource> {
    let peer = &settings.home_assistant;
    let first = peer.token.as_ref().context("Home Assistant's token is not known")?;
    let (first, file) = (first.value.clone(), peer.token_file.as_deref().cloned());
    Ok(Arc::new(move || file.as_deref().and_then(written_in).unwrap_or_else(|| first.clone())))
}
