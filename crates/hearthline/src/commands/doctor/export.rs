//! A report to hand on: one JSON document with everything that a stranger needs to help, and no secret.
//!
//! ```text
//! format     "hearthline-report 1"
//! program    version, system
//! settings   the lines with their origins; all of them; what is odd about them
//! doctor     the report, as `hearthline doctor --json`
//! status     the status document; null where the program does not run
//! receipts   of repairs and of retention, the newest first
//! log        the newest lines that the program has said, the oldest first; a text where they cannot be read
//! ```
//!
//! Secrets are no part of it by construction. Since a server may repeat one in its words, every secret that the settings, the
//! secrets' folder and their files hold is looked for in the finished text and struck out.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use hearthline_core::{Fs, RealFs};
use hearthline_runbook::doctor::{Report, Subject};
use hearthline_runbook::logs::{Logs, Wanted};
use serde_json::{Value, json};

use crate::settings::{Mistakes, Settings};

/// In the place of a secret.
const STRUCK: &str = "(secret)";
/// Newest receipts.
const RECEIPTS: usize = 50;
/// Newest lines of what the program says of itself.
const LINES: usize = 500;

/// Writes it.
pub(super) fn write(
    path: &Path,
    settings: &Settings,
    subject: &Subject,
    report: &Report,
) -> anyhow::Result<()> {
    let all = format!("{settings:#?}");
    let document = json!({
        "format": "hearthline-report 1",
        "program": program(),
        "settings": {
            "lines": subject.settings,
            "notes": subject.notes,
            "all": all.lines().collect::<Vec<_>>(),
        },
        "doctor": report,
        "status": subject.running.status(),
        "receipts": receipts(&settings.data_dir),
        "log": log(&settings.data_dir),
    });
    put(path, &struck(&document, &secrets(settings)))
}

/// The same where the settings cannot be read: what is wrong with them.
pub(super) fn write_mistakes(path: &Path, mistakes: &Mistakes) -> anyhow::Result<()> {
    let lines: Vec<_> = mistakes.to_string().lines().map(str::to_owned).collect();
    let document = json!({
        "format": "hearthline-report 1", "program": program(), "settings": { "mistakes": lines },
        "doctor": null, "status": null, "receipts": [], "log": null,
    });
    put(path, &document)
}

fn program() -> Value {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "version": env!("CARGO_PKG_VERSION"), "system": std::env::consts::OS,
        "machine": std::env::consts::ARCH, "kernel": kernel.trim(),
    })
}

fn put(path: &Path, document: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    let fs: &dyn Fs = &RealFs;
    let written = std::path::absolute(path).and_then(|path| fs.write_atomic(&path, text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Every receipt in the data folder, as it is. What cannot be read is named.
fn receipts(data_dir: &Path) -> Vec<Value> {
    let mut found = Vec::new();
    let mut dirs = vec![data_dir.join("receipts"), data_dir.join("repairs")];
    while let Some(dir) = dirs.pop() {
        for entry in RealFs.read_dir(&dir).unwrap_or_default() {
            let path = dir.join(&entry.name);
            if entry.is_dir {
                dirs.push(path);
            } else if entry.name.ends_with(".json") {
                found.push(path);
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read(path).ok();
        let receipt = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        json!({ "file": path.strip_prefix(data_dir).unwrap_or(path), "receipt": receipt })
    };
    found.iter().take(RECEIPTS).map(read).collect()
}

/// What the program said of itself, as the data folder has it.
fn log(data_dir: &Path) -> Value {
    match Logs::read_files(&RealFs, data_dir, &Wanted::newest(LINES)) {
        Ok(lines) => json!(lines.lines),
        Err(error) => json!(error.to_string()),
    }
}

/// Every secret that this house has, the longest first.
fn secrets(settings: &Settings) -> Vec<String> {
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for (secret, file) in settings.secrets() {
        secrets.insert(secret.expose().to_owned());
        // Another may have been put into a file since the settings were read.
        let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        secrets.extend(text.lines().map(|line| line.trim().to_owned()));
    }
    let headers = settings.notify.iter().flat_map(|place| &place.headers);
    secrets.extend(headers.filter_map(|(_, value)| Some(value.to_str().ok()?.to_owned())));
    let kept = settings.data_dir.join("secrets");
    for entry in RealFs.read_dir(&kept).unwrap_or_default() {
        let text = std::fs::read_to_string(kept.join(entry.name)).unwrap_or_default();
        secrets.extend(text.lines().map(|line| line.trim().to_owned()));
    }
    let mut secrets: Vec<_> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

/// The document without a secret in any of its texts or names, as it is or as an address writes it.
fn struck(document: &Value, secrets: &[String]) -> Value {
    let strike = |text: &str| {
        secrets.iter().fold(text.to_owned(), |text, secret| {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text.replace(secret.as_str(), STRUCK).replace(&encoded, STRUCK)
        })
    };
    match document {
        Value::String(text) => Value::String(strike(text)),
        Value::Array(items) => items.iter().map(|item| struck(item, secrets)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (strike(name), struck(value, secrets))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
