//! `hearthline run`: records until told to stop.

use std::future::Future;
use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use hearthline_api::{Access, ApiState, ApiToken, Faults};
use hearthline_core::{Fs, RealFs};
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use hearthline_runbook::incident::Incidents;
use hearthline_runbook::logs::{Logs, Writer};
use hearthline_runbook::notes::Notes;
use hearthline_runbook::reports::Reports;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::app::reload::{By, Reading};
use crate::app::{App, Simulated, panics};
use crate::exit::Exit;
use crate::running::Claim;
use crate::serve::serve;
use crate::settings::Settings;
use crate::setup::{self, Listening, Ready};
use crate::stop::Signals;
use crate::{api_token, logging, peer, startup};

/// Everything else is in the settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End with exit code 2 where the settings are missing or wrong, instead of waiting for them with the page
    #[arg(long)]
    pub(super) strict: bool,
}

/// Returns after `SIGTERM` or `SIGINT`, with everything received in files. While the settings are not good enough, it waits for
/// them; corrected ones are recorded with from the next start on, but for those that it runs without.
pub(crate) async fn run(args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    let (logs, log_filter) = logging::start(&context.settings);
    let reading = Reading { source: context.source.clone(), log_filter };
    if args.strict {
        let listener = Listening::on(&context.settings, None).await?.listener()?;
        let link = peer::link(&context.settings)?;
        return record(&context.settings, listener, link, (reading, logs), None).await;
    }
    let (source, mut listening, mut claim) = (context.source, None, None);
    let mut signals = Signals::new()?;
    // From now on it ends nothing: where the settings are waited for, they are read each second anyway.
    let _hangup = signal(SignalKind::hangup())?;
    loop {
        let Some(Ready { settings, link }) =
            setup::ready(&source, &mut listening, &mut claim, &mut signals).await?
        else {
            tracing::info!("stopped; nothing was recorded");
            return Ok(Exit::Ok);
        };
        let on = Listening::on(&settings, listening.take()).await?;
        let on = listening.insert(on);
        let held = Claim::of(&settings.data_dir, claim.take())?;
        let corrected = setup::corrected(&source, &settings);
        let until = (held, &mut signals, corrected);
        let saying = (reading.clone(), logs.clone());
        match record_until(&settings, on.listener()?, link, saying, None, until).await? {
            Ended::Told => return Ok(Exit::Ok),
            Ended::Corrected(held) => claim = Some(held),
        }
    }
}

/// What a simulated house brings along.
pub(super) struct Simulation {
    /// What the parts are given.
    pub(super) parts: Simulated,
    /// What can be made to go wrong.
    pub(super) faults: Faults,
}

/// Why recording ended in order.
enum Ended {
    /// A signal came.
    Told,
    /// Mistakes without which it went on are corrected.
    Corrected(Claim),
}

/// Records until told to stop.
pub(super) async fn record(
    settings: &Settings,
    listener: TcpListener,
    link: LinkConfig,
    saying: (Reading, Logs),
    simulation: Option<Simulation>,
) -> anyhow::Result<Exit> {
    let claim = Claim::take(&settings.data_dir)?;
    let until = (claim, &mut Signals::new()?, std::future::pending());
    record_until(settings, listener, link, saying, simulation, until).await.map(|_| Exit::Ok)
}

async fn record_until(
    settings: &Settings,
    listener: TcpListener,
    link: LinkConfig,
    (reading, logs): (Reading, Logs),
    simulation: Option<Simulation>,
    (mut claim, signals, corrected): (Claim, &mut Signals, impl Future<Output = ()>),
) -> anyhow::Result<Ended> {
    let token = api_token::load_or_make(&settings.data_dir).context("the API's token cannot be made")?;
    logging::hide(&logs, settings);
    logs.hide(token.expose());
    let writing = Writer::open(&logs, Arc::new(RealFs), &settings.data_dir).spawn()?;
    let address = listener.local_addr()?;
    let hangup = signal(SignalKind::hangup())?;

    let (parts, faults) = match simulation {
        Some(Simulation { parts, faults }) => (Some(parts), faults),
        None => (None, Faults::default()),
    };
    let simulated = parts.is_some();
    panics::hear();
    let ended = if claim.power_was_cut() { Cause::PowerCut } else { Cause::NotRunning };
    let app = App::start(settings, link, parts, ended, reading)?;
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
    let kept = Kept::of(settings, &app, logs);
    let router = hearthline_api::router(api_state(&app, faults, kept, access, stop.clone()));
    let api = tokio::spawn(serve(listener, router, (app.api.clone(), Arc::clone(&app.clock)), stop.clone()));

    let mut again = false;
    tokio::select! {
        () = corrected => {
            again = true;
            tracing::info!("the settings are corrected; everything is started anew with them");
        }
        signal = signals.told() => tracing::info!("told to stop ({signal})"),
        sentence = app.gave_up() => {
            drop(writing);
            drop(claim);
            leave(&sentence);
        }
        () = app.keep_house(stop.clone()) => {}
        () = app.reloads.watch(stop.clone()) => {}
        () = reload_on(hangup, &app) => {}
    }
    stop.cancel();
    api.await?;
    app.stop().await?;
    if again {
        drop(writing);
        return Ok(Ended::Corrected(claim));
    }
    tracing::info!("stopped; everything received is in files");
    drop(writing);
    drop(claim);
    Ok(Ended::Told)
}

/// Reads the settings again at each `SIGHUP`, for ever.
async fn reload_on(mut hangup: Signal, app: &App) {
    while hangup.recv().await.is_some() {
        app.reloads.reload(By::Signal).await;
    }
    std::future::pending::<()>().await;
}

/// Ends the program though something in it hangs, which no end in order would outlast.
fn leave(sentence: &str) -> ! {
    let _ = writeln!(io::stderr(), "hearthline: {sentence}");
    std::process::exit(Exit::Failed as i32)
}

/// What is kept in the data folder beside what is recorded.
struct Kept {
    logs: Logs,
    notes: Notes,
    incidents: Incidents,
    reports: Reports,
}

impl Kept {
    fn of(settings: &Settings, app: &App, logs: Logs) -> Self {
        let (fs, dir): (Arc<dyn Fs>, _) = (Arc::new(RealFs), &settings.data_dir);
        let clock = || Arc::clone(&app.clock);
        Self {
            logs,
            notes: Notes::new(Arc::clone(&fs), clock(), dir),
            incidents: Incidents::new(Arc::clone(&fs), clock(), dir),
            reports: Reports::new(fs, dir),
        }
    }
}

fn api_state(
    app: &App,
    faults: Faults,
    Kept { logs, notes, incidents, reports }: Kept,
    access: Access,
    stop: CancellationToken,
) -> ApiState {
    let (silence, ingest) = (Arc::clone(&app.silence), Arc::clone(&app.ingest));
    let current = app.current.clone();
    let reading = hearthline_api::Reading {
        store: Arc::clone(&app.store),
        filter: Arc::new(move || current.filter()),
        clock: Arc::clone(&app.clock),
        silent: Arc::new(move || silence.silent()),
        left_out: Arc::new(move || ingest.left_out().list()),
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
        settings: app.reloads.desk(),
        backups: app.backups(),
        logs,
        notes,
        incidents,
        notify: app.notify(),
        maintenance: app.maintenance(),
        live: app.live.clone(),
        faults,
        stop,
        access,
    }
}
