//! What is said while the log takes nothing.

use super::*;

/// Less than a segment.
const QUOTA: u64 = 1_000;

#[test]
fn a_full_log_still_takes_the_gap_once_and_a_crash_does_not_lose_it() {
    let (fs, clock) = (MemFs::default(), ManualClock::at(at(0)));
    let shared: Arc<dyn Clock> = Arc::new(clock);
    let open = || {
        let config = LogConfig { max_bytes: QUOTA, ..config(1 << 20) };
        LogWriter::open(Arc::new(fs.clone()), Arc::clone(&shared), config, Seq(1)).unwrap().0
    };
    let mut writer = open();
    let log = writer.log();
    let mut ingest = Ingest::open(log.clone(), Arc::clone(&shared), Arc::default()).unwrap();
    ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
    let mut second = 0;
    let refused = loop {
        second += 1;
        let event = event("sensor.a", None, Some(("1", second)), second);
        ingest.accept(&wire::parse_event(&event).unwrap(), at(second)).unwrap();
        match ingest.end_frame() {
            Ok(()) => drop(writer.step().unwrap()),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, IngestError::Log(LogError::Full { .. })), "{refused}");
    ingest.disconnected("the log takes nothing");
    writer.step().unwrap();
    let last = log.written();
    for _ in 0..3 {
        let hello = Hello { ha_version: "2026.11.0".into(), states_only: true };
        ingest.connected(&hello).unwrap_err();
        ingest.disconnected("the log takes nothing");
        writer.step().unwrap();
    }
    assert_eq!(log.written(), last, "it is said once");

    drop((ingest, writer));
    let fold = Fold::replay(&open().log(), Seq(u64::MAX)).unwrap();
    let [gap] = fold.gaps.all() else { panic!("{:?}", fold.gaps.all()) };
    assert_eq!((gap.cause, gap.from, gap.to), (Cause::LogRefused, at(second - 2), None));
}
