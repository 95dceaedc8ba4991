//! What a repair would do.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RepairError;

/// What a repair would do, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// As in `hearthline repair <name>`.
    pub repair: String,
    /// What is wrong, in one sentence; without steps, why there is nothing to do.
    pub finding: String,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What a person has to type before it is applied, where data is taken away.
    pub confirm: Option<String>,
    /// What a person should know beside it.
    pub notes: Vec<String>,
}

/// One step of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which step of the repair this is: one word, for the program.
    pub kind: String,
    /// What is done, for a person.
    pub what: String,
    /// What it touches, for a person: `field attr_dynamics of home_assistant_events`.
    pub touches: String,
    /// Rows, where they are counted.
    pub rows: Option<u64>,
    /// Bytes that are sent or written, about.
    pub bytes: Option<u64>,
    /// How long it will take, about.
    pub seconds: Option<u64>,
    /// It can be taken back.
    pub undo: bool,
    /// All that is needed to do it, to go on with it, and to take it back.
    #[serde(default)]
    pub data: Value,
}

impl Step {
    /// What it needs to be done.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, RepairError> {
        serde_json::from_value(self.data.clone()).map_err(|error| {
            RepairError::Person(format!("the receipt cannot be read ({error}): plan it anew"))
        })
    }

    /// Its kind is one that this release does not know.
    pub(super) fn unknown(&self) -> RepairError {
        RepairError::Person(format!("the receipt has a step {:?}: plan it anew", self.kind))
    }
}
