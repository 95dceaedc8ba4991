//! What the token may: whether its user is an administrator, and which commands are refused.

use hearthline_pipeline::sources::home_assistant::command::Command;
use hearthline_pipeline::sources::home_assistant::wire::registry::Registry;
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError};
use serde::Deserialize;
use tokio::time::Instant;

use super::Visit;
use crate::doctor::Finding;
use crate::doctor::catalogue::{HA_RIGHTS_LIMITED, HA_RIGHTS_OK, HA_RIGHTS_SHORT};

const TODO: &str =
    "make the token in the profile of an administrator (Settings, People, the user, Administrator)";

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    is_admin: Option<bool>,
    is_owner: Option<bool>,
}

impl Visit<'_> {
    pub(super) async fn rights(&mut self, inquiry: &mut Inquiry) -> Result<(), SessionError> {
        let began = Instant::now();
        let user = self.ask(inquiry, Command::CurrentUser).await?.outcome;
        let user: User = user.ok().and_then(|user| serde_json::from_str(&user).ok()).unwrap_or_default();
        let (mut lists, mut events) = (Vec::new(), Vec::new());
        for registry in Registry::ALL {
            if let Err(words) = self.ask(inquiry, Command::Registry(registry)).await?.outcome {
                lists.push(format!("{} ({words})", registry.list_command()));
            }
        }
        // An administrator may subscribe to everything: it is not asked, since events would stream in.
        if user.is_admin != Some(true) {
            for kind in self.peer.events.clone() {
                let named = (kind != "*").then(|| kind.clone());
                if let Err(words) = self.ask(inquiry, Command::SubscribeEvents(named)).await?.outcome {
                    events.push(format!("{kind} ({words})"));
                }
            }
        }
        let finding = if !events.is_empty() {
            let says = format!(
                "the token may not hear what the settings want to record: events {}",
                events.join(", ")
            );
            Finding::of(HA_RIGHTS_SHORT, says)
                .todo(format!("{TODO}; or set events = [\"state_changed\"] under [home_assistant]"))
        } else if user.is_admin == Some(true) && lists.is_empty() {
            let who = if user.is_owner == Some(true) { "the owner's" } else { "an administrator's" };
            Finding::of(HA_RIGHTS_OK, format!("the token is {who}"))
        } else {
            let mut says = match user.is_admin {
                Some(true) => "the token is an administrator's".to_owned(),
                Some(false) => "the token's user is no administrator: states are recorded, but `hearthline verify` cannot set a \
                                state, and events of other types than the free ones are refused"
                    .to_owned(),
                None => "Home Assistant does not say whose token it is".to_owned(),
            };
            if !lists.is_empty() {
                says.push_str(&format!(
                    "; refused, so that rows go without room, device or name: {}",
                    lists.join(", ")
                ));
            }
            Finding::of(HA_RIGHTS_LIMITED, says).todo(TODO)
        };
        self.found(
            finding
                .took(began.elapsed())
                .figure("administrator", user.is_admin, "")
                .figure("lists refused", lists.len(), "1")
                .figure("event types refused", events.len(), "1"),
        );
        Ok(())
    }
}
