//! Real files of each format version: what an older version wrote is read, and what this version writes is that.

use std::path::{Path, PathBuf};

use hearthline_core::{Fs, RealFs, Seq};
use hearthline_log::SyncPolicy;

use crate::rig::{DIR, Rig, read, records};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1").join(name)
}

/// The files of a directory of test data, as if they lay in the log's folder.
fn stored(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let (fs, dir) = (&RealFs as &dyn Fs, data(name));
    let names = fs.read_dir(&dir).unwrap().into_iter().map(|entry| entry.name);
    names.map(|name| (Path::new(DIR).join(&name), fs.read(&dir.join(&name)).unwrap())).collect()
}

/// `plain` is this. The others are it without the close and with a thirteenth record: `torn` lost the last 5 bytes of its
/// second file, `damaged` has bit 0 of byte 150 of its second file flipped, `trimmed` is without its first file.
fn written_today() -> Vec<(PathBuf, Vec<u8>)> {
    let rig = Rig::new(SyncPolicy::Os);
    rig.two_segments().close().unwrap();
    rig.files()
}

#[test]
fn what_is_written_today_is_version_one_to_the_byte() {
    assert_eq!(written_today(), stored("plain"));
}

#[test]
fn the_files_of_a_closed_log_are_read() {
    let (writer, recovery) = Rig::holding(&stored("plain")).open();
    assert_eq!((recovery.torn_bytes, recovery.damage, recovery.end), (0, vec![], Seq(12)));
    assert_eq!(read(&writer.log()), (records(1..=12), vec![]));
    assert_eq!(writer.log().stats().events_total, 12);
}

#[test]
fn the_files_of_a_log_with_a_torn_end_are_read() {
    let (writer, recovery) = Rig::holding(&stored("torn")).open();
    assert!(recovery.torn_bytes > 0);
    assert_eq!((recovery.damage, recovery.end), (vec![], Seq(12)));
    assert_eq!(read(&writer.log()), (records(1..=12), vec![]));
}

#[test]
fn the_files_of_a_damaged_log_are_read_around_the_damage() {
    let (writer, recovery) = Rig::holding(&stored("damaged")).open();
    let (found, damage) = read(&writer.log());
    assert_eq!(damage.len(), 1);
    assert_eq!(recovery.damage, damage);
    let (first, last) = damage[0].lost.unwrap();
    assert_eq!(found, records((1..first.0).chain(last.0 + 1..=13)));
}

#[test]
fn the_files_of_a_log_whose_front_was_trimmed_are_read() {
    let (writer, recovery) = Rig::holding(&stored("trimmed")).open();
    assert_eq!((recovery.torn_bytes, recovery.damage, recovery.end), (0, vec![], Seq(13)));
    assert_eq!(read(&writer.log()), (records(7..=13), vec![]));
}

#[test]
fn a_footer_holds_the_checksum_of_all_before_it() {
    let (_, bytes) = stored("plain").remove(0);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let footer = bytes.len() - word(bytes.len() - 8) as usize;
    assert_eq!(&bytes[footer..footer + 8], b"HLOGFOOT");
    assert_eq!(word(footer + 24), crc32fast::hash(&bytes[..footer]));
}
