//! The parts of the program in the status document.

use serde::{Deserialize, Serialize};

use super::Status;

/// A part of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is called in commands and on the page.
    pub name: String,
    /// `starting`, `healthy`, `degraded`, `unhealthy`, `parked` or `off`.
    pub state: String,
    /// Since when, ISO 8601 UTC.
    pub since: String,
    /// Why, where it is not healthy.
    pub reason: Option<String>,
    /// The share of time that it was healthy or degraded, since the program started; null where it is off.
    pub uptime: Option<f64>,
    /// The same over the last 24 hours, or since [`Status::uptime_since`] if that is later. Time in which the program did not
    /// run counts as down.
    #[serde(default)]
    pub uptime_24h: Option<f64>,
    /// The same over 7 days.
    #[serde(default)]
    pub uptime_7d: Option<f64>,
    /// The same over 30 days.
    #[serde(default)]
    pub uptime_30d: Option<f64>,
    /// Seconds of the last 30 days in which it was neither, those in which the program did not run included; looked at each
    /// second.
    #[serde(default)]
    pub down_s: Option<f64>,
    /// What its state means for the data; null where it is as it should be.
    #[serde(default)]
    pub meaning: Option<String>,
    /// What a person can do; null where there is nothing to do but wait.
    #[serde(default)]
    pub todo: Option<String>,
    /// How often it was started anew since the program started.
    #[serde(default)]
    pub restarts: u64,
    /// The last time.
    #[serde(default)]
    pub last_restart: Option<Restart>,
}

/// A part was started anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// When, ISO 8601 UTC.
    pub at: String,
    /// Why, in words.
    pub why: String,
}

impl Restart {
    /// Why, where it did not come of itself.
    pub const WANTED: &str = "a person wanted it";
}

impl Part {
    /// A part of that name in this state, of which nothing else is known.
    #[must_use]
    pub fn new(name: &str, state: &str) -> Self {
        Self {
            name: name.into(),
            state: state.into(),
            since: String::new(),
            reason: None,
            uptime: None,
            uptime_24h: None,
            uptime_7d: None,
            uptime_30d: None,
            down_s: None,
            meaning: crate::parts::meaning(name, state).map(Into::into),
            todo: crate::parts::todo(name, state),
            restarts: 0,
            last_restart: None,
        }
    }

    /// Seconds that it was down since an earlier document; none where one of both does not know.
    pub(crate) fn down_since(&self, earlier: &Status) -> Option<f64> {
        let before = earlier.parts.iter().find(|earlier| earlier.name == self.name)?;
        Some((self.down_s? - before.down_s?).max(0.0))
    }
}
