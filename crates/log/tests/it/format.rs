//! Real files of each format version: what an older version wrote is read, and what this version writes is that.

use std::path::{Path, PathBuf};

use hearthline_core::{Fs, RealFs, Seq};
use hearthline_log::SyncPolicy;

use crate::rig::{DIR, Rig, append, read, record, records};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1").join(name)
}

/// The files of a directory of test data, as if they lay in the log's folder.
fn stored(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let (fs, dir) = (&RealFs as &dyn Fs, data(name));
    let names = fs.read_dir(&dir).unwrap().into_iter().map(|entry| entry.name);
    names.map(|name| (Path::new(DIR).join(&name), fs.read(&dir.join(&name)).unwrap())).collect()
}

/// What each directory of test data is made of.
fn made(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let rig = Rig::new(SyncPolicy::Os);
    let mut writer = rig.two_segments();
    if name == "plain" {
        writer.close().unwrap();
        return rig.files();
    }
    append(&mut writer, &[&record(13)]);
    drop(writer);
    let mut files = rig.files();
    match name {
        "torn" => {
            let len = files[1].1.len();
            files[1].1.truncate(len - 5);
        }
        "damaged" => files[1].1[150] ^= 1,
        "trimmed" => drop(files.remove(0)),
        _ => panic!("no such test data: {name}"),
    }
    files
}

#[test]
fn what_is_written_today_is_version_one_to_the_byte() {
    assert_eq!(made("plain"), stored("plain"));
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

#[test]
#[ignore = "makes the test data anew; only for a new version of the format"]
fn make_the_test_data() {
    let fs: &dyn Fs = &RealFs;
    for name in ["plain", "torn", "damaged", "trimmed"] {
        fs.create_dir_all(&data(name)).unwrap();
        for (path, bytes) in made(name) {
            fs.write_atomic(&data(name).join(path.file_name().unwrap()), &bytes).unwrap();
        }
    }
}
