//! Whether the store is what its manifest says: each file there, with its length and a footer; all bytes if wanted.

use hearthline_core::figures::many;
use hearthline_store::{Check as Found, Depth as StoreDepth, StoreError, check};

use super::blocking::blocking;
use super::catalogue::{STORE_DAMAGED, STORE_MISSING, STORE_OK, STORE_UNREADABLE};
use super::{Check, Depth, Finding, Subject, seconds};

/// Names that are told.
const SHOWN: usize = 5;
const REMEDY: &str = "hearthline repair store says what can be made anew from the log, and --apply does it; else put it back from a \
                      backup, or fetch what history still has with `hearthline backfill --from DATE`";

pub(super) const CHECK: Check = Check {
    name: "store",
    within: seconds(30, 900),
    look: |subject, depth| {
        Box::pin(async move {
            let looked = blocking(move |goes_on| look(&subject, depth, &goes_on)).await;
            looked
                .unwrap_or_else(|| {
                    vec![Finding::of(STORE_UNREADABLE, "the check of the store ended in a panic")]
                })
                .into()
        })
    },
};

fn look(subject: &Subject, depth: Depth, goes_on: &dyn Fn() -> bool) -> Vec<Finding> {
    let how = if depth == Depth::Full { StoreDepth::Bytes } else { StoreDepth::Footers };
    match check(&*subject.fs, &subject.data_dir.join("store"), how, &mut || goes_on()) {
        Ok(found) => told(&found),
        Err(error @ StoreError::DamagedManifest { .. }) => {
            vec![Finding::of(STORE_UNREADABLE, error.to_string()).todo(REMEDY).repair("store")]
        }
        Err(error) => vec![
            Finding::of(STORE_UNREADABLE, error.to_string())
                .todo("see what `dmesg` says of the disk, and whether this user may read the folder"),
        ],
    }
}

fn told(found: &Found) -> Vec<Finding> {
    let figures = |finding: Finding| {
        finding
            .figure("files", found.files, "1")
            .figure("footers read", found.footers, "1")
            .figure("compared to the byte", found.compared, "1")
            .figure("bytes", found.bytes, "bytes")
            .figure("rows", found.rows, "1")
    };
    let mut findings = Vec::new();
    if !found.missing.is_empty() {
        let says = format!(
            "{} of the store cannot be found: {}",
            many(found.missing.len() as u64, "file"),
            shown(&found.missing)
        );
        findings.push(
            figures(Finding::of(STORE_MISSING, says))
                .figure("missing", found.missing.len(), "1")
                .todo(REMEDY)
                .repair("store"),
        );
    }
    if !found.damaged.is_empty() {
        let names: Vec<_> = found.damaged.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        let says =
            format!("{} of the store not as written: {}", many(names.len() as u64, "file"), shown(&names));
        findings.push(
            figures(Finding::of(STORE_DAMAGED, says))
                .figure("damaged", names.len(), "1")
                .todo(REMEDY)
                .repair("store"),
        );
    }
    if findings.is_empty() {
        let says = match found.files {
            0 => "nothing is stored yet".to_owned(),
            files => format!("the store is what its manifest says: {files} files, {} rows", found.rows),
        };
        findings.push(figures(Finding::of(STORE_OK, says)));
    }
    findings
}

fn shown(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let first: Vec<_> = names.iter().take(SHOWN).cloned().collect();
    if more > 0 { format!("{} and {more} more", first.join(", ")) } else { first.join(", ") }
}
