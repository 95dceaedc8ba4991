use std::path::{Path, PathBuf};
use std::time::Duration;

use hearthline_core::{Fs, MemFs, Seq};
use hearthline_log::{LogError, LogWriter, SyncPolicy};

use crate::rig::{DIR, Rig, SECOND, append, of, read, record, records, roll};

const DISK: u64 = 100_000;
const RESERVE: u64 = 16_000;

fn rig() -> Rig {
    let mut rig = Rig::on(MemFs::with_capacity(DISK), SyncPolicy::Interval(SECOND));
    rig.config.reserve_bytes = RESERVE;
    rig
}

fn path() -> PathBuf {
    Path::new(DIR).join("reserve")
}

fn held(rig: &Rig) -> bool {
    rig.fs.open(&path()).is_ok_and(|file| file.len().unwrap() == RESERVE)
}

/// Another program takes all but so many bytes of the disk; answers with its file.
fn fill(rig: &Rig, all_but: u64) -> PathBuf {
    let filler = PathBuf::from("/data/filler");
    let len = rig.fs.free_space(&filler).unwrap() - all_but;
    rig.fs.allocate(&filler, len).unwrap();
    filler
}

/// Fills the disk until a write fails; answers with the last record that was taken.
fn run_full(rig: &Rig, writer: &mut LogWriter) -> u64 {
    roll(writer, &[&record(1)]);
    fill(rig, 1_000 + rig.config.reserve_bytes / 16);
    let large = "x".repeat(2_000);
    writer.log().append(of(&[&record(2), &noise(large.len())])).unwrap();
    writer.step().unwrap_err();
    3
}

/// Bytes that do not pack.
fn noise(len: usize) -> String {
    let words = (0..).map(|n: u32| crc32fast::hash(&n.to_le_bytes()).wrapping_mul(n | 1));
    let text: String = words.take(len.div_ceil(8)).map(|word| format!("{word:08x}")).collect();
    text[..len].to_owned()
}

#[test]
fn room_is_taken_when_the_log_is_opened_and_counts_for_no_quota() {
    let rig = rig();
    let (writer, _) = rig.open();
    assert!(held(&rig));
    assert_eq!(writer.log().stats().bytes, 0);
    drop(writer);
    rig.fs.power_cut();
    let (writer, recovery) = rig.open();
    assert!(held(&rig) && recovery.damage.is_empty());
    assert_eq!(writer.log().stats().refuses, None);
}

#[test]
fn a_full_disk_still_takes_what_waited_and_a_checkpoint() {
    let rig = rig();
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let last = run_full(&rig, &mut writer);
    assert!(!held(&rig));
    assert!(matches!(log.append(of(&["refused"])), Err(LogError::Full { .. })));

    rig.clock.advance(SECOND);
    writer.step().unwrap();
    assert_eq!(
        log.stats().synced_seq,
        Seq(last),
        "what was taken is on the disk, so that the store may go on"
    );
    let refuses = log.stats().refuses.unwrap();
    assert!(
        refuses.starts_with("the disk of /data/log is full") && refuses.contains("31.2 KiB free"),
        "{refuses}"
    );
    assert!(matches!(log.append(of(&["refused"])), Err(LogError::Full { .. })));
    assert_eq!(roll(&mut writer, &["a gap began"]), Seq(last + 1));
    drop(writer);
    rig.fs.power_cut();
    assert_eq!(rig.open().1.end, Seq(last + 1));
}

#[test]
fn it_is_made_again_when_there_is_clearly_room_and_not_before() {
    let rig = rig();
    let (mut writer, _) = rig.open();
    let log = writer.log();
    let last = run_full(&rig, &mut writer);
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    let used = DISK - rig.fs.free_space(Path::new(DIR)).unwrap();
    for (free, resumes) in [(RESERVE, false), (2 * RESERVE - 1, false), (2 * RESERVE, true)] {
        rig.fs.set_capacity(used + free);
        assert_eq!(writer.step().unwrap().is_none(), resumes, "while it is full it looks again");
        assert_eq!((held(&rig), log.stats().refuses.is_none()), (resumes, resumes), "{free} free");
    }
    for n in last + 1..last + 10 {
        append(&mut writer, &[&record(n)]);
    }
    assert!(held(&rig), "no flapping");
}

#[test]
fn where_space_has_to_stay_free_the_log_goes_on_at_the_figure_that_it_names() {
    let mut rig = rig();
    rig.config.min_free = 40_000;
    let (mut writer, _) = rig.open();
    let log = writer.log();
    run_full(&rig, &mut writer);
    rig.clock.advance(SECOND);
    writer.step().unwrap();
    let full = DISK - rig.fs.free_space(Path::new(DIR)).unwrap();
    rig.fs.set_capacity(full + 71_999);
    writer.step().unwrap();
    let refuses = log.stats().refuses.unwrap();
    assert!(refuses.contains("by itself at 70.3 KiB free"), "{refuses}");
    assert!(refuses.contains("(log.min_free)") && !refuses.contains("is full"), "{refuses}");
    rig.fs.set_capacity(full + 72_000);
    writer.step().unwrap();
    assert_eq!((held(&rig), log.stats().refuses), (true, None));
}

#[test]
fn it_is_freed_for_the_store_when_others_have_filled_the_disk() {
    let rig = rig();
    let (mut writer, _) = rig.open();
    roll(&mut writer, &[&record(1)]);
    let filler = fill(&rig, 900);
    append(&mut writer, &[&record(2)]);
    assert!(rig.fs.free_space(Path::new(DIR)).unwrap() >= RESERVE, "no write of the log had to fail first");
    assert!(writer.log().stats().refuses.unwrap().contains("is full"));
    rig.fs.remove(&filler).unwrap();
    writer.step().unwrap();
    assert!(held(&rig));
    assert_eq!(read(&writer.log()), (records(1..=2), vec![]));
}

#[test]
fn a_log_opened_on_a_full_disk_takes_its_checkpoint_and_waits_for_room() {
    let rig = rig();
    let (mut writer, _) = rig.open();
    let last = run_full(&rig, &mut writer);
    drop(writer);
    let (mut writer, _) = rig.open();
    let log = writer.log();
    assert!(log.stats().refuses.unwrap().contains("is full"));
    assert_eq!(log.written(), Seq(last - 2), "what had not reached the disk went with the program");
    roll(&mut writer, &["checkpoint"]);
    rig.fs.set_capacity(2 * DISK);
    writer.step().unwrap();
    assert_eq!((held(&rig), log.stats().refuses), (true, None));
}

#[test]
fn stored_segments_go_until_it_can_be_made_again() {
    let rig = rig();
    let (mut writer, _) = rig.open();
    let log = writer.log();
    for n in 0..8 {
        roll(&mut writer, &[&noise(4_000 + n)]);
    }
    fill(&rig, 0);
    writer.step().unwrap();
    assert!(log.stats().refuses.is_some());
    assert!(log.trim(Seq(7), Duration::from_secs(86_400)).unwrap() >= 4);
    assert_eq!((held(&rig), log.stats().refuses), (true, None));
}

#[test]
fn one_of_another_size_is_replaced_and_none_is_removed() {
    let mut rig = rig();
    drop(rig.open());
    rig.config.reserve_bytes = 2 * RESERVE;
    drop(rig.open());
    assert_eq!(rig.fs.open(&path()).unwrap().len().unwrap(), 2 * RESERVE);
    rig.config.reserve_bytes = 0;
    drop(rig.open());
    assert!(rig.fs.open(&path()).is_err());
}
