use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Thread, current, park};

use hearthline_core::{Clock, RealFs, Seq, SystemClock};
use hearthline_log::{LogConfig, LogError, LogWriter, Read, Recovery, SyncPolicy};

use crate::rig::{SECOND, of, record};

fn open(dir: &std::path::Path, sync: SyncPolicy) -> (LogWriter, Recovery) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let config = LogConfig {
        dir: dir.join("log"),
        sync,
        max_bytes: 1 << 30,
        min_free: 0,
        reserve_bytes: 0,
        queue_bytes: 1 << 20,
        ring_bytes: 4_000,
    };
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
