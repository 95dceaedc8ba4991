use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Thread, current, park};

use hearthline_core::{Clock, RealFs, Seq, SystemClock};
use hearthline_log::{LogConfig, LogError, LogWriter, Read, Recovery, SyncPolicy};

use crate::rig::{SECOND, of, record};

fn open(dir: &std::path::Path, sync: SyncPolicy) -> (LogWriter, Recovery) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let config = LogConfig { sync, ring_bytes: 4_000, ..LogConfig::new(dir.join("log")) };
    LogWriter::open(Arc::new(RealFs), clock, config, Seq(1)).unwrap()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => park(),
        }
    }
}

#[test]
fn what_was_appended_before_the_stop_is_there_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Interval(SECOND));
    let log = writer.log();
    let thread = writer.spawn().unwrap();
    log.roll(of(&[&record(1)])).unwrap();
    for n in 2..=500 {
        log.append(of(&[&record(n)])).unwrap();
    }
    thread.stop().unwrap();
    assert!(matches!(log.append(of(&["late"])), Err(LogError::Closed)));
    assert_eq!(log.stats().synced_seq, Seq(500));
    let (writer, recovery) = open(dir.path(), SyncPolicy::Os);
    assert_eq!((recovery.end, recovery.torn_bytes), (Seq(500), 0));
    assert_eq!(crate::rig::read(&writer.log()), (crate::rig::records(1..=500), vec![]));
}

#[test]
fn a_reader_in_another_thread_sees_each_append_whole_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Os);
    let log = writer.log();
    let thread = writer.spawn().unwrap();
    let followers: Vec<_> = (0..2)
        .map(|_| {
            let log = log.clone();
            std::thread::spawn(move || {
                let (mut reader, mut seen) = (log.reader(Seq::ZERO), 0);
                while seen < 6_000 {
                    block_on(log.wait_written(Seq(seen + 1)));
                    while let Some(read) = reader.read().unwrap() {
                        let Read::Batch(batch) = read else { panic!("{read:?}") };
                        assert_eq!(batch.first(), Seq(seen + 1));
                        assert!(batch.last().0.is_multiple_of(3), "an append is never seen in part");
                        for (seq, _, bytes) in batch.records() {
                            assert_eq!(bytes, record(seq.0).as_bytes());
                            seen = seq.0;
                        }
                    }
                }
            })
        })
        .collect();
    for n in (1..=6_000).step_by(3) {
        let append = of(&[&record(n), &record(n + 1), &record(n + 2)]);
        if n % 600 == 1 { log.roll(append) } else { log.append(append) }.unwrap();
    }
    for follower in followers {
        follower.join().unwrap();
    }
    block_on(log.sync_through(Seq(6_000))).unwrap();
    assert!(log.stats().synced_seq >= Seq(6_000));
    thread.stop().unwrap();
}

#[test]
fn a_writer_that_is_handed_over_goes_on_on_another_thread_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Interval(SECOND));
    let log = writer.log();
    let mut thread = writer.spawn().unwrap();
    log.roll(of(&[&record(1)])).unwrap();
    for n in 2..=300 {
        log.append(of(&[&record(n)])).unwrap();
        if n % 100 == 0 {
            thread.hand_over();
            log.append(of(&[&record(n + 1000)])).unwrap();
            thread = thread.join().unwrap().unwrap().spawn().unwrap();
        }
    }
    thread.stop().unwrap();
    let (writer, recovery) = open(dir.path(), SyncPolicy::Os);
    assert_eq!((recovery.end, recovery.torn_bytes, recovery.damage.len()), (Seq(303), 0, 0));
    let appended = (1..=100).chain([1100]).chain(101..=200).chain([1200]).chain(201..=300).chain([1300]);
    let expected: Vec<_> = (1..).zip(appended.map(record)).collect();
    assert_eq!(crate::rig::read(&writer.log()), (expected, vec![]));
}

#[test]
fn a_writer_that_panics_is_replaced_by_one_that_reads_what_it_had_written() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Os);
    let log = writer.log().producer();
    let panics = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = Arc::clone(&panics);
    let round = move |_| assert!(!told.load(std::sync::atomic::Ordering::Relaxed), "told to");
    let thread = writer.spawn_watched(hearthline_core::Pulse::unwatched(), round).unwrap();
    log.roll(of(&[&record(1)])).unwrap();
    log.append(of(&[&record(2)])).unwrap();
    assert!(log.settle(60 * SECOND));
    assert!(matches!(LogWriter::reopen(&log), Err(LogError::HasWriter)));
    panics.store(true, std::sync::atomic::Ordering::Relaxed);
    log.append(of(&[&record(3)])).unwrap();
    assert!(matches!(thread.join(), Err(LogError::Panicked)));
    assert!(matches!(log.append(of(&["late"])), Err(LogError::Closed)));

    let (writer, recovery) = LogWriter::reopen(&log).unwrap();
    assert_eq!((recovery.end, recovery.torn_bytes), (Seq(2), 0));
    assert!(log.settle(SECOND), "what was lost is not waited for");
    let thread = writer.spawn().unwrap();
    let next = log.roll(of(&[&record(4)])).unwrap();
    assert_eq!(next, Seq(4), "the number of what was lost is not given again");
    assert!(log.settle(60 * SECOND));
    thread.stop().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Os);
    let (read, _) = crate::rig::read(&writer.log());
    assert_eq!(read.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn a_producer_that_was_replaced_appends_nothing_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(dir.path(), SyncPolicy::Os);
    let (anybody, old) = (writer.log(), writer.log().producer());
    old.append(of(&["a"])).unwrap();
    assert!(matches!(anybody.append(of(&["b"])), Err(LogError::TakenOver)));
    let new = anybody.producer();
    assert!(matches!(old.roll(of(&["c"])), Err(LogError::TakenOver)));
    assert_eq!(new.append(of(&["d"])).unwrap(), Seq(2));
}
