//! `hearthline run`: records until told to stop.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_api::{ApiState, ApiToken, Faults, Reading};
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::app::{App, Past};
use crate::exit::Exit;
use crate::running::Claim;
use crate::settings::Settings;
use crate::{api_token, peer, startup};

/// How long answers that are on their way may take after the signal to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Nothing to choose: everything is in the settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Returns after `SIGTERM` or `SIGINT`, with everything received in files.
pub(crate) async fn run(_args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    let settings = context.settings;
    start_logging(&settings);
    let listen = *settings.api.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen} ({})", settings.api.listen.origin))?;
    record(&settings, listener, peer::link(&settings)?, None).await
}

/// What a simulated house brings along.
pub(super) struct Simulation {
    /// The hours before.
    pub(super) past: Past,
    /// What can be made to go wrong.
    pub(super) faults: Faults,
    /// Whether the archive takes nothing.
    pub(super) archive: Arc<AtomicBool>,
    /// Rung by whoever wants the weather asked for now.
    pub(super) ask_weather: Arc<Notify>,
}

/// Records until told to stop.
pub(super) async fn record(
    settings: &Settings,
    listener: TcpListener,
    link: LinkConfig,
    simulation: Option<Simulation>,
) -> anyhow::Result<Exit> {
    let mut claim = Claim::take(&settings.data_dir)?;
    let token = api_token::load_or_make(&settings.data_dir).context("the API's token cannot be made")?;
    let address = listener.local_addr()?;
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let (past, faults, archive, ask_weather) = match simulation {
        Some(Simulation { past, faults, archive, ask_weather }) => (Some(past), faults, archive, ask_weather),
        None => (None, Faults::default(), Arc::default(), Arc::default()),
    };
    let simulated = past.is_some();
    let ended = if claim.power_was_cut() { Cause::PowerCut } else { Cause::NotRunning };
    let app = App::start(settings, link, past, ended, archive, ask_weather)?;
    claim.announce(address).context("run.json cannot be written")?;
    for line in startup::lines(settings, &startup::stored(&app.store.stats()), address) {
        tracing::info!("{line}");
    }
    if simulated {
        tracing::info!("what changes rows asks for the token of this simulated house: {}", token.expose());
    }
    let stop = CancellationToken::new();
    let router = hearthline_api::router(api_state(&app, faults, ApiToken::new(token.expose()), stop.clone()));
    let mut api = tokio::spawn(hearthline_api::serve(listener, router, stop.clone().cancelled_owned()));

    tokio::select! {
        _ = signals.0.recv() => tracing::info!("told to stop (SIGTERM)"),
        _ = signals.1.recv() => tracing::info!("told to stop (SIGINT)"),
        () = app.keep_house(stop.clone()) => {}
    }
    stop.cancel();
    if tokio::time::timeout(LAST_ANSWERS, &mut api).await.is_err() {
        api.abort(); // an export to a slow reader
    }
    app.stop().await?;
    drop(claim);
    tracing::info!("stopped; everything received is in files");
    Ok(Exit::Ok)
}

fn api_state(app: &App, faults: Faults, token: ApiToken, stop: CancellationToken) -> ApiState {
    let silence = Arc::clone(&app.silence);
    let reading = Reading {
        store: Arc::clone(&app.store),
        filter: Arc::clone(&app.filter),
        clock: Arc::clone(&app.clock),
        silent: Arc::new(move || silence.silent()),
    };
    let (observer, flusher) = (Arc::clone(&app.observer), app.flusher.clone());
    ApiState {
        reading,
        status: Arc::new(move || observer.status()),
        flush: Arc::new(move || Box::pin(flusher.clone().flush())),
        orders: app.orders.clone(),
        influxdb: app.influxdb.clone(),
        repairs: app.repairs(),
        live: app.live.clone(),
        faults,
        stop,
        token,
    }
}

/// Says on standard error what the settings' log filter lets through.
pub(super) fn start_logging(settings: &Settings) {
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(settings.log_filter.as_str());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}
