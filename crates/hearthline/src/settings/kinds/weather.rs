//! Who observes the weather, and how often that one is asked.

use std::time::Duration;

use hearthline_pipeline::weather::Choice;
use hearthline_pipeline::weather::home_assistant::is_weather;
use url::Url;

use super::{Meaning, count, duration, shown, text, url};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;
use crate::settings::secret::Secret;

const LEAST_INTERVAL: Duration = Duration::from_secs(10);

/// A provider of weather.
pub(in crate::settings) fn provider(raw: Raw<'_>) -> Meaning<Choice> {
    let known: Vec<_> = Choice::all().map(|choice| format!("{:?}", choice.as_str())).collect();
    let todo = format!("write one of {}", known.join(", "));
    let text = text(raw).map_err(|problem| problem.but(todo.clone()))?;
    let found = Choice::all().find(|choice| choice.as_str() == text);
    found.ok_or_else(|| Problem::new(format!("no weather provider is called {}", shown(text)), todo))
}

/// One of the house's weather entities.
pub(in crate::settings) fn weather_entity(raw: Raw<'_>) -> Meaning<String> {
    const TODO: &str = "write the id of an entity, as in \"weather.home\"";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    if !is_weather(text) || text.contains(char::is_whitespace) {
        return Err(Problem::new(format!("{} is no weather entity", shown(text)), TODO));
    }
    Ok(text.into())
}

/// The address of a weather provider. What is written is not repeated: a key may have got into it.
pub(in crate::settings) fn provider_url(raw: Raw<'_>) -> Meaning<Url> {
    const TODO: &str =
        "write an address like http://192.168.1.20:8080, without the question that is asked there";
    let url = url(raw).map_err(|problem| problem.but(TODO))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Problem::new("does not begin with http:// or https://", TODO));
    }
    Ok(url)
}

/// A key for a weather provider. Nothing of it is ever repeated.
pub(in crate::settings) fn api_key(raw: Raw<'_>) -> Meaning<Secret> {
    const TODO: &str = "copy all of the key, and nothing else";
    let text = text(raw).map_err(|problem| problem.but(TODO))?.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::new("has a space or line break inside", TODO));
    }
    Ok(Secret::new(text))
}

/// Between two calls of a provider, who is not to be asked without end.
pub(in crate::settings) fn call_interval(raw: Raw<'_>) -> Meaning<Duration> {
    let interval = duration(raw)?;
    if interval < LEAST_INTERVAL {
        return Err(Problem::new("too often: weather does not change so fast", "write at least \"10s\""));
    }
    Ok(interval)
}

/// A number of calls, at least one.
pub(in crate::settings) fn calls(raw: Raw<'_>) -> Meaning<u32> {
    let number = count(raw)?;
    u32::try_from(number)
        .map_err(|_| Problem::new(format!("{number} is too large"), "write a smaller number"))
}
