//! Alerts of the running program: what they are drawn from, and where they are kept.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::metrics::Window;
use hearthline_runbook::alerts::{Alerts, Beside, Limits, Pace};
use hearthline_runbook::maintenance::Maintenance;
use hearthline_runbook::notify::{self, Notify};
use hearthline_runbook::space::{Place, Space};
use hearthline_runbook::status::DiskFull;
use hearthline_runbook::{Canary, Status};
use parking_lot::Mutex;

use crate::settings::Settings;

/// Between two measurements of the disk: a store grows by days. That a disk is full, the log says at once.
const MEASURE: Duration = Duration::from_secs(300);
/// What happens within this time is one message, where a house is shown.
const SHOWN: Duration = Duration::from_secs(5);

/// Looks, and keeps what follows.
pub(super) struct AlertWatch {
    pub(super) alerts: Alerts,
    pub(super) maintenance: Maintenance,
    pub(super) notify: Notify,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    place: Place,
    /// A disk that is full sooner is told.
    soon: Mutex<Option<Duration>>,
    /// The room on the disk, and when it was measured.
    measured: Mutex<(Option<Space>, Option<Duration>)>,
}

impl AlertWatch {
    /// In a demonstration people are told sooner.
    ///
    /// # Errors
    /// When the certificates that a place is to be trusted by cannot be used.
    pub(super) fn open(
        settings: &Settings,
        (fs, clock): (&Arc<dyn Fs>, &Arc<dyn Clock>),
        pace: Pace,
        simulated: bool,
    ) -> anyhow::Result<Self> {
        let both = || (Arc::clone(fs), Arc::clone(clock));
        let (fs, clock) = both();
        let place = Place {
            data_dir: settings.data_dir.value.clone(),
            min_free: *settings.log.min_free,
            log_max_bytes: *settings.log.max_bytes,
            retention: *settings.store.retention,
        };
        let limits = settings.alerts.limits(settings.criteria.targets(&settings.verify).canary);
        let soon = Mutex::new(limits.disk);
        let alerts = Alerts::open(Arc::clone(&fs), Arc::clone(&clock), &place.data_dir, limits, pace);
        let maintenance = Maintenance::open(Arc::clone(&fs), Arc::clone(&clock), &place.data_dir);
        let group = if simulated { SHOWN } else { notify::GROUP };
        let heard = (alerts.clone(), maintenance.clone());
        let notify = Notify::open(both(), &place.data_dir, super::notify::places(settings)?, group, heard);
        Ok(Self { alerts, maintenance, notify, fs, clock, place, soon, measured: Mutex::default() })
    }

    /// Judges by other limits.
    pub(super) fn judge_by(&self, limits: Limits) {
        *self.soon.lock() = limits.disk;
        self.alerts.judge_by(limits);
    }

    /// Draws the conclusions of this moment.
    pub(super) fn look(&self, status: &Status, window: Option<Window>, canary: Option<&Canary>) {
        let measured = self.measured.lock();
        self.alerts.look(status, Beside { window, space: measured.0.as_ref(), canary });
        self.notify.look(status);
    }

    /// When the disk is full, where that is soon.
    pub(super) fn disk_full(&self) -> Option<DiskFull> {
        let soon = (*self.soon.lock())?;
        self.measured.lock().0.as_ref()?.full(soon, self.clock.now())
    }

    /// Measures the disk if that was long ago. Waits for it.
    pub(super) fn measure(&self) {
        let now = self.clock.monotonic();
        if self.measured.lock().1.is_some_and(|at| now.saturating_sub(at) < MEASURE) {
            return;
        }
        let space = self.place.measure(&*self.fs, self.clock.now());
        if let Err(error) = &space {
            tracing::warn!(%error, "how much room the disk has is not known");
        }
        *self.measured.lock() = (space.ok(), Some(now));
    }
}
