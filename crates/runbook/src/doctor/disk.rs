//! How fast the disk is with what has to survive a power cut: a small file, appended to and synced some times.

use std::io;

use hearthline_core::Clock;

use super::blocking::blocking;
use super::catalogue::{DISK_ABSENT, DISK_OK, DISK_REFUSES, DISK_SLOW};
use super::finding::millis;
use super::{Check, Depth, Finding, Looked, Subject, seconds};

const FILE: &str = "doctor.tmp";
/// Syncs that are made, and bytes before each.
const SYNCS: usize = 10;
const BYTES: usize = 4096;
/// The log syncs once a second: a disk that needs longer than this, in milliseconds, falls behind in a storm.
const SLOW: f64 = 200.0;

pub(super) const CHECK: Check = Check {
    name: "disk",
    within: seconds(30, 60),
    look: |subject, depth| {
        Box::pin(async move {
            if depth == Depth::Look {
                return Looked::default()
                    .skip("disk", "a file is written for it, which `hearthline doctor` does");
            }
            let dir = subject.data_dir.display().to_string();
            let Some(tried) = blocking(move |goes_on| syncs(&subject, &goes_on)).await else {
                return Finding::of(DISK_REFUSES, "the check of the disk ended in a panic").into();
            };
            match tried {
                Ok(took) => told(&dir, took).into(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Finding::of(DISK_ABSENT, format!("the data folder {dir} is not there yet"))
                        .todo("hearthline run makes it; or name the right one: data_dir, HEARTHLINE_DATA_DIR")
                        .into()
                }
                Err(error) => Finding::of(DISK_REFUSES, format!("{dir} cannot be written: {error}"))
                    .todo(match error.kind() {
                        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on its disk",
                        io::ErrorKind::PermissionDenied => {
                            "run this command as the user of the program, and let that user write there"
                        }
                        _ => {
                            "see what `dmesg` says of the disk: the system makes a disk with errors read-only"
                        }
                    })
                    .into(),
            }
        })
    },
};

/// Milliseconds of each sync, sorted.
fn syncs(subject: &Subject, goes_on: &dyn Fn() -> bool) -> io::Result<Vec<f64>> {
    let path = subject.data_dir.join(FILE);
    let clock: &dyn Clock = &*subject.clock;
    let mut took = Vec::with_capacity(SYNCS);
    let written = subject.fs.create(&path).and_then(|mut file| {
        while took.len() < SYNCS && (took.is_empty() || goes_on()) {
            file.append(&[0x5a; BYTES])?;
            let began = clock.monotonic();
            file.sync()?;
            took.push(millis(clock.monotonic().saturating_sub(began)));
        }
        Ok(())
    });
    let removed = subject.fs.remove(&path);
    written?;
    removed?;
    took.sort_by(f64::total_cmp);
    Ok(took)
}

fn told(dir: &str, took: Vec<f64>) -> Finding {
    let at = |place: usize| took.get(place).copied().unwrap_or_default();
    let (median, slowest) = (at(took.len() / 2), at(took.len().saturating_sub(1)));
    let says =
        format!("a sync in {dir} takes {median:.2} ms, the slowest of {} took {slowest:.2} ms", took.len());
    let finding = if median > SLOW {
        Finding::of(DISK_SLOW, says)
            .todo("move data_dir to a disk of this machine that is not a memory card or a share; or set sync = \"5s\" under [log]")
    } else {
        Finding::of(DISK_OK, says)
    };
    finding.figure("median", median, "ms").figure("slowest", slowest, "ms").figure("syncs", took, "ms")
}
