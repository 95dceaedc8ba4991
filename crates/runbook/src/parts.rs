//! What the state of a part means for the data, and what a person can do.

/// Every event goes through it.
pub const LOG: &str = "log";
/// The embedded store.
pub const STORE: &str = hearthline_pipeline::sinks::store::NAME;
/// The connection to Home Assistant.
pub const SOURCE: &str = "home_assistant";
/// What Home Assistant lists of entities, devices and areas.
pub const REGISTRY: &str = "registry";
/// Who says how the weather is.
pub const WEATHER: &str = "weather";
/// What answers commands and the page.
pub const API: &str = "api";
/// The settings, where parts are off because of mistakes in them.
pub const SETTINGS: &str = "settings";
/// Tells people.
pub const NOTIFY: &str = "notify";
/// Tells Home Assistant.
pub const MQTT: &str = "mqtt";

/// Which kind of part it is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`LOG`].
    Log,
    /// [`STORE`].
    Store,
    /// A place that the log is delivered to beside the store, called as the settings say.
    Sink,
    /// [`SOURCE`].
    Source,
    /// [`REGISTRY`].
    Registry,
    /// [`WEATHER`].
    Weather,
    /// [`API`].
    Api,
    /// [`SETTINGS`].
    Settings,
    /// [`NOTIFY`].
    Notify,
    /// [`MQTT`].
    Mqtt,
}

impl Kind {
    /// Of the part of that name; whatever has no other is a sink.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            LOG => Self::Log,
            STORE => Self::Store,
            SOURCE => Self::Source,
            REGISTRY => Self::Registry,
            WEATHER => Self::Weather,
            API => Self::Api,
            SETTINGS => Self::Settings,
            NOTIFY => Self::Notify,
            MQTT => Self::Mqtt,
            _ => Self::Sink,
        }
    }
}

/// What the state of a part means for the data; none where it is as it should be.
#[must_use]
pub fn meaning(name: &str, state: &str) -> Option<&'static str> {
    Some(match (Kind::of(name), state) {
        (_, "healthy" | "off") => return None,
        (Kind::Log, "starting") => "nothing is recorded yet",
        (Kind::Log, "degraded") => "everything is recorded; something on its disk is not as it should be",
        (Kind::Log, _) => {
            "nothing is recorded: what happens now is fetched from Home Assistant's history afterwards, \
                           as far as that goes back"
        }
        (Kind::Store, "starting") => "events are safe in the log; charts and exports end where the store is",
        (Kind::Store, _) => {
            "events are safe in the log; charts and exports end before them until the store takes them"
        }
        (Kind::Sink, "starting") => "events are safe in the log and in the store",
        (Kind::Sink, _) => "its events are safe in the log and in the store, and are sent when it takes them",
        (Kind::Source, "starting") => "nothing is recorded yet",
        (Kind::Source, "degraded") => {
            "nothing comes in, or late; what is missed meanwhile is fetched from Home Assistant's history afterwards"
        }
        (Kind::Source, _) => {
            "nothing is recorded: what happens now is fetched from Home Assistant's history afterwards, \
                              if it still has it by then"
        }
        (Kind::Registry, "starting") => "rows go without room, device and name until the lists are there",
        (Kind::Registry, _) => "rows go without room, device and name, or with those that were known before",
        (Kind::Weather, "starting") => "rows go without weather until the first observation is there",
        (Kind::Weather, _) => {
            "rows go with weather that is older, and after an hour without; nothing else is missing"
        }
        (Kind::Notify | Kind::Mqtt, "starting") => "everything is recorded; nobody is told yet",
        (Kind::Notify, _) => "everything is recorded; what is to be told waits, and is told when it is taken",
        (Kind::Mqtt, _) => "everything is recorded; Home Assistant shows Hearthline as unavailable",
        (Kind::Api, _) => "everything is recorded; the page and commands may get no answer",
        (Kind::Settings, _) => "everything is recorded, with what has mistakes switched off",
    })
}

/// What a person can do; none where nothing is to be done, or only waiting helps.
#[must_use]
pub fn todo(name: &str, state: &str) -> Option<String> {
    let start = || Some(format!("`hearthline repair restart {name}` starts it now"));
    match (Kind::of(name), state) {
        (_, "healthy" | "off" | "starting") => None,
        (Kind::Log, _) => Some(
            "make room on its disk, or see what `dmesg` says of it; the log takes events again by itself"
                .into(),
        ),
        (Kind::Store, "parked") => start(),
        (Kind::Store, _) => {
            Some("see that its disk has room and can be written to; the store catches up by itself".into())
        }
        (Kind::Sink, "parked") => Some(format!(
            "put right what its reason says; it is looked at again every half minute, and `hearthline repair restart \
             {name}` looks now"
        )),
        (Kind::Sink, _) => {
            Some("see whether its server runs and can be reached; it catches up by itself".into())
        }
        (Kind::Source, "parked") => Some("put right what its reason says; it goes on by itself then".into()),
        (Kind::Source, "unhealthy") => Some(
            "see whether Home Assistant runs and can be reached from here; it is tried again and again"
                .into(),
        ),
        (Kind::Source, _) => None,
        (Kind::Registry, _) => {
            Some("give Home Assistant a token of an administrator, who may see all lists".into())
        }
        (Kind::Weather, "parked") => {
            Some("put right what its reason says: the key, or another provider under [weather]".into())
        }
        (Kind::Weather, _) => Some("wait, or name another provider under [weather]".into()),
        (Kind::Notify, _) => Some(
            "see what its reason says; `hearthline notify test` tries every place, and `[[notify]]` names them".into(),
        ),
        (Kind::Mqtt, "parked") => {
            Some("correct username and password under [mqtt], or let this user in at the broker".into())
        }
        (Kind::Mqtt, _) => Some("see whether the broker runs and can be reached; it is tried again and again".into()),
        (Kind::Api, _) => Some("wait some seconds: it is served anew by itself".into()),
        (Kind::Settings, _) => Some(
            "correct what its reason says; what is off is started by itself then (`hearthline check` lists all mistakes)"
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&str; 10] =
        [LOG, STORE, "influxdb", SOURCE, REGISTRY, WEATHER, API, NOTIFY, MQTT, SETTINGS];

    #[test]
    fn each_state_of_each_part_says_what_it_means_and_what_to_do() {
        let mut table = String::new();
        for name in PARTS {
            for state in ["starting", "healthy", "degraded", "unhealthy", "parked", "off"] {
                let (meaning, todo) = (meaning(name, state), todo(name, state));
                let fine = matches!(state, "healthy" | "off");
                assert_eq!(meaning.is_none(), fine, "{name} {state}");
                assert!(todo.is_none() || (!fine && state != "starting"), "{name} {state}");
                if matches!(state, "unhealthy" | "parked") {
                    assert!(todo.is_some(), "{name} {state}");
                }
                if let Some(meaning) = meaning {
                    table += &format!("{name} {state}: {meaning}. {}\n", todo.unwrap_or_default());
                }
            }
        }
        insta::assert_snapshot!(table);
    }
}
