//! The folder on its disk: what all readers and the writer share.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::Fs;
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use crate::columns::{Access, schema};
use crate::error::disk;
use crate::file::{Source, guarded};
use crate::manifest::{Contents, FileEntry};
use crate::record::Record;
use crate::{StoreError, Table};

/// Footers that are kept; a footer of a day is some tens of kilobytes.
const FOOTERS: usize = 128;

/// The folder, with what is known of its files.
pub(crate) struct Folder {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) dir: PathBuf,
    footers: Mutex<HashMap<u64, ArrowReaderMetadata>>,
    damaged: Mutex<BTreeSet<FileId>>,
}

type FileId = (u64, String);

impl Folder {
    pub(crate) fn new(fs: Arc<dyn Fs>, dir: PathBuf) -> Self {
        Self { fs, dir, footers: Mutex::default(), damaged: Mutex::default() }
    }

    /// Opens a file; its footer is read once for many openings.
    pub(crate) fn open<R: Record>(
        &self,
        entry: &FileEntry,
    ) -> Result<(Source, ArrowReaderMetadata), StoreError> {
        let path = entry.path(&self.dir);
        let source = Source::new(&*self.fs, &path).map_err(|error| self.lost(entry, error))?;
        let known = self.footers.lock().get(&entry.id).cloned();
        let footer = match known {
            Some(footer) => footer,
            None => {
                let footer = guarded(|| footer::<R>(&source));
                let footer = footer.map_err(|error| self.damaged_file(entry, &error))?;
                let mut footers = self.footers.lock();
                if footers.len() >= FOOTERS {
                    footers.clear();
                }
                footers.insert(entry.id, footer.clone());
                footer
            }
        };
        Ok((source, footer))
    }

    /// A file that the manifest names and the disk does not have is damage; other refusals may pass.
    fn lost(&self, entry: &FileEntry, error: io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::NotFound {
            self.damaged_file(entry, &ParquetError::EOF("the file is not there".into()))
        } else {
            disk("open", &entry.path(&self.dir))(error)
        }
    }

    /// Remembers that a file cannot be read.
    pub(crate) fn damaged_file(&self, entry: &FileEntry, error: &ParquetError) -> StoreError {
        let path = entry.path(&self.dir);
        let name = path.strip_prefix(&self.dir).unwrap_or(&path).display().to_string();
        if self.damaged.lock().insert((entry.id, name)) {
            tracing::error!(file = %path.display(), %error, "a file of the store cannot be read");
        }
        StoreError::DamagedFile { path, why: error.to_string() }
    }

    pub(crate) fn is_damaged(&self, entry: &FileEntry) -> bool {
        self.damaged.lock().iter().any(|(id, _)| *id == entry.id)
    }

    /// The files that could not be read, relative to the folder.
    pub(crate) fn damaged(&self) -> Vec<String> {
        self.damaged.lock().iter().map(|(_, name)| name.clone()).collect()
    }

    /// Forgets a file that is gone.
    pub(crate) fn forget(&self, entry: &FileEntry) {
        self.footers.lock().remove(&entry.id);
        self.damaged.lock().retain(|(id, _)| *id != entry.id);
    }

    /// Makes the folder of a day, durably.
    pub(crate) fn make_partition(&self, partition: &Path) -> Result<(), StoreError> {
        if !self.fs.read_dir(partition).map_err(disk("list", partition))?.is_empty() {
            return Ok(());
        }
        self.fs.create_dir_all(partition).map_err(disk("create", partition))?;
        for dir in partition.ancestors().skip(1).take_while(|dir| dir.starts_with(&self.dir)) {
            self.fs.sync_dir(dir).map_err(disk("sync", dir))?;
        }
        Ok(())
    }

    /// Removes what is of no use any more. If that fails, the next open for writing finds it.
    pub(crate) fn remove_quietly(&self, path: &Path) {
        match self.fs.remove(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a file of no use cannot be removed")
            }
        }
    }

    /// The data files in the folder, finished or not; files of other names are nobody's business here.
    fn data_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let list = |dir: &Path| self.fs.read_dir(dir).map_err(disk("list", dir));
        let mut files = Vec::new();
        for table in Table::ALL {
            let mut dirs = vec![self.dir.join(table.as_str())];
            while let Some(dir) = dirs.pop() {
                for entry in list(&dir)? {
                    let path = dir.join(&entry.name);
                    if entry.is_dir {
                        dirs.push(path);
                    } else if is_ours(&entry.name) {
                        files.push(path);
                    }
                }
            }
        }
        Ok(files)
    }

    /// The data files in the folder that are whole.
    pub(crate) fn finished(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut files = self.data_files()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
        Ok(files)
    }

    /// Refuses a folder that has data and no manifest: to take it for empty would remove the data.
    pub(crate) fn check_manifest_belongs(&self, found: bool) -> Result<(), StoreError> {
        match self.finished()?.into_iter().next() {
            Some(file) if !found => {
                let why = format!("it is not there, but {} is", file.display());
                Err(StoreError::DamagedManifest { path: self.dir.join("manifest.*"), why })
            }
            _ => Ok(()),
        }
    }

    /// Removes the files of flushes that were never committed, and says which files are missing.
    pub(crate) fn sweep(&self, contents: &Contents) -> Result<(), StoreError> {
        let mut named: HashMap<PathBuf, &FileEntry> =
            contents.files.iter().map(|file| (file.path(&self.dir), file)).collect();
        for path in self.data_files()? {
            if named.remove(&path).is_none() {
                tracing::info!(file = %path.display(), "removed a file that was never committed");
                self.fs.remove(&path).map_err(disk("remove", &path))?;
            }
        }
        for entry in named.into_values() {
            self.lost(entry, io::ErrorKind::NotFound.into());
        }
        Ok(())
    }
}

/// The footer of a file. A column that the table got after the file was written is not asked for in it.
fn footer<R: Record>(source: &Source) -> Result<ArrowReaderMetadata, ParquetError> {
    let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
    let footer = ArrowReaderMetadata::load(source, options.clone())?;
    let there = |name: &str| footer.schema().column_with_name(name).is_some();
    let columns = R::COLUMNS.iter().filter(|column| there(column.name));
    let options = options.with_schema(schema(columns, Access::Read));
    ArrowReaderMetadata::try_new(Arc::clone(footer.metadata()), options)
}

/// Ten digits or more and `.parquet`, perhaps not finished.
fn is_ours(name: &str) -> bool {
    let stem = name.strip_suffix(".tmp").unwrap_or(name).strip_suffix(".parquet");
    stem.is_some_and(|stem| stem.len() >= 10 && stem.bytes().all(|byte| byte.is_ascii_digit()))
}
