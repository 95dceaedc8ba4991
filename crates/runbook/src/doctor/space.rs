//! How much room the disk has, and for how many days.

use super::blocking::blocking;
use super::catalogue::{SPACE_NONE, SPACE_OK, SPACE_SHORT, SPACE_UNKNOWN};
use super::{Check, Finding, Subject, seconds};
use crate::space::{Place, SOON, Space, TODO};

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
    let place = Place {
        data_dir: subject.data_dir.clone(),
        min_free: subject.min_free,
        log_max_bytes: subject.log_max_bytes,
        retention: subject.retention,
    };
    let space = match place.measure(&*subject.fs, subject.clock.now()) {
        Ok(space) => space,
        Err(error) => {
            let dir = subject.data_dir.display();
            return Finding::of(SPACE_UNKNOWN, format!("the room at {dir} is not known: {error}"));
        }
    };
    told(&space)
        .figure("free", space.free, "bytes")
        .figure("kept free", space.kept_free, "bytes")
        .figure("log", space.log, "bytes")
        .figure("log at most", space.log_max, "bytes")
        .figure("store", space.store, "bytes")
        .figure("store grows a day", space.growth, "bytes")
        .figure("days measured", space.measured, "1")
        .figure("days until full", space.days_left, "d")
}

fn told(space: &Space) -> Finding {
    let room = format!("{} MiB are free", space.free >> 20);
    if space.is_full() {
        let kept = space.kept_free >> 20;
        return Finding::of(
            SPACE_NONE,
            format!("{room}, and {kept} MiB are to stay free: the log lets go of its oldest"),
        )
        .todo(TODO);
    }
    let is_soon = space.left().is_some_and(|left| left < SOON);
    match space.days_left {
        Some(days) if is_soon => {
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
