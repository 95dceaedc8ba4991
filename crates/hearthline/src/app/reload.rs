//! Takes up other settings while the program runs, says what they would change, and keeps those under which all was well.
//!
//! A reload reads everything and validates it before it changes anything. Then the settings in force are replaced, and each part is
//! told what it has to know: the producer its filter, between two frames (ADR 14); who judges, the targets and limits; a sink or
//! the weather by being started anew alone, behind its cursor. What cannot be taken up like this keeps its old value until the
//! program is started anew, and is said.

mod documents;
mod kept;
mod preview;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_api::{Reloaded, SettingMistake, SettingsChecked, SettingsDesk, SettingsInForce};
use hearthline_core::{Clock, Fs, Timestamp};
use hearthline_pipeline::orders::{Order, Orders};
use hearthline_runbook::status::Overall;
use parking_lot::Mutex;
use tokio::task::JoinError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) use self::documents::{in_force, mistake};
use self::kept::Trial;
pub(crate) use self::kept::read as read_kept;
use self::watch::Watch;
use super::{Current, Observer, Restarts, sinks};
use crate::logging::LogFilter;
use crate::settings::catalogue::Takes;
use crate::settings::change::{Change, changes, taken_up};
use crate::settings::{Mistakes, Settings, Source};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(2);
/// How long the producer may take between two frames.
const TAKEN: Duration = Duration::from_secs(10);
/// The rows of `[filter]`.
const FILTER: &str = "filter.";

/// Who wants a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The file was changed.
    File,
    /// `SIGHUP`.
    Signal,
    /// Somebody asked for it.
    Person,
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Signal => "signal",
            Self::Person => "person",
        }
    }
}

/// Changes the settings in force. Clones are the same.
#[derive(Clone)]
pub(crate) struct Reloads(Arc<Inner>);

struct Inner {
    current: Current,
    source: Source,
    log_filter: LogFilter,
    orders: Orders,
    restarts: Restarts,
    observer: Arc<Observer>,
    clock: Arc<dyn Clock>,
    fs: Arc<dyn Fs>,
    data_dir: PathBuf,
    /// One at a time.
    busy: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
    trial: Mutex<Trial>,
}

/// What is known of the settings beside their values.
struct Known {
    since: Timestamp,
    waiting: Vec<Change>,
    last: Option<Reloaded>,
}

/// What the settings are read from, and what of it is not of any part.
#[derive(Clone)]
pub(crate) struct Reading {
    /// The file and the environment.
    pub(crate) source: Source,
    /// What is said on standard error.
    pub(crate) log_filter: LogFilter,
}

/// The parts that are told.
pub(super) struct Told {
    pub(super) current: Current,
    pub(super) orders: Orders,
    pub(super) restarts: Restarts,
    pub(super) observer: Arc<Observer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fs: Arc<dyn Fs>,
}

impl Reloads {
    pub(super) fn new(reading: Reading, told: Told) -> Self {
        let Reading { source, log_filter } = reading;
        let Told { current, orders, restarts, observer, clock, fs } = told;
        let data_dir = current.settings().data_dir.value.clone();
        let known = Known { since: clock.now(), waiting: Vec::new(), last: None };
        Self(Arc::new(Inner {
            current,
            source,
            log_filter,
            orders,
            restarts,
            observer,
            clock,
            fs,
            data_dir,
            busy: tokio::sync::Mutex::default(),
            known: Mutex::new(known),
            trial: Mutex::default(),
        }))
    }

    /// For those who ask over the API.
    pub(crate) fn desk(&self) -> SettingsDesk {
        let [shown, reloads, checks, keeps] = [(); 4].map(|()| self.clone());
        SettingsDesk {
            in_force: Arc::new(move || shown.in_force()),
            reload: Arc::new(move || {
                let (reloads, told) = (reloads.clone(), reloads.clone());
                // Goes on to its end also where whoever asked has gone.
                let reload = tokio::spawn(async move { reloads.reload(By::Person).await });
                Box::pin(async move {
                    let inside = |error: JoinError| vec![documents::inside(&error.to_string())];
                    reload.await.unwrap_or_else(|error| told.refused(By::Person, inside(error)))
                })
            }),
            check: Arc::new(move |toml| {
                let checks = checks.clone();
                Box::pin(async move { checks.check(toml).await })
            }),
            kept: Arc::new(move || {
                let Inner { fs, data_dir, .. } = &*keeps.0;
                let (fs, data_dir) = (Arc::clone(fs), data_dir.clone());
                let read = tokio::task::spawn_blocking(move || read_kept(&*fs, &data_dir));
                Box::pin(async move {
                    read.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
                })
            }),
        }
    }

    /// What holds.
    fn in_force(&self) -> SettingsInForce {
        let (settings, known) = (self.0.current.settings(), self.0.known.lock());
        SettingsInForce {
            since: known.since.to_string(),
            waiting: known.waiting.iter().map(documents::change).collect(),
            last_reload: known.last.clone(),
            ..documents::in_force(&settings)
        }
    }

    /// Reads the settings again and takes up what can be taken up.
    pub(crate) async fn reload(&self, by: By) -> Reloaded {
        let _alone = self.0.busy.lock().await;
        let loaded = self.load(None).await;
        let reloaded = match loaded {
            Ok(wanted) => self.take_up(wanted, by).await,
            Err(mistakes) => self.refused(by, mistakes),
        };
        self.say(&reloaded);
        self.0.known.lock().last = Some(reloaded.clone());
        reloaded
    }

    /// Waits for the disk elsewhere.
    async fn load(&self, candidate: Option<String>) -> Result<Settings, Vec<SettingMistake>> {
        let source = self.0.source.clone();
        let loaded = tokio::task::spawn_blocking(move || match candidate {
            Some(text) => source.load_candidate(&text),
            None => source.load(),
        });
        match loaded.await {
            Ok(Ok(settings)) => usable(settings),
            Ok(Err(Mistakes(mistakes))) => Err(mistakes.iter().map(documents::mistake).collect()),
            Err(error) => Err(vec![documents::inside(&error.to_string())]),
        }
    }

    fn refused(&self, by: By, mistakes: Vec<SettingMistake>) -> Reloaded {
        let count = mistakes.len();
        let says = format!(
            "{count} mistake{} in the settings: nothing was changed, what held before holds",
            if count == 1 { "" } else { "s" }
        );
        self.0.observer.note(Some(says.clone()));
        Reloaded { says, mistakes, ..self.empty(by) }
    }

    fn empty(&self, by: By) -> Reloaded {
        Reloaded {
            at: self.0.clock.now().to_string(),
            by: by.as_str().into(),
            says: String::new(),
            mistakes: Vec::new(),
            taken: Vec::new(),
            waiting: Vec::new(),
            filter_behind: None,
            troubles: Vec::new(),
        }
    }

    async fn take_up(&self, wanted: Settings, by: By) -> Reloaded {
        let inner = &*self.0;
        let before = inner.current.settings();
        let (waiting, taken): (Vec<_>, Vec<_>) =
            changes(&before, &wanted).into_iter().partition(|change| change.takes == Takes::Restart);
        let mut reloaded = self.empty(by);
        if let Err(error) = inner.current.replace(taken_up(&before, &wanted)) {
            return self.refused(by, vec![documents::inside(&error.to_string())]);
        }
        self.tell(&taken, &mut reloaded).await;
        reloaded.taken = taken.iter().map(documents::change).collect();
        reloaded.waiting = waiting.iter().map(documents::change).collect();
        reloaded.says = documents::sentence(&reloaded);
        inner.observer.note(documents::waits(&waiting));
        let mut known = inner.known.lock();
        known.waiting = waiting;
        if !taken.is_empty() {
            known.since = inner.clock.now();
            inner.trial.lock().begin();
        }
        drop(known);
        reloaded
    }

    /// Tells each part what it has to know.
    async fn tell(&self, taken: &[Change], reloaded: &mut Reloaded) {
        let inner = &*self.0;
        let now = inner.current.settings();
        if taken.iter().any(|change| change.name.starts_with(FILTER)) {
            let filter = inner.current.filter();
            let told = timeout(TAKEN, inner.orders.give(|reply| Order::Refilter(filter, reply)));
            match told.await {
                Ok(Ok(behind)) => reloaded.filter_behind = Some(behind.0),
                // One that is started anew begins with it.
                Ok(Err(why)) => reloaded.troubles.push(format!("the filter: {why}")),
                Err(_) => reloaded.troubles.push("the filter holds as soon as the reader goes on".into()),
            }
        }
        let targets = now.criteria.targets(&now.verify);
        inner.observer.judge_by(targets, now.alerts.limits(targets.canary));
        inner.log_filter.set(&now.log_filter);
        let mut parts: Vec<&str> = taken
            .iter()
            .filter(|change| change.takes == Takes::Part)
            .map(|change| change.sink().unwrap_or("weather"))
            .collect();
        parts.dedup();
        for part in parts {
            if let Err(why) = inner.restarts.restart(Some(part)).await {
                reloaded.troubles.push(format!("{part}: {why}"));
            }
        }
    }

    fn say(&self, reloaded: &Reloaded) {
        let Reloaded { by, says, mistakes, troubles, .. } = reloaded;
        if mistakes.is_empty() && troubles.is_empty() {
            tracing::info!(by, "settings read again: {says}");
        } else {
            let places = mistakes.iter().map(|m| {
                let key = if m.key.is_empty() { String::new() } else { format!("{}: ", m.key) };
                format!("{}: {key}{}; {}", m.place, m.reason, m.todo)
            });
            let words: Vec<_> = places.chain(troubles.iter().cloned()).collect();
            tracing::warn!(by, "settings read again: {says}: {}", words.join(" | "));
        }
    }

    /// What would change if this were the text of the file; without it, what the file as it is would change.
    async fn check(&self, toml: Option<String>) -> SettingsChecked {
        let wanted = match self.load(toml).await {
            Ok(wanted) => wanted,
            Err(mistakes) => {
                let says =
                    format!("{} mistake{}", mistakes.len(), if mistakes.len() == 1 { "" } else { "s" });
                return SettingsChecked { says, mistakes, changes: Vec::new(), preview: None };
            }
        };
        let changes = changes(&self.0.current.settings(), &wanted);
        let preview = preview::of(&self.0.orders, &self.0.current.filter(), &wanted).await;
        let says = documents::would(&changes, preview.as_ref());
        SettingsChecked {
            says,
            mistakes: Vec::new(),
            changes: changes.iter().map(documents::change).collect(),
            preview: preview.ok(),
        }
    }

    /// How all is at this moment: settings under which it is well for long enough are kept.
    pub(super) fn lived(&self, overall: Overall) {
        let inner = &*self.0;
        if !inner.trial.lock().look(overall, inner.clock.monotonic()) {
            return;
        }
        let (since, healthy) = (inner.known.lock().since, inner.clock.now());
        let set = documents::kept(&inner.current.settings(), since, healthy);
        let (fs, data_dir) = (Arc::clone(&inner.fs), inner.data_dir.clone());
        // Waits for the disk elsewhere; what is not kept is missing from the list alone.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = kept::keep(&*fs, &data_dir, set) {
                tracing::warn!(%error, "the settings under which all is well could not be kept");
            }
        });
    }

    /// Whether the file is another one than at the start, which may have taken long.
    async fn was_changed(&self) -> bool {
        let now = self.0.current.settings();
        self.load(None).await.map_or(true, |wanted| !changes(&now, &wanted).is_empty())
    }

    /// Reloads when a file has changed, until told to stop.
    pub(crate) async fn watch(&self, stop: CancellationToken) {
        let mut watch = Watch::new(self.0.source.clone());
        if self.was_changed().await {
            self.reload(By::File).await;
        }
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            let looked = tokio::task::spawn_blocking(move || {
                let changed = watch.look();
                (watch, changed)
            });
            match looked.await {
                Ok((next, changed)) => {
                    watch = next;
                    if changed {
                        self.reload(By::File).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "changes of the settings file are not noticed any more; `hearthline reload` reads it");
                    return stop.cancelled().await;
                }
            }
        }
    }
}

/// What can be read and cannot be used: certificates of a sink that are not there.
fn usable(settings: Settings) -> Result<Settings, Vec<SettingMistake>> {
    let wrong = settings.sinks.iter().filter_map(|sink| {
        let error = sinks::config(sink, &settings.data_dir).err()?;
        Some(documents::unusable(&sink.name, &format!("{error:#}")))
    });
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}
