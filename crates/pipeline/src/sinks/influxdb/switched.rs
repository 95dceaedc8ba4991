//! The measurement that a sink writes to in place of the one in its settings, since `repair schema --rewrite` switched it.
//!
//! `measurement.json` in the sink's folder: `{"measurement":"house_2","instead_of":"house","since":"2026-11-26T00:41:07Z"}`. It
//! holds for as long as the settings say what they said then: whoever names another measurement there wants that one.

use std::io;
use std::path::Path;

use hearthline_core::Fs;
use serde::{Deserialize, Serialize};

/// A switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// What is written to.
    pub measurement: String,
    /// What the settings name.
    pub instead_of: String,
    /// ISO 8601 UTC.
    pub since: String,
}

const FILE: &str = "measurement.json";

/// The switch of the sink whose folder is `dir`, if it holds for this measurement of its settings.
///
/// # Errors
/// As the disk says; `InvalidData` where the file is not what was written.
pub fn read(fs: &dyn Fs, dir: &Path, settings: &str) -> io::Result<Option<Switched>> {
    Ok(kept(fs, dir)?.filter(|switched| switched.instead_of == settings))
}

fn kept(fs: &dyn Fs, dir: &Path) -> io::Result<Option<Switched>> {
    let path = dir.join(FILE);
    let Some(bytes) = fs.read_if_exists(&path)? else { return Ok(None) };
    let switched = serde_json::from_slice(&bytes).map_err(|error| {
        let words = format!(
            "{}: {error}; it says which measurement is written to: put it right or remove it",
            path.display()
        );
        io::Error::new(io::ErrorKind::InvalidData, words)
    })?;
    Ok(Some(switched))
}

/// What the settings name where `measurement` is written to.
///
/// # Errors
/// As [`read`].
pub fn instead_of(fs: &dyn Fs, dir: &Path, measurement: &str) -> io::Result<String> {
    let kept = kept(fs, dir)?.filter(|switched| switched.measurement == measurement);
    Ok(kept.map_or_else(|| measurement.to_owned(), |switched| switched.instead_of))
}

/// Switches, or goes back to the settings.
///
/// # Errors
/// As the disk says.
pub fn write(fs: &dyn Fs, dir: &Path, switched: Option<&Switched>) -> io::Result<()> {
    let path = dir.join(FILE);
    match switched {
        Some(switched) => {
            fs.create_dir_all(dir)?;
            fs.write_atomic(&path, &serde_json::to_vec(switched)?)
        }
        None if fs.read_if_exists(&path)?.is_none() => Ok(()),
        None => {
            fs.remove(&path)?;
            fs.sync_dir(dir)
        }
    }
}

#[cfg(test)]
mod tests {
    use hearthline_core::MemFs;

    use super::*;

    #[test]
    fn a_switch_holds_until_it_is_taken_back_or_the_settings_name_another_measurement() {
        let (disk, dir) = (MemFs::default(), Path::new("/sinks/influxdb"));
        let fs: &dyn Fs = &disk;
        assert_eq!(read(fs, dir, "house").unwrap(), None);
        let since = "2026-11-26T00:41:07Z".to_owned();
        let switched = Switched { measurement: "house_2".into(), instead_of: "house".into(), since };
        write(fs, dir, Some(&switched)).unwrap();
        assert_eq!(read(fs, dir, "house").unwrap(), Some(switched));
        assert_eq!(read(fs, dir, "other").unwrap(), None);
        write(fs, dir, None).unwrap();
        write(fs, dir, None).unwrap();
        assert_eq!(read(fs, dir, "house").unwrap(), None);
        fs.write_atomic(&dir.join(FILE), b"{").unwrap();
        assert_eq!(read(fs, dir, "house").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
