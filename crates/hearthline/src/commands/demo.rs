//! `hearthline demo`: the real pipeline on a simulated house, without a Home Assistant at hand.
//!
//! The house, its Home Assistant and its faults come from `hearthline-sim`; it speaks the real protocol over a real
//! socket. Everything after that socket is the program as it always runs.

pub(crate) mod influxdb;
pub(crate) mod naive;
mod phone;
mod tour;

use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_api::{Fault, Faults};
use hearthline_core::{Clock, SystemClock};
use hearthline_pipeline::silence::Rules;
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use hearthline_pipeline::weather::{Choice, Provider};
use hearthline_runbook::alerts::Pace;
use hearthline_sim::{HomeAssistant, House, Options, Outdoors, Weather};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::Context;
use super::run::Simulation;
use crate::app::reload::Reading;
use crate::app::{Moment, Past, Simulated};
use crate::exit::Exit;
use crate::fault::{self, Breakable};
use crate::house::Program;
use crate::peer;
use crate::settings::{Secret, Setting, Settings, Source};

/// Ports that are tried after the usual one.
const PORTS: u16 = 50;
/// Between two status lines.
const SAY: Duration = Duration::from_secs(5);
/// Sooner than usual, so that files can be looked at in the first minutes.
const FLUSH: Duration = Duration::from_secs(30);
/// Between two calls to the simulated weather service: sooner than usual too.
const WEATHER: Duration = Duration::from_secs(30);
/// Calls of a day, of which there are as many then.
const WEATHER_CALLS: u32 = 10_000;
/// Sooner than usual, so that who falls silent in the first minutes is seen to.
const SWEEP: Duration = Duration::from_secs(10);
/// The same for how long a sensor is watched, and may be silent. What is usual for it is learnt as it always is.
const RULES: Rules = Rules {
    least: Duration::from_secs(30),
    watched: Duration::from_secs(120),
    span: Duration::from_secs(30),
};
/// The same for what is an alert.
const PACE: Pace =
    Pace { grace: Duration::from_secs(5), raise: Duration::from_secs(3), clear: Duration::from_secs(5) };
/// So much of the past is watched for that.
const WATCHED: Duration = Duration::from_secs(15 * 60);
/// Of the simulated Home Assistant; it guards nothing.
const TOKEN: &str = "simulated-token";

/// What kind of house.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep what is recorded in this folder; without one it is in a temporary folder that goes at the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Hours of simulated past that the charts begin with
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(0..=240))]
    hours: u16,
    /// How lively the house is: 1 is about 45 events a minute
    #[arg(long, default_value_t = 1.0, value_parser = lively)]
    rate: f64,
    /// Another number is another house
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take orders to the simulated Home Assistant here, a line each: `faults`, `cause NAME`, `end NAME`, `heal`, `counters`, `ledger`, `set ENTITY STATE`
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
    /// Break it and mend it in six acts, compare each with what was fired, and end: 0 only if every figure holds. Its folder stays
    #[arg(long, conflicts_with_all = ["hours", "rate", "control"])]
    tour: bool,
}

fn lively(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "write a number, as in 2.5".to_owned())?;
    if (0.01..=1000.0).contains(&rate) { Ok(rate) } else { Err("write a number from 0.01 to 1000".into()) }
}

/// Shows a house until told to stop.
pub(crate) async fn run(args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    if args.tour {
        return tour::run(&args, context).await;
    }
    let mut settings = context.settings;
    let (logs, log_filter) = crate::logging::start(&settings);
    let temporary = match &args.data_dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("hearthline-demo-").tempdir()?),
    };
    let dir =
        args.data_dir.clone().or_else(|| temporary.as_ref().map(|dir| dir.path().into())).unwrap_or_default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let (house, past) = lived(&args, &*clock, dir.join("store").is_dir());
    let options = Options { token: TOKEN.into(), ..Options::default() };
    let peer = HomeAssistant::new(house, Arc::clone(&clock), options);
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let address = peer.listen(anywhere).await?;
    let weather = weather(&peer, Arc::clone(&clock));
    let weather_address = weather.listen(anywhere).await?;
    let influx = influxdb::server(clock)?;
    let influx_address = influx.listen(anywhere).await?;
    simulated(&mut settings, dir, address, weather_address)?;
    settings.sinks = vec![influxdb::sink(influx_address)?];
    settings.notify = vec![phone::listen(anywhere).await?];
    let listener = listen(&mut settings).await?;
    let page = listener.local_addr()?;
    let control = super::sim::control(&peer, args.control, None).await?;
    welcome(context.out, page, control, &settings)?;

    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    let link = LinkConfig { sweep: SWEEP, ..peer::link(&settings)? };
    let house_url = format!("http://{address}").parse()?;
    let beside = naive::Beside::new(influxdb::naive(&house_url, TOKEN, influx_address)?);
    let parts = Simulated { past, pace: PACE, ..Simulated::default() };
    let house = Breakable {
        peer,
        beside: beside.clone(),
        retry: Arc::clone(&link.retry),
        archive: Arc::clone(&parts.archive),
        weather,
        ask_weather: Arc::clone(&parts.ask_weather),
        influx,
        snags: parts.snags.clone(),
    };
    if io::stdin().is_terminal() {
        let (runtime, house) = (Handle::current(), house.clone());
        // A thread that may wait for a line for ever, also after everything else has stopped.
        std::thread::Builder::new().name("orders".into()).spawn(move || take_orders(&runtime, &house))?;
    }
    if !io::stdout().is_terminal() {
        tokio::spawn(say_status(settings.clone(), beside));
    }
    let simulation = Simulation { parts, faults: faults(house) };
    let reading = Reading { source: simulated_again(context.source, &settings), log_filter };
    super::run::record(&settings, listener, link, (reading, logs), Some(simulation)).await
}

/// A house that has lived for some hours, and the states of these hours. One that is shown again on the same folder has
/// its past there already.
fn lived(args: &Args, clock: &dyn Clock, again: bool) -> (House, Past) {
    let now = clock.now();
    let hours = if again { 0 } else { args.hours };
    let mut house =
        House::new(args.seed, now.minus(Duration::from_secs(3600) * hours.into())).with_rate(args.rate);
    let mut moments = Vec::new();
    let mut to = now.minus(WATCHED);
    while !again && to <= now {
        let fired = house.advance(to);
        let states = fired.iter().filter_map(|fired| fired.new_state.as_ref());
        moments.extend(states.map(|state| Moment::State(state.to_json())));
        moments.push(Moment::Reported(house.reported(to)));
        to = to.plus(SWEEP);
    }
    house.advance(now);
    (house, Past { moments, rules: RULES })
}

/// A weather service for a house whose own weather entity says how it is outside.
fn weather(peer: &HomeAssistant, clock: Arc<dyn Clock>) -> Weather {
    let peer = peer.clone();
    Weather::new(clock, None, move || {
        let usual = Outdoors::default();
        let Some(state) = peer.state("weather.home") else { return usual };
        let attributes: serde_json::Value = serde_json::from_str(&state.attributes).unwrap_or_default();
        let figure = |name: &str| attributes.get(name).and_then(serde_json::Value::as_f64);
        Outdoors {
            temperature: figure("temperature").unwrap_or(usual.temperature),
            humidity: figure("humidity").unwrap_or(usual.humidity),
            pressure: figure("pressure").unwrap_or(usual.pressure),
            wind_speed: figure("wind_speed").map_or(usual.wind_speed, |speed| speed / 3.6),
            wind_bearing: figure("wind_bearing").unwrap_or(usual.wind_bearing),
            cloud_cover: figure("cloud_coverage").unwrap_or(usual.cloud_cover),
            rain: if &*state.state == "rainy" { 0.6 } else { 0.0 },
        }
    })
}

/// Puts the simulated peers in the place of real ones, whatever else is set.
fn simulated(
    settings: &mut Settings,
    dir: PathBuf,
    address: SocketAddr,
    weather: SocketAddr,
) -> anyhow::Result<()> {
    settings.weather.provider = Setting::default(Choice::Outside(Provider::OpenMeteo));
    settings.weather.base_url = Some(Setting::default(format!("http://{weather}").parse()?));
    settings.weather.interval = Some(Setting::default(WEATHER));
    settings.weather.calls_per_day = Some(Setting::default(WEATHER_CALLS));
    (settings.weather.api_key, settings.weather.api_key_file) = (None, None);
    // Nobody is told of a house that is none.
    (settings.notify, settings.mqtt) = (Vec::new(), None);
    settings.data_dir = Setting::default(dir);
    settings.store.flush_interval = Setting::default(FLUSH);
    let peer = &mut settings.home_assistant;
    peer.url = Some(Setting::default(format!("http://{address}").parse()?));
    peer.token = Some(Setting::default(Secret::new(TOKEN)));
    peer.token_file = None;
    peer.ca_file = None;
    peer.supervised = false;
    Ok(())
}

/// The file and the environment with the same peers in the place of real ones: what else is written there can be changed while
/// the house is shown.
fn simulated_again(source: Source, settings: &Settings) -> Source {
    let first = settings.clone();
    source.adapted(move |settings| {
        let first = first.clone();
        settings.data_dir = first.data_dir;
        settings.home_assistant = first.home_assistant;
        settings.weather = first.weather;
        settings.store.flush_interval = first.store.flush_interval;
        settings.sinks = first.sinks;
        settings.notify = first.notify;
        settings.mqtt = first.mqtt;
        settings.api = first.api;
    })
}

/// Listens where the settings say, or on the next port that is free.
async fn listen(settings: &mut Settings) -> anyhow::Result<TcpListener> {
    let first = *settings.api.listen;
    for port in first.port()..=first.port().saturating_add(PORTS) {
        let address = SocketAddr::new(first.ip(), port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if port != first.port() {
                    tracing::warn!("{first} is in use; taking {address} instead");
                    settings.api.listen.value = address;
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).with_context(|| format!("cannot listen on {address}")),
        }
    }
    anyhow::bail!(
        "{first} and the {PORTS} ports after it are in use; set HEARTHLINE_API_LISTEN to another address"
    )
}

fn welcome(
    out: &mut (dyn io::Write + Send),
    page: SocketAddr,
    control: Option<SocketAddr>,
    settings: &Settings,
) -> io::Result<()> {
    writeln!(out, "A simulated house is being recorded. Look at it:  http://{page}/")?;
    writeln!(
        out,
        "Ask it from another terminal:  HEARTHLINE_DATA_DIR={} hearthline status",
        settings.data_dir.display()
    )?;
    if let Some(control) = control {
        writeln!(out, "Break it by lines of text on {control}: `faults` lists what can be caused")?;
    }
    if io::stdin().is_terminal() {
        writeln!(
            out,
            "Break it: type one of these and Enter:  {}",
            fault::all().map(|(name, _)| name).collect::<Vec<_>>().join("  ")
        )?;
    }
    out.flush()
}

/// What a person types is what goes wrong.
fn take_orders(runtime: &Handle, house: &Breakable) {
    let _entered = runtime.enter();
    for line in io::stdin().lines().map_while(Result::ok) {
        let word = line.trim();
        if !word.is_empty()
            && let Err(why) = house.cause(word)
        {
            tracing::warn!("{why}");
        }
    }
}

/// The same for the page.
fn faults(house: Breakable) -> Faults {
    let named = fault::all().map(|(name, says)| Fault { name: name.into(), says: says.into() });
    let beside = house.beside.clone();
    Faults {
        named: named.collect(),
        naive: Arc::new(move || beside.shown()),
        cause: Arc::new(move |name| {
            if let Err(why) = house.cause(name) {
                tracing::warn!("{why}");
            }
        }),
    }
}

/// One line for each look, where nobody looks at a page.
#[expect(clippy::print_stdout, reason = "the command's answer goes on while it runs")]
async fn say_status(settings: Settings, beside: naive::Beside) {
    let mut each = tokio::time::interval_at(tokio::time::Instant::now() + SAY, SAY);
    loop {
        each.tick().await;
        let Ok(Some(program)) = Program::of(&settings) else { continue };
        let Ok(status) = program.status().await else { continue };
        let (events, ha) = (&status.events, &status.home_assistant);
        let rate = events.per_minute.map_or("-".into(), |rate| rate.to_string());
        let naive = beside.counts().map(|counts| format!("; simulated: {}", naive::sentence(&counts)));
        let naive = naive.unwrap_or_default();
        println!(
            "{}: {} home assistant {}, {} received, {} logged, {rate} per minute, {} gaps open{naive}",
            status.overall.as_str(),
            status.verdict,
            ha.state,
            events.received,
            events.logged,
            status.gaps.open
        );
    }
}
