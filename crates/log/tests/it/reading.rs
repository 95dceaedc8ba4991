use std::pin::pin;

use hearthline_core::Seq;
use hearthline_log::{Append, LogReader, LogWriter, Read, SyncPolicy};
use proptest::prelude::*;

use crate::rig::{Rig, SECOND, append, of, poll, record, roll};

#[test]
fn a_reader_begins_with_the_batch_of_the_record_it_wants() {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = rig.two_segments();
    for _ in 0..2 {
        for (after, first) in [(0, 1), (1, 1), (2, 3), (4, 4), (6, 7), (8, 9), (11, 10)] {
            let read = writer.log().reader(Seq(after)).read().unwrap();
            assert!(
                matches!(&read, Some(Read::Batch(batch)) if batch.first() == Seq(first)),
                "{after}: {read:?}"
            );
        }
        assert_eq!(writer.log().reader(Seq(12)).read().unwrap(), None);
        assert_eq!(writer.log().reader(Seq(99)).read().unwrap(), None, "a cursor ahead of the log waits");
        writer.close().unwrap();
        writer = rig.open().0;
    }
}

#[test]
fn batches_carry_meta_and_totals() {
    let rig = Rig::new(SyncPolicy::Os);
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let mut one = Append::new();
    one.push(b"not an event", false);
    one.push(b"an event", true);
    one.set_meta(b"first");
    assert_eq!(log.append(one).unwrap(), Seq(2));
    assert_eq!(log.append(of(&["x", "y"])).unwrap(), Seq(4));
    let mut plain = Append::new();
    plain.push(b"", true);
    log.append(plain).unwrap();
    writer.step().unwrap();
    append(&mut writer, &["z"]);
    let mut reader = log.reader(Seq::ZERO);
    let Some(Read::Batch(batch)) = reader.read().unwrap() else { panic!() };
    assert_eq!(
        (batch.first(), batch.last(), batch.meta(), batch.events_before()),
        (Seq(1), Seq(5), &b"meta of 2"[..], 0)
    );
    let records: Vec<_> = batch.records().map(|(seq, event, bytes)| (seq.0, event, bytes.to_vec())).collect();
    assert_eq!(records[0], (1, false, b"not an event".to_vec()));
    assert_eq!(records[4], (5, true, vec![]));
    let Some(Read::Batch(batch)) = reader.read().unwrap() else { panic!() };
    assert_eq!(batch.events_before(), 4);
    assert_eq!(log.stats().events_total, 5);
}

#[test]
fn an_append_of_nothing_takes_no_number() {
    let (mut writer, _) = Rig::new(SyncPolicy::Os).open();
    assert_eq!(writer.log().append(Append::new()).unwrap(), Seq::ZERO);
    assert_eq!(append(&mut writer, &["one"]), Seq(1));
}

#[test]
fn the_last_checkpoint_is_the_newest_that_can_be_read() {
    let rig = Rig::new(SyncPolicy::Os);
    let writer = rig.two_segments();
    let log = writer.log();
    let checkpoint = |end| log.last_checkpoint(Seq(end)).map(|(seq, _)| seq.0);
    assert_eq!([0, 1, 6, 7, 99].map(checkpoint), [None, Some(1), Some(1), Some(7), Some(7)]);
    rig.fs.scribble(&Rig::path(7), 70, &[0xFF]);
    assert_eq!(checkpoint(99), Some(1));
}

#[test]
fn bytes_since_the_last_roll_are_counted_as_given() {
    let (writer, _) = Rig::new(SyncPolicy::Os).open();
    let log = writer.log();
    log.append(of(&["12345678"])).unwrap();
    let one = log.segment_bytes();
    log.append(of(&["12345678"])).unwrap();
    assert_eq!(log.segment_bytes(), 2 * one);
    log.roll(of(&["12345678"])).unwrap();
    assert_eq!(log.segment_bytes(), one);
}

#[test]
fn waiting_for_a_record_ends_when_it_can_be_read() {
    let (mut writer, _) = Rig::new(SyncPolicy::Os).open();
    let log = writer.log();
    let mut wait = pin!(log.wait_written(Seq(2)));
    append(&mut writer, &[&record(1)]);
    assert!(poll(&mut wait).is_pending());
    append(&mut writer, &[&record(2)]);
    assert!(poll(&mut wait).is_ready());
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>),
    Roll,
    Write,
    Read(usize),
    NewReader(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes =
        prop_oneof![prop::collection::vec(any::<u8>(), 0..40), (0..400_usize).prop_map(|n| vec![b'a'; n])];
    prop_oneof![
        6 => prop::collection::vec(bytes, 1..5).prop_map(Step::Append),
        1 => Just(Step::Roll),
        5 => Just(Step::Write),
        6 => (0..8_usize).prop_map(Step::Read),
        1 => (0..30_u64).prop_map(Step::NewReader),
        1 => Just(Step::Restart),
    ]
}

/// What all readers of a log with such a ring read.
fn play(steps: &[Step], ring_bytes: usize) -> Vec<Option<Read>> {
    let mut rig = Rig::new(SyncPolicy::Interval(SECOND));
    rig.config.ring_bytes = ring_bytes;
    let open = |rig: &Rig| -> (LogWriter, Vec<LogReader>) {
        let writer = rig.open().0;
        let reader = writer.log().reader(Seq::ZERO);
        (writer, vec![reader])
    };
    let (mut writer, mut readers) = open(&rig);
    let mut seen = Vec::new();
    for step in steps {
        match step {
            Step::Append(records) => {
                let mut append = Append::new();
                records.iter().enumerate().for_each(|(n, record)| append.push(record, n % 2 == 0));
                writer.log().append(append).unwrap();
            }
            Step::Roll => drop(writer.log().roll(of(&["checkpoint"])).unwrap()),
            Step::Write => drop(writer.step().unwrap()),
            Step::Read(n) => {
                let n = n % readers.len();
                seen.push(readers[n].read().unwrap());
            }
            Step::NewReader(after) => readers.push(writer.log().reader(Seq(*after))),
            Step::Restart => {
                writer.close().unwrap();
                (writer, readers) = open(&rig);
            }
        }
    }
    writer.step().unwrap();
    for reader in &mut readers {
        while let Some(read) = reader.read().unwrap() {
            seen.push(Some(read));
        }
    }
    seen
}

proptest! {
    #[test]
    fn memory_and_files_read_the_same(steps in prop::collection::vec(step(), 1..60)) {
        let files = play(&steps, 0);
        prop_assert_eq!(&play(&steps, 300), &files);
        prop_assert_eq!(&play(&steps, 1 << 20), &files);
        prop_assert!(!files.iter().any(|read| matches!(read, Some(Read::Damage(_)))));
    }
}

#[test]
fn a_long_segment_is_entered_by_its_index() {
    let rig = Rig::new(SyncPolicy::Os);
    let (mut writer, _) = rig.open();
    let noise =
        |n: u64| (0..3_000).map(|i| char::from(b' ' + ((i * i + n * i * 7) % 90) as u8)).collect::<String>();
    roll(&mut writer, &["checkpoint"]);
    for n in 0..1_000 {
        append(&mut writer, &[&noise(n)]);
    }
    for _ in 0..2 {
        for n in [1, 2, 333, 999, 1_001] {
            let read = writer.log().reader(Seq(n - 1)).read().unwrap();
            assert!(matches!(read, Some(Read::Batch(batch)) if batch.first() == Seq(n)), "{n}");
        }
        writer.close().unwrap();
        writer = rig.open().0;
    }
}
