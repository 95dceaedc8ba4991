//! The registries of a connection: when they are asked for, what their changes say at once, and what waits for them.

use hearthline_core::Timestamp;

use super::Connection;
use crate::record::EntityRecord;
use crate::sources::home_assistant::SessionError;
use crate::sources::home_assistant::command::Command;
use crate::sources::home_assistant::wire::registry::{EntityUpdate, Registry};
use crate::sources::home_assistant::wire::{Event, EventData};

/// Entities that are logged at once.
const LEARNT: usize = 500;

impl Connection<'_> {
    /// Another filter holds. Events wait until the registries are in, so that an entity that comes in has its key, and nothing
    /// is recorded that the new rules leave out; then its state is had.
    pub(super) async fn have_all_again(&mut self) -> Result<(), SessionError> {
        self.lists.hold();
        self.lists.changed(None);
        self.compare_soon();
        self.ask_for_lists().await
    }

    /// Subscribes to what says that a registry has changed, where that is not recorded anyway.
    pub(super) async fn hear_of_registries(&mut self) -> Result<(), SessionError> {
        for registry in Registry::ALL {
            let event_type = registry.update_event();
            if self.is_ours(event_type) {
                self.session.ask(Command::SubscribeEvents(Some(event_type.into()))).await?;
            }
        }
        Ok(())
    }

    /// Whether events of this type are not recorded and only tell us something.
    pub(super) fn is_ours(&self, event_type: &str) -> bool {
        Registry::updated_by(event_type).is_some()
            && !self.config.events.iter().any(|kind| kind == event_type)
    }

    /// A registry has changed. What the event says holds at once; the rest is asked for.
    pub(super) fn take_update(
        &mut self,
        registry: Registry,
        event: &Event<'_>,
        received: Timestamp,
    ) -> Result<(), SessionError> {
        let at = event.time_fired;
        if registry == Registry::Entity {
            let EntityUpdate { action, entity_id, old_entity_id } = entity_update(event);
            match (action.0.as_deref(), old_entity_id.0, entity_id.0) {
                (Some("update"), Some(from), Some(to)) => {
                    self.ingest.renamed(&from, &to, at, received)?;
                    self.filler.plan_anew();
                }
                (Some("remove"), _, Some(gone)) => self.ingest.unregistered(&gone, at, received)?,
                (Some("create"), _, Some(new)) if !self.ingest.is_registered(&new) => self.lists.hold(),
                _ => {}
            }
        }
        self.lists.changed(Some(at));
        Ok(())
    }

    pub(super) async fn ask_for_lists(&mut self) -> Result<(), SessionError> {
        if self.lists.begins() {
            self.ask_for_each_list().await?;
        }
        Ok(())
    }

    pub(super) async fn ask_for_each_list(&mut self) -> Result<(), SessionError> {
        for registry in Registry::ALL {
            self.session.ask(Command::Registry(registry)).await?;
        }
        Ok(())
    }

    pub(super) async fn take_list(
        &mut self,
        registry: Registry,
        outcome: Result<&str, &str>,
    ) -> Result<(), SessionError> {
        let taken = match outcome {
            Ok(answer) => self.lists.registries.take(registry, answer).map_err(|error| error.to_string()),
            Err(message) => Err(message.to_owned()),
        };
        match &taken {
            Ok(unreadable) => {
                if let Some(first) = unreadable.first() {
                    tracing::warn!(
                        ?registry,
                        count = unreadable.len(),
                        first,
                        "entries of a registry cannot be read"
                    );
                }
            }
            Err(message) => tracing::warn!(?registry, message, "a registry cannot be had; asking again"),
        }
        if registry == Registry::Entity && taken.is_ok() {
            self.lists.name_as_before();
        }
        let Some(at) = self.lists.answered(taken.is_err()) else { return Ok(()) };
        let news = self.ingest.registered(&self.lists.registries, at);
        if news.iter().any(EntityRecord::is_renaming) {
            self.filler.plan_anew();
        }
        self.make_room().await?;
        for some in news.chunks(LEARNT) {
            self.ingest.learn(some)?;
            self.make_room().await?;
        }
        self.do_without_lists()
    }

    /// No longer waits for lists, unless without them it cannot be said what is left out.
    pub(super) fn do_without_lists(&mut self) -> Result<(), SessionError> {
        if self.ingest.can_decide() {
            self.lists.holds = false;
        } else if self.lists.holds {
            tracing::warn!("nothing is recorded until the registries are had, which a filter rule needs");
        }
        Ok(())
    }

    pub(super) async fn look_after_lists(&mut self) -> Result<(), SessionError> {
        if self.lists.is_late() {
            self.do_without_lists()?;
        }
        self.ask_for_lists().await?;
        self.go_on().await
    }
}

pub(super) fn entity_update(event: &Event<'_>) -> EntityUpdate {
    match event.data {
        EventData::Other(data) => serde_json::from_str(data).unwrap_or_default(),
        EventData::StateChanged { .. } => EntityUpdate::default(),
    }
}
