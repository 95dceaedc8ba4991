//! Lengths of time.

use std::time::Duration;

use hearthline_runbook::criteria::UptimeWindow;

use super::{Meaning, or_off, shown, split_unit, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;

const DURATION: &str = "write a number and a unit, as in \"500ms\", \"10s\", \"15m\", \"24h\" or \"7d\"";
const DAY: Duration = Duration::from_secs(86_400);

/// The time over which events are counted: what is remembered of them is an hour.
pub(in crate::settings) fn window(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" to \"1h\", as in \"15m\"";
    let window = duration(raw).map_err(|problem| problem.but(TODO))?;
    if (Duration::from_secs(60)..=Duration::from_secs(3600)).contains(&window) {
        Ok(window)
    } else {
        Err(Problem::new("events are counted over a minute at least and an hour at most", TODO))
    }
}

/// The time over which uptime is counted.
pub(in crate::settings) fn uptime_window(raw: Raw<'_>) -> Meaning<UptimeWindow> {
    const TODO: &str = "write \"24h\", \"7d\" or \"30d\"";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    let all = [UptimeWindow::Day, UptimeWindow::Week, UptimeWindow::Month];
    let found = all.into_iter().find(|window| window.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("{} is not kept", shown(text)), TODO))
}

/// A duration above zero.
pub(in crate::settings) fn duration(raw: Raw<'_>) -> Meaning<Duration> {
    let text = match raw {
        Raw::Integer(number) => {
            let todo = format!("write \"{number}s\" if seconds are meant");
            return Err(Problem::new(format!("{number} has no unit"), todo));
        }
        raw => text(raw).map_err(|problem| problem.but(DURATION))?,
    };
    let refuse = |why: &str| Problem::new(format!("{} {why}", shown(text)), DURATION);
    let (number, unit) = split_unit(text).ok_or_else(|| refuse("is no duration"))?;
    let unit = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        "d" => DAY,
        "" => return Err(refuse("has no unit")),
        _ => return Err(refuse("has a unit that is not known")),
    };
    let duration = u32::try_from(number).ok().and_then(|number| unit.checked_mul(number));
    let duration = duration.ok_or_else(|| refuse("is too long"))?;
    if duration.is_zero() { Err(refuse("is no time at all")) } else { Ok(duration) }
}

/// Between two canaries that the program follows by itself: each writes into Home Assistant, and has the store write its files.
pub(in crate::settings) fn verify_interval(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" on, as in \"6h\"";
    from_a_minute(raw, TODO, "less than a minute; each time a state is set in Home Assistant")
}

/// Between two backups: a minute at least.
pub(in crate::settings) fn backup_interval(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" on, as in \"1d\"";
    from_a_minute(raw, TODO, "less than a minute; each time everything is looked at")
}

fn from_a_minute(raw: Raw<'_>, todo: &str, less: &str) -> Meaning<Duration> {
    let every = duration(raw).map_err(|problem| problem.but(todo))?;
    if every < Duration::from_secs(60) { Err(Problem::new(less, todo)) } else { Ok(every) }
}

/// A duration, or `off`.
pub(in crate::settings) fn duration_or_off(raw: Raw<'_>) -> Meaning<Option<Duration>> {
    or_off(raw, duration, "write \"off\"")
}

/// How long rows are kept; none means for ever.
pub(in crate::settings) fn retention(raw: Raw<'_>) -> Meaning<Option<Duration>> {
    if matches!(raw, Raw::Text("forever")) {
        return Ok(None);
    }
    const TODO: &str = "write \"forever\", or days, as in \"365d\"";
    let kept = duration(raw).map_err(|problem| problem.but(TODO))?;
    if kept < DAY {
        return Err(Problem::new("less than a day; rows are dropped by whole days", TODO));
    }
    Ok(Some(kept))
}

/// A duration as in the settings, for the command line.
///
/// # Errors
/// What is wrong and what to do.
pub(crate) fn duration_of(text: &str) -> Result<Duration, String> {
    duration(Raw::Text(text)).map_err(|problem| format!("{}; {}", problem.reason, problem.todo))
}
