//! From the settings, and from what runs on their data folder, to what the doctor looks at.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, RealFs, SystemClock};
use hearthline_pipeline::weather::{Choice, Provider};
use hearthline_runbook::doctor::{Depth, Doctor, Peer, Running, Sink, Subject, Weather, examine};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::app::{self, Current, Observer};
use crate::house::Program;
use crate::running;
use crate::settings::Settings;
use crate::{backup, peer, startup, weather};

/// How long the running program may take to say how it is.
const STATUS: Duration = Duration::from_secs(3);

/// Everything that the settings name, and the program if it runs.
///
/// # Errors
/// When files that the settings name cannot be used.
pub(crate) fn subject(settings: &Settings, running: Running) -> anyhow::Result<Subject> {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let of = &settings.home_assistant;
    let named = of.url.is_some() && of.token.is_some();
    let home_assistant = if named {
        let (trust, link) = (peer::trust(of.ca_file.as_ref(), *of.tls_verify)?, peer::link(settings)?);
        Some(Peer { session: link.session, trust, token: link.token, events: link.events })
    } else {
        None
    };
    let sinks = settings.sinks.iter().map(|sink| Sink {
        name: sink.name.value.clone(),
        dir: app::sinks::dir(sink, &settings.data_dir),
        server: app::sinks::server(sink).map_err(|error| format!("{error:#}")),
        // Without a switch that can be read it looks where the settings say.
        layout: app::sinks::layout(sink, &settings.data_dir).unwrap_or_else(|_| sink.layout.clone()),
    });
    Ok(Subject {
        fs,
        clock,
        data_dir: settings.data_dir.value.clone(),
        settings: startup::of_settings(settings),
        notes: settings.notes.clone(),
        listen: *settings.api.listen,
        running,
        home_assistant,
        log_max_bytes: *settings.log.max_bytes,
        min_free: *settings.log.min_free,
        retention: *settings.store.retention,
        sinks: sinks.collect(),
        weather: of_weather(settings),
        places: app::notify::places(settings)?.into_iter().map(|place| (place.name, place.hook)).collect(),
        broker: settings.mqtt.as_ref().map(app::mqtt::broker).transpose()?,
        place: Arc::default(),
        backup: backup::job(settings),
    })
}

fn of_weather(settings: &Settings) -> Weather {
    let choice = *settings.weather.provider;
    let provider = match choice {
        Choice::Outside(provider) => Some(provider),
        // Only where the house has no weather of its own, which is known when it is connected.
        Choice::Auto if *settings.weather.outside => Some(Provider::OpenMeteo),
        Choice::Auto | Choice::HomeAssistant | Choice::Off => None,
    };
    let asks = settings.clone();
    Weather {
        choice,
        provider,
        has_key: weather::key(settings)().is_some(),
        calls_per_day: settings.weather.calls_per_day.as_ref().map(|calls| calls.value),
        file: settings.data_dir.join(weather::FILE),
        ask: Arc::new(move |place| {
            let settings = asks.clone();
            Box::pin(async move { weather::try_out(&settings, place).await })
        }),
    }
}

/// What runs on the data folder.
///
/// # Errors
/// As the disk says.
pub(crate) async fn running(settings: &Settings) -> anyhow::Result<Running> {
    let data_dir = &settings.data_dir;
    let Some(running::Running { pid, address }) = running::find(data_dir)? else {
        let pid = running::not_listening(data_dir);
        return Ok(pid.map_or(Running::No, |pid| Running::Starting { pid }));
    };
    let Some(program) = Program::of(settings)? else { return Ok(Running::No) };
    Ok(match timeout(STATUS, program.status()).await {
        Ok(Ok(status)) => Running::Yes { pid, address, status: Box::new(status) },
        Ok(Err(error)) => Running::Silent { pid, address, why: format!("{error:#}") },
        Err(_) => {
            let why = format!("nothing was said within {} s", STATUS.as_secs());
            Running::Silent { pid, address, why }
        }
    })
}

/// The doctor of this program, which runs: it writes nowhere, and its work is done on `place`.
pub(crate) fn of_program(current: Current, observer: Arc<Observer>, place: Handle) -> Doctor {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let examine = move || {
        let (settings, observer, place) = (current.settings(), Arc::clone(&observer), place.clone());
        let work = async move {
            let pid = std::process::id();
            let found = running::find(&settings.data_dir).ok().flatten();
            let address = found.map_or(*settings.api.listen, |found| found.address);
            let running = Running::Yes { pid, address, status: Box::new(observer.status()) };
            let subject = subject(&settings, running).map_err(|error| format!("{error:#}"))?;
            Ok(examine(Arc::new(subject), Depth::Look, |_, _, _| ()).await)
        };
        let work = place.spawn(work);
        let done = async move { work.await.unwrap_or_else(|error| Err(error.to_string())) };
        Box::pin(done) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    Doctor::new(Arc::new(examine), clock)
}

#[cfg(test)]
mod tests {
    use hearthline_pipeline::sinks::influxdb::switched::{self, Switched};

    use super::*;
    use crate::settings::{self, Purpose};

    #[test]
    fn a_sink_that_a_repair_has_switched_is_looked_at_where_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let environment = [("HEARTHLINE_DATA_DIR", dir), ("INFLUXDB_URL", "http://127.0.0.1:1")];
        let none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let settings =
            settings::load(None, &environment.into_iter().collect(), &none, Purpose::Read).unwrap();
        let looked_at = || {
            let subject = subject(&settings, Running::No).unwrap();
            subject.sinks.first().unwrap().layout.measurement().map(ToOwned::to_owned)
        };
        assert_eq!(looked_at().as_deref(), Some("home_assistant_events"));
        let switched = Switched {
            measurement: "home_assistant_events_2".into(),
            instead_of: "home_assistant_events".into(),
            since: "2026-11-26T00:41:07Z".into(),
        };
        let of_sink = folder.path().join("sinks/influxdb");
        switched::write(&RealFs, &of_sink, Some(&switched)).unwrap();
        assert_eq!(looked_at().as_deref(), Some("home_assistant_events_2"));
    }
}
