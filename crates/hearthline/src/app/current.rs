//! The settings in force, which a reload replaces.

use std::sync::Arc;

use hearthline_pipeline::filter::{Filter, FilterError};
use parking_lot::RwLock;

use crate::settings::Settings;

/// What holds at each moment. Clones are the same.
#[derive(Clone)]
pub(crate) struct Current(Arc<RwLock<(Arc<Settings>, Arc<Filter>)>>);

impl Current {
    /// # Errors
    /// As [`crate::settings::Filter::compiled`].
    pub(crate) fn new(settings: &Settings) -> Result<Self, FilterError> {
        Ok(Self(Arc::new(RwLock::new(both(settings.clone())?))))
    }

    /// All of them.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().0)
    }

    /// Which entities are recorded.
    pub(crate) fn filter(&self) -> Arc<Filter> {
        Arc::clone(&self.0.read().1)
    }

    /// Puts others in their place.
    ///
    /// # Errors
    /// As [`Current::new`]; nothing is replaced then.
    pub(super) fn replace(&self, settings: Settings) -> Result<(), FilterError> {
        let both = both(settings)?;
        *self.0.write() = both;
        Ok(())
    }
}

fn both(settings: Settings) -> Result<(Arc<Settings>, Arc<Filter>), FilterError> {
    let filter = settings.filter.compiled()?;
    Ok((Arc::new(settings), Arc::new(filter)))
}
