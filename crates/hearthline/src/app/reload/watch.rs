//! Whether a file of the settings is another one. A file is taken when it was the same at two looks, so that one that is just being
//! written is not.

use crate::settings::Source;

type Content = Vec<Option<Vec<u8>>>;

/// Looks at the files.
pub(super) struct Watch {
    source: Source,
    taken: Content,
    seen: Content,
}

impl Watch {
    /// What is there now is taken.
    pub(super) fn new(source: Source) -> Self {
        let taken = content(&source);
        Self { source, seen: taken.clone(), taken }
    }

    /// Whether there is something else to be taken. Waits for the disk.
    pub(super) fn look(&mut self) -> bool {
        let now = content(&self.source);
        let settled = now == self.seen;
        if !settled {
            self.seen = now;
            return false;
        }
        std::mem::replace(&mut self.taken, now) != self.seen
    }
}

/// Of each file; none where it cannot be read.
fn content(source: &Source) -> Content {
    source.files().into_iter().map(|file| std::fs::read(file).ok()).collect()
}

#[cfg(test)]
mod tests {
    use hearthline_core::{Fs, RealFs};

    use super::*;
    use crate::settings::{Environment, Purpose};

    #[test]
    fn a_file_is_taken_once_when_it_has_been_the_same_for_two_looks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hearthline.toml");
        let write = |text: &str| (&RealFs as &dyn Fs).write_atomic(&file, text.as_bytes()).unwrap();
        write("[filter]\n");
        let source = Source::new(Some(file.clone()), Environment::default(), Purpose::Read, false);
        let mut watch = Watch::new(source);
        assert!(!watch.look() && !watch.look(), "nothing has changed");
        write("[fil");
        assert!(!watch.look(), "it is being written");
        write("[filter]\nexclude = []\n");
        assert!(!watch.look());
        assert!(watch.look() && !watch.look(), "once");
        RealFs.remove(&file).unwrap();
        assert!(!watch.look() && watch.look(), "one that is gone is told, too");
    }
}
