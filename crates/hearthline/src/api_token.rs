//! `<data_dir>/secrets/api_token`: what a caller from another machine has to show.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hearthline_core::{Fs, RealFs};

use crate::settings::Secret;

/// The token of a data folder, made at first use: 256 random bits as 64 hexadecimal digits, readable by the owner alone.
///
/// # Errors
/// As the disk says, or when the machine has no randomness.
pub(crate) fn load_or_make(data_dir: &Path) -> io::Result<Secret> {
    if let Some(token) = load(data_dir)? {
        return Ok(token);
    }
    let folder = data_dir.join("secrets");
    RealFs.create_dir_all(&folder)?;
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    // A torn file is shorter than a token and is taken for none, so it needs no rename; O_EXCL is not wanted for that
    // same reason.
    let path = folder.join("api_token");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(Secret::new(text))
}

/// The token, if there is one that the caller may read.
///
/// # Errors
/// As the disk says.
pub(crate) fn load(data_dir: &Path) -> io::Result<Option<Secret>> {
    let path = data_dir.join("secrets/api_token");
    let bytes = match (&RealFs as &dyn Fs).read_if_exists(&path) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => None,
        other => other?,
    };
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| text.len() >= 64).map(Secret::new))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()).unwrap(), None);
        let made = load_or_make(dir.path()).unwrap();
        assert_eq!(made.expose().len(), 64);
        assert_eq!(load_or_make(dir.path()).unwrap(), made);
        let mode = std::fs::metadata(dir.path().join("secrets/api_token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn each_folder_has_its_own() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_ne!(load_or_make(one.path()).unwrap(), load_or_make(other.path()).unwrap());
    }
}
