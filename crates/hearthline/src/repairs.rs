//! Which repairs there are on a data folder, whether a program runs on it or not.

use std::sync::Arc;

use hearthline_core::{Clock, Fs, RealFs, Seq, SystemClock};
use hearthline_log::Log;
use hearthline_pipeline::deliver::SinkView;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::replay::before;
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_pipeline::sinks::influxdb::point::Layout;
use hearthline_runbook::repair::engine::Make;
use hearthline_runbook::repair::{
    self, Clear, ClearOptions, Connection, Engine, Gaps, Kind, MendedSink, Mode, Oldest, Options, Program,
    Quarantine, Refused, Repair, RepairError, Restart, SchemaCopy, SchemaRewrite, Sink, StoreFiles,
    StoreManifest,
};
use hearthline_store::Store;

use crate::app::sinks::config as sink_config;
use crate::app::{SITE, open_log};
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
    /// What has been heard.
    pub(crate) log: Log,
    /// How each sink is.
    pub(crate) sinks: Vec<Arc<SinkView>>,
    /// What each InfluxDB sink knows of its server.
    pub(crate) influxdb: Vec<InfluxView>,
}

/// Builds the repairs, each with what it works on by the settings of its moment.
pub(crate) fn make(
    settings: impl Fn() -> Arc<Settings> + Send + Sync + 'static,
    recording: Option<Recording>,
) -> Make {
    Arc::new(move |kind, options| match (&recording, settings()) {
        (Some(recording), settings) => running(kind, options, &settings, recording),
        (None, settings) if kind.needs_program => Err(Refused::NeedsProgram(format!(
            "repair {} is done by the running program, and nothing is running on {}; start it with `hearthline run`",
            kind.name,
            settings.data_dir.display()
        ))),
        (None, settings) => alone(kind, options, &settings),
    })
}

/// The engine of a data folder on which nothing runs.
pub(crate) fn engine_alone(settings: &Settings) -> Engine {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let owned = Arc::new(settings.clone());
    let make = make(move || Arc::clone(&owned), None);
    let engine = Engine::new(fs, clock, &settings.data_dir, Arc::new(Vec::new), make);
    engine.with_sinks(sinks(settings))
}

/// The names of the sinks that there are repairs for.
pub(crate) fn sinks(settings: &Settings) -> Vec<String> {
    settings.sinks.iter().map(|sink| sink.name.value.clone()).collect()
}

fn running(
    kind: &Kind,
    options: &Options,
    settings: &Settings,
    recording: &Recording,
) -> Result<Box<dyn Repair>, Refused> {
    let Recording { program, store, orders, log, sinks, influxdb } = recording.clone();
    Ok(match kind.name {
        "connection" => Box::new(Connection::new(program, options)),
        "restart" => Box::new(Restart::new(program, options)),
        "gaps" => Box::new(Gaps::new(program, orders)),
        "quarantine" => Box::new(Quarantine::new(store, orders)),
        "log" => damaged_log(settings, options, Some(log)),
        "store" => {
            let dir = settings.data_dir.join("store");
            Box::new(StoreFiles::new(Arc::new(RealFs), dir, store, (log, orders), SITE, options))
        }
        "sink" => {
            let (sink, _) = mended(settings, options, &influxdb)?;
            let delivery = sinks.into_iter().find(|view| view.look().name == sink.name);
            Box::new(Sink::new(sink, delivery, options)?)
        }
        "schema" => schema(mended(settings, options, &influxdb)?, options)?,
        _ => return Err(unknown(kind)),
    })
}

fn alone(kind: &Kind, options: &Options, settings: &Settings) -> Result<Box<dyn Repair>, Refused> {
    Ok(match kind.name {
        "log" => damaged_log(settings, options, None),
        "store" => {
            let owned = settings.clone();
            let oldest: Oldest = Arc::new(move || log_alone(&owned).map(|log| before(&log)));
            Box::new(StoreManifest::new(Arc::new(RealFs), settings.data_dir.join("store"), oldest))
        }
        "sink" => Box::new(Sink::new(mended(settings, options, &[])?.0, None, options)?),
        "schema" => schema(mended(settings, options, &[])?, options)?,
        _ => return Err(unknown(kind)),
    })
}

/// The log of a folder on which nothing runs.
fn log_alone(settings: &Settings) -> Result<Log, String> {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let writer = open_log(settings, &fs, &clock, Seq::ZERO).map_err(|error| format!("{error:#}"))?;
    Ok(writer.log())
}

fn damaged_log(settings: &Settings, options: &Options, running: Option<Log>) -> Box<dyn Repair> {
    let dir = settings.data_dir.join("log");
    Box::new(repair::Log::new(Arc::new(RealFs), dir, running, options))
}

fn schema((sink, layout): (MendedSink, Layout), options: &Options) -> Result<Box<dyn Repair>, Refused> {
    let Layout::Native(layout) = layout else {
        return Err(Refused::Options(format!(
            "sink {} writes the points of Home Assistant's integration, whose names and types are not ours to change: a value whose \
             field has another type goes to a field of its own (`hearthline conflicts`), and old ones stay as they are",
            sink.name
        )));
    };
    let only = |given: bool, name: &str, mode: &str| match given {
        true => Err(Refused::Options(format!("{name} is an option of the mode {mode} alone"))),
        false => Ok(()),
    };
    let mode = options.mode.unwrap_or(Mode::Copy);
    if mode != Mode::Clear {
        only(options.measurement.is_some(), "measurement", "clear")?;
        only(options.from.is_some() || options.to.is_some(), "a period", "clear")?;
        only(options.restore.is_some(), "restore", "clear")?;
    }
    if mode != Mode::Copy {
        only(options.numbers, "numbers", "copy")?;
    }
    Ok(match mode {
        Mode::Copy => Box::new(SchemaCopy::new(sink, layout, options.numbers)),
        Mode::Clear => {
            let options = ClearOptions::read(options).map_err(Refused::Options)?;
            Box::new(Clear::new(sink, layout, options))
        }
        Mode::Rewrite => Box::new(SchemaRewrite::new(sink, layout)),
    })
}

/// The sink that is meant, and how its points look: the one that is named, or the only one.
fn mended(
    settings: &Settings,
    options: &Options,
    views: &[InfluxView],
) -> Result<(MendedSink, Layout), Refused> {
    let names = || sinks(settings).join(", ");
    let found = match (&options.sink, settings.sinks.as_slice()) {
        (_, []) => Err("the settings name no sink of type influxdb".into()),
        (Some(name), all) => all
            .iter()
            .find(|sink| sink.name.value == *name)
            .ok_or_else(|| format!("no sink of type influxdb is called {name:?}; there are {}", names())),
        (None, [one]) => Ok(one),
        (None, _) => Err(format!("say which sink is meant; there are {}", names())),
    };
    let config = sink_config(found.map_err(Refused::Options)?, &settings.data_dir);
    let config = config.map_err(|error| RepairError::Person(format!("{error:#}")))?;
    let sink = MendedSink {
        view: views.iter().find(|view| view.name() == config.name).cloned(),
        name: config.name,
        dir: config.dir,
        server: config.server,
        fs: Arc::new(RealFs),
        clock: Arc::new(SystemClock::new()),
    };
    Ok((sink, config.layout))
}

fn unknown(kind: &Kind) -> Refused {
    Refused::Unknown(format!("repair {} cannot be done here", kind.name))
}

#[cfg(test)]
mod tests {
    use hearthline_runbook::repair::CATALOGUE;

    use super::*;
    use crate::settings::{Environment, Purpose, load};

    const TWO: &str = r#"
        [[sinks]]
        type = "influxdb"
        name = "one"
        url = "http://127.0.0.1:8086"

        [[sinks]]
        type = "influxdb"
        name = "two"
        url = "http://127.0.0.1:8087"
    "#;

    fn settings(file: &str) -> Settings {
        let read = |_: &std::path::Path| Ok(file.to_owned());
        load(Some("a.toml".as_ref()), &Environment::default(), &read, Purpose::Read).unwrap()
    }

    #[test]
    fn the_sink_that_is_meant_is_the_only_one_or_named() {
        let named = |name: &str| Options { sink: Some(name.into()), ..Options::default() };
        let two = settings(TWO);
        assert_eq!(mended(&two, &named("two"), &[]).map(|(sink, _)| sink.name), Ok("two".into()));
        for (settings, options, words) in [
            (&two, Options::default(), "say which sink is meant; there are one, two"),
            (&two, named("three"), "called \"three\"; there are one, two"),
            (&settings(""), named("one"), "the settings name no sink"),
        ] {
            let refused = mended(settings, &options, &[]).map(|(sink, _)| sink.name).unwrap_err();
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }

    #[test]
    fn a_sink_in_the_layout_of_the_integration_has_no_schema_to_mend_and_a_database_that_can_be_made() {
        let settings = settings(&TWO.replacen("name = \"one\"", "name = \"one\"\nlayout = \"ha\"", 1));
        let options = Options { sink: Some("one".into()), ..Options::default() };
        let refused = schema(mended(&settings, &options, &[]).unwrap(), &options).err().unwrap();
        assert!(refused.to_string().contains("sink one writes the points of Home Assistant's"), "{refused}");
        let kind = CATALOGUE.iter().find(|kind| kind.name == "sink").unwrap();
        alone(kind, &options, &settings).map(drop).unwrap();
    }

    #[test]
    fn options_of_another_mode_are_refused() {
        let sink = mended(&settings(TWO), &Options { sink: Some("one".into()), ..Options::default() }, &[]);
        let sink = sink.map_err(|refused| refused.to_string()).unwrap();
        let of = |options| schema(sink.clone(), &options).err().map(|refused| refused.to_string());
        let period = Options { from: Some("2026-11-26T00:00:00Z".into()), ..Options::default() };
        assert_eq!(of(period.clone()).as_deref(), Some("a period is an option of the mode clear alone"));
        assert_eq!(of(Options { mode: Some(Mode::Clear), ..period.clone() }), None);
        let numbers = Options { mode: Some(Mode::Clear), numbers: true, ..Options::default() };
        assert_eq!(of(numbers).as_deref(), Some("numbers is an option of the mode copy alone"));
        let when = Options { mode: Some(Mode::Clear), from: Some("then".into()), ..Options::default() };
        assert!(of(when).unwrap().starts_with("from: not a time"));
    }

    #[test]
    fn what_needs_the_program_says_so_without_one() {
        let settings = load(None, &Environment::default(), &|_| Ok(String::new()), Purpose::Read).unwrap();
        let settings = Arc::new(settings);
        let make = make(move || Arc::clone(&settings), None);
        for kind in CATALOGUE.iter().filter(|kind| kind.needs_program) {
            let refused = make(kind, &Options::default()).err().unwrap();
            assert!(matches!(&refused, Refused::NeedsProgram(_)), "{refused}");
            assert!(refused.to_string().contains("start it with `hearthline run`"), "{refused}");
        }
    }
}
