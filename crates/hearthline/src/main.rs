//! Hearthline records a Home Assistant house: every event on disk once, readable by any Parquet engine.

mod api_token;
mod app;
mod backup;
mod cli;
mod commands;
mod doctor;
mod exit;
mod fault;
mod house;
mod instant;
mod logging;
mod peer;
mod progress;
mod repairs;
mod runbook;
mod running;
mod serve;
mod settings;
mod setup;
mod startup;
mod stop;
mod table;
mod weather;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    commands::run(cli, &settings::Environment::of_process(), &mut std::io::stdout()).into()
}
