//! The past of a house that is made up.

use hearthline_core::Clock;
use hearthline_log::{Append, Log};
use hearthline_pipeline::ingest::Ingest;
use hearthline_pipeline::silence::Rules;
use hearthline_pipeline::sources::home_assistant::reported::Reported;
use hearthline_pipeline::sources::home_assistant::wire::parse_state;

/// States that are taken in at once.
const IMPORT: usize = 1000;

/// What a demonstration begins with.
#[derive(Default)]
pub(crate) struct Past {
    /// What happened, oldest first.
    pub(crate) moments: Vec<Moment>,
    /// When a sensor is silent; sooner than in a house that has days.
    pub(crate) rules: Rules,
}

/// Something that happened.
pub(crate) enum Moment {
    /// An entity had this state: a state object as JSON.
    State(String),
    /// Somebody looked which entities had reported without a change: the answer.
    Reported(String),
}

impl Past {
    /// Takes it in, a little at a time, so that the log's queue never fills.
    pub(super) async fn take_in(
        self,
        ingest: &mut Ingest,
        log: &Log,
        clock: &dyn Clock,
    ) -> anyhow::Result<()> {
        for some in self.moments.chunks(IMPORT) {
            let (mut states, mut rest) = (Vec::new(), some.iter().peekable());
            while let Some(moment) = rest.next() {
                let mut look = None;
                match moment {
                    Moment::State(raw) => states.push(parse_state(raw)?),
                    Moment::Reported(text) => look = Reported::parse(text),
                }
                if look.is_some() || rest.peek().is_none() {
                    ingest.import(&states, clock.now())?;
                    states.clear();
                }
                if let Some(look) = look {
                    ingest.import_reported(&look);
                }
            }
            let last = log.append(Append::new())?;
            log.wait_written(last).await;
        }
        Ok(())
    }
}
