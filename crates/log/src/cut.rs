//! What a copy of the log has to have, so that it is the log of one moment.

use hearthline_core::Seq;

use crate::log::Log;
use crate::segment::file_name;

/// The log of one moment: these bytes of these files and no others. A segment is only ever appended to, so the bytes stay what
/// they are while more is written; a whole segment may be let go of meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// By first number.
    pub files: Vec<CutFile>,
    /// The oldest record; 0 if there is none.
    pub first: Seq,
    /// The newest record.
    pub last: Seq,
    /// Events since the log's very beginning.
    pub events: u64,
    /// The last record that was let go of in this run: whoever copies needs to have that from elsewhere.
    pub trimmed: Seq,
}

/// A segment of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutFile {
    /// The file name.
    pub name: String,
    /// How many bytes of it.
    pub bytes: u64,
}

impl Log {
    /// The log of this moment. All that can be read is in it, synced or not.
    #[must_use]
    pub fn cut(&self) -> Cut {
        let state = self.shared.state.lock();
        let spans = state.segments.iter().map(|segment| segment.span);
        Cut {
            files: spans.map(|span| CutFile { name: file_name(span.first), bytes: span.size }).collect(),
            first: state.segments.first().map_or(Seq::ZERO, |segment| segment.span.first),
            last: state.written,
            events: state.events,
            trimmed: state.trimmed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use hearthline_core::{Fs, ManualClock, MemFs, Timestamp};

    use super::*;
    use crate::{Append, LogConfig, LogWriter, verify};

    fn config(dir: &str) -> LogConfig {
        LogConfig::new(dir)
    }

    #[test]
    fn a_cut_that_is_copied_while_more_is_written_is_the_log_of_its_moment() {
        let (fs, clock) = (Arc::new(MemFs::default()), Arc::new(ManualClock::at(Timestamp::EPOCH)));
        let (mut writer, _) = LogWriter::open(fs.clone(), clock, config("/log"), Seq(1)).unwrap();
        let log = writer.log();
        let mut append = |n: usize| {
            for _ in 0..n {
                let mut append = Append::default();
                append.push(&[7; 100], true);
                log.append(append).unwrap();
                writer.step().unwrap();
            }
        };
        append(3);
        let cut = log.cut();
        append(4);
        let disk: &dyn Fs = &*fs;
        disk.create_dir_all("/copy".as_ref()).unwrap();
        for CutFile { name, bytes } in &cut.files {
            let whole = disk.read(&Path::new("/log").join(name)).unwrap();
            let part = whole.get(..usize::try_from(*bytes).unwrap()).unwrap();
            disk.write_atomic(&Path::new("/copy").join(name), part).unwrap();
        }
        let report = verify(disk, "/copy".as_ref()).unwrap();
        assert_eq!((report.total(|s| s.events), report.damage), (3, Vec::new()));
        assert_eq!((cut.first, cut.last, cut.events), (Seq(1), Seq(3), 3));
        assert_eq!(log.cut().last, Seq(7));
    }
}
