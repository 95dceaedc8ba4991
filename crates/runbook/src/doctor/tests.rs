//! Each thing that can be wrong, made wrong, and what is found then.

mod backup;
mod docs;
mod folder;
mod house;
mod program;
mod rig;
mod servers;
mod told;
mod weather;

use std::collections::BTreeSet;

use self::rig::Case;
use super::{CATALOGUE, Check, Depth, Finding, Outcome, Severity, catalogue, examine_with, seconds};

/// Told by tests of their own, beside the checks that find them, or of no fault that can be made here.
const ELSEWHERE: [(&str, &str); 9] = [
    ("check-late", "below"),
    ("check-broken", "below"),
    ("files-few", "files.rs"),
    ("ha-recorder-stands", "recorder.rs"),
    ("sink-unread", "sinks.rs"),
    ("sink-left", "sinks.rs"),
    ("sink-differs", "sinks.rs"),
    ("space-unknown", "the disk does not say: MemFs always does"),
    ("log-unreadable", "the disk does not answer: MemFs always does"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_fault_is_found_with_its_id_and_what_to_do() {
    let mut cases: Vec<Case> = house::cases().await;
    cases.extend(folder::cases().await);
    cases.extend(servers::cases().await);
    cases.extend(program::cases().await);
    cases.extend(weather::cases().await);
    cases.extend(backup::cases().await);
    cases.extend(told::cases().await);
    let mut table = String::new();
    let mut wrong = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for Case { fault, id, report } in &cases {
        let found = report.findings.iter().find(|finding| finding.id == *id);
        match found {
            Some(found) => {
                let severity = found.severity.as_str();
                table += &format!("{fault} -> {id} ({severity}): {}\n", found.says);
            }
            None => {
                let ids: Vec<_> = report.findings.iter().map(|finding| (finding.id, &finding.says)).collect();
                wrong.push(format!("{fault}: no {id} in {ids:#?}"));
            }
        }
        for finding in &report.findings {
            seen.insert(finding.id);
            let told = finding.severity < Severity::Warning || finding.remedy.is_some();
            assert!(told, "{fault}: nothing is said to do: {finding:?}");
        }
    }
    println!("{table}{} faults", cases.len());
    assert_eq!(wrong, Vec::<String>::new());
    let named = |id: &str| ELSEWHERE.iter().any(|(of, _)| *of == id);
    let unseen: Vec<_> =
        CATALOGUE.iter().map(|kind| kind.id).filter(|id| !seen.contains(id) && !named(id)).collect();
    assert_eq!(unseen, Vec::<&str>::new(), "nothing makes these appear");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_does_not_end_or_panics_is_a_finding_and_holds_up_nothing() {
    const CHECKS: &[Check] = &[
        Check { name: "stuck", within: seconds(5, 5), look: |_, _| Box::pin(std::future::pending()) },
        Check { name: "broken", within: seconds(5, 5), look: |_, _| Box::pin(async { panic!("a test") }) },
        Check {
            name: "good",
            within: seconds(5, 5),
            look: |_, _| Box::pin(async { Finding::of(catalogue::SINKS_NONE, "good").into() }),
        },
    ];
    let mut said = Vec::new();
    let subject = std::sync::Arc::new(rig::subject());
    let report = examine_with(CHECKS, subject, Depth::Try, |name, _, of| said.push((name, of))).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.id, finding.check)).collect();
    assert_eq!(found, [("check-late", "stuck"), ("check-broken", "broken"), ("sinks-none", "sinks")]);
    assert_eq!(said.last(), Some(&("stuck", 3)));
    assert_eq!(report.outcome(), Outcome::Degraded);
}
