//! `[[sinks]]`: where everything is delivered to beside the store.
//!
//! `INFLUXDB_URL` makes a sink named `influxdb`, or wins over what the file says of the one of that name, as its companions do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{HaLayout, Layout, MeasurementAttr, NativeLayout};
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use url::Url;

use super::document::{Document, Read, Table};
use super::environment::{Environment, variable};
use super::kinds::{self, LayoutKind};
use super::mistake::{Place, Problem};
use super::origin::{Origin, Setting};
use super::read::{Reader, or};
use super::{Filter, Secret};

/// The name of a sink that is not given one, and of the environment's.
const NAME: &str = "influxdb";
/// As the system that this one replaces had it.
const DATABASE: &str = "home_assistant_events";
/// As Home Assistant's integration has it.
const HA_DATABASE: &str = "home_assistant";

/// Settings that one layout has and the other has not.
const NATIVE_KEYS: [&str; 3] = ["measurement", "attributes", "weather"];
const HA_KEYS: [&str; 5] = [
    "measurement_attr",
    "override_measurement",
    "default_measurement",
    "tags_attributes",
    "ignore_attributes",
];

/// One `[[sinks]]` of type `influxdb`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InfluxDb {
    /// What it is called in the status, and its folder.
    pub(crate) name: Setting<String>,
    /// `http` or `https`.
    pub(crate) url: Setting<Url>,
    /// None: the server is asked.
    pub(crate) version: Setting<Option<Version>>,
    /// The database, or the bucket of version 2.
    pub(crate) database: Setting<String>,
    /// The organisation of version 2.
    pub(crate) org: Option<Setting<String>>,
    /// With a password.
    pub(crate) username: Option<Setting<String>>,
    /// Of that user.
    pub(crate) password: Option<Setting<Secret>>,
    /// The file that it was read from.
    pub(crate) password_file: Option<Setting<PathBuf>>,
    /// In place of user and password.
    pub(crate) token: Option<Setting<Secret>>,
    /// The file that it was read from.
    pub(crate) token_file: Option<Setting<PathBuf>>,
    /// More certificates to trust, PEM.
    pub(crate) ca_file: Option<Setting<PathBuf>>,
    /// Whether the certificate is checked.
    pub(crate) tls_verify: Setting<bool>,
    /// How points look.
    pub(crate) layout: Layout,
    /// Where what is said of that stands.
    pub(crate) layout_origins: BTreeMap<&'static str, Origin>,
    /// Lines that are sent at once.
    pub(crate) batch_size: Setting<usize>,
    /// The longest that a row waits for others.
    pub(crate) batch_interval: Setting<Duration>,
    /// What it gets of what is recorded.
    pub(crate) filter: Filter,
    /// Where it begins when it is new.
    pub(crate) start: Setting<Start>,
}

impl InfluxDb {
    /// Who said what a key of the layout is.
    pub(super) fn layout_origin(&self, key: &str) -> Origin {
        self.layout_origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

impl Reader<'_> {
    /// All of them; what is wrong is told.
    pub(super) fn sinks<'d>(&self, tables: Vec<Table<'d>>, document: &'d Document<'d>) -> Vec<InfluxDb> {
        let mut sinks: Vec<InfluxDb> = Vec::new();
        let mut named = false;
        for mut table in tables {
            let place = table.place();
            if !table.contains("type") {
                let todo = "write type = \"influxdb\", or remove this [[sinks]]";
                document.mistake(place, "sinks", Problem::new("a sink without a type", todo));
                continue;
            }
            // A sink that does not exist has keys that are not known either; its type says it all.
            match table.field("type", None, kinds::sink_type).map(|kind| kind.value) {
                Some("influxdb") => {}
                Some(_) => {
                    table.finish();
                    continue;
                }
                None => continue,
            }
            let sink = self.influxdb(table);
            named |= sink.as_ref().is_none_or(|sink| *sink.name == NAME);
            let Some(sink) = sink else { continue };
            if sinks.iter().any(|other| *other.name == *sink.name) {
                let reason = format!("two sinks are called {:?}", *sink.name);
                let problem =
                    Problem::new(reason, "give each a name = \"..\" of its own: it is kept under that");
                document.mistake(place, "sinks.name", problem);
            }
            sinks.push(sink);
        }
        if !named && self.environment.get(variable::INFLUXDB_URL).is_some() {
            sinks.extend(self.influxdb(document.absent("sinks")));
        }
        sinks
    }

    fn influxdb(&self, mut table: Table<'_>) -> Option<InfluxDb> {
        let place = table.place();
        let name =
            table.field("name", None, kinds::sink_name).unwrap_or_else(|| Setting::default(NAME.into()));
        let variable = |variable| (*name == NAME).then_some(variable);
        let url = table.field("url", variable(variable::INFLUXDB_URL), kinds::http_url);
        let database = table.field("database", None, kinds::name);
        let bucket = table.field("bucket", variable(variable::INFLUXDB_BUCKET), kinds::name);
        if let (Some(_), Some(Setting { origin: Origin::File(..), .. })) = (&database, &bucket) {
            let problem =
                Problem::new("database and bucket are both set", "remove one of them: they are the same");
            self.document.mistake(place.clone(), "sinks.bucket", problem);
        }
        let layout = self.layout(&mut table);
        let layout_keys = NATIVE_KEYS.into_iter().chain(HA_KEYS).chain(["layout", "tags"]);
        let layout_origins = layout_keys.filter_map(|key| Some((key, table.origin(key)?))).collect();
        if let Err(why) = layout.check() {
            self.document.mistake(place.clone(), "sinks", Problem::new("points cannot look like this", why));
        }
        let mut rules = |key| table.list(key, kinds::rule).unwrap_or_else(|| Setting::default(Vec::new()));
        let filter = Filter { include: rules("include"), exclude: rules("exclude") };
        let version = or(table.field("version", None, kinds::influxdb_version), None);
        let org = table.field("org", variable(variable::INFLUXDB_ORG), kinds::name);
        let username = table.field("username", None, kinds::name);
        let (password, password_file) =
            self.secret(&mut table, "password", "password_file", None, kinds::secret);
        let of_token = variable(variable::INFLUXDB_TOKEN);
        let (token, token_file) = self.secret(&mut table, "token", "token_file", of_token, kinds::secret);
        let ca_file = table.field("ca_file", None, kinds::path).map(|path| self.path(path));
        let tls_verify = or(table.field("tls_verify", None, kinds::flag), true);
        let batch_size = or(table.field("batch_size", None, kinds::count), 5000);
        let batch_interval = or(table.field("batch_interval", None, kinds::duration), Duration::from_secs(1));
        let start = or(table.field("start", None, kinds::start), Start::Log);
        let by_variable = variable(variable::INFLUXDB_URL).and_then(|name| self.environment.get(name));
        if url.is_none() && !table.contains("url") && by_variable.is_none() {
            let todo = "write url = \"http://192.168.1.20:8086\", or set INFLUXDB_URL";
            self.document.mistake(
                place.clone(),
                "sinks.url",
                Problem::new("a sink without an address", todo),
            );
        }
        table.finish();
        let sink = InfluxDb {
            name,
            url: url?,
            version,
            database: database.or(bucket).unwrap_or_else(|| {
                let of_integration = matches!(layout, Layout::Ha(_));
                Setting::default(if of_integration { HA_DATABASE } else { DATABASE }.into())
            }),
            org,
            username,
            password,
            password_file,
            token,
            token_file,
            ca_file,
            tls_verify,
            layout,
            layout_origins,
            batch_size,
            batch_interval,
            filter,
            start,
        };
        self.who(&sink, &place);
        Some(sink)
    }

    /// How points look; a setting that the layout does not have is told.
    fn layout(&self, table: &mut Table<'_>) -> Layout {
        let kind = or(table.field("layout", None, kinds::layout), LayoutKind::Native).value;
        let tags = table.texts("tags");
        let native = NativeLayout {
            measurement: or(table.field("measurement", None, kinds::name), DATABASE.into()).value,
            tags: tags.clone(),
            attributes: table
                .words("attributes", kinds::attributes, kinds::attribute_list)
                .unwrap_or_default(),
            weather: or(table.field("weather", None, kinds::flag), true).value,
        };
        let name = |table: &mut Table<'_>, key| table.field(key, None, kinds::name).map(|name| name.value);
        let names =
            |table: &mut Table<'_>, key| table.list(key, kinds::name).map_or(Vec::new(), |names| names.value);
        let ha = HaLayout {
            tags,
            measurement_attr: or(
                table.field("measurement_attr", None, kinds::measurement_attr),
                MeasurementAttr::default(),
            )
            .value,
            override_measurement: name(table, "override_measurement"),
            default_measurement: name(table, "default_measurement"),
            tags_attributes: names(table, "tags_attributes"),
            ignore_attributes: names(table, "ignore_attributes"),
        };
        let mistake = |key: &str, reason: &str, todo: &str| {
            let problem = Problem::new(reason, todo);
            self.document.mistake(table.place(), &format!("sinks.{key}"), problem);
        };
        match kind {
            LayoutKind::Native => {
                for key in HA_KEYS.into_iter().filter(|key| table.contains(key)) {
                    mistake(key, "of no use in the layout native", "write layout = \"ha\", or remove it");
                }
                native.into()
            }
            LayoutKind::Ha => {
                for key in NATIVE_KEYS.into_iter().filter(|key| table.contains(key)) {
                    match key {
                        "attributes" if native.attributes != Attributes::All => mistake(
                            key,
                            "the layout ha has every attribute, as Home Assistant's integration writes them",
                            "name those that are not wanted in ignore_attributes, and remove this",
                        ),
                        "weather" if native.weather => mistake(
                            key,
                            "the layout ha has no weather",
                            "remove it; a second [[sinks]] in the layout native can have it",
                        ),
                        "measurement" => mistake(
                            key,
                            "the layout ha has a measurement for each unit",
                            "write override_measurement for a single one, or remove it",
                        ),
                        _ => {}
                    }
                }
                ha.into()
            }
        }
    }

    fn who(&self, sink: &InfluxDb, place: &Place) {
        let mistake = |key: &str, reason: &str, todo: &str| {
            self.document.mistake(place.clone(), key, Problem::new(reason, todo));
        };
        if sink.token.is_some() && sink.username.is_some() {
            mistake("sinks.username", "token and username are both set", "remove one of them");
        }
        if sink.username.is_none() && sink.password.is_some() {
            mistake("sinks.password", "a password without a user", "write username = \"..\"");
        }
        if sink.version.value == Some(Version::V2) && sink.org.is_none() {
            mistake(
                "sinks.org",
                "InfluxDB 2 wants to know the organisation",
                "write org = \"..\", or set INFLUXDB_ORG",
            );
        }
    }

    /// A secret, or the file that has it.
    pub(super) fn secret(
        &self,
        table: &mut Table<'_>,
        key: &'static str,
        file_key: &'static str,
        variable: Option<&'static str>,
        read: Read<Secret>,
    ) -> (Option<Setting<Secret>>, Option<Setting<PathBuf>>) {
        let here = table.field(key, variable, read);
        let file = table.field(file_key, None, kinds::path).map(|path| self.path(path));
        match (here, file) {
            (Some(Setting { origin: Origin::File(..), .. }), Some(_)) => {
                let problem =
                    Problem::new(format!("{key} and {file_key} are both set"), "remove one of them");
                self.document.mistake(table.place(), &table.qualified(key), problem);
                (None, None)
            }
            (Some(secret), _) => (Some(secret), None),
            (None, Some(file)) => (self.secret_from(&file, &table.qualified(file_key), read), Some(file)),
            (None, None) => (None, None),
        }
    }
}

/// The layout's own tags.
pub(super) type Tags = BTreeMap<String, String>;

/// What a person should know of companions of `INFLUXDB_URL`: they do nothing without an address.
pub(super) fn companions(sinks: &[InfluxDb], environment: &Environment) -> Option<String> {
    let set = [variable::INFLUXDB_TOKEN, variable::INFLUXDB_ORG, variable::INFLUXDB_BUCKET].into_iter();
    let set: Vec<_> = set.filter(|name| environment.get(name).is_some()).collect();
    let used = set.is_empty() || sinks.iter().any(|sink| *sink.name == NAME);
    (!used).then(|| format!("{}: of no use without INFLUXDB_URL", set.join(", ")))
}
