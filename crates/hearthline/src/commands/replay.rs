//! `hearthline replay`: a recorded session as a peer that speaks Home Assistant's protocol.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use hearthline_core::SystemClock;
use hearthline_sim::{HomeAssistant, Options, Recording};

use super::Context;
use super::sim::{control, listen};
use crate::exit::Exit;
use crate::stop::told_to_stop;

/// Which recording, how fast, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `hearthline record` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// So many times as fast as it was
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Where Home Assistant's API is; any token is let in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8123")]
    listen: SocketAddr,
    /// Take orders here, as `hearthline sim` does
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "write a number, as in 10".to_owned())?;
    if (0.001..=1e6).contains(&speed) {
        Ok(speed)
    } else {
        Err("write a number from 0.001 to 1000000".into())
    }
}

/// Plays it from the first subscription on, then stays as the house was at the end, until told to stop.
pub(crate) async fn run(args: Args, context: Context<'_>) -> anyhow::Result<Exit> {
    crate::logging::start(&context.settings);
    let file = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {file}"))?;
    let recording = Recording::parse(&text).with_context(|| format!("{file} is no recording"))?;
    let options = Options { token: String::new(), ..Options::default() };
    let server = HomeAssistant::replaying(&recording, Arc::new(SystemClock::new()), options);
    let address = listen(&server, args.listen).await?;
    let control = control(&server, args.control, None).await?;

    welcome(context, &recording, args.speed, address, control)?;
    let replay = async {
        server.replay(args.speed).await;
        tracing::info!("the recording is over; the house stays as it was then");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        stopped = told_to_stop(None) => stopped?,
        () = replay => {}
    }
    Ok(Exit::Ok)
}

fn welcome(
    context: Context<'_>,
    recording: &Recording,
    speed: f64,
    address: SocketAddr,
    control: Option<SocketAddr>,
) -> io::Result<()> {
    let Context { json, out, .. } = context;
    let (version, frames) = (&recording.ha_version, recording.frames.len());
    let seconds = recording.frames.last().map_or(0.0, |frame| frame.t) / speed;
    if json {
        let document = serde_json::json!({
            "address": address, "control": control, "ha": version, "frames": frames, "seconds": seconds,
        });
        writeln!(out, "{document}")?;
        return out.flush();
    }
    writeln!(
        out,
        "Home Assistant {version} as it was recorded is at http://{address}: {frames} frames within {seconds:.1} s, from \
         the first subscription on"
    )?;
    writeln!(
        out,
        "Record it from another terminal:  HOME_ASSISTANT_URL=http://{address} HOME_ASSISTANT_TOKEN=any hearthline run"
    )?;
    if let Some(control) = control {
        writeln!(out, "Break it by lines of text on {control}: `faults` lists what can be caused")?;
    }
    out.flush()
}
