//! The repairs that there are.

use serde::Serialize;

/// One of them, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// As in `hearthline repair <name>`.
    pub name: &'static str,
    /// What it mends.
    pub mends: &'static str,
    /// What it touches.
    pub touches: &'static str,
    /// Whether it can be taken back, and what that does.
    pub undo: &'static str,
    /// The options that it takes.
    pub options: &'static [&'static str],
    /// It is done by the running program alone.
    pub needs_program: bool,
}

/// All of them, in the order in which they are looked at.
pub const CATALOGUE: &[Kind] = &[
    Kind {
        name: "connection",
        mends: "a connection to Home Assistant that stands or waits: closes it and makes it again at once",
        touches: "the connection; what was missed in between is a gap, and is filled",
        undo: "nothing to take back",
        options: &[],
        needs_program: true,
    },
    Kind {
        name: "restart",
        mends: "a part that is not well: stops it in order and starts it anew; without a name all parts",
        touches: "threads and connections; no event is lost by it",
        undo: "nothing to take back",
        options: &["part"],
        needs_program: true,
    },
    Kind {
        name: "gaps",
        mends: "gaps that were filled in part or not at all: asks Home Assistant's history once more",
        touches: "the log, to which the states that come are added",
        undo: "nothing to take back: what is added did happen",
        options: &[],
        needs_program: true,
    },
    Kind {
        name: "quarantine",
        mends: "records that were set aside and that this release understands: reads them again",
        touches: "the log, to which they are added; their bytes stay where they are",
        undo: "nothing to take back: what is added did happen",
        options: &[],
        needs_program: true,
    },
    Kind {
        name: "log",
        mends: "damage of the log that is told again and again: keeps a copy of the file, and takes note of it",
        touches: "nothing of the log: what is before and behind the damage is read as before",
        undo: "the damage is told again; the copy stays",
        options: &[],
        needs_program: false,
    },
    Kind {
        name: "store",
        mends: "files of the store that cannot be read (while the program runs), or its manifest (while it cannot)",
        touches: "the manifest; bad files are kept beside the receipt, their rows come from the log or from history",
        undo: "bad files are put back as they were; a manifest is not, the old one stays beside the receipt",
        options: &[],
        needs_program: false,
    },
    Kind {
        name: "sink",
        mends: "a sink whose database is not there, or that stands still though it can be written to; sends a period once more",
        touches: "the server, where the database is made and filled from the store; the sink, which looks again at once",
        undo: "nothing to take back",
        options: &["sink", "from", "to"],
        needs_program: false,
    },
    Kind {
        name: "schema",
        mends: "fields that an InfluxDB has as another type than is written to them",
        touches: "the measurement at that server; with clear, all of it, after an export that was read back",
        undo: "every value comes back under the name of its type, counted by type",
        options: &["sink", "mode", "measurement", "from", "to", "numbers", "restore"],
        needs_program: false,
    },
];

impl Kind {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|kind| kind.name == name)
    }
}
