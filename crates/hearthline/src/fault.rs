//! The faults of the demonstration, by the words that a person types.

use std::time::Duration;

use hearthline_sim::{Ending, Fault, Garbage, HomeAssistant};

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
pub(crate) const HEAL: &str = "heal";

fn restart() -> Fault {
    Fault::Restart { down: Duration::from_secs(15), starting: Duration::from_secs(10), killed: false }
}

fn storm() -> Fault {
    Fault::Storm { per_second: 500, lasting: Duration::from_secs(20), attribute_bytes: 200 }
}

/// Every word.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FAULTS.iter().map(|(name, ..)| *name).chain([HEAL])
}

/// Causes what the word says, and says what that is.
///
/// # Errors
/// When nothing has that name.
pub(crate) fn cause(peer: &HomeAssistant, word: &str) -> Result<&'static str, String> {
    if word == HEAL {
        peer.heal();
        return Ok("everything that lasts is over");
    }
    let named = FAULTS.iter().find(|(name, ..)| *name == word);
    let (_, fault, says) = named.ok_or_else(|| {
        format!("no fault is called {word:?}; there are {}", names().collect::<Vec<_>>().join(", "))
    })?;
    peer.cause(fault());
    Ok(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_fault_is_refused_with_those_that_are() {
        let clock = std::sync::Arc::new(hearthline_core::SystemClock::new());
        let house = hearthline_sim::House::empty(1, hearthline_core::Timestamp(0));
        let peer = HomeAssistant::new(house, clock, hearthline_sim::Options::default());
        assert!(cause(&peer, "fire").unwrap_err().contains("half-open"));
        assert!(cause(&peer, "drop").is_ok() && cause(&peer, HEAL).is_ok());
    }

    #[test]
    fn the_entity_whose_events_are_swallowed_is_in_the_house() {
        let house = hearthline_sim::House::new(1, hearthline_core::Timestamp(1_800_000_000_000_000));
        for (_, fault, _) in FAULTS {
            if let Fault::Swallow(entity) = fault() {
                assert!(house.state(entity.as_str()).is_some(), "{entity}");
            }
        }
    }
}
