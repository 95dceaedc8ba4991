//! `hearthline log verify`: reads all of the log to see that it is what was written. Works beside the running program.

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use hearthline_core::RealFs;
use hearthline_log::{Damage, Report, SegmentReport};
use serde_json::{Value, json};

use super::Context;
use crate::exit::Exit;
use crate::table::{table, text};

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads every byte, computes every checksum again, names what is damaged; exit code 1 if anything is
    Verify,
}

/// Reads it.
pub(crate) fn run(args: &Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let What::Verify = args.what;
    let dir = context.settings.data_dir.join("log");
    anyhow::ensure!(dir.is_dir(), "there is no log in {}: is it the data folder?", dir.display());
    let report = hearthline_log::verify(&RealFs, &dir)
        .with_context(|| format!("the log in {} cannot be verified", dir.display()))?;
    if context.json {
        context.write_json(&document(&dir, &report))?;
    } else {
        context.write_page(&render(&dir, &report))?;
    }
    Ok(if report.damage.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn render(dir: &Path, report: &Report) -> String {
    let mut rows = table(&["Segment", "First", "Last", "Batches", "Records", "Bytes", "State"]);
    for segment in &report.segments {
        let SegmentReport { file, first, last, batches, records, bytes, .. } = segment;
        let state = state(segment, &report.damage).to_owned();
        let [first, last] = [first, last].map(ToString::to_string);
        let [batches, records, bytes] = [batches, records, bytes].map(ToString::to_string);
        rows.add_row([file.clone(), first, last, batches, records, bytes, state]);
    }
    let total = |of: fn(&SegmentReport) -> u64| report.total(of);
    let counts = format!(
        "{}: {} segments, {} batches, {} records ({} events), {} bytes",
        dir.display(),
        report.segments.len(),
        total(|segment| segment.batches),
        total(|segment| segment.records),
        total(|segment| segment.events),
        total(|segment| segment.bytes)
    );
    let verdict = if report.damage.is_empty() {
        "everything is as it was written".to_owned()
    } else {
        let places: String = report.damage.iter().map(|damage| format!("  {damage}\n")).collect();
        format!(
            "DAMAGED:\n{places}what is around it is read; a record is lost only if the store does not have it either. See \
             what `dmesg` and `smartctl` tell of the disk, and copy {} to another one while it can be read",
            dir.display()
        )
    };
    let segments = if report.segments.is_empty() { String::new() } else { text(&rows) + "\n" };
    format!("{segments}{counts}\n{verdict}\n")
}

fn state(segment: &SegmentReport, damage: &[Damage]) -> &'static str {
    match segment {
        _ if damage.iter().any(|damage| damage.file == segment.file) => "damaged",
        SegmentReport { ended: true, .. } => "whole",
        SegmentReport { tail_bytes: 0, .. } => "whole, not ended in order",
        _ => "whole, with an unfinished write behind it",
    }
}

fn document(dir: &Path, report: &Report) -> Value {
    let segments = report.segments.iter().map(|segment| {
        json!({
            "file": segment.file, "first": segment.first, "last": segment.last, "batches": segment.batches,
            "records": segment.records, "events": segment.events, "bytes": segment.bytes, "ended": segment.ended,
            "tail_bytes": segment.tail_bytes,
        })
    });
    let damage = report.damage.iter().map(|damage| {
        json!({
            "file": damage.file, "from_byte": damage.bytes.start, "to_byte": damage.bytes.end,
            "first_lost": damage.lost.map(|(first, _)| first), "last_lost": damage.lost.map(|(_, last)| last),
            "from": damage.from.map(|from| from.to_string()), "to": damage.to.map(|to| to.to_string()),
            "reason": damage.reason,
        })
    });
    json!({
        "dir": dir.display().to_string(),
        "batches": report.total(|segment| segment.batches),
        "records": report.total(|segment| segment.records),
        "events": report.total(|segment| segment.events),
        "bytes": report.total(|segment| segment.bytes),
        "segments": segments.collect::<Vec<_>>(),
        "damage": damage.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use hearthline_core::{Seq, Timestamp};

    use super::*;

    fn report() -> Report {
        let segment = |first, last, ended, tail_bytes| SegmentReport {
            file: format!("{first:020}.seg"),
            first: Seq(first),
            last: Seq(last),
            batches: 3,
            records: last - first + 1,
            events: 2,
            bytes: 4000,
            ended,
            tail_bytes,
        };
        let segments = vec![segment(1, 6, true, 0), segment(7, 12, false, 0), segment(19, 20, false, 5)];
        Report { segments, damage: Vec::new() }
    }

    #[test]
    fn a_whole_log_is_told_with_its_figures() {
        insta::assert_snapshot!(render(Path::new("/data/log"), &report()));
        assert!(
            render(Path::new("/data/log"), &Report::default()).ends_with("everything is as it was written\n")
        );
    }

    #[test]
    fn damage_is_told_with_its_numbers_and_what_to_do() {
        let mut report = report();
        report.damage = vec![
            Damage {
                file: "00000000000000000007.seg".into(),
                bytes: 60..150,
                lost: Some((Seq(7), Seq(8))),
                from: Some(Timestamp(1_800_000_000_000_000)),
                to: Some(Timestamp(1_800_000_060_000_000)),
                reason: "these bytes are not what was written",
            },
            Damage {
                file: "00000000000000000013.seg".into(),
                bytes: 0..0,
                lost: Some((Seq(13), Seq(18))),
                from: None,
                to: None,
                reason: "the file is missing",
            },
        ];
        insta::assert_snapshot!(render(Path::new("/data/log"), &report));
        let document = document(Path::new("/data/log"), &report);
        assert_eq!(document["damage"][0]["last_lost"], 8);
        assert_eq!(document["damage"][0]["from"], "2027-01-15T08:00:00.000000Z");
        assert_eq!(document["damage"][1]["from"], Value::Null);
        assert_eq!(document["records"], 14);
    }
}
