//! The options of a repair, as they are given on the command line.

use hearthline_core::{Clock as _, SystemClock};
use hearthline_runbook::repair::{Kind, Mode, Options, Refused};
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
    /// schema: export the measurement, then delete it with its types; it wants its name typed
    #[arg(long, requires = "name")]
    clear: bool,
    /// schema: copy the whole measurement to a new one, each field under one name and type, and write there from then on
    #[arg(long, requires = "name", conflicts_with_all = ["clear", "numbers"])]
    rewrite: bool,
    /// schema --clear: this measurement, if it is not the one that the sink writes
    #[arg(long, value_name = "NAME", requires = "clear")]
    measurement: Option<String>,
    /// schema --clear: write the rows back at once, each value under the name of its type
    #[arg(long, requires = "clear")]
    restore: bool,
    /// schema: copy texts that read as numbers as numbers, too
    #[arg(long, requires = "name", conflicts_with = "clear")]
    numbers: bool,
    /// sink: send once more what the store has from this instant on; schema --clear: clear from it on. As
    /// 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 10d
    #[arg(long, value_parser = instant, requires = "name")]
    from: Option<Instant>,
    /// Before this instant
    #[arg(long, value_parser = instant, requires = "name")]
    to: Option<Instant>,
}

impl Given {
    /// As the repair takes them.
    pub(super) fn of(self, kind: &Kind) -> Result<Value, Refused> {
        let Self { part, sink, clear, rewrite, measurement, restore, numbers, from, to } = self;
        let now = SystemClock::new().now();
        let written = |at: Option<Instant>| at.map(|at| at.resolve(now).to_string());
        let options = Options {
            part,
            sink,
            mode: clear.then_some(Mode::Clear).or(rewrite.then_some(Mode::Rewrite)),
            measurement,
            from: written(from),
            to: written(to),
            numbers,
            restore: restore.then_some(true),
            ..Options::default()
        };
        let options = options.to_value();
        Options::read(kind, &options).map_err(Refused::Options)?;
        Ok(options)
    }
}
