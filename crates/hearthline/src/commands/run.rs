//! `hearthline run`: records until told to stop.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use hearthline_api::{Access, ApiState, ApiToken, Faults, Reading};
use hearthline_core::RealFs;
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use hearthline_runbook::reports::Reports;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::app::{App, Simulated, panics};
use crate::exit::Exit;
use crate::running::Claim;
use crate::serve::serve;
use crate::settings::Settings;
use crate::{api_token, peer, startup};

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
    /// What the parts are given.
    pub(super) parts: Simulated,
    /// What can be made to go wrong.
    pub(super) faults: Faults,
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

    let (parts, faults) = match simulation {
        Some(Simulation { parts, faults }) => (Some(parts), faults),
        None => (None, Faults::default()),
    };
    let simulated = parts.is_some();
    panics::hear();
    let ended = if claim.power_was_cut() { Cause::PowerCut } else { Cause::NotRunning };
    let app = App::start(settings, link, parts, ended)?;
    claim.announce(address).context("run.json cannot be written")?;
    for line in startup::lines(settings, &startup::stored(&app.store.stats()), address) {
        tracing::info!("{line}");
    }
    if simulated {
        tracing::info!("what changes rows asks for the token of this simulated house: {}", token.expose());
    }
    let stop = CancellationToken::new();
    let access = Access::new(
        ApiToken::new(token.expose()),
        Arc::clone(&app.clock),
        settings.home_assistant.supervised,
    );
    let reports = Reports::new(Arc::new(RealFs), &settings.data_dir);
    let router = hearthline_api::router(api_state(&app, faults, reports, access, stop.clone()));
    let api = tokio::spawn(serve(listener, router, (app.api.clone(), Arc::clone(&app.clock)), stop.clone()));

    tokio::select! {
        _ = signals.0.recv() => tracing::info!("told to stop (SIGTERM)"),
        _ = signals.1.recv() => tracing::info!("told to stop (SIGINT)"),
        sentence = app.gave_up() => {
            drop(claim);
            leave(&sentence);
        }
        () = app.keep_house(stop.clone()) => {}
    }
    stop.cancel();
    api.await?;
    app.stop().await?;
    drop(claim);
    tracing::info!("stopped; everything received is in files");
    Ok(Exit::Ok)
}

/// Ends the program though something in it hangs, which no end in order would outlast.
fn leave(sentence: &str) -> ! {
    let _ = writeln!(io::stderr(), "hearthline: {sentence}");
    std::process::exit(Exit::Failed as i32)
}

fn api_state(
    app: &App,
    faults: Faults,
    reports: Reports,
    access: Access,
    stop: CancellationToken,
) -> ApiState {
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
        runbook: app.runbook(),
        reports,
        doctor: app.doctor(),
        verify: app.verify(),
        alerts: app.alerts(),
        notify: app.notify(),
        maintenance: app.maintenance(),
        live: app.live.clone(),
        faults,
        stop,
        access,
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
