use hashbrown::HashMap;

use super::*;

const FROM: Timestamp = Timestamp(1_800_000_000_000_000);

fn plan(entities: usize, minutes: u64, cause: Cause) -> Plan {
    let entities: Vec<EntityId> = (0..entities).map(|n| format!("sensor.s{n:03}").as_str().into()).collect();
    let to = FROM.plus(Duration::from_secs(60 * minutes));
    let changed = entities.iter().cloned().collect();
    let fill = Fill {
        gap: 1,
        cause,
        from: FROM,
        to,
        fence: to,
        through: FROM,
        entities,
        before: Vec::new(),
        proofs: HashMap::new(),
        changed,
        others: false,
        mixed: Vec::new(),
    };
    Plan::new(fill, Instant::now())
}

fn row(entity: &str, micros: i64) -> PastState {
    let at = Timestamp(FROM.0 + micros);
    PastState {
        entity_id: entity.into(),
        state: Some("1".into()),
        attributes: "{}".into(),
        last_changed: at,
        last_updated: at,
        before: None,
    }
}

/// Asks everything; answers have this many bytes. Windows as start and end in seconds, with entities asked.
fn asked(plan: &mut Plan, bytes: usize) -> Vec<(i64, i64, usize)> {
    let mut asked = Vec::new();
    while !plan.is_done() {
        let question = plan.question(false);
        let second = |at: Timestamp| (at.0 - FROM.0) / 1_000_000;
        let end = question.end.unwrap();
        assert_eq!(question.start, plan.at.minus(MICRO), "what is asked for is later than the start");
        asked.push((second(question.start.plus(MICRO)), second(end), question.entities.len()));
        plan.take(&question, Vec::new(), 0, bytes);
        plan.advance();
    }
    asked
}

#[test]
fn windows_grow_while_answers_are_small_and_cover_the_gap_without_a_hole() {
    let mut plan = plan(120, 60, Cause::Requested);
    let asked = asked(&mut plan, 1000);
    let of_windows: Vec<_> =
        asked.chunks(3).map(|batches| batches.iter().map(|b| b.2).sum::<usize>()).collect();
    assert!(of_windows.iter().all(|count| *count == 120), "every window asks for every entity");
    let windows: Vec<_> = asked.iter().step_by(3).map(|(start, end, _)| (*start, *end)).collect();
    let expected = [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3600];
    assert_eq!(windows, expected.windows(2).map(|ends| (ends[0], ends[1])).collect::<Vec<_>>());
}

#[test]
fn windows_shrink_when_answers_are_large_but_never_to_nothing() {
    let mut plan = plan(1, 1, Cause::Requested);
    let asked = asked(&mut plan, 10 << 20);
    let lengths: Vec<_> = asked.iter().map(|(start, end, _)| end - start).collect();
    assert_eq!(lengths[..5], [10, 5, 2, 1, 1]);
    assert!(lengths[4..].iter().all(|length| (1..=2).contains(length)), "{lengths:?}");
    assert_eq!(asked.last().unwrap().1, 60);
}

#[test]
fn the_state_of_the_start_shows_that_an_entity_is_kept_and_is_no_row() {
    let mut plan = plan(2, 1, Cause::Disconnected);
    let question = plan.question(true);
    let rows = plan.take(&question, vec![row("sensor.s000", -1), row("sensor.s000", 5)], 0, 10);
    assert_eq!(rows, [row("sensor.s000", 5)]);
    plan.advance();
    let (state, outcome) = plan.outcome();
    assert_eq!((state, outcome.not_kept), (State::Partly, vec!["sensor.s001".into()]));
}

#[test]
fn what_was_purged_is_said_to_be_lost() {
    let hours = |hours: i64| hours * 3_600_000_000;
    let mut purged = plan(1, 60 * 24, Cause::Stopped);
    let question = purged.question(true);
    purged.take(&question, vec![row("sensor.s000", hours(5))], 0, 10);
    let (state, outcome) = purged.outcome();
    assert_eq!(state, State::Partly);
    assert!(outcome.note.contains("begins at 2027-01-15T13:00:00"), "{}", outcome.note);
    let mut quiet = plan(1, 60 * 24, Cause::Stopped);
    let question = quiet.question(true);
    quiet.take(&question, vec![row("sensor.s000", -1), row("sensor.s000", hours(5))], 0, 10);
    assert_eq!(quiet.outcome().0, State::Filled, "there was a state before the gap");
}

#[test]
fn any_event_from_behind_the_gap_shows_that_history_is_complete() {
    let mut plan = plan(1, 1, Cause::Disconnected);
    assert_eq!(plan.fence(Vec::new()), None, "nothing was heard yet");
    let question = plan.fence(vec![("sensor.b".into(), plan.fill.to)]).unwrap();
    assert_eq!((question.start, question.end), (plan.fill.to.minus(MICRO), None));
    let end = (plan.fill.to.0 - FROM.0, plan.fill.to.0 - FROM.0 - 1);
    plan.look_behind(&question, &[row("sensor.b", end.1)]);
    assert!(plan.waits_for_fence(), "that is the state of the start");
    plan.look_behind(&question, &[row("sensor.b", end.1), row("sensor.b", end.0)]);
    assert!(!plan.waits_for_fence());
}

#[test]
fn behind_a_renaming_history_is_asked_only_once_it_shows_what_came_after() {
    for cause in [Cause::Disconnected, Cause::Requested] {
        let fill = plan(2, 1, cause).fill;
        let renamed = fill.to.plus(Duration::from_secs(30));
        let mut plan = Plan::new(Fill { fence: renamed, ..fill }, Instant::now());
        let question = plan.fence(vec![("sensor.b".into(), renamed)]).unwrap();
        plan.look_behind(&question, &[row("sensor.b", 89_000_000)]);
        assert!(plan.waits_for_fence(), "behind the gap, and before the renaming");
        plan.look_behind(&question, &[row("sensor.b", 90_000_000)]);
        assert!(!plan.waits_for_fence());
    }
}

#[test]
fn what_may_be_missing_from_before_the_gap_is_asked_for_first() {
    let mut fill = plan(60, 1, Cause::Disconnected).fill;
    let ages = (0..60).map(|n| if n < 55 { 2 + n % 3 } else { 86_400 * (n - 54) });
    fill.before =
        fill.entities.iter().cloned().zip(ages.map(|age| FROM.minus(Duration::from_secs(age)))).collect();
    let mut plan = Plan::new(fill, Instant::now());
    let mut leads = Vec::new();
    while let Some(lead) = plan.leads.front().cloned() {
        assert_eq!(plan.question(true), lead);
        assert_eq!(lead.end, Some(FROM.plus(MICRO)));
        leads.push((FROM.since(lead.start).as_secs(), lead.entities.len()));
        assert_eq!(plan.advance(), None);
    }
    assert_eq!(
        leads,
        [(4, 50), (4, 5), (86_400 * 4, 4), (86_400 * 5, 1)],
        "seconds before the gap, entities"
    );
    assert_eq!(plan.question(true).start, FROM.minus(MICRO), "then the gap itself");
}

#[test]
fn a_hole_in_history_is_told_by_a_state_that_it_lacks() {
    for (there, state) in [(7, State::Filled), (8, State::Partly)] {
        let mut plan = plan(1, 1, Cause::Disconnected);
        plan.fill.proofs.insert("sensor.s000".into(), Timestamp(FROM.0 + 7));
        let question = plan.question(true);
        plan.take(&question, vec![row("sensor.s000", -1), row("sensor.s000", there)], 0, 10);
        plan.advance();
        let (found, outcome) = plan.outcome();
        assert_eq!((found, outcome.not_kept.len()), (state, usize::from(there == 8)), "{}", outcome.note);
    }
}

#[test]
fn states_that_are_left_out_are_named_whether_history_is_had_or_refused() {
    let mut plan = plan(2, 60, Cause::Disconnected);
    let question = plan.question(false);
    plan.take(&question, vec![row("sensor.s000", 5), row("sensor.s001", 5)], 0, 10);
    plan.leave_out(Vec::new());
    assert!(plan.keeps_place());
    assert_eq!(plan.outcome(), (State::Filled, Outcome::default()));
    for _ in 0..2 {
        plan.leave_out(vec!["sensor.s001".into()]);
        assert!(!plan.keeps_place(), "a restart has to meet it again");
    }
    let (state, outcome) = plan.outcome();
    assert_eq!((state, outcome.not_kept), (State::Partly, vec!["sensor.s001".into()]));
    assert!(outcome.note.starts_with("renamed: sensor.s001 had"), "{}", outcome.note);
    let refused = plan.without_history("Unauthorized");
    assert_eq!(refused.not_kept, ["sensor.s000".into(), "sensor.s001".into()]);
    assert!(refused.note.contains("renamed: sensor.s001 had"), "{}", refused.note);
    assert!(refused.note.contains("cannot be had: Unauthorized; try again"), "{}", refused.note);
}
