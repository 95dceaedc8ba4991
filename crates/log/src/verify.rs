//! Reading all of a log, to see that every byte is what was written.

use std::path::Path;

use hearthline_core::{Fs, Seq};

use crate::damage::Damage;
use crate::error::LogError;
use crate::reader::{Place, Read};
use crate::recover::look;
use crate::segment::{SegmentFile, file_name};
use crate::state::Span;

/// What is in a log, and what of it cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By first number.
    pub segments: Vec<SegmentReport>,
    /// By place; empty if all is what was written.
    pub damage: Vec<Damage>,
}

/// What is in one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file name.
    pub file: String,
    /// The number that it begins with.
    pub first: Seq,
    /// The number that it ends with, damaged records included; one less than `first` if nothing of it is whole.
    pub last: Seq,
    /// Whole batches.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Events among those.
    pub events: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether it was ended in order, so that it has a footer.
    pub ended: bool,
    /// Bytes at the end that count for nothing: a write that is under way or was torn, or that was made again in the next
    /// segment.
    pub tail_bytes: u64,
}

impl Report {
    /// A figure of all segments together.
    #[must_use]
    pub fn total(&self, of: impl Fn(&SegmentReport) -> u64) -> u64 {
        self.segments.iter().map(of).sum()
    }
}

/// Reads the log in a folder from its first byte to its last, computes every checksum again and unpacks every record.
///
/// Changes nothing, needs no lock, and works beside a program that writes: what that one has not written whole when the
/// end is reached counts as `tail_bytes`, and a segment that it removes meanwhile is left out.
///
/// # Errors
/// When the disk does not answer, or a later version has written in the folder. Damage is no error.
pub fn verify(fs: &dyn Fs, dir: &Path) -> Result<Report, LogError> {
    verify_while(fs, dir, &mut |_| true).map(|(report, _)| report)
}

/// The same of the newest segments alone: before each, `more` is told how many bytes have been read and says whether it goes on.
/// What shows without reading is told of all. Also answers with how many bytes were not read.
///
/// # Errors
/// As [`verify`].
pub fn verify_while(
    fs: &dyn Fs,
    dir: &Path,
    more: &mut dyn FnMut(u64) -> bool,
) -> Result<(Report, u64), LogError> {
    let (segments, found) = look(fs, dir)?;
    let mut report = Report::default();
    for damage in found {
        damage.note(&mut report.damage);
    }
    let spans: Vec<Span> = segments.into_iter().map(|segment| segment.span).collect();
    let (mut bytes, mut unread, mut next) = (0, 0, None::<&Span>);
    for span in spans.iter().rev() {
        let behind = next.replace(span);
        if unread > 0 || !more(bytes) {
            unread += span.size;
            continue;
        }
        bytes += span.size;
        let path = dir.join(file_name(span.first));
        let open = || SegmentFile::open(fs, &path);
        let (segment, damage) = read(*span, behind, &open)?;
        if damage.is_empty() || open()?.exists() {
            report.segments.push(segment);
            damage.into_iter().for_each(|damage| damage.note(&mut report.damage));
        }
    }
    report.segments.reverse();
    Ok((report, unread))
}

/// All of one segment.
fn read(
    span: Span,
    next: Option<&Span>,
    open: &dyn Fn() -> Result<SegmentFile, LogError>,
) -> Result<(SegmentReport, Vec<Damage>), LogError> {
    let Span { first, last, end, size, .. } = span;
    let mut segment =
        SegmentReport { file: file_name(first), first, last, bytes: size, ..SegmentReport::default() };
    let mut damage = Vec::new();
    let mut place = Place::front(span, open()?);
    let mut after = Seq::ZERO;
    while let Some(found) = place.next(after, next.and_then(|next| next.began))? {
        match found {
            Read::Batch(batch) => {
                let (records, events) = batch.counts();
                segment.batches += 1;
                segment.records += u64::from(records);
                segment.events += u64::from(events);
                after = batch.last();
            }
            Read::Damage(found) => {
                after = found.lost.map_or(after, |(_, last)| last);
                damage.push(found);
            }
        }
    }
    let mut file = open()?;
    match file.footer(size)? {
        Some((footer, start)) => {
            segment.ended = true;
            let explained = !damage.is_empty() || span.began.is_none();
            if !explained && file.crc(start)? != Some(footer.file_crc) {
                let (file, reason) =
                    (segment.file.clone(), "the file's checksum is not the one in its footer");
                damage.push(Damage { file, bytes: 0..start, lost: None, from: None, to: None, reason });
            }
        }
        None => segment.tail_bytes = size.saturating_sub(end),
    }
    Ok((segment, damage))
}
