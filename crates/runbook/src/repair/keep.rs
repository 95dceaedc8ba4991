//! Files that are kept beside a receipt.

use std::io;
use std::path::Path;

use hearthline_core::Fs;
use hearthline_core::fs::temporary;
use serde::{Deserialize, Serialize};

/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// A file that was copied, and read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copied {
    /// Its length.
    pub(super) bytes: u64,
    /// CRC-32 of all its bytes, as 8 hex digits.
    pub(super) crc32: String,
}

/// Copies a file into a folder under a name, durably, and reads the copy again. None where there is no such file.
pub(super) fn copy(fs: &dyn Fs, from: &Path, dir: &Path, name: &str) -> io::Result<Option<Copied>> {
    let to = dir.join(name);
    let file = match fs.open(from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    fs.create_dir_all(dir)?;
    let tmp = temporary(&to);
    let mut copy = fs.create(&tmp)?;
    let read = pieces(&*file, |piece| copy.append(piece))?;
    copy.sync()?;
    drop(copy);
    fs.rename(&tmp, &to)?;
    fs.sync_dir(dir)?;
    let written = pieces(&*fs.open(&to)?, |_| Ok(()))?;
    if read != written {
        let words = format!("{} is not what was copied to it", to.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    Ok(Some(read))
}

/// Reads a file piece by piece.
fn pieces(
    file: &dyn hearthline_core::fs::ReadFile,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Copied> {
    let (mut buffer, mut bytes, mut crc) = (vec![0; PIECE], 0, crc32fast::Hasher::new());
    loop {
        let read = file.read_at(&mut buffer, bytes)?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return Ok(Copied { bytes, crc32: format!("{:08x}", crc.finalize()) });
        }
        crc.update(piece);
        each(piece)?;
        bytes += piece.len() as u64;
    }
}
