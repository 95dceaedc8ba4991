//! The stages of `cargo xtask test`, and how each is run.

pub(crate) mod browser;
mod page;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::output::Tests;
use crate::report::{Outcome, Report};
use crate::{Workspace, peers, sim};

/// Tests that need a real peer are marked `#[ignore = "needs ..."]` and lie in modules below these.
const REAL_PEERS: [&str; 6] =
    ["home_assistant::", "influxdb::", "monitor::", "packaging::", "recipes::", "worst_night::"];
const LAYERING: &str = "layering::";
/// Stories that last minutes, which `--quick` leaves out.
const LONG: [&str; 6] = [
    "tour::",
    "influxdb::faults",
    "app::tests::a_part_that_hangs",
    "parts::named::",
    "repair::tests::each_repair_killed_at_each_step",
    "weather_day::",
];

/// Runs every stage, also after one has failed: a person wants to see all that is wrong at once.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<Report> {
    announce(workspace, quick);
    let mut report = Report::default();
    report.add(check("format", workspace, &["fmt", "--all", "--check"])?);
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    report.add(check("clippy", workspace, &clippy)?);
    let build = check("build", workspace, &["test", "--workspace", "--no-run"])?;
    let built = build.failed == 0;
    report.add(build);
    if !built {
        for stage in ["tests", "simulation", "layering", "page", "browser", "real peers"] {
            report.add(skipped(stage, "the build failed"));
        }
        return Ok(report);
    }
    report.add(tests(workspace, quick)?);
    report.add(cargo_tested("simulation", &mut sim::in_test(workspace, quick), None)?);
    let layering = ["test", "--workspace", "--test", "it", LAYERING];
    report.add(cargo_tested("layering", &mut cargo(workspace, &layering), None)?);
    report.add(page::run(workspace)?);
    if quick {
        for stage in ["browser", "real peers"] {
            report.add(skipped(stage, "--quick leaves it out"));
        }
    } else {
        report.add(browser::run(workspace)?);
        report.add(real_peers(workspace)?);
    }
    Ok(report)
}

fn tests(workspace: &Workspace, quick: bool) -> Result<Outcome> {
    let mut command = cargo(workspace, &["test", "--workspace", "--no-fail-fast", "--"]);
    command.arg(format!("--test-threads={}", threads()));
    let left_out: &[&str] = if quick { &LONG } else { &[] };
    for name in [LAYERING, sim::TEST].iter().chain(left_out) {
        command.args(["--skip", name]);
    }
    let mut outcome = cargo_tested("tests", &mut command, Some("needs "))?;
    outcome.skipped += left_out.len() as u64;
    outcome
        .why
        .extend(left_out.iter().map(|name| format!("skipped: {name} lasts, and --quick leaves it out")));
    Ok(outcome)
}

/// Tests at a time. The long ones start programs and wait for them; those that keep a core busy wait for each other.
fn threads() -> usize {
    3 * std::thread::available_parallelism().map_or(2, usize::from)
}

fn announce(workspace: &Workspace, quick: bool) {
    let cold = !workspace.target.join("debug/hearthline").exists();
    let minutes = |warm, otherwise| if cold { otherwise } else { warm };
    println!("format       seconds");
    println!("clippy       {}", minutes("1 min", "5 min"));
    println!("build        {}", minutes("2 min", "8 min"));
    println!("tests        {}", if quick { "4 min" } else { "7 min" });
    println!("simulation   {}", if quick { "half a minute" } else { "2 min" });
    println!("layering     seconds");
    println!("page         1 min");
    if quick {
        println!("browser      left out by --quick\nreal peers   left out by --quick");
        return;
    }
    let below = workspace.target.display();
    match peers::chromium::found(&workspace.target) {
        Some(chromium) => println!("browser      6 min, with {}", chromium.display()),
        None => println!("browser      6 min, and 1 min to unpack Chromium below {below}"),
    }
    let installed = peers::python::installed(&workspace.target)
        && peers::deploy::installed(&workspace.target)
        && peers::mosquitto::found(&workspace.target).is_some()
        && peers::influxdb::found(&workspace.target).is_some();
    if installed {
        println!("real peers   8 min");
    } else {
        println!("real peers   8 min, and 3 min to install them below {below}");
    }
}

/// A command that passes or fails as a whole.
fn check(stage: &'static str, workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    let (status, took) = run_one(stage, &mut cargo(workspace, arguments), |_| ())?;
    if status.success() {
        return Ok(Outcome { stage, passed: 1, took, ..Outcome::default() });
    }
    let why = vec![format!("cargo {} ended with {status}", arguments.join(" "))];
    Ok(Outcome { stage, failed: 1, took, why, ..Outcome::default() })
}

/// `cargo test`. Ignored tests whose reason begins with `elsewhere` are the business of another stage.
fn cargo_tested(stage: &'static str, command: &mut Command, elsewhere: Option<&str>) -> Result<Outcome> {
    tested(stage, command, |tests, line| {
        tests.read_cargo(line);
        tests.ignored.retain(|(_, reason)| !elsewhere.is_some_and(|start| reason.starts_with(start)));
    })
}

/// A command that runs tests and says of each line of its output what it means.
fn tested(stage: &'static str, command: &mut Command, read: impl Fn(&mut Tests, &str)) -> Result<Outcome> {
    let mut tests = Tests::default();
    let (status, took) = run_one(stage, command, |line| read(&mut tests, line))?;
    let mut why: Vec<String> = tests.failures.iter().map(|name| format!("failed: {name}")).collect();
    why.extend(tests.ignored.iter().map(|(name, reason)| format!("skipped: {name}: {reason}")));
    if tests.passed + tests.failed == 0 {
        tests.failed = 1;
        why.push("no test ran".to_owned());
    } else if !status.success() && tests.failed == 0 {
        tests.failed = 1;
        why.push(format!("the tests ended with {status} without naming one that failed"));
    }
    let skipped = tests.skipped + tests.ignored.len() as u64;
    Ok(Outcome { stage, passed: tests.passed, failed: tests.failed, skipped, took, why })
}

/// `npm run check`, which counts as one test, and `npm test`, in a folder that has its packages.
fn npm_tested(stage: &'static str, folder: &Path, environment: &[(&str, PathBuf)]) -> Result<Outcome> {
    let npm = |arguments: &[&str]| {
        let mut command = npm(folder, arguments);
        command.envs(environment.iter().cloned());
        command
    };
    let (checked, took) = run_one(stage, &mut npm(&["run", "check"]), |_| ())?;
    let mut outcome = tested(stage, &mut npm(&["test"]), Tests::read_node)?;
    outcome.took += took;
    if checked.success() {
        outcome.passed += 1;
    } else {
        outcome.failed += 1;
        outcome.why.push(format!("failed: npm run check ended with {checked}"));
    }
    Ok(outcome)
}

fn real_peers(workspace: &Workspace) -> Result<Outcome> {
    let stage = "real peers";
    let began = Instant::now();
    let installed = peers::python::install(&workspace.target)
        .and_then(|()| peers::deploy::install(&workspace.target))
        .and_then(|()| peers::mosquitto::install(&workspace.target).map(drop))
        .and_then(|()| peers::influxdb::install(&workspace.target).map(drop));
    if let Err(error) = installed {
        let why = vec![format!("{error:#}")];
        return Ok(Outcome { stage, failed: 1, took: began.elapsed(), why, ..Outcome::default() });
    }
    // The whole workspace, for its features: with those of one package much of it would be built again.
    let built = ["test", "--workspace", "--no-fail-fast", "--test", "it", "--"];
    let mut command = cargo(workspace, &built);
    // Two at a time: a Home Assistant that starts keeps a core busy.
    command.args(["--ignored", "--test-threads=2"]).args(REAL_PEERS);
    command.env("HEARTHLINE_TEST_PEERS", peers::folder(&workspace.target));
    let mut outcome = cargo_tested(stage, &mut command, None)?;
    outcome.took = began.elapsed();
    Ok(outcome)
}

fn skipped(stage: &'static str, why: &str) -> Outcome {
    Outcome { stage, skipped: 1, why: vec![format!("skipped: {why}")], ..Outcome::default() }
}

pub(crate) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    command
}

/// npm, whose programs print no colours: what they say is read.
fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

/// Shows what the command prints while it runs, and hands each line of its standard output to `read`.
fn run_one(stage: &str, command: &mut Command, mut read: impl FnMut(&str)) -> Result<(ExitStatus, Duration)> {
    println!("\n-- {stage}");
    let began = Instant::now();
    let program = Path::new(command.get_program()).display().to_string();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let output = child.stdout.take().context("a piped output is missing")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what the command prints")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        read(&line);
    }
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    println!("-- {stage}: {:.1} s", began.elapsed().as_secs_f64());
    Ok((status, began.elapsed()))
}
