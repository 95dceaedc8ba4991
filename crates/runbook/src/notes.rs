//! What a person wrote down: `<data_dir>/notes.json`, one JSON array of [`Note`], the oldest first, put in place as a whole.
//!
//! The newest [`MOST`] are kept. A file that cannot be read is set aside as `notes.json.damaged` before another is written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::{Clock, Fs};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// How many are kept.
pub const MOST: usize = 500;
/// Bytes of one.
pub const LONGEST: usize = 2000;

const FILE: &str = "notes.json";

/// A sentence with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was written down, ISO 8601 UTC.
    pub at: String,
    /// What, without secrets.
    pub text: String,
}

/// All that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteList {
    /// The newest first.
    pub notes: Vec<Note>,
}

/// Why one was not written down.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It says nothing.
    #[error("a note says something")]
    Empty,
    /// It is no note.
    #[error("a note has {LONGEST} bytes at most, and this has {0}")]
    Long(usize),
    /// The disk did not take it.
    #[error("the note is not on disk: {0}")]
    Disk(#[from] io::Error),
}

/// The notes of a data folder. Clones are the same.
#[derive(Clone)]
pub struct Notes(Arc<Inner>);

struct Inner {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    /// One writes at a time.
    writing: Mutex<()>,
}

impl Notes {
    /// Those of a data folder.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, data_dir: &Path) -> Self {
        Self(Arc::new(Inner { fs, clock, path: data_dir.join(FILE), writing: Mutex::default() }))
    }

    /// Writes one down, durably. Waits for the disk.
    ///
    /// # Errors
    /// As [`Refused`] says; nothing is changed then.
    pub fn add(&self, text: &str) -> Result<Note, Refused> {
        let text = text.trim();
        match text.len() {
            0 => return Err(Refused::Empty),
            1..=LONGEST => {}
            length => return Err(Refused::Long(length)),
        }
        let Inner { fs, clock, path, writing } = &*self.0;
        let _one = writing.lock();
        let mut notes = match self.read() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let aside = fs.set_aside(path)?;
                tracing::error!(%error, "notes cannot be read; they lie in {} now", aside.display());
                Vec::new()
            }
            read => read?,
        };
        let note = Note { at: clock.now().to_string(), text: text.to_owned() };
        notes.push(note.clone());
        notes.drain(..notes.len().saturating_sub(MOST));
        fs.write_json(path, &notes)?;
        Ok(note)
    }

    /// All of them. Waits for the disk.
    ///
    /// # Errors
    /// As the disk says; `InvalidData` where the file is damaged.
    pub fn list(&self) -> io::Result<NoteList> {
        let mut notes = self.read()?;
        notes.reverse();
        Ok(NoteList { notes })
    }

    fn read(&self) -> io::Result<Vec<Note>> {
        let Inner { fs, path, .. } = &*self.0;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        Ok(fs.read_json(path).map_err(named)?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::{ManualClock, MemFs, Timestamp};

    use super::*;

    fn notes() -> (Notes, Arc<dyn Fs>) {
        let fs: Arc<dyn Fs> = Arc::new(MemFs::default());
        fs.create_dir_all(Path::new("/data")).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_435_200_000_000)));
        (Notes::new(Arc::clone(&fs), clock, Path::new("/data")), fs)
    }

    #[test]
    fn a_note_has_its_time_and_the_newest_are_kept() {
        let (notes, _) = notes();
        assert_eq!(notes.list().unwrap(), NoteList::default());
        for n in 0..MOST + 2 {
            notes.add(&format!(" note {n}\n")).unwrap();
        }
        let listed = notes.list().unwrap().notes;
        assert_eq!((listed.len(), &*listed[0].text, &*listed[MOST - 1].text), (MOST, "note 501", "note 2"));
        assert_eq!(listed[0].at, "2026-11-23T12:00:00.000000Z");
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let (notes, _) = notes();
        assert!(matches!(notes.add(" \n"), Err(Refused::Empty)));
        assert!(matches!(notes.add(&"x".repeat(LONGEST + 1)), Err(Refused::Long(_))));
        assert_eq!(notes.list().unwrap(), NoteList::default());
    }

    #[test]
    fn a_damaged_file_is_told_and_set_aside_before_another_is_written() {
        let (notes, fs) = notes();
        fs.write_atomic(Path::new("/data/notes.json"), b"[{").unwrap();
        assert!(notes.list().unwrap_err().to_string().contains("notes.json"));
        notes.add("new").unwrap();
        assert_eq!(notes.list().unwrap().notes.len(), 1);
        assert_eq!(fs.read(Path::new("/data/notes.json.damaged")).unwrap(), b"[{");
    }
}
