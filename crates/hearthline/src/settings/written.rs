//! A value of the settings as a person writes it: the way back of [`kinds`](super::kinds).

#![expect(clippy::ptr_arg, reason = "a row of the catalogue hands over what the settings hold")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use hearthline_pipeline::weather::Choice;
use hearthline_runbook::criteria::UptimeWindow;
use serde_json::Value;
use url::Url;

use super::Percent;

const DAY: u128 = 86_400_000;

pub(super) fn path(path: &PathBuf) -> Value {
    path.display().to_string().into()
}

pub(super) fn text(text: &String) -> Value {
    text.as_str().into()
}

pub(super) fn texts(texts: &Vec<String>) -> Value {
    texts.clone().into()
}

pub(super) fn flag(flag: &bool) -> Value {
    (*flag).into()
}

pub(super) fn count(count: &usize) -> Value {
    (*count).into()
}

pub(super) fn port(port: &u16) -> Value {
    (*port).into()
}

pub(super) fn calls(calls: &u32) -> Value {
    (*calls).into()
}

pub(super) fn size(bytes: &u64) -> Value {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = UNITS.iter().find(|(unit, _)| *bytes >= *unit && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| (*bytes).into(), |(unit, name)| format!("{}{name}", bytes / unit).into())
}

pub(super) fn duration(duration: &Duration) -> Value {
    // A day is 24h: that is how it is said of what is usual.
    const UNITS: [(u128, u128, &str); 5] =
        [(2 * DAY, DAY, "d"), (1, 3_600_000, "h"), (1, 60_000, "m"), (1, 1000, "s"), (0, 1, "ms")];
    let millis = duration.as_millis();
    let fits = |(least, unit, _): &&(u128, u128, &str)| {
        millis >= *least && millis >= *unit && millis.is_multiple_of(*unit)
    };
    let (_, unit, name) = UNITS.iter().find(fits).unwrap_or(&(0, 1, "ms"));
    format!("{}{name}", millis / unit).into()
}

pub(super) fn duration_or_off(limit: &Option<Duration>) -> Value {
    limit.as_ref().map_or_else(|| "off".into(), duration)
}

pub(super) fn count_or_off(limit: &Option<usize>) -> Value {
    limit.as_ref().map_or_else(|| "off".into(), count)
}

pub(super) fn retention(kept: &Option<Duration>) -> Value {
    kept.as_ref().map_or_else(|| "forever".into(), duration)
}

pub(super) fn url(url: &Url) -> Value {
    let text = url.as_str();
    if url.path() == "/" { text.trim_end_matches('/').into() } else { text.into() }
}

pub(super) fn sync(sync: &SyncPolicy) -> Value {
    match sync {
        SyncPolicy::Always => "always".into(),
        SyncPolicy::Interval(each) => duration(each),
        SyncPolicy::Os => "os".into(),
    }
}

pub(super) fn provider(choice: &Choice) -> Value {
    choice.as_str().into()
}

pub(super) fn listen(address: &SocketAddr) -> Value {
    address.to_string().into()
}

pub(super) fn percent(share: &Percent) -> Value {
    let (whole, rest) = (share.0 / 1000, share.0 % 1000);
    let decimals = if rest == 0 { String::new() } else { format!(".{rest:03}") };
    format!("{whole}{}%", decimals.trim_end_matches('0')).into()
}

pub(super) fn uptime_window(window: &UptimeWindow) -> Value {
    window.as_str().into()
}

pub(super) fn version(version: &Option<Version>) -> Value {
    match version {
        None => "auto".into(),
        Some(Version::V1) => 1.into(),
        Some(Version::V2) => 2.into(),
        Some(Version::V3) => 3.into(),
    }
}

pub(super) fn start(start: &Start) -> Value {
    match start {
        Start::Log => "log".into(),
        Start::Now => "now".into(),
        Start::All => "all".into(),
    }
}
