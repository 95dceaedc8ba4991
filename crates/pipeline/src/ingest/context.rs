//! What rows know beside their state, taken in by the one producer.

use super::{Ingest, IngestError};
use crate::context::Context;
use crate::record::{EntityRecord, Record, WeatherRecord};

impl Ingest {
    /// What the log says about the context of rows.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.fold.context
    }

    /// Logs a weather observation. One that comes from a time that is not yet is of now.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn observed(&mut self, record: WeatherRecord<'_>) -> Result<(), IngestError> {
        self.push_weather(record)?;
        self.end_frame()
    }

    /// The same as a part of the frame.
    pub(super) fn push_weather(&mut self, mut record: WeatherRecord<'_>) -> Result<(), IngestError> {
        record.observation.at = record.observation.at.min(record.received);
        self.push_context(&Record::Weather(record))
    }

    /// What is known of an entity has changed: logged with the frame.
    pub(super) fn push_entity(&mut self, record: EntityRecord<'_>) -> Result<(), IngestError> {
        self.recompare(&record.info);
        self.push_context(&Record::Entity(record))
    }

    fn push_context(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        self.push(record)?;
        self.frame.context.get_or_insert_with(|| self.fold.context.clone());
        self.fold.context.apply(record);
        Ok(())
    }
}
