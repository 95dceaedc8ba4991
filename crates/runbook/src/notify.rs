//! Telling people: what is wrong, what is over, and maintenance, to each place that the settings name.
//!
//! Each second [`Notify::look`] shows every place ([`Desk`]) how things are. A desk tells the difference to what it has told, so that
//! nothing is forgotten over a kill: what was raised and not told is told after the next start. What it tells waits on disk until the
//! place has taken it. A message whose answer was lost by a kill is told twice; none is told never, but for those that the place
//! refuses, those older than a day, and those beyond the room for them, which are counted.
//!
//! ```text
//! <data_dir>/notify.json   one JSON object (`Kept`), put in place as a whole, within a second of each change
//! ```
//!
//! Nothing of the recorder waits for it: it only reads what alerts say, and a place that is away makes a part late.

mod desk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs};
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::watch::ticking;
use hearthline_pipeline::webhook::{Message, Untold, Urgency, Webhook};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use self::desk::{Desk, Look, Rules};
use crate::alerts::Alerts;
use crate::maintenance::{Maintenance, Meanwhile};
use crate::status::{Overall, Status};

/// What the file of a data folder is called.
pub const FILE: &str = "notify.json";
/// What happens within this time is one message.
pub const GROUP: Duration = Duration::from_secs(30);
/// The whole has to be unhealthy for so long: a server that is started anew is back by then.
const UNHEALTHY: Duration = Duration::from_secs(30);
/// Between two looks whether something is to be told.
const LOOK: Duration = Duration::from_secs(1);
/// Of what is over, so much is looked through at the end of maintenance.
const HISTORY: usize = 500;
const VERSION: u32 = 1;

/// A place where people are told.
#[derive(Clone, Debug)]
pub struct Place {
    /// As in the settings.
    pub name: String,
    /// What is less urgent is not told there, but for maintenance.
    pub level: Urgency,
    /// No more messages within an hour; what is held back is told together afterwards.
    pub per_hour: usize,
    /// The way there.
    pub hook: Webhook,
}

/// Everything that is known of telling people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The places of the settings.
    pub places: Vec<PlaceView>,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    /// As in the settings.
    pub name: String,
    /// `ntfy`, `slack`, `discord`, `gotify` or `template`.
    pub kind: String,
    /// Host and port: the rest of the address gives access.
    pub host: String,
    /// What is less urgent is not told there: `warning` or `critical`.
    pub level: Urgency,
    /// Why the last message was not taken; null where it was.
    pub trouble: Option<String>,
    /// Messages that wait, the one that is tried included.
    pub waiting: u64,
    /// Things that happened and are not in a message yet.
    pub gathering: u64,
    /// Until when no message goes out, since there were so many within an hour, ISO 8601 UTC; null where that is not so.
    pub held_until: Option<String>,
    /// Messages that were taken, as far as is known.
    pub told: u64,
    /// Messages that were refused, became too old, or had no room.
    pub untold: u64,
    /// The last of both, the newest first.
    pub last: Vec<Told>,
}

/// A message, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When that was known, ISO 8601 UTC.
    pub at: String,
    /// Its title.
    pub title: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was not taken; null where it was.
    pub why: Option<String>,
}

/// What came of a message that a person sent to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// As in the settings.
    pub name: String,
    /// Why it was not taken; null where it was.
    pub why: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// By the name of the place. One that the settings do not name any more is let go.
    desks: BTreeMap<String, Desk>,
}

/// What tells people. Clones are the same.
#[derive(Clone)]
pub struct Notify(Arc<Inner>);

struct Inner {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    places: Vec<Place>,
    group: Duration,
    alerts: Alerts,
    maintenance: Maintenance,
    kept: Mutex<Kept>,
    /// Since when the whole is unhealthy, on the clock that never jumps.
    unhealthy: Mutex<Option<Duration>>,
    /// Whether something is to be written; whether that it could not be was said.
    writing: Mutex<(bool, bool)>,
}

impl Notify {
    /// Goes on with what the data folder knows. Of a file that cannot be read nothing is known: what is wrong is told again.
    #[must_use]
    pub fn open(
        (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>),
        data_dir: &Path,
        places: Vec<Place>,
        group: Duration,
        (alerts, maintenance): (Alerts, Maintenance),
    ) -> Self {
        let path = data_dir.join(FILE);
        let read =
            fs.read_if_exists(&path).map(|bytes| bytes.map(|bytes| serde_json::from_slice::<Kept>(&bytes)));
        let mut kept = match read {
            Ok(None) => Kept::default(),
            Ok(Some(Ok(kept))) if kept.version == VERSION => kept,
            unread => {
                let why = match unread {
                    Err(error) => error.to_string(),
                    Ok(Some(Err(error))) => error.to_string(),
                    Ok(_) => "it is of another version".into(),
                };
                tracing::warn!(path = %path.display(), why, "what was told cannot be read: what is wrong is told again");
                Kept::default()
            }
        };
        kept.version = VERSION;
        kept.desks.retain(|name, _| places.iter().any(|place| place.name == *name));
        for place in &places {
            kept.desks.entry(place.name.clone()).or_default();
        }
        let inner = Inner {
            fs,
            clock,
            path,
            places,
            group,
            alerts,
            maintenance,
            kept: Mutex::new(kept),
            unhealthy: Mutex::default(),
            writing: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// Whether the settings name any place.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.0.places.is_empty()
    }

    /// What is to be told of this moment. `status` is of after the alerts have looked.
    pub fn look(&self, status: &Status) {
        if !self.is_on() {
            return;
        }
        let Inner { clock, places, group, alerts, maintenance, kept, unhealthy, .. } = &*self.0;
        let (now, passed) = (clock.now(), clock.monotonic());
        let is_unhealthy = {
            let mut since = unhealthy.lock();
            *since = (status.overall == Overall::Unhealthy).then(|| since.unwrap_or(passed));
            since.is_some_and(|since| passed.saturating_sub(since) >= UNHEALTHY)
        };
        let period = maintenance.now();
        let meanwhile = |since| Meanwhile::of(&alerts.list(HISTORY), since);
        let listed = alerts.list(0);
        let look = Look {
            now,
            alerts: &listed.active,
            overall: status.overall,
            unhealthy: is_unhealthy.then_some(&*status.verdict),
            maintenance: period.as_ref(),
            meanwhile: &meanwhile,
        };
        let mut kept = kept.lock();
        let mut changed = false;
        for place in places {
            let rules = Rules { level: place.level, per_hour: place.per_hour, group: *group };
            let desk = kept.desks.entry(place.name.clone()).or_default();
            changed |= desk.step(&rules, &look);
        }
        drop(kept);
        self.0.writing.lock().0 |= changed;
    }

    /// Tells each place what waits for it, until told to stop. What was taken or not is kept before the next one is told.
    pub async fn tell(&self) {
        futures_util::future::join_all(self.0.places.iter().map(|place| self.tell_place(place))).await;
    }

    async fn tell_place(&self, place: &Place) {
        loop {
            let now = self.0.clock.now();
            let due = self.0.kept.lock().desks.get_mut(&place.name).and_then(|desk| desk.due(now));
            let Some((id, message)) = due else {
                sleep(LOOK).await;
                continue;
            };
            let answer = ticking(place.hook.tell(&message)).await;
            self.settle(place, id, answer);
            let notify = self.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || notify.keep()).await {
                tracing::warn!(%error, "what was told could not be kept");
            }
        }
    }

    fn settle(&self, place: &Place, id: u64, answer: Result<(), Untold>) {
        let name = &place.name;
        match &answer {
            Ok(()) => tracing::debug!(name, "a message was taken"),
            Err(Untold { why, never: true, .. }) => tracing::error!(name, "a message was refused: {why}"),
            Err(Untold { why, .. }) => {
                tracing::warn!(name, "a message was not taken: {why}; it is tried again")
            }
        }
        let now = self.0.clock.now();
        if let Some(desk) = self.0.kept.lock().desks.get_mut(name) {
            desk.settle(id, now, answer);
        }
        self.0.writing.lock().0 = true;
    }

    /// Tries places out: one by its name, or all.
    ///
    /// # Errors
    /// As of [`Self::send`].
    pub async fn test(&self, name: Option<&str>) -> Result<Vec<Tried>, String> {
        let message = Message {
            title: "Hearthline: a test".into(),
            text: "This is what a message of Hearthline looks like. Nothing is wrong.".into(),
            urgency: Urgency::Info,
        };
        self.send(name, &message).await
    }

    /// Tells one place by its name, or all, what a person wants it told, once and at once. Not counted, and nothing waits for it.
    ///
    /// # Errors
    /// In words, when no place has that name, or there is none.
    pub async fn send(&self, name: Option<&str>, message: &Message) -> Result<Vec<Tried>, String> {
        let places: Vec<_> =
            self.0.places.iter().filter(|place| name.is_none_or(|name| name == place.name)).collect();
        if places.is_empty() {
            let names: Vec<_> = self.0.places.iter().map(|place| place.name.as_str()).collect();
            return Err(match names.as_slice() {
                [] => "the settings name no place to tell: write [[notify]]".into(),
                names => format!(
                    "no place is called {:?}; there are {}",
                    name.unwrap_or_default(),
                    names.join(", ")
                ),
            });
        }
        let tried = places.into_iter().map(|place| async move {
            let why = place.hook.tell(message).await.err().map(|untold| untold.why);
            Tried { name: place.name.clone(), why }
        });
        Ok(futures_util::future::join_all(tried).await)
    }

    /// How telling is, as a part.
    #[must_use]
    pub fn state(&self) -> (PartState, Option<String>) {
        let kept = self.0.kept.lock();
        let troubles = kept.desks.iter().filter_map(|(name, desk)| Some((name, desk.trouble()?)));
        let troubles: Vec<_> = troubles.map(|(name, why)| format!("{name}: {why}")).collect();
        if troubles.is_empty() {
            (PartState::Healthy, None)
        } else {
            (PartState::Degraded, Some(troubles.join("; ")))
        }
    }

    /// All of it.
    #[must_use]
    pub fn list(&self) -> Listed {
        let now = self.0.clock.now();
        let kept = self.0.kept.lock();
        let views = self.0.places.iter().filter_map(|place| {
            let rules = Rules { level: place.level, per_hour: place.per_hour, group: self.0.group };
            let desk = kept.desks.get(&place.name)?;
            Some(PlaceView {
                name: place.name.clone(),
                kind: place.hook.shape.as_str().into(),
                host: place.hook.host(),
                level: place.level,
                ..desk.view(&rules, now)
            })
        });
        Listed { places: views.collect() }
    }

    /// Writes what has changed, if something has. Waits for the disk; what it refuses is tried again the next time.
    pub fn keep(&self) {
        let Inner { fs, path, kept, writing, .. } = &*self.0;
        let mut writing = writing.lock();
        if !std::mem::take(&mut writing.0) {
            return;
        }
        let kept = kept.lock().clone();
        let written = serde_json::to_vec_pretty(&kept)
            .map_err(Into::into)
            .and_then(|bytes| fs.write_atomic(path, &bytes));
        match written {
            Ok(()) => writing.1 = false,
            Err(error) => {
                writing.0 = true;
                if !std::mem::replace(&mut writing.1, true) {
                    tracing::warn!(%error, path = %path.display(), "what is told could not be kept");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
