//! Where the settings come from, so that they can be read again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Puts something in the place of what is read.
type Adapt = Arc<dyn Fn(&mut Settings) + Send + Sync>;

/// The file and the environment. Clones are the same.
#[derive(Clone)]
pub(crate) struct Source {
    config: Option<PathBuf>,
    environment: Environment,
    purpose: Purpose,
    in_folder: bool,
    adapt: Option<Adapt>,
}

impl Source {
    /// `config` is the file that the command line names, else it is the one that the environment names. `in_folder`: where no file
    /// is named, the one in the data folder counts.
    pub(crate) fn new(
        config: Option<PathBuf>,
        environment: Environment,
        purpose: Purpose,
        in_folder: bool,
    ) -> Self {
        Self { config, environment, purpose, in_folder, adapt: None }
    }

    /// The same, with what `adapt` puts in the place of what is read.
    pub(crate) fn adapted(self, adapt: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        Self { adapt: Some(Arc::new(adapt)), ..self }
    }

    /// What holds by them at this moment. Waits for the disk.
    ///
    /// # Errors
    /// Every mistake that there is.
    pub(crate) fn load(&self) -> Result<Settings, Mistakes> {
        whole(self.load_partly())
    }

    /// What can be read of them, and every mistake that there is. What has one is as if nobody had set it.
    pub(crate) fn load_partly(&self) -> (Settings, Mistakes) {
        self.load_with(self.purpose)
    }

    /// Settings that can be recorded with: where what recording does not need has mistakes, that is off.
    ///
    /// # Errors
    /// What can be read of them, and every mistake.
    pub(crate) fn to_record(&self) -> Result<Settings, Box<(Settings, Mistakes)>> {
        match self.load_with(Purpose::Record) {
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

    /// What would hold if this were the text of the file. One that has no file stands for itself.
    ///
    /// # Errors
    /// Every mistake that there would be.
    pub(crate) fn load_candidate(&self, text: &str) -> Result<Settings, Mistakes> {
        let file = self.files().pop().unwrap_or_else(|| "candidate.toml".into());
        let read =
            |path: &Path| if path == file { Ok(text.to_owned()) } else { std::fs::read_to_string(path) };
        let (environment, _) = self.environment(&read);
        whole(self.adapt(load_partly(Some(&file), &environment, &read, self.purpose)))
    }

    /// The files whose change may change the settings, their own last.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let options = self.environment.get(variable::OPTIONS).map(PathBuf::from);
        let (environment, _) = self.environment(&|path| std::fs::read_to_string(path));
        let found = || self.in_folder.then(|| in_folder(&environment));
        options.into_iter().chain(self.named(&environment).or_else(found)).collect()
    }

    fn load_with(&self, purpose: Purpose) -> (Settings, Mistakes) {
        let read_file = |path: &Path| std::fs::read_to_string(path);
        let (environment, unread) = self.environment(&read_file);
        let config = self.config(&environment, purpose);
        let read = load_partly(config.as_deref(), &environment, &read_file, purpose);
        let (settings, mut mistakes) = self.adapt(read);
        mistakes.0.splice(0..0, unread.0);
        (settings, mistakes)
    }

    fn adapt(&self, (mut settings, mistakes): (Settings, Mistakes)) -> (Settings, Mistakes) {
        if let Some(adapt) = &self.adapt {
            adapt(&mut settings);
        }
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
