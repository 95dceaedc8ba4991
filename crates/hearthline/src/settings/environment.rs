//! The environment variables, as a map that is handed in, so that a test has its own.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::nearest;
use super::mistake::{Mistake, Mistakes, Place, Problem};
use super::read::ReadFile;

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
    /// A JSON file with more of these variables, as Home Assistant's supervisor writes the options of an app.
    pub(crate) const OPTIONS: &str = "HEARTHLINE_OPTIONS";
}

const PREFIX: &str = "HEARTHLINE_";
const OWN: [&str; 5] =
    [variable::DATA_DIR, variable::API_LISTEN, variable::CONFIG, variable::LOG, variable::OPTIONS];
/// What an app's person may choose.
const OPTIONS: [&str; 7] = [
    variable::CONFIG,
    variable::LOG,
    variable::INFLUXDB_URL,
    variable::INFLUXDB_TOKEN,
    variable::INFLUXDB_ORG,
    variable::INFLUXDB_BUCKET,
    variable::WEATHER_API_KEY,
];

/// The variables of the process. An empty one counts as not set, as container tools write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process. Values that are not UTF-8 are left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// With what the file of options says, if there is one: the name of a variable in small letters, without
    /// `hearthline_`, and its text. An option wins over a variable, for it is what the person sees.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON object of texts, or has an option that is none.
    pub(crate) fn with_options(&self, read_file: ReadFile<'_>) -> Result<Self, Mistakes> {
        let Some(path) = self.get(variable::OPTIONS) else { return Ok(self.clone()) };
        let refused = |key: &str, why: String, todo: &str| {
            let place = Place::File(Path::new(path).into(), 1, 1);
            Mistakes(vec![Mistake { place, key: key.to_owned(), problem: Problem::new(why, todo) }])
        };
        let unread = |why: String| {
            refused(
                "",
                why,
                "HEARTHLINE_OPTIONS names a JSON object of texts; leave it away where there is none",
            )
        };
        let text = read_file(Path::new(path)).map_err(|e| unread(format!("cannot be read: {e}")))?;
        let options: BTreeMap<String, Option<String>> =
            serde_json::from_str(&text).map_err(|e| unread(format!("cannot be understood: {e}")))?;
        let mut all = self.clone();
        for (key, value) in options {
            let upper = key.to_uppercase();
            let names = [upper.clone(), format!("{PREFIX}{upper}")];
            let Some(name) = names.into_iter().find(|name| OPTIONS.contains(&name.as_str())) else {
                let known =
                    OPTIONS.map(|name| name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase()).join(", ");
                return Err(refused(&key, "is no option".into(), &format!("there are: {known}")));
            };
            all.0.extend(value.filter(|value| !value.trim().is_empty()).map(|value| (name, value)));
        }
        Ok(all)
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
