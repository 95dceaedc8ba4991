//! What a value as written means, and what to say when it means nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::filter::{Filter, RULES};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::MeasurementAttr;
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use hearthline_pipeline::weather::Choice;
use hearthline_pipeline::weather::home_assistant::is_weather;
use hearthline_pipeline::webhook::{PLACEHOLDERS, Shape, Urgency};
use hearthline_runbook::criteria::UptimeWindow;
use hearthline_runbook::parts::Kind;
use url::Url;

use super::Percent;
use super::document::Raw;
use super::mistake::Problem;
use super::secret::Secret;

type Meaning<T> = Result<T, Problem>;

const DURATION: &str = "write a number and a unit, as in \"500ms\", \"10s\", \"15m\", \"24h\" or \"7d\"";
const SIZE: &str = "write a number and a unit, as in \"512MiB\" or \"2GiB\", or a number of bytes";
const URL: &str = "write an address like http://192.168.1.10:8123";
const LEAST_INTERVAL: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(86_400);
/// Two segments: with less, no old segment could ever make room for a new one.
const LEAST_LOG: u64 = 128 << 20;

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
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
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

/// The time over which events are counted: what is remembered of them is an hour.
pub(super) fn window(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" to \"1h\", as in \"15m\"";
    let window = duration(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if (Duration::from_secs(60)..=Duration::from_secs(3600)).contains(&window) {
        Ok(window)
    } else {
        Err(Problem::new("events are counted over a minute at least and an hour at most", TODO))
    }
}

/// The time over which uptime is counted.
pub(super) fn uptime_window(raw: Raw<'_>) -> Meaning<UptimeWindow> {
    const TODO: &str = "write \"24h\", \"7d\" or \"30d\"";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    let all = [UptimeWindow::Day, UptimeWindow::Week, UptimeWindow::Month];
    let found = all.into_iter().find(|window| window.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("{} is not kept", shown(text)), TODO))
}

/// A duration above zero.
pub(super) fn duration(raw: Raw<'_>) -> Meaning<Duration> {
    let text = match raw {
        Raw::Integer(number) => {
            let todo = format!("write \"{number}s\" if seconds are meant");
            return Err(Problem::new(format!("{number} has no unit"), todo));
        }
        raw => text(raw).map_err(|problem| Problem::new(problem.reason, DURATION))?,
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
pub(super) fn verify_interval(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" on, as in \"6h\"";
    let every = duration(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if every < Duration::from_secs(60) {
        return Err(Problem::new("less than a minute; each time a state is set in Home Assistant", TODO));
    }
    Ok(every)
}

/// Between two backups: a minute at least.
pub(super) fn backup_interval(raw: Raw<'_>) -> Meaning<Duration> {
    const TODO: &str = "write a time from \"1m\" on, as in \"1d\"";
    let every = duration(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if every < Duration::from_secs(60) {
        return Err(Problem::new("less than a minute; each time everything is looked at", TODO));
    }
    Ok(every)
}

/// A duration, or `off`.
pub(super) fn duration_or_off(raw: Raw<'_>) -> Meaning<Option<Duration>> {
    or_off(raw, duration, "write \"off\"")
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

/// How long rows are kept; none means for ever.
pub(super) fn retention(raw: Raw<'_>) -> Meaning<Option<Duration>> {
    if matches!(raw, Raw::Text("forever")) {
        return Ok(None);
    }
    const TODO: &str = "write \"forever\", or days, as in \"365d\"";
    let kept = duration(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if kept < DAY {
        return Err(Problem::new("less than a day; rows are dropped by whole days", TODO));
    }
    Ok(Some(kept))
}

/// A number of bytes.
pub(super) fn size(raw: Raw<'_>) -> Meaning<u64> {
    let text = match raw {
        Raw::Integer(number) => {
            let negative = |_| Problem::new(format!("{number} is less than nothing"), SIZE);
            return u64::try_from(number).map_err(negative);
        }
        raw => text(raw).map_err(|problem| Problem::new(problem.reason, SIZE))?,
    };
    let refuse = |why: &str| Problem::new(format!("{} {why}", shown(text)), SIZE);
    let (number, unit) = split_unit(text).ok_or_else(|| refuse("is no size"))?;
    let unit: u64 = match unit {
        "B" | "" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(refuse("has a unit that is not known")),
    };
    number.checked_mul(unit).ok_or_else(|| refuse("is too large"))
}

/// A quota for the log.
pub(super) fn log_size(raw: Raw<'_>) -> Meaning<u64> {
    let bytes = size(raw)?;
    if bytes < LEAST_LOG {
        let reason = format!("{bytes} bytes are too few: the log needs room for two segments");
        return Err(Problem::new(reason, "write at least \"128MiB\""));
    }
    Ok(bytes)
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

/// An address and port to listen on.
pub(super) fn listen(raw: Raw<'_>) -> Meaning<SocketAddr> {
    const TODO: &str = "write address and port, as in 127.0.0.1:8099";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    let of_name = |port: &str| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    let parsed = text.parse().ok().or_else(|| text.strip_prefix("localhost:").and_then(of_name));
    parsed.ok_or_else(|| Problem::new(format!("{} is no address with a port", shown(text)), TODO))
}

/// Home Assistant's address. What is written is not repeated: a token may have got into the wrong place.
pub(super) fn url(raw: Raw<'_>) -> Meaning<Url> {
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, URL))?;
    let Ok(url) = Url::parse(text) else {
        return Err(Problem::new("not an address", URL));
    };
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return Err(Problem::new("does not begin with http://, https://, ws:// or wss://", URL));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::new("names no host", URL));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let todo = format!("{URL}; the token belongs in HOME_ASSISTANT_TOKEN or token_file");
        return Err(Problem::new("holds a user or password", todo));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("holds a ? or #", URL));
    }
    Ok(url)
}

/// A provider of weather.
pub(super) fn provider(raw: Raw<'_>) -> Meaning<Choice> {
    let known: Vec<_> = Choice::all().map(|choice| format!("{:?}", choice.as_str())).collect();
    let todo = format!("write one of {}", known.join(", "));
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, todo.clone()))?;
    let found = Choice::all().find(|choice| choice.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("no weather provider is called {}", shown(text)), todo))
}

/// One of the house's weather entities.
pub(super) fn weather_entity(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write the id of an entity, as in \"weather.home\"";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if !is_weather(text) || text.contains(char::is_whitespace) {
        return Err(Problem::new(format!("{} is no weather entity", shown(text)), TODO));
    }
    Ok(text.into())
}

/// The address of a weather provider. What is written is not repeated: a key may have got into it.
pub(super) fn provider_url(raw: Raw<'_>) -> Meaning<Url> {
    const TODO: &str =
        "write an address like http://192.168.1.20:8080, without the question that is asked there";
    let url = url(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Problem::new("does not begin with http:// or https://", TODO));
    }
    Ok(url)
}

/// A key for a weather provider. Nothing of it is ever repeated.
pub(super) fn api_key(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str = "copy all of the key, and nothing else";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::new("has a space or line break inside", TODO));
    }
    Ok(Secret::new(text))
}

/// Between two calls of a provider, who is not to be asked without end.
pub(super) fn call_interval(raw: Raw<'_>) -> Meaning<Duration> {
    let interval = duration(raw)?;
    if interval < LEAST_INTERVAL {
        return Err(Problem::new("too often: weather does not change so fast", "write at least \"10s\""));
    }
    Ok(interval)
}

/// A number of calls, at least one.
pub(super) fn calls(raw: Raw<'_>) -> Meaning<u32> {
    let number = count(raw)?;
    u32::try_from(number)
        .map_err(|_| Problem::new(format!("{number} is too large"), "write a smaller number"))
}

/// A token. Nothing of it is ever repeated.
pub(super) fn token(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str =
        "make a long-lived access token in Home Assistant (your profile, Security) and copy all of it";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?.trim();
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
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, RULES))?;
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
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if text.contains(char::is_whitespace) || (text.contains('*') && text != "*") {
        return Err(Problem::new(format!("{} is no event type", shown(text)), TODO));
    }
    Ok(text.into())
}

/// The type of a sink.
pub(super) fn sink_type(raw: Raw<'_>) -> Meaning<&'static str> {
    const TODO: &str = "write type = \"influxdb\"; the store is always on";
    match text(raw)? {
        "store" => Ok("store"),
        "influxdb" => Ok("influxdb"),
        other => Err(Problem::new(format!("this version has no sink of type {}", shown(other)), TODO)),
    }
}

/// What a sink is called; it is the name of its folder too.
pub(super) fn sink_name(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write up to 40 letters a-z, digits, - and _, beginning with a letter";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if Kind::of(text) != Kind::Sink {
        return Err(Problem::new(
            format!("{} is another part of the program", shown(text)),
            "write another name",
        ));
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(fits) {
        return Err(Problem::new(format!("{} cannot be the name of a sink", shown(text)), TODO));
    }
    Ok(text.into())
}

/// What a place is called where people are told.
pub(super) fn place_name(raw: Raw<'_>) -> Meaning<String> {
    sink_name(raw)
        .map_err(|problem| Problem::new(problem.reason.replace("of a sink", "of a place"), problem.todo))
}

/// What can be told in which shape, in words.
pub(super) const NOTIFY_TYPES: &str =
    "write type = \"ntfy\", \"slack\", \"discord\" or \"gotify\"; or \"template\" with a body of your own";

/// How messages look, before the rest of the table is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotifyType {
    /// As a service wants them.
    Preset(Shape),
    /// As a person has written.
    Template,
}

/// How messages look.
pub(super) fn notify_type(raw: Raw<'_>) -> Meaning<NotifyType> {
    match text(raw).map_err(|problem| Problem::new(problem.reason, NOTIFY_TYPES))? {
        "template" => Ok(NotifyType::Template),
        written => {
            let presets = [Shape::Ntfy, Shape::Slack, Shape::Discord, Shape::Gotify];
            let found = presets.into_iter().find(|shape| shape.as_str() == written);
            let problem =
                || Problem::new(format!("nothing of type {} is told", shown(written)), NOTIFY_TYPES);
            found.map(NotifyType::Preset).ok_or_else(problem)
        }
    }
}

/// An address that gives access by itself. Nothing of it is ever repeated.
pub(super) fn webhook_url(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str = "copy all of the address, as in https://ntfy.sh/topic, and nothing else";
    let secret = secret(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    match Url::parse(secret.expose()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Err(Problem::new("does not begin with http:// or https://", TODO))
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(Problem::new("holds a user or password", "write a header Authorization under headers"))
        }
        Ok(_) => Ok(secret),
        Err(_) => Err(Problem::new("not an address", TODO)),
    }
}

/// The body of a message. It may have lines, and a placeholder at least.
pub(super) fn template(raw: Raw<'_>) -> Meaning<String> {
    let text = text(raw)?;
    if PLACEHOLDERS.iter().any(|placeholder| text.contains(placeholder)) {
        return Ok(text.into());
    }
    let todo = format!("write at least one of {} into it", PLACEHOLDERS.join(", "));
    Err(Problem::new("says the same each time", todo))
}

/// From where on something is told.
pub(super) fn level(raw: Raw<'_>) -> Meaning<Urgency> {
    const TODO: &str = "write \"warning\" or \"critical\"";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    let found = [Urgency::Warning, Urgency::Critical].into_iter().find(|level| level.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("{} is no level", shown(text)), TODO))
}

/// A TCP port.
pub(super) fn port(raw: Raw<'_>) -> Meaning<u16> {
    const TODO: &str = "write a number from 1 to 65535, without quotes";
    match raw {
        Raw::Integer(number) => u16::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Problem::new(format!("{number} is no port"), TODO)),
        _ => Err(Problem::new("not a whole number", TODO)),
    }
}

/// A topic of MQTT, with levels or without.
pub(super) fn topic(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write a topic without + and #, as in \"homeassistant\"";
    let topic = name(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    if topic.contains(['+', '#', ' ']) || topic.starts_with(['/', '$']) || topic.ends_with('/') {
        return Err(Problem::new(format!("{} is no topic", shown(&topic)), TODO));
    }
    Ok(topic)
}

/// What a device is called in Home Assistant: its topics and entities are named after it.
pub(super) fn device_name(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str =
        "write up to 40 letters a-z, digits and spaces, beginning with a letter, as in \"Hearthline\"";
    let name = name(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    let single = !name.contains("  ") && name.trim() == name;
    if name.len() > 40
        || !single
        || !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || !name.chars().all(fits)
    {
        return Err(Problem::new(format!("{} cannot be the name of the device", shown(&name)), TODO));
    }
    Ok(name)
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
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?.trim();
    if text.contains(char::is_control) {
        return Err(Problem::new("has a line break or control character inside", TODO));
    }
    Ok(Secret::new(text))
}

/// An address that is asked over HTTP. What is written is not repeated.
pub(super) fn http_url(raw: Raw<'_>) -> Meaning<Url> {
    const TODO: &str = "write an address like http://192.168.1.20:8086";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    let Ok(url) = Url::parse(text) else { return Err(Problem::new("not an address", TODO)) };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Problem::new("does not begin with http:// or https://", TODO));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::new("names no host", TODO));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let todo = format!("{TODO}; these belong in username and password_file");
        return Err(Problem::new("holds a user or password", todo));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("holds a ? or #", TODO));
    }
    Ok(url)
}

/// The version of an InfluxDB; none: it is asked.
pub(super) fn influxdb_version(raw: Raw<'_>) -> Meaning<Option<Version>> {
    match raw {
        Raw::Text("auto") => Ok(None),
        Raw::Integer(1) | Raw::Text("1") => Ok(Some(Version::V1)),
        Raw::Integer(2) | Raw::Text("2") => Ok(Some(Version::V2)),
        Raw::Integer(3) | Raw::Text("3") => Ok(Some(Version::V3)),
        _ => Err(Problem::new("no version of InfluxDB", "write \"auto\", 1, 2 or 3")),
    }
}

/// Which attributes, in one word.
pub(super) fn attributes(raw: Raw<'_>) -> Meaning<Attributes> {
    let raw = match raw {
        Raw::Text(text) => serde_json::Value::from(text),
        _ => serde_json::Value::Null,
    };
    serde_json::from_value(raw).map_err(|error| no_attributes(&error))
}

/// Which attributes, one by one.
pub(super) fn attribute_list(words: Vec<String>) -> Meaning<Attributes> {
    serde_json::from_value(words.into()).map_err(|error| no_attributes(&error))
}

fn no_attributes(error: &serde_json::Error) -> Problem {
    let todo =
        "write \"none\", \"default\", \"all\", or a list like [\"brightness\", \"climate.*_temperature\"]";
    Problem::new(error.to_string(), todo)
}

/// How points look.
#[derive(Clone, Copy)]
pub(super) enum LayoutKind {
    Native,
    Ha,
}

/// How points look.
pub(super) fn layout(raw: Raw<'_>) -> Meaning<LayoutKind> {
    match text(raw)? {
        "native" => Ok(LayoutKind::Native),
        "ha" => Ok(LayoutKind::Ha),
        other => {
            let reason = format!("this version has no layout {}", shown(other));
            let todo = "write \"native\", or \"ha\" for the points of Home Assistant's own integration";
            Err(Problem::new(reason, todo))
        }
    }
}

/// What a measurement is called after, in the layout `ha`.
pub(super) fn measurement_attr(raw: Raw<'_>) -> Meaning<MeasurementAttr> {
    match text(raw)? {
        "unit_of_measurement" => Ok(MeasurementAttr::Unit),
        "domain__device_class" => Ok(MeasurementAttr::DomainDeviceClass),
        "entity_id" => Ok(MeasurementAttr::EntityId),
        other => {
            let reason = format!("no measurement is called after {}", shown(other));
            Err(Problem::new(reason, "write unit_of_measurement, domain__device_class or entity_id"))
        }
    }
}

/// Where a new sink begins.
pub(super) fn start(raw: Raw<'_>) -> Meaning<Start> {
    match text(raw)? {
        "log" => Ok(Start::Log),
        "now" => Ok(Start::Now),
        "all" => Ok(Start::All),
        other => Err(Problem::new(
            format!("{} is no place to begin", shown(other)),
            "write \"log\" (with the oldest that the log still has), \"all\" (with the oldest that the store has) or \"now\"",
        )),
    }
}

/// What the program logs, as the tracing crates write it (`info`, `hearthline_pipeline=debug`).
pub(super) fn log_filter(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write error, warn, info, debug or trace";
    let text = text(raw).map_err(|problem| Problem::new(problem.reason, TODO))?;
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.into()),
        Err(_) => Err(Problem::new(format!("{} is no log filter", shown(text)), TODO)),
    }
}

/// A duration as in the settings, for the command line.
///
/// # Errors
/// What is wrong and what to do.
pub(crate) fn duration_of(text: &str) -> Result<Duration, String> {
    duration(Raw::Text(text)).map_err(|problem| format!("{}; {}", problem.reason, problem.todo))
}

/// Home Assistant's address, as a person types it.
pub(crate) fn url_of(text: &str) -> Result<Url, Problem> {
    url(Raw::Text(text.trim()))
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
