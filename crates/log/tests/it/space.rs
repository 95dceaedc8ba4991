use std::time::Duration;

use hearthline_core::{MemFs, Seq};
use hearthline_log::{LogError, LogWriter, Read, SyncPolicy};

use crate::rig::{Rig, SECOND, append, of, read, record, records, roll};

const DAY: Duration = Duration::from_secs(86_400);

/// A log of one batch in each of `n` segments, an hour apart.
fn hourly(rig: &Rig, n: u64) -> LogWriter {
    let (mut writer, _) = rig.open();
    for n in 1..=n {
        roll(&mut writer, &[&record(n)]);
        rig.clock.advance(Duration::from_secs(3_600));
    }
    writer
}

#[test]
fn segments_go_when_they_are_stored_and_old_enough() {
    let rig = Rig::new(SyncPolicy::Os);
    let writer = hourly(&rig, 5);
    let log = writer.log();
    assert_eq!(log.trim(Seq(5), DAY).unwrap(), 0, "too young");
    assert_eq!(log.trim(Seq(2), Duration::ZERO).unwrap(), 2, "the third is not stored");
    assert_eq!(log.trim(Seq(9), Duration::from_secs(2 * 3_600)).unwrap(), 1, "the fourth ended an hour ago");
    assert_eq!(log.trim(Seq(9), Duration::ZERO).unwrap(), 1);
    assert_eq!(log.trim(Seq(9), Duration::ZERO).unwrap(), 0, "the newest stays");
    assert_eq!(log.stats().first_seq, Seq(5));
    assert_eq!(log.stats().bytes, rig.files().iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    drop(writer);
    rig.fs.power_cut();
    let (writer, recovery) = rig.open();
    assert_eq!((recovery.end, recovery.damage), (Seq(5), vec![]), "the trim is durable and no damage");
    assert_eq!(writer.log().stats().events_total, 5, "totals survive the trim");
    assert_eq!(read(&writer.log()), (records([5]), vec![]));
}

#[test]
fn what_stays_begins_with_a_checkpoint() {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = hourly(&rig, 2);
    rig.fs.fail(hearthline_core::fs::Fault::ReadOnly);
    writer.log().append(of(&[&record(3)])).unwrap();
    writer.step().unwrap_err();
    rig.fs.heal();
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    let log = writer.log();
    assert_eq!(log.trim(Seq(3), Duration::ZERO).unwrap(), 1, "the third segment goes on from the second");
    assert_eq!(log.last_checkpoint(Seq(3)).unwrap().0, Seq(2));
    roll(&mut writer, &[&record(4)]);
    assert_eq!(log.trim(Seq(3), Duration::ZERO).unwrap(), 2);
    assert_eq!(read(&log), (records([4]), vec![]));
}

#[test]
fn a_reader_that_lags_behind_the_trim_is_told() {
    let rig = Rig::new(SyncPolicy::Os);
    let writer = hourly(&rig, 4);
    let log = writer.log();
    let mut reader = log.reader(Seq::ZERO);
    assert!(matches!(reader.read().unwrap(), Some(Read::Batch(batch)) if batch.first() == Seq(1)));
    log.trim(Seq(3), Duration::ZERO).unwrap();
    let Some(Read::Damage(damage)) = reader.read().unwrap() else { panic!("nothing told") };
    assert_eq!((damage.lost, damage.reason), (Some((Seq(2), Seq(3))), "it was trimmed before it was read"));
    assert!(matches!(reader.read().unwrap(), Some(Read::Batch(batch)) if batch.first() == Seq(4)));
    assert_eq!(reader.read().unwrap(), None);
}

#[test]
fn over_its_quota_the_log_takes_nothing_until_stored_segments_went() {
    let mut rig = Rig::new(SyncPolicy::Os);
    rig.config.max_bytes = 2_000;
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let mut n = 0;
    while log.stats().refuses.is_none() {
        n += 1;
        roll(&mut writer, &[&record(n)]);
    }
    let refuses = log.stats().refuses.unwrap();
    assert!(
        refuses.starts_with("the log in /data/log has ") && refuses.contains("and may have 1.9 KiB"),
        "{refuses}"
    );
    assert!(matches!(log.append(of(&["refused"])), Err(LogError::Full { .. })));
    assert!(log.stats().bytes < 2_300, "{:?}", log.stats());
    assert_eq!(log.trim(Seq::ZERO, DAY).unwrap(), 0, "nothing is stored");
    writer.step().unwrap();
    assert!(log.stats().refuses.is_some());
    assert!(log.trim(Seq(n), DAY).unwrap() >= 2, "stored ones go however young");
    assert!(log.stats().bytes <= 1_800, "to a little below the quota");
    assert_eq!(log.stats().refuses, None);
    assert_eq!(append(&mut writer, &[&record(n + 1)]), Seq(n + 1));
}

#[test]
fn a_full_log_can_be_opened_and_its_checkpoint_is_taken() {
    let mut rig = Rig::new(SyncPolicy::Os);
    drop(rig.two_segments());
    rig.config.max_bytes = 500;
    let (mut writer, _) = rig.open();
    assert!(matches!(writer.log().append(of(&["refused"])), Err(LogError::Full { .. })));
    assert_eq!(roll(&mut writer, &[&record(13)]), Seq(13));
    assert_eq!(writer.log().trim(Seq(12), DAY).unwrap(), 2);
    assert_eq!(append(&mut writer, &[&record(14)]), Seq(14));
}

#[test]
fn space_that_must_stay_free_stays_free() {
    let mut rig = Rig::on(MemFs::with_capacity(10_000), SyncPolicy::Os);
    rig.config.min_free = 8_000;
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let mut n = 0;
    while log.stats().refuses.is_none() {
        n += 1;
        roll(&mut writer, &[&record(n)]);
    }
    let refuses = log.stats().refuses.unwrap();
    assert!(refuses.contains("free on the disk of /data/log, where 7.8 KiB have to stay free"), "{refuses}");
    rig.fs.set_capacity(10_500);
    assert_eq!(writer.step().unwrap(), Some(SECOND), "it looks again");
    assert!(log.stats().refuses.is_some(), "a little room is not enough: no flapping");
    rig.fs.set_capacity(11_500);
    writer.step().unwrap();
    assert_eq!(log.stats().refuses, None);
}
