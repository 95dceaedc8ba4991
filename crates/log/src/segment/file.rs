//! Reading a segment's file, foreign bytes and all.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use hearthline_core::fs::ReadFile;
use hearthline_core::{Fs, Seq};

use super::{Footer, HEADER, START, SegmentHeader};
use crate::batch::{self, BatchHeader, RecordBatch};
use crate::error::LogError;

/// Bytes read at once.
const WINDOW: usize = 256 << 10;

/// A segment's file, read through a window. A file that is not there reads as an empty one.
pub(crate) struct SegmentFile {
    path: PathBuf,
    file: Option<Box<dyn ReadFile>>,
    window: Vec<u8>,
    window_at: u64,
}

impl SegmentFile {
    pub(crate) fn open(fs: &dyn Fs, path: &Path) -> Result<Self, LogError> {
        let file = match fs.open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(LogError::io("open", path)(error)),
        };
        Ok(Self { path: path.to_path_buf(), file, window: Vec::new(), window_at: 0 })
    }

    pub(crate) const fn exists(&self) -> bool {
        self.file.is_some()
    }

    /// The checksum of all bytes before `end`; none if the file is shorter.
    pub(crate) fn crc(&mut self, end: u64) -> Result<Option<u32>, LogError> {
        let mut hasher = crc32fast::Hasher::new();
        let mut offset = 0;
        while offset < end {
            let len = usize::try_from(end - offset).unwrap_or(WINDOW).min(WINDOW);
            let Some(bytes) = self.bytes(offset, len, end)? else { return Ok(None) };
            hasher.update(bytes);
            offset += len as u64;
        }
        Ok(Some(hasher.finalize()))
    }

    /// The header; none if it is damaged.
    pub(crate) fn header(&mut self) -> Result<Option<SegmentHeader>, LogError> {
        match self.bytes(0, HEADER, START)?.and_then(SegmentHeader::parse) {
            Some(Ok(header)) => Ok(Some(header)),
            Some(Err(version)) => Err(LogError::Newer { path: self.path.clone(), version }),
            None => Ok(None),
        }
    }

    /// The footer and where it begins; none if there is no whole one. `size` is the file's.
    pub(crate) fn footer(&mut self, size: u64) -> Result<Option<(Footer, u64)>, LogError> {
        let Some(tail) = size.checked_sub(Footer::TAIL as u64) else { return Ok(None) };
        let len = self.bytes(tail, Footer::TAIL, size)?.and_then(Footer::length);
        let Some(start) = len.and_then(|len| size.checked_sub(len)).filter(|start| *start >= START) else {
            return Ok(None);
        };
        let len = usize::try_from(size - start).unwrap_or(usize::MAX);
        Ok(self.bytes(start, len, size)?.and_then(Footer::parse).map(|footer| (footer, start)))
    }

    /// The header of the whole, undamaged batch at `offset` whose numbers lie within `within`.
    pub(crate) fn batch_at(
        &mut self,
        offset: u64,
        end: u64,
        within: &RangeInclusive<Seq>,
    ) -> Result<Option<BatchHeader>, LogError> {
        let Some(header) = self.bytes(offset, batch::HEADER, end)?.and_then(BatchHeader::parse) else {
            return Ok(None);
        };
        let fits = within.contains(&header.first) && within.contains(&header.last());
        Ok(if fits && self.body(offset, end, &header)?.is_some_and(|body| header.owns(body)) {
            Some(header)
        } else {
            None
        })
    }

    /// The records of the batch at `offset`; none if they cannot be unpacked.
    pub(crate) fn decode(
        &mut self,
        offset: u64,
        header: &BatchHeader,
    ) -> Result<Option<RecordBatch>, LogError> {
        Ok(self.body(offset, offset + header.len(), header)?.and_then(|body| header.decode(body)))
    }

    /// Where the next whole batch is, at `offset` or behind it.
    pub(crate) fn find_batch(
        &mut self,
        mut offset: u64,
        end: u64,
        within: &RangeInclusive<Seq>,
    ) -> Result<Option<u64>, LogError> {
        let Some(file) = &self.file else { return Ok(None) };
        let end = end.min(file.len().map_err(LogError::io("read", &self.path))?);
        while offset + batch::HEADER as u64 <= end {
            let room = usize::try_from(end - offset).unwrap_or(WINDOW).min(WINDOW / 4);
            let Some(bytes) = self.bytes(offset, room, end)? else { return Ok(None) };
            match bytes.windows(batch::MAGIC.len()).position(|four| four == batch::MAGIC) {
                None => offset += (room - batch::MAGIC.len() + 1) as u64,
                Some(at) => {
                    offset += at as u64;
                    if self.batch_at(offset, end, within)?.is_some() {
                        return Ok(Some(offset));
                    }
                    offset += 1;
                }
            }
        }
        Ok(None)
    }

    fn body(&mut self, offset: u64, end: u64, header: &BatchHeader) -> Result<Option<&[u8]>, LogError> {
        let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
        Ok(self.bytes(offset, len, end)?.and_then(|batch| batch.get(batch::HEADER..)))
    }

    /// `len` bytes at `offset`; none if they do not all lie before `end` and within the file.
    fn bytes(&mut self, offset: u64, len: usize, end: u64) -> Result<Option<&[u8]>, LogError> {
        let Some(file) = &self.file else { return Ok(None) };
        if offset.checked_add(len as u64).is_none_or(|to| to > end) {
            return Ok(None);
        }
        let skip = |from: u64| offset.checked_sub(from).and_then(|skip| usize::try_from(skip).ok());
        let held = skip(self.window_at).is_some_and(|skip| skip + len <= self.window.len());
        if !held {
            let want = usize::try_from(end - offset).unwrap_or(usize::MAX).min(WINDOW.max(len));
            self.window.clear();
            self.window.resize(want, 0);
            self.window_at = offset;
            let read = file.read_at(&mut self.window, offset);
            self.window.truncate(read.as_ref().map_or(0, |read| *read));
            read.map_err(LogError::io("read", &self.path))?;
        }
        let skip = skip(self.window_at).unwrap_or(usize::MAX);
        Ok(self.window.get(skip..).and_then(|rest| rest.get(..len)))
    }
}
