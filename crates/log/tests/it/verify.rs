use std::path::Path;

use hearthline_core::{Fs, Seq};
use hearthline_log::{Report, SegmentReport, SyncPolicy, verify, verify_while};

use crate::rig::{DIR, Rig, append, read, record, roll};

fn verified(rig: &Rig) -> Report {
    verify(&rig.fs, Path::new(DIR)).unwrap()
}

#[test]
fn a_whole_log_is_counted() {
    let rig = Rig::new(SyncPolicy::Os);
    assert_eq!(verified(&rig), Report::default(), "no log is no damage");
    rig.two_segments().close().unwrap();
    let before = rig.files();
    let report = verified(&rig);
    assert_eq!(report.damage, []);
    let segment = |file: usize, first, last| SegmentReport {
        file: before[file].0.file_name().unwrap().to_str().unwrap().into(),
        first: Seq(first),
        last: Seq(last),
        batches: 3,
        records: 6,
        events: 6,
        bytes: before[file].1.len() as u64,
        ended: true,
        tail_bytes: 0,
    };
    assert_eq!(report.segments, [segment(0, 1, 6), segment(1, 7, 12)]);
    assert_eq!(report.total(|segment| segment.records), 12);
    assert_eq!(rig.files(), before, "it changes nothing");
}

#[test]
fn the_newest_is_read_first_and_what_is_not_read_is_counted() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    let files = rig.files();
    let all = verified(&rig);
    let read_while = |most: u64| verify_while(&rig.fs, Path::new(DIR), &mut |read| read < most).unwrap();
    let (first, second) = (files[0].1.len() as u64, files[1].1.len() as u64);
    assert_eq!(read_while(0), (Report::default(), first + second));
    let (newest, unread) = read_while(1);
    assert_eq!((newest.segments.as_slice(), unread), (&all.segments[1..], first));
    assert_eq!(read_while(second + 1), (all, 0));

    rig.fs.scribble(&files[0].0, files[0].1.len() / 2, &[0xff; 4]);
    assert_eq!(read_while(1).0.damage, [], "the older one is not read");
    assert_eq!(read_while(u64::MAX).0.damage.len(), 1);
}

#[test]
fn a_flipped_byte_anywhere_before_a_footer_is_named() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    let files = rig.files();
    for (path, bytes) in &files {
        let footer = bytes.windows(8).position(|eight| eight == b"HLOGFOOT").unwrap();
        for (at, byte) in bytes.iter().enumerate() {
            let rig = Rig::holding(&files);
            rig.fs.scribble(path, at, &[byte ^ 1]);
            let report = verified(&rig);
            if at >= footer {
                assert!(report.damage.is_empty(), "nothing is lost with a footer: {report:?}");
                assert!(report.segments.iter().any(|s| s.tail_bytes > 0 && !s.ended), "{at}: {report:?}");
                continue;
            }
            let [damage] = &report.damage[..] else { panic!("{path:?} at {at}: {report:?}") };
            assert_eq!(Path::new(DIR).join(&damage.file), *path);
            assert!(damage.bytes.contains(&(at as u64)), "{at}: {damage:?}");
            let lost = damage.lost.map_or(0, |(first, last)| last.0 - first.0 + 1);
            assert_eq!(report.total(|segment| segment.records), 12 - lost);
        }
    }
}

#[test]
fn beside_a_writer_what_is_not_whole_yet_counts_for_nothing() {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = rig.two_segments();
    let whole = rig.files();
    let report = verified(&rig);
    assert_eq!(report.damage, []);
    assert_eq!(report.segments.iter().map(|s| s.ended).collect::<Vec<_>>(), [true, false]);
    assert_eq!(report.total(|segment| segment.tail_bytes), 0);

    append(&mut writer, &[&record(13)]);
    let mut torn = rig.files();
    torn[1].1.pop();
    let report = verified(&Rig::holding(&torn));
    assert_eq!(report.damage, []);
    assert_eq!(report.total(|segment| segment.records), 12);
    let tail = (torn[1].1.len() - whole[1].1.len()) as u64;
    assert_eq!(report.total(|segment| segment.tail_bytes), tail);
}

#[test]
fn what_was_written_again_after_a_failed_sync_is_counted_once() {
    let rig = Rig::new(SyncPolicy::Interval(crate::rig::SECOND));
    let mut writer = rig.two_segments();
    rig.fs.fail(hearthline_core::fs::Fault::Sync);
    rig.clock.advance(crate::rig::SECOND);
    writer.step().unwrap_err();
    rig.fs.heal();
    rig.clock.advance(crate::rig::SECOND);
    writer.step().unwrap();
    roll(&mut writer, &[&record(13)]);
    let (found, _) = read(&writer.log());
    let report = verified(&rig);
    assert_eq!((report.damage.len(), report.total(|segment| segment.records)), (0, found.len() as u64));
    assert!(report.total(|segment| segment.tail_bytes) > 0, "{report:?}");
}

#[test]
fn a_segment_that_is_missing_is_named() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.by_the_second(3).close().unwrap();
    rig.fs.remove(&Rig::path(4)).unwrap();
    let report = verified(&rig);
    assert_eq!(report.segments.len(), 2);
    assert_eq!(report.damage.iter().map(|damage| damage.lost).collect::<Vec<_>>(), [Some((Seq(4), Seq(6)))]);
}
