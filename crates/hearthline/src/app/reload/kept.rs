//! Settings under which all was well, kept to be looked at and gone back to.
//!
//! ```text
//! <data_dir>/settings/<number>.json   one JSON object (`KeptSet`), without secrets; the last ten, put in place as a whole
//! ```
//!
//! Nothing is kept twice in a row: settings with the values of the newest are these.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hearthline_api::{KeptSet, KeptSettings};
use hearthline_core::Fs;
use hearthline_runbook::status::Overall;

/// How long all has to be well.
const WELL: Duration = Duration::from_secs(60);
/// How many are kept.
const MOST: usize = 10;

/// Whether the settings in force have shown themselves to be good.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// Since when all has been well without a break.
    since: Option<Duration>,
    passed: bool,
}

impl Trial {
    /// Others hold now.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// How all is now. Answers once with true: when it has been well for a whole minute.
    pub(super) fn look(&mut self, overall: Overall, now: Duration) -> bool {
        if overall != Overall::Healthy {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let good = now.saturating_sub(since) >= WELL;
        good && !std::mem::replace(&mut self.passed, true)
    }
}

/// What is there, the newest first. A file that cannot be read is passed over, and said.
///
/// # Errors
/// As the disk says.
pub(crate) fn read(fs: &dyn Fs, data_dir: &Path) -> io::Result<KeptSettings> {
    let dir = dir(data_dir);
    let mut kept = Vec::new();
    for entry in fs.read_dir(&dir)? {
        let path = dir.join(&entry.name);
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match fs.read_json::<KeptSet>(&path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(%error, file = %path.display(), "settings that were kept cannot be read");
            }
            set => kept.extend(set?),
        }
    }
    kept.sort_by_key(|set| std::cmp::Reverse(set.number));
    Ok(KeptSettings { kept })
}

/// Keeps another one, under the next number.
pub(super) fn keep(fs: &dyn Fs, data_dir: &Path, set: KeptSet) -> io::Result<()> {
    let KeptSettings { kept } = read(fs, data_dir)?;
    let says = |set: &KeptSet| {
        set.settings.iter().map(|one| (one.name.clone(), one.value.clone(), one.secret)).collect::<Vec<_>>()
    };
    let newest = kept.first();
    if newest.is_some_and(|newest| says(newest) == says(&set)) {
        return Ok(());
    }
    let number = newest.map_or(1, |newest| newest.number + 1);
    let dir = dir(data_dir);
    fs.create_dir_all(&dir)?;
    let file = |number: u64| dir.join(format!("{number}.json"));
    fs.write_json(&file(number), &KeptSet { number, ..set })?;
    for old in kept.iter().skip(MOST - 1) {
        fs.remove(&file(old.number))?;
    }
    Ok(())
}

fn dir(data_dir: &Path) -> PathBuf {
    data_dir.join("settings")
}

#[cfg(test)]
mod tests {
    use hearthline_api::KeptSetting;
    use hearthline_core::MemFs;

    use super::*;

    fn set(rows: u64) -> KeptSet {
        let one =
            KeptSetting { name: "store.flush_rows".into(), value: rows.into(), secret: false, origin: None };
        let at = "2026-11-26T10:00:00.000000Z".to_owned();
        KeptSet {
            number: 0,
            since: at.clone(),
            healthy: at,
            version: "1".into(),
            file: None,
            settings: vec![one],
        }
    }

    #[test]
    fn the_last_ten_are_kept_and_none_twice_in_a_row() {
        let (fs, dir) = (MemFs::default(), Path::new("/data"));
        let numbers = || read(&fs, dir).unwrap().kept.iter().map(|set| set.number).collect::<Vec<_>>();
        assert_eq!(numbers(), [0; 0]);
        for rows in [1, 1, 2, 1] {
            keep(&fs, dir, set(rows)).unwrap();
        }
        assert_eq!(numbers(), [3, 2, 1], "going back is news");
        for rows in 10..20 {
            keep(&fs, dir, set(rows)).unwrap();
        }
        assert_eq!(numbers(), (4..=13).rev().collect::<Vec<_>>());
        (&fs as &dyn Fs).write_atomic(Path::new("/data/settings/13.json"), b"{").unwrap();
        assert_eq!(numbers().len(), 9, "one that is spoilt is passed over");
    }

    #[test]
    fn settings_are_good_when_all_was_well_for_a_minute_without_a_break() {
        let mut trial = Trial::default();
        let mut look = |second, overall| trial.look(overall, Duration::from_secs(second));
        assert!(!look(0, Overall::Healthy) && !look(59, Overall::Healthy));
        assert!(!look(60, Overall::Degraded) && !look(61, Overall::Healthy));
        assert!(look(121, Overall::Healthy));
        assert!(!look(122, Overall::Healthy), "it is said once");
        trial.begin();
        assert!(!trial.look(Overall::Healthy, Duration::from_secs(123)));
        assert!(trial.look(Overall::Healthy, Duration::from_secs(183)));
    }
}
