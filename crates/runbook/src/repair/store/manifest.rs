//! A manifest that cannot be read.

use std::path::PathBuf;
use std::sync::Arc;

use hearthline_core::{Fs, Seq};
use hearthline_store::{StoreError, damaged_manifest, rebuild, survey};
use serde_json::{Value, json};

use super::kept_name;
use crate::repair::blocking::blocking;
use crate::repair::keep::copy;
use crate::repair::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};

/// The record before the oldest of the log, and how many events the log had through it; none where it is empty.
pub type Oldest = Arc<dyn Fn() -> Result<Option<(Seq, u64)>, String> + Send + Sync>;

/// The repair.
pub struct StoreManifest {
    fs: Arc<dyn Fs>,
    /// The store's folder.
    dir: PathBuf,
    oldest: Oldest,
}

impl StoreManifest {
    /// Of a folder on which nothing runs.
    #[must_use]
    pub const fn new(fs: Arc<dyn Fs>, dir: PathBuf, oldest: Oldest) -> Self {
        Self { fs, dir, oldest }
    }

    async fn damage(&self) -> Result<Option<String>, RepairError> {
        let (fs, dir) = (Arc::clone(&self.fs), self.dir.clone());
        blocking(move || damaged_manifest(&fs, &dir)).await
    }

    /// Copies what will count no more: manifests, files that cannot be read, what merges have left behind.
    async fn keep(&self, scribe: &Scribe) -> Result<Done, RepairError> {
        let (fs, dir, kept) = (Arc::clone(&self.fs), self.dir.clone(), scribe.dir.clone());
        let copied = move || {
            let found = survey(&fs, &dir).map_err(|error| error.to_string())?;
            let mut names = Vec::new();
            for name in found.manifests.iter().chain(&found.unreadable).chain(&found.leftover) {
                let copied = copy(&*fs, &dir.join(name), &kept, &kept_name(name));
                if copied.map_err(|error| error.to_string())?.is_some() {
                    names.push(name.display().to_string());
                }
            }
            Ok::<_, String>((names, found.unreadable.len()))
        };
        let (names, unreadable) = blocking(copied).await?;
        Ok(Done {
            says: format!("{} files are kept, {unreadable} of them cannot be read", names.len()),
            data: json!({ "kept": names, "unreadable": unreadable }),
        })
    }

    async fn rebuild(&self) -> Result<Done, RepairError> {
        // One that was killed behind its commit has done it.
        if self.damage().await?.is_none() {
            return Ok(Done { says: "the manifest can be read already".into(), data: Value::Null });
        }
        let (fs, dir, oldest) = (Arc::clone(&self.fs), self.dir.clone(), Arc::clone(&self.oldest));
        let make = move || {
            let log = oldest()?;
            let found = survey(&fs, &dir).map_err(|error| error.to_string())?;
            let made = rebuild(&fs, &dir, &found, log).map_err(|error| error.to_string())?;
            Ok::<_, String>((made, found.unreadable.len()))
        };
        let (made, unreadable) = blocking(make).await?;
        Ok(Done {
            says: format!(
                "{} files with {} rows count, {unreadable} cannot be read; the log is read again behind record {}",
                made.files, made.rows, made.seq
            ),
            data: json!({ "files": made.files, "rows": made.rows, "unreadable": unreadable, "seq": made.seq.0 }),
        })
    }
}

impl Repair for StoreManifest {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let damage = self.damage().await?;
            let step = |kind: &str, what: &str, touches: &str| Step {
                kind: kind.into(),
                what: what.into(),
                touches: touches.into(),
                rows: None,
                bytes: None,
                seconds: None,
                undo: false,
                data: Value::Null,
            };
            let steps = [
                step(
                    "keep",
                    "keep the manifest, and every file that will not count, beside the receipt",
                    "nothing",
                ),
                step("rebuild", "read every file, and make the manifest anew from them", "the manifest"),
            ];
            let notes = [
                "the log is read again from its oldest record at the next start: rows that are there already are known by \
                 their identity",
                "rows of files that cannot be read, and that the log does not have, are fetched with `hearthline backfill`",
            ];
            Ok(Plan {
                repair: "store".into(),
                finding: damage.clone().unwrap_or_else(|| {
                    "the manifest can be read; whether each file can is looked at while the program runs"
                        .into()
                }),
                steps: if damage.is_some() { steps.to_vec() } else { Vec::new() },
                confirm: None,
                notes: if damage.is_some() { notes.map(Into::into).to_vec() } else { Vec::new() },
            })
        })
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            match &*step.kind {
                "keep" => self.keep(scribe).await,
                "rebuild" => self.rebuild().await,
                _ => Err(step.unknown()),
            }
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            if let Some(damage) = self.damage().await? {
                return Err(RepairError::Differs(damage));
            }
            let (fs, dir) = (Arc::clone(&self.fs), self.dir.clone());
            let found = blocking(move || survey(&fs, &dir).map_err(|error: StoreError| error)).await?;
            Ok(Done {
                says: format!("the manifest can be read; {} files can", found.files),
                data: json!({ "files": found.files, "rows": found.rows }),
            })
        })
    }
}
