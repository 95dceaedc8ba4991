//! Damage that a person has taken note of: it is not told again.
//!
//! ```text
//! <dir>/aside     hearthline-aside 1 <CRC-32 of the rest, 8 hex digits>
//!                 <file> <first byte> <end> <first record> <last record>      one line each; records are 0 where none is lost
//! ```
//!
//! Put in place as a whole. Where it is not what was written, nothing counts as set aside: damage is told once more.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_core::{Fs, Seq};

use crate::damage::Damage;

const NAME: &str = "aside";
const MAGIC: &str = "hearthline-aside 1 ";

/// A place of a segment that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The segment's file name.
    pub file: String,
    /// Where in the file.
    pub bytes: std::ops::Range<u64>,
    /// The first and the last record that are lost.
    pub lost: Option<(Seq, Seq)>,
}

impl Aside {
    /// Whether this damage is at this place, or a part of it.
    #[must_use]
    pub fn covers(&self, damage: &Damage) -> bool {
        self.file == damage.file
            && match (self.lost, damage.lost) {
                (Some((first, last)), Some((other_first, other_last))) => {
                    first <= other_first && other_last <= last
                }
                (None, None) => self.bytes.start <= damage.bytes.start && damage.bytes.end <= self.bytes.end,
                _ => false,
            }
    }

    fn line(&self) -> String {
        let Self { file, bytes, lost } = self;
        let (first, last) = lost.unwrap_or_default();
        format!("{file} {} {} {first} {last}\n", bytes.start, bytes.end)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let file = fields.next()?.to_owned();
        let mut number = || fields.next()?.parse::<u64>().ok();
        let (start, end, first, last) = (number()?, number()?, number()?, number()?);
        let lost = (last > 0).then_some((Seq(first), Seq(last)));
        fields.next().is_none().then_some(Self { file, bytes: start..end, lost })
    }
}

impl From<&Damage> for Aside {
    fn from(damage: &Damage) -> Self {
        Self { file: damage.file.clone(), bytes: damage.bytes.clone(), lost: damage.lost }
    }
}

/// What is set aside in a log's folder.
///
/// # Errors
/// As the disk says.
pub fn read(fs: &dyn Fs, dir: &Path) -> io::Result<Vec<Aside>> {
    let Some(bytes) = fs.read_if_exists(&path(dir))? else { return Ok(Vec::new()) };
    let known = parse(&bytes);
    if known.is_none() {
        tracing::warn!(file = %path(dir).display(), "what was set aside of the log cannot be read: it is told again");
    }
    Ok(known.unwrap_or_default())
}

fn parse(bytes: &[u8]) -> Option<Vec<Aside>> {
    let (sum, rest) = std::str::from_utf8(bytes).ok()?.strip_prefix(MAGIC)?.split_once('\n')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(rest.as_bytes()) {
        return None;
    }
    rest.lines().map(Aside::parse).collect()
}

/// Sets everything of one file aside, in place of what was set aside of it before; of nothing, it takes that back.
///
/// # Errors
/// As the disk says; nothing has changed then.
pub fn replace(fs: &dyn Fs, dir: &Path, file: &str, with: &[Aside]) -> io::Result<()> {
    let mut known = read(fs, dir)?;
    known.retain(|aside| aside.file != file);
    known.extend(with.iter().filter(|aside| aside.file == file).cloned());
    // Of what is let go of nothing has to be known.
    let there: Vec<_> = fs.read_dir(dir)?.into_iter().map(|entry| entry.name).collect();
    known.retain(|aside| aside.file == file || there.contains(&aside.file));
    let text: String = known.iter().map(Aside::line).collect();
    let text = format!("{MAGIC}{:08x}\n{text}", crc32fast::hash(text.as_bytes()));
    fs.write_atomic(&path(dir), text.as_bytes())
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

#[cfg(test)]
mod tests {
    use hearthline_core::MemFs;

    use super::*;

    fn damage(file: &str, bytes: std::ops::Range<u64>, lost: Option<(u64, u64)>) -> Damage {
        let lost = lost.map(|(first, last)| (Seq(first), Seq(last)));
        Damage { file: file.into(), bytes, lost, from: None, to: None, reason: "a test" }
    }

    #[test]
    fn what_is_set_aside_is_known_until_it_is_taken_back() {
        let (disk, dir) = (MemFs::default(), Path::new("/log"));
        let fs: &dyn Fs = &disk;
        fs.create_dir_all(dir).unwrap();
        for name in ["a.seg", "b.seg"] {
            fs.write_atomic(&dir.join(name), b"x").unwrap();
        }
        let (first, second) = (damage("a.seg", 60..90, Some((7, 8))), damage("a.seg", 100..110, None));
        let other = damage("b.seg", 0..60, None);
        replace(fs, dir, "a.seg", &[&first, &second, &other].map(Aside::from)).unwrap();
        let known = read(fs, dir).unwrap();
        assert_eq!(known, [Aside::from(&first), Aside::from(&second)]);
        let covered = |damage: &Damage| known.iter().any(|aside| aside.covers(damage));
        assert!(covered(&first) && covered(&second) && covered(&damage("a.seg", 70..80, Some((8, 8)))));
        assert!(!covered(&other) && !covered(&damage("a.seg", 60..90, Some((7, 9)))));

        replace(fs, dir, "b.seg", &[Aside::from(&other)]).unwrap();
        fs.remove(&dir.join("a.seg")).unwrap();
        replace(fs, dir, "b.seg", &[]).unwrap();
        assert_eq!(read(fs, dir).unwrap(), [], "what is gone is forgotten, what is taken back too");
    }

    #[test]
    fn a_flipped_byte_means_that_nothing_is_set_aside() {
        let (disk, dir) = (MemFs::default(), Path::new("/log"));
        let fs: &dyn Fs = &disk;
        fs.create_dir_all(dir).unwrap();
        fs.write_atomic(&dir.join("a.seg"), b"x").unwrap();
        replace(fs, dir, "a.seg", &[Aside::from(&damage("a.seg", 60..90, Some((7, 8))))]).unwrap();
        let whole = fs.read(&dir.join(NAME)).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            // A hexadecimal digit in the other case is the same digit.
            assert!(parse(&bytes).is_none_or(|known| known == parse(&whole).unwrap()), "byte {at}");
        }
    }
}
