//! The faults of the demonstration, by the words that a person types.

use std::time::Duration;

use hearthline_sim::{Ending, Fault, Garbage, HomeAssistant};
use tokio::sync::Notify;

/// A word, what it causes, and what it says then.
type Named = (&'static str, fn() -> Fault, &'static str);

const FAULTS: [Named; 9] = [
    ("restart", restart, "Home Assistant restarts: 15 s away, then 10 s starting"),
    ("drop", || Fault::Drop(Ending::Eof), "the connection breaks"),
    ("away", || Fault::Refuse, "Home Assistant takes no new connection until `heal`"),
    ("half-open", || Fault::HalfOpen, "the line is dead in both directions until `heal`"),
    (
        "flap",
        || Fault::CloseAfterAuth,
        "each new connection is closed half a second after it was let in, until `heal`",
    ),
    ("token", || Fault::RevokeToken, "the token is revoked until `heal`"),
    (
        "swallow",
        || Fault::Swallow("light.hue_lamp".into()),
        "the next two events of light.hue_lamp are dropped in silence",
    ),
    ("garbage", || Fault::Garbage(Garbage::NotJson), "a frame that is not JSON"),
    ("storm", storm, "500 events a second for 20 s"),
];

/// Ends what lasts.
const HEAL: (&str, &str) = ("heal", "everything that lasts is over, and the next attempt is made now");

fn restart() -> Fault {
    Fault::Restart { down: Duration::from_secs(15), starting: Duration::from_secs(10), killed: false }
}

fn storm() -> Fault {
    Fault::Storm { per_second: 500, lasting: Duration::from_secs(20), attribute_bytes: 200 }
}

/// Every word and what it causes.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAULTS.iter().map(|(name, _, says)| (*name, *says)).chain([HEAL])
}

/// Causes what the word says. Healing also asks for the next attempt, as a person does who has put a token right.
///
/// # Errors
/// When nothing has that name.
pub(crate) fn cause(peer: &HomeAssistant, retry: &Notify, word: &str) -> Result<(), String> {
    let Some((_, says)) = all().find(|(name, _)| *name == word) else {
        let names: Vec<_> = all().map(|(name, _)| name).collect();
        return Err(format!("no fault is called {word:?}; there are {}", names.join(", ")));
    };
    tracing::warn!("simulated: {says}");
    match FAULTS.iter().find(|(name, ..)| *name == word) {
        Some((_, fault, _)) => peer.cause(fault()),
        None => {
            peer.heal();
            retry.notify_one();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_fault_is_refused_with_those_that_are() {
        let clock = std::sync::Arc::new(hearthline_core::SystemClock::new());
        let house = hearthline_sim::House::empty(1, hearthline_core::Timestamp(0));
        let peer = HomeAssistant::new(house, clock, hearthline_sim::Options::default());
        let retry = Notify::new();
        assert!(cause(&peer, &retry, "fire").unwrap_err().contains("half-open"));
        assert!(cause(&peer, &retry, "drop").is_ok() && cause(&peer, &retry, "heal").is_ok());
    }

    #[test]
    fn the_entity_whose_events_are_swallowed_is_in_the_house() {
        let now = hearthline_core::Timestamp(1_800_000_000_000_000);
        let mut house = hearthline_sim::House::new(1, now);
        house.advance(now.plus(Duration::from_secs(60)));
        for (_, fault, _) in FAULTS {
            if let Fault::Swallow(entity) = fault() {
                assert!(house.state(entity.as_str()).is_some(), "{entity}");
            }
        }
    }
}
