//! What the program says of itself when it starts: at most twelve lines, so that each is read.

use std::net::SocketAddr;
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::weather::{Choice, Provider};
use hearthline_store::StoreStats;

use crate::settings::{InfluxDb, Mqtt, Notify, Setting, Settings};

/// No more lines than this.
#[cfg(test)]
const MOST: usize = 12;

/// Everything: the settings with their origins, what is stored already (in words), where the API listens, and what is
/// off.
pub(crate) fn lines(settings: &Settings, stored: &str, address: SocketAddr) -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = vec![format!("hearthline {version}; {}", file(settings))];
    lines.extend(of_settings(settings));
    lines.push(format!("stored so far: {stored}"));
    lines.push(api(settings, address));
    if settings.sinks.is_empty() {
        lines.push("off: sinks other than the store (none is set)".into());
    }
    lines.extend(notes(settings));
    lines
}

/// What the store has, in words.
pub(crate) fn stored(stats: &StoreStats) -> String {
    match (stats.first, stats.last) {
        (Some(first), Some(last)) => {
            let (rows, entities) = (stats.rows, stats.entities);
            format!("{rows} states of {entities} entities, from {first} to {last}, in {}", bytes(stats.bytes))
        }
        _ => "nothing".into(),
    }
}

/// The settings that decide what is recorded and how safely, each with its origin.
pub(crate) fn of_settings(settings: &Settings) -> Vec<String> {
    let data_dir = &settings.data_dir;
    let mut lines = vec![
        format!("data folder: {} ({})", data_dir.display(), data_dir.origin),
        home_assistant(settings),
        filter(settings),
        log(settings),
        store(settings),
        weather(settings),
    ];
    let listed =
        |what: &str, each: Vec<String>| (!each.is_empty()).then(|| format!("{what}: {}", each.join("; ")));
    let told = settings.notify.iter().map(place).chain(settings.mqtt.iter().map(broker)).collect();
    let delivered = [listed("sinks", settings.sinks.iter().map(sink).collect()), listed("told", told)];
    let delivered: Vec<_> = delivered.into_iter().flatten().collect();
    lines.extend((!delivered.is_empty()).then(|| delivered.join(". ")));
    lines
}

/// The address is a secret: whoever knows it may write there.
fn place(Notify { name, shape, url, level, tls_verify, .. }: &Notify) -> String {
    let unchecked = if **tls_verify { "" } else { ", its certificate is NOT checked" };
    let (name, shape, level) = (&**name, shape.as_str(), level.as_str());
    format!("{name} by {shape} from {level} on (address from {}{unchecked})", url.origin)
}

fn broker(Mqtt { host, port, name, tls, tls_verify, .. }: &Mqtt) -> String {
    let tls = match (**tls, **tls_verify) {
        (false, _) => "",
        (true, true) => ", encrypted",
        (true, false) => ", encrypted, its certificate is NOT checked",
    };
    format!("Home Assistant as {:?} by MQTT at {}:{} ({}{tls})", **name, **host, **port, host.origin)
}

fn file(settings: &Settings) -> String {
    match &settings.config {
        Some(path) => format!("settings from {} and the environment", path.display()),
        None => "settings from the environment alone".into(),
    }
}

fn home_assistant(settings: &Settings) -> String {
    let peer = &settings.home_assistant;
    let Some(url) = &peer.url else { return "Home Assistant: no address".into() };
    let mut line = format!("Home Assistant: {} ({})", url.value, url.origin);
    if let Some(token) = &peer.token {
        line.push_str(&format!(", token from {}", token.origin));
    }
    let types: Vec<&str> = peer.events.iter().map(|kind| if kind == "*" { "all" } else { kind }).collect();
    line.push_str(&format!(", events: {}", types.join(", ")));
    if !*peer.tls_verify {
        line.push_str(&format!("; its certificate is NOT checked ({})", peer.tls_verify.origin));
    }
    line
}

fn filter(settings: &Settings) -> String {
    let rules = |rules: &Setting<Vec<String>>| match rules.len() {
        0..=8 => format!("{} ({})", rules.join(", "), rules.origin),
        count => format!("{count} rules ({})", rules.origin),
    };
    let (include, exclude) = (&settings.filter.include, &settings.filter.exclude);
    let kept = if include.is_empty() { "every entity".into() } else { rules(include) };
    let out = if exclude.is_empty() { String::new() } else { format!(", but not {}", rules(exclude)) };
    format!("recorded: {kept}{out}")
}

fn log(settings: &Settings) -> String {
    let log = &settings.log;
    let sync = match log.sync.value {
        SyncPolicy::Always => "synced at each write".into(),
        SyncPolicy::Interval(each) => format!("synced every {}", span(each)),
        SyncPolicy::Os => "synced when the system likes".into(),
    };
    let (most, keep) = (bytes(*log.max_bytes), span(*log.keep));
    format!(
        "log: {sync} ({}), at most {most} ({}), kept {keep} ({})",
        log.sync.origin, log.max_bytes.origin, log.keep.origin
    )
}

fn store(settings: &Settings) -> String {
    let store = &settings.store;
    let kept = store.retention.map_or("for ever".into(), |kept| format!("for {}", span(kept)));
    format!(
        "store: files every {} ({}) or {} rows ({}), rows kept {kept} ({})",
        span(*store.flush_interval),
        store.flush_interval.origin,
        *store.flush_rows,
        store.flush_rows.origin,
        store.retention.origin
    )
}

fn weather(settings: &Settings) -> String {
    let weather = &settings.weather;
    let entity = || match &weather.entity {
        Some(entity) => format!("{} ({})", entity.value, entity.origin),
        None => "the house's first weather entity".into(),
    };
    let who = match *weather.provider {
        Choice::Off => return format!("weather: off ({})", weather.provider.origin),
        Choice::HomeAssistant => entity(),
        Choice::Outside(provider) => outside(settings, provider),
        Choice::Auto if *weather.outside => {
            format!("{}, or where there is none {}", entity(), outside(settings, Provider::OpenMeteo))
        }
        Choice::Auto => format!("{}, nobody outside is asked ({})", entity(), weather.outside.origin),
    };
    format!("weather: {} ({}): {who}", weather.provider.as_str(), weather.provider.origin)
}

/// Who outside is asked, where and how often.
fn outside(settings: &Settings, provider: Provider) -> String {
    let (weather, facts) = (&settings.weather, provider.facts());
    let interval = weather.interval.as_ref().map_or(facts.good_for, |interval| interval.value);
    let place = weather.base_url.as_ref().map(|url| format!(" at {} ({})", url.value, url.origin));
    let key = weather.api_key.as_ref().filter(|_| facts.needs_key);
    let key = key.map(|key| format!(", key from {}", key.origin));
    format!("{}{} every {}{}", facts.name, place.unwrap_or_default(), span(interval), key.unwrap_or_default())
}

fn sink(sink: &InfluxDb) -> String {
    let (name, url, database) = (&*sink.name, &sink.url, &sink.database);
    let mut line =
        format!("{name} to {} ({}), {:?} ({})", url.value, url.origin, database.value, database.origin);
    line.push_str(&match (&sink.token, &sink.username) {
        (Some(token), _) => format!(", token from {}", token.origin),
        (None, Some(user)) => format!(", as {} ({})", user.value, user.origin),
        (None, None) => ", without a token".into(),
    });
    if !*sink.tls_verify {
        line.push_str(&format!("; its certificate is NOT checked ({})", sink.tls_verify.origin));
    }
    line
}

fn api(settings: &Settings, address: SocketAddr) -> String {
    let who = if address.ip().is_loopback() { "this machine only" } else { "other machines with the token" };
    format!("API: http://{address} ({}), for {who}", settings.api.listen.origin)
}

fn notes(settings: &Settings) -> Option<String> {
    (!settings.notes.is_empty()).then(|| format!("note: {}", settings.notes.join("; ")))
}

/// A length of time in the largest unit that has no remainder.
pub(crate) fn span(length: Duration) -> String {
    const UNITS: [(u128, &str); 5] =
        [(86_400_000, " d"), (3_600_000, " h"), (60_000, " min"), (1000, " s"), (1, " ms")];
    let millis = length.as_millis();
    let fits = UNITS.iter().find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{millis} ms"), |(unit, name)| format!("{}{name}", millis / unit))
}

fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = UNITS.iter().find(|(unit, _)| count >= *unit && count.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{count} bytes"), |(unit, name)| format!("{} {name}", count / unit))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::{Purpose, load};

    fn settings(file: Option<&str>, environment: &[(&str, &str)]) -> Settings {
        let read = |_: &Path| Ok(file.unwrap_or_default().to_owned());
        let path = file.map(|_| Path::new("/etc/hearthline.toml"));
        load(path, &environment.iter().copied().collect(), &read, Purpose::Record).unwrap()
    }

    const HOUSE: [(&str, &str); 2] =
        [("HOME_ASSISTANT_URL", "http://192.168.1.10:8123"), ("HOME_ASSISTANT_TOKEN", "hunter2")];

    #[test]
    fn the_start_is_told_in_at_most_twelve_lines() {
        let lines = lines(&settings(None, &HOUSE), "nothing", "127.0.0.1:8099".parse().unwrap());
        assert!(lines.len() < MOST, "one more is said when Home Assistant has answered");
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn each_value_is_told_with_its_origin_and_no_secret() {
        let file = "[filter]\ninclude = [\"sensor\"]\nexclude = [\"sensor.*_battery\"]\n[home_assistant]\n\
                    tls_verify = false\nevents = [\"*\"]\n[log]\nsync = \"always\"\nkeep = \"90m\"\n\
                    [store]\nretention = \"365d\"\n";
        let mut environment = HOUSE.to_vec();
        environment.extend([
            ("HEARTHLINE_DATA_DIR", "/data"),
            ("HEARTHLINE_API_LISTEN", "0.0.0.0:8099"),
            ("INFLUXDB_URL", "http://influx:8086"),
            ("INFLUXDB_TOKEN", "hunter3"),
            ("WEATHER_API_KEY", "hunter4"),
        ]);
        let settings = settings(Some(file), &environment);
        let lines = lines(&settings, "5 rows", "0.0.0.0:8099".parse().unwrap()).join("\n");
        assert!(!lines.contains("hunter"));
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn lengths_and_sizes_are_told_in_round_units() {
        for (millis, text) in
            [(1, "1 ms"), (1500, "1500 ms"), (60_000, "1 min"), (86_400_000, "1 d"), (0, "0 ms")]
        {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        assert_eq!(bytes(3 << 30), "3 GiB");
        assert_eq!(bytes(1000), "1000 bytes");
    }
}
