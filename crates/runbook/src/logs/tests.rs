use std::path::Path;

use hearthline_core::fs::Fault;
use hearthline_core::{ManualClock, MemFs, Timestamp};

use super::files::{FILE_BYTES, FILES, LEFT, MOST_BYTES};
use super::*;

const DATA: &str = "/data";
/// 2026-11-23, noon.
const NOON: Timestamp = Timestamp(1_795_435_200_000_000);

fn logs() -> (Logs, ManualClock) {
    let clock = ManualClock::at(NOON);
    (Logs::new(Arc::new(clock.clone()), Mask::new(["very-secret"])), clock)
}

fn disk() -> Arc<dyn Fs> {
    Arc::new(MemFs::default())
}

fn warn(logs: &Logs, message: &str) {
    logs.say(Level::Warn, "log", message, Vec::new());
}

fn write(writer: &mut Writer) {
    while writer.step() == Next::More {}
}

fn said(lines: &Lines) -> Vec<(u64, &str)> {
    lines.lines.iter().map(|line| (line.seq, line.message.as_str())).collect()
}

fn on_disk(fs: &Arc<dyn Fs>, wanted: &Wanted) -> Lines {
    Logs::read_files(&**fs, Path::new(DATA), wanted).unwrap()
}

fn sizes(fs: &Arc<dyn Fs>) -> Vec<u64> {
    fs.read_dir(&Path::new(DATA).join(FOLDER)).unwrap().into_iter().map(|file| file.len).collect()
}

#[test]
fn a_line_is_in_memory_and_then_on_disk_with_all_that_belongs_to_it() {
    let ((logs, _), fs) = (logs(), disk());
    logs.say(Level::Error, "store", "before files are kept", vec![("file".into(), "a.parquet".into())]);
    let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
    warn(&logs, "after");
    assert_eq!(said(&on_disk(&fs, &Wanted::newest(9))), []);
    write(&mut writer);
    let lines = on_disk(&fs, &Wanted::newest(9));
    assert_eq!(lines, logs.read(&Wanted::newest(9)));
    insta::assert_snapshot!(serde_json::to_string_pretty(&lines).unwrap());
}

#[test]
fn numbers_go_on_over_a_restart_and_a_torn_line_is_cut() {
    let fs = disk();
    for (run, first) in [("one", 1), ("two", 2)] {
        let (logs, _) = logs();
        let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
        warn(&logs, run);
        write(&mut writer);
        assert_eq!(logs.read(&Wanted::newest(1)).last, first);
        // Killed in the middle of a line.
        writer.tear(br#"{"seq":99,"at":"20"#);
    }
    let (logs, _) = logs();
    let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
    warn(&logs, "three");
    write(&mut writer);
    let expected = [(1, "one"), (2, "two"), (3, "three")];
    assert_eq!(said(&on_disk(&fs, &Wanted::newest(9))), expected);
    assert_eq!(said(&logs.read(&Wanted::newest(9))), expected, "memory and files together");
    assert_eq!(sizes(&fs).len(), 1, "a start goes on with the newest file");
    let path = Path::new(DATA).join(FOLDER).join("00000000000000000001.ndjson");
    let text = String::from_utf8(fs.read(&path).unwrap()).unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<Line>(line).is_ok()), "{text}");
}

#[test]
fn a_flood_is_bounded_in_memory_and_on_disk_and_what_is_in_no_file_is_counted() {
    let ((logs, _), fs) = (logs(), disk());
    let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
    let long = "x".repeat(9000);
    for n in 0..6000 {
        warn(&logs, &format!("{n} {long}"));
        if n % 50 == 0 {
            write(&mut writer);
        }
    }
    write(&mut writer);
    let all = logs.read(&Wanted::newest(1));
    assert_eq!((all.last, all.dropped), (6000, 0));
    assert_eq!(sizes(&fs).len(), FILES);
    assert!(sizes(&fs).iter().sum::<u64>() <= MOST_BYTES + MOST_BYTES / 4, "{:?}", sizes(&fs));
    assert!(sizes(&fs).iter().all(|size| *size <= FILE_BYTES + FILE_BYTES / 4));
    let kept = on_disk(&fs, &Wanted::newest(usize::MAX)).lines;
    assert_eq!(kept.last().unwrap().seq, 6000);
    assert!(kept.windows(2).all(|two| two[1].seq == two[0].seq + 1), "the newest without a hole");
    assert!(kept.iter().all(|line| line.message.len() <= 4096));
    // Faster than the disk takes them.
    (0..9000).for_each(|n| warn(&logs, &n.to_string()));
    write(&mut writer);
    let all = logs.read(&Wanted::newest(1));
    assert!(all.dropped > 0);
    let words = format!("{} lines of the program's own log are in no file", all.dropped);
    assert!(all.lines[0].message.starts_with(&words), "{}", all.lines[0].message);
}

#[test]
fn a_full_disk_takes_nothing_of_it_and_gets_it_when_there_is_room() {
    let (logs, _) = logs();
    let fs = MemFs::with_capacity(LEFT - 1);
    let disk: Arc<dyn Fs> = Arc::new(fs.clone());
    let mut writer = Writer::open(&logs, Arc::clone(&disk), Path::new(DATA));
    warn(&logs, "one");
    assert_eq!(writer.step(), Next::Later);
    assert_eq!(disk.free_space(Path::new(DATA)).unwrap(), LEFT - 1, "not a byte of what is left");
    assert_eq!(writer.step(), Next::Later);
    let told = logs.read(&Wanted::newest(9));
    assert_eq!(told.lines.len(), 2, "that it cannot be written is said once: {told:?}");
    assert!(told.lines[1].fields["error"].contains("nearly full"));
    fs.set_capacity(u64::MAX);
    fs.fail(Fault::ReadOnly);
    assert_eq!(writer.step(), Next::Later);
    fs.heal();
    write(&mut writer);
    let kept = on_disk(&disk, &Wanted::newest(9));
    assert_eq!(kept.lines, logs.read(&Wanted::newest(9)).lines);
    assert_eq!(kept.lines.last().unwrap().message, "the program's own log is written again");
}

#[test]
fn only_what_is_wanted_is_answered_from_wherever_it_is() {
    let ((logs, clock), fs) = (logs(), disk());
    let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
    for (level, part) in
        [(Level::Info, "store"), (Level::Error, "store"), (Level::Warn, "influxdb"), (Level::Debug, "log")]
    {
        logs.say(level, part, part, Vec::new());
        clock.advance(Duration::from_secs(60));
    }
    write(&mut writer);
    let later = |minutes: u64| Some(NOON.plus(Duration::from_secs(60 * minutes)));
    let all = Wanted::newest(9);
    for (wanted, numbers) in [
        (Wanted { level: Level::Warn, ..all.clone() }, &[2, 3][..]),
        (Wanted { parts: vec!["store".into(), "log".into()], ..all.clone() }, &[1, 2, 4]),
        (Wanted { since: later(1), ..all.clone() }, &[2, 3, 4]),
        (Wanted { until: later(1), ..all.clone() }, &[1]),
        (Wanted { after: Some(3), ..all.clone() }, &[4]),
        (Wanted { after: Some(4), ..all.clone() }, &[]),
        (Wanted { after: Some(77), ..all.clone() }, &[1, 2, 3, 4]),
        (Wanted { tail: 2, ..all }, &[3, 4]),
    ] {
        let numbers_of = |lines: &Lines| lines.lines.iter().map(|line| line.seq).collect::<Vec<_>>();
        assert_eq!(numbers_of(&logs.read(&wanted)), numbers, "{wanted:?}");
        assert_eq!(numbers_of(&on_disk(&fs, &wanted)), numbers, "{wanted:?} on disk");
    }
}

#[test]
fn a_secret_is_in_no_line() {
    let ((logs, _), fs) = (logs(), disk());
    let mut writer = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA));
    logs.hide("another one");
    let fields = vec![
        ("token".to_owned(), "short".to_owned()),
        ("url".to_owned(), "http://x/?q=another%20one".to_owned()),
    ];
    logs.say(Level::Warn, "api", "refused very-secret and another one", fields);
    write(&mut writer);
    let line = on_disk(&fs, &Wanted::newest(1)).lines.remove(0);
    assert_eq!(line.message, "refused *** and ***");
    assert_eq!((&*line.fields["token"], &*line.fields["url"]), ("***", "http://x/?q=***"));
}

#[tokio::test(start_paused = true)]
async fn who_follows_waits_for_a_line_and_not_for_ever() {
    let (logs, _) = logs();
    let start = tokio::time::Instant::now();
    logs.wait(0, Duration::from_secs(20)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(20));
    let other = logs.clone();
    let waits = tokio::spawn(async move { other.wait(0, Duration::from_secs(20)).await });
    tokio::task::yield_now().await;
    warn(&logs, "news");
    waits.await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(20));
}

#[test]
fn what_was_said_last_is_written_when_the_thread_ends() {
    let ((logs, _), fs) = (logs(), disk());
    let writing = Writer::open(&logs, Arc::clone(&fs), Path::new(DATA)).spawn().unwrap();
    (0..2000).for_each(|n| warn(&logs, &n.to_string()));
    drop(writing);
    assert_eq!(on_disk(&fs, &Wanted::newest(1)).lines, logs.read(&Wanted::newest(1)).lines);
    assert_eq!(on_disk(&fs, &Wanted::newest(9999)).lines.len(), 2000);
}
