//! The folder of backups: what there is, whether it is what was written, and how many are kept.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use hearthline_core::Fs;

use super::document::{Bad, Manifest, Pruned, Rehearsed, Unreadable, Verified};
use super::pool::{Pool, Unlike, read_out, set_aside};
use super::{BackupError, Progress, disk};
use crate::repair::receipts::is_id;

/// A backup, and how its last rehearsal ended.
pub type Rehearsable = (Manifest, Option<Rehearsed>);

const MANIFEST: &str = "manifest.json";
const REHEARSED: &str = "rehearsed.json";

/// The names of the backups that are there, the newest first, and of folders in which one was begun and not ended.
pub(super) fn names(fs: &dyn Fs, dir: &Path) -> Result<(Vec<String>, Vec<String>), BackupError> {
    let (mut whole, mut begun) = (Vec::new(), Vec::new());
    for entry in fs.read_dir(dir).map_err(disk("list", dir))?.into_iter().rev() {
        if !entry.is_dir || !is_name(&entry.name) {
            continue;
        }
        let within = dir.join(&entry.name);
        let inside = fs.read_dir(&within).map_err(disk("list", &within))?;
        let is_whole = inside.iter().any(|file| file.name == MANIFEST);
        if is_whole { &mut whole } else { &mut begun }.push(entry.name);
    }
    Ok((whole, begun))
}

/// As [`crate::repair::receipts::stamp`] writes it, with a number where there are several of a second; other folders are nobody's
/// business here.
fn is_name(name: &str) -> bool {
    const LIKE: &[u8] = b"0000-00-00T00-00-00Z";
    let Some((stamp, rest)) = name.split_at_checked(LIKE.len()) else { return false };
    let alike = |(byte, like): (u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == *like };
    let number = rest.strip_prefix('-').unwrap_or(rest);
    stamp.bytes().zip(LIKE).all(alike) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// All of them, the newest first, with how each was rehearsed; and those that cannot be read.
///
/// # Errors
/// When the folder cannot be listed. One that is not there has none.
pub fn list(fs: &dyn Fs, dir: &Path) -> Result<(Vec<Rehearsable>, Vec<Unreadable>), BackupError> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for name in names(fs, dir)?.0 {
        match read(fs, dir, &name) {
            Ok(manifest) => found.push((manifest, rehearsed(fs, dir, &name))),
            Err(why) => unreadable.push(Unreadable { name, why: why.to_string() }),
        }
    }
    Ok((found, unreadable))
}

/// One of them.
///
/// # Errors
/// `Refused` where there is none of that name, `Damaged` where it is not what was written.
pub fn read(fs: &dyn Fs, dir: &Path, name: &str) -> Result<Manifest, BackupError> {
    if !is_id(name) {
        return Err(BackupError::Refused(format!("{name:?} is no name of a backup")));
    }
    let path = dir.join(name).join(MANIFEST);
    let Some(bytes) = fs.read_if_exists(&path).map_err(disk("read", &path))? else {
        return Err(BackupError::Refused(format!("there is no backup {name} in {}", dir.display())));
    };
    let damaged =
        |why: String| BackupError::Damaged(format!("{} is not what was written: {why}", path.display()));
    Manifest::read(&bytes, name).map_err(damaged)
}

/// The newest that can be read.
///
/// # Errors
/// When the folder cannot be listed.
pub fn newest(fs: &dyn Fs, dir: &Path) -> Result<Option<Manifest>, BackupError> {
    Ok(names(fs, dir)?.0.iter().find_map(|name| read(fs, dir, name).ok()))
}

pub(super) fn rehearsed(fs: &dyn Fs, dir: &Path, name: &str) -> Option<Rehearsed> {
    serde_json::from_slice(&fs.read(&dir.join(name).join(REHEARSED)).ok()?).ok()
}

/// Puts a manifest in place, durably: from then on the backup is there.
pub(super) fn write(fs: &dyn Fs, dir: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let within = dir.join(&manifest.name);
    fs.create_dir_all(&within).map_err(disk("make", &within))?;
    fs.sync_dir(dir).map_err(disk("sync", dir))?;
    let path = within.join(MANIFEST);
    let bytes = serde_json::to_vec_pretty(manifest).map_err(|error| disk("write", &path)(error.into()))?;
    fs.write_atomic(&path, &bytes).map_err(disk("write", &path))
}

pub(super) fn note_rehearsal(fs: &dyn Fs, dir: &Path, rehearsed: &Rehearsed) -> Result<(), BackupError> {
    let path = dir.join(&rehearsed.name).join(REHEARSED);
    let bytes = serde_json::to_vec_pretty(rehearsed).map_err(|error| disk("write", &path)(error.into()))?;
    fs.write_atomic(&path, &bytes).map_err(disk("write", &path))
}

/// Removes what was begun and not ended, and nothing that is not of a backup.
pub(super) fn sweep(fs: &dyn Fs, dir: &Path) -> Result<(), BackupError> {
    let ours = |name: &str| [MANIFEST, REHEARSED].contains(&name.strip_suffix(".tmp").unwrap_or(name));
    for name in names(fs, dir)?.1 {
        let within = dir.join(&name);
        if fs.read_dir(&within).map_err(disk("list", &within))?.iter().all(|entry| ours(&entry.name)) {
            empty(fs, &within)?;
        }
    }
    Ok(())
}

/// Removes a folder with all that is in it.
pub(super) fn empty(fs: &dyn Fs, dir: &Path) -> Result<(), BackupError> {
    for entry in fs.read_dir(dir).map_err(disk("list", dir))? {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            empty(fs, &path)?;
        } else {
            fs.remove(&path).map_err(disk("remove", &path))?;
        }
    }
    fs.remove_dir(dir).map_err(disk("remove", dir))
}

/// Keeps the newest `keep` backups, and takes the others away with all that only they have. While one cannot be read nothing is
/// taken away, since nobody knows what it has.
///
/// # Errors
/// As the disk says. What is left is then taken away the next time.
pub fn prune(fs: &dyn Fs, dir: &Path, keep: usize) -> Result<Pruned, BackupError> {
    let (found, unreadable) = list(fs, dir)?;
    let mut pruned = Pruned::default();
    if !unreadable.is_empty() {
        return Ok(pruned);
    }
    let (kept, old) = found.split_at_checked(keep.max(1)).unwrap_or((&found, &[]));
    for (manifest, _) in old {
        let within = dir.join(&manifest.name);
        // The manifest first, durably: what is half taken away is no backup.
        let path = within.join(MANIFEST);
        fs.remove(&path).map_err(disk("remove", &path))?;
        fs.sync_dir(&within).map_err(disk("sync", &within))?;
        empty(fs, &within)?;
        pruned.backups.push(manifest.name.clone());
    }
    let named: HashSet<&str> =
        kept.iter().flat_map(|(manifest, _)| &manifest.files).map(|file| file.sha256.as_str()).collect();
    (pruned.files, pruned.bytes) = Pool::open(fs, dir)?.keep_only(&|sha256| named.contains(sha256))?;
    Ok(pruned)
}

/// Compares every file of a backup with its checksum. What is something else is set aside, so that the next backup copies it anew.
///
/// # Errors
/// When the backup cannot be read. A file that is not what was written is no error.
pub fn verify(fs: &dyn Fs, dir: &Path, name: &str, progress: Progress<'_>) -> Result<Verified, BackupError> {
    let manifest = read(fs, dir, name)?;
    let mut verified = Verified { name: name.into(), ..Verified::default() };
    let mut looked = BTreeMap::<&str, Result<(), Unlike>>::new();
    for (n, file) in manifest.files.iter().enumerate() {
        let of = (file.sha256.as_str(), file.bytes);
        let found = match looked.get(of.0) {
            Some(found) => found.clone(),
            None => {
                let found = read_out(fs, dir, of, &mut |_| Ok(()))?;
                if matches!(found, Err(Unlike { is_other: true, .. })) {
                    set_aside(fs, dir, of.0);
                }
                found
            }
        };
        match &found {
            Ok(()) => {
                verified.files += 1;
                verified.bytes += file.bytes;
            }
            Err(Unlike { why, .. }) => {
                verified.bad.push(Bad { path: file.path.clone(), why: why.clone() });
            }
        }
        looked.insert(of.0, found);
        progress(n as u64 + 1, verified.bytes);
    }
    Ok(verified)
}
