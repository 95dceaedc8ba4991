//! What was tested, written down: the address into the settings file, the token into a file that its owner alone can read. What a
//! person has written stays as it is, to the byte: lines are added to it, or nothing is done.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use hearthline_api::{ApiError, SetupBegun};
use hearthline_core::{Fs, RealFs};

use crate::settings::{Settings, Source};

const SECTION: &str = "[home_assistant]";
const NEW: &str = "# Written by the setup on the page. What else can be set: docs/configuration.md.\n";

/// Writes what `candidate` has and `known` has not.
///
/// # Errors
/// When the settings file cannot be written, or would not say what was tested; it is as it was then, and the error has the lines
/// that are missing in it.
pub(super) fn settings(
    source: &Source,
    known: &Settings,
    candidate: &Settings,
) -> Result<SetupBegun, ApiError> {
    let file = source.file();
    let of = &candidate.home_assistant;
    let mut lines = Vec::new();
    if let Some(url) = of.url.as_ref().filter(|_| known.home_assistant.url.is_none()) {
        lines.push(format!("url = {}", quoted(url.as_str().trim_end_matches('/'))));
    }
    let token = of.token.as_ref().filter(|_| known.home_assistant.token.is_none());
    let token_file = token.map(|_| known.data_dir.join("secrets/home_assistant"));
    if let Some(path) = &token_file {
        lines.push(format!("token_file = {}", quoted(&told(path, &file))));
    }
    if !*of.tls_verify && *known.home_assistant.tls_verify {
        lines.push("tls_verify = false".into());
    }
    let lines = format!("{}\n", lines.join("\n"));
    let refused = |why: String| {
        let todo =
            format!("write under {SECTION} of {}: {}", file.display(), lines.trim().replace('\n', ", "));
        ApiError::new(StatusCode::CONFLICT, "the settings cannot be written", why, todo)
    };

    let before = match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(refused(format!("{} cannot be read: {error}", file.display()))),
    };
    let after = with(before.as_deref(), &lines);
    let secret = token.map(|token| token.expose());
    let mut files = vec![(&*file, &*after)];
    let absolute =
        token_file.as_deref().map(|path| file.parent().unwrap_or(Path::new("")).join(told(path, &file)));
    files.extend(absolute.as_deref().zip(secret));
    let read = source.load_as_if(&files).map_err(|mistakes| refused(mistakes.in_one_line()))?;
    let (is, wanted) = (&read.home_assistant, &candidate.home_assistant);
    let same = is.url.as_deref() == wanted.url.as_deref() && is.token.as_deref() == wanted.token.as_deref();
    if !same || *is.tls_verify != *wanted.tls_verify || *read.data_dir != *known.data_dir {
        return Err(refused("something else wins over what the file says".into()));
    }

    // The token first: settings that name a file which is not there yet are a mistake.
    if let Some((path, secret)) = token_file.as_deref().zip(secret) {
        private(path, secret).map_err(|e| refused(format!("{} cannot be written: {e}", path.display())))?;
    }
    // It stays where the file cannot be written: whoever adds the lines has no need of the token.
    put(&file, before.as_deref(), &after)
        .map_err(|e| refused(format!("{} cannot be written: {e}", file.display())))?;
    Ok(SetupBegun {
        file: file.display().to_string(),
        token_file: token_file.map(|path| path.display().to_string()),
    })
}

/// How the settings file names it: paths in it are relative to its folder.
fn told(path: &Path, file: &Path) -> String {
    let beside = file.parent().and_then(|folder| path.strip_prefix(folder).ok());
    let whole = || std::path::absolute(path).unwrap_or_else(|_| path.into());
    beside.map_or_else(whole, PathBuf::from).display().to_string()
}

/// JSON's texts are TOML's, but for a character that no address or path has.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text with the lines in their section.
fn with(before: Option<&str>, lines: &str) -> String {
    let Some(before) = before else { return format!("{NEW}\n{SECTION}\n{lines}") };
    let mut at = 0;
    for line in before.split_inclusive('\n') {
        at += line.len();
        let is_section = line.split('#').next().is_some_and(|line| line.trim() == SECTION);
        if let Some((head, rest)) = before.split_at_checked(at).filter(|_| is_section) {
            let end = if head.ends_with('\n') { "" } else { "\n" };
            return format!("{head}{end}{lines}{rest}");
        }
    }
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{end}\n{SECTION}\n{lines}")
}

/// A file that is there is written in place, so that owner, rights and mount stay what they are. The new text is longer than the
/// old: nothing is cut off first.
fn put(file: &Path, before: Option<&str>, after: &str) -> io::Result<()> {
    if before.is_none() {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            RealFs.create_dir_all(folder)?;
        }
        return (&RealFs as &dyn Fs).write_atomic(file, after.as_bytes());
    }
    let mut open = OpenOptions::new().write(true).open(file)?;
    open.write_all(after.as_bytes())?;
    open.sync_all()
}

/// A file that its owner alone can read, put in place as a whole.
fn private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        RealFs.create_dir_all(folder)?;
    }
    let new = hearthline_core::fs::temporary(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    RealFs.rename(&new, path)
}

#[cfg(test)]
mod tests;
