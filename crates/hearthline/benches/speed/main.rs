//! How far the product is from what the machine can do: `cargo xtask bench`.
//!
//! Times alone say nothing on a machine that does other things as well, so every figure stands beside a yardstick that
//! was measured in the same run: runs of both take turns, each in a process of its own, and medians are compared.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures with the real clock on the real disk")]

mod day;
mod events;
mod measure;
mod ours;
mod peer;
mod sender;
mod stages;
mod table;
mod taker;
mod yardstick;
mod year;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::day::Day;
use crate::measure::Figures;
use crate::peer::Peer;
use crate::stages::Stage;
use crate::year::Year;

/// What takes in events. The first is what the others are compared with. The log is synced each second unless it says
/// otherwise.
const CHAINS: [&str; 5] =
    ["yardstick", "to the log", "to the log, sync always", "to the log, sync os", "to the store"];

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Report {
    /// Bytes of an event with its share of the frame, on average.
    event_bytes: u64,
    load_before: String,
    /// Of each chain, every run.
    runs: Vec<(&'static str, Vec<Figures>)>,
    stages: Vec<Stage>,
    day: Day,
    year: Year,
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.as_slice() {
        [] => measure_all(5, 200_000, 24, 365),
        ["--quick"] => measure_all(3, 50_000, 2, 14),
        ["sender", events] => sender::serve(events.parse()?),
        ["taker"] => taker::serve(),
        ["run", chain, address, events, dir] => {
            let (address, events, dir) = (address.parse()?, events.parse()?, Path::new(dir));
            say(&match *chain {
                "yardstick" => runtime.block_on(yardstick::run(address, events, dir))?,
                chain => runtime.block_on(ours::run(address, events, dir, &ours::Chain::named(chain)))?,
            })
        }
        ["stages", events, dir] => say(&stages::run(events.parse()?, Path::new(dir))?),
        ["day", hours, dir] => say(&runtime.block_on(day::run(hours.parse()?, Path::new(dir)))?),
        ["year", days, dir] => say(&year::run(days.parse()?, Path::new(dir))?),
        _ => bail!("usage: speed [--quick]"),
    }
}

fn measure_all(rounds: usize, events: u64, hours: u64, days: u64) -> Result<()> {
    let frames = events::frames(10_000);
    let event_bytes = frames.iter().map(|frame| frame.len() as u64).sum::<u64>() / 10_000;
    let load_before = std::fs::read_to_string("/proc/loadavg")?.trim().to_owned();
    println!("{rounds} runs of {events} events of {event_bytes} bytes; load {load_before}");
    let sender = Peer::start(&["sender", &events.to_string()])?;
    let mut runs: Vec<(&'static str, Vec<Figures>)> = CHAINS.map(|chain| (chain, Vec::new())).into();
    let (address, count) = (sender.address.to_string(), events.to_string());
    for round in 1..=rounds {
        for (chain, figures) in &mut runs {
            let one: Figures = child(&["run", *chain, &address, &count])?;
            eprintln!("{round}/{rounds} {chain}: {:.0} events/s", one.events_per_second());
            figures.push(one);
        }
    }
    drop(sender);
    eprintln!("each stage alone");
    let stages = child(&["stages", &count])?;
    eprintln!("{hours} hours of a house");
    let day = child(&["day", &hours.to_string()])?;
    eprintln!("a chart of {days} days");
    let year = child(&["year", &days.to_string()])?;
    let report = Report { event_bytes, load_before, runs, stages, day, year };
    table::print(&report);
    let file = target().join("bench.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&report)?)?;
    println!("\n{}", file.display());
    Ok(())
}

/// Runs a part in a process of its own, with a folder of its own as the last word, so that nobody's memory and files are
/// in another's figures.
fn child<T: DeserializeOwned>(words: &[&str]) -> Result<T> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let output = Command::new(std::env::current_exe()?)
        .args(words)
        .arg(dir.path())
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{words:?} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{words:?} said something else"))
}

fn say<T: Serialize>(what: &T) -> Result<()> {
    println!("{}", serde_json::to_string(what)?);
    Ok(())
}

/// Where all that is built lies.
fn target() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    folder.parent().unwrap_or(folder).to_owned()
}
