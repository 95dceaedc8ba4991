use hearthline_core::Seq;
use hearthline_log::{Append, Damage, Read, SyncPolicy};
use proptest::prelude::*;

use crate::rig::{Rig, append, read, record, records, roll};

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
    let mut writer = rig.two_segments();
    roll(&mut writer, &[&record(13)]);
    writer.close().unwrap();
    let files: Vec<_> = rig.files().into_iter().filter(|(path, _)| *path != Rig::path(7)).collect();
    let (writer, recovery) = Rig::holding(&files).open();
    let missing = Damage {
        file: "00000000000000000007.seg".into(),
        bytes: 0..0,
        lost: Some((Seq(7), Seq(12))),
        reason: "the file is missing",
    };
    assert_eq!(recovery.damage, std::slice::from_ref(&missing));
    assert_eq!(read(&writer.log()), (records((1..=6).chain([13])), vec![missing.clone()]));
    assert_eq!(
        missing.to_string(),
        "00000000000000000007.seg, bytes 0 to 0: the file is missing; records 7 to 12 are lost"
    );
    let mut reader = writer.log().reader(Seq(9));
    let lost = Some((Seq(10), Seq(12)));
    assert_eq!(reader.read().unwrap(), Some(Read::Damage(Damage { lost, ..missing })), "of what it wants");
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
        let (writer, _) = Rig::holding(&files).open();
        let (found, _) = read(&writer.log());
        prop_assert!(found.iter().all(|(n, text)| *text == record(*n)), "{found:?}");
        prop_assert!(found.is_sorted());
    }
}
