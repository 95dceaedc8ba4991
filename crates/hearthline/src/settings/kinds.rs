//! What a value as written means, and what to say when it means nothing.

mod address;
mod sink;
mod size;
mod time;
mod told;
mod weather;

use std::path::PathBuf;
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::filter::{Filter, RULES};

pub(crate) use self::address::url_of;
pub(super) use self::address::{http_url, listen, port, url};
pub(super) use self::sink::{
    LayoutKind, attribute_list, attributes, influxdb_version, layout, measurement_attr, sink_name, sink_type,
    start,
};
pub(super) use self::size::{log_size, size};
pub(crate) use self::time::duration_of;
pub(super) use self::time::{
    backup_interval, duration, duration_or_off, retention, uptime_window, verify_interval, window,
};
pub(super) use self::told::{
    NOTIFY_TYPES, NotifyType, device_name, level, notify_type, place_name, template, topic, webhook_url,
};
pub(super) use self::weather::{api_key, call_interval, calls, provider, provider_url, weather_entity};
use super::Percent;
use super::document::Raw;
use super::mistake::Problem;
use super::secret::Secret;

type Meaning<T> = Result<T, Problem>;

fn text(raw: Raw<'_>) -> Meaning<&str> {
    let found = match raw {
        Raw::Text(text) if text.trim().is_empty() => "an empty text",
        Raw::Text(text) => return Ok(text),
        Raw::Integer(_) => "a number",
        Raw::Bool(_) => "true or false",
        Raw::Other(what) => what,
    };
    Err(Problem::new(format!("{found} where a text belongs"), "write a text in double quotes"))
}

/// What was written, for a message; long things are cut, and what may be a token stays unsaid.
fn shown(text: &str) -> String {
    if text.len() > 60 { "what is written".into() } else { format!("{text:?}") }
}

/// A path, as written.
pub(super) fn path(raw: Raw<'_>) -> Meaning<PathBuf> {
    let text = text(raw)?;
    if text.starts_with('~') {
        let problem = format!("{} begins with ~, which only a shell understands", shown(text));
        return Err(Problem::new(problem, "write the whole path, as in /home/me/data"));
    }
    Ok(text.into())
}

/// `true` or `false`.
pub(super) fn flag(raw: Raw<'_>) -> Meaning<bool> {
    match raw {
        Raw::Bool(flag) => Ok(flag),
        _ => Err(Problem::new("neither true nor false", "write true or false, without quotes")),
    }
}

/// A number of things, at least one.
pub(super) fn count(raw: Raw<'_>) -> Meaning<usize> {
    const TODO: &str = "write a whole number from 1, without quotes";
    match raw {
        Raw::Integer(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Problem::new(format!("{number} is too small"), TODO)),
        _ => Err(Problem::new("not a whole number", TODO)),
    }
}

/// A share: a number with a percent sign, three decimals at most.
pub(super) fn percent(raw: Raw<'_>) -> Meaning<Percent> {
    const TODO: &str = "write a share from 0% to 100% in double quotes, as in \"99%\" or \"0.5%\"";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    let refuse = |why: &str| Problem::new(format!("{} {why}", shown(text)), TODO);
    let number = text.trim().strip_suffix('%').ok_or_else(|| refuse("has no percent sign"))?.trim();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(refuse("is no share"));
    }
    let thousandths = format!("{whole}{decimals:0<3}").parse().map_err(|_| refuse("is no share"))?;
    if thousandths > 100_000 { Err(refuse("is more than everything")) } else { Ok(Percent(thousandths)) }
}

/// A number of things, at least one, or `off`.
pub(super) fn count_or_off(raw: Raw<'_>) -> Meaning<Option<usize>> {
    or_off(raw, count, "\"off\"")
}

fn or_off<T>(raw: Raw<'_>, read: fn(Raw<'_>) -> Meaning<T>, words: &str) -> Meaning<Option<T>> {
    if matches!(raw, Raw::Text("off")) {
        return Ok(None);
    }
    let or_words = |problem: Problem| Problem::new(problem.reason, format!("{}; or {words}", problem.todo));
    read(raw).map(Some).map_err(or_words)
}

/// When the log is synced: `always`, `interval` (each second), `os`, or an interval.
pub(super) fn sync(raw: Raw<'_>) -> Meaning<SyncPolicy> {
    match raw {
        Raw::Text("always") => Ok(SyncPolicy::Always),
        Raw::Text("interval") => Ok(SyncPolicy::Interval(Duration::from_secs(1))),
        Raw::Text("os") => Ok(SyncPolicy::Os),
        raw => duration(raw).map(SyncPolicy::Interval).map_err(|problem| {
            Problem::new(
                problem.reason,
                "write \"always\", \"interval\", \"os\", or an interval, as in \"1s\"",
            )
        }),
    }
}

/// A token. Nothing of it is ever repeated.
pub(super) fn token(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str =
        "make a long-lived access token in Home Assistant (your profile, Security) and copy all of it";
    let text = text(raw).map_err(|problem| problem.but(TODO))?.trim();
    if text.starts_with("Bearer ") {
        return Err(Problem::new("begins with the word Bearer", "write the token alone"));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::new("has a space or line break inside", TODO));
    }
    Ok(Secret::new(text))
}

/// A filter rule that can be read.
pub(super) fn rule(raw: Raw<'_>) -> Meaning<String> {
    let text = text(raw).map_err(|problem| problem.but(RULES))?;
    match Filter::new(&[text.into()], &[]) {
        Ok(_) => Ok(text.into()),
        Err(error) if error.reason == RULES => {
            Err(Problem::new(format!("{} is no rule", shown(text)), RULES))
        }
        Err(error) => Err(Problem::new(format!("{} is no rule: {}", shown(text), error.reason), RULES)),
    }
}

/// The name of a type of event, or `*` for all that the token may see.
pub(super) fn event_type(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write the name of an event type, as in \"state_changed\", or \"*\" for all";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    if text.contains(char::is_whitespace) || (text.contains('*') && text != "*") {
        return Err(Problem::new(format!("{} is no event type", shown(text)), TODO));
    }
    Ok(text.into())
}

/// A text that is no secret.
pub(super) fn name(raw: Raw<'_>) -> Meaning<String> {
    let text = text(raw)?;
    if text.contains(char::is_control) {
        return Err(Problem::new("has a line break or control character inside", "write it on one line"));
    }
    Ok(text.into())
}

/// A secret. Nothing of it is ever repeated.
pub(super) fn secret(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str = "copy all of it, and nothing else";
    let text = text(raw).map_err(|problem| problem.but(TODO))?.trim();
    if text.contains(char::is_control) {
        return Err(Problem::new("has a line break or control character inside", TODO));
    }
    Ok(Secret::new(text))
}

/// What the program logs, as the tracing crates write it (`info`, `hearthline_pipeline=debug`).
pub(super) fn log_filter(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write error, warn, info, debug or trace";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.into()),
        Err(_) => Err(Problem::new(format!("{} is no log filter", shown(text)), TODO)),
    }
}

/// A token, as a person types it.
pub(crate) fn token_of(text: &str) -> Result<Secret, Problem> {
    token(Raw::Text(text))
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim()))
}
