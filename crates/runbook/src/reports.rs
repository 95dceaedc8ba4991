//! Reports on disk: `<data_dir>/reports/<name>.md`, each put in place as a whole.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hearthline_core::Fs;
use serde::{Deserialize, Serialize};

use crate::repair::receipts::is_id;

const ENDING: &str = ".md";

/// The folder of reports. Clones are the same.
#[derive(Clone)]
pub struct Reports {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFile {
    /// Of the file: `2026-11-26T00-41-07Z-runbook.md`.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

impl Reports {
    /// Those of a data folder.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, data_dir: &Path) -> Self {
        Self { fs, dir: data_dir.join("reports") }
    }

    /// All of them, the newest name first.
    ///
    /// # Errors
    /// As the disk says.
    pub fn list(&self) -> io::Result<Vec<ReportFile>> {
        let mut files = self.fs.read_dir(&self.dir)?;
        files.retain(|entry| !entry.is_dir && is_name(&entry.name));
        Ok(files.into_iter().rev().map(|entry| ReportFile { name: entry.name, bytes: entry.len }).collect())
    }

    /// The text of one; none where there is none of that name.
    ///
    /// # Errors
    /// As the disk says.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        if is_name(name) { self.fs.read_if_exists(&self.dir.join(name)) } else { Ok(None) }
    }

    /// Puts the one on whatever has this id in place, durably.
    ///
    /// # Errors
    /// As the disk says; the one before is there then.
    pub fn write(&self, id: &str, text: &str) -> io::Result<()> {
        self.fs.create_dir_all(&self.dir)?;
        self.fs.write_atomic(&self.dir.join(name_of(id)), text.as_bytes())
    }
}

/// The file of the report on whatever has this id.
#[must_use]
pub fn name_of(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// The report on something that may have such an id.
fn is_name(name: &str) -> bool {
    name.strip_suffix(ENDING).is_some_and(is_id)
}

#[cfg(test)]
mod tests {
    use hearthline_core::MemFs;

    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        let disk: Arc<dyn Fs> = Arc::new(MemFs::default());
        let reports = Reports::new(Arc::clone(&disk), Path::new("/data"));
        assert_eq!(reports.list().unwrap(), []);
        reports.write("2026-11-26T00-41-07Z-runbook", "# one\n").unwrap();
        reports.write("2026-11-27T00-41-07Z-runbook", "# two\n").unwrap();
        let names: Vec<_> = reports.list().unwrap().into_iter().map(|file| (file.name, file.bytes)).collect();
        let first = "2026-11-26T00-41-07Z-runbook.md".to_owned();
        assert_eq!(names, [("2026-11-27T00-41-07Z-runbook.md".to_owned(), 6), (first.clone(), 6)]);
        assert_eq!(reports.read(&first).unwrap().unwrap(), b"# one\n");
        disk.write_atomic(Path::new("/data/secret.md"), b"secret").unwrap();
        for name in
            ["", ".md", "../secret.md", "..%2Fsecret.md", "a/b.md", "secret", "/data/secret.md", "none.md"]
        {
            assert_eq!(reports.read(name).unwrap(), None, "{name}");
        }
    }
}
