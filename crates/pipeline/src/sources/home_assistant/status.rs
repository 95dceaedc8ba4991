//! What others may see of the connection.

use std::time::Duration;

use hearthline_core::Timestamp;

/// How the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The first attempt since the program started.
    Connecting,
    /// Authenticated, subscribed and heard from.
    Connected,
    /// Home Assistant is away; the next attempt is under way or soon.
    Waiting,
    /// Waits for a person.
    Parked,
}

/// One look at the connection.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkStatus {
    /// How it is.
    pub state: LinkState,
    /// Since when, in our wall clock.
    pub since: Timestamp,
    /// The same in monotonic time, which no clock change moves.
    pub entered: Duration,
    /// Attempts since the program started.
    pub attempts: u64,
    /// Of these, those that came as far as a subscription.
    pub connects: u64,
    /// Why the last one failed or ended.
    pub last_error: Option<String>,
    /// What the last answered ping of this connection took.
    pub ping: Option<Duration>,
    /// The same, or what the one on its way has taken, where that is long.
    pub slow: Option<Duration>,
    /// Home Assistant's version, once it has said it.
    pub ha_version: Option<String>,
    /// The name of the house, once Home Assistant has said it.
    pub location_name: Option<String>,
    /// Latitude and longitude of the house in degrees, once Home Assistant has said them.
    pub place: Option<(f64, f64)>,
}

impl LinkStatus {
    pub(super) const fn new(now: Timestamp, monotonic: Duration) -> Self {
        Self {
            state: LinkState::Connecting,
            since: now,
            entered: monotonic,
            attempts: 0,
            connects: 0,
            last_error: None,
            ping: None,
            slow: None,
            ha_version: None,
            location_name: None,
            place: None,
        }
    }

    /// Another state begins now; saying the same again changes nothing.
    pub(super) fn enter(&mut self, state: LinkState, now: Timestamp, monotonic: Duration) {
        if self.state != state {
            (self.state, self.since, self.entered) = (state, now, monotonic);
            self.slow = None;
        }
    }
}
