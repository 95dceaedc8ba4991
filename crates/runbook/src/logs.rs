//! What the program says of itself: structured lines, in memory and in files of bounded size.
//!
//! Whoever says something never waits for the disk: a line goes into a ring in memory, with the next number, and
//! [`Writer`] takes it to the files from there ([`files`] says how they look). What the disk does not take stays in the ring
//! and is offered again; what the ring had to let go of before that is counted as dropped. Secrets are masked before a
//! line is anywhere.
//!
//! The level says what it means for the data. `error`: something is lost, or stays as it is until a person does something.
//! `warn`: something is late or absent, and nothing is lost. `info` and below: nothing is wrong.

mod files;
mod line;
mod mask;
mod ring;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use self::ring::Ring;

pub use self::line::{Level, Line, Lines, Wanted};
pub use self::mask::Mask;
pub use self::writer::{Next, Writer, Writing};

/// The folder within the data folder.
pub const FOLDER: &str = "logs";

/// What the program says of itself. Clones are the same.
#[derive(Clone)]
pub struct Logs(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    mask: Mask,
    ring: Mutex<Ring>,
    /// Rung for the writer.
    wake: Condvar,
    /// The number of the newest line, for who follows.
    news: watch::Sender<u64>,
    /// Where files are, once they are kept.
    kept: Mutex<Option<(Arc<dyn Fs>, PathBuf)>>,
}

impl Logs {
    /// In memory alone, until a [`Writer`] is opened.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, mask: Mask) -> Self {
        Self(Arc::new(Inner {
            clock,
            mask,
            ring: Mutex::default(),
            wake: Condvar::new(),
            news: watch::Sender::new(0),
            kept: Mutex::new(None),
        }))
    }

    /// One more line. Waits for nothing.
    pub fn say(&self, level: Level, part: &str, message: &str, fields: Vec<(String, String)>) {
        let masked = |text: &str| line::cut(&self.0.mask.apply(text)).to_owned();
        let fields = fields.into_iter().take(line::FIELDS);
        let fields = fields.map(|(name, value)| {
            let value = if Mask::is_secret(&name) { mask::STARS.into() } else { masked(&value) };
            (name, value)
        });
        let (message, fields) = (masked(message), fields.collect());
        let mut ring = self.0.ring.lock();
        // Within the lock, so that numbers rise with time.
        let at = self.0.clock.now().to_string();
        let seq = ring.push(Line { seq: 0, at, level, part: part.into(), message, fields });
        drop(ring);
        self.0.news.send_modify(|last| *last = seq.max(*last));
        self.0.wake.notify_one();
    }

    /// The text without secrets.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        self.0.mask.apply(text).into_owned()
    }

    /// One more text that is never to be shown.
    pub fn hide(&self, secret: &str) {
        self.0.mask.hide(secret);
    }

    /// The newest lines that are wanted, from memory and where that does not reach back from the files: waits for the disk.
    #[must_use]
    pub fn read(&self, wanted: &Wanted) -> Lines {
        let (mut lines, first, last, dropped) = {
            let ring = self.0.ring.lock();
            (ring.newest(wanted), ring.first(), ring.last(), ring.dropped())
        };
        let reaches = wanted.after.is_some_and(|after| after.saturating_add(1) >= first && after <= last);
        let (mut unread, kept) = (None, self.0.kept.lock().clone());
        if let Some((fs, dir)) = kept
            && !reaches
            && lines.len() < wanted.tail
        {
            let before = Wanted { tail: wanted.tail - lines.len(), ..wanted.clone() };
            match files::newest(&*fs, &dir, &before, (first, last)) {
                Ok(older) => lines.splice(0..0, older).for_each(drop),
                Err(error) => unread = Some(error.to_string()),
            }
        }
        Lines { lines, last, dropped, unread }
    }

    /// The same from the files alone, where no program runs.
    ///
    /// # Errors
    /// As the disk says.
    pub fn read_files(fs: &dyn Fs, data_dir: &std::path::Path, wanted: &Wanted) -> std::io::Result<Lines> {
        let dir = data_dir.join(FOLDER);
        let last = files::last(fs, &dir)?;
        let lines = files::newest(fs, &dir, wanted, (u64::MAX, last))?;
        Ok(Lines { lines, last, dropped: 0, unread: None })
    }

    /// When the oldest line of the files was said; none where there is none.
    ///
    /// # Errors
    /// As the disk says.
    pub fn begin(fs: &dyn Fs, data_dir: &std::path::Path) -> std::io::Result<Option<String>> {
        files::oldest(fs, &data_dir.join(FOLDER))
    }

    /// Ready when there is a line behind that number, or when so much time has passed.
    pub async fn wait(&self, after: u64, within: Duration) {
        let mut news = self.0.news.subscribe();
        let newer = news.wait_for(|last| *last > after);
        drop(tokio::time::timeout(within, newer).await);
    }
}

#[cfg(test)]
mod tests;
