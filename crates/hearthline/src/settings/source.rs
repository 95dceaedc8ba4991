//! Where the settings come from, so that they can be read again.

use std::io;
use std::path::{Path, PathBuf};

use hearthline_pipeline::weather::Choice;

use super::environment::{Environment, variable};
use super::mistake::{Mistake, Mistakes, Place};
use super::origin::{Origin, Setting};
use super::read::{DATA_DIR, ReadFile, load_partly, whole};
use super::{Purpose, Settings};

/// The settings file of a data folder, where no other is named.
const NAME: &str = "hearthline.toml";
/// Sections that nobody needs for recording.
const OPTIONAL: [&str; 5] = ["sinks", "weather", "criteria", "verify", "alerts"];

/// The file and the environment.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    config: Option<PathBuf>,
    environment: Environment,
    in_folder: bool,
}

impl Source {
    /// `config` is the file that the command line names. `in_folder`: where no file is named, the one in the data folder counts.
    pub(crate) fn new(config: Option<PathBuf>, environment: Environment, in_folder: bool) -> Self {
        Self { config, environment, in_folder }
    }

    /// What can be read of them, and every mistake that there is. What has one is as if nobody had set it.
    pub(crate) fn load_partly(&self, purpose: Purpose) -> (Settings, Mistakes) {
        self.load_with(purpose, &|path| std::fs::read_to_string(path))
    }

    /// Settings that can be recorded with: where what recording does not need has mistakes, that is off.
    ///
    /// # Errors
    /// What can be read of them, and every mistake.
    pub(crate) fn to_record(&self) -> Result<Settings, Box<(Settings, Mistakes)>> {
        match self.load_partly(Purpose::Record) {
            (settings, mistakes) if mistakes.0.is_empty() => Ok(settings),
            (settings, mistakes) if mistakes.0.iter().all(is_optional) => Ok(without(settings, &mistakes)),
            (settings, mistakes) => Err(Box::new((settings, mistakes))),
        }
    }

    /// What they would be if the settings file, and others, had another content.
    ///
    /// # Errors
    /// Every mistake that there would be.
    pub(crate) fn load_as_if(&self, files: &[(&Path, &str)]) -> Result<Settings, Mistakes> {
        let read = |path: &Path| match files.iter().find(|(other, _)| *other == path) {
            Some((_, text)) => Ok((*text).to_owned()),
            None => std::fs::read_to_string(path),
        };
        let (environment, _) = self.environment(&read);
        whole(load_partly(Some(&self.file()), &environment, &read, Purpose::Record))
    }

    /// Where the settings of a person are or would be.
    pub(crate) fn file(&self) -> PathBuf {
        let (environment, _) = self.environment(&|path| std::fs::read_to_string(path));
        self.named(&environment).unwrap_or_else(|| in_folder(&environment))
    }

    fn load_with(&self, purpose: Purpose, read_file: ReadFile<'_>) -> (Settings, Mistakes) {
        let (environment, unread) = self.environment(read_file);
        let config = self.config(&environment, purpose);
        let (settings, mut mistakes) = load_partly(config.as_deref(), &environment, read_file, purpose);
        mistakes.0.splice(0..0, unread.0);
        (settings, mistakes)
    }

    /// The variables with the options of an app, or without where these cannot be read.
    fn environment(&self, read_file: ReadFile<'_>) -> (Environment, Mistakes) {
        match self.environment.with_options(read_file) {
            Ok(environment) => (environment, Mistakes(Vec::new())),
            Err(mistakes) => (self.environment.clone(), mistakes),
        }
    }

    fn named(&self, environment: &Environment) -> Option<PathBuf> {
        self.config.clone().or_else(|| environment.get(variable::CONFIG).map(PathBuf::from))
    }

    fn config(&self, environment: &Environment, purpose: Purpose) -> Option<PathBuf> {
        // One that cannot be looked at matters to who records; another user's command does without.
        let counts = |path: &PathBuf| path.try_exists().unwrap_or(purpose == Purpose::Record);
        let found = || Some(in_folder(environment)).filter(|path| self.in_folder && counts(path));
        self.named(environment).or_else(found)
    }
}

/// The file of the data folder.
fn in_folder(environment: &Environment) -> PathBuf {
    Path::new(environment.get(variable::DATA_DIR).unwrap_or(DATA_DIR)).join(NAME)
}

/// Whether recording does without what the mistake is in.
fn is_optional(mistake: &Mistake) -> bool {
    section(mistake).is_some() || mistake.place == Place::Env(variable::LOG)
}

/// The optional section that a mistake is in.
fn section(mistake: &Mistake) -> Option<&'static str> {
    if mistake.place == Place::Env(variable::WEATHER_API_KEY) {
        return Some("weather");
    }
    let written = mistake.key.split('.').next().unwrap_or_default();
    OPTIONAL.into_iter().find(|section| *section == written)
}

/// With everything off that has a mistake. A sink with half of its settings would write to the wrong place, so that all of them
/// wait; and no row goes before they have it.
fn without(mut settings: Settings, mistakes: &Mistakes) -> Settings {
    let has = |name: &str| mistakes.0.iter().any(|mistake| section(mistake) == Some(name));
    let mut off = Vec::new();
    if has("sinks") {
        settings.sinks.clear();
        settings.store.retention = Setting::default(None);
        off.push("sinks are off and catch up later");
    }
    if has("weather") {
        settings.weather.provider = Setting::default(Choice::Off);
        off.push("the weather is off");
    }
    let others = mistakes.0.iter().any(|mistake| !matches!(section(mistake), Some("sinks" | "weather")));
    if others {
        off.push("the other settings with mistakes are as if they were not set");
    }
    let off = format!("{}: {}", off.join(", "), mistakes.in_one_line());
    settings.notes.push(format!("the settings have mistakes: {off}"));
    settings.off = Some(off);
    settings
}

/// Whether it is known which folder the data are in, though there are mistakes. A file that is not there hides nothing.
pub(crate) fn knows_data_dir(settings: &Settings, mistakes: &Mistakes) -> bool {
    let absent = settings.config.as_deref().is_some_and(is_absent);
    let hides = |mistake: &Mistake| {
        mistake.key == "data_dir" || (mistake.key.is_empty() && matches!(mistake.place, Place::File(..)))
    };
    absent || settings.data_dir.origin != Origin::Default || !mistakes.0.iter().any(hides)
}

/// Whether the file that is named is not there.
pub(crate) fn is_absent(path: &Path) -> bool {
    matches!(std::fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
