//! Where the settings come from, to be read again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::variable;
use super::{Environment, Mistakes, Purpose, Settings, load};

/// Puts something in the place of what is read.
type Adapt = Arc<dyn Fn(&mut Settings) + Send + Sync>;

/// A file and the environment. Clones are the same.
#[derive(Clone)]
pub(crate) struct Source {
    config: Option<PathBuf>,
    environment: Environment,
    purpose: Purpose,
    adapt: Option<Adapt>,
}

impl Source {
    /// The file is `config`, else the one that the environment names.
    pub(crate) fn new(config: Option<PathBuf>, environment: Environment, purpose: Purpose) -> Self {
        Self { config, environment, purpose, adapt: None }
    }

    /// The same, with what `adapt` puts in the place of what is read.
    pub(crate) fn adapted(self, adapt: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        Self { adapt: Some(Arc::new(adapt)), ..self }
    }

    /// What holds by it at this moment. Waits for the disk.
    ///
    /// # Errors
    /// Every mistake that there is.
    pub(crate) fn load(&self) -> Result<Settings, Mistakes> {
        self.load_with(None)
    }

    /// What would hold if this were the text of the file.
    ///
    /// # Errors
    /// As [`Source::load`].
    pub(crate) fn load_candidate(&self, text: &str) -> Result<Settings, Mistakes> {
        self.load_with(Some(text))
    }

    fn load_with(&self, candidate: Option<&str>) -> Result<Settings, Mistakes> {
        let environment = self.environment.with_options(&|path| std::fs::read_to_string(path))?;
        let file = self.file(&environment);
        // A text that has no file stands for itself.
        let named = candidate.map(|_| file.clone().unwrap_or_else(|| "candidate.toml".into())).or(file);
        let read = |path: &Path| match candidate {
            Some(text) if Some(path) == named.as_deref() => Ok(text.to_owned()),
            _ => std::fs::read_to_string(path),
        };
        let mut settings = load(named.as_deref(), &environment, &read, self.purpose)?;
        if let Some(adapt) = &self.adapt {
            adapt(&mut settings);
        }
        Ok(settings)
    }

    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config.clone().or_else(|| environment.get(variable::CONFIG).map(PathBuf::from))
    }

    /// The files whose change may change the settings.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let options = self.environment.get(variable::OPTIONS).map(PathBuf::from);
        let environment = self.environment.with_options(&|path| std::fs::read_to_string(path));
        let file = self.file(environment.as_ref().unwrap_or(&self.environment));
        options.into_iter().chain(file).collect()
    }
}
