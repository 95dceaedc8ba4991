//! `hearthline check`: validates the settings, then asks Home Assistant once, and the provider of weather if one outside is
//! named, and every sink's server.

use std::path::PathBuf;

use hearthline_pipeline::sources::home_assistant::link::{Probe, probe};
use hearthline_pipeline::sources::home_assistant::{Retry, SessionError};
use serde_json::json;

use self::sinks::Sink;
use super::Context;
use crate::exit::Exit;
use crate::{peer, startup, weather};

mod change;
mod cost;
mod env_file;
mod sinks;

/// How far to look.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not ask Home Assistant
    #[arg(long)]
    offline: bool,
    /// Instead say what the variables in this file, as of an older system, mean here: understood, ignored, missing
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Print the settings file that it makes
    #[arg(long, requires = "env_file")]
    toml: bool,
}

impl Args {
    /// Whether it is about other settings than those that hold here.
    pub(crate) const fn is_of_another(&self) -> bool {
        self.env_file.is_some()
    }
}

/// Says what holds, then what Home Assistant says. Wrong settings never come as far as this.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    if let Some(file) = &args.env_file {
        return env_file::run(file, args.toml, &mut context);
    }
    let link = peer::link(&context.settings)?;
    let change = change::of(&context).await;
    let settings = startup::of_settings(&context.settings);
    let answer = if args.offline { None } else { Some(probe(&link).await) };
    let place = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|probe| probe.place);
    let weather = match place {
        Some(place) => weather::try_out(&context.settings, place).await,
        None => None,
    };
    let sinks = if args.offline { Vec::new() } else { sinks::try_out(&context.settings).await? };
    let exit = match &answer {
        Some(Ok(_)) if sinks.iter().any(|sink| sink.says.is_err()) => Exit::Degraded,
        Some(Ok(_)) if matches!(weather, Some(Err(_))) => Exit::Degraded,
        None | Some(Ok(_)) => Exit::Ok,
        Some(Err(error)) if error.retry() == Retry::Backoff => Exit::Unreachable,
        Some(Err(_)) => Exit::Failed,
    };
    if context.json {
        let mut document = document(&settings, answer.as_ref(), weather.as_ref(), &sinks);
        if let Some(members) = document.as_object_mut() {
            members.insert("change".into(), json!(change));
        }
        context.write_json(&document)?;
    } else {
        for line in &settings {
            writeln!(context.out, "{line}")?;
        }
        writeln!(context.out, "{}", sentence(answer.as_ref()))?;
        if let Some(change) = &change {
            write!(context.out, "{}", change::render(change))?;
        }
        if let Some(Ok(words) | Err(words)) = &weather {
            writeln!(context.out, "weather: {words}")?;
        }
        for Sink { name, says: Ok(words) | Err(words), cost } in &sinks {
            writeln!(context.out, "{name}: {words}")?;
            if let Some(cost) = cost {
                writeln!(context.out, "{name}: {cost}")?;
            }
        }
    }
    Ok(exit)
}

fn document(
    settings: &[String],
    answer: Option<&Result<Probe, SessionError>>,
    weather: Option<&Result<String, String>>,
    sinks: &[Sink],
) -> serde_json::Value {
    let home_assistant = answer.map(|answer| match answer {
        Ok(probe) => json!({
            "ok": true, "version": probe.ha_version, "location_name": probe.location_name, "running": probe.running,
        }),
        Err(error) => json!({ "ok": false, "error": error.to_string() }),
    });
    let weather = weather.map(|weather| match weather {
        Ok(says) => json!({ "ok": true, "says": says }),
        Err(error) => json!({ "ok": false, "error": error }),
    });
    let sinks = sinks.iter().map(|Sink { name, says, cost }| match says {
        Ok(says) => json!({ "name": name, "ok": true, "says": says, "cost": cost }),
        Err(error) => json!({ "name": name, "ok": false, "error": error, "cost": cost }),
    });
    let sinks: Vec<_> = sinks.collect();
    json!({ "settings": settings, "home_assistant": home_assistant, "weather": weather, "sinks": sinks })
}

fn sentence(answer: Option<&Result<Probe, SessionError>>) -> String {
    match answer {
        None => "the settings are good; Home Assistant was not asked".into(),
        Some(Ok(Probe { ha_version, location_name, running, .. })) => {
            let name = location_name.as_deref().unwrap_or("a house without a name");
            let starting = if *running { "" } else { ", which is still starting" };
            format!("the settings are good; Home Assistant {ha_version} of {name}{starting} takes the token")
        }
        Some(Err(error)) => format!("the settings can be read, but {error}"),
    }
}
