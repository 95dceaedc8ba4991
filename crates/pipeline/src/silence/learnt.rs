//! What was learnt, as a file, so that a restart does not forget it.
//!
//! The file is eight bytes of [`MAGIC`], of which the last is the version, and then the patterns in postcard. It is
//! replaced as a whole. What cannot be read is learnt anew within a day or some: nothing but judgements depends on it.

use std::io;
use std::path::Path;

use hearthline_core::{EntityId, Fs};
use serde::{Deserialize, Serialize};

use super::Pattern;

const MAGIC: [u8; 8] = *b"HLcaden\x01";

/// What was learnt of each entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnt {
    /// By name.
    pub(super) patterns: Vec<(EntityId, Pattern)>,
}

impl Learnt {
    /// What the file holds; nothing where there is none, or where it cannot be read, which is said.
    #[must_use]
    pub fn read(fs: &dyn Fs, path: &Path) -> Self {
        let bytes = match fs.read_if_exists(path) {
            Ok(bytes) => bytes,
            Err(error) => return Self::anew(path, &error.to_string()),
        };
        let Some(bytes) = bytes else { return Self::default() };
        match bytes.strip_prefix(&MAGIC).map(postcard::from_bytes) {
            Some(Ok(learnt)) => learnt,
            Some(Err(error)) => Self::anew(path, &error.to_string()),
            None => Self::anew(path, "it is of another version, or no such file at all"),
        }
    }

    fn anew(path: &Path, why: &str) -> Self {
        tracing::warn!(
            path = %path.display(), why,
            "how often each sensor reports cannot be read; it is learnt anew, and none is called silent until then"
        );
        Self::default()
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// As the disk says.
    pub fn write(&self, fs: &dyn Fs, path: &Path) -> io::Result<()> {
        let bytes = postcard::to_extend(self, MAGIC.to_vec()).map_err(io::Error::other)?;
        fs.write_atomic(path, &bytes)
    }

    /// Of how many entities.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether it is of none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}
