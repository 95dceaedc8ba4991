//! The project's own tasks: `cargo xtask <task>`.

#![expect(clippy::print_stdout, reason = "a command line tool")]
#![expect(
    clippy::disallowed_methods,
    reason = "a tool of the build is not simulated: it uses the real clock and disk"
)]

mod app;
mod bench;
mod output;
mod peers;
mod report;
mod sim;
mod stages;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask <task>

  test [--quick]  everything that proves the program; --quick leaves out browser and real peers
  sim [--seeds N] [--seed S]
                  seeded scenarios of all that can go wrong, optimised; a failing seed replays with --seed
  soak            load, kills, cuts, a store, a disk and an InfluxDB that take nothing, a million events in a backup, 50,000 wild
                  events, the worst night, half an hour of criteria on real peers, every fault in a browser, ten minutes of load
                  with the page open, in full length, optimised
  bench [--quick] how far the program is from what the machine can do, and what it costs the disk
  app             makes the folder of an app for a Home Assistant with supervisor
  peers           installs the programs that the tests run against, and says where they are";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test(false),
        ["test", "--quick"] => test(true),
        ["sim", seeds @ ..] => sim::Seeds::parse(seeds)
            .and_then(|seeds| Workspace::find().and_then(|workspace| sim::run(&workspace, &seeds))),
        ["soak"] => Workspace::find().and_then(|workspace| soak(&workspace)),
        ["bench"] => Workspace::find().and_then(|workspace| bench::run(&workspace, false)),
        ["bench", "--quick"] => Workspace::find().and_then(|workspace| bench::run(&workspace, true)),
        ["app"] => Workspace::find().and_then(|workspace| app::assemble(&workspace)),
        ["peers"] => install_peers(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("no such task: {}\n{USAGE}", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn test(quick: bool) -> Result<bool> {
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let report = stages::run(&Workspace::find()?, quick)?;
    if ci && report.skipped() {
        println!("\nCI is set, so what was skipped counts as failed");
    }
    report.print();
    Ok(report.holds(ci))
}

/// What `test` runs at a tenth of its length.
fn soak(workspace: &Workspace) -> Result<bool> {
    println!("builds for 5 min the first time, runs for 120 min");
    peers::python::install(&workspace.target)?;
    peers::influxdb::install(&workspace.target)?;
    let simulated = ["load::", "nothing_lost::", "fire::disk::", "backup::", "--test-threads=6"].as_slice();
    let real = ["home_assistant::gaps::", "influxdb::away::", "influxdb::wild::", "--ignored"].as_slice();
    // One after the other: what is watched is the program, not how it does beside other tests.
    let nights = ["worst_night::", "monitor::", "--ignored", "--test-threads=1"].as_slice();
    let mut well = true;
    for tests in [simulated, real, nights] {
        let built = ["test", "--release", "--package", "hearthline", "--test", "it", "--", "--nocapture"];
        let mut command = stages::cargo(workspace, &built);
        command.args(tests);
        command.env("HEARTHLINE_SOAK", "1").env("HEARTHLINE_TEST_PEERS", peers::folder(&workspace.target));
        well &= command.status().context("cannot start cargo")?.success();
    }
    Ok(stages::browser::soak(workspace)? && well)
}

fn install_peers() -> Result<bool> {
    let target = Workspace::find()?.target;
    peers::python::install(&target)?;
    peers::deploy::install(&target)?;
    let servers = peers::influxdb::install(&target)?;
    let chromium = peers::chromium::install(&target)?;
    let mosquitto = peers::mosquitto::install(&target)?;
    println!("{}", peers::folder(&target).display());
    for program in servers.iter().chain([&chromium, &mosquitto]) {
        println!("{}", program.display());
    }
    Ok(true)
}

/// Where the project is and where what is built goes.
struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The target folder is the one that this program was built into, whoever chose it.
    fn find() -> Result<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from);
        let root = root.context("xtask has no folder above it")?;
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let Some(target) = program.ancestors().nth(2) else {
            bail!("{} does not lie in a target folder", program.display());
        };
        Ok(Self { root, target: target.to_owned() })
    }
}
