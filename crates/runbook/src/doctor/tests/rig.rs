//! A subject of which nothing is wrong, to be made wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Fs, MemFs, Secret, SystemClock};
use hearthline_pipeline::sources::home_assistant::{Address, SessionConfig, Trust};

use super::super::{Depth, Peer, Report, Subject, examine};

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
    Subject::new(fs, Arc::new(SystemClock::new()), "/data".as_ref())
}

/// Home Assistant at an address.
pub(super) fn peer(url: &str, token: &str) -> Peer {
    let token = Secret::new(token);
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
