mod full;
mod refilter;
mod settle;

use hearthline_core::{EntityInfo, ManualClock, MemFs};
use hearthline_log::{LogConfig, LogWriter, Read};

use super::*;

use crate::gaps::{Outcome, State as GapState};
use crate::left_out::LeftOut;
use crate::record::{EntityRecord, StateRecord};
use crate::registries::Registries;
use crate::sources::home_assistant::wire;
use crate::sources::home_assistant::wire::registry::Registry;

/// A producer over a log on a disk in memory, stepped by hand.
struct House {
    fs: MemFs,
    clock: ManualClock,
    writer: LogWriter,
    ingest: Ingest,
}

/// A moment of the test's day.
fn at(second: i64) -> Timestamp {
    Timestamp(1_800_000_000_000_000 + second * 1_000_000)
}

fn config(queue_bytes: usize) -> LogConfig {
    LogConfig { queue_bytes, ring_bytes: 1 << 20, ..LogConfig::new("/data/log") }
}

impl House {
    fn new() -> Self {
        Self::on(MemFs::default(), &[], 1 << 20)
    }

    fn on(fs: MemFs, exclude: &[&str], queue_bytes: usize) -> Self {
        let clock = ManualClock::at(at(0));
        let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
        let filter = Arc::new(Filter::new(&[], &exclude).unwrap());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (mut writer, _) =
            LogWriter::open(Arc::new(fs.clone()), Arc::clone(&shared), config(queue_bytes), Seq(1)).unwrap();
        let ingest = Ingest::open(writer.log(), shared, filter).unwrap();
        writer.step().unwrap();
        Self { fs, clock, writer, ingest }
    }

    /// Connected again after a gap from second 9 on; before it, `sensor.a` with the key `1` was heard of.
    fn away_a_while() -> Self {
        let mut house = Self::new();
        house.connect();
        house.ingest.learn(&[named("1", "sensor.a", 0)]).unwrap();
        house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
        house.ingest.disconnected("closed");
        house.connect();
        house
    }

    fn restart(self) -> Self {
        let Self { fs, writer, ingest, .. } = self;
        drop((ingest, writer));
        Self::on(fs, &[], 1 << 20)
    }

    fn connect(&mut self) {
        self.connect_to(true);
    }

    fn connect_to(&mut self, states_only: bool) {
        self.ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only }).unwrap();
        self.ingest.running();
    }

    fn hear(&mut self, event: &str) {
        self.ingest.accept(&wire::parse_event(event).unwrap(), self.clock.now()).unwrap();
        self.ingest.end_frame().unwrap();
        self.writer.step().unwrap();
    }

    fn see(&mut self, states: &[(&str, &str, i64)]) -> SnapshotReport {
        let json: Vec<_> = states.iter().map(|(entity, text, second)| state(entity, text, *second)).collect();
        let states: Vec<_> = json.iter().map(|json| wire::parse_state(json).unwrap()).collect();
        let report = self.ingest.compare(&states, self.clock.now()).unwrap();
        self.ingest.compared(&states).unwrap();
        self.writer.step().unwrap();
        report
    }

    /// The state records in the log: origin, entity, second, text (none for a removal).
    fn logged(&self) -> Vec<(Origin, String, i64, Option<String>)> {
        let mut found = Vec::new();
        let mut reader = self.writer.log().reader(Seq::ZERO);
        while let Some(read) = reader.read().unwrap() {
            let Read::Batch(batch) = read else { panic!("damage") };
            for (_, _, bytes) in batch.records() {
                if let Record::State(record) = Record::decode(bytes).unwrap() {
                    let second = (record.ts.0 - at(0).0) / 1_000_000;
                    found.push((record.origin, record.entity_id.to_string(), second, text_of(&record)));
                }
            }
        }
        found
    }

    fn counters(&self) -> crate::counters::Counters {
        let counters = self.ingest.view().look().counters;
        assert_eq!(counters.difference(), 0, "{counters:?}");
        counters
    }

    fn gaps(&self) -> Vec<Gap> {
        self.ingest.view().look().recent_gaps
    }
}

fn text_of(record: &StateRecord<'_>) -> Option<String> {
    if record.removed {
        return None;
    }
    let text = match record.origin {
        Origin::Live => {
            assert!(!record.raw.contains("\"old_state\":{"), "{}", record.raw);
            let event = wire::parse_event(&record.raw).unwrap();
            let EventData::StateChanged { new_state, .. } = event.data else { panic!("no state") };
            new_state.unwrap().state.to_string()
        }
        _ => wire::parse_state(&record.raw).unwrap().state.to_string(),
    };
    Some(text)
}

fn state(entity: &str, text: &str, second: i64) -> String {
    let time = at(second);
    format!(
        r#"{{"entity_id":"{entity}","state":"{text}","attributes":{{"unit_of_measurement":"W"}},"last_changed":"{time}","last_updated":"{time}","context":{{"id":"01M","parent_id":null,"user_id":null}}}}"#
    )
}

fn event(entity: &str, old: Option<(&str, i64)>, new: Option<(&str, i64)>, fired: i64) -> String {
    let side =
        |side: Option<(&str, i64)>| side.map_or("null".into(), |(text, second)| state(entity, text, second));
    format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"{entity}","old_state":{},"new_state":{}}},"origin":"LOCAL","time_fired":"{}","context":{{"id":"01M","parent_id":null,"user_id":null}}}}"#,
        side(old),
        side(new),
        at(fired),
    )
}

fn live(entity: &str, second: i64, text: &str) -> (Origin, String, i64, Option<String>) {
    (Origin::Live, entity.into(), second, Some(text.into()))
}

#[test]
fn an_unbroken_stream_is_logged_once_and_counted() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 1)), 1));
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
    house.hear(&event("sensor.a", Some(("2", 2)), None, 3));
    let removal = (Origin::Live, "sensor.a".to_owned(), 3, None);
    assert_eq!(house.logged(), [live("sensor.a", 1, "1"), live("sensor.a", 2, "2"), removal]);
    let counters = house.counters();
    assert_eq!((counters.received_total(), counters.duplicate, counters.logged), (4, 1, 3));
    assert!(house.gaps().is_empty(), "a first start has nothing to miss");
}

#[test]
fn what_the_settings_leave_out_is_counted_and_nowhere_on_disk() {
    let mut house = House::on(MemFs::default(), &["sensor.secret*"], 1 << 20);
    house.connect();
    house.hear(&event("sensor.secret_1", None, Some(("1", 1)), 1));
    house.see(&[("sensor.secret_1", "1", 1)]);
    assert_eq!(house.logged(), []);
    assert_eq!(house.counters().filtered, 1);
}

#[test]
fn what_is_left_out_is_known_by_name_with_its_rule_while_the_program_runs() {
    let mut house = House::on(MemFs::default(), &["sensor.secret*"], 1 << 20);
    house.connect();
    house.see(&[("sensor.secret_quiet", "1", 1), ("sensor.a", "1", 1)]);
    house.hear(&event("sensor.secret_1", None, Some(("1", 2)), 2));
    house.hear(&event("sensor.secret_1", Some(("1", 2)), Some(("2", 3)), 3));
    let left_out = |house: &House| {
        let list = house.ingest.view().left_out().list();
        let short =
            |one: &LeftOut| (one.entity_id.to_string(), one.rule.clone(), one.events, one.last.is_some());
        list.iter().map(short).collect::<Vec<_>>()
    };
    let rule = || Some("sensor.secret*".to_owned());
    let expected = [
        ("sensor.secret_1".to_owned(), rule(), 2, true),
        ("sensor.secret_quiet".to_owned(), rule(), 0, false),
    ];
    assert_eq!(left_out(&house), expected);
    assert_eq!(left_out(&house.restart()), [], "nothing of it is on disk");
}

#[test]
fn in_the_first_minutes_it_is_counted_which_entities_have_changed() {
    let mut house = House::new();
    assert_eq!(house.ingest.view().look().changed, None, "before the first connection");
    house.connect();
    house.see(&[("sensor.a", "1", 1), ("sensor.b", "1", 1)]);
    let seen = |house: &House| {
        let look = house.ingest.view().look();
        (look.changed, look.entities)
    };
    assert_eq!(seen(&house), (Some(0), 2));
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
    house.hear(&event("sensor.a", Some(("2", 2)), Some(("3", 3)), 3));
    assert_eq!(seen(&house), (Some(1), 2));
    let mut house = house.restart();
    assert_eq!(seen(&house), (Some(1), 2), "a restart knows it");
    house.connect();
    house.hear(&event("sensor.a", Some(("3", 3)), Some(("4", 600)), 600));
    assert_eq!(seen(&house), (None, 2), "ten minutes later");
}

#[test]
fn two_different_states_of_one_instant_both_stay() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 1)), 1));
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 1)), 1));
    assert_eq!(house.logged().len(), 2);
}

#[test]
fn a_dropped_event_is_found_by_its_successor() {
    let mut house = House::new();
    house.connect();
    house.see(&[("sensor.a", "1", 1)]);
    house.hear(&event("sensor.a", Some(("2", 2)), Some(("3", 3)), 3));
    let chain = (Origin::Chain, "sensor.a".to_owned(), 2, Some("2".to_owned()));
    assert_eq!(house.logged()[1..], [chain, live("sensor.a", 3, "3")]);
    let gap = house.gaps().remove(0);
    assert_eq!((gap.from, gap.to, gap.entities.len()), (at(1), Some(at(2)), 1));
    assert_eq!(house.counters().logged, 3);
}

#[test]
fn a_sweep_finds_what_a_quiet_entity_missed() {
    let mut house = House::new();
    house.connect();
    assert_eq!(house.see(&[("sensor.a", "1", 1), ("sensor.b", "1", 1)]).new, 2);
    let report = house.see(&[("sensor.a", "2", 5), ("sensor.b", "1", 1)]);
    assert_eq!((report.new, report.equal), (1, 1));
    assert_eq!(house.gaps().remove(0).entities, ["sensor.a".into()]);
}

#[test]
fn a_broken_stream_is_a_gap_from_the_last_event_to_the_first_after_it() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed by the peer");
    house.ingest.disconnected("refused");
    house.connect();
    house.hear(&event("sensor.a", Some(("2", 20)), Some(("3", 30)), 30));
    let gaps = house.gaps();
    assert_eq!(gaps.len(), 1, "one interval is one gap; no second one for the broken chain inside it");
    assert_eq!((gaps[0].from, gaps[0].to), (at(9), Some(at(30))));
    assert_eq!((gaps[0].state, gaps[0].detail.as_str()), (GapState::Open, "closed by the peer"));
}

#[test]
fn a_gap_in_which_nothing_happened_is_closed_without_a_question() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed");
    house.connect();
    assert_eq!(house.ingest.next_fill().unwrap(), None, "states were not compared yet");
    house.see(&[("sensor.a", "1", 10)]);
    assert_eq!(house.ingest.next_fill().unwrap(), None, "it has no end yet");
    house.ingest.quiet(at(0)).unwrap();
    assert_eq!(house.ingest.next_fill().unwrap(), None);
    assert_eq!(house.gaps()[0].state, GapState::Filled);

    house.ingest.disconnected("closed");
    house.connect();
    house.see(&[("sensor.a", "2", 15)]);
    house.ingest.quiet(at(0)).unwrap();
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!((fill.from, fill.to, fill.entities), (at(9), at(15), vec!["sensor.a".into()]));
    assert_eq!(house.gaps()[0].state, GapState::Open, "something did happen");
}

#[test]
fn where_all_events_are_recorded_a_gap_in_a_quiet_house_lasts_until_the_subscription() {
    for (states_only, end) in [(true, 10), (false, 40)] {
        let mut house = House::new();
        house.connect_to(states_only);
        house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
        house.ingest.disconnected("closed");
        house.connect_to(states_only);
        house.see(&[("sensor.a", "1", 10)]);
        house.ingest.quiet(at(40)).unwrap();
        let gap = &house.gaps()[0];
        assert_eq!(
            (gap.from, gap.to),
            (at(9), Some(at(end))),
            "no state shows that another event was missed"
        );
    }
}

/// An entity that has this name from a second on.
fn named(key: &str, entity: &str, second: i64) -> EntityRecord<'static> {
    let info = EntityInfo { key: key.into(), ..EntityInfo::unregistered(entity.into()) };
    let (at, info) = (at(second), std::borrow::Cow::Owned(info));
    EntityRecord { at, received: at, info, removed: false, changes: Vec::new() }
}

#[test]
fn what_may_have_come_and_gone_in_a_gap_is_asked_for() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.hear(&event("sensor.gone", None, Some(("1", 10)), 10));
    house.hear(&event("sensor.gone", Some(("1", 10)), None, 11));
    house.ingest.disconnected("closed");
    house.connect();
    let mut lists = Registries::default();
    let entities = r#"[{"id":"1","entity_id":"sensor.a"},{"id":"2","entity_id":"sensor.gone"},
        {"id":"3","entity_id":"sensor.never"},{"id":"4","entity_id":"sensor.off","disabled_by":"user"}]"#;
    assert_eq!(lists.take(Registry::Entity, entities).unwrap(), Vec::<&str>::new());
    let news = house.ingest.registered(&lists, None);
    house.ingest.learn(&news).unwrap();
    house.see(&[("sensor.a", "1", 10)]);
    house.ingest.quiet(at(40)).unwrap();
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!(fill.entities, ["sensor.gone".into(), "sensor.never".into()]);
    assert!(fill.changed.is_empty(), "history need not have anything of them");
}

#[test]
fn what_is_recorded_under_another_name_of_the_entity_is_not_taken_from_history_again() {
    let mut house = House::new();
    house.connect();
    house.ingest.learn(&[named("1", "sensor.a", 0), named("1", "sensor.b", 10)]).unwrap();
    house.hear(&event("sensor.b", None, Some(("1", 12)), 12));
    house.ingest.disconnected("closed");
    house.connect();
    house.ingest.learn(&[named("1", "sensor.a", 30)]).unwrap();
    house.see(&[("sensor.a", "2", 20)]);
    house.ingest.quiet(at(40)).unwrap();
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!(fill.fence, at(30), "history has the name of today from there on");
    let had = [("sensor.a".into(), at(20))].into_iter().collect();
    let history = [past("sensor.b", Some("1"), 15), past("sensor.b", Some("2"), 20)];
    house.ingest.history(fill.gap, &history, &had).unwrap();
    let counters = house.counters();
    assert_eq!((counters.received_of(Origin::History), counters.duplicate), (2, 1));
    let owner = house.ingest.context().entities.owner("sensor.b", at(15)).unwrap();
    assert_eq!(&**owner, "1", "a state of the past makes nobody else of the name");
}

/// A state as history has it.
fn past(entity: &str, text: Option<&str>, second: i64) -> PastState {
    PastState {
        entity_id: entity.into(),
        state: text.map(Into::into),
        attributes: r#"{"unit_of_measurement":"W"}"#.into(),
        last_changed: at(second - 1),
        last_updated: at(second),
        before: None,
    }
}

#[test]
fn what_may_be_of_either_of_two_with_one_name_is_left_out_also_where_the_next_gap_begins() {
    let mut house = House::away_a_while();
    house.ingest.learn(&[named("2", "sensor.a", 10)]).unwrap(); // as lists say it: right behind what was heard last
    house.hear(&event("sensor.a", Some(("1", 10)), Some(("2", 30)), 30));
    house.ingest.disconnected("closed");
    house.connect();
    house.see(&[("sensor.a", "3", 40)]);
    house.ingest.quiet(at(0)).unwrap();
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!((fill.from, fill.entities), (at(29), vec!["sensor.a".into()]));
    let history = [past("sensor.a", None, 29), past("sensor.a", Some("2.5"), 35)];
    let left_out = house.ingest.history(fill.gap, &history, &HashSet::new()).unwrap();
    assert_eq!(left_out, ["sensor.a".into()], "the removal was of the one before");
    assert_eq!(
        house.counters().received_of(Origin::History),
        1,
        "the other one was had when somebody listened"
    );
}

#[test]
fn what_history_has_under_a_name_that_nobody_is_known_to_have_had_then_is_left_out() {
    let mut house = House::away_a_while();
    house.see(&[("sensor.a", "2", 20)]);
    house.hear(&event("sensor.a", Some(("2", 20)), Some(("3", 30)), 30));
    house.ingest.learn(&[named("1", "sensor.between", 40), named("1", "sensor.b", 50)]).unwrap();
    let gap = house.gaps()[0].id;
    let history = [past("sensor.between", Some("9"), 15), past("sensor.b", Some("1.5"), 15)];
    let left_out = house.ingest.history(gap, &history, &HashSet::new()).unwrap();
    assert_eq!(left_out, ["sensor.between".into()]);
    assert_eq!(house.counters().received_of(Origin::History), 1, "its own went with it");
}

#[test]
fn what_history_has_is_logged_once_and_what_came_last_is_held() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.hear(&event("sensor.gone", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed");
    house.connect();
    house.see(&[("sensor.a", "4", 14)]);
    house.hear(&event("sensor.a", Some(("4", 14)), Some(("5", 20)), 20));
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!(
        fill.entities,
        ["sensor.a".into(), "sensor.gone".into()],
        "one has changed, one is not there any more"
    );
    assert_eq!(fill.changed.len(), 2, "what became of either is not known yet");
    let history =
        [past("sensor.a", Some("3"), 13), past("sensor.a", Some("4"), 14), past("sensor.gone", None, 12)];
    let had = [("sensor.a".into(), at(14))].into_iter().collect();
    house.ingest.history(fill.gap, &history, &had).unwrap();
    house.ingest.close_gap(fill.gap, GapState::Filled, Outcome::default()).unwrap();
    house.writer.step().unwrap();
    let logged = house.logged();
    let from_history: Vec<_> = logged.iter().filter(|(origin, ..)| *origin == Origin::History).collect();
    assert_eq!(from_history.len(), 2);
    let counters = house.counters();
    assert_eq!((counters.received_of(Origin::History), counters.duplicate, counters.difference()), (3, 1, 0));
    assert_eq!(house.gaps()[0].recovered, 3, "the snapshot had one of them");
    let held = |house: &House, entity: &str| house.ingest.fold.held[entity].state.clone();
    assert_eq!((held(&house, "sensor.a").as_deref(), held(&house, "sensor.gone")), (Some("5"), None));
    let (ledger, moved) = (house.ingest.fold.gaps.clone(), house.ingest.fold.moved.clone());
    assert!(moved.is_empty());
    let house = house.restart();
    assert_eq!(house.ingest.fold.gaps.all()[0], ledger.all()[0]);
    assert_eq!((held(&house, "sensor.a").as_deref(), held(&house, "sensor.gone")), (Some("5"), None));
}

#[test]
fn a_restart_in_the_middle_of_filling_goes_on_where_it_was() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed");
    house.connect();
    house.hear(&event("sensor.a", Some(("2", 100)), Some(("3", 200)), 200));
    house.see(&[("sensor.a", "3", 200)]);
    let fill = house.ingest.next_fill().unwrap().unwrap();
    house.ingest.filled_through(fill.gap, at(90)).unwrap();
    house.writer.step().unwrap();
    let mut house = house.restart();
    house.connect();
    house.see(&[("sensor.a", "3", 200)]);
    let again = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!(again, Fill { through: at(90), ..fill });
}

#[test]
fn a_gap_that_could_not_be_filled_can_be_tried_again_for_what_was_missing() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed");
    house.connect();
    house.see(&[("sensor.a", "3", 15)]);
    house.ingest.quiet(at(0)).unwrap();
    let fill = house.ingest.next_fill().unwrap().unwrap();
    let result = Outcome { not_kept: vec!["sensor.a".into()], note: "no history".into() };
    house.ingest.close_gap(fill.gap, GapState::Partly, result).unwrap();
    assert_eq!(house.ingest.next_fill().unwrap(), None);
    assert_eq!(house.ingest.retry_gaps(Some(fill.gap + 1)).unwrap(), 0, "there is no such gap");
    assert_eq!(house.ingest.retry_gaps(None).unwrap(), 1);
    let again = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!(again.entities, ["sensor.a".into()]);
    house.ingest.close_gap(fill.gap, GapState::Filled, Outcome::default()).unwrap();
    assert_eq!(house.ingest.retry_gaps(None).unwrap(), 0, "what is filled stays so");
}

#[test]
fn asking_for_the_past_twice_is_one_question() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.see(&[("sensor.a", "1", 10)]);
    let asked = house.ingest.backfill(at(-1000)).unwrap();
    assert_eq!(house.ingest.backfill(at(-500)).unwrap(), asked, "the one that is open asks for as much");
    assert_ne!(house.ingest.backfill(at(-2000)).unwrap(), asked);
    let fill = house.ingest.next_fill().unwrap().unwrap();
    assert_eq!((fill.cause, fill.from), (Cause::Requested, at(-1000)));
    house.ingest.history(fill.gap, &[past("sensor.a", Some("0"), -900)], &HashSet::new()).unwrap();
    assert_eq!(house.ingest.fold.held["sensor.a"].state.as_deref(), Some("1"), "an older state is not held");
    let totals = house.ingest.fold.gaps.totals();
    assert_eq!((totals.requested, totals.recovered), (1, 0));
}

#[test]
fn a_gap_ends_at_the_first_event_also_when_a_snapshot_comes_before_it() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    house.ingest.disconnected("closed");
    house.connect();
    house.see(&[("sensor.a", "2", 15)]);
    assert_eq!(house.gaps()[0].to, None);
    house.hear(&event("sensor.a", Some(("2", 15)), Some(("3", 20)), 20));
    assert_eq!(house.gaps()[0].to, Some(at(20)));
    house.ingest.disconnected("closed again");
    assert_eq!(house.gaps().len(), 2, "the next one is a gap of its own");
}

#[test]
fn a_restart_holds_what_was_held() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 1)), 1));
    house.ingest.stopped();
    house.writer.step().unwrap();
    let before = house.counters();
    let mut house = house.restart();
    assert_eq!(house.counters(), before);
    assert_eq!(house.gaps().len(), 1, "the stop named its gap, the start names no second one");
    assert_eq!(house.gaps()[0].cause, Cause::Stopped);
    house.connect();
    assert_eq!(house.see(&[("sensor.a", "1", 1)]).equal, 1);
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
    assert_eq!(house.logged().len(), 2);
}

#[test]
fn a_crash_names_its_gap_at_the_next_start() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    let house = house.restart();
    let gap = house.gaps().remove(0);
    assert_eq!((gap.cause, gap.from, gap.to), (Cause::NotRunning, at(9), None));
}

#[test]
fn what_the_log_does_not_take_is_undone_and_counted() {
    let mut house = House::on(MemFs::default(), &[], 600);
    house.connect();
    house.writer.step().unwrap();
    let events: Vec<_> = (1..20).map(|n| event("sensor.a", None, Some(("1", n)), n)).collect();
    let mut refused = 0;
    for event in &events {
        house.ingest.accept(&wire::parse_event(event).unwrap(), at(0)).unwrap();
        refused += u64::from(house.ingest.end_frame().is_err());
    }
    assert!(refused > 0, "the queue holds 600 bytes");
    let told = |house: &House| house.ingest.view().look().changed;
    assert_eq!(told(&house), Some(1), "the first one was taken");
    house
        .ingest
        .accept(&wire::parse_event(&event("sensor.b", None, Some(("1", 20)), 20)).unwrap(), at(0))
        .unwrap();
    house.ingest.end_frame().unwrap_err();
    assert_eq!(told(&house), Some(1), "no change is known of what was refused");
    refused += 1;
    assert_eq!(house.counters().unlogged, refused);
    house.ingest.disconnected("closed by ourselves");
    house.writer.step().unwrap();
    house.connect();
    assert_eq!(house.see(&[("sensor.a", "1", 19)]).new, 1, "the refused state is found missing");
    assert_eq!(house.gaps()[0].cause, Cause::QueueFull);
    let logged = house.logged().len() as u64;
    assert_eq!(house.counters().logged, logged);
}

#[test]
fn states_put_back_after_a_restart_of_home_assistant_are_no_readings() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("21", 1)), 1));
    house.ingest.disconnected("closed");
    house.ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
    house.hear(&event("sensor.a", None, Some(("21", 9)), 9));
    house.ingest.running();
    house.hear(&event("sensor.a", Some(("21", 9)), Some(("21", 11)), 11));
    let mut restored = Vec::new();
    let mut reader = house.writer.log().reader(Seq::ZERO);
    while let Some(Read::Batch(batch)) = reader.read().unwrap() {
        for (_, _, bytes) in batch.records() {
            if let Record::State(record) = Record::decode(bytes).unwrap() {
                restored.push(record.restored);
            }
        }
    }
    assert_eq!(restored, [false, true, false]);
}

#[test]
fn values_of_secret_keys_are_nowhere_in_the_log() {
    let mut house = House::new();
    house.connect();
    let open = event("lock.door", None, Some(("unlocked", 1)), 1);
    let told = open.replacen("\"attributes\":{", "\"attributes\":{\"door\":{\"user_code\":\"4711\"},", 1);
    assert_ne!(told, open);
    house.hear(&told);
    let mut reader = house.writer.log().reader(Seq::ZERO);
    let mut masked = 0;
    while let Some(Read::Batch(batch)) = reader.read().unwrap() {
        for (_, _, bytes) in batch.records() {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains("4711"), "{text}");
            masked += usize::from(text.contains("\"user_code\":\"***\""));
        }
    }
    assert_eq!(masked, 1);
}

#[test]
fn what_we_say_of_ourselves_is_recorded_and_is_no_sign_of_life() {
    let mut house = House::new();
    house.ingest = house.ingest.without_life_of(vec!["sensor.hearthline_health".into()]);
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 10)), 10));
    let heard = house.ingest.view().look().last_event;
    assert_eq!(heard, Some(at(0)));
    house.clock.advance(Duration::from_secs(60));
    house.hear(&event("sensor.hearthline_health", None, Some(("healthy", 60)), 60));
    assert_eq!(house.ingest.view().look().last_event, heard);
    assert_eq!(house.logged().len(), 2);
    house.hear(&event("sensor.a", Some(("1", 10)), Some(("2", 61)), 61));
    assert_eq!(house.ingest.view().look().last_event, Some(at(60)));
}
