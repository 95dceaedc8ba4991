//! What the routes are given: cheap handles to the parts of the program.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hearthline_core::{Clock, Seq};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::left_out::LeftOut;
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::silence::Silent;
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_runbook::Status;
use hearthline_runbook::alerts::Alerts;
use hearthline_runbook::backup::Backups;
use hearthline_runbook::doctor::Doctor;
use hearthline_runbook::incident::Incidents;
use hearthline_runbook::logs::Logs;
use hearthline_runbook::maintenance::Maintenance;
use hearthline_runbook::notes::Notes;
use hearthline_runbook::notify::Notify;
use hearthline_runbook::repair::Repairs;
use hearthline_runbook::reports::Reports;
use hearthline_runbook::verify::Verify;
use hearthline_store::Store;
use tokio_util::sync::CancellationToken;

use crate::{Access, Fault, Naive, SettingsDesk};

/// What is needed to answer from what is recorded, also when nothing is recording.
#[derive(Clone)]
pub struct Reading {
    /// Rows and files.
    pub store: Arc<Store>,
    /// Which entities the settings of this moment keep.
    pub filter: Arc<dyn Fn() -> Arc<Filter> + Send + Sync>,
    /// For periods that end now.
    pub clock: Arc<dyn Clock>,
    /// Which entities say nothing though they usually do; none while nothing is recording.
    pub silent: Arc<dyn Fn() -> Arc<[Silent]> + Send + Sync>,
    /// Which entities the settings leave out; none while nothing is recording.
    pub left_out: Arc<dyn Fn() -> Vec<LeftOut> + Send + Sync>,
}

/// Asks the program to put everything logged so far into files. Ready when that is done, with the last record that is
/// in files; else with the reason in words.
pub type FlushRequest =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Seq, String>> + Send>> + Send + Sync>;

/// What can be made to go wrong in a demonstration; nothing where the house is a real one.
#[derive(Clone)]
pub struct Faults {
    /// What there is.
    pub named: Vec<Fault>,
    /// Causes the one of that name.
    pub cause: Arc<dyn Fn(&str) + Send + Sync>,
    /// What became of the events of the naive writer, while it is on.
    pub naive: Arc<dyn Fn() -> Option<Naive> + Send + Sync>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { named: Vec::new(), cause: Arc::new(|_| ()), naive: Arc::new(|| None) }
    }
}

/// What is needed to answer for the running program.
#[derive(Clone)]
pub struct ApiState {
    /// What is recorded.
    pub reading: Reading,
    /// Makes the status document of this moment.
    pub status: Arc<dyn Fn() -> Status + Send + Sync>,
    /// Puts everything into files.
    pub flush: FlushRequest,
    /// Asks the recorder for something.
    pub orders: Orders,
    /// What the sinks know of their servers.
    pub influxdb: Vec<InfluxView>,
    /// What mends what.
    pub repairs: Repairs,
    /// All of it, in order.
    pub runbook: Repairs,
    /// What was written of it.
    pub reports: Reports,
    /// What is wrong.
    pub doctor: Doctor,
    /// Whether an event gets through.
    pub verify: Verify,
    /// What of it a person should know, and whether somebody does.
    pub alerts: Alerts,
    /// What is set.
    pub settings: SettingsDesk,
    /// What is copied elsewhere.
    pub backups: Backups,
    /// What the program says of itself.
    pub logs: Logs,
    /// What a person wrote down.
    pub notes: Notes,
    /// What is kept of what was wrong.
    pub incidents: Incidents,
    /// Who is told of it.
    pub notify: Notify,
    /// Whether a person works on the house.
    pub maintenance: Maintenance,
    /// What was just written.
    pub live: Live,
    /// What can be made to go wrong.
    pub faults: Faults,
    /// Ends the answers that would go on for ever, so that they do not hold up the end of the program.
    pub stop: CancellationToken,
    /// Who may ask.
    pub access: Access,
}
