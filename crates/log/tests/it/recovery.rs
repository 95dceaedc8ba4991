use std::path::Path;
use std::pin::pin;
use std::task::Poll;

use hearthline_core::{Fs, Seq};
use hearthline_log::{LogError, SyncPolicy};

use crate::rig::{DIR, Rig, SECOND, append, poll, read, record, records, roll};

#[test]
fn a_new_log_begins_with_one() {
    let (mut writer, recovery) = Rig::new(SyncPolicy::Os).open();
    assert_eq!(recovery, Default::default());
    assert_eq!((writer.log().written(), writer.log().stats().first_seq), (Seq::ZERO, Seq::ZERO));
    assert_eq!(append(&mut writer, &["one", "two"]), Seq(2));
    assert_eq!(read(&writer.log()).0, [(1, "one".to_owned()), (2, "two".to_owned())]);
}

#[test]
fn a_torn_tail_is_cut_and_the_rest_is_read() {
    let rig = Rig::new(SyncPolicy::Os);
    drop(rig.two_segments());
    let whole = rig.dyn_fs().read(&Rig::path(7)).unwrap();
    for torn in 1..80 {
        let rig = Rig::holding(&rig.files());
        rig.fs.truncate(&Rig::path(7), whole.len() as u64 - torn).unwrap();
        let (mut writer, recovery) = rig.open();
        assert_eq!((recovery.end, recovery.damage), (Seq(9), vec![]), "{torn} bytes short");
        assert!(recovery.torn_bytes > 0);
        assert_eq!(roll(&mut writer, &[&record(10)]), Seq(10));
        drop(writer);
        let (writer, recovery) = rig.open();
        assert_eq!(recovery.torn_bytes, 0, "it was cut");
        assert_eq!(read(&writer.log()), (records(1..=10), vec![]));
        assert_eq!(writer.log().stats().events_total, 10);
    }
}

#[test]
fn a_kill_loses_nothing_that_was_written_and_a_power_cut_after_the_restart_neither() {
    let rig = Rig::new(SyncPolicy::Os);
    drop(rig.two_segments());
    let (writer, recovery) = rig.open();
    assert_eq!((recovery.end, recovery.torn_bytes), (Seq(12), 0));
    assert_eq!(writer.log().stats().synced_seq, Seq(12), "a cursor may go this far");
    drop(writer);
    rig.fs.power_cut();
    assert_eq!(read(&rig.open().0.log()), (records(1..=12), vec![]));
}

#[test]
fn a_power_cut_loses_what_the_policy_says() {
    for (policy, kept) in [(SyncPolicy::Always, 5), (SyncPolicy::Interval(SECOND), 3), (SyncPolicy::Os, 1)] {
        let rig = Rig::new(policy);
        let (mut writer, _) = rig.open();
        roll(&mut writer, &[&record(1)]);
        append(&mut writer, &[&record(2)]);
        rig.clock.advance(SECOND / 2);
        append(&mut writer, &[&record(3)]);
        rig.clock.advance(SECOND / 2);
        writer.step().unwrap();
        append(&mut writer, &[&record(4)]);
        append(&mut writer, &[&record(5)]);
        assert_eq!(writer.log().stats().synced_seq, Seq(kept), "{policy:?}");
        drop(writer);
        rig.fs.power_cut();

        let (mut writer, recovery) = rig.try_open(Seq(6)).unwrap();
        assert_eq!((recovery.end, recovery.damage), (Seq(kept), vec![]), "{policy:?}");
        roll(&mut writer, &[&record(6)]);
        let expected = records((1..=kept).chain([6]));
        assert_eq!(
            read(&writer.log()),
            (expected, vec![]),
            "a number is not given again, a jump is no damage"
        );
    }
}

#[test]
fn syncing_through_a_record_has_it_synced_under_every_policy() {
    let rig = Rig::new(SyncPolicy::Os);
    let (mut writer, _) = rig.open();
    roll(&mut writer, &[&record(1)]);
    let last = append(&mut writer, &[&record(2)]);
    let log = writer.log();
    let mut wait = pin!(log.sync_through(last));
    assert!(poll(&mut wait).is_pending());
    writer.step().unwrap();
    assert!(matches!(poll(&mut wait), Poll::Ready(Ok(()))));
    drop(writer);
    rig.fs.power_cut();
    assert_eq!(rig.open().1.end, last);
    assert!(matches!(poll(pin!(log.sync_through(Seq(3)))), Poll::Ready(Err(LogError::Closed))));
    assert!(matches!(log.append(crate::rig::of(&["late"])), Err(LogError::Closed)));
}

#[test]
fn a_segment_without_a_whole_batch_is_removed_and_its_number_not_given_again() {
    for (bytes, torn, next) in [(vec![], 0, 13), (vec![7; 100], 40, 14)] {
        let rig = Rig::new(SyncPolicy::Os);
        rig.two_segments().close().unwrap();
        rig.fs.create(&Rig::path(13)).unwrap().append(&bytes).unwrap();
        rig.fs.create(&Rig::path(13).with_extension("seg.tmp")).unwrap();
        let (mut writer, recovery) = rig.open();
        assert_eq!((recovery.end, recovery.torn_bytes), (Seq(12), torn));
        assert_eq!(rig.fs.read_dir(Path::new(DIR)).unwrap().len(), 2);
        assert_eq!(roll(&mut writer, &[&record(next)]), Seq(next));
        assert_eq!(read(&writer.log()), (records((1..=12).chain([next])), vec![]));
    }
}

#[test]
fn a_log_that_was_closed_is_opened_by_its_footer() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    let (writer, recovery) = rig.open();
    assert_eq!((recovery.end, recovery.torn_bytes, recovery.damage), (Seq(12), 0, vec![]));
    assert_eq!(writer.log().stats().events_total, 12);
    assert_eq!(read(&writer.log()), (records(1..=12), vec![]));
}

#[test]
fn a_log_of_a_later_version_is_left_alone() {
    let rig = Rig::new(SyncPolicy::Os);
    drop(rig.two_segments());
    let mut header = rig.dyn_fs().read(&Rig::path(1)).unwrap();
    header.truncate(56);
    header[8] = 2;
    let crc = crc32fast::hash(&header);
    header.extend(crc.to_le_bytes());
    rig.fs.scribble(&Rig::path(1), 0, &header);
    let error = rig.try_open(Seq(1)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "/data/log/00000000000000000001.seg has format 2, which this version does not know"
    );
}
