//! The options of a repair, as they are given on the command line.

use hearthline_core::{Clock as _, SystemClock};
use hearthline_runbook::repair::{Kind, Options, Refused};
use serde_json::Value;

use crate::instant::{Instant, instant};

/// As given.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Given {
    /// restart: only this part, as in `hearthline status`
    #[arg(value_name = "PART")]
    part: Option<String>,
    /// Of this sink alone, by its name in the settings
    #[arg(long, requires = "name")]
    sink: Option<String>,
    /// From this instant: 2026-11-23T11:57:01Z, 2026-11-23, or so long ago as in 10d
    #[arg(long, value_parser = instant, requires = "name")]
    from: Option<Instant>,
    /// Before this instant
    #[arg(long, value_parser = instant, requires = "name")]
    to: Option<Instant>,
}

impl Given {
    /// As the repair takes them.
    pub(super) fn of(self, kind: &Kind) -> Result<Value, Refused> {
        let Self { part, sink, from, to } = self;
        let now = SystemClock::new().now();
        let written = |at: Option<Instant>| at.map(|at| at.resolve(now).to_string());
        let options = Options { part, sink, from: written(from), to: written(to), ..Options::default() };
        let options = options.to_value();
        Options::read(kind, &options).map_err(Refused::Options)?;
        Ok(options)
    }
}
