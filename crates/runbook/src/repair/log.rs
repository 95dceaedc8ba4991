//! `repair log`: sets aside what of the log cannot be read.
//!
//! The damaged file stays where it is, since what is before and behind the damage is read from it; a copy of it is kept beside
//! the receipt with its checksum, for whoever wants to look at it after the log has let go of it. From then on the damage is not
//! told again. What was lost with it, and is not in the store, is a gap, which the running program names and fills.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hearthline_core::{Fs, Seq};
use hearthline_log::aside::{self, Aside};
use hearthline_log::{Damage, Log as Running, LogError, glance, verify};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::blocking::blocking;
use super::keep::copy;
use super::{Doing, Done, Options, Plan, Repair, RepairError, Scribe, Step};

/// The repair.
pub struct Log {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    /// None where no program runs.
    running: Option<Running>,
    only_what_is_wrong: bool,
}

/// What a step needs.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    file: String,
    /// First byte, end, first and last record that are lost, 0 where none is.
    places: Vec<[u64; 4]>,
}

impl Task {
    fn of(file: &str, damage: &[Damage]) -> Self {
        let place = |damage: &Damage| {
            let (first, last) = damage.lost.unwrap_or_default();
            [damage.bytes.start, damage.bytes.end, first.0, last.0]
        };
        Self { file: file.into(), places: damage.iter().map(place).collect() }
    }

    fn asides(&self) -> Vec<Aside> {
        let aside = |[start, end, first, last]: &[u64; 4]| Aside {
            file: self.file.clone(),
            bytes: *start..*end,
            lost: (*last > 0).then_some((Seq(*first), Seq(*last))),
        };
        self.places.iter().map(aside).collect()
    }
}

impl Log {
    /// Of the log in this folder.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, dir: PathBuf, running: Option<Running>, options: &Options) -> Self {
        Self { fs, dir, running, only_what_is_wrong: options.only_what_is_wrong }
    }

    /// What is damaged and not set aside: all of it, or as far as it shows without reading everything.
    async fn damage(&self, all: bool) -> Result<Vec<Damage>, RepairError> {
        let (fs, dir, running) = (Arc::clone(&self.fs), self.dir.clone(), self.running.clone());
        blocking(move || {
            let found = match running {
                _ if all => verify(&*fs, &dir)?.damage,
                Some(log) => log.damage_in_the_way(),
                None => glance(&*fs, &dir)?,
            };
            let known = aside::read(&*fs, &dir).unwrap_or_default();
            let told = |damage: &Damage| !known.iter().any(|aside| aside.covers(damage));
            Ok::<_, LogError>(found.into_iter().filter(told).collect())
        })
        .await
    }

    /// Sets places of a file aside, in place of those that were.
    async fn replace(&self, file: String, with: Vec<Aside>) -> Result<(), RepairError> {
        let (fs, dir, running) = (Arc::clone(&self.fs), self.dir.clone(), self.running.clone());
        blocking(move || {
            aside::replace(&*fs, &dir, &file, &with)?;
            running.map_or(Ok(()), |log| log.look_aside())
        })
        .await
    }
}

impl Repair for Log {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let damage = self.damage(!self.only_what_is_wrong).await?;
            let mut files: BTreeMap<&str, Vec<Damage>> = BTreeMap::new();
            for damage in &damage {
                files.entry(&damage.file).or_default().push(damage.clone());
            }
            let lost = |damage: &Damage| damage.lost.map_or(0, |(first, last)| last.0 - first.0 + 1);
            let step = |(file, of): (&&str, &Vec<Damage>)| Step {
                kind: "aside".into(),
                what: format!("keep a copy of {file} with its checksum, and tell its damage no more"),
                touches: of.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
                rows: Some(of.iter().map(lost).sum()),
                bytes: None,
                seconds: None,
                undo: true,
                data: serde_json::to_value(Task::of(file, of)).unwrap_or_default(),
            };
            let records: u64 = damage.iter().map(lost).sum();
            let (places, count) = (damage.len(), files.len());
            let finding = match places {
                0 => "everything that is in the log can be read, or is set aside".to_owned(),
                _ => format!(
                    "{records} records cannot be read, at {places} places of {count} files of the log"
                ),
            };
            let note = "the file stays where it is: what is before and behind the damage is read from it. Records that \
                        the store does not have are a gap, which the running program fills from history"
                .to_owned();
            Ok(Plan {
                repair: "log".into(),
                finding,
                steps: files.iter().map(step).collect(),
                confirm: None,
                notes: if places == 0 { Vec::new() } else { vec![note] },
            })
        })
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let task: Task = step.read()?;
            let (fs, from, kept) = (Arc::clone(&self.fs), self.dir.join(&task.file), scribe.dir.clone());
            let name = task.file.clone();
            let copied = blocking(move || copy(&*fs, &from, &kept, &name)).await?;
            self.replace(task.file.clone(), task.asides()).await?;
            Ok(match copied {
                Some(copied) => Done {
                    says: format!(
                        "a copy of {} bytes is kept (CRC-32 {}); its damage is not told again",
                        copied.bytes, copied.crc32
                    ),
                    data: json!({ "copy": task.file, "bytes": copied.bytes, "crc32": copied.crc32 }),
                },
                None => Done {
                    says: format!(
                        "{} is not there, so nothing can be kept; that is not told again",
                        task.file
                    ),
                    data: json!({ "copy": null }),
                },
            })
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, _: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let task: Task = step.read()?;
            self.replace(task.file.clone(), Vec::new()).await?;
            Ok(Done {
                says: format!("the damage of {} is told again; the copy stays", task.file),
                data: json!({}),
            })
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let damage = self.damage(true).await?;
            match damage.first() {
                None => Ok(Done {
                    says: "everything else in the log is what was written".into(),
                    data: json!({}),
                }),
                Some(first) => Err(RepairError::Differs(format!("there is more: {first}"))),
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
