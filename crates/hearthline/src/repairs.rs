//! Which repairs there are on a data folder, whether a program runs on it or not.

use std::sync::Arc;

use hearthline_core::{Clock, Fs, RealFs, SystemClock};
use hearthline_pipeline::orders::Orders;
use hearthline_runbook::repair::engine::Make;
use hearthline_runbook::repair::{
    Connection, Engine, Gaps, Kind, Options, Program, Quarantine, Refused, Repair, Restart,
};
use hearthline_store::Store;

use crate::settings::Settings;

/// What repairs need of a program that records.
#[derive(Clone)]
pub(crate) struct Recording {
    /// The program.
    pub(crate) program: Arc<dyn Program>,
    /// What is recorded.
    pub(crate) store: Arc<Store>,
    /// What is asked of the recorder.
    pub(crate) orders: Orders,
}

/// Builds the repairs, each with what it works on.
pub(crate) fn make(settings: &Settings, recording: Option<Recording>) -> Make {
    let dir = settings.data_dir.display().to_string();
    Arc::new(move |kind, options| match &recording {
        Some(recording) => running(kind, options, recording),
        None if kind.needs_program => Err(Refused::NeedsProgram(format!(
            "repair {} is done by the running program, and nothing is running on {dir}; start it with `hearthline run`",
            kind.name
        ))),
        None => alone(kind, options),
    })
}

/// The engine of a data folder on which nothing runs.
pub(crate) fn engine_alone(settings: &Settings) -> Engine {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    Engine::new(fs, clock, &settings.data_dir, Arc::new(Vec::new), make(settings, None))
}

fn running(kind: &Kind, options: &Options, recording: &Recording) -> Result<Box<dyn Repair>, Refused> {
    let Recording { program, store, orders } = recording.clone();
    Ok(match kind.name {
        "connection" => Box::new(Connection::new(program, options)),
        "restart" => Box::new(Restart::new(program, options)),
        "gaps" => Box::new(Gaps::new(program, orders)),
        "quarantine" => Box::new(Quarantine::new(store, orders)),
        _ => return Err(unknown(kind)),
    })
}

fn alone(kind: &Kind, _: &Options) -> Result<Box<dyn Repair>, Refused> {
    Err(unknown(kind))
}

fn unknown(kind: &Kind) -> Refused {
    Refused::Unknown(format!("repair {} cannot be done here", kind.name))
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::repair::CATALOGUE;

    use super::*;
    use crate::settings::{Environment, Purpose, load};

    #[test]
    fn what_needs_the_program_says_so_without_one() {
        let settings = load(None, &Environment::default(), &|_| Ok(String::new()), Purpose::Read).unwrap();
        let make = make(&settings, None);
        for kind in CATALOGUE.iter().filter(|kind| kind.needs_program) {
            let refused = make(kind, &Options::default()).err().unwrap();
            assert!(matches!(&refused, Refused::NeedsProgram(_)), "{refused}");
            assert!(refused.to_string().contains("start it with `hearthline run`"), "{refused}");
        }
    }
}
