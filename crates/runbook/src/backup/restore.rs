//! Putting a backup into a folder.
//!
//! While it lasts the file `restoring` is in the folder, and no program starts there. The store's manifest is written last. Whoever
//! is killed begins anew with the same backup.

use std::path::Path;

use hearthline_core::Fs;

use super::document::{Manifest, Saved};
use super::folder::read;
use super::pool::{Unlike, read_out};
use super::{BackupError, Progress, disk};

/// The file that stands in a folder that is not whole yet.
pub const UNFINISHED: &str = "restoring";
/// What may be in a folder that something is put into: it is in no backup.
const BESIDES: [&str; 5] = ["run.json", "secrets", "backups", UNFINISHED, "restoring.tmp"];

/// Puts a backup into a folder, which is made where it is not there; each file is compared with its checksum. The caller sees to it
/// that no program runs there.
///
/// # Errors
/// `Refused` where there is no such backup, or something is in the folder; `Damaged` where a file of the backup is not what was
/// written. The folder is then not one to be recorded into.
pub fn restore(
    fs: &dyn Fs,
    backups: &Path,
    name: &str,
    to: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let manifest = read(fs, backups, name)?;
    let there = fs.read_dir(to).map_err(disk("list", to))?;
    let mark = to.join(UNFINISHED);
    let begun = fs.read_if_exists(&mark).map_err(disk("read", &mark))?;
    match begun.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
        Some(before) if before != name => {
            return Err(BackupError::Refused(format!(
                "backup {before} was being put into {} and did not come to its end; empty that folder, or go on with that one",
                to.display()
            )));
        }
        Some(_) => {}
        None => {
            if let Some(entry) = there.iter().find(|entry| !BESIDES.contains(&entry.name.as_str())) {
                return Err(BackupError::Refused(format!(
                    "{} is not empty ({} is there), and nothing is written over: move it aside, or name another folder with --to",
                    to.display(),
                    entry.name
                )));
            }
            fs.create_dir_all(to).map_err(disk("make", to))?;
            fs.write_atomic(&mark, name.as_bytes()).map_err(disk("write", &mark))?;
        }
    }
    let mut files: Vec<&Saved> = manifest.files.iter().collect();
    files.sort_by_key(|file| file.path.starts_with("store/manifest."));
    let mut bytes = 0;
    for (n, file) in files.into_iter().enumerate() {
        put(fs, backups, file, to)?;
        bytes += file.bytes;
        progress(n as u64 + 1, bytes);
    }
    fs.remove(&mark).map_err(disk("remove", &mark))?;
    fs.sync_dir(to).map_err(disk("sync", to))?;
    Ok(manifest)
}

fn put(fs: &dyn Fs, backups: &Path, file: &Saved, to: &Path) -> Result<(), BackupError> {
    let path = to.join(&file.path);
    let dir = path.parent().unwrap_or(to);
    if fs.read_dir(dir).map_err(disk("list", dir))?.is_empty() {
        fs.create_dir_all(dir).map_err(disk("make", dir))?;
        for above in dir.ancestors().skip(1).take_while(|above| above.starts_with(to)) {
            fs.sync_dir(above).map_err(disk("sync", above))?;
        }
    }
    let mut out = fs.create(&path).map_err(disk("create", &path))?;
    let write = &mut |piece: &[u8]| out.append(piece).map_err(disk("write", &path));
    let found = read_out(fs, backups, (&file.sha256, file.bytes), write)?;
    found.map_err(|Unlike { why, .. }| {
        BackupError::Damaged(format!(
            "{} in the backup cannot be put back: files/{}: {why}; `hearthline backup verify` tells of all such files, and an older \
             backup may have it whole",
            file.path, file.sha256
        ))
    })?;
    out.sync().map_err(disk("sync", &path))?;
    fs.sync_dir(dir).map_err(disk("sync", dir))
}
