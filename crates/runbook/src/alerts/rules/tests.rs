use serde_json::json;

use super::*;
use crate::alerts::tests::{NOON, status};
use crate::facts::Missed;
use crate::operations::{fits, rows, said};

const MINUTE: Duration = Duration::from_secs(60);
const GIB: u64 = 1 << 30;

fn room() -> Space {
    Space {
        free: 100 * GIB,
        kept_free: GIB,
        log: GIB,
        log_max: 2 * GIB,
        store: Some(5 * GIB),
        growth: Some(GIB),
        measured: 7,
        days_left: Some(97),
    }
}

fn quiet_window() -> Window {
    Window {
        span: 15 * MINUTE,
        received: 900,
        live: 900,
        persisted: 900,
        failed: 0,
        refused: 0,
        states: 900,
        with_weather: 900,
    }
}

fn seen(change: impl FnOnce(&mut Status, &mut Window, &mut Space)) -> Seen {
    let (mut status, mut window, mut space) = (status(), quiet_window(), room());
    change(&mut status, &mut window, &mut space);
    look(&Limits::default(), &status, beside(window, &space), NOON)
}

fn beside(window: Window, space: &Space) -> Beside<'_> {
    Beside { window: Some(window), space: Some(space), canary: None }
}

/// What a house in which all is well shows where this is known of the canary.
fn followed(canary: &Canary) -> Vec<Condition> {
    let room = room();
    let known = Beside { canary: Some(canary), ..beside(quiet_window(), &room) };
    look(&Limits::default(), &status(), known, NOON).conditions
}

/// One of an hour ago that did not get through, and one of two hours ago that did.
fn missed(outcome: Outcome) -> Canary {
    let (at, says) =
        (NOON.minus(60 * MINUTE).to_string(), "1 change not delivered (influxdb): HTTP 503.".into());
    let todo = Some("see whether influxdb runs".into());
    Canary {
        every: Some(60 * MINUTE),
        age: Some(120 * MINUTE),
        failed: Some(Missed { at, says, todo, outcome }),
    }
}

/// The only condition.
fn only(change: impl FnOnce(&mut Status, &mut Window, &mut Space)) -> Condition {
    let mut conditions = seen(change).conditions;
    assert_eq!(conditions.len(), 1, "{conditions:#?}");
    conditions.remove(0)
}

fn gap(state: &str, ended: Timestamp, change: &serde_json::Value) -> Gap {
    let mut gap = json!({
        "id": 7, "state": state, "from": ended.minus(10 * MINUTE).to_string(), "to": ended.to_string(),
        "cause": "connection reset", "entities": [], "recovered": 0, "kind": "disconnected",
        "note": "Home Assistant has no recorder",
    });
    gap.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(gap).unwrap()
}

fn freezer() -> SilentDevice {
    serde_json::from_value(json!({
        "key": "d1", "name": "Freezer", "device": "Freezer", "area": "Kitchen",
        "entities": ["sensor.freezer_temperature"], "since": "2026-11-23T09:00:00Z", "silent_s": 10800, "usual_s": 300,
        "sentence": "Freezer: nothing for 3 h, usually each 5 min",
    }))
    .unwrap()
}

#[test]
fn a_house_that_is_well_has_none() {
    assert_eq!(seen(|_, _, _| ()), Seen::default());
}

#[test]
fn each_rule_says_what_holds_with_its_figures_and_what_to_do() {
    type Change = fn(&mut Status, &mut Window, &mut Space);
    let cases: [(&str, Change); 15] = [
        ("Home Assistant is away", |status, _, _| {
            status.home_assistant.state = "waiting".into();
            status.home_assistant.reason = Some("connection refused".into());
        }),
        ("its token is refused", |status, _, _| {
            status.home_assistant.state = "parked".into();
            status.home_assistant.reason = Some("the token is refused".into());
        }),
        ("connected, and nothing for an hour", |status, _, _| {
            status.home_assistant.last_event_age_s = Some(3600.0);
            status.home_assistant.since = NOON.minus(90 * MINUTE).to_string();
        }),
        ("a server is away", |status, _, _| {
            (status.sinks[0].lag_s, status.sinks[0].state) = (400.0, "degraded".into());
            status.sinks[0].last_error = Some("connection refused".into());
        }),
        ("a server has lost its database", |status, _, _| {
            status.sinks[0].state = "parked".into();
            status.sinks[0].reason = Some("the bucket is gone".into());
        }),
        ("a server refuses", |_, window, _| (window.failed, window.refused) = (12, 3)),
        ("a gap is lost", |status, _, _| {
            status.gaps.recent = vec![gap("lost", NOON.minus(MINUTE), &json!({}))]
        }),
        ("a gap of two entities is filled in part", |status, _, _| {
            let change =
                json!({ "entities": ["light.a", "light.b"], "recovered": 3, "not_kept": ["light.b"] });
            status.gaps.recent = vec![gap("partly", NOON.minus(MINUTE), &change)];
        }),
        ("the disk fills", |_, _, space| space.days_left = Some(12)),
        ("the disk is full tomorrow", |_, _, space| space.days_left = Some(1)),
        ("the disk is full", |_, _, space| space.free = GIB),
        ("the log takes nothing", |status, _, _| {
            status.parts[0] = crate::status::Part::new("log", "unhealthy");
            status.parts[0].reason = Some("no space left on device".into());
        }),
        ("a freezer is silent", |status, _, _| status.silent.items = vec![freezer()]),
        ("a backup failed", |status, _, _| status.backup = Some(backup(Some(DAY), Some("no room")))),
        ("a backup is old", |status, _, _| status.backup = Some(backup(Some(DAY * 3), None))),
    ];
    let old = Canary { every: Some(60 * MINUTE), age: Some(2 * DAY), failed: None };
    let canaries = [
        ("a canary is lost", missed(Outcome::Failed)),
        ("a canary waits for a server", missed(Outcome::Degraded)),
        ("none was followed for two days", old),
    ];
    let cases = cases.map(|(what, change)| (what, only(change)));
    let canaries = canaries.map(|(what, canary)| (what, followed(&canary).remove(0)));
    let (mut table, mut index) = (String::new(), rows("## Alerts"));
    for (what, condition) in cases.into_iter().chain(canaries) {
        let Condition { rule, subject, level, hold, words, .. } = condition;
        assert_eq!(level, Level::Raise, "{what}");
        let listed = |row: &&mut Vec<String>| {
            row[1] == format!("`{}`", rule.as_str()) && fits(said(&row[0]), &words.title)
        };
        let row =
            index.iter_mut().find(listed).unwrap_or_else(|| panic!("not in the index: {}", words.title));
        row.truncate(2); // it is one that is said
        let subject = subject.map(|subject| format!(":{subject}")).unwrap_or_default();
        let hold = hold.map(|hold| format!(" after {} s", hold.as_secs())).unwrap_or_default();
        let figures = words.evidence.iter().map(|one| format!("{} {} {}", one.name, one.value, one.unit));
        table += &format!(
            "{what}\n  {}{subject} {}{hold}: {}\n  {}\n  {}\n  {}\n  {}\n",
            rule.as_str(),
            words.severity.as_str(),
            words.title,
            words.says,
            figures.collect::<Vec<_>>().join(", "),
            words.todo,
            words.link,
        );
    }
    insta::assert_snapshot!(table);
    index.retain(|row| row.len() > 2);
    assert!(index.is_empty(), "nothing says so: {index:?}");
}

#[test]
fn few_events_are_quiet_and_a_new_connection_has_its_own_hour() {
    let quiet = |age: f64, connected: Duration| {
        seen(|status, _, _| {
            status.home_assistant.last_event_age_s = Some(age);
            status.home_assistant.since = NOON.minus(connected).to_string();
            status.events.per_minute = Some(0);
        })
    };
    assert_eq!(quiet(3599.0, 300 * MINUTE), Seen::default());
    assert_eq!(quiet(20_000.0, 59 * MINUTE), Seen::default(), "we were away ourselves");
    assert_eq!(quiet(20_000.0, 60 * MINUTE).conditions.len(), 1);
}

#[test]
fn what_swings_around_a_limit_is_kept_and_not_raised() {
    let level = |lag: f64| {
        let seen = seen(|status, _, _| status.sinks[0].lag_s = lag);
        seen.conditions.first().map(|condition| condition.level)
    };
    assert_eq!(
        [149.0, 150.5, 300.0, 300.5].map(level),
        [None, Some(Level::Keep), Some(Level::Keep), Some(Level::Raise)]
    );
    let level = |days: u32| {
        seen(|_, _, space| space.days_left = Some(days)).conditions.first().map(|condition| condition.level)
    };
    assert_eq!([29, 30, 32, 33].map(level), [Some(Level::Raise), Some(Level::Keep), Some(Level::Keep), None]);
    let level = |failed: u64| {
        let limits = Limits { refused: Some(10), ..Limits::default() };
        let window = Window { failed, ..quiet_window() };
        let seen = look(&limits, &status(), beside(window, &room()), NOON);
        seen.conditions.first().map(|condition| condition.level)
    };
    assert_eq!([0, 9, 10].map(level), [None, Some(Level::Keep), Some(Level::Raise)]);
}

#[test]
fn a_loss_is_told_while_it_is_news_and_by_how_much_it_is_of() {
    let told = |state: &str, ended: Timestamp, change: &serde_json::Value| {
        let seen = seen(|status, _, _| status.gaps.recent = vec![gap(state, ended, change)]);
        seen.conditions.first().map(|condition| condition.words.severity)
    };
    let lately = NOON.minus(DAY);
    assert_eq!(told("lost", lately, &json!({})), Some(Severity::Critical));
    assert_eq!(told("lost", lately, &json!({ "entities": ["light.a"] })), Some(Severity::Warning));
    assert_eq!(told("partly", lately, &json!({})), Some(Severity::Warning));
    assert_eq!(told("lost", lately.minus(MINUTE), &json!({})), None, "no news");
    assert_eq!(told("filled", lately, &json!({})), None);
    assert_eq!(told("open", lately, &json!({})), None);
    assert_eq!(told("lost", lately, &json!({ "to": null })), None);
    assert_eq!(
        told("partly", lately, &json!({ "kind": "requested" })),
        None,
        "a person asked for what there is"
    );
}

#[test]
fn a_disk_that_is_known_not_to_fill_is_none_and_one_that_is_not_known_is_not_known() {
    assert_eq!(seen(|_, _, space| (space.growth, space.days_left) = (None, None)), Seen::default());
    let seen = look(&Limits::default(), &status(), Beside::default(), NOON);
    assert_eq!((seen.conditions.len(), seen.unknown), (0, vec![Rule::Refused, Rule::Disk]));
    let away = self::seen(|status, _, _| status.home_assistant.state = "connecting".into());
    assert_eq!(away.unknown, [Rule::Silent], "nobody is heard");
}

#[test]
fn a_canary_is_missed_where_the_last_failed_or_is_older_than_is_wished() {
    let told = |age: Option<Duration>| followed(&Canary { every: Some(DAY), age, failed: None }).len();
    assert_eq!(
        [None, Some(DAY), Some(DAY + MINUTE)].map(told),
        [0, 0, 1],
        "none was followed yet, or lately"
    );
    let by_hand = Canary { every: None, age: Some(2 * DAY), failed: None };
    assert!(followed(&by_hand).is_empty(), "nobody promised to go on");
    let severity = |outcome| followed(&missed(outcome)).remove(0).words.severity;
    assert_eq!(severity(Outcome::Failed), Severity::Critical);
    assert_eq!(
        [Outcome::Degraded, Outcome::Unreachable].map(severity),
        [Severity::Warning; 2],
        "nothing is lost"
    );
}

fn backup(age: Option<Duration>, failed: Option<&str>) -> Backup {
    let failed = failed.map(str::to_owned);
    Backup { every_s: 86_400, age_s: age.map(|age| age.as_secs()), waited_s: 600, failed }
}

#[test]
fn a_backup_is_missed_where_the_last_try_failed_or_the_newest_is_twice_as_old_as_is_wished() {
    let told = |backup: Option<Backup>| {
        let status = Status { backup, ..status() };
        let seen = look(&Limits::default(), &status, beside(quiet_window(), &room()), NOON);
        seen.conditions.into_iter().map(|condition| condition.words.says).collect::<Vec<_>>()
    };
    assert_eq!(told(None), Vec::<String>::new(), "none is to be taken");
    assert_eq!(told(Some(backup(None, None))), Vec::<String>::new(), "there could not have been one yet");
    assert_eq!(told(Some(backup(Some(DAY * 2), None))), Vec::<String>::new());
    insta::assert_snapshot!(
        [
            told(Some(backup(Some(DAY * 3), None))),
            told(Some(Backup { waited_s: 3 * 86_400, ..backup(None, None) })),
            told(Some(backup(Some(DAY), Some("cannot make /nas: no room")))),
        ]
        .concat()
        .join("\n"),
        @r"
    A backup is to be taken every 24 h, and the newest is 3 d old
    A backup is to be taken every 24 h, and there is none yet
    No backup was taken: cannot make /nas: no room; the newest is 24 h old
    "
    );
}

#[test]
fn a_rule_that_is_off_says_nothing() {
    let limits = Limits {
        no_events: None,
        sink_behind: None,
        refused: None,
        gap_lost: None,
        disk: None,
        silent: false,
        canary: None,
        backup: false,
    };
    let mut status = status();
    status.home_assistant.state = "disconnected".into();
    status.sinks[0].state = "parked".into();
    status.gaps.recent = vec![gap("lost", NOON, &json!({}))];
    status.silent.items = vec![freezer()];
    status.backup = Some(backup(None, Some("no room")));
    let window = Window { failed: 9, ..quiet_window() };
    let space = Space { free: 0, ..room() };
    let canary = missed(Outcome::Failed);
    let known = Beside { canary: Some(&canary), ..beside(window, &space) };
    assert_eq!(look(&limits, &status, known, NOON), Seen::default());
    assert_eq!(look(&Limits::default(), &status, known, NOON).conditions.len(), 8);
    assert!(Rule::ALL.iter().all(|rule| !limits.looks_at(*rule) && Limits::default().looks_at(*rule)));
    assert!(Rule::ALL.iter().all(|rule| Rule::named(rule.as_str()) == Some(*rule)));
}
