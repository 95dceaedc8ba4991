//! What is done in order: parts stopped and started one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::app::parts::Part;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All of these are told to stop, and have ended.
    Stop(Vec<Part>),
    /// It has a thread.
    Start(Part, String),
    /// It does what it is for, or has been given time enough.
    Await(Part),
    /// What is in memory alone is written down: the last states, what was learnt.
    Save,
}

/// Steps, and who waits for them.
pub(super) struct Plan {
    pub(super) steps: VecDeque<Step>,
    /// When the front one began.
    pub(super) since: Duration,
    /// How long the front one may take; none is what is usual for it.
    pub(super) at_most: Option<Duration>,
    /// What has come of it so far.
    pub(super) said: Vec<String>,
    pub(super) asked: Option<oneshot::Sender<Result<String, String>>>,
    /// Nothing comes after it.
    pub(super) last: bool,
}

impl Plan {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>, now: Duration) -> Self {
        let steps = steps.into_iter().collect();
        Self { steps, since: now, at_most: None, said: Vec::new(), asked: None, last: false }
    }
}

/// Everything from the log on, each part when those before it do what they are for.
pub(super) fn start_all(parts: &[Part], why: &str) -> Vec<Step> {
    parts.iter().flat_map(|part| [Step::Start(*part, why.into()), Step::Await(*part)]).collect()
}

/// The reverse of that; sinks beside the store all at once, since none is to wait for another's server.
pub(super) fn stop_all(parts: &[Part]) -> Vec<Step> {
    let (sinks, rest): (Vec<_>, Vec<_>) = parts.iter().partition(|part| matches!(part, Part::Sink(_)));
    let stop = |part: Part| Step::Stop(vec![part]);
    let behind = [Part::Mqtt, Part::Notify, Part::Weather, Part::Source]
        .into_iter()
        .filter(|part| rest.contains(part))
        .map(stop);
    let before = [Part::Store].into_iter().filter(|part| rest.contains(part)).map(stop);
    let sinks = (!sinks.is_empty()).then_some(Step::Stop(sinks));
    behind.chain(sinks).chain(before).chain([Step::Save, stop(Part::Log)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_stopped_in_the_reverse_of_the_order_in_which_they_are_started() {
        let parts = [Part::Log, Part::Store, Part::Sink(0), Part::Sink(1), Part::Source, Part::Weather];
        let stopped = stop_all(&parts);
        let stop = |part| Step::Stop(vec![part]);
        let sinks = Step::Stop(vec![Part::Sink(0), Part::Sink(1)]);
        assert_eq!(
            stopped,
            [stop(Part::Weather), stop(Part::Source), sinks, stop(Part::Store), Step::Save, stop(Part::Log)]
        );
        let started = start_all(&parts, "");
        let order = started.iter().filter_map(|step| match step {
            Step::Start(part, _) => Some(*part),
            _ => None,
        });
        assert_eq!(order.collect::<Vec<_>>(), parts);
    }
}
