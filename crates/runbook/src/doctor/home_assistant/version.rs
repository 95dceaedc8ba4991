//! Which Home Assistant it is, and whether it has started.

use hearthline_pipeline::sources::home_assistant::command::Command;
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError, wire};

use super::Visit;
use crate::doctor::Finding;
use crate::doctor::catalogue::{HA_STARTING, HA_VERSION_OK, HA_VERSION_OLD};

/// The oldest release that Hearthline is tested with.
const OLDEST: (u32, u32) = (2024, 3);

impl Visit<'_> {
    pub(super) async fn version(&mut self, inquiry: &mut Inquiry) -> Result<(), SessionError> {
        let version = inquiry.ha_version().to_owned();
        let (year, month) = OLDEST;
        let finding = match parsed(&version) {
            Some(release) if release >= OLDEST => {
                Finding::of(HA_VERSION_OK, format!("it is Home Assistant {version}"))
            }
            _ => Finding::of(
                HA_VERSION_OLD,
                format!("it is Home Assistant {version:?}, and nothing before {year}.{month} is tested"),
            )
            .todo(format!("update Home Assistant to {year}.{month} or later")),
        };
        self.found(finding.word("version", version));
        let answered = self.ask(inquiry, Command::GetConfig).await?;
        let config = answered.outcome.ok().and_then(|config| wire::parse_config(&config).ok());
        let place = config.as_ref().and_then(|config| config.latitude.zip(config.longitude));
        self.subject.place.send_replace(Some(place));
        if config.is_some_and(|config| !config.is_running()) {
            let says = "Home Assistant has not started completely: some of its states are not there yet";
            self.found(Finding::of(HA_STARTING, says).todo("wait until it has started"));
        }
        Ok(())
    }
}

fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}
