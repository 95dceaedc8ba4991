//! Repairs of the running program, on threads of their own: whatever they wait for, nothing else does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::orders::Orders;
use hearthline_runbook::Status;
use hearthline_runbook::repair::{Doing, Done, Engine, Program, RepairError, Repairs};
use hearthline_store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::Observer;
use crate::repairs::{Recording, make};
use crate::settings::Settings;

/// A repair, and a question beside it.
const THREADS: usize = 2;
/// How long the end of the program waits for what is written at this moment.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// The parts of the program that repairs work with.
pub(super) struct Parts {
    pub(super) fs: Arc<dyn Fs>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<Store>,
    pub(super) orders: Orders,
    pub(super) observer: Arc<Observer>,
    /// Has the connection made again.
    pub(super) again: Arc<Notify>,
}

/// Where repairs are carried out.
pub(super) struct Place {
    runtime: Runtime,
    /// For all who ask.
    pub(super) repairs: Repairs,
}

impl Place {
    /// Starts the threads, and goes on with what was killed.
    pub(super) fn open(settings: &Settings, parts: Parts) -> anyhow::Result<Self> {
        let Parts { fs, clock, store, orders, observer, again } = parts;
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("repair").enable_all().build()?;
        let looks = Arc::clone(&observer);
        let program: Arc<dyn Program> = Arc::new(Running { observer, again });
        let recording = Recording { program, store, orders };
        let data_dir: &Path = &settings.data_dir;
        let watch = Arc::new(move || looks.status().criteria);
        let engine = Engine::new(fs, clock, data_dir, watch, make(settings, Some(recording)));
        let repairs = Repairs::new(Arc::new(engine), runtime.handle().clone());
        repairs.go_on();
        Ok(Self { runtime, repairs })
    }

    /// Leaves what is being carried out where it is: the next start goes on with it.
    pub(super) fn stop(self) {
        self.runtime.shutdown_timeout(LAST_WRITE);
    }
}

/// The running program as repairs see it.
struct Running {
    observer: Arc<Observer>,
    again: Arc<Notify>,
}

impl Program for Running {
    fn status(&self) -> Status {
        self.observer.status()
    }

    fn reconnect(&self) {
        self.again.notify_one();
    }

    fn restart<'a>(&'a self, _: Option<&'a str>) -> Doing<'a, Done> {
        let words = "parts are not restarted alone by this release: stop the program and start it again";
        Box::pin(std::future::ready(Err(RepairError::Person(words.into()))))
    }
}
