//! A subject of which nothing is wrong, to be made wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Fs, MemFs, SystemClock};
use hearthline_pipeline::sources::home_assistant::{Address, SessionConfig, Token, Trust};
use hearthline_pipeline::weather::Choice;

use super::super::{Depth, Peer, Report, Running, Subject, Weather, examine};
use crate::backup::Job;

/// What was made wrong, the finding that is to be there, and all that was found.
pub(super) struct Case {
    pub(super) fault: &'static str,
    pub(super) id: &'static str,
    pub(super) report: Report,
}

pub(super) const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A data folder on a disk in memory, and nothing else.
pub(super) fn subject() -> Subject {
    subject_on(&MemFs::default())
}

pub(super) fn subject_on(disk: &MemFs) -> Subject {
    let fs: Arc<dyn Fs> = Arc::new(disk.clone());
    fs.create_dir_all("/data".as_ref()).unwrap();
    Subject {
        fs,
        clock: Arc::new(SystemClock::new()),
        data_dir: PathBuf::from("/data"),
        settings: vec!["data folder: /data (default)".into()],
        notes: Vec::new(),
        listen: LOCAL,
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
            file: PathBuf::from("/data/weather.json"),
            ask: Arc::new(|_| Box::pin(std::future::ready(None))),
        },
        places: Vec::new(),
        broker: None,
        place: Arc::default(),
        backup: Job { dir: PathBuf::from("/data/backups"), every: None, keep: None },
    }
}

/// Home Assistant at an address.
pub(super) fn peer(url: &str, token: &str) -> Peer {
    let token = Token::new(token);
    let address = Address::of(&url.parse().unwrap()).unwrap();
    Peer {
        session: SessionConfig { address, ping_interval: Duration::from_secs(10) },
        trust: Trust { extra_pem: None, anyone: false },
        token: Arc::new(move || token.clone()),
        events: vec!["state_changed".into()],
    }
}

/// Looks at everything.
pub(super) async fn look(subject: Subject, depth: Depth) -> Report {
    examine(Arc::new(subject), depth, |_, _, _| ()).await
}

/// Looks at everything as a command does.
pub(super) async fn case(fault: &'static str, id: &'static str, subject: Subject) -> Case {
    Case { fault, id, report: look(subject, Depth::Try).await }
}
