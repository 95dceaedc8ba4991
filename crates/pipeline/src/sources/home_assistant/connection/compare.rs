//! Home Assistant's states, compared with ours: what came of itself, and what has reported without a change.

use std::borrow::Cow;
use std::time::Duration;

use hearthline_core::Timestamp;
use tokio::time::Instant;

use super::Connection;
use crate::portion::portion;
use crate::sources::home_assistant::SessionError;
use crate::sources::home_assistant::command::Command;
use crate::sources::home_assistant::reported::Reported;
use crate::sources::home_assistant::wire::{self, State};

/// The least between two comparisons where the answer is large.
const LARGE_SWEEP: (usize, Duration) = (4 << 20, Duration::from_secs(3600));
/// The least between two comparisons, however much gives reason for one.
const SOON: Duration = Duration::from_secs(10);
/// States of a snapshot that are logged at once, in bytes of JSON.
const PIECE: usize = 1 << 20;

impl Connection<'_> {
    pub(super) async fn take_states(
        &mut self,
        answer: &str,
        received: Timestamp,
    ) -> Result<(), SessionError> {
        let (states, unreadable) = wire::parse_states(answer)?;
        if let Some(first) = unreadable.first() {
            tracing::warn!(count = unreadable.len(), %first, "states of a snapshot cannot be read");
        }
        self.make_room().await?;
        for piece in pieces(&states) {
            let report = self.ingest.compare(piece, received)?;
            tracing::debug!(?report, "compared states with home assistant's");
            self.make_room().await?;
        }
        self.ingest.compared(&states)?;
        self.compared = Some(Instant::now());
        let sweep = self.config.sweep;
        let most = if answer.len() > LARGE_SWEEP.0 { sweep.max(LARGE_SWEEP.1) } else { sweep };
        // Not in step with a sensor that reports as regularly: it would be looked at at the same moment of its own each time.
        let after = most.mul_f64(0.75 + 0.25 * self.rng.f64());
        self.next = Some((Instant::now() + after, Command::GetStates));
        if states.iter().any(|state| state.has_reports) && !self.is_busy() {
            self.no_more_reports().await?;
            self.reported = Some(self.session.ask(Command::Reported).await?);
        }
        Ok(())
    }

    /// What has reported without a change. What a template comes to later, or another one does, is not waited for.
    pub(super) async fn take_rendered(
        &mut self,
        id: u64,
        outcome: &Result<Cow<'_, str>, Cow<'_, str>>,
    ) -> Result<(), SessionError> {
        if self.reported == Some(id) {
            match outcome.as_deref().map(Reported::parse) {
                Ok(Some(reported)) => self.ingest.reported(&reported),
                Ok(None) => tracing::debug!("what has reported without a change was not understood"),
                Err(message) => tracing::debug!(%message, "what has reported without a change is not known"),
            }
            self.no_more_reports().await?;
        }
        Ok(())
    }

    async fn no_more_reports(&mut self) -> Result<(), SessionError> {
        if let Some(id) = self.reported.take() {
            self.session.ask(Command::Unsubscribe(id)).await?;
        }
        Ok(())
    }

    /// Something may have been missed. While Home Assistant is starting, states are compared at the end of that anyway.
    pub(super) fn compare_soon(&mut self) {
        if let Some(compared) = self.compared {
            self.next = Some((Instant::now().max(compared + SOON), Command::GetStates));
        }
    }
}

/// The states in pieces that the log's queue takes easily.
fn pieces<'s, 'a>(states: &'s [State<'a>]) -> impl Iterator<Item = &'s [State<'a>]> {
    let mut rest = states;
    std::iter::from_fn(move || {
        let first = portion(rest, (usize::MAX, PIECE), |state| state.raw.len());
        let (piece, others) = rest.split_at_checked(first)?;
        rest = others;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_comes_in_pieces_without_a_hole() {
        let large = "x".repeat(400_000);
        let raws: Vec<_> = (0..7).map(|n| {
            let blob = if n < 5 { large.as_str() } else { "" };
            format!(r#"{{"entity_id":"sensor.s{n}","state":"1","attributes":{{"b":"{blob}"}},"last_changed":"2026-01-01T00:00:00+00:00","last_updated":"2026-01-01T00:00:00+00:00"}}"#)
        }).collect();
        let states: Vec<_> = raws.iter().map(|raw| wire::parse_state(raw).unwrap()).collect();
        let lengths: Vec<_> = pieces(&states).map(<[_]>::len).collect();
        assert_eq!(lengths, [2, 2, 3]);
        let joined: Vec<_> = pieces(&states).flatten().map(|state| state.entity_id.clone()).collect();
        assert_eq!(joined, states.iter().map(|state| state.entity_id.clone()).collect::<Vec<_>>());
        assert_eq!(pieces(&[]).count(), 0);
    }
}
