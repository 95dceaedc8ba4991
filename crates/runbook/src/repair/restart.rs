//! `repair restart [PART]`: stops one part of the program, or all in their order, and starts it anew. No event is lost by it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::program::Program;
use super::{Doing, Done, Options, Plan, Repair, RepairError, Scribe, Step};
use crate::parts::Kind;
use crate::status::Part;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// How long the parts may take until they do what they are for.
const WITHIN: Duration = Duration::from_secs(30);
/// What is done where no part is named.
pub(crate) const ALL: &str =
    "stop all parts in order, the source first, and start them anew, the source last";

/// The repair.
pub struct Restart {
    program: Arc<dyn Program>,
    part: Option<String>,
    only_what_is_wrong: bool,
}

impl Restart {
    /// Of the running program.
    #[must_use]
    pub fn new(program: Arc<dyn Program>, options: &Options) -> Self {
        let Options { part, only_what_is_wrong, .. } = options.clone();
        Self { program, part, only_what_is_wrong }
    }

    /// The parts that are meant.
    fn parts(&self) -> Result<Vec<Part>, RepairError> {
        let mut parts = self.program.status().parts;
        // What is wrong in a file is not started anew.
        parts.retain(|part| Kind::of(&part.name) != Kind::Settings);
        let Some(wanted) = &self.part else { return Ok(parts) };
        let names: Vec<_> = parts.iter().map(|part| part.name.clone()).collect();
        parts.retain(|part| part.name == *wanted);
        if parts.is_empty() {
            let names = names.join(", ");
            return Err(RepairError::Person(format!("no part is called {wanted:?}; there are {names}")));
        }
        Ok(parts)
    }
}

/// As it is said in a sentence.
pub(crate) fn told(parts: &[Part]) -> String {
    let ill: Vec<_> = parts.iter().filter(|part| !matches!(&*part.state, "healthy" | "off")).collect();
    let one = |part: &&Part| match &part.reason {
        Some(reason) => format!("{} is {}: {reason}", part.name, part.state),
        None => format!("{} is {}", part.name, part.state),
    };
    match (ill.as_slice(), parts) {
        ([], [one]) => format!("{} is {}", one.name, one.state),
        ([], _) => "every part is healthy or off".into(),
        (ill, _) => ill.iter().map(one).collect::<Vec<_>>().join("; "),
    }
}

/// The state of each by its name, as it is kept with what was done.
pub(crate) fn states(parts: &[Part]) -> Value {
    let of = |part: &Part| (part.name.clone(), Value::from(&*part.state));
    parts.iter().map(of).collect::<serde_json::Map<_, _>>().into()
}

impl Repair for Restart {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let parts = self.parts()?;
            let what = match &self.part {
                Some(part) => format!("stop {part} in order and start it anew, while the others run"),
                None => ALL.into(),
            };
            let step = Step {
                kind: "restart".into(),
                what,
                touches: "threads and connections; what comes meanwhile waits, or is a gap that is filled"
                    .into(),
                rows: None,
                bytes: None,
                seconds: Some(if self.part.is_some() { 3 } else { 10 }),
                undo: false,
                data: json!({ "part": self.part }),
            };
            Ok(Plan {
                repair: "restart".into(),
                finding: told(&parts),
                // A part that hangs or ends is started anew without being asked: nothing is left to be found.
                steps: if self.only_what_is_wrong { Vec::new() } else { vec![step] },
                ..Plan::default()
            })
        })
    }

    fn apply<'a>(&'a mut self, _: &'a Step, _: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async {
            let began = Instant::now();
            let says = self.program.restart(self.part.as_deref()).await?;
            let seconds = began.elapsed().as_secs_f64();
            let what = self.part.as_deref().unwrap_or("all parts");
            let more = if says.is_empty() { says } else { format!(": {says}") };
            Ok(Done {
                says: format!("{what} stopped and started within {seconds:.1} s{more}"),
                data: json!({ "seconds": seconds }),
            })
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            let began = Instant::now();
            loop {
                let parts = self.parts()?;
                let late = |part: &&Part| matches!(&*part.state, "starting" | "unhealthy");
                if !parts.iter().any(|part| late(&part)) {
                    return Ok(Done { says: told(&parts), data: states(&parts) });
                }
                if began.elapsed() >= WITHIN {
                    return Err(RepairError::Later(told(&parts)));
                }
                sleep(LOOK).await;
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
