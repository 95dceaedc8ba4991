//! How large the largest answer is: it comes in one frame, and a frame has a limit.

use hearthline_core::EntityId;
use hearthline_pipeline::sources::home_assistant::command::Command;
use hearthline_pipeline::sources::home_assistant::session::FRAME;
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError, wire};

use super::Visit;
use crate::doctor::Finding;
use crate::doctor::catalogue::{HA_FRAME_LARGE, HA_FRAME_OK, HA_FRAME_UNKNOWN};

/// Entities that the recorder is asked about.
const SAMPLE: usize = 50;

impl Visit<'_> {
    /// Answers with some of the entities, spread over all.
    pub(super) async fn frame(&mut self, inquiry: &mut Inquiry) -> Result<Vec<EntityId>, SessionError> {
        const TODO: &str = "see which entity has a large attribute (a picture, a forecast, a list), and exclude it in Home Assistant";
        let answered = match self.ask(inquiry, Command::GetStates).await {
            Ok(answered) => answered,
            Err(error) => {
                let says = format!(
                    "the states of all entities cannot be had in one frame of at most {} MiB: {error}",
                    FRAME >> 20
                );
                self.found(Finding::of(HA_FRAME_UNKNOWN, says).todo(TODO));
                return Err(error);
            }
        };
        let states = match answered.outcome {
            Ok(states) => states,
            Err(words) => {
                let says = format!("the states of all entities are refused: {words}");
                self.found(Finding::of(HA_FRAME_UNKNOWN, says).todo("see Home Assistant's own log"));
                return Ok(Vec::new());
            }
        };
        let ids: Vec<EntityId> = wire::parse_states(&states)
            .map(|(states, _)| states.iter().map(|state| EntityId::from(&*state.entity_id)).collect())
            .unwrap_or_default();
        let (largest, share) = (self.frame, self.frame * 100 / FRAME);
        let says = format!(
            "the largest answer has {largest} bytes, {share} % of what a frame may have ({} entities)",
            ids.len()
        );
        let finding = if share >= 50 {
            Finding::of(HA_FRAME_LARGE, says).todo(TODO)
        } else {
            Finding::of(HA_FRAME_OK, says)
        };
        self.found(
            finding
                .took(answered.took)
                .figure("largest", largest, "bytes")
                .figure("limit", FRAME, "bytes")
                .figure("entities", ids.len(), "1"),
        );
        let step = (ids.len() / SAMPLE).max(1);
        Ok(ids.into_iter().step_by(step).take(SAMPLE).collect())
    }
}
