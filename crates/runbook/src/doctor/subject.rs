//! Who is looked at: what the settings name, and the program if it runs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::mqtt::Broker;
use hearthline_pipeline::sinks::influxdb::ServerConfig;
use hearthline_pipeline::sinks::influxdb::point::Layout;
use hearthline_pipeline::sources::home_assistant::{SessionConfig, TokenSource, Trust};
use hearthline_pipeline::weather::{Choice, Provider};
use hearthline_pipeline::webhook::Webhook;

use tokio::sync::watch;

use crate::Status;
use crate::backup::Job;

/// Everything that the checks look at.
#[derive(Clone)]
pub struct Subject {
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Holds the log, the store and what the sinks keep.
    pub data_dir: PathBuf,
    /// The settings that decide what is recorded and how safely, in words, each with its origin and without a secret.
    pub settings: Vec<String>,
    /// What a person should know of the settings.
    pub notes: Vec<String>,
    /// Where the API is to listen.
    pub listen: SocketAddr,
    /// The program.
    pub running: Running,
    /// The other side.
    pub home_assistant: Option<Peer>,
    /// Bytes that the log may have.
    pub log_max_bytes: u64,
    /// Bytes that stay free on the disk.
    pub min_free: u64,
    /// How long rows are kept; none means for ever.
    pub retention: Option<Duration>,
    /// Everything that is delivered to beside the store.
    pub sinks: Vec<Sink>,
    /// Who observes the weather.
    pub weather: Weather,
    /// Which backups are to be there.
    pub backup: Job,
    /// Where people are told: names and ways.
    pub places: Vec<(String, Webhook)>,
    /// Over which Home Assistant is told.
    pub broker: Option<Broker>,
    /// Where the house is, once Home Assistant was asked; the inner none is not known.
    pub place: Arc<watch::Sender<Option<Option<Place>>>>,
}

impl Subject {
    /// A data folder of which the settings name nothing else, and on which nothing runs.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, data_dir: &Path) -> Self {
        Self {
            fs,
            clock,
            data_dir: data_dir.into(),
            settings: vec![format!("data folder: {} (default)", data_dir.display())],
            notes: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            running: Running::No,
            home_assistant: None,
            log_max_bytes: 0,
            min_free: 0,
            retention: None,
            sinks: Vec::new(),
            weather: Weather {
                choice: Choice::Off,
                provider: None,
                has_key: false,
                calls_per_day: None,
                file: data_dir.join("weather.json"),
                ask: Arc::new(|_| Box::pin(std::future::ready(None))),
            },
            backup: Job { dir: data_dir.join("backups"), every: None, keep: None },
            places: Vec::new(),
            broker: None,
            place: Arc::default(),
        }
    }
}

/// Latitude and longitude in degrees.
pub type Place = (f64, f64);

/// Whether the program runs on the data folder.
#[derive(Clone, Debug)]
pub enum Running {
    /// It does not.
    No,
    /// It does and has not come to listen, or does not any more.
    Starting {
        /// Its process number.
        pid: u32,
    },
    /// It does and does not answer.
    Silent {
        /// Its process number.
        pid: u32,
        /// Where it should answer.
        address: SocketAddr,
        /// Why it does not.
        why: String,
    },
    /// It does.
    Yes {
        /// Its process number.
        pid: u32,
        /// Where it answers.
        address: SocketAddr,
        /// How it is doing.
        status: Box<Status>,
    },
}

impl Running {
    /// Whether it runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        !matches!(self, Self::No)
    }

    /// Its process number, if it runs.
    #[must_use]
    pub const fn pid(&self) -> Option<u32> {
        match self {
            Self::No => None,
            Self::Starting { pid } | Self::Silent { pid, .. } | Self::Yes { pid, .. } => Some(*pid),
        }
    }

    /// How it is doing, if it says so.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Yes { status, .. } => Some(status),
            _ => None,
        }
    }
}

/// Home Assistant.
#[derive(Clone)]
pub struct Peer {
    /// Where it is.
    pub session: SessionConfig,
    /// Whose certificates are taken.
    pub trust: Trust,
    /// The token of this moment.
    pub token: TokenSource,
    /// Types of events that are recorded; `*` is all.
    pub events: Vec<String>,
}

/// A sink.
#[derive(Clone)]
pub struct Sink {
    /// As in the settings.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Where its server is, or why that cannot be known.
    pub server: Result<ServerConfig, String>,
    /// How its points look.
    pub layout: Layout,
}

/// Asks the provider once: in words what it says, or why it says nothing.
pub type TryWeather = Arc<
    dyn Fn(Option<Place>) -> Pin<Box<dyn Future<Output = Option<Result<String, String>>> + Send>>
        + Send
        + Sync,
>;

/// Who observes the weather.
#[derive(Clone)]
pub struct Weather {
    /// As in the settings.
    pub choice: Choice,
    /// Whom outside these ask, if anybody.
    pub provider: Option<Provider>,
    /// Whether there is a key.
    pub has_key: bool,
    /// Calls that may be made in a UTC day, if the settings say so.
    pub calls_per_day: Option<u32>,
    /// What survives a restart of the feed.
    pub file: PathBuf,
    /// Asks once.
    pub ask: TryWeather,
}
