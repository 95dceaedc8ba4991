//! Files that cannot be read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Fs;
use hearthline_log::{Log, LogError};
use hearthline_pipeline::orders::{Order, Orders};
use hearthline_pipeline::replay;
use hearthline_store::{BadFile, Replaced, Store, StoreError, Table};
use serde_json::json;

use super::kept_name;
use crate::repair::blocking::blocking;
use crate::repair::keep::copy;
use crate::repair::{Doing, Done, Options, Plan, Repair, RepairError, Scribe, Step};

/// The repair.
pub struct StoreFiles {
    fs: Arc<dyn Fs>,
    /// The store's folder.
    dir: PathBuf,
    store: Arc<Store>,
    log: Log,
    orders: Orders,
    /// The house.
    site: String,
    only_what_is_wrong: bool,
}

impl StoreFiles {
    /// Of the running program.
    #[must_use]
    pub fn new(
        fs: Arc<dyn Fs>,
        dir: PathBuf,
        store: Arc<Store>,
        (log, orders): (Log, Orders),
        site: &str,
        options: &Options,
    ) -> Self {
        let only_what_is_wrong = options.only_what_is_wrong;
        Self { fs, dir, store, log, orders, site: site.into(), only_what_is_wrong }
    }

    /// Those that are known, or all.
    async fn bad(&self, all: bool) -> Result<Vec<BadFile>, RepairError> {
        let store = Arc::clone(&self.store);
        let look = move || {
            if all {
                drop(store.verify());
            }
            Ok::<_, StoreError>(store.bad_files())
        };
        blocking(look).await
    }

    /// The rows that the log has for it, and how many of these are in no other file.
    async fn known(&self, bad: &BadFile) -> Result<(Vec<hearthline_core::Row>, u64), RepairError> {
        let (store, log, site, bad) =
            (Arc::clone(&self.store), self.log.clone(), self.site.clone(), bad.clone());
        let read = move || {
            let mut rows = Vec::new();
            replay::rows(&log, &site, store.committed(), |row| {
                if bad.is_for(&row) {
                    rows.push(row);
                }
            })?;
            let missing = store.would_replace(&bad, &rows);
            Ok::<_, LogError>((rows, missing))
        };
        blocking(read).await
    }

    /// What is in no file and not in the log is asked of history.
    async fn name_gap(&self, bad: &BadFile, missing: u64) -> Result<(), RepairError> {
        let what =
            format!("{missing} rows of {}, a file of the store that cannot be read", bad.name.display());
        let (from, to) = (bad.first, bad.last.plus(Duration::from_micros(1)));
        let asked = self.orders.give(|reply| Order::Damaged(from, to, what, reply)).await;
        asked.map(drop).map_err(RepairError::Later)
    }
}

impl Repair for StoreFiles {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let bad = self.bad(!self.only_what_is_wrong).await?;
            let rows: u64 = bad.iter().map(|bad| bad.rows).sum();
            let step = |bad: &BadFile| Step {
                kind: "file".into(),
                what: format!(
                    "keep {} beside the receipt, and make its rows anew from the log; what the log does not have is asked of \
                     history",
                    bad.name.display()
                ),
                touches: format!("the table {}, between {} and {}", bad.table, bad.first, bad.last),
                rows: Some(bad.rows),
                bytes: Some(bad.bytes),
                seconds: None,
                undo: true,
                data: serde_json::to_value(bad).unwrap_or_default(),
            };
            Ok(Plan {
                repair: "store".into(),
                finding: match bad.len() {
                    0 => "every file of the store is what was written".into(),
                    n => format!("{n} files of the store cannot be read; they had {rows} rows"),
                },
                steps: bad.iter().map(step).collect(),
                ..Plan::default()
            })
        })
    }

    /// The gap is named before the file goes: who is killed in between names it again, which is no news.
    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let bad: BadFile = step.read()?;
            let (fs, from, kept) = (Arc::clone(&self.fs), self.dir.join(&bad.name), scribe.dir.clone());
            let name = kept_name(&bad.name);
            let copied = blocking(move || copy(&*fs, &from, &kept, &name)).await?;
            let (rows, known) = self.known(&bad).await?;
            let missing = bad.rows.saturating_sub(known);
            let is_there = self.bad(false).await?.contains(&bad);
            let asks = bad.table == Table::States && missing > 0;
            if is_there && asks {
                self.name_gap(&bad, missing).await?;
            }
            let (store, of) = (Arc::clone(&self.store), bad.clone());
            let replaced = blocking(move || store.replace_bad(&of, &rows)).await?;
            let kept = match &copied {
                Some(copied) => format!("kept ({} bytes, CRC-32 {})", copied.bytes, copied.crc32),
                None => "not there any more".into(),
            };
            let Some(Replaced { by, rows }) = replaced else {
                let says = format!("{} is out of the store already; it is {kept}", bad.name.display());
                return Ok(Done { says, data: json!({ "by": null }) });
            };
            let rest = match (missing, asks) {
                (0, _) => "none is missing".to_owned(),
                (n, true) => format!("{n} are asked of history, as a gap"),
                (n, false) => format!("{n} are lost"),
            };
            let again = if bad.table.is_restated() { ", and is written anew by the next flush" } else { "" };
            Ok(Done {
                says: format!(
                    "{} is {kept}{again}; of its {} rows {rows} came from the log, {rest}",
                    bad.name.display(),
                    bad.rows
                ),
                data: json!({ "by": by, "rows": rows, "missing": missing, "copy": kept_name(&bad.name) }),
            })
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let bad: BadFile = step.read()?;
            let by = scribe.done.as_ref().and_then(|done| done.data.get("by")?.as_u64());
            let (fs, kept, name) =
                (Arc::clone(&self.fs), scribe.dir.join(kept_name(&bad.name)), bad.name.clone());
            let (store, dir, of) = (Arc::clone(&self.store), self.dir.clone(), bad.clone());
            let back = move || {
                let words = |error: std::io::Error| error.to_string();
                let place = dir.join(&of.name);
                let folder = place.parent().unwrap_or(&dir);
                let file = of.name.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if fs.open(&place).is_err() {
                    let copied = copy(&*fs, &kept, folder, &file).map_err(words)?;
                    copied.ok_or_else(|| format!("{} is not there", kept.display()))?;
                }
                store.put_back_bad(&of, by).map_err(|error| error.to_string())
            };
            blocking(back).await?;
            Ok(Done { says: format!("{} counts again, as it was", name.display()), data: json!({}) })
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            match self.bad(true).await?.first() {
                None => {
                    Ok(Done { says: "every file of the store is what was written".into(), data: json!({}) })
                }
                Some(bad) => {
                    Err(RepairError::Differs(format!("{} cannot be read either", bad.name.display())))
                }
            }
        })
    }
}
