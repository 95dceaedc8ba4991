use super::*;
use crate::alerts::tests::{NOON, second};

const PACE: Pace =
    Pace { grace: Duration::from_secs(60), raise: Duration::from_secs(20), clear: Duration::from_secs(30) };

fn condition(rule: Rule, severity: Severity, level: Level) -> Condition {
    let words = Words {
        severity,
        title: "T".into(),
        says: "s".into(),
        evidence: Vec::new(),
        todo: "t".into(),
        link: "#/".into(),
    };
    Condition { rule, subject: Some("a".into()), level, hold: None, settles: Duration::ZERO, words }
}

/// A board and its clock.
struct Lab {
    board: Board,
    at: u64,
}

impl Lab {
    /// Past its grace.
    fn new() -> Self {
        let mut lab = Self::with(Kept::default());
        lab.look(61, &[]);
        lab
    }

    fn with(kept: Kept) -> Self {
        Self { board: Board::new(kept, PACE), at: 0 }
    }

    /// A look each second.
    fn look(&mut self, seconds: u64, conditions: &[Condition]) {
        self.look_without(seconds, conditions, &[]);
    }

    fn look_without(&mut self, seconds: u64, conditions: &[Condition], unknown: &[Rule]) {
        for _ in 0..seconds {
            let seen = Seen { conditions: conditions.to_vec(), unknown: unknown.to_vec() };
            self.board.step(second(self.at), Duration::from_secs(self.at), seen);
            self.at += 1;
        }
    }

    fn listed(&self) -> Listed {
        self.board.list(second(self.at), HISTORY)
    }

    fn ids(&self) -> Vec<(String, State)> {
        self.listed().active.into_iter().map(|alert| (alert.id, alert.state)).collect()
    }

    /// The next run on what was kept.
    fn restarted(&mut self) -> Self {
        self.board.again();
        Self::on(&self.board.changed().unwrap())
    }

    /// A run on a file with this.
    fn on(kept: &Kept) -> Self {
        let kept = serde_json::to_vec(kept).unwrap();
        Self::with(serde_json::from_slice(&kept).unwrap())
    }
}

fn behind() -> Condition {
    condition(Rule::SinkBehind, Severity::Warning, Level::Raise)
}

#[test]
fn what_holds_for_long_enough_is_raised_and_what_is_gone_for_long_enough_is_over() {
    let mut lab = Lab::new();
    lab.look(20, &[behind()]);
    assert_eq!(lab.ids(), [], "it has held for 19 s");
    lab.look(1, &[behind()]);
    let listed = lab.listed();
    assert_eq!(listed.active.len(), 1);
    assert_eq!(listed.active[0].id, "sink_behind:a");
    assert_eq!(listed.active[0].since, second(61).to_string(), "since it began to hold");
    let last = lab.at - 1;
    lab.look(29, &[]);
    assert_eq!(lab.listed().active.len(), 1);
    lab.look(1, &[]);
    let listed = lab.listed();
    assert_eq!(listed.active, []);
    let [past] = listed.history.as_slice() else { panic!("{listed:?}") };
    assert_eq!((past.id.as_str(), past.severity), ("sink_behind:a", Severity::Warning));
    assert_eq!((&past.from, &past.to), (&second(61).to_string(), &second(last).to_string()));
}

#[test]
fn what_comes_and_goes_is_one_alert() {
    let mut lab = Lab::new();
    for _ in 0..20 {
        lab.look(3, &[behind()]);
        lab.look(25, &[]);
    }
    assert_eq!((lab.ids().len(), lab.listed().history.len()), (1, 0));
    // And what shows itself for a moment each minute is none.
    let mut lab = Lab::new();
    for _ in 0..20 {
        lab.look(3, &[behind()]);
        lab.look(57, &[]);
    }
    assert_eq!((lab.ids().len(), lab.listed().history.len()), (0, 0));
    // What is not enough to raise one keeps one.
    let mut lab = Lab::new();
    let keep = condition(Rule::SinkBehind, Severity::Warning, Level::Keep);
    lab.look(100, std::slice::from_ref(&keep));
    assert_eq!(lab.ids(), []);
    lab.look(21, &[behind()]);
    lab.look(1000, &[keep]);
    assert_eq!(lab.ids().len(), 1);
}

#[test]
fn a_condition_may_have_to_hold_for_longer() {
    let mut lab = Lab::new();
    let away = Condition { hold: Some(Duration::from_secs(300)), ..behind() };
    lab.look(300, std::slice::from_ref(&away));
    assert_eq!(lab.ids(), [], "a restart of Home Assistant");
    lab.look(1, &[away]);
    assert_eq!(lab.ids().len(), 1);
}

#[test]
fn after_our_own_start_nothing_is_raised_or_over_for_a_while() {
    let mut lab = Lab::with(Kept::default());
    lab.look(60, &[behind()]);
    assert_eq!(lab.ids(), []);
    lab.look(1, &[behind()]);
    assert_eq!(lab.ids().len(), 1);

    let mut lab = lab.restarted();
    lab.look(60, &[]);
    assert_eq!(lab.ids().len(), 1, "it may only not be known yet");
    lab.look(1, &[]);
    assert_eq!((lab.ids().len(), lab.listed().history.len()), (0, 1));
    assert_eq!(lab.listed().history[0].to, second(60).to_string(), "when it last held");
}

#[test]
fn what_held_until_a_kill_is_told_to_have_held_until_a_minute_before_it_at_least() {
    let mut lab = Lab::new();
    let mut kept = None;
    for _ in 0..600 {
        lab.look(1, &[behind()]);
        kept = lab.board.changed().or(kept);
    }
    let held = second(lab.at - 1);
    let mut again = Lab::on(&kept.unwrap());
    again.look(61, &[]);
    let to = Timestamp::parse(&again.listed().history[0].to).unwrap();
    assert!(held.since(to) <= Duration::from_secs(60), "it held until {held}, and is told until {to}");
}

#[test]
fn an_earlier_runs_alert_is_given_the_time_in_which_its_rule_can_tell() {
    let mut lab = Lab::new();
    let silent = Condition { settles: Duration::from_secs(600), ..behind() };
    lab.look(21, &[silent]);
    let mut lab = lab.restarted();
    lab.look(600, &[]);
    assert_eq!(lab.ids().len(), 1);
    lab.look(1, &[]);
    assert_eq!(lab.ids(), []);
}

#[test]
fn a_rule_that_can_tell_nothing_ends_nothing() {
    let mut lab = Lab::new();
    lab.look(21, &[behind()]);
    lab.look_without(1000, &[], &[Rule::SinkBehind]);
    assert_eq!(lab.ids().len(), 1);
    let mut again = lab.restarted();
    again.look_without(1000, &[], &[Rule::SinkBehind]);
    assert_eq!(again.ids().len(), 1);
    lab.look(30, &[]);
    assert_eq!(lab.ids(), []);
}

#[test]
fn an_acknowledged_alert_stays_until_it_is_over_or_worse_also_over_a_restart() {
    let mut lab = Lab::new();
    lab.look(21, &[behind()]);
    assert_eq!(lab.board.counts(NOON), AlertCounts { active: 1, unseen: 1, ..AlertCounts::default() });
    let now = second(lab.at);
    let told = lab.board.acknowledge("sink_behind:a", now).unwrap();
    assert_eq!((told.state, told.acknowledged), (State::Acknowledged, Some(now.to_string())));
    lab.board.acknowledge("sink_behind:a", now.plus(PACE.clear)).unwrap();
    assert_eq!(lab.listed().active[0].acknowledged, Some(now.to_string()), "who was first");
    assert_eq!(lab.board.counts(now), AlertCounts { active: 1, ..AlertCounts::default() });

    let mut lab = lab.restarted();
    lab.look(100, &[behind()]);
    assert_eq!(lab.ids(), [("sink_behind:a".into(), State::Acknowledged)]);
    lab.look(1, &[condition(Rule::SinkBehind, Severity::Critical, Level::Raise)]);
    assert_eq!(lab.ids(), [("sink_behind:a".into(), State::Active)], "that is worse");
    lab.look(1, &[behind()]);
    assert_eq!(lab.board.counts(NOON).critical, 0);
    lab.look(30, &[]);
    assert_eq!(lab.listed().history[0].severity, Severity::Critical, "the worst that it was");
    let refused = lab.board.acknowledge("sink_behind:a", now).unwrap_err();
    assert_eq!(refused, Refused::NotActive("sink_behind:a".into()), "it is over");
}

#[test]
fn what_is_muted_is_looked_at_and_not_counted_until_its_time_is_over() {
    let mut lab = Lab::new();
    let critical = condition(Rule::Disk, Severity::Critical, Level::Raise);
    lab.look(21, &[behind(), critical.clone()]);
    assert_eq!(lab.ids(), [("disk:a".into(), State::Active), ("sink_behind:a".into(), State::Active)]);
    let until = second(lab.at + 100);
    assert_eq!(
        lab.board.mute("disk", until).unwrap(),
        Mute { what: "disk".into(), until: until.to_string() }
    );
    lab.board.mute("sink_behind:a", second(lab.at + 50)).unwrap();
    assert_eq!(lab.board.counts(second(lab.at)), AlertCounts { muted: 2, ..AlertCounts::default() });
    let listed = lab.listed();
    assert_eq!(listed.active[0].muted_until, Some(until.to_string()), "by its rule");
    assert_eq!(listed.muted.len(), 2);

    let at = lab.at;
    let mut lab = lab.restarted();
    lab.at = at;
    lab.look(51, &[behind(), critical.clone()]);
    assert_eq!(lab.ids(), [("sink_behind:a".into(), State::Active), ("disk:a".into(), State::Muted)]);
    lab.board.unmute("disk").unwrap();
    assert_eq!(lab.board.counts(second(lab.at)).critical, 1);
    lab.board.unmute("disk").unwrap();
    assert_eq!(lab.listed().muted, []);
    for refused in [lab.board.mute("disk:b", until).unwrap_err(), lab.board.unmute("dusk").unwrap_err()] {
        assert!(matches!(refused, Refused::Unknown(_)), "{refused:?}");
    }
}

#[test]
fn a_wall_clock_that_jumps_neither_raises_nor_ends() {
    let mut board = Board::new(Kept::default(), PACE);
    let mut step = |passed: u64, now: Timestamp, conditions: &[Condition]| {
        let seen = Seen { conditions: conditions.to_vec(), unknown: Vec::new() };
        board.step(now, Duration::from_secs(passed), seen);
        board.counts(now).active
    };
    step(0, NOON, &[]);
    assert_eq!(step(100, NOON, &[behind()]), 0);
    assert_eq!(step(101, NOON.plus(Duration::from_hours(1000)), &[behind()]), 0);
    assert_eq!(step(120, NOON, &[behind()]), 1);
    assert_eq!(step(121, NOON.plus(Duration::from_hours(1000)), &[]), 1);
    assert_eq!(step(150, NOON, &[]), 0);
}

#[test]
fn everything_is_bounded_and_only_news_is_to_be_kept() {
    let mut lab = Lab::new();
    assert!(lab.board.changed().is_none());
    let many: Vec<_> =
        (0..MOST + 10).map(|n| Condition { subject: Some(format!("{n}")), ..behind() }).collect();
    for _ in 0..3 {
        lab.look(22, &many);
        assert_eq!(lab.ids().len(), MOST);
        assert!(lab.board.changed().is_some());
        lab.look(5, &many);
        assert!(lab.board.changed().is_none(), "nothing is new");
        lab.look(31, &[]);
    }
    assert_eq!(lab.listed().history.len(), HISTORY);
    lab.look(22, &many);
    for alert in lab.listed().active.iter().take(MUTES) {
        lab.board.mute(&alert.id, second(100_000)).unwrap();
    }
    assert_eq!(lab.board.mute("silent", second(100_000)).unwrap_err(), Refused::TooMany);
}
