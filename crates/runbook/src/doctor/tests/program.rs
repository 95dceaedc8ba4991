//! What a program that runs says of itself, and what is said of one that does not.

use std::net::TcpListener;

use super::super::{Running, Subject};
use super::rig::{Case, LOCAL, case, subject};
use crate::Status;
use crate::repair::testing::House;
use crate::status::{Part, Restart};

/// Of a program with which nothing is wrong.
pub(super) fn status() -> Status {
    House::new().status.lock().clone()
}

fn running(change: impl FnOnce(&mut Status)) -> Subject {
    let mut status = status();
    change(&mut status);
    let running = Running::Yes { pid: std::process::id(), address: LOCAL, status: Box::new(status) };
    Subject { running, ..subject() }
}

pub(super) async fn cases() -> Vec<Case> {
    let silent = Running::Silent { pid: 1, address: LOCAL, why: "nothing was said".into() };
    let taken = TcpListener::bind(LOCAL).unwrap();
    let nowhere = "203.0.113.1:8099".parse().unwrap();
    let parked = |status: &mut Status| {
        let reason = Some("the key is refused".to_owned());
        status.parts.push(Part { reason, ..Part::new("weather", "parked") });
    };
    let restarted = |status: &mut Status| {
        let last = Restart { at: "2026-11-26T00:41:07Z".into(), why: "it panicked".into() };
        let part = Part::new("store", "healthy");
        status.parts.push(Part { restarts: 2, last_restart: Some(last), ..part });
    };
    vec![
        case("nothing runs", "program-stopped", subject()).await,
        case("it starts", "program-starting", Subject { running: Running::Starting { pid: 1 }, ..subject() })
            .await,
        case("it does not answer", "program-silent", Subject { running: silent, ..subject() }).await,
        case("it runs", "program-ok", running(|_| ())).await,
        case("the port is its own", "port-ours", running(|_| ())).await,
        case("a part is parked", "part-unwell", running(parked)).await,
        case("a part was started anew", "part-restarted", running(restarted)).await,
        case(
            "events are in no account",
            "events-unaccounted",
            running(|status| status.events.unaccounted = 3),
        )
        .await,
        case("gaps were not filled", "gaps-left", running(|status| status.gaps.lost = 2)).await,
        case(
            "records were not understood",
            "quarantine-waiting",
            running(|status| status.events.quarantined = 4),
        )
        .await,
        case("nobody listens", "port-free", subject()).await,
        case(
            "another program listens",
            "port-taken",
            Subject { listen: taken.local_addr().unwrap(), ..subject() },
        )
        .await,
        case("an address of another machine", "port-refused", Subject { listen: nowhere, ..subject() }).await,
        case(
            "a variable that does nothing",
            "settings-note",
            Subject { notes: vec!["INFLUXDB_TOKEN: of no use without INFLUXDB_URL".into()], ..subject() },
        )
        .await,
    ]
}
