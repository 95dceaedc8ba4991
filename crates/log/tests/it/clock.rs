use std::time::Duration;

use hearthline_core::Seq;
use hearthline_log::SyncPolicy;

use crate::rig::{DIR, Rig, SECOND, START, append, of, read, record, records, roll};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_clock_that_is_set_back_or_forward_refuses_nothing_and_doubles_nothing() {
    let rig = Rig::new(SyncPolicy::Interval(SECOND));
    let (mut writer, _) = rig.open();
    let mut n = 0;
    for wall in [START, START.minus(YEAR), START.plus(YEAR), START] {
        rig.clock.set_wall(wall);
        roll(&mut writer, &[&record(n + 1)]);
        n = append(&mut writer, &[&record(n + 2)]).0;
    }
    assert_eq!(read(&writer.log()), (records(1..=n), vec![]));
    for wall in [START.minus(YEAR), START.plus(YEAR)] {
        drop(writer);
        rig.clock.set_wall(wall);
        let recovery;
        (writer, recovery) = rig.open();
        assert_eq!((recovery.end, recovery.torn_bytes, recovery.damage), (Seq(n), 0, vec![]));
        n = roll(&mut writer, &[&record(n + 1)]).0;
    }
    assert_eq!(read(&writer.log()), (records(1..=n), vec![]));
    assert_eq!(writer.log().stats().events_total, n);
    assert_eq!(hearthline_log::verify(&rig.fs, DIR.as_ref()).unwrap().damage, []);
}

#[test]
fn syncs_and_attempts_come_by_the_time_that_passes_not_by_the_clock() {
    let rig = Rig::new(SyncPolicy::Interval(SECOND));
    let (mut writer, _) = rig.open();
    let log = writer.log();
    roll(&mut writer, &[&record(1)]);
    for wall in [START.minus(YEAR), START.plus(YEAR)] {
        let seq = append(&mut writer, &[&record(2)]);
        rig.clock.set_wall(wall);
        assert_eq!(writer.step().unwrap(), Some(SECOND));
        assert!(log.stats().synced_seq < seq, "not before its time");
        rig.clock.advance(SECOND);
        writer.step().unwrap();
        assert_eq!(log.stats().synced_seq, seq);

        rig.fs.fail(hearthline_core::fs::Fault::Sync);
        let seq = log.append(of(&[&record(3)])).unwrap();
        writer.step().unwrap();
        rig.clock.advance(SECOND);
        writer.step().unwrap_err();
        rig.fs.heal();
        rig.clock.set_wall(START);
        assert_eq!(writer.step().unwrap(), Some(SECOND));
        rig.clock.advance(SECOND);
        writer.step().unwrap();
        assert_eq!(log.stats().synced_seq, seq);
    }
}

#[test]
fn what_was_written_in_the_future_is_kept_and_still_makes_room_when_that_is_short() {
    let mut rig = Rig::new(SyncPolicy::Os);
    rig.config.max_bytes = 2_000;
    let (mut writer, _) = rig.open();
    let log = writer.log();
    rig.clock.set_wall(START.plus(YEAR));
    roll(&mut writer, &[&record(1)]);
    roll(&mut writer, &[&record(2)]);
    rig.clock.set_wall(START);
    assert_eq!(log.trim(Seq(1), SECOND).unwrap(), 0, "it is not known to be old");
    let mut last = Seq(2);
    while log.stats().refuses.is_none() {
        last = roll(&mut writer, &["fills"]);
    }
    assert!(log.trim(last, SECOND).unwrap() > 0);
    assert_eq!(log.stats().refuses, None);
}
