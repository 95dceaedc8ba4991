//! Documents: files of JSON that are read as a whole and put in place as a whole.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Fs;

impl dyn Fs + '_ {
    /// The document in a file, or none where there is no file.
    ///
    /// # Errors
    /// `InvalidData` where it is not what was written, with the reason alone; else as the disk says.
    pub fn read_json<T: DeserializeOwned>(&self, path: &Path) -> io::Result<Option<T>> {
        self.read_if_exists(path)?.map(|bytes| parsed(&bytes)).transpose()
    }

    /// As [`Self::read_json`], of a document that says in `version` how it is to be read.
    ///
    /// # Errors
    /// As there; `InvalidData` too where it is of another version.
    pub fn read_json_of<T: DeserializeOwned>(&self, path: &Path, version: u32) -> io::Result<Option<T>> {
        #[derive(Deserialize)]
        struct Says {
            version: u32,
        }
        let Some(bytes) = self.read_if_exists(path)? else { return Ok(None) };
        match parsed(&bytes)? {
            Says { version: of } if of != version => {
                Err(invalid(format!("it is of version {of}, and this program reads {version}")))
            }
            Says { .. } => parsed(&bytes).map(Some),
        }
    }

    /// Puts a document in place, as people can read it.
    ///
    /// # Errors
    /// As [`Self::write_atomic`]; `InvalidData` where it is nothing that JSON can say.
    pub fn write_json<T: Serialize + ?Sized>(&self, path: &Path, document: &T) -> io::Result<()> {
        self.write_atomic(path, &serde_json::to_vec_pretty(document).map_err(invalid)?)
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(invalid)
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::super::MemFs;
    use super::*;

    const FILE: &str = "/data/house.json";

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct House {
        version: u32,
        rooms: Vec<String>,
    }

    fn house(version: u32) -> House {
        House { version, rooms: vec!["kitchen".into()] }
    }

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let (disk, path) = (MemFs::default(), Path::new(FILE));
        let fs: &dyn Fs = &disk;
        fs.create_dir_all(Path::new("/data")).unwrap();
        assert_eq!(fs.read_json::<House>(path).unwrap(), None);
        assert_eq!(fs.read_json_of::<House>(path, 1).unwrap(), None);
        fs.write_json(path, &house(1)).unwrap();
        assert_eq!(fs.read_json(path).unwrap(), Some(house(1)));
        assert_eq!(fs.read_json_of(path, 1).unwrap(), Some(house(1)));
    }

    #[test]
    fn what_cannot_be_read_says_why_and_is_set_aside() {
        let (disk, path) = (MemFs::default(), Path::new(FILE));
        let fs: &dyn Fs = &disk;
        fs.create_dir_all(Path::new("/data")).unwrap();
        fs.write_atomic(path, br#"{"version":1,"rooms":["#).unwrap();
        for unread in [fs.read_json::<House>(path), fs.read_json_of(path, 1)] {
            assert_eq!(unread.unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        // Another version may look otherwise.
        fs.write_atomic(path, br#"{"version":2,"rooms":7}"#).unwrap();
        let unread = fs.read_json_of::<House>(path, 1).unwrap_err();
        assert_eq!(unread.to_string(), "it is of version 2, and this program reads 1");
        assert_eq!(fs.set_aside(path).unwrap(), Path::new("/data/house.json.damaged"));
        assert_eq!(fs.read_json::<House>(path).unwrap(), None);
    }
}
