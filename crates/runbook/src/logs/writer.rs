//! Takes lines from memory to the files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Fs;
use parking_lot::{Condvar, Mutex};

use super::files::{self, LEFT, Open};
use super::{FOLDER, Level, Line, Logs};

/// Between two writes: a flood is written in few pieces.
const PAUSE: Duration = Duration::from_millis(200);
/// Before what the disk refused is offered again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the end waits for what is left.
const LAST: Duration = Duration::from_secs(5);
/// The longest wait for a line.
const LOOK: Duration = Duration::from_secs(60);
/// Lines that are taken at once: whoever says something waits no longer than for their copy.
const AT_ONCE: usize = 512;

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Everything is written.
    Nothing,
    /// There is more.
    More,
    /// The disk refused: it is offered again later.
    Later,
}

/// The one who writes the files of a data folder. It is stepped; a thread does nothing else.
pub struct Writer {
    logs: Logs,
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    open: Option<Open>,
    /// The disk refuses; said once.
    refused: bool,
    /// Dropped lines of which it was said.
    told: u64,
}

/// Writes until it is dropped, and then what is left.
pub struct Writing {
    logs: Logs,
    stop: Arc<Stop>,
}

/// Whether it is to end.
#[derive(Default)]
struct Stop {
    said: Mutex<bool>,
    rung: Condvar,
    /// It has ended.
    over: Mutex<bool>,
    ended: Condvar,
}

impl Writer {
    /// Goes on with the files of a data folder. Where they cannot be had, lines stay in memory until they can.
    #[must_use]
    pub fn open(logs: &Logs, fs: Arc<dyn Fs>, data_dir: &Path) -> Self {
        let dir = data_dir.join(FOLDER);
        let last = files::last(&*fs, &dir).unwrap_or_default();
        let open = Open::newest(&*fs, &dir).ok().flatten();
        let mut ring = logs.0.ring.lock();
        ring.go_on_behind(last);
        logs.0.news.send_replace(ring.last());
        drop(ring);
        *logs.0.kept.lock() = Some((Arc::clone(&fs), dir.clone()));
        Self { logs: logs.clone(), fs, dir, open, refused: false, told: 0 }
    }

    /// Writes what is not written yet, or some of it.
    pub fn step(&mut self) -> Next {
        let lines = self.logs.0.ring.lock().unwritten(AT_ONCE);
        let Some(last) = lines.last().map(|line| line.seq) else { return Next::Nothing };
        match self.write(&lines) {
            Ok(()) => {
                self.logs.0.ring.lock().wrote(last);
                if std::mem::take(&mut self.refused) {
                    self.logs.say(Level::Info, FOLDER, "the program's own log is written again", Vec::new());
                }
                self.tell_dropped();
                Next::More
            }
            Err(error) => {
                self.open = None; // how much of it was written is not known
                if !std::mem::replace(&mut self.refused, true) {
                    let words =
                        "the program's own log cannot be written; what is recorded does not depend on it";
                    let fields = vec![("error".to_owned(), error.to_string())];
                    self.logs.say(Level::Warn, FOLDER, words, fields);
                }
                Next::Later
            }
        }
    }

    fn write(&mut self, lines: &[Line]) -> io::Result<()> {
        if self.fs.free_space(self.dir.parent().unwrap_or(&self.dir))? < LEFT {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the disk is nearly full, and the room that is left is for what is recorded",
            ));
        }
        let mut bytes = Vec::new();
        let mut first = None;
        for line in lines {
            first = first.or(Some(line.seq));
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
            if bytes.len() as u64 >= files::FILE_BYTES / 8 {
                self.append(first.take().unwrap_or(line.seq), &std::mem::take(&mut bytes))?;
            }
        }
        first.map_or(Ok(()), |first| self.append(first, &bytes))
    }

    fn append(&mut self, first: u64, bytes: &[u8]) -> io::Result<()> {
        let open = match self.open.take().filter(|open| !open.is_full()) {
            Some(open) => open,
            None => Open::new(&*self.fs, &self.dir, first)?,
        };
        self.open.insert(open).append(bytes)
    }

    /// Killed in the middle of a line.
    #[cfg(test)]
    pub(super) fn tear(&mut self, bytes: &[u8]) {
        self.open.take().unwrap().append(bytes).unwrap();
    }

    fn tell_dropped(&mut self) {
        let dropped = self.logs.0.ring.lock().dropped();
        let more = dropped - std::mem::replace(&mut self.told, dropped);
        if more > 0 {
            let words = format!(
                "{more} lines of the program's own log are in no file: they came faster than the disk took them"
            );
            self.logs.say(Level::Warn, FOLDER, &words, Vec::new());
        }
    }

    /// Gives it a thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn spawn(mut self) -> io::Result<Writing> {
        let (logs, stop) = (self.logs.clone(), Arc::new(Stop::default()));
        let told = Arc::clone(&stop);
        std::thread::Builder::new().name("logs".into()).spawn(move || {
            while !*told.said.lock() {
                match self.step() {
                    Next::Nothing => {
                        let mut ring = self.logs.0.ring.lock();
                        if !ring.has_unwritten() && !*told.said.lock() {
                            self.logs.0.wake.wait_for(&mut ring, LOOK);
                        }
                        drop(ring);
                        told.wait(PAUSE); // what comes together is written together
                    }
                    Next::More => {}
                    Next::Later => told.wait(AGAIN),
                }
            }
            while self.step() == Next::More {} // until all is written, or refused
            *told.over.lock() = true;
            told.ended.notify_all();
        })?;
        Ok(Writing { logs, stop })
    }
}

impl Stop {
    /// So long, or until it is to end.
    fn wait(&self, length: Duration) {
        let mut said = self.said.lock();
        if !*said {
            self.rung.wait_for(&mut said, length);
        }
    }
}

impl Drop for Writing {
    /// Waits for what is left to be written, and not for a disk that hangs.
    fn drop(&mut self) {
        *self.stop.said.lock() = true;
        self.stop.rung.notify_all();
        let ring = self.logs.0.ring.lock();
        self.logs.0.wake.notify_all();
        drop(ring);
        let mut over = self.stop.over.lock();
        if !*over {
            self.stop.ended.wait_for(&mut over, LAST);
        }
    }
}
