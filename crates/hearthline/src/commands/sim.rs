//! `hearthline sim`: a simulated house behind Home Assistant's WebSocket API, to record, to test and to break.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::{RealFs, SystemClock};
use hearthline_sim::{Fault, HomeAssistant, Save, Scenario, Timed};
use tokio::net::TcpListener;

use super::Context;
use crate::exit::Exit;
use crate::instant::length;
use crate::stop::told_to_stop;

/// A scenario, and what is to be otherwise than in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Scenario file (TOML): house, settings and faults; what is given besides wins over it
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Another number is another house and other chances; without one it is drawn and printed
    #[arg(long)]
    seed: Option<u64>,
    /// Where Home Assistant's API is
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8123")]
    listen: SocketAddr,
    /// How many entities the house has; about ninety without it
    #[arg(long)]
    entities: Option<usize>,
    /// How lively the house is: 1 is about 45 events a minute for ninety entities
    #[arg(long)]
    rate: Option<f64>,
    /// The house has lived that long, and its history knows
    #[arg(long, value_parser = length, value_name = "DURATION")]
    past: Option<Duration>,
    /// The token that is let in
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The recorder leaves this entity out; may be given more than once
    #[arg(long = "exclude", value_name = "ENTITY_ID")]
    excluded: Vec<String>,
    /// Take orders here, a line each: `faults`, `cause NAME`, `end NAME`, `heal`, `counters`, `ledger`, `save`, `set ENTITY STATE`
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
    /// Make this go wrong, as in drop@30s, away@1m..90s or restart,down=15s@2m; may be given more than once
    #[arg(long = "fault", value_name = "NAME[,KEY=VALUE]@TIME", value_parser = Timed::parse)]
    faults: Vec<Timed>,
    /// Write every event that was fired to this file at the end, and at the order `save` (NDJSON)
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// End by itself after so long
    #[arg(long = "for", value_parser = length, value_name = "DURATION")]
    lasting: Option<Duration>,
    /// List what can go wrong, and end
    #[arg(long = "faults")]
    list: bool,
}

/// Serves until told to stop.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    if args.list {
        return list(&mut context);
    }
    crate::logging::start(&context.settings);
    let scenario = match scenario(&args) {
        Ok(scenario) => scenario,
        Err(mistakes) => {
            writeln!(io::stderr(), "{mistakes}")?;
            return Ok(Exit::Usage);
        }
    };
    let server = scenario.server(Arc::new(SystemClock::new()));
    save(&server, args.ledger.as_deref())?; // a file that cannot be written is told now and not after the night
    let address = listen(&server, args.listen).await?;
    let control = control(&server, args.control, args.ledger.clone()).await?;
    welcome(&mut context, &scenario, address, control)?;

    let (living, playing) = (server.clone(), server.clone());
    tokio::spawn(async move { living.run().await });
    tokio::spawn(playing.play(scenario));
    told_to_stop(args.lasting).await?;
    server.advance();
    save(&server, args.ledger.as_deref())?;
    writeln!(context.out, "{}", server.counters().to_json())?;
    Ok(Exit::Ok)
}

fn save(server: &HomeAssistant, ledger: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = ledger else { return Ok(()) };
    let events = server.save_ledger(&RealFs, path);
    let events = events.with_context(|| format!("cannot write the ledger {}", path.display()))?;
    tracing::info!("{events} events are in {}", path.display());
    Ok(())
}

/// Opens the API's port.
pub(super) async fn listen(server: &HomeAssistant, address: SocketAddr) -> anyhow::Result<SocketAddr> {
    server
        .listen(address)
        .await
        .with_context(|| format!("cannot listen on {address}; name another one by --listen"))
}

/// Opens the control port, if there is to be one. `ledger` is the file that the order `save` writes.
pub(super) async fn control(
    server: &HomeAssistant,
    address: Option<SocketAddr>,
    ledger: Option<PathBuf>,
) -> anyhow::Result<Option<SocketAddr>> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot take orders on {address}"))?;
    let bound = listener.local_addr()?;
    let saved = server.clone();
    let save: Save = Arc::new(move || {
        let path = ledger.as_deref().ok_or("no ledger file was named; start with --ledger FILE")?;
        let events = saved.save_ledger(&RealFs, path);
        let events = events.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(format!("{events} events in {}", path.display()))
    });
    tokio::spawn(server.clone().control(listener, save));
    Ok(Some(bound))
}

/// The scenario of the file with what was given besides; else what is wrong, in words.
fn scenario(args: &Args) -> Result<Scenario, String> {
    let mut scenario = args.scenario.as_deref().map_or_else(|| Ok(Scenario::default()), read)?;
    let seed = args.seed.or(scenario.seed);
    scenario.seed = Some(seed.unwrap_or_else(|| getrandom::u64().unwrap_or_default() % 1_000_000));
    scenario.entities = args.entities.or(scenario.entities);
    scenario.rate = args.rate.unwrap_or(scenario.rate);
    scenario.past = args.past.unwrap_or(scenario.past);
    scenario.options.token = args.token.clone().unwrap_or(scenario.options.token);
    scenario.options.excluded.extend(args.excluded.iter().cloned());
    scenario.faults.extend(args.faults.iter().cloned());
    Ok(scenario)
}

fn read(path: &Path) -> Result<Scenario, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("cannot read the scenario {}: {error}", path.display()))?;
    Scenario::parse(&text).map_err(|mistakes| {
        let lines = mistakes.0.iter().map(|m| format!("{}:{}: {}", path.display(), m.line, m.problem));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn welcome(
    context: &mut Context<'_>,
    scenario: &Scenario,
    address: SocketAddr,
    control: Option<SocketAddr>,
) -> io::Result<()> {
    let seed = scenario.seed.unwrap_or_default();
    let (json, out) = (context.json, &mut context.out);
    if json {
        let document = serde_json::json!({ "address": address, "control": control, "seed": seed });
        writeln!(out, "{document}")?;
        return out.flush();
    }
    writeln!(out, "A simulated Home Assistant is at http://{address}; --seed {seed} is this house again")?;
    writeln!(
        out,
        "Record it from another terminal:  HOME_ASSISTANT_URL=http://{address} HOME_ASSISTANT_TOKEN={} hearthline run",
        scenario.options.token
    )?;
    if let Some(control) = control {
        writeln!(out, "Break it by lines of text on {control}: `faults` lists what can be caused")?;
    }
    out.flush()
}

fn list(context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let kinds = Fault::kinds();
    if context.json {
        let kind = |kind: &hearthline_sim::FaultKind| serde_json::json!({ "name": kind.name, "usage": kind.usage(), "says": kind.says });
        context.write_json(&kinds.iter().map(kind).collect::<Vec<_>>())?;
    } else {
        for kind in kinds {
            writeln!(context.out, "{}\n    {}", kind.usage(), kind.says)?;
        }
    }
    Ok(Exit::Ok)
}
