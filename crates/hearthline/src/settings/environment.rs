//! The environment variables, as a map that is handed in, so that a test has its own.

use std::collections::BTreeMap;

use super::document::nearest;

/// Every variable that is read.
pub(crate) mod variable {
    /// Address of Home Assistant.
    pub(crate) const HOME_ASSISTANT_URL: &str = "HOME_ASSISTANT_URL";
    /// A long-lived access token.
    pub(crate) const HOME_ASSISTANT_TOKEN: &str = "HOME_ASSISTANT_TOKEN";
    /// Set by Home Assistant's supervisor for an app.
    pub(crate) const SUPERVISOR_TOKEN: &str = "SUPERVISOR_TOKEN";
    /// What a weather provider lets us in with.
    pub(crate) const WEATHER_API_KEY: &str = "WEATHER_API_KEY";
    /// Address of an InfluxDB.
    pub(crate) const INFLUXDB_URL: &str = "INFLUXDB_URL";
    /// A token of it.
    pub(crate) const INFLUXDB_TOKEN: &str = "INFLUXDB_TOKEN";
    /// An organisation of it.
    pub(crate) const INFLUXDB_ORG: &str = "INFLUXDB_ORG";
    /// A bucket of it.
    pub(crate) const INFLUXDB_BUCKET: &str = "INFLUXDB_BUCKET";
    /// The data folder.
    pub(crate) const DATA_DIR: &str = "HEARTHLINE_DATA_DIR";
    /// Address of the HTTP API.
    pub(crate) const API_LISTEN: &str = "HEARTHLINE_API_LISTEN";
    /// The settings file.
    pub(crate) const CONFIG: &str = "HEARTHLINE_CONFIG";
    /// How much is logged.
    pub(crate) const LOG: &str = "HEARTHLINE_LOG";
}

const PREFIX: &str = "HEARTHLINE_";
const OWN: [&str; 4] = [variable::DATA_DIR, variable::API_LISTEN, variable::CONFIG, variable::LOG];

/// The variables of the process. An empty one counts as not set, as container tools write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process. Values that are not UTF-8 are left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// The value, without space around it; none when empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What a person should know about variables that are set and do nothing.
    pub(crate) fn notes(&self) -> Vec<String> {
        let known = || OWN.into_iter().filter_map(|name| name.strip_prefix(PREFIX));
        let typos = self.0.keys().filter_map(|name| {
            let rest = name.strip_prefix(PREFIX).filter(|_| !OWN.contains(&name.as_str()))?;
            nearest(rest, known()).map(|near| format!("{name}: not read; did you mean {PREFIX}{near}?"))
        });
        typos.collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
