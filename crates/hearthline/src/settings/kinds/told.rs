//! Where and how people and Home Assistant are told.

use hearthline_pipeline::webhook::{PLACEHOLDERS, Shape, Urgency};
use url::Url;

use super::{Meaning, name, secret, shown, sink_name, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;
use crate::settings::secret::Secret;

/// What a place is called where people are told.
pub(in crate::settings) fn place_name(raw: Raw<'_>) -> Meaning<String> {
    sink_name(raw)
        .map_err(|problem| Problem::new(problem.reason.replace("of a sink", "of a place"), problem.todo))
}

/// What can be told in which shape, in words.
pub(in crate::settings) const NOTIFY_TYPES: &str =
    "write type = \"ntfy\", \"slack\", \"discord\" or \"gotify\"; or \"template\" with a body of your own";

/// How messages look, before the rest of the table is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::settings) enum NotifyType {
    /// As a service wants them.
    Preset(Shape),
    /// As a person has written.
    Template,
}

/// How messages look.
pub(in crate::settings) fn notify_type(raw: Raw<'_>) -> Meaning<NotifyType> {
    match text(raw).map_err(|problem| problem.but(NOTIFY_TYPES))? {
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
pub(in crate::settings) fn webhook_url(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str = "copy all of the address, as in https://ntfy.sh/topic, and nothing else";
    let secret = secret(raw).map_err(|problem| problem.but(TODO))?;
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
pub(in crate::settings) fn template(raw: Raw<'_>) -> Meaning<String> {
    let text = text(raw)?;
    if PLACEHOLDERS.iter().any(|placeholder| text.contains(placeholder)) {
        return Ok(text.into());
    }
    let todo = format!("write at least one of {} into it", PLACEHOLDERS.join(", "));
    Err(Problem::new("says the same each time", todo))
}

/// From where on something is told.
pub(in crate::settings) fn level(raw: Raw<'_>) -> Meaning<Urgency> {
    const TODO: &str = "write \"warning\" or \"critical\"";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    let found = [Urgency::Warning, Urgency::Critical].into_iter().find(|level| level.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("{} is no level", shown(text)), TODO))
}

/// A topic of MQTT, with levels or without.
pub(in crate::settings) fn topic(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write a topic without + and #, as in \"homeassistant\"";
    let topic = name(raw).map_err(|problem| problem.but(TODO))?;
    if topic.contains(['+', '#', ' ']) || topic.starts_with(['/', '$']) || topic.ends_with('/') {
        return Err(Problem::new(format!("{} is no topic", shown(&topic)), TODO));
    }
    Ok(topic)
}

/// What a device is called in Home Assistant: its topics and entities are named after it.
pub(in crate::settings) fn device_name(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str =
        "write up to 40 letters a-z, digits and spaces, beginning with a letter, as in \"Hearthline\"";
    let name = name(raw).map_err(|problem| problem.but(TODO))?;
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
