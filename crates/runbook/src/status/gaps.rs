//! What was missed and what was kept, in the status document.

use serde::{Deserialize, Serialize};

/// Gaps by their state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// Named and not yet closed.
    pub open: u64,
    /// Everything was had afterwards.
    pub filled: u64,
    /// Some of it was had afterwards.
    pub partly: u64,
    /// Nothing could be had.
    pub lost: u64,
    /// The newest ones, newest first.
    #[serde(default)]
    pub recent: Vec<Gap>,
}

/// One gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its number, rising.
    pub id: u64,
    /// `open`, `filled`, `partly` or `lost`.
    pub state: String,
    /// From this instant of Home Assistant's clock, ISO 8601 UTC.
    pub from: String,
    /// To this instant; null while the stream has not come back.
    pub to: Option<String>,
    /// What ended the stream.
    pub cause: String,
    /// The entities concerned; empty means all.
    pub entities: Vec<String>,
    /// States that were had afterwards.
    pub recovered: u64,
    /// The cause as one word, for programs: `disconnected`, `restarted`, `stopped`, `not_running`, `power_cut`,
    /// `queue_full`, `log_refused`, `chain_broken`, `compared`, `damaged` or `requested`.
    #[serde(default)]
    pub kind: String,
    /// While it is being filled: history was asked for up to here, ISO 8601 UTC.
    #[serde(default)]
    pub through: Option<String>,
    /// Entities that changed in it and that Home Assistant's history does not have: states of them may be lost.
    #[serde(default)]
    pub not_kept: Vec<String>,
    /// Of the recovered states, those whose attributes Home Assistant did not keep.
    #[serde(default)]
    pub without_attributes: u64,
    /// Why something could not be had.
    #[serde(default)]
    pub note: Option<String>,
    /// How often history was asked for all of it.
    #[serde(default)]
    pub tries: u32,
}

impl From<&hearthline_pipeline::gaps::Gap> for Gap {
    fn from(gap: &hearthline_pipeline::gaps::Gap) -> Self {
        let cause = match gap.detail.as_str() {
            "" => gap.cause.to_string(),
            detail => format!("{}: {detail}", gap.cause),
        };
        Self {
            id: gap.id,
            state: gap.state.as_str().into(),
            from: gap.from.to_string(),
            to: gap.to.map(|to| to.to_string()),
            cause,
            entities: gap.entities.iter().map(ToString::to_string).collect(),
            recovered: gap.recovered,
            kind: gap.cause.as_str().into(),
            through: gap.through.map(|through| through.to_string()),
            not_kept: gap.result.not_kept.iter().map(ToString::to_string).collect(),
            without_attributes: gap.without_attributes,
            note: Some(gap.result.note.clone()).filter(|note| !note.is_empty()),
            tries: gap.closings,
        }
    }
}

/// What was kept that would have been lost, since the first connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The first connection, ISO 8601 UTC; null before it.
    pub since: Option<String>,
    /// States that were had after a gap.
    pub recovered: u64,
    /// States from before the first connection that a person asked for.
    pub requested: u64,
    /// What came between, by cause, the frequent ones first.
    pub interruptions: Vec<Interruption>,
    /// All of it in one sentence; null before the first connection.
    pub sentence: Option<String>,
}

/// Something that came between, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// As [`Gap::kind`].
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Both in words.
    pub words: String,
}
