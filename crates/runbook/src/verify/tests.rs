use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, Fs, ManualClock, MemFs, Timestamp};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{HaLayout, Layout, NativeLayout};
use hearthline_pipeline::sinks::influxdb::schema::{Conflict, FieldType};
use hearthline_pipeline::sinks::influxdb::stored::{FieldValue, StoredPoint};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::document::Instead;
use super::*;
use crate::{Canary, Missed};

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const CANARY: &str = "sensor.hearthline_canary";

fn passed(part: &str, step: Step, ms: u64) -> Leg {
    Leg::of(part, step, Ok((Duration::from_millis(ms), "it is there".into())))
}

fn missed(part: &str, step: Step, trouble: Trouble) -> Leg {
    Leg::of(part, step, Err(trouble))
}

fn change(kind: Kind, legs: Vec<Leg>) -> Change {
    let entity_id = if kind == Kind::Natural { "sensor.hall" } else { CANARY }.to_owned();
    Change { round: 1, kind, entity_id, state: Some("1".into()), at: None, seq: Some(7), legs }
}

fn of(instead: Option<Instead>, changes: Vec<Change>) -> Verified {
    let id = "2026-11-23T12-00-00Z-1".to_owned();
    let begun = Underway { id, at: NOON.to_string(), by: By::Person, round: 1, rounds: 1 };
    Verified::of(begun, 12.5, instead, changes)
}

/// Part, step, what happened; then how it ended, what is said, what is to be done.
type Told = (&'static str, Step, Trouble, Outcome, &'static str, &'static str);

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn on_the_way_to_the_store() -> Vec<Told> {
    vec![
        (
            "home_assistant",
            Step::Set,
            Trouble::Unreachable("refused".into()),
            Outcome::Unreachable,
            "refused",
            "doctor",
        ),
        (
            "home_assistant",
            Step::Set,
            Trouble::Refused("HTTP 500".into()),
            Outcome::Failed,
            "HTTP 500",
            "Logs",
        ),
        (
            "home_assistant",
            Step::Heard,
            Trouble::Unheard(s(15), "waiting".into(), Some("no pong".into())),
            Outcome::Failed,
            "nothing was heard of it within 15 s; the connection is waiting: no pong",
            "hearthline repair connection",
        ),
        (
            "home_assistant",
            Step::Heard,
            Trouble::Quiet(s(60), "connected".into()),
            Outcome::Degraded,
            "no state came by itself within 60 s",
            "when something happens",
        ),
        (
            "log",
            Step::Logged,
            Trouble::LogRefuses("the disk is full".into()),
            Outcome::Failed,
            "the disk is full",
            "doctor",
        ),
        (
            "store",
            Step::Stored,
            Trouble::Late(s(20)),
            Outcome::Failed,
            "does not show it after 20 s",
            "repair restart store",
        ),
        (
            "store",
            Step::Stored,
            Trouble::Differs("the row says".into()),
            Outcome::Failed,
            "the row says",
            "report it",
        ),
    ]
}

fn behind_the_store() -> Vec<Told> {
    vec![
        (
            "influxdb",
            Step::Delivered,
            Trouble::Late(s(21)),
            Outcome::Failed,
            "has not answered for the event after 21 s",
            "repair restart influxdb",
        ),
        (
            "influxdb",
            Step::Delivered,
            Trouble::Away("wrong password".into()),
            Outcome::Degraded,
            "waits in the log: wrong password",
            "doctor",
        ),
        (
            "influxdb",
            Step::Delivered,
            Trouble::Behind(5000),
            Outcome::Degraded,
            "5000 events before it",
            "caught up",
        ),
        (
            "influxdb",
            Step::Delivered,
            Trouble::LeftOut(CANARY.into(), None),
            Outcome::Degraded,
            "the filter of influxdb leaves sensor.hearthline_canary out (include does not have it)",
            "add \"sensor.hearthline_canary\" to include, under this sink",
        ),
        (
            "influxdb",
            Step::Delivered,
            Trouble::LeftOut(CANARY.into(), Some("sensor".into())),
            Outcome::Degraded,
            "(exclude has \"sensor\")",
            "write an exclude that does not fit",
        ),
        (
            "influxdb",
            Step::ReadBack,
            Trouble::Late(s(10)),
            Outcome::Failed,
            "does not have it after 10 s",
            "hearthline conflicts",
        ),
        (
            "influxdb",
            Step::ReadBack,
            Trouble::Unread("HTTP 403".into()),
            Outcome::Degraded,
            "does not let us read it back: HTTP 403",
            "read there",
        ),
        (
            "weather",
            Step::Weather,
            Trouble::NoWeather("no answer".into()),
            Outcome::Degraded,
            "no weather: no answer",
            "hearthline weather",
        ),
    ]
}

#[test]
fn a_leg_that_is_not_passed_says_what_is_wrong_what_it_means_and_what_to_do() {
    for (part, step, trouble, outcome, says, todo) in
        on_the_way_to_the_store().into_iter().chain(behind_the_store())
    {
        let leg = missed(part, step, trouble);
        let told = leg.todo.unwrap_or_default();
        assert_eq!((leg.outcome, leg.ms), (outcome, None), "{}", leg.says);
        assert!(leg.says.contains(says) && told.contains(todo), "{says}: {} / {told}", leg.says);
    }
    for trouble in [Trouble::Earlier, Trouble::NoQuestions, Trouble::NoPoint] {
        let leg = missed("influxdb", Step::ReadBack, trouble);
        assert_eq!((leg.outcome, leg.todo), (Outcome::Skipped, None));
    }
}

#[test]
fn what_is_read_back_has_to_be_the_state_and_the_type_that_were_set() {
    let flag = Expected { state: Some("12".into()), dynamics: Some(json!(true)) };
    let record = |state: &str, dynamics: &str| {
        format!(
            r#"{{"data":{{"entity_id":"{CANARY}","new_state":{{"state":"{state}","attributes":{{"dynamics":{dynamics}}}}}}}}}"#
        )
    };
    flag.in_record(&record("12", "true")).unwrap();
    for (record, says) in [
        (record("11", "true"), r#"the record says "11", and "12" was set"#),
        (record("12", "\"true\""), r#"the record has "true" as dynamics, and true was set"#),
        (
            r#"{"data":{"new_state":{"state":"12","attributes":{}}}}"#.into(),
            "the record has no value as dynamics",
        ),
        (r#"{"data":{"new_state":null}}"#.into(), r#"the record says a removal, and "12" was set"#),
        ("{".into(), "the record is no event"),
    ] {
        let Err(Trouble::Differs(told)) = flag.in_record(&record) else { panic!("{record} is taken") };
        assert!(told.starts_with(says), "{told}");
    }
    let removal = Expected { state: None, dynamics: None };
    removal.in_record(r#"{"data":{"entity_id":"a.b","new_state":null}}"#).unwrap();
    removal.in_record(&record("12", "true")).unwrap_err();
    assert_eq!(Expected::of_record(&record("12", "true")), Expected { dynamics: None, ..flag });
}

#[test]
fn a_point_is_looked_for_under_the_names_that_the_sink_gave_its_fields() {
    let text = Expected { state: Some("12".into()), dynamics: Some(json!("none")) };
    let conflict = Conflict {
        measurement: "m".into(),
        field: "state".into(),
        server: vec![FieldType::Float],
        ours: FieldType::Text,
        goes_to: "state_str".into(),
        since: NOON,
        rows: 1,
    };
    let is = |text: &str| FieldValue::Text(text.into());
    let layout = |attributes| Layout::Native(NativeLayout::new("m", attributes));
    let all = layout(Attributes::All);
    let own = vec![("state".to_owned(), is("12")), ("attr_dynamics_str".to_owned(), is("none"))];
    assert_eq!(text.fields(&all, "sensor.a", "m", &[]), own);
    assert_eq!(text.fields(&layout(Attributes::None), "sensor.a", "m", &[]), own[..1]);
    assert_eq!(text.fields(&all, "sensor.a", "other", std::slice::from_ref(&conflict)), own);
    let moved = text.fields(&all, "sensor.a", "m", &[conflict]);
    assert_eq!(moved[0].0, "state_str");

    let point = |fields: &[(&str, FieldValue)]| StoredPoint {
        tags: Vec::new(),
        time: 0,
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let right = [("state_str", is("12")), ("attr_dynamics_str", is("none"))];
    Expected::in_point(&point(&right), &moved).unwrap();
    Expected::in_point(&point(&right[..1]), &moved[..1]).unwrap();
    let flag = [("state_str", is("12")), ("attr_dynamics_str", FieldValue::Bool(true))];
    for (found, says) in [
        (&right[..1], "the point has no attr_dynamics_str of type text"),
        (&flag[..], "the point has no attr_dynamics_str of type text"),
        (&[("state_str", is("13"))][..], r#"the point's state_str is "13", and "12" was set"#),
    ] {
        let Err(Trouble::Differs(told)) = Expected::in_point(&point(found), &moved) else { panic!("{says}") };
        assert!(told.starts_with(says), "{told}");
    }
    let removal = Expected { state: None, dynamics: None };
    let removed = removal.fields(&all, "sensor.a", "m", &[]);
    Expected::in_point(&point(&[("state", is("removed"))]), &removed).unwrap();
}

#[test]
fn in_the_layout_of_the_integration_a_number_is_a_value_a_flag_is_one_too_and_a_removal_is_no_point() {
    let ha = Layout::Ha(HaLayout::default());
    let fields = |state: Option<&str>, dynamics: Option<serde_json::Value>| {
        Expected { state: state.map(Into::into), dynamics }.fields(&ha, "sensor.a", "sensor.a", &[])
    };
    let text = FieldValue::Text("ok".into());
    assert_eq!(
        fields(Some("ok"), Some(json!("none"))),
        [("state".to_owned(), text.clone()), ("dynamics_str".to_owned(), FieldValue::Text("none".into()))]
    );
    assert_eq!(
        fields(Some("ok"), Some(json!(true))),
        [("state".to_owned(), text), ("dynamics".to_owned(), FieldValue::Float(1.0))]
    );
    assert_eq!(fields(Some("21.5"), None), [("value".to_owned(), FieldValue::Float(21.5))]);
    for none in [None, Some("unknown")] {
        assert_eq!(fields(none, None), []);
    }
    let left_out = Layout::Ha(HaLayout { ignore_attributes: vec!["dynamics".into()], ..HaLayout::default() });
    let flag = Expected { state: Some("ok".into()), dynamics: Some(json!(true)) };
    assert_eq!(flag.fields(&left_out, "sensor.a", "sensor.a", &[]).len(), 1);
}

#[test]
fn the_worst_leg_is_what_is_said_and_what_was_followed_instead_is_never_kept_quiet() {
    let well = || vec![passed("log", Step::Logged, 2), passed("influxdb", Step::ReadBack, 900)];
    let waits = || {
        vec![passed("log", Step::Logged, 4), missed("influxdb", Step::Delivered, Trouble::Away("off".into()))]
    };
    let instead =
        || Some(Instead { why: "the token is not an administrator's".into(), todo: "make another".into() });
    let dry = || {
        vec![
            passed("log", Step::Logged, 2),
            missed("weather", Step::Weather, Trouble::NoWeather("off".into())),
        ]
    };
    let silent = missed(
        "home_assistant",
        Step::Heard,
        Trouble::Unheard(Duration::from_secs(15), "connected".into(), None),
    );
    for (instead, legs, outcome, through, says) in [
        (
            None,
            well(),
            Outcome::Passed,
            true,
            "1 change of sensor.hearthline_canary went from Home Assistant to every place",
        ),
        (
            instead(),
            well(),
            Outcome::Degraded,
            true,
            "Followed was the next state that came, since the token is not an",
        ),
        (
            None,
            waits(),
            Outcome::Degraded,
            false,
            "1 of 1 change of sensor.hearthline_canary not delivered (influxdb): influxdb takes",
        ),
        (None, dry(), Outcome::Degraded, true, "not with the weather (weather): the row has no weather: off"),
        (
            None,
            vec![silent, missed("store", Step::Stored, Trouble::Earlier)],
            Outcome::Failed,
            false,
            "1 of 1 change of sensor.hearthline_canary not heard (home_assistant): Home Assistant took it",
        ),
    ] {
        let result = of(instead, vec![change(Kind::Text, legs)]);
        assert_eq!((result.outcome, result.through), (outcome, through), "{}", result.says);
        assert!(result.says.contains(says), "{}", result.says);
        let missed = Missed::of(&result);
        let known = missed.map(|missed| (missed.says, missed.outcome, missed.todo.is_some()));
        assert_eq!(known, (!through).then_some((result.says, outcome, true)));
    }
    assert_eq!(of(None, Vec::new()).outcome, Outcome::Failed, "nothing was followed");
}

#[test]
fn each_leg_is_summed_up_over_all_changes_and_those_that_failed_are_kept_whole() {
    let legs = |ms| vec![passed("log", Step::Logged, ms), passed("influxdb", Step::ReadBack, 10 * ms)];
    let mut changes: Vec<_> = (1..=30).map(|ms| change(Kind::Text, legs(ms))).collect();
    changes[2].legs[1] = missed("influxdb", Step::ReadBack, Trouble::Late(Duration::from_secs(10)));
    let result = of(None, changes);
    let [logged, back] = &*result.passages else { panic!("{:?}", result.passages) };
    assert_eq!(
        (logged.passed, logged.of, logged.median_ms, logged.slowest_ms),
        (30, 30, Some(15.0), Some(30.0))
    );
    assert_eq!((back.passed, back.of, back.outcome), (29, 30, Outcome::Failed));
    assert_eq!(result.changes.len(), 12);
    assert_eq!(
        result.changes[0].legs[0].ms,
        Some(3.0),
        "the one that failed, then the last ones in their order"
    );
    assert_eq!(result.changes[11].legs[0].ms, Some(30.0));
}

#[test]
fn the_legs_stand_in_the_order_in_which_they_are_gone_also_when_the_first_change_got_nowhere() {
    let unheard = Trouble::Unheard(s(15), "connected".into(), None);
    let earlier = |part, step| missed(part, step, Trouble::Earlier);
    let nowhere = vec![
        missed("home_assistant", Step::Heard, unheard),
        earlier("store", Step::Stored),
        earlier("two", Step::Delivered),
        earlier("one", Step::Delivered),
    ];
    let whole = vec![
        passed("home_assistant", Step::Heard, 1),
        passed("log", Step::Logged, 2),
        passed("store", Step::Stored, 3),
        passed("weather", Step::Weather, 3),
        passed("store", Step::Files, 9),
        passed("two", Step::Delivered, 4),
        passed("two", Step::ReadBack, 5),
        passed("one", Step::Delivered, 4),
        passed("one", Step::ReadBack, 5),
    ];
    let order: Vec<_> = whole.iter().map(|leg| (leg.part.clone(), leg.step)).collect();
    let result = of(None, vec![change(Kind::Text, nowhere), change(Kind::Boolean, whole)]);
    let shown: Vec<_> = result.passages.into_iter().map(|passage| (passage.part, passage.step)).collect();
    assert_eq!(shown, order);
}

#[test]
fn the_last_results_survive_a_restart_and_the_newest_that_got_through_stays_among_them() {
    let fs = Arc::new(MemFs::default());
    let open = || Kept::open(fs.clone(), Path::new("/data"));
    let kept = open();
    let well = vec![change(Kind::Text, vec![passed("log", Step::Logged, 2)])];
    kept.keep(of(None, well));
    for n in 0..30 {
        kept.keep(Verified { id: n.to_string(), ..of(None, Vec::new()) });
    }
    let again = open();
    assert_eq!(again.results(), kept.results());
    assert_eq!((again.results().len(), again.results()[0].id.as_str()), (20, "29"));
    assert_eq!(again.last_at(), Some(NOON));
    let known = again.canary(None, NOON.plus(s(60))).unwrap();
    assert_eq!((known.every, known.age, known.failed.is_some()), (None, Some(s(60)), true));
    let disk: &dyn Fs = &*fs;
    disk.write_atomic(Path::new("/data/verify/results.json"), b"[").unwrap();
    let anew = open();
    assert_eq!((anew.results(), anew.canary(None, NOON)), (Vec::new(), None));
    let wanted = Canary { every: Some(s(3600)), age: None, failed: None };
    assert_eq!(anew.canary(wanted.every, NOON), Some(wanted), "it is to be followed");
}

#[test]
fn that_the_canary_may_be_set_is_on_disk_before_it_is() {
    let fs = Arc::new(MemFs::default());
    let kept = Kept::open(fs.clone(), Path::new("/data"));
    assert!(!kept.is_left());
    kept.is_removed();
    kept.may_be_set().unwrap();
    fs.power_cut();
    assert!(Kept::open(fs, Path::new("/data")).is_left(), "after a power cut too");
    kept.is_removed();
    assert!(!kept.is_left());
}

/// One that is done when it is told so.
fn held(clock: &ManualClock, every: Option<Duration>) -> (Verify, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let carry: Carry = Arc::new(move |rounds, progress| {
        let wait = Arc::clone(&wait);
        Box::pin(async move {
            progress(rounds);
            wait.notified().await;
            Carried { instead: None, changes: vec![change(Kind::Text, vec![passed("log", Step::Logged, 2)])] }
        })
    });
    let kept = Arc::new(Kept::open(Arc::new(MemFs::default()), Path::new("/data")));
    (Verify::new(carry, kept, Arc::new(clock.clone()), Handle::current(), every), go)
}

#[tokio::test]
async fn one_is_carried_out_at_a_time_and_everybody_sees_how_far_it_is() {
    let clock = ManualClock::at(NOON);
    let (verify, go) = held(&clock, None);
    assert_eq!(verify.begin(0, By::Person), Err(Refused::Rounds(0)));
    assert_eq!(verify.begin(MOST_ROUNDS + 1, By::Person), Err(Refused::Rounds(101)));
    let id = verify.begin(5, By::Person).unwrap();
    assert_eq!(verify.begin(1, By::Schedule), Err(Refused::Running(NOON.to_string())));
    while verify.look().running.unwrap().round < 5 {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    while verify.look().running.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(verify.look().results[0].id, id);
    go.notify_one();
    let second = verify.run(1, By::Person).await.unwrap();
    assert_ne!(second.id, id);
    assert_eq!(verify.look().next, None, "the settings do not want any");
}

#[tokio::test(start_paused = true)]
async fn the_program_does_one_by_itself_whenever_it_is_due() {
    let clock = ManualClock::at(NOON);
    let hour = Duration::from_secs(3600);
    let (verify, go) = held(&clock, Some(hour));
    let two_minutes = NOON.plus(Duration::from_secs(120));
    assert_eq!(verify.look().next, Some(two_minutes.to_string()), "a start is given time to come up");
    let doing = verify.clone();
    let schedule = tokio::spawn(async move { doing.keep_verifying().await });
    for n in 1..=2 {
        assert_eq!(verify.look().results.len(), n - 1);
        clock.advance(hour);
        go.notify_one();
        while verify.look().results.len() < n {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let last = &verify.look().results[0];
        assert_eq!((last.by, &last.at), (By::Schedule, &clock.now().to_string()));
        assert_eq!(verify.look().next, Some(clock.now().plus(hour).to_string()));
    }
    schedule.abort();
}
