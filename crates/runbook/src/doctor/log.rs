//! Whether the log is what was written: the newest of it, or all.

use hearthline_core::figures::many;
use hearthline_log::{Report, aside, verify_while};

use super::blocking::blocking;
use super::catalogue::{LOG_ASIDE, LOG_DAMAGED, LOG_OK, LOG_UNREADABLE};
use super::{Check, Depth, Finding, Subject, seconds};

/// Bytes that are read where not everything is.
const MOST: u64 = 128 << 20;

pub(super) const CHECK: Check = Check {
    name: "log",
    within: seconds(30, 900),
    look: |subject, depth| {
        Box::pin(async move {
            let looked = blocking(move |goes_on| look(&subject, depth, &goes_on)).await;
            looked
                .unwrap_or_else(|| vec![Finding::of(LOG_UNREADABLE, "the check of the log ended in a panic")])
                .into()
        })
    },
};

fn look(subject: &Subject, depth: Depth, goes_on: &dyn Fn() -> bool) -> Vec<Finding> {
    let (fs, dir) = (&*subject.fs, subject.data_dir.join("log"));
    let mut more = |read| goes_on() && (depth == Depth::Full || read < MOST);
    match verify_while(fs, &dir, &mut more) {
        // What was set aside and cannot be read is told again, as the log does.
        Ok((report, unread)) => told(&report, unread, &aside::read(fs, &dir).unwrap_or_default()),
        Err(error) => vec![
            Finding::of(LOG_UNREADABLE, error.to_string())
                .todo("see what `dmesg` says of the disk, and whether this user may read the folder"),
        ],
    }
}

fn told(report: &Report, unread: u64, asides: &[aside::Aside]) -> Vec<Finding> {
    let figures = |finding: Finding| {
        finding
            .figure("records", report.total(|segment| segment.records), "1")
            .figure("events", report.total(|segment| segment.events), "1")
            .figure("segments", report.segments.len(), "1")
            .figure("read", report.total(|segment| segment.bytes), "bytes")
            .figure("not read", unread, "bytes")
    };
    let (known, new): (Vec<_>, Vec<_>) =
        report.damage.iter().partition(|damage| asides.iter().any(|aside| aside.covers(damage)));
    let mut findings = Vec::new();
    if let Some(first) = new.first() {
        let lost: u64 =
            new.iter().filter_map(|damage| damage.lost).map(|(first, last)| last.0 - first.0 + 1).sum();
        let says = format!(
            "{} of the log cannot be read, at {}, the first: {first}; a record is lost only if the store does not have it \
             either",
            many(lost, "record"),
            many(new.len() as u64, "place")
        );
        findings.push(
            figures(Finding::of(LOG_DAMAGED, says))
                .figure("records lost", lost, "1")
                .figure("places", new.len(), "1")
                .todo("see what `dmesg` and `smartctl` say of the disk; then hearthline repair log --apply")
                .repair("log"),
        );
    } else {
        let rest = if unread > 0 { "; `hearthline doctor --full` reads all of it" } else { "" };
        let says = format!(
            "what was read of the log is as it was written: {} records{rest}",
            report.total(|segment| segment.records)
        );
        findings.push(figures(Finding::of(LOG_OK, says)));
    }
    if !known.is_empty() {
        let says =
            format!("{} of the log set aside by `repair log`", many(known.len() as u64, "damaged place"));
        findings.push(Finding::of(LOG_ASIDE, says).figure("places", known.len(), "1"));
    }
    findings
}
