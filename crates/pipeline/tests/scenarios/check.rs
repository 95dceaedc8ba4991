//! What has to hold in the end: every event that Home Assistant fired is in the store exactly once, or in a named gap; the
//! store holds nothing that was not fired; and every count adds up.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{bail, ensure};
use hearthline_core::{EventRow, Origin, Row, Seq, StateRow, Timestamp};
use hearthline_pipeline::deliver::SinkViewOf;
use hearthline_pipeline::gaps::{Gap, State};
use hearthline_pipeline::ingest::Fold;
use hearthline_sim::{Fired, LedgerEntry};
use hearthline_store::{Again, Bookmark, EventsQuery, QuarantineQuery, Reread, StatesQuery, Store};

use crate::program::Program;
use crate::scenario::{Evidence, Figures};

/// Whether gaps are filled from Home Assistant's history. Without it, an event may be missing wherever a gap is named; with
/// it, only where history did not have it either.
pub(crate) const FILL: bool = true;

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
/// Rows that are read again at once.
const PORTION: usize = 499;
/// How many of the things that are wrong are told.
const TOLD: usize = 8;

/// Compares what was fired with what is stored.
///
/// # Errors
/// The first rows that differ.
pub(crate) fn everything(evidence: &Evidence) -> anyhow::Result<Figures> {
    let mut wrong = Vec::new();
    let mut figures = Figures {
        rows: (evidence.states.len() + evidence.events.len()) as u64,
        gaps: evidence.gaps.len() as u64,
        open: evidence.gaps.iter().filter(|gap| gap.state == State::Open).count() as u64,
        ..Figures::default()
    };
    no_row_is_false(evidence, &mut figures, &mut wrong);
    no_state_is_missing(evidence, &mut figures, &mut wrong);
    the_present_is_known(evidence, &mut wrong);
    no_event_is_missing(evidence, &mut figures, &mut wrong);
    if wrong.is_empty() {
        return Ok(figures);
    }
    let mut text = format!("{} things are wrong", wrong.len());
    wrong.iter().take(TOLD).for_each(|wrong| text.push_str(&format!("\n  {wrong}")));
    text.push_str("\n  gaps:");
    evidence.gaps.iter().for_each(|gap| text.push_str(&format!("\n    {}", told(gap))));
    bail!(text)
}

/// Each row is a state that there was, once.
fn no_row_is_false(evidence: &Evidence, figures: &mut Figures, wrong: &mut Vec<String>) {
    let kept = evidence.kept();
    let mut fired = by_identity(evidence);
    for row in &evidence.states {
        figures.fetched += u64::from(row.origin != Origin::Live);
        let name = format!("{} ({}) at {} ({})", row.entity_id, row.entity_key, row.ts, row.origin.as_str());
        if !kept.contains(row.entity_id.as_str()) && row.origin != Origin::History {
            wrong.push(format!("{name} is stored, and the settings leave it out"));
        }
        let there = fired.entry(row.ts).or_default();
        let same = |fired: &&Fired| is_of(row, fired) && differs(row, fired).is_none();
        match there.iter().position(same) {
            Some(nth) => drop(there.remove(nth)),
            None if let Some(fired) = there.iter().find(|fired| is_of(row, fired)) => {
                wrong.push(format!("{name}: {}", differs(row, fired).unwrap_or_default()));
            }
            None if evidence.fired.iter().any(|e| e.fired.time_fired == row.ts && is_of(row, &e.fired)) => {
                wrong.push(format!("{name} is stored twice"));
            }
            None => wrong.push(format!("{name} is stored, and never was: {:?}", row.state)),
        }
    }
}

/// Whether a row is of the entity of an event. Where the registries could not be had its key is its name; else it is the
/// registry's, and no other's.
fn is_of(row: &StateRow, fired: &Fired) -> bool {
    let unregistered = *row.entity_key == *row.entity_id.as_str();
    let same_name = row.entity_id == fired.entity_id;
    if unregistered {
        same_name
    } else {
        *row.entity_key == *fired.key() && (same_name || row.origin == Origin::History)
    }
}

/// What was fired, by time.
fn by_identity(evidence: &Evidence) -> HashMap<Timestamp, Vec<&Fired>> {
    let mut fired = HashMap::<_, Vec<_>>::new();
    for entry in &evidence.fired {
        fired.entry(entry.fired.time_fired).or_default().push(&entry.fired);
    }
    fired
}

/// In what a row is not what was fired.
fn differs(row: &StateRow, fired: &Fired) -> Option<String> {
    let said = |what, stored: &dyn std::fmt::Debug, fired: &dyn std::fmt::Debug| {
        Some(format!("{what} is stored as {stored:?}, and was {fired:?}"))
    };
    let Some(new) = &fired.new_state else {
        return if row.state.is_none() { None } else { said("a removal", &row.state, &"none") };
    };
    if row.state.as_ref() != Some(&new.state) {
        return said("the state", &row.state, &new.state);
    }
    if row.last_changed != new.last_changed {
        return said("last_changed", &row.last_changed, &new.last_changed);
    }
    let stored = row.attributes.as_deref().and_then(json);
    // History may not have them; what it has is right.
    let unknown = row.origin == Origin::History && row.attributes.as_deref().is_none_or(|a| a == "{}");
    if !unknown && stored != json(&new.attributes) {
        return said("attributes", &row.attributes, &new.attributes);
    }
    None
}

fn json(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

/// Each event is a row, or lies in a gap.
fn no_state_is_missing(evidence: &Evidence, figures: &mut Figures, wrong: &mut Vec<String>) {
    let kept = evidence.kept();
    let mut rows = HashMap::<_, Vec<&StateRow>>::new();
    for row in &evidence.states {
        rows.entry(row.ts).or_default().push(row);
    }
    for LedgerEntry { fired, in_history, .. } in &evidence.fired {
        let (entity, at) = (fired.entity_id.as_str(), fired.time_fired);
        if at < evidence.since || !kept.contains(entity) {
            continue;
        }
        figures.fired += 1;
        // What cannot be written as JSON is known to nobody outside: no event, no snapshot, no history. The state after it
        // is dropped too, and may be found.
        let known = fired.new_state.as_ref().is_none_or(|new| new.serialisable);
        let known = known && (fired.deliverable() || *in_history);
        let there = rows.get(&at).map(Vec::as_slice).unwrap_or_default();
        let there: Vec<_> = there.iter().filter(|row| is_of(row, fired)).collect();
        // Of two states with one time, one that was not heard live is not told from the other.
        let same = there.iter().any(|row| differs(row, fired).is_none() || row.origin != Origin::Live);
        if !known || same {
            continue;
        }
        figures.missed += 1;
        let text = fired.new_state.as_ref().map(|new| &*new.state);
        let why = match lost(evidence, entity, at) {
            Some(()) if !FILL || !in_history || !there.is_empty() => continue,
            Some(()) if renamed_unheard(evidence, fired) || said_renamed(evidence, entity, at) => continue,
            Some(()) => "history has it",
            None => "no gap names it",
        };
        wrong.push(format!("{entity} at {at}: {text:?} was fired and is not stored, and {why}"));
    }
}

/// Whether, in a gap that this event lies in, the entity got another name or the name another entity. History may have the
/// event under a name that nothing has any longer, or under one that was another's.
fn renamed_unheard(evidence: &Evidence, of: &Fired) -> bool {
    let within = |gap: &Gap, at| gap.from <= at && gap.to.is_none_or(|to| at <= to);
    let changed = |e: &Fired| (e.key() == of.key()) != (e.entity_id == of.entity_id);
    let gaps = evidence.gaps.iter().filter(|gap| within(gap, of.time_fired));
    let fired = || evidence.fired.iter().map(|entry| &entry.fired);
    gaps.into_iter().any(|gap| fired().any(|e| changed(e) && within(gap, e.time_fired)))
}

/// Whether a gap says of the name that it had more than one entity in or after its time: names may have been exchanged
/// behind the gap and before history was asked.
fn said_renamed(evidence: &Evidence, entity: &str, at: Timestamp) -> bool {
    let within = |gap: &&Gap| gap.from <= at && gap.to.is_none_or(|to| at <= to);
    let said = |gap: &Gap| {
        gap.result.note.contains("renamed: ") && gap.result.not_kept.iter().any(|id| id.as_str() == entity)
    };
    evidence.gaps.iter().filter(within).any(said)
}

/// Whether a gap says that something of the entity may be missing at that time. One that is filled has everything that
/// history has, and history may have a hole; of an entity that history never has, it says that it has not.
fn lost(evidence: &Evidence, entity: &str, at: Timestamp) -> Option<()> {
    let names = |gap: &Gap| gap.entities.is_empty() || gap.entities.iter().any(|id| id.as_str() == entity);
    // An entity that the gap names one by one may lack something since it was last heard of.
    let begins = |gap: &Gap| gap.from <= at || gap.result.not_kept.iter().any(|id| id.as_str() == entity);
    let holds = |gap: &Gap| names(gap) && begins(gap) && gap.to.is_none_or(|to| at <= to);
    let kept = || evidence.fired.iter().any(|e| e.in_history && e.fired.entity_id.as_str() == entity);
    let may_miss = |gap: &&Gap| holds(gap) && (gap.state != State::Filled || kept());
    evidence.gaps.iter().find(may_miss).map(|_| ())
}

/// The last state of each entity is there, whatever was missed before it.
fn the_present_is_known(evidence: &Evidence, wrong: &mut Vec<String>) {
    let kept = evidence.kept();
    let rows: HashSet<_> = evidence.states.iter().map(|row| (row.entity_id.as_str(), row.ts)).collect();
    for state in evidence.present.iter().filter(|state| kept.contains(state.entity_id.as_str())) {
        let (entity, at) = (state.entity_id.as_str(), state.last_updated);
        if !rows.contains(&(entity, at)) {
            wrong.push(format!("{entity} says {:?} since {at}, and that is not stored", state.state));
        }
    }
}

fn no_event_is_missing(evidence: &Evidence, figures: &mut Figures, wrong: &mut Vec<String>) {
    if !evidence.plan.ours.all_events {
        return;
    }
    for other in &evidence.others {
        let stored = evidence.events.iter().filter(|row| *row.data == *other.data).count();
        match stored {
            1 => {}
            0 if other.at < evidence.since || lost(evidence, "", other.at).is_some() => {
                figures.missed += 1;
            }
            0 => wrong
                .push(format!("the event {} of {} is not stored, and no gap names it", other.data, other.at)),
            n => wrong.push(format!("the event {} of {} is stored {n} times", other.data, other.at)),
        }
    }
}

fn told(gap: &Gap) -> String {
    let to = gap.to.map_or_else(|| "now".to_owned(), |to| to.to_string());
    let names: Vec<_> = gap.entities.iter().map(|id| id.as_str()).collect();
    let of = if names.is_empty() { "all".to_owned() } else { names.join(", ") };
    let (state, note) = (gap.state.as_str(), &gap.result.note);
    let not_kept: Vec<_> = gap.result.not_kept.iter().map(|id| id.as_str()).collect();
    format!(
        "{} {} .. {to} of {of}: {state}, {}; {note}; not kept: {}",
        gap.id,
        gap.from,
        gap.cause,
        not_kept.join(", ")
    )
}

/// Nothing was offered that is not accounted for, and the log has what was handed to it.
///
/// # Errors
/// The term that does not fit.
pub(crate) fn conservation(program: &Program, fold: &Fold) -> anyhow::Result<()> {
    let counters = program.ingest.look().counters;
    ensure!(counters.difference() == 0, "offered and not accounted for: {counters:?}");
    let events = program.log.stats().events_total;
    ensure!(
        counters.logged == events,
        "{} events logged, {events} in the log: {counters:?}",
        counters.logged
    );
    ensure!(fold.counters.logged == events, "the log counts {:?}, and has {events}", fold.counters);
    let open: Vec<_> = fold.gaps.all().iter().filter(|gap| gap.state == State::Open).collect();
    let shown = program.ingest.look().gaps.open;
    ensure!(open.len() as u64 == shown, "{shown} gaps are said to be open, and the log has {open:?}");
    Ok(())
}

/// Everything that is in the log is accounted for by the sink.
///
/// # Errors
/// The figures that do not add up.
pub(crate) fn delivered(sink: &SinkViewOf) -> anyhow::Result<()> {
    let committed = sink.committed;
    let parts = committed.delivered + committed.filtered + committed.collapsed + committed.quarantined;
    ensure!(committed.events == parts, "the sink has {committed:?}");
    ensure!(sink.pending == 0, "{} events are pending after a stop in order", sink.pending);
    Ok(())
}

/// The store has as many rows as it says.
///
/// # Errors
/// The figures that do not add up.
pub(crate) fn counted(store: &Store, evidence: &Evidence) -> anyhow::Result<()> {
    let counts = store.committed_counts();
    let rows = (evidence.states.len() + evidence.events.len()) as u64;
    ensure!(counts.delivered == rows, "the store has {rows} rows and counts {counts:?}");
    let quarantined = evidence.quarantined;
    ensure!(counts.quarantined == quarantined, "{quarantined} records are quarantined: {counts:?}");
    let again = evidence.again.iter().filter(|row| row.is_event()).count() as u64;
    ensure!(again == rows + quarantined, "{again} rows are read again: {counts:?}");
    Ok(())
}

/// Everything, as it is read for a place that does not have it.
pub(crate) fn again(store: &Arc<Store>) -> anyhow::Result<Vec<Row>> {
    let of = Again::Records { after: Seq::ZERO, through: store.committed() };
    let mut reread = Reread::new(Arc::clone(store), of);
    let (mut rows, mut next) = (Vec::new(), Some(Bookmark::default()));
    while let Some(after) = next {
        let portion = reread.portion(&after, PORTION)?;
        rows.extend(portion.rows);
        next = portion.next;
    }
    Ok(rows)
}

pub(crate) fn states(store: &Store) -> anyhow::Result<Vec<StateRow>> {
    let mut rows = Vec::new();
    let query = StatesQuery { entities: None, renamed: false, from: ALWAYS.0, to: ALWAYS.1 };
    store.states(&query, |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    rows.sort_by(|a, b| (&a.entity_id, a.ts, a.tie).cmp(&(&b.entity_id, b.ts, b.tie)));
    Ok(rows)
}

pub(crate) fn events(store: &Store) -> anyhow::Result<Vec<EventRow>> {
    let mut rows = Vec::new();
    store.events(&EventsQuery { event_type: None, from: ALWAYS.0, to: ALWAYS.1 }, |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

pub(crate) fn quarantined(store: &Store) -> anyhow::Result<u64> {
    let mut count = 0;
    store.quarantined(&QuarantineQuery { from: ALWAYS.0, to: ALWAYS.1, settled: true }, |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}
