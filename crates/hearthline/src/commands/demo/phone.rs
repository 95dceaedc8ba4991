//! A simulated phone: takes every message that people are told, so that a demonstration tells nobody else.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use hearthline_pipeline::webhook::{Shape, Urgency};
use tokio::net::TcpListener;

use crate::settings::{Notify, Secret, Setting};

/// As it is called on the page.
const NAME: &str = "phone-simulated";
/// The house is broken again and again, and each time is to be seen.
const PER_HOUR: usize = 1000;

/// Listens, and answers with the place of the settings.
pub(super) async fn listen(anywhere: SocketAddr) -> anyhow::Result<Notify> {
    let listener = TcpListener::bind(anywhere).await?;
    let url = format!("http://{}/messages", listener.local_addr()?);
    let takes = Router::new().fallback(async || StatusCode::NO_CONTENT);
    tokio::spawn(async move { axum::serve(listener, takes).await });
    Ok(Notify {
        name: Setting::default(NAME.into()),
        shape: Shape::Ntfy,
        url: Setting::default(Secret::new(url)),
        url_file: None,
        token: None,
        token_file: None,
        headers: Vec::new(),
        level: Setting::default(Urgency::Warning),
        per_hour: Setting::default(PER_HOUR),
        ca_file: None,
        tls_verify: Setting::default(true),
    })
}
