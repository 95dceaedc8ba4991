//! What one place is told, and when: pure but for the times that it is given.
//!
//! A desk holds what it has told as wrong. What is wrong beyond that is news, and so is what is not wrong any more. News is gathered
//! for a while and becomes one message, unless there were too many within the hour: then it is gathered until there may be another.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_core::figures::counted;
use hearthline_pipeline::webhook::{Message, Untold, Urgency};
use serde::{Deserialize, Serialize};

use super::{PlaceView, Told};
use crate::alerts::{Alert, Severity, State};
use crate::maintenance::{Meanwhile, Period};
use crate::silent::about;
use crate::status::Overall;

const HOUR: Duration = Duration::from_hours(1);
/// A message that nobody has taken for so long is not worth telling.
const OLDEST: Duration = Duration::from_hours(24);
/// No more wait.
const QUEUE: usize = 50;
/// No more news are gathered; the rest is counted.
const NEWS: usize = 100;
/// A message has no more lines.
const LINES: usize = 10;
/// What became of the last messages.
const PAST: usize = 30;
/// Between two tries: first, and at most.
const BACKOFF: [Duration; 2] = [Duration::from_secs(5), Duration::from_mins(15)];
/// The id of the whole, beside those of alerts.
const WHOLE: &str = "unhealthy";

/// What a place wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) level: Urgency,
    pub(super) per_hour: usize,
    pub(super) group: Duration,
}

/// How everything is.
pub(super) struct Look<'a> {
    pub(super) now: Timestamp,
    /// Muted ones too.
    pub(super) alerts: &'a [Alert],
    pub(super) overall: Overall,
    /// The verdict, where the whole has been unhealthy for long.
    pub(super) unhealthy: Option<&'a str>,
    pub(super) maintenance: Option<&'a Period>,
    /// What happened since then.
    pub(super) meanwhile: &'a dyn Fn(Timestamp) -> Meanwhile,
}

/// Of one place, kept over restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Desk {
    /// What was told as wrong, by id.
    wrong: BTreeMap<String, Wrong>,
    /// The maintenance that was told.
    maintenance: Option<Period>,
    news: Vec<News>,
    /// News that had no room.
    more: u64,
    /// When the first of the news came.
    since: Option<Timestamp>,
    /// When the messages of the last hour were made.
    made: VecDeque<Timestamp>,
    queue: VecDeque<Queued>,
    next: u64,
    told: u64,
    untold: u64,
    /// The newest last.
    past: VecDeque<Told>,
    /// Why the last message was refused, until another is taken.
    refused: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrong {
    urgency: Urgency,
    title: String,
    since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct News {
    /// It is over.
    over: bool,
    urgency: Urgency,
    title: String,
    line: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Queued {
    id: u64,
    at: Timestamp,
    message: Message,
    tries: u32,
    /// Not before.
    due: Timestamp,
    why: Option<String>,
}

impl Desk {
    /// One look. Whether something has changed.
    pub(super) fn step(&mut self, rules: &Rules, look: &Look<'_>) -> bool {
        let mut changed = self.tell_maintenance(rules, look);
        if look.maintenance.is_none() {
            changed |= self.compare(rules, look);
        }
        changed |= self.gather(rules, look.now);
        changed | self.forget(look.now)
    }

    /// Before and after, at once: a person has ordered it and waits for it.
    fn tell_maintenance(&mut self, rules: &Rules, look: &Look<'_>) -> bool {
        if self.maintenance.as_ref() == look.maintenance {
            return false;
        }
        let before = std::mem::replace(&mut self.maintenance, look.maintenance.cloned());
        let message = match (before, look.maintenance) {
            (_, Some(period)) => {
                let why = period.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                let (left, until) = (about(period.until.since(look.now)), clock_of(period.until));
                Message {
                    title: format!("Hearthline: maintenance for {left}"),
                    text: format!(
                        "Maintenance until {until} UTC{why}. What goes wrong is recorded and not told."
                    ),
                    urgency: Urgency::Info,
                }
            }
            (Some(before), None) => {
                let meanwhile = (look.meanwhile)(before.since);
                self.take_over(rules, look);
                let ended = before.until.min(look.now);
                let head = format!("It took {}.", about(ended.since(before.since)));
                let wrong = !meanwhile.wrong.is_empty();
                Message {
                    title: format!(
                        "Hearthline: maintenance is over{}",
                        if wrong { ", and something is wrong" } else { "" }
                    ),
                    text: [vec![head], meanwhile.sentences()].concat().join("\n"),
                    urgency: if wrong { Urgency::Warning } else { Urgency::Info },
                }
            }
            (None, None) => return false,
        };
        self.put(look.now, message);
        true
    }

    /// What is wrong is told as a whole, at the end of maintenance.
    fn take_over(&mut self, rules: &Rules, look: &Look<'_>) {
        let heard = look.alerts.iter().filter(|alert| alert.state != State::Muted);
        let wrong = heard.map(|alert| (alert.id.clone(), wrong(alert, look.now)));
        self.wrong = wrong.filter(|(_, wrong)| wrong.urgency >= rules.level).collect();
    }

    /// News are what is wrong and was not told, or not as bad, and what was told and is over.
    fn compare(&mut self, rules: &Rules, look: &Look<'_>) -> bool {
        let before = (self.news.len(), self.more);
        for alert in look.alerts.iter().filter(|alert| alert.state != State::Muted) {
            let now = wrong(alert, look.now);
            let known = self.wrong.get(&alert.id).is_some_and(|known| known.urgency >= now.urgency);
            if known || now.urgency < rules.level {
                continue;
            }
            let words = &alert.words;
            let line = format!("{}. {}", words.says.trim_end_matches('.'), sentence(&words.todo));
            self.add(&alert.id, now, line.trim(), look.now);
        }
        if let Some(verdict) = look.unhealthy.filter(|_| !self.wrong.contains_key(WHOLE)) {
            // Where an alert says it, it is said.
            let said = look.alerts.iter().any(|alert| alert.words.severity == Severity::Critical);
            if !said {
                let title = "Hearthline is unhealthy".to_owned();
                let whole = Wrong { urgency: Urgency::Critical, title, since: look.now };
                self.add(WHOLE, whole, verdict, look.now);
            }
        }
        let holds = |id: &str| match id {
            WHOLE => look.overall == Overall::Unhealthy,
            id => look.alerts.iter().any(|alert| alert.id == id),
        };
        let over: Vec<_> = self.wrong.extract_if(.., |id, _| !holds(id)).collect();
        for (_, Wrong { urgency, title, since }) in over {
            let line = format!("{title}: over after {}.", about(look.now.since(since)));
            self.news(News { over: true, urgency, title, line }, look.now);
        }
        before != (self.news.len(), self.more)
    }

    fn add(&mut self, id: &str, now: Wrong, line: &str, at: Timestamp) {
        let (urgency, title) = (now.urgency, now.title.clone());
        self.news(News { over: false, urgency, title, line: line.into() }, at);
        self.wrong.insert(id.into(), now);
    }

    fn news(&mut self, news: News, at: Timestamp) {
        self.since.get_or_insert(at);
        if self.news.len() < NEWS {
            self.news.push(news);
        } else {
            self.more += 1;
        }
    }

    /// What was gathered for long enough becomes a message, if there may be one.
    fn gather(&mut self, rules: &Rules, now: Timestamp) -> bool {
        let Some(since) = self.since else { return false };
        // One of the future was made before the clock was set back.
        self.made.retain(|at| *at <= now && now.since(*at) < HOUR);
        if now >= since && now.since(since) < rules.group || self.made.len() >= rules.per_hour {
            return false;
        }
        let held = now.since(since) >= rules.group + Duration::from_secs(60);
        let message = self.message(held.then(|| now.since(since)));
        self.made.push_back(now);
        self.put(now, message);
        true
    }

    fn message(&mut self, held: Option<Duration>) -> Message {
        let (news, more) = (std::mem::take(&mut self.news), std::mem::take(&mut self.more));
        self.since = None;
        let (over, new): (Vec<_>, Vec<_>) = news.iter().partition(|news| news.over);
        let title = match (new.as_slice(), over.as_slice()) {
            ([one], []) => one.title.clone(),
            ([], [one]) => format!("over: {}", one.title),
            (new, []) => format!("{} things are wrong", new.len()),
            ([], over) => format!("{} things are over", over.len()),
            (new, over) => format!("{} new, {} over", new.len(), over.len()),
        };
        let mut lines = Vec::new();
        if let Some(held) = held {
            let all = counted(news.len() as u64 + more, "thing");
            lines.push(format!("So much was told that this was held back: {all} within {}.", about(held)));
        }
        lines.extend(new.iter().chain(&over).take(LINES).map(|news| match (news.over, news.urgency) {
            (true, _) => news.line.clone(),
            (false, Urgency::Critical) => format!("Critical: {}", news.line),
            (false, _) => format!("Warning: {}", news.line),
        }));
        let left = (news.len().saturating_sub(LINES)) as u64 + more;
        if left > 0 {
            lines.push(format!("And {left} more: `hearthline alerts --history` lists them."));
        }
        if !over.is_empty() {
            lines.push(match self.wrong.len() {
                0 => "Nothing is wrong any more.".into(),
                n => {
                    let titles: Vec<_> = self.wrong.values().take(LINES).map(|wrong| &*wrong.title).collect();
                    format!("Still wrong ({n}): {}.", titles.join(", "))
                }
            });
        }
        let urgency = new.iter().map(|news| news.urgency).max().unwrap_or(Urgency::Info);
        Message { title: format!("Hearthline: {title}"), text: lines.join("\n"), urgency }
    }

    fn put(&mut self, now: Timestamp, message: Message) {
        if self.queue.len() >= QUEUE {
            self.let_go(0, now, "too many messages waited");
        }
        self.queue.push_back(Queued { id: self.next, at: now, message, tries: 0, due: now, why: None });
        self.next += 1;
    }

    fn forget(&mut self, now: Timestamp) -> bool {
        let before = self.queue.len();
        while self.queue.front().is_some_and(|front| now.since(front.at) >= OLDEST) {
            self.let_go(0, now, "nobody has taken it for a day");
        }
        before != self.queue.len()
    }

    fn let_go(&mut self, place: usize, now: Timestamp, why: &str) {
        let Some(queued) = self.queue.remove(place) else { return };
        let last = queued.why.as_ref().map(|last| format!("; the last try: {last}")).unwrap_or_default();
        self.untold += 1;
        self.remember(now, queued, Some(format!("{why}{last}")));
    }

    fn remember(&mut self, now: Timestamp, queued: Queued, why: Option<String>) {
        let Message { title, urgency, .. } = queued.message;
        self.past.push_back(Told { at: now.to_string(), title, urgency, tries: queued.tries, why });
        let old = self.past.len().saturating_sub(PAST);
        self.past.drain(..old);
    }

    /// The first message that waits, where it may be tried now.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(u64, Message)> {
        let front = self.queue.front_mut()?;
        // Further away than any pause: the clock was set back.
        let [_, longest] = BACKOFF;
        if front.due > now && front.due.since(now) <= longest.max(HOUR) {
            return None;
        }
        front.tries += 1;
        Some((front.id, front.message.clone()))
    }

    /// What came of it.
    pub(super) fn settle(&mut self, id: u64, now: Timestamp, answer: Result<(), Untold>) {
        let Some(place) = self.queue.iter().position(|queued| queued.id == id) else { return };
        match answer {
            Ok(()) => {
                self.told += 1;
                self.refused = None;
                if let Some(queued) = self.queue.remove(place) {
                    self.remember(now, queued, None);
                }
            }
            Err(Untold { why, never: true, .. }) => {
                self.refused = Some(why.clone());
                self.let_go(place, now, &why);
            }
            Err(Untold { why, after, .. }) => {
                let Some(queued) = self.queue.get_mut(place) else { return };
                queued.due = now.plus(after.map_or_else(|| pause(queued.tries), |after| after.min(HOUR)));
                queued.why = Some(why);
            }
        }
    }

    /// Why the last try was none.
    pub(super) fn trouble(&self) -> Option<&str> {
        let front = self.queue.front().and_then(|front| front.why.as_deref());
        front.or(self.refused.as_deref())
    }

    /// As a person sees it.
    pub(super) fn view(&self, rules: &Rules, now: Timestamp) -> PlaceView {
        let held = self.since.is_some() && self.made.len() >= rules.per_hour;
        let until = self.made.front().map(|at| at.plus(HOUR)).filter(|until| held && *until > now);
        PlaceView {
            name: String::new(),
            kind: String::new(),
            host: String::new(),
            level: rules.level,
            trouble: self.trouble().map(Into::into),
            waiting: self.queue.len() as u64,
            gathering: self.news.len() as u64 + self.more,
            held_until: until.map(|until| until.to_string()),
            told: self.told,
            untold: self.untold,
            last: self.past.iter().rev().cloned().collect(),
        }
    }
}

fn wrong(alert: &Alert, now: Timestamp) -> Wrong {
    Wrong {
        urgency: match alert.words.severity {
            Severity::Warning => Urgency::Warning,
            Severity::Critical => Urgency::Critical,
        },
        title: alert.words.title.clone(),
        since: Timestamp::parse(&alert.since).unwrap_or(now),
    }
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// `12:30`.
fn clock_of(at: Timestamp) -> String {
    at.to_string().get(11..16).unwrap_or_default().to_owned()
}

/// Twice as long each time.
fn pause(tries: u32) -> Duration {
    let [first, longest] = BACKOFF;
    first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(longest)
}

#[cfg(test)]
mod tests;
