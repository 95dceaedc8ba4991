//! How much room the disk has, and for how many days: by how much the store has grown on the days that are over.

use hearthline_core::Timestamp;
use hearthline_store::Depth as StoreDepth;

use super::blocking::blocking;
use super::catalogue::{SPACE_NONE, SPACE_OK, SPACE_SHORT, SPACE_UNKNOWN};
use super::{Check, Finding, Subject, seconds};

/// The latest days over which growth is measured.
const DAYS: usize = 7;
/// Fewer days until the disk is full are told.
const SOON: f64 = 30.0;

pub(super) const CHECK: Check = Check {
    name: "space",
    within: seconds(10, 10),
    look: |subject, _| {
        Box::pin(async move {
            let looked = blocking(move |_| look(&subject)).await;
            looked
                .unwrap_or_else(|| Finding::of(SPACE_UNKNOWN, "the check of the room ended in a panic"))
                .into()
        })
    },
};

fn look(subject: &Subject) -> Finding {
    let (fs, dir) = (&*subject.fs, &subject.data_dir);
    let free = match fs.free_space(dir) {
        Ok(free) => free,
        Err(error) => {
            return Finding::of(
                SPACE_UNKNOWN,
                format!("the room at {} is not known: {error}", dir.display()),
            );
        }
    };
    let log = fs.read_dir(&dir.join("log")).unwrap_or_default().iter().map(|entry| entry.len).sum::<u64>();
    let store = hearthline_store::check(fs, &dir.join("store"), StoreDepth::Manifest, &mut || true).ok();
    let today = subject.clock.now().date();
    let days = store.as_ref().map(|store| &store.days);
    let over: Vec<u64> = days
        .into_iter()
        .flatten()
        .rev()
        .filter(|(date, _)| **date < today)
        .take(DAYS)
        .map(|(_, bytes)| *bytes)
        .collect();
    let first = days.and_then(|days| days.keys().next());
    let growth = if over.is_empty() || is_bounded(subject, first) {
        None
    } else {
        Some(over.iter().sum::<u64>() / over.len() as u64)
    };
    let spare =
        free.saturating_sub(subject.min_free).saturating_sub(subject.log_max_bytes.saturating_sub(log));
    #[expect(clippy::cast_precision_loss, reason = "days for people")]
    let left = growth.filter(|growth| *growth > 0).map(|growth| (spare as f64 / growth as f64).floor());
    let finding = told(subject, free, left);
    finding
        .figure("free", free, "bytes")
        .figure("kept free", subject.min_free, "bytes")
        .figure("log", log, "bytes")
        .figure("log at most", subject.log_max_bytes, "bytes")
        .figure("store", store.as_ref().map(|store| store.bytes), "bytes")
        .figure("store grows a day", growth, "bytes")
        .figure("days measured", over.len(), "1")
        .figure("days until full", left, "d")
}

fn told(subject: &Subject, free: u64, left: Option<f64>) -> Finding {
    const TODO: &str = "make room, or keep less: retention = \"365d\" under [store], max_bytes under [log]";
    let room = format!("{} MiB are free", free >> 20);
    if free <= subject.min_free {
        let kept = subject.min_free >> 20;
        return Finding::of(
            SPACE_NONE,
            format!("{room}, and {kept} MiB are to stay free: the log lets go of its oldest"),
        )
        .todo(TODO);
    }
    match left {
        Some(days) if days < SOON => {
            Finding::of(SPACE_SHORT, format!("{room}: enough for {days} days at the rate of the last ones"))
                .todo(TODO)
        }
        Some(days) => {
            Finding::of(SPACE_OK, format!("{room}: enough for {days} days at the rate of the last ones"))
        }
        None => Finding::of(
            SPACE_OK,
            format!("{room}; how fast the store grows is not known yet, or it does not grow any more"),
        ),
    }
}

/// A store that has let go of days already grows by nothing.
fn is_bounded(subject: &Subject, first: Option<&String>) -> bool {
    let Some(kept) = subject.retention else { return false };
    let oldest =
        Timestamp(subject.clock.now().0.saturating_sub(i64::try_from(kept.as_micros()).unwrap_or(i64::MAX)));
    first.is_some_and(|first| *first <= oldest.date())
}
