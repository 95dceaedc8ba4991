//! Who observes the weather: whether there is a key, and what was used of the day's calls. A call is spent only if everything is
//! looked at.

use hearthline_pipeline::weather::Choice;
use hearthline_pipeline::weather::feed::Saved;

use super::catalogue::{
    WEATHER_HOUSE, WEATHER_KEYLESS, WEATHER_OFF, WEATHER_OK, WEATHER_REFUSES, WEATHER_SPENT, WEATHER_WAITS,
};
use super::{Check, Depth, Finding, Looked, Subject, seconds};

pub(super) const CHECK: Check = Check {
    name: "weather",
    within: seconds(10, 300),
    look: |subject, depth| Box::pin(async move { look(&subject, depth).await }),
};

async fn look(subject: &Subject, depth: Depth) -> Looked {
    let weather = &subject.weather;
    let Some(provider) = weather.provider else {
        return match weather.choice {
            Choice::Off => Finding::of(WEATHER_OFF, "the weather is off").into(),
            _ => Finding::of(WEATHER_HOUSE, "the weather is the house's own; nobody outside is asked").into(),
        };
    };
    let facts = provider.facts();
    if facts.needs_key && !weather.has_key {
        let says = format!("{} wants a key, and there is none", facts.title);
        return Finding::of(WEATHER_KEYLESS, says)
            .todo("set api_key_file under [weather], or WEATHER_API_KEY")
            .into();
    }
    let budget = budget(subject, facts.name, weather.calls_per_day.unwrap_or(facts.calls_per_day));
    if depth != Depth::Full {
        let key = if facts.needs_key { "a key is set; " } else { "" };
        let finding = budget.unwrap_or_else(|used| {
            Finding::of(WEATHER_OK, format!("{key}{used} calls were made today of {}", facts.title))
                .figure("used", used, "1")
        });
        let why = format!("{} was not asked: a call is spent with `hearthline doctor --full`", facts.title);
        return Looked::from(finding).skip("weather-answer", why);
    }
    let mut findings: Vec<Finding> = budget.into_iter().collect();
    let mut place = subject.place.subscribe();
    let place = place.wait_for(Option::is_some).await.ok().and_then(|place| place.flatten());
    match (weather.ask)(place).await {
        Some(Ok(words)) => findings.push(Finding::of(WEATHER_OK, words)),
        Some(Err(words)) => findings.push(
            Finding::of(WEATHER_REFUSES, words)
                .todo("see that the key is right and may be used (a new one takes some hours), or name another provider under [weather]"),
        ),
        None => {}
    }
    findings.into()
}

/// What speaks against a call now; the error is how many were made today.
fn budget(subject: &Subject, provider: &str, limit: u32) -> Result<Finding, u32> {
    let saved = Saved::read(&*subject.fs, &subject.weather.file).ok().flatten();
    let saved = saved.filter(|saved| saved.provider == provider).unwrap_or_default();
    let now = subject.clock.now();
    let used = if saved.day == now.day() { saved.used } else { 0 };
    let figures = |finding: Finding| finding.figure("used", used, "1").figure("limit", limit, "1");
    if used >= limit {
        let says = format!("all {limit} calls of this UTC day are used: the next is made after midnight UTC");
        return Ok(figures(Finding::of(WEATHER_SPENT, says))
            .todo("raise interval under [weather], or calls_per_day if your contract allows it"));
    }
    match saved.not_before.filter(|at| *at > now) {
        Some(at) => {
            Ok(figures(Finding::of(WEATHER_WAITS, format!("{provider} asked us to wait until {at}"))))
        }
        None => Err(used),
    }
}
