use hearthline_core::{MemFs, QuarantineRow, Seq};
use hearthline_store::{Again, Bookmark};

use super::*;
use crate::sinks::influxdb::refill::Why;

fn state() -> (Arc<MemFs>, State) {
    let fs = Arc::new(MemFs::default());
    let state = State::open(fs.clone(), "/sinks/influxdb".into()).unwrap();
    (fs, state)
}

fn cursor() -> Cursor {
    let counts = Committed { seq: Seq(9), events: 8, delivered: 4, filtered: 2, ..Committed::default() };
    let loss = Loss { events: 1, from: None, to: Some(Timestamp::EPOCH), words: "too old".into() };
    let refill = Refill {
        why: Why::Missed,
        of: Again::Records { after: Seq(2), through: Seq(4) },
        events: 3,
        done: 1,
        from: None,
        to: Some(Timestamp::EPOCH),
        since: Timestamp::EPOCH,
        at: Bookmark::default(),
        damaged: false,
        expired: 7,
    };
    Cursor {
        committed: Committed { quarantined: 1, lost: 1, ..counts },
        before: 2,
        newest: Some(Timestamp::EPOCH),
        expired: 7,
        refills: vec![refill],
        loss: Some(loss),
    }
}

#[test]
fn a_cursor_is_read_as_it_was_written() {
    let (_, state) = state();
    assert_eq!(state.cursor().unwrap(), None);
    state.save_cursor(&cursor()).unwrap();
    assert_eq!(state.cursor().unwrap(), Some(cursor()));
}

#[test]
fn a_cursor_of_an_earlier_release_says_nothing_of_what_it_did_not_know() {
    let (fs, state) = state();
    let text = r#"{"seq":9,"events":7,"delivered":4,"filtered":2,"collapsed":0,"quarantined":1,"before":2}"#;
    let text = format!("{MAGIC}{:08x}\n{text}", crc32fast::hash(text.as_bytes()));
    let fs: &dyn Fs = &*fs;
    fs.write_atomic("/sinks/influxdb/cursor".as_ref(), text.as_bytes()).unwrap();
    let cursor = state.cursor().unwrap().unwrap();
    assert_eq!((cursor.committed.seq, cursor.committed.events, cursor.before), (Seq(9), 7, 2));
    assert_eq!((cursor.committed.lost, cursor.refills, cursor.newest), (0, Vec::new(), None));
}

#[test]
fn a_cursor_of_which_a_byte_was_flipped_is_damaged() {
    let (fs, state) = state();
    state.save_cursor(&cursor()).unwrap();
    let fs: &dyn Fs = &*fs;
    let path = "/sinks/influxdb/cursor".as_ref();
    let whole = fs.read(path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs.write_atomic(path, &bytes).unwrap();
        match state.cursor() {
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData),
            // A hexadecimal digit in the other case is the same digit.
            Ok(read) => assert_eq!(read, Some(cursor()), "byte {at}"),
        }
    }
}

#[test]
fn refused_rows_are_added_and_a_file_that_is_too_large_is_put_aside() {
    let (fs, state) = state();
    let row = |seq, words: &str| {
        let (site, reason, raw) = ("home".into(), "no JSON".into(), [].into());
        let row = QuarantineRow { seq: Seq(seq), ts: Timestamp::EPOCH, site, reason, raw };
        Refused { row: Row::Quarantined(row), line: "m f= 1".into(), words: words.into() }
    };
    state.refuse(&[row(1, "a")], Timestamp::EPOCH).unwrap();
    state.refuse(&[row(2, &"b".repeat(LARGEST)), row(3, "c")], Timestamp::EPOCH).unwrap();
    let read = |name: &str| (&*fs as &dyn Fs).read(format!("/sinks/influxdb/{name}").as_ref());
    assert_eq!(read("refused.ndjson").unwrap().split(|b| *b == b'\n').count(), 4);
    state.refuse(&[row(4, "d")], Timestamp::EPOCH).unwrap();
    let text = String::from_utf8(read("refused.ndjson").unwrap()).unwrap();
    assert_eq!(
        text,
        "{\"at\":\"1970-01-01T00:00:00.000000Z\",\"entity\":null,\"line\":\"m f= 1\",\"seq\":4,\"words\":\"d\"}\n"
    );
    assert!(read("refused.old.ndjson").unwrap().len() > LARGEST);

    let newest = |most| {
        let rows = newest_refused(&*fs, "/sinks/influxdb".as_ref(), most).unwrap();
        rows.iter().map(|row| (row.seq, row.words.len())).collect::<Vec<_>>()
    };
    assert_eq!(newest(1), [(4, 1)]);
    assert_eq!(newest(3), [(4, 1), (3, 1), (2, LARGEST)]);
    assert_eq!(newest(9).len(), 4);
    assert_eq!(newest_refused(&*fs, "/sinks/none".as_ref(), 9).unwrap(), []);
}
