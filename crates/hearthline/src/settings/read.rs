//! Which keys there are, what they mean and what holds without them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hearthline_log::SyncPolicy;
use hearthline_pipeline::weather::{Choice, Provider};
use hearthline_runbook::alerts::Limits;
use hearthline_runbook::criteria::UptimeWindow;
use toml::de::DeTable;

use super::document::{Document, Raw, Table};
use super::environment::{Environment, variable};
use super::mistake::{Mistake, Mistakes, Place, Problem};
use super::origin::{Origin, Setting};
use super::sinks::companions;
use super::{
    Alerts, Api, Backup, Criteria, Filter, HomeAssistant, Log, Percent, Purpose, Settings, Store, Verify,
    Weather, kinds,
};

/// The data folder that nobody has set.
pub(super) const DATA_DIR: &str = "./data";
/// Where the supervisor lets an app reach Home Assistant.
const SUPERVISOR_URL: &str = "ws://supervisor/core/websocket";

/// Reads a text file.
pub(crate) type ReadFile<'r> = &'r dyn Fn(&Path) -> io::Result<String>;

/// Loads the settings from `config` (or the file that the environment names, or none) and the environment.
///
/// # Errors
/// Every mistake that there is.
pub(crate) fn load(
    config: Option<&Path>,
    environment: &Environment,
    read_file: ReadFile<'_>,
    purpose: Purpose,
) -> Result<Settings, Mistakes> {
    let config =
        config.map(Path::to_path_buf).or_else(|| environment.get(variable::CONFIG).map(PathBuf::from));
    whole(load_partly(config.as_deref(), environment, read_file, purpose))
}

/// Settings without a mistake.
///
/// # Errors
/// Every mistake that there is.
pub(super) fn whole((settings, mistakes): (Settings, Mistakes)) -> Result<Settings, Mistakes> {
    if mistakes.0.is_empty() { Ok(settings) } else { Err(mistakes) }
}

/// What can be read of the file and the environment, and every mistake that there is. What has one is as if nobody had set it.
pub(super) fn load_partly(
    config: Option<&Path>,
    environment: &Environment,
    read_file: ReadFile<'_>,
    purpose: Purpose,
) -> (Settings, Mistakes) {
    let (text, unread) = match config.map(|path| (path, read_file(path))) {
        None => (String::new(), None),
        Some((_, Ok(text))) => (text, None),
        Some((path, Err(error))) => (String::new(), Some(unreadable(path, &error))),
    };
    let path = config.unwrap_or(Path::new(""));
    let (content, errors) = DeTable::parse_recoverable(&text);
    let document = Document::new(path, &text, environment);
    document.unreadable(&errors);
    let reader = Reader { document: &document, environment, read_file, purpose, folder: path.parent() };
    let settings = reader.settings(document.root(content.get_ref()), config.map(Path::to_path_buf));
    let mistakes = match unread {
        Some(unread) => vec![unread], // what stands in it is not known, and so not what is missing
        None => document.into_mistakes(),
    };
    (settings, Mistakes(mistakes))
}

fn unreadable(path: &Path, error: &io::Error) -> Mistake {
    let todo = match error.kind() {
        io::ErrorKind::NotFound => {
            "name the settings file by --config or HEARTHLINE_CONFIG, or leave both away to use the environment alone"
        }
        io::ErrorKind::InvalidData => "write it anew as text in UTF-8",
        _ => "let this program's user read it, or name another by --config or HEARTHLINE_CONFIG",
    };
    let problem = Problem::new(format!("cannot be read: {error}"), todo);
    Mistake { place: Place::File(path.into(), 1, 1), key: String::new(), problem }
}

pub(super) struct Reader<'r> {
    pub(super) document: &'r Document<'r>,
    pub(super) environment: &'r Environment,
    read_file: ReadFile<'r>,
    purpose: Purpose,
    /// Paths in the file are relative to it.
    folder: Option<&'r Path>,
}

impl Reader<'_> {
    fn settings(&self, mut root: Table<'_>, config: Option<PathBuf>) -> Settings {
        let data_dir = root.field("data_dir", Some(variable::DATA_DIR), kinds::path);
        let (sinks, notify) = (root.tables("sinks"), root.tables("notify"));
        let mut settings = Settings {
            config,
            data_dir: data_dir.map_or_else(|| Setting::default(DATA_DIR.into()), |dir| self.path(dir)),
            home_assistant: self.home_assistant(root.table("home_assistant")),
            filter: filter(root.table("filter")),
            log: log(root.table("log")),
            store: store(root.table("store")),
            weather: self.weather(root.table("weather")),
            api: api(root.table("api")),
            criteria: criteria(root.table("criteria")),
            verify: verify(root.table("verify")),
            alerts: alerts(root.table("alerts")),
            backup: self.backup(root.table("backup")),
            sinks: self.sinks(sinks, self.document),
            notify: self.notify(notify, self.document),
            mqtt: self.mqtt(root.table("mqtt")),
            log_filter: self.log_filter(),
            notes: self.environment.notes(),
            off: None,
        };
        settings.notes.extend(useless_key(&settings.weather));
        settings.notes.extend(companions(&settings.sinks, self.environment));
        root.finish();
        settings
    }

    fn home_assistant(&self, mut table: Table<'_>) -> HomeAssistant {
        let mut url = table.field("url", Some(variable::HOME_ASSISTANT_URL), kinds::url);
        let in_table = table.field("token", Some(variable::HOME_ASSISTANT_TOKEN), kinds::token);
        let token_file = table.field("token_file", None, kinds::path).map(|path| self.path(path));
        let mut read_from = None;
        let mut token = match (in_table, token_file) {
            (Some(Setting { origin: Origin::File(..), .. }), Some(_)) => {
                let problem = Problem::new("token and token_file are both set", "remove one of them");
                self.document.mistake(table.place(), "home_assistant.token", problem);
                None
            }
            (Some(token), _) => Some(token),
            (None, Some(file)) => {
                read_from = Some(file.clone());
                self.secret_from(&file, "home_assistant.token_file", kinds::token)
            }
            (None, None) => None,
        };
        let supervisor = self.environment.get(variable::SUPERVISOR_TOKEN).filter(|_| url.is_none());
        if let Some(text) = supervisor {
            let origin = Origin::Env(variable::SUPERVISOR_TOKEN);
            url = kinds::url(Raw::Text(SUPERVISOR_URL))
                .ok()
                .map(|value| Setting { value, origin: origin.clone() });
            token = Some(Setting { value: super::Secret::new(text), origin });
        }
        let home_assistant = HomeAssistant {
            events: table
                .list("events", kinds::event_type)
                .filter(|types| !types.is_empty())
                .unwrap_or_else(|| Setting::default(vec!["state_changed".into()])),
            ping_interval: or(table.field("ping_interval", None, kinds::duration), Duration::from_secs(10)),
            ca_file: table.field("ca_file", None, kinds::path).map(|path| self.path(path)),
            tls_verify: or(table.field("tls_verify", None, kinds::flag), true),
            supervised: supervisor.is_some(),
            url,
            token,
            token_file: read_from,
        };
        table.finish();
        self.require(&home_assistant);
        home_assistant
    }

    /// Says what is missing for recording.
    fn require(&self, home_assistant: &HomeAssistant) {
        if self.purpose == Purpose::Read {
            return;
        }
        let missing = |key: &str, what: &str, todo: &str| {
            let problem = Problem::new(format!("{what} is not known"), todo);
            self.document.missing(key, problem);
        };
        if home_assistant.url.is_none() {
            let todo =
                "set HOME_ASSISTANT_URL, or url under [home_assistant], as in http://192.168.1.10:8123";
            missing("home_assistant.url", "Home Assistant's address", todo);
        }
        if home_assistant.token.is_none() {
            let todo = "make a long-lived access token in Home Assistant (your profile, Security) and set \
                        HOME_ASSISTANT_TOKEN, or token_file under [home_assistant]";
            missing("home_assistant.token", "the access token", todo);
        }
    }

    /// The secret that a file has; the key is that of the file.
    pub(super) fn secret_from(
        &self,
        file: &Setting<PathBuf>,
        key: &str,
        read: super::document::Read<super::Secret>,
    ) -> Option<Setting<super::Secret>> {
        let read = (self.read_file)(file)
            .map_err(|e| {
                Problem::new(
                    format!("{} cannot be read: {e}", file.display()),
                    "correct the path or its rights",
                )
            })
            .and_then(|text| {
                let in_file = |problem: Problem| {
                    Problem::new(format!("{}: {}", file.display(), problem.reason), problem.todo)
                };
                read(Raw::Text(&text)).map_err(in_file)
            });
        match read {
            Ok(value) => Some(Setting { value, origin: file.origin.clone() }),
            Err(_) if self.purpose == Purpose::Read => None,
            Err(problem) => {
                let place = match &file.origin {
                    Origin::File(path, line) => Place::File(path.clone(), *line, 1),
                    _ => Place::Missing,
                };
                self.document.mistake(place, key, problem);
                None
            }
        }
    }

    fn backup(&self, mut table: Table<'_>) -> Backup {
        let backup = Backup {
            dir: table.field("dir", None, kinds::path).map(|dir| self.path(dir)),
            every: table.field("every", None, kinds::backup_interval),
            keep: table.field("keep", None, kinds::count),
        };
        table.finish();
        backup
    }

    fn weather(&self, mut table: Table<'_>) -> Weather {
        let variable = self.environment.get(variable::WEATHER_API_KEY).and_then(|text| {
            let read = kinds::api_key(Raw::Text(text));
            let place = Place::Env(variable::WEATHER_API_KEY);
            let value = read.map_err(|problem| self.document.mistake(place, "", problem)).ok()?;
            Some(Setting { value, origin: Origin::Env(variable::WEATHER_API_KEY) })
        });
        let file = table.field("api_key_file", None, kinds::path).map(|path| self.path(path));
        let from_file = file.as_ref().filter(|_| variable.is_none());
        let api_key_file = from_file.cloned();
        let from_file =
            from_file.and_then(|file| self.secret_from(file, "weather.api_key_file", kinds::api_key));
        let weather = Weather {
            provider: or(table.field("provider", None, kinds::provider), Choice::Auto),
            entity: table.field("entity", None, kinds::weather_entity),
            outside: or(table.field("outside", None, kinds::flag), false),
            base_url: table.field("base_url", None, kinds::provider_url),
            api_key: variable.or(from_file),
            api_key_file,
            interval: table.field("interval", None, kinds::call_interval),
            calls_per_minute: table.field("calls_per_minute", None, kinds::calls),
            calls_per_day: table.field("calls_per_day", None, kinds::calls),
        };
        table.finish();
        weather
    }

    fn log_filter(&self) -> Setting<String> {
        let text = self.environment.get(variable::LOG);
        let read = text.and_then(|text| {
            let read = kinds::log_filter(Raw::Text(text));
            read.map_err(|problem| self.document.mistake(Place::Env(variable::LOG), "", problem)).ok()
        });
        read.map_or_else(
            || Setting::default("info".into()),
            |value| Setting { value, origin: Origin::Env(variable::LOG) },
        )
    }

    pub(super) fn path(&self, path: Setting<PathBuf>) -> Setting<PathBuf> {
        match (&path.origin, self.folder) {
            (Origin::File(..), Some(folder)) => path.map(|path| folder.join(path)),
            _ => path,
        }
    }
}

fn filter(mut table: Table<'_>) -> Filter {
    let mut rules = |key| table.list(key, kinds::rule).unwrap_or_else(|| Setting::default(Vec::new()));
    let filter = Filter { include: rules("include"), exclude: rules("exclude") };
    table.finish();
    filter
}

fn log(mut table: Table<'_>) -> Log {
    let log = Log {
        sync: or(table.field("sync", None, kinds::sync), SyncPolicy::Interval(Duration::from_secs(1))),
        max_bytes: or(table.field("max_bytes", None, kinds::log_size), 2 << 30),
        keep: or(table.field("keep", None, kinds::duration), Duration::from_secs(86_400)),
        min_free: or(table.field("min_free", None, kinds::size), 1 << 30),
    };
    table.finish();
    log
}

fn store(mut table: Table<'_>) -> Store {
    let store = Store {
        flush_rows: or(table.field("flush_rows", None, kinds::count), 50_000),
        flush_interval: or(table.field("flush_interval", None, kinds::duration), Duration::from_secs(600)),
        retention: or(table.field("retention", None, kinds::retention), None),
        context_ids: or(table.field("context_ids", None, kinds::flag), false),
    };
    table.finish();
    store
}

fn api(mut table: Table<'_>) -> Api {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8099));
    let api = Api { listen: or(table.field("listen", Some(variable::API_LISTEN), kinds::listen), default) };
    table.finish();
    api
}

fn criteria(mut table: Table<'_>) -> Criteria {
    let percent = |whole: u32| Percent(whole * 1000);
    let criteria = Criteria {
        events_per_minute: or(table.field("events_per_minute", None, kinds::count), 10),
        error_rate: or(table.field("error_rate", None, kinds::percent), percent(1)),
        uptime: or(table.field("uptime", None, kinds::percent), percent(99)),
        weather: or(table.field("weather", None, kinds::percent), percent(95)),
        window: or(table.field("window", None, kinds::window), Duration::from_secs(900)),
        uptime_window: or(table.field("uptime_window", None, kinds::uptime_window), UptimeWindow::Day),
        canary: table.field("canary", None, kinds::duration),
    };
    table.finish();
    criteria
}

fn verify(mut table: Table<'_>) -> Verify {
    let verify = Verify { every: table.field("every", None, kinds::verify_interval) };
    table.finish();
    verify
}

fn alerts(mut table: Table<'_>) -> Alerts {
    let default = Limits::default();
    let refused = default.refused.and_then(|count| usize::try_from(count).ok());
    let alerts = Alerts {
        no_events: or(table.field("no_events", None, kinds::duration_or_off), default.no_events),
        sink_behind: or(table.field("sink_behind", None, kinds::duration_or_off), default.sink_behind),
        refused: or(table.field("refused", None, kinds::count_or_off), refused),
        gap_lost: or(table.field("gap_lost", None, kinds::duration_or_off), default.gap_lost),
        disk: or(table.field("disk", None, kinds::duration_or_off), default.disk),
        silent: or(table.field("silent", None, kinds::flag), default.silent),
        canary: or(table.field("canary", None, kinds::flag), default.canary.is_some()),
        backup: or(table.field("backup", None, kinds::flag), default.backup),
    };
    table.finish();
    alerts
}

/// The former system's key is still set, and who it is for is not asked.
fn useless_key(weather: &Weather) -> Option<String> {
    let wants = matches!(*weather.provider, Choice::Outside(provider) if provider.facts().needs_key);
    let useless =
        weather.api_key.is_some() && !wants && *weather.provider != Choice::Outside(Provider::OpenMeteo);
    useless.then(|| {
        let name = Provider::OpenWeatherMap.facts().name;
        format!(
            "{}: not used; to ask with it, write provider = \"{name}\" under [weather]",
            variable::WEATHER_API_KEY
        )
    })
}

pub(super) fn or<T>(set: Option<Setting<T>>, default: T) -> Setting<T> {
    set.unwrap_or_else(|| Setting::default(default))
}
