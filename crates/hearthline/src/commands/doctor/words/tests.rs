use std::sync::Arc;

use hearthline_core::MemFs;
use hearthline_runbook::doctor::{Depth, Running, Subject, examine};

use super::*;
use crate::settings::{Environment, Purpose, load};

/// Of a house that is not there, on a disk in memory, without what differs from machine to machine.
async fn report() -> Report {
    let environment = [
        ("HEARTHLINE_API_LISTEN", "127.0.0.1:0"),
        ("HEARTHLINE_DATA_DIR", "/data"),
        ("INFLUXDB_TOKEN", "of no use"),
    ];
    let environment: Environment = environment.into_iter().collect();
    let settings = load(None, &environment, &|_| Ok(String::new()), Purpose::Read).unwrap();
    let subject = crate::doctor::subject(&settings, Running::No).unwrap();
    let subject = Subject { fs: Arc::new(MemFs::default()), ..subject };
    let mut report = examine(Arc::new(subject), Depth::Look, |_, _, _| ()).await;
    report.findings.retain(|finding| !matches!(finding.check, "files" | "space"));
    report
}

#[tokio::test]
async fn the_worst_is_told_first_with_what_to_do_and_the_rest_in_a_line_each() {
    insta::assert_snapshot!(page(&report().await, Some(Path::new("report.json"))));
}
