//! What the runbook is given of the settings.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hearthline_core::{Fs, RealFs};
use hearthline_runbook::runbook::{Kept, Settings as Of};

use crate::app::Current;
use crate::repairs::sinks;
use crate::settings::Settings;
use crate::startup;

/// The copy, beside the receipt.
const COPY: &str = "settings.toml";

/// The settings as the runbook needs them.
pub(crate) fn of_settings(current: Current) -> Of {
    Of {
        sinks: sinks(&current.settings()),
        keep: std::sync::Arc::new(move |dir| keep(&current.settings(), dir)),
    }
}

/// Copies the settings file as it is: with another text in the place of a secret it could not be put back. So the copy is for its
/// owner alone, as the secrets of the data folder are. What holds is told without a secret.
fn keep(settings: &Settings, dir: &Path) -> Result<Kept, String> {
    let lines = startup::of_settings(settings);
    let Some(from) = &settings.config else { return Ok(Kept { copy: None, lines }) };
    let copied = (&RealFs as &dyn Fs).read(from).and_then(|bytes| put(&bytes, dir));
    let words = |error: io::Error| format!("{} cannot be copied: {error}", from.display());
    Ok(Kept { copy: Some((dir.join(COPY), copied.map_err(words)?)), lines })
}

fn put(bytes: &[u8], dir: &Path) -> io::Result<u64> {
    let path = dir.join(COPY);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::{self, Environment, Purpose};

    #[test]
    fn the_copy_is_the_file_for_its_owner_alone_and_what_is_told_has_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        let text = "[home_assistant]\nurl = \"http://127.0.0.1:1\"\ntoken = \"very-secret\"\n";
        let fs: &dyn Fs = &RealFs;
        fs.write_atomic(&file, text.as_bytes()).unwrap();
        let read = |path: &Path| std::fs::read_to_string(path);
        let settings = settings::load(Some(&file), &Environment::default(), &read, Purpose::Record).unwrap();
        let kept = keep(&settings, folder.path()).unwrap();
        let (copy, bytes) = kept.copy.unwrap();
        assert_eq!((std::fs::read_to_string(&copy).unwrap().as_str(), bytes), (text, text.len() as u64));
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(kept.lines.iter().any(|line| line.contains("127.0.0.1:1")), "{:?}", kept.lines);
        assert!(!format!("{:?}", kept.lines).contains("very-secret"));
        fs.remove(&file).unwrap();
        assert!(keep(&settings, folder.path()).unwrap_err().contains("a.toml cannot be copied"));
        let none = settings::load(None, &Environment::default(), &read, Purpose::Read).unwrap();
        assert_eq!(keep(&none, folder.path()).unwrap().copy, None);
    }
}
