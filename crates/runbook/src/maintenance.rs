//! Maintenance: for a while a person works on the house, and what goes wrong meanwhile is recorded and told to nobody.
//!
//! ```text
//! <data_dir>/maintenance.json   one JSON object (`Kept`), put in place as a whole when maintenance begins or is ended
//! ```
//!
//! It ends by the clock on the wall, so that it ends also where the program did not run at that time. A file that cannot be read is
//! none: alerts are told then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::alerts::{Listed, State};
use crate::status;

/// What the file of a data folder is called.
pub const FILE: &str = "maintenance.json";
/// It is no shorter than this.
pub const SHORTEST: Duration = Duration::from_secs(60);
/// It is no longer than this: one that was forgotten is over on the next day.
pub const LONGEST: Duration = Duration::from_hours(24);
/// A reason is no longer than this, in characters.
const WORDS: usize = 200;
const VERSION: u32 = 1;

/// From when to when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// In the words of whoever began it.
    pub why: Option<String>,
}

impl Period {
    /// For the status document.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> status::Maintenance {
        status::Maintenance {
            since: self.since.to_string(),
            until: self.until.to_string(),
            left_s: self.until.since(now).as_secs(),
            why: self.why.clone(),
        }
    }
}

/// Maintenance that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// When it began, ISO 8601 UTC.
    pub since: String,
    /// When it ended, ISO 8601 UTC.
    pub at: String,
    /// A person ended it before its time.
    pub ordered: bool,
    /// In the words of whoever began it.
    pub why: Option<String>,
}

/// How it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The maintenance that goes on; null where none does.
    pub now: Option<status::Maintenance>,
    /// The last one that is over; null where there was none.
    pub last: Option<Over>,
    /// What happened during the one that goes on, or else the last one; null where there was none.
    pub meanwhile: Option<Meanwhile>,
}

/// What became of alerts since maintenance began: the titles, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meanwhile {
    /// Began, and is over.
    pub passed: Vec<String>,
    /// Was wrong before, and is over.
    pub ended: Vec<String>,
    /// Is wrong and not muted.
    pub wrong: Vec<String>,
}

impl Meanwhile {
    /// What the list of alerts says of that time.
    #[must_use]
    pub fn of(listed: &Listed, since: Timestamp) -> Self {
        let began = since.to_string(); // as the list writes it, so that texts compare as times do
        let over = || listed.history.iter().filter(|past| past.to >= began);
        let titles = |titles: &mut dyn Iterator<Item = &String>| {
            let mut titles: Vec<String> = titles.cloned().collect();
            titles.sort();
            titles.dedup();
            titles
        };
        Self {
            passed: titles(&mut over().filter(|past| past.from >= began).map(|past| &past.title)),
            ended: titles(&mut over().filter(|past| past.from < began).map(|past| &past.title)),
            wrong: titles(
                &mut listed
                    .active
                    .iter()
                    .filter(|alert| alert.state != State::Muted)
                    .map(|alert| &alert.words.title),
            ),
        }
    }

    /// One sentence for each that is not empty; one that says so where all are.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let lists = [("Came and went", &self.passed), ("Ended", &self.ended), ("Still wrong", &self.wrong)];
        let said = lists.into_iter().filter(|(_, titles)| !titles.is_empty());
        let said: Vec<_> = said.map(|(what, titles)| format!("{what}: {}.", titles.join(", "))).collect();
        if said.is_empty() { vec!["Nothing went wrong meanwhile.".into()] } else { said }
    }
}

/// Why something that a person asked was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// For no time at all, or for too long.
    #[error("maintenance lasts a minute at least and 24 hours at most")]
    Length,
    /// There is none.
    #[error("there is no maintenance to end")]
    None,
    /// It would not outlast a restart.
    #[error("it cannot be kept: {0}")]
    Disk(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// Also where it has ended by itself.
    period: Option<Period>,
    /// The last one, where a person ended it.
    ordered: Option<Over>,
}

/// The maintenance of a data folder. Clones are the same.
#[derive(Clone)]
pub struct Maintenance(Arc<Inner>);

struct Inner {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    kept: Mutex<Kept>,
}

impl Maintenance {
    /// Goes on with what the data folder knows.
    #[must_use]
    pub fn open(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let read =
            fs.read_if_exists(&path).map(|bytes| bytes.map(|bytes| serde_json::from_slice::<Kept>(&bytes)));
        let kept = match read {
            Ok(None) => Kept::default(),
            Ok(Some(Ok(kept))) if kept.version == VERSION => kept,
            unread => {
                let why = match unread {
                    Err(error) => error.to_string(),
                    Ok(Some(Err(error))) => error.to_string(),
                    Ok(_) => "it is of another version".into(),
                };
                tracing::warn!(path = %path.display(), why, "the maintenance of before cannot be read: there is none");
                Kept::default()
            }
        };
        Self(Arc::new(Inner { fs, clock, path, kept: Mutex::new(kept) }))
    }

    /// The one that goes on.
    #[must_use]
    pub fn now(&self) -> Option<Period> {
        let now = self.0.clock.now();
        self.0.kept.lock().period.clone().filter(|period| period.until > now)
    }

    /// Begins, for so long from now on; goes on for so long where it has begun already. Waits for the disk.
    ///
    /// # Errors
    /// When it is too short or too long, or cannot be kept; nothing has changed then.
    pub fn begin(&self, length: Duration, why: Option<&str>) -> Result<Period, Refused> {
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(Refused::Length);
        }
        let now = self.0.clock.now();
        let mut kept = self.0.kept.lock();
        let before = kept.period.as_ref().filter(|period| period.until > now);
        let why = why.map(str::trim).filter(|why| !why.is_empty());
        let why = why.map(|why| why.chars().filter(|c| !c.is_control()).take(WORDS).collect());
        let period = Period {
            since: before.map_or(now, |before| before.since),
            until: now.plus(length),
            why: why.or_else(|| before.and_then(|before| before.why.clone())),
        };
        self.keep(&mut kept, Kept { period: Some(period.clone()), ordered: None, version: VERSION })?;
        Ok(period)
    }

    /// Ends it. Waits for the disk.
    ///
    /// # Errors
    /// When there is none, or that it has ended cannot be kept.
    pub fn end(&self) -> Result<Over, Refused> {
        let now = self.0.clock.now();
        let mut kept = self.0.kept.lock();
        let period = kept.period.clone().filter(|period| period.until > now).ok_or(Refused::None)?;
        let over =
            Over { since: period.since.to_string(), at: now.to_string(), ordered: true, why: period.why };
        self.keep(&mut kept, Kept { period: None, ordered: Some(over.clone()), version: VERSION })?;
        Ok(over)
    }

    fn keep(&self, kept: &mut Kept, new: Kept) -> Result<(), Refused> {
        let bytes = serde_json::to_vec_pretty(&new).map_err(|error| Refused::Disk(error.to_string()))?;
        self.0.fs.write_atomic(&self.0.path, &bytes).map_err(|error| Refused::Disk(error.to_string()))?;
        *kept = new;
        Ok(())
    }

    /// How it is, and what happened meanwhile as this list says.
    #[must_use]
    pub fn view(&self, listed: &Listed) -> View {
        let now = self.0.clock.now();
        let Kept { period, ordered, .. } = self.0.kept.lock().clone();
        let (goes_on, over) = match period {
            Some(period) if period.until > now => (Some(period), None),
            Some(period) => (
                None,
                Some(Over {
                    since: period.since.to_string(),
                    at: period.until.to_string(),
                    ordered: false,
                    why: period.why,
                }),
            ),
            None => (None, ordered),
        };
        let since = goes_on.as_ref().map(|period| period.since);
        let since = since.or_else(|| Timestamp::parse(&over.as_ref()?.since).ok());
        View {
            now: goes_on.map(|period| period.shown(now)),
            last: over,
            meanwhile: since.map(|since| Meanwhile::of(listed, since)),
        }
    }
}

#[cfg(test)]
mod tests;
