//! The receipts on disk.
//!
//! ```text
//! <data_dir>/repairs/2026-11-26T00-41-07Z-schema/receipt.json     one JSON object, put in place as a whole
//! <data_dir>/repairs/2026-11-26T00-41-07Z-schema/…                what that repair has backed up or exported
//! ```
//!
//! A folder without a receipt is of a repair that was killed before it had begun: it has touched nothing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hearthline_core::{Fs, Timestamp};
use serde::{Deserialize, Serialize};

use super::receipt::Receipt;

const NAME: &str = "receipt.json";

/// The folder of receipts.
pub struct Receipts {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The newest first.
    pub receipts: Vec<Receipt>,
    /// Those that cannot be read. What lies beside them is untouched.
    pub damaged: Vec<Damaged>,
}

/// A receipt that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damaged {
    /// Its folder's name.
    pub id: String,
    /// What is the matter with it.
    pub why: String,
}

impl Receipts {
    /// Those of a folder.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, dir: &std::path::Path) -> Self {
        Self { fs, dir: dir.to_owned() }
    }

    /// Where one lies with what belongs to it.
    #[must_use]
    pub fn dir_of(&self, id: &str) -> PathBuf {
        self.dir.join(id)
    }

    /// All of them.
    ///
    /// # Errors
    /// When the folder cannot be listed. A receipt that cannot be read is no error.
    pub fn list(&self) -> io::Result<Listed> {
        let mut listed = Listed::default();
        for entry in self.fs.read_dir(&self.dir)?.into_iter().rev().filter(|entry| entry.is_dir) {
            match self.read(&entry.name) {
                Ok(Some(receipt)) => listed.receipts.push(receipt),
                Ok(None) => {}
                Err(why) => listed.damaged.push(Damaged { id: entry.name, why }),
            }
        }
        Ok(listed)
    }

    /// One of them; none where there is none of that id.
    ///
    /// # Errors
    /// In words: why it cannot be read.
    pub fn read(&self, id: &str) -> Result<Option<Receipt>, String> {
        if !is_id(id) {
            return Ok(None);
        }
        let path = self.dir.join(id).join(NAME);
        let told = |why: String| format!("{} cannot be read: {why}", path.display());
        let read = self.fs.read_json(&path).map_err(|error| told(error.to_string()))?;
        let Some(receipt): Option<Receipt> = read else { return Ok(None) };
        if receipt.id != id || receipt.steps.len() != receipt.plan.steps.len() {
            return Err(told(format!("it is not of {id}, or its steps are not those of its plan")));
        }
        Ok(Some(receipt))
    }

    /// Puts one in place, durably.
    ///
    /// # Errors
    /// As the disk says; the one before is there then.
    pub fn write(&self, receipt: &Receipt) -> io::Result<()> {
        self.fs.write_json(&self.dir_of(&receipt.id).join(NAME), receipt)
    }

    /// Makes the folder of a new one, durably, and names it.
    pub(super) fn make(&self, now: Timestamp, repair: &str) -> io::Result<String> {
        let at = stamp(now);
        let taken: Vec<String> = self.fs.read_dir(&self.dir)?.into_iter().map(|entry| entry.name).collect();
        let named = |n: u32| match n {
            1 => format!("{at}-{repair}"),
            n => format!("{at}-{repair}-{n}"),
        };
        let id = (1..).map(named).find(|id| !taken.contains(id)).unwrap_or_default();
        let dir = self.dir_of(&id);
        self.fs.create_dir_all(&dir)?;
        for dir in dir.ancestors().skip(1).take(2).filter(|dir| !dir.as_os_str().is_empty()) {
            self.fs.sync_dir(dir)?;
        }
        Ok(id)
    }
}

/// To the second, as a name begins: `2026-11-26T00-41-07Z`.
pub(crate) fn stamp(at: Timestamp) -> String {
    let at = at.to_string();
    format!("{}Z", at.get(..19).unwrap_or(&at).replace(':', "-"))
}

/// A name within the folder, and nothing that leads out of it.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
