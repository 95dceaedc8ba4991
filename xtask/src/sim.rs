//! Seeded scenarios of the whole way from a simulated Home Assistant to the store: some in every `test`, as many as one
//! likes by `sim`.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Workspace, stages};

/// The test that runs seeds, and the only one that is not run beside it.
pub(crate) const TEST: &str = "every_event_is_stored_once_or_lies_in_a_named_gap";
/// As many as an unoptimised build runs in a minute and a half, and those that there is time for in a quick one.
const IN_TEST: (u64, u64) = (150, 40);
/// Where a person does not say how many.
const USUAL: u64 = 500;

/// Which seeds: the first, and how many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seeds {
    first: u64,
    count: u64,
}

impl Seeds {
    /// Reads `--seeds N` and `--seed S`; one alone where only that is said.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let (mut first, mut count) = (None, None);
        for pair in words.chunks(2) {
            let [name, number] = pair else { bail!("{} needs a number", pair.join(" ")) };
            let number = number.parse().with_context(|| format!("{name} {number}: not a number"))?;
            match *name {
                "--seed" => first = Some(number),
                "--seeds" if number > 0 => count = Some(number),
                "--seeds" => bail!("--seeds 0 proves nothing"),
                _ => bail!("sim knows --seeds and --seed, not {name}"),
            }
        }
        let usual = if first.is_some() { 1 } else { USUAL };
        Ok(Self { first: first.unwrap_or(1), count: count.unwrap_or(usual) })
    }

    fn told_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("HEARTHLINE_SIM_SEED", self.first.to_string());
        command.env("HEARTHLINE_SIM_SEEDS", self.count.to_string())
    }
}

/// Runs the seeds on all cores, optimised. False when one failed.
pub(crate) fn run(workspace: &Workspace, seeds: &Seeds) -> Result<bool> {
    println!("builds for 4 min the first time");
    let mut command = scenarios(workspace, &["--release", "--package", "hearthline-pipeline"]);
    let status =
        seeds.told_to(command.args(["--exact", &format!("stories::{TEST}"), "--nocapture"])).status();
    Ok(status.context("cannot start cargo")?.success())
}

/// The same seeds at each `test`, as that is built.
pub(crate) fn in_test(workspace: &Workspace, quick: bool) -> Command {
    // With the features that the whole workspace is built with, or much of it would be built again.
    let mut command = scenarios(workspace, &["--workspace"]);
    let count = if quick { IN_TEST.1 } else { IN_TEST.0 };
    Seeds { first: 1, count }.told_to(command.arg(TEST));
    command
}

fn scenarios(workspace: &Workspace, how: &[&str]) -> Command {
    let mut command = stages::cargo(workspace, &["test"]);
    command.args(how).args(["--test", "scenarios", "--"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_alone_is_one_and_seeds_begin_with_the_first() {
        let parse = |text: &str| Seeds::parse(&text.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!(parse(""), Seeds { first: 1, count: USUAL });
        assert_eq!(parse("--seed 17"), Seeds { first: 17, count: 1 });
        assert_eq!(parse("--seeds 9 --seed 4"), Seeds { first: 4, count: 9 });
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (words, said) in [
            (&["--seeds"][..], "--seeds needs a number"),
            (&["--seeds", "many"], "--seeds many: not a number"),
            (&["--seeds", "0"], "--seeds 0 proves nothing"),
            (&["--sed", "1"], "sim knows --seeds and --seed, not --sed"),
        ] {
            assert_eq!(Seeds::parse(words).unwrap_err().to_string(), said);
        }
    }
}
