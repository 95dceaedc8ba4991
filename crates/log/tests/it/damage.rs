use std::path::Path;
use std::time::Duration;

use hearthline_core::Seq;
use hearthline_log::{Append, Damage, Read, SyncPolicy, verify};
use proptest::prelude::*;

use crate::rig::{DIR, Rig, append, read, record, records, roll};

/// The records of each batch of [`Rig::two_segments`].
const BATCHES: [(u64, u64); 6] = [(1, 2), (3, 3), (4, 6), (7, 8), (9, 9), (10, 12)];

#[test]
fn a_flipped_byte_anywhere_hides_at_most_the_batch_that_it_is_in() {
    for closed in [true, false] {
        let rig = Rig::new(SyncPolicy::Os);
        let writer = rig.two_segments();
        if closed {
            writer.close().unwrap();
        } else {
            drop(writer);
        }
        let files = rig.files();
        let mut hidden = [0; 6];
        for (file, (path, bytes)) in files.iter().enumerate() {
            for (at, byte) in bytes.iter().enumerate() {
                let rig = Rig::holding(&files);
                rig.fs.scribble(path, at, &[byte ^ 0x40]);
                let (mut writer, recovery) = rig.open();
                let (found, damage) = read(&writer.log());
                let whole =
                    |(first, last): &(u64, u64)| (*first..=*last).all(|n| found.contains(&(n, record(n))));
                let lost: Vec<_> = (0..6).filter(|batch| !whole(&BATCHES[*batch])).collect();
                let kept = BATCHES.iter().filter(|batch| whole(batch)).flat_map(|batch| batch.0..=batch.1);
                assert_eq!(found, records(kept), "{path:?} at {at}");
                let named: Vec<_> = damage.iter().map(|damage| damage.lost.unwrap()).collect();
                match lost[..] {
                    [] => assert_eq!(named, []),
                    [5] if !closed => {
                        assert!(recovery.torn_bytes > 0 && named.is_empty(), "the end, so torn")
                    }
                    [batch] => {
                        assert_eq!(batch / 3, file);
                        assert_eq!(named, [(Seq(BATCHES[batch].0), Seq(BATCHES[batch].1))]);
                        assert!(damage[0].bytes.contains(&(at as u64)), "{at} {damage:?}");
                    }
                    _ => panic!("{path:?} at {at}: {lost:?}"),
                }
                lost.iter().for_each(|batch| hidden[*batch] += 1);
                assert!(roll(&mut writer, &["goes on"]) >= Seq(10));
            }
        }
        assert!(hidden.iter().all(|bytes| *bytes > 60), "each byte of each batch matters: {hidden:?}");
    }
}

#[test]
fn a_missing_segment_is_named_and_the_next_is_read() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.by_the_second(3).close().unwrap();
    let files: Vec<_> = rig.files().into_iter().filter(|(path, _)| *path != Rig::path(4)).collect();
    let (writer, recovery) = Rig::holding(&files).open();
    let missing = Damage {
        file: "00000000000000000004.seg".into(),
        bytes: 0..0,
        lost: Some((Seq(4), Seq(6))),
        from: Rig::at(3),
        to: Rig::at(7),
        reason: "the file is missing",
    };
    assert_eq!(recovery.damage, std::slice::from_ref(&missing));
    assert_eq!(writer.log().damage(), recovery.damage);
    assert_eq!(read(&writer.log()), (records((1..=3).chain(7..=9)), vec![missing.clone()]));
    assert_eq!(
        missing.to_string(),
        "00000000000000000004.seg: the file is missing; records 4 to 6 cannot be read, written between \
         2027-01-15T08:00:03.000000Z and 2027-01-15T08:00:07.000000Z"
    );
    let mut reader = writer.log().reader(Seq(5));
    let lost = Some((Seq(6), Seq(6)));
    assert_eq!(reader.read().unwrap(), Some(Read::Damage(Damage { lost, ..missing })), "of what it wants");
    assert_eq!(writer.log().damage(), recovery.damage, "known once");
}

#[test]
fn segments_that_are_missing_at_the_front_are_named_to_whom_lacks_them() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.by_the_second(3).close().unwrap();
    let (writer, recovery) = Rig::holding(&rig.files()[2..]).open();
    assert_eq!(recovery.damage, [], "it may have been trimmed");
    let log = writer.log();
    assert_eq!(log.missing_behind(Seq(6)), None, "it was");
    let damage = log.missing_behind(Seq(2)).unwrap();
    assert_eq!((damage.lost, damage.to), (Some((Seq(3), Seq(6))), Rig::at(7)));
    assert_eq!(log.damage(), [damage]);
}

#[test]
fn damage_is_known_once_a_reader_has_met_it_and_until_it_is_trimmed() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.by_the_second(3).close().unwrap();
    let files = rig.files();
    let third_begins = files[1].1.windows(4).rposition(|four| four == b"\xB7HLB").unwrap();
    for (file, at, (first, last), from, to) in [
        (0, 70, (1, 1), 1, Some(2)),
        (1, 70, (4, 4), 4, Some(5)),
        (1, third_begins + 3, (6, 6), 5, Some(7)),
        (2, 200, (8, 8), 7, Some(9)),
    ] {
        let rig = Rig::holding(&files);
        rig.fs.scribble(&files[file].0, at, &[0xFF]);
        let (mut writer, recovery) = rig.open();
        let log = writer.log();
        assert_eq!((recovery.damage, log.damage()), (vec![], vec![]), "a footer is believed");
        let (found, damage) = read(&log);
        assert_eq!(found, records((1..first).chain(last + 1..=9)));
        assert_eq!(damage[0].lost, Some((Seq(first), Seq(last))));
        assert_eq!((damage[0].from, damage[0].to), (Rig::at(from), to.and_then(Rig::at)), "{damage:?}");
        assert_eq!(log.damage(), damage);
        read(&log);
        assert_eq!(log.damage(), damage, "known once");
        assert_eq!(verify(&rig.fs, Path::new(DIR)).unwrap().damage, damage);
        roll(&mut writer, &[&record(10)]);
        log.trim(Seq(9), Duration::ZERO).unwrap();
        assert_eq!(log.damage(), []);
    }
}

#[test]
fn a_segment_that_lost_its_end_is_named() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    let mut files = rig.files();
    files[0].1.truncate(150);
    let (writer, _) = Rig::holding(&files).open();
    let (found, damage) = read(&writer.log());
    assert_eq!(found.last(), Some(&(12, record(12))));
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].lost.unwrap().1, Seq(6));
}

#[test]
fn a_reader_behind_the_damage_does_not_hear_of_it() {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    rig.fs.scribble(&Rig::path(1), 70, &[0xFF]);
    let (writer, _) = rig.open();
    let mut reader = writer.log().reader(Seq(3));
    assert!(matches!(reader.read().unwrap(), Some(Read::Batch(batch)) if batch.first() == Seq(4)));
}

#[test]
fn a_record_that_holds_a_batch_is_not_taken_for_one() {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = rig.two_segments();
    let inner = rig.dyn_fs().read(&Rig::path(1)).unwrap()[60..].to_vec();
    let noise = (0..25_000_u32).map(|n| crc32fast::hash(&n.to_le_bytes()).wrapping_mul(n | 1));
    let mut outer: Vec<_> = noise.flat_map(u32::to_be_bytes).collect();
    outer.extend(&inner);
    let at = rig.dyn_fs().read(&Rig::path(7)).unwrap().len();
    let mut holding = Append::new();
    holding.push(&outer, false);
    writer.log().append(holding).unwrap();
    writer.step().unwrap();
    append(&mut writer, &[&record(14)]);
    drop(writer);
    let bytes = rig.dyn_fs().read(&Rig::path(7)).unwrap();
    assert!(bytes.windows(inner.len()).any(|part| part == inner), "it is stored as it is");

    rig.fs.scribble(&Rig::path(7), at, &[0]);
    let (writer, _) = rig.open();
    let (found, damage) = read(&writer.log());
    assert_eq!(found, records((1..=12).chain([14])));
    assert_eq!(damage[0].lost, Some((Seq(13), Seq(13))));
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(
        which in 0..2_usize,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cut in any::<prop::sample::Index>(),
    ) {
        let rig = Rig::new(SyncPolicy::Os);
        rig.two_segments().close().unwrap();
        let mut files = rig.files();
        let file = &mut files[which].1;
        let at = at.index(file.len());
        let to = (at + bytes.len()).min(file.len());
        file.splice(at..to, bytes);
        let len = file.len();
        file.truncate(len - cut.index(len) / 4);
        let rig = Rig::holding(&files);
        let report = verify(&rig.fs, Path::new(DIR)).unwrap();
        let (writer, _) = rig.open();
        let (found, _) = read(&writer.log());
        prop_assert_eq!(report.total(|segment| segment.records), found.len() as u64);
        prop_assert!(found.iter().all(|(n, text)| *text == record(*n)), "{found:?}");
        prop_assert!(found.is_sorted());
    }
}
