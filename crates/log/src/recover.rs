//! Opening a log that an earlier run has left, in order or not.
//!
//! Only the newest segment is read through, and only if it has no footer; of the others, the headers say all. Bytes at
//! the end of the newest segment that no whole batch follows are a torn write: they are cut, and the cut is synced, so
//! that what a killed process had written survives a power cut from now on. A newest segment without any whole batch is
//! removed; its number is not given again.

use std::path::{Path, PathBuf};

use hearthline_core::{Fs, Seq, Timestamp};

use crate::aside;
use crate::damage::{Damage, MISSING};
use crate::error::LogError;
use crate::log::LogConfig;
use crate::segment::{
    Footer, IndexEntry, Previous, START, SegmentFile, SegmentHeader, file_name, parse_name,
};
use crate::state::{Ring, Segment, Span, State, note, seek};
use crate::walk::{Found, Walk};

/// What was found when the log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of a torn write that were cut.
    pub torn_bytes: u64,
    /// What cannot be read, as far as it shows without reading everything.
    pub damage: Vec<Damage>,
    /// The last record; 0 in an empty log.
    pub end: Seq,
}

/// One file of the folder.
struct File {
    first: Seq,
    size: u64,
    path: PathBuf,
    header: Option<SegmentHeader>,
}

/// Where the batches of a file end.
struct End {
    last: Seq,
    end: u64,
    events: u64,
    sealed: bool,
    index: Vec<IndexEntry>,
    damage: Vec<Damage>,
}

/// What can be read, what was found, and the first number that may be given.
pub(crate) fn recover(fs: &dyn Fs, config: &LogConfig) -> Result<(State, Recovery, Seq), LogError> {
    let mut recovery = Recovery::default();
    let mut files = prepare(fs, config)?;
    let mut next = Seq(1);
    let mut newest = None;
    while let Some(file) = files.last_mut() {
        let end = file.end(fs, Seq(u64::MAX - 1))?;
        if end.sealed {
            newest = Some(end);
            break;
        }
        recovery.torn_bytes += file.size - end.end.min(file.size);
        if end.last >= file.first {
            // also where nothing is torn: it syncs what a killed process had only written
            fs.truncate(&file.path, end.end).map_err(LogError::io("cut", &file.path))?;
            file.size = end.end;
            newest = Some(end);
            break;
        }
        next = next.max(if file.size > START { file.first.next() } else { file.first });
        fs.remove(&file.path).map_err(LogError::io("remove", &file.path))?;
        files.pop();
    }
    fs.sync_dir(&config.dir).map_err(LogError::io("sync", &config.dir))?;

    let events = newest.as_ref().map_or(0, |end| end.events);
    let segments = segments(fs, files, newest, &mut recovery)?;
    recovery.end = segments.last().map_or(Seq::ZERO, |segment| segment.span.last);
    let state = State {
        segments,
        written: recovery.end,
        synced: recovery.end,
        events,
        ring: Ring::new(config.ring_bytes, recovery.end),
        trimmed: Seq::ZERO,
        damage: recovery.damage.clone(),
        aside: aside::read(fs, &config.dir).map_err(LogError::io("read", &config.dir))?,
    };
    let next = next.max(recovery.end.next());
    Ok((state, recovery, next))
}

/// The folder and its files, by first number. What a crash has left under a temporary name is removed.
fn prepare(fs: &dyn Fs, config: &LogConfig) -> Result<Vec<File>, LogError> {
    let dir = &config.dir;
    fs.create_dir_all(dir).map_err(LogError::io("make", dir))?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs.sync_dir(parent).map_err(LogError::io("sync", parent))?;
    }
    for entry in fs.read_dir(dir).map_err(LogError::io("list", dir))? {
        if entry.name.strip_suffix(".tmp").is_some_and(|name| parse_name(name).is_some()) {
            let path = dir.join(&entry.name);
            fs.remove(&path).map_err(LogError::io("remove", &path))?;
        }
    }
    files(fs, dir)
}

/// The files of the folder, by first number.
fn files(fs: &dyn Fs, dir: &Path) -> Result<Vec<File>, LogError> {
    let mut files = Vec::new();
    for entry in fs.read_dir(dir).map_err(LogError::io("list", dir))? {
        let Some(first) = parse_name(&entry.name) else { continue };
        let path = dir.join(&entry.name);
        let mut file = SegmentFile::open(fs, &path)?;
        if file.exists() {
            let header = file.header()?.filter(|header| header.first == first);
            files.push(File { first, size: entry.len, path, header });
        }
    }
    Ok(files)
}

/// The segments of a folder as they are, and what is damaged as far as it shows without reading all. Changes nothing.
pub(crate) fn look(fs: &dyn Fs, dir: &Path) -> Result<(Vec<Segment>, Vec<Damage>), LogError> {
    let files = files(fs, dir)?;
    let newest = files.last().map(|file| file.end(fs, Seq(u64::MAX - 1))).transpose()?;
    let mut recovery = Recovery::default();
    let segments = segments(fs, files, newest, &mut recovery)?;
    Ok((segments, recovery.damage))
}

/// What is damaged in a folder, as far as it shows without reading all. Changes nothing.
///
/// # Errors
/// When the disk does not answer, or a later version has written in the folder. Damage is no error.
pub fn glance(fs: &dyn Fs, dir: &Path) -> Result<Vec<Damage>, LogError> {
    Ok(look(fs, dir)?.1)
}

impl File {
    /// Where the batches end, of which none has a number over `last`: from the footer, or by reading them.
    fn end(&self, fs: &dyn Fs, last: Seq) -> Result<End, LogError> {
        let mut file = SegmentFile::open(fs, &self.path)?;
        if let Some((footer, end)) = file.footer(self.size)?.filter(|(footer, _)| footer.last <= last) {
            let Footer { last, events, index, .. } = footer;
            return Ok(End { last, end, events, sealed: true, index, damage: Vec::new() });
        }
        let before = Seq(self.first.0.saturating_sub(1));
        let mut end =
            End { last: before, end: START, events: 0, sealed: false, index: Vec::new(), damage: Vec::new() };
        let began = self.header.map(|header| header.began);
        let mut walk = Walk::new(file, (self.first, began), (self.first, START));
        while let Some(found) = walk.next(self.size, last)? {
            match found {
                Found::Lost(damage) => end.damage.push(damage),
                Found::Batch(at, header) => {
                    note(&mut end.index, header.first, at);
                    (end.last, end.end) = (header.last(), at + header.len());
                    end.events = header.events_through();
                }
            }
        }
        Ok(end)
    }
}

/// The segments, each with the end that the next one's header names. `newest` is the end of the last.
fn segments(
    fs: &dyn Fs,
    files: Vec<File>,
    mut newest: Option<End>,
    recovery: &mut Recovery,
) -> Result<Vec<Segment>, LogError> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut files = files.into_iter().peekable();
    while let Some(file) = files.next() {
        let next = files.peek();
        let named = next.and_then(|next| next.header?.previous).filter(|named| named.first == file.first);
        let End { last, end, index, damage, .. } = match (named, next) {
            (Some(Previous { end, last, .. }), _) => {
                End { last, end, events: 0, sealed: true, index: Vec::new(), damage: Vec::new() }
            }
            (None, Some(next)) => file.end(fs, Seq(next.first.0.saturating_sub(1)))?,
            (None, None) => match newest.take() {
                Some(end) => end,
                None => break,
            },
        };
        let previous = file.header.and_then(|header| header.previous);
        let began = file.header.map(|header| header.began);
        if let (Some(previous), Some(before)) = (previous, segments.last())
            && previous.first != before.span.first
            && previous.last > before.span.last
        {
            let (name, from) = (file_name(previous.first), ended(fs, &file.path, before)?);
            let lost = Some((before.span.last.next(), previous.last));
            recovery.damage.push(Damage { file: name, bytes: 0..0, lost, from, to: began, reason: MISSING });
        }
        if file.header.is_none() {
            recovery.damage.push(bad_header(file.first));
        }
        recovery.damage.extend(damage);
        let span = Span {
            id: segments.len() as u64,
            first: file.first,
            last,
            end,
            size: file.size,
            previous,
            began,
        };
        let checkpoint = file.header.is_some_and(|header| header.checkpoint);
        segments.push(Segment { span, synced_end: end, checkpoint, index });
    }
    Ok(segments)
}

/// When the last whole batch of a segment was written, which lies beside the file at `sibling`.
fn ended(fs: &dyn Fs, sibling: &Path, segment: &Segment) -> Result<Option<Timestamp>, LogError> {
    let span = segment.span;
    let mut file = SegmentFile::open(fs, &sibling.with_file_name(file_name(span.first)))?;
    let index = file.footer(span.size)?.map_or_else(Vec::new, |(footer, _)| footer.index);
    let mut walk = Walk::new(file, (span.first, span.began), seek(&index, span.first, span.last));
    while walk.next(span.end, span.last)?.is_some() {}
    Ok(walk.written)
}

fn bad_header(first: Seq) -> Damage {
    let (file, reason) = (file_name(first), "the header is not what was written");
    Damage { file, bytes: 0..START, lost: None, from: None, to: None, reason }
}
