use std::path::Path;
use std::pin::pin;
use std::task::Poll;

use hearthline_core::fs::Fault;
use hearthline_core::{ErrorKind, Fs, MemFs, Seq};
use hearthline_log::{LogError, Read, SyncPolicy};

use crate::rig::{DIR, Rig, SECOND, append, of, poll, read, record, records, roll};

#[test]
fn after_a_failed_sync_nothing_is_taken_until_a_new_segment_has_it_all() {
    let rig = Rig::new(SyncPolicy::Interval(SECOND));
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let mut reader = log.reader(Seq::ZERO);
    let mut seen = Vec::new();
    let mut follow = |expect: u64| {
        while let Some(read) = reader.read().unwrap() {
            let Read::Batch(batch) = read else { panic!("{read:?}") };
            seen.extend(batch.records().map(|(seq, ..)| seq.0));
        }
        assert_eq!(seen, (1..=expect).collect::<Vec<_>>(), "each once, in order");
    };
    roll(&mut writer, &[&record(1)]);
    append(&mut writer, &[&record(2)]);
    append(&mut writer, &[&record(3)]);
    follow(3);

    rig.fs.fail(Fault::Sync);
    rig.clock.advance(SECOND);
    log.append(of(&[&record(4)])).unwrap();
    let failed = writer.step().unwrap_err();
    assert!(failed.to_string().starts_with("cannot sync /data/log/00000000000000000001.seg"), "{failed}");
    let refused = log.append(of(&["refused"])).unwrap_err();
    let refuses = log.stats().refuses.unwrap();
    assert_eq!((refused.to_string(), refused.kind()), (refuses.clone(), ErrorKind::Transient));
    assert!(
        refuses.starts_with(&failed.to_string()) && refuses.contains("what was taken is kept"),
        "{refuses}"
    );
    let mut wait = pin!(log.sync_through(Seq(4)));
    assert!(matches!(poll(&mut wait), Poll::Ready(Err(LogError::Failed { .. }))));
    follow(4);

    rig.clock.advance(SECOND);
    writer.step().unwrap_err();
    rig.fs.heal();
    assert_eq!(writer.step().unwrap(), Some(SECOND), "paced");
    assert!(log.append(of(&["refused"])).is_err());
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    assert_eq!((log.stats().synced_seq, log.stats().refuses), (Seq(4), None));
    append(&mut writer, &[&record(5)]);
    follow(5);
    assert_eq!(read(&log), (records(1..=5), vec![]));
    assert_eq!(log.last_checkpoint(Seq(5)).unwrap().0, Seq(1), "the new segment begins with no checkpoint");

    drop(writer);
    rig.fs.power_cut();
    let (writer, recovery) = rig.open();
    assert_eq!((recovery.end, recovery.damage), (Seq(4), vec![]));
    assert_eq!(read(&writer.log()), (records(1..=4), vec![]), "what stands twice on disk is read once");
    assert_eq!(writer.log().stats().events_total, 4);
    assert_eq!(writer.log().last_checkpoint(Seq(5)).unwrap().0, Seq(1));
}

#[test]
fn a_crash_before_the_new_segment_is_there_loses_nothing_that_was_written() {
    let rig = Rig::new(SyncPolicy::Always);
    let (mut writer, _) = rig.open();
    roll(&mut writer, &[&record(1)]);
    rig.fs.fail(Fault::Sync);
    writer.log().append(of(&[&record(2)])).unwrap();
    writer.step().unwrap_err();
    rig.clock.advance(SECOND);
    writer.step().unwrap_err();
    drop(writer);
    rig.fs.heal();
    assert_eq!(read(&rig.open().0.log()), (records(1..=2), vec![]));
}

#[test]
fn a_segment_whose_first_sync_fails_comes_later_with_all_that_waits() {
    let rig = Rig::new(SyncPolicy::Os);
    let (mut writer, _) = rig.open();
    rig.fs.fail(Fault::Sync);
    let log = writer.log();
    log.roll(of(&[&record(1)])).unwrap();
    log.append(of(&[&record(2)])).unwrap();
    writer.step().unwrap_err();
    assert_eq!(log.written(), Seq::ZERO);
    rig.fs.heal();
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    assert_eq!(read(&log), (records(1..=2), vec![]));
    assert_eq!(log.last_checkpoint(Seq(2)).unwrap().0, Seq(1));
}

#[test]
fn a_roll_survives_that_its_predecessor_cannot_be_ended() {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = rig.two_segments();
    rig.fs.fail(Fault::Sync);
    let log = writer.log();
    log.roll(of(&[&record(13)])).unwrap();
    writer.step().unwrap_err();
    rig.fs.heal();
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    assert_eq!(read(&log), (records(1..=13), vec![]));
    assert_eq!(log.last_checkpoint(Seq(13)).unwrap().0, Seq(13));
    writer.close().unwrap();
    let (writer, recovery) = rig.open();
    assert_eq!(recovery.damage, []);
    assert_eq!(read(&writer.log()), (records(1..=13), vec![]));
}

#[test]
fn a_full_disk_keeps_what_was_taken_and_goes_on_when_there_is_room() {
    let rig = Rig::on(MemFs::with_capacity(2_000), SyncPolicy::Interval(SECOND));
    let (mut writer, _) = rig.open();
    let log = writer.log();
    roll(&mut writer, &[&record(1)]);
    let mut n = 1;
    let error = loop {
        n += 1;
        log.append(of(&[&record(n)])).unwrap();
        if let Err(error) = writer.step() {
            break error;
        }
    };
    assert!(error.to_string().starts_with("cannot write /data/log/00000000000000000001.seg"), "{error}");
    assert!(matches!(log.append(of(&["refused"])), Err(LogError::Full { .. })));
    assert_eq!(read(&log), (records(1..n), vec![]));
    rig.clock.advance(SECOND);
    writer.step().unwrap_err();
    let names: Vec<_> =
        rig.fs.read_dir(Path::new(DIR)).unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["00000000000000000001.seg"], "an attempt leaves nothing that takes up room");

    rig.fs.set_capacity(10_000);
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    append(&mut writer, &[&record(n + 1)]);
    assert_eq!(read(&log), (records(1..=n + 1), vec![]));
    writer.close().unwrap();
    assert_eq!(read(&rig.open().0.log()), (records(1..=n + 1), vec![]));
}

#[test]
fn a_disk_that_becomes_read_only_is_named_and_loses_nothing_that_was_taken() {
    let rig = Rig::new(SyncPolicy::Interval(SECOND));
    let (mut writer, _) = rig.open();
    let log = writer.log();
    roll(&mut writer, &[&record(1)]);
    rig.fs.fail(Fault::ReadOnly);
    log.append(of(&[&record(2)])).unwrap();
    writer.step().unwrap_err();
    let refuses = log.stats().refuses.unwrap();
    assert!(refuses.contains("the disk of /data/log is read-only"), "{refuses}");
    assert!(matches!(log.append(of(&["refused"])), Err(LogError::Failed { .. })));
    rig.fs.heal();
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    append(&mut writer, &[&record(3)]);
    assert_eq!(read(&log), (records(1..=3), vec![]));
    assert_eq!(log.stats().refuses, None);
}

#[test]
fn a_log_on_a_read_only_disk_cannot_be_opened_and_is_left_as_it_is() {
    let rig = Rig::new(SyncPolicy::Os);
    drop(rig.two_segments());
    let before = rig.files();
    rig.fs.fail(Fault::ReadOnly);
    let error = rig.try_open(Seq(1)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Fatal);
    assert!(error.to_string().contains("/data/log"), "{error}");
    assert_eq!(rig.files(), before);
}

#[test]
fn more_than_the_queue_holds_is_refused_without_a_number() {
    let mut rig = Rig::new(SyncPolicy::Os);
    rig.config.queue_bytes = 100;
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let large = "x".repeat(90);
    assert_eq!(log.append(of(&[&"x".repeat(900)])).unwrap(), Seq(1), "one alone always fits");
    assert!(matches!(log.append(of(&[&large])), Err(LogError::QueueFull)));
    assert_eq!(log.roll(of(&[&large])).unwrap(), Seq(2), "a checkpoint is taken");
    writer.step().unwrap();
    assert_eq!(append(&mut writer, &[&large]), Seq(3));
}
