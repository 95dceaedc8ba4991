//! Repairs and verifications of the running program, on threads of their own: whatever they wait for, nothing else does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_runbook::Status;
use hearthline_runbook::backup::{Backups, Source};
use hearthline_runbook::doctor::Doctor;
use hearthline_runbook::repair::engine::Watch;
use hearthline_runbook::repair::{Doing, Engine, Kind, Options, Program, Repair, RepairError, Repairs};
use hearthline_runbook::runbook::lines::CATALOGUE;
use hearthline_runbook::runbook::{self, Means, Runbook};
use hearthline_runbook::verify::{Kept, Verify};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::parts::{Shared, Views};
use super::{Observer, Restarts, SITE};
use crate::backup::{job, of_settings as of_settings_for_backup};
use crate::doctor::of_program;
use crate::repairs::{Recording, make};
use crate::runbook::of_settings;

/// A repair, and a question beside it.
const THREADS: usize = 2;
/// How long the end of the program waits for what is written at this moment.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// Where repairs are carried out.
pub(super) struct Place {
    runtime: Runtime,
    /// For all who ask.
    pub(super) repairs: Repairs,
    /// All of it in order, for all who ask.
    pub(super) runbook: Repairs,
    /// What is wrong, for all who ask.
    pub(super) doctor: Doctor,
    /// Whether an event gets through, for all who ask.
    pub(super) verify: Verify,
    /// What is copied elsewhere, for all who ask.
    pub(super) backups: Backups,
}

impl Place {
    /// Starts the threads, and goes on with what was killed.
    pub(super) fn open(
        shared: &Shared,
        views: &Views,
        observer: Arc<Observer>,
        restarts: Restarts,
        kept: Arc<Kept>,
    ) -> anyhow::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("repair").enable_all().build()?;
        let doctor = of_program(shared.current.clone(), Arc::clone(&observer), runtime.handle().clone());
        let verify = super::verify::verify(shared, views, Arc::clone(&observer), kept, runtime.handle())?;
        let backups = backups(shared, runtime.handle().clone());
        observer.tell_of(backups.clone());
        let (looks, maintenance) = (Arc::clone(&observer), observer.maintenance().clone());
        let again = Arc::clone(&shared.link.again);
        let program: Arc<dyn Program> = Arc::new(Running { observer, again, restarts });
        let recorder = Arc::clone(&program);
        let (store, orders) = (Arc::clone(&shared.store), shared.orders.clone());
        let (sinks, influxdb) = (views.sinks.clone(), views.influxdb.clone());
        let log = shared.log.clone();
        let recording = Recording { program, store, orders, log, sinks, influxdb };
        let (fs, clock) = (Arc::clone(&shared.fs), Arc::clone(&shared.clock));
        let watch: Watch = Arc::new(move || looks.status().criteria);
        let current = shared.current.clone();
        let make = make(move || current.settings(), Some(recording));
        let data_dir = &shared.settings.data_dir;
        let engine = Engine::new(fs.clone(), clock.clone(), data_dir, watch.clone(), make);
        let engine = engine.with_sinks(crate::repairs::sinks(&shared.settings));
        let repairs = Repairs::new(Arc::new(engine), runtime.handle().clone());
        let means = Means {
            program: recorder,
            repairs: repairs.clone(),
            doctor: doctor.clone(),
            verify: verify.clone(),
            maintenance,
            settings: of_settings(shared.current.clone()),
            fs,
            clock,
        };
        let runbook = Repairs::new(Arc::new(runbook(means, data_dir, watch)), runtime.handle().clone());
        repairs.go_on();
        runbook.go_on();
        let taken = backups.clone();
        runtime.spawn(async move { taken.keep_taking().await });
        Ok(Self { runtime, repairs, runbook, doctor, verify, backups })
    }

    /// Leaves what is being carried out where it is: the next start goes on with it.
    pub(super) fn stop(self) {
        self.runtime.shutdown_timeout(LAST_WRITE);
    }
}

fn backups(shared: &Shared, place: tokio::runtime::Handle) -> Backups {
    let source = Source {
        fs: Arc::clone(&shared.fs),
        clock: Arc::clone(&shared.clock),
        data_dir: shared.settings.data_dir.value.clone(),
        store: Arc::clone(&shared.store),
        log: shared.log.clone(),
        settings: of_settings_for_backup(&shared.settings),
    };
    let on = (Arc::clone(&shared.fs), Arc::clone(&shared.clock));
    Backups::new(source.taker(), on, job(&shared.settings), SITE, place)
}

/// Runs of the runbook, each of which ends with a report.
fn runbook(means: Means, data_dir: &Path, watch: Watch) -> Engine {
    let (fs, clock) = (Arc::clone(&means.fs), Arc::clone(&means.clock));
    let receipts = runbook::receipts(Arc::clone(&fs), data_dir);
    let reporting = runbook::reporting(Arc::clone(&means.program), (fs.clone(), clock.clone()), data_dir);
    let make = Arc::new(move |_: &'static Kind, options: &Options| {
        Ok(Box::new(Runbook::new(means.clone(), options)?) as Box<dyn Repair>)
    });
    Engine::new(fs, clock, data_dir, watch, make).of(CATALOGUE, receipts).at_end(reporting)
}

/// The running program as repairs see it.
struct Running {
    observer: Arc<Observer>,
    again: Arc<Notify>,
    restarts: Restarts,
}

impl Program for Running {
    fn status(&self) -> Status {
        self.observer.status()
    }

    fn reconnect(&self) {
        self.again.notify_one();
    }

    fn restart<'a>(&'a self, part: Option<&'a str>) -> Doing<'a, String> {
        Box::pin(async move { self.restarts.restart(part).await.map_err(RepairError::Person) })
    }
}
