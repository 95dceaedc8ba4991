//! Why the log takes nothing, for a person: what is the matter, where, and what to do.

use std::fmt;
use std::io;
use std::path::Path;

use crate::error::LogError;
use crate::queue::Failure;

/// The log has reached its quota.
pub(crate) fn quota(dir: &Path, bytes: u64, max: u64) -> String {
    format!(
        "the log in {} has {} and may have {} (log.max_bytes), and the store has not taken the oldest of it yet; see why \
         the store is late, or raise log.max_bytes",
        dir.display(),
        Size(bytes),
        Size(max)
    )
}

/// What has to stay free on the disk no longer does.
pub(crate) fn min_free(dir: &Path, free: u64, least: u64) -> String {
    format!(
        "{} free on the disk of {}, where {} have to stay free (log.min_free); make room there, or lower log.min_free",
        Size(free),
        dir.display(),
        Size(least)
    )
}

/// The same while there is no reserve, which is made again at more than that.
pub(crate) fn min_free_until(dir: &Path, free: u64, least: u64, again: u64) -> String {
    format!("{}: the log goes on by itself at {} free", min_free(dir, free, least), Size(again))
}

/// The disk is full, and the reserve is spent.
pub(crate) fn full_disk(dir: &Path, free: u64, again: u64) -> String {
    format!(
        "the disk of {} is full ({} free); make room there: the log goes on by itself at {} free",
        dir.display(),
        Size(free),
        Size(again)
    )
}

/// A write or a sync has failed.
pub(crate) fn failed(error: &LogError, dir: &Path) -> Failure {
    let (kind, code) = match error {
        LogError::Io { source, .. } => (source.kind(), source.raw_os_error()),
        _ => (io::ErrorKind::Other, None),
    };
    let dir = dir.display();
    let todo = match kind {
        io::ErrorKind::StorageFull => format!("make room on the disk of {dir}"),
        io::ErrorKind::QuotaExceeded => {
            format!("raise the quota of this program's user on the disk of {dir}")
        }
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "the disk of {dir} is read-only: the system makes it so when the disk has errors, which `dmesg` tells; \
             mount it writable, or replace it"
        ),
        io::ErrorKind::PermissionDenied => format!("let this program's user write in {dir}"),
        io::ErrorKind::FileTooLarge => "raise the size that a file may have (`ulimit -f`)".into(),
        _ if code.is_none() => format!("see what is the matter with the disk of {dir}"),
        _ => format!("the disk of {dir} may be dying: see what `dmesg` and `smartctl` tell of it"),
    };
    let reason = format!(
        "{error}; {todo}; what was taken is kept, and each second the log tries to write it elsewhere"
    );
    Failure { full_disk: error.is_full_disk(), reason }
}

/// A number of bytes as a person reads it.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        match UNITS.iter().find(|(unit, _)| self.0 >= *unit) {
            None => write!(f, "{} bytes", self.0),
            Some((unit, name)) => {
                let tenths = u128::from(self.0) * 10 / u128::from(*unit);
                write!(f, "{}.{} {name}", tenths / 10, tenths % 10)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_says_what_is_the_matter_where_and_what_to_do() {
        let (dir, file) = (Path::new("/data/log"), Path::new("/data/log/00000000000000000007.seg"));
        let words =
            [quota(dir, 2 << 30, 2 << 30), min_free(dir, 999, 1 << 30), full_disk(dir, 3_300_000, 48 << 20)];
        for (words, todo) in words.iter().zip(["raise log.max_bytes", "make room", "make room"]) {
            assert!(words.contains("/data/log") && words.contains(todo), "{words}");
        }
        assert!(words[1].starts_with("999 bytes free") && words[1].contains("1.0 GiB"), "{}", words[1]);
        assert!(words[2].contains("3.1 MiB free") && words[2].contains("48.0 MiB"), "{}", words[2]);
        for (code, todo, full) in [
            (28, "make room on the disk of /data/log", true),
            (122, "raise the quota", true),
            (30, "mount it writable", false),
            (13, "let this program's user write in /data/log", false),
            (27, "ulimit -f", false),
            (5, "smartctl", false),
        ] {
            let error = LogError::io("write", file)(io::Error::from_raw_os_error(code));
            let failure = failed(&error, dir);
            assert!(
                failure.reason.starts_with("cannot write /data/log/00000000000000000007.seg: "),
                "{code}"
            );
            assert!(failure.reason.contains(todo), "{}", failure.reason);
            assert_eq!(failure.full_disk, full, "{code}");
        }
    }
}
