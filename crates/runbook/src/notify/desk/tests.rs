use super::*;
use crate::alerts::{Rule, Words};

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const RULES: Rules = Rules { level: Urgency::Warning, per_hour: 3, group: Duration::from_secs(30) };

fn at(second: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(second))
}

fn alert(id: &str, severity: Severity) -> Alert {
    Alert {
        id: id.into(),
        rule: Rule::SinkBehind,
        subject: None,
        state: State::Active,
        since: NOON.to_string(),
        acknowledged: None,
        muted_until: None,
        words: Words {
            severity,
            title: format!("{id} is ill"),
            says: format!("{id} is very ill"),
            evidence: Vec::new(),
            todo: "call a doctor".into(),
            link: String::new(),
        },
    }
}

/// A place and what it is shown.
struct House {
    desk: Desk,
    rules: Rules,
    alerts: Vec<Alert>,
    overall: Overall,
    unhealthy: Option<&'static str>,
    maintenance: Option<Period>,
}

impl House {
    fn new() -> Self {
        let (desk, alerts) = (Desk::default(), Vec::new());
        Self { desk, rules: RULES, alerts, overall: Overall::Healthy, unhealthy: None, maintenance: None }
    }

    fn look(&mut self, second: u64) {
        let meanwhile = |_| Meanwhile {
            wrong: self.alerts.iter().map(|alert| alert.words.title.clone()).collect(),
            ..Meanwhile::default()
        };
        let look = Look {
            now: at(second),
            alerts: &self.alerts,
            overall: self.overall,
            unhealthy: self.unhealthy,
            maintenance: self.maintenance.as_ref(),
            meanwhile: &meanwhile,
        };
        self.desk.step(&self.rules, &look);
    }

    /// Looks in each of these seconds, and takes what is to be told.
    fn told(&mut self, seconds: std::ops::RangeInclusive<u64>) -> Vec<(u64, Message)> {
        let mut told = Vec::new();
        for second in seconds {
            self.look(second);
            while let Some((id, message)) = self.desk.due(at(second)) {
                self.desk.settle(id, at(second), Ok(()));
                told.push((second, message));
            }
        }
        told
    }
}

fn titles(told: &[(u64, Message)]) -> Vec<(u64, &str)> {
    told.iter().map(|(second, message)| (*second, &*message.title)).collect()
}

#[test]
fn what_happens_within_half_a_minute_is_one_message() {
    let mut house = House::new();
    house.alerts.push(alert("a", Severity::Warning));
    house.look(0);
    house.alerts.push(alert("b", Severity::Critical));
    let told = house.told(1..=100);
    assert_eq!(titles(&told), [(30, "Hearthline: 2 things are wrong")]);
    let (_, message) = &told[0];
    assert_eq!(message.urgency, Urgency::Critical);
    assert_eq!(
        message.text,
        "Warning: a is very ill. Call a doctor.\nCritical: b is very ill. Call a doctor."
    );
    house.alerts.remove(0);
    let told = house.told(101..=200);
    assert_eq!(titles(&told), [(131, "Hearthline: over: a is ill")]);
    assert_eq!(told[0].1.text, "a is ill: over after 2 min.\nStill wrong (1): b is ill.");
    house.alerts.clear();
    let told = house.told(201..=300);
    assert!(told[0].1.text.ends_with("\nNothing is wrong any more."), "{told:?}");
    assert_eq!(told[0].1.urgency, Urgency::Info);
}

#[test]
fn one_that_gets_worse_is_told_again_and_one_that_is_muted_is_not_told() {
    let mut house = House::new();
    house.alerts =
        vec![alert("a", Severity::Warning), Alert { state: State::Muted, ..alert("m", Severity::Critical) }];
    assert_eq!(titles(&house.told(0..=60)), [(30, "Hearthline: a is ill")]);
    house.alerts[0].words.severity = Severity::Critical;
    assert_eq!(titles(&house.told(61..=120)), [(91, "Hearthline: a is ill")]);
    house.alerts[0].words.severity = Severity::Warning;
    house.alerts[0].state = State::Muted;
    assert_eq!(house.told(121..=200), [], "neither better nor muted is over");
    house.alerts[1].state = State::Active;
    assert_eq!(titles(&house.told(201..=300)), [(231, "Hearthline: m is ill")], "a mute that ended");
}

#[test]
fn a_place_for_what_is_critical_hears_of_nothing_else_not_even_that_it_is_over() {
    let mut house = House::new();
    house.rules.level = Urgency::Critical;
    house.alerts = vec![alert("a", Severity::Warning)];
    assert_eq!(house.told(0..=60), []);
    house.maintenance = Some(Period { since: at(61), until: at(100), why: None });
    assert_eq!(house.told(61..=99).len(), 1);
    house.maintenance = None;
    assert_eq!(house.told(100..=110).len(), 1);
    house.alerts.clear();
    assert_eq!(house.told(111..=200), []);
}

#[test]
fn the_whole_is_told_where_no_alert_says_it() {
    let mut house = House::new();
    (house.overall, house.unhealthy) =
        (Overall::Unhealthy, Some("Recording, but 3 events are in no counter."));
    let told = house.told(0..=60);
    assert_eq!(titles(&told), [(30, "Hearthline: Hearthline is unhealthy")]);
    assert_eq!(told[0].1.text, "Critical: Recording, but 3 events are in no counter.");
    house.unhealthy = None; // not for long, and not healthy either
    assert_eq!(house.told(61..=120), []);
    house.overall = Overall::Healthy;
    assert_eq!(titles(&house.told(121..=200)), [(151, "Hearthline: over: Hearthline is unhealthy")]);
    house.alerts.push(alert("a", Severity::Critical));
    (house.overall, house.unhealthy) = (Overall::Unhealthy, Some("Not recording."));
    assert_eq!(titles(&house.told(201..=300)), [(231, "Hearthline: a is ill")]);
}

#[test]
fn there_are_no_more_than_so_many_within_any_hour_and_the_next_says_how_much_was_held_back() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut house = House::new();
        let mut happened = 0;
        let mut told = Vec::new();
        let end = 4 * 3600;
        for second in 0..end {
            if random.u32(..40) == 0 && second < end - 3700 {
                let id = format!("s{}", random.u8(..6));
                match house.alerts.iter().position(|alert| alert.id == id) {
                    Some(place) => drop(house.alerts.remove(place)),
                    None => house.alerts.push(alert(&id, Severity::Warning)),
                }
                happened += 1;
            }
            told.extend(house.told(second..=second));
        }
        let mut lines = 0;
        for (n, (second, message)) in told.iter().enumerate() {
            let within = told.iter().skip(n).filter(|(other, _)| other - second < 3600).count();
            assert!(within <= RULES.per_hour, "seed {seed}: {within} within the hour after {second}");
            lines += match message.text.strip_prefix("So much was told that this was held back: ") {
                Some(rest) => rest.split(' ').next().unwrap().replace(',', "").parse::<u64>().unwrap(),
                None => message
                    .text
                    .lines()
                    .filter(|line| !line.starts_with("Still") && !line.starts_with("Nothing"))
                    .count() as u64,
            };
        }
        assert_eq!(lines, happened, "seed {seed}: each thing that happened is in one message");
        assert!(told.len() < usize::try_from(happened).unwrap(), "seed {seed}");
        assert_eq!(house.desk.untold, 0);
    }
}

#[test]
fn killed_at_any_second_what_was_not_told_is_told_once() {
    for killed in 0..40 {
        let mut house = House::new();
        house.alerts = vec![alert("a", Severity::Critical)];
        let mut told = house.told(0..=killed);
        let kept = serde_json::to_vec(&house.desk).unwrap();
        house.desk = serde_json::from_slice(&kept).unwrap();
        told.extend(house.told(killed + 10..=killed + 100));
        assert_eq!(told.len(), 1, "killed after {killed} s: {:?}", titles(&told));
    }
}

#[test]
fn one_that_is_away_is_tried_less_and_less_often_and_gets_everything_in_order() {
    let mut house = House::new();
    house.alerts = vec![alert("a", Severity::Warning)];
    let away = |after| Err(Untold { why: "nobody is there".into(), after, never: false });
    let mut tries = Vec::new();
    for second in 0..=1200 {
        house.look(second);
        if let Some((id, _)) = house.desk.due(at(second)) {
            tries.push(second - 30);
            house.desk.settle(id, at(second), away(None));
        }
        if second == 600 {
            house.alerts.push(alert("b", Severity::Warning));
        }
    }
    assert_eq!(tries, [0, 5, 15, 35, 75, 155, 315, 635]);
    assert_eq!(house.desk.trouble(), Some("nobody is there"));
    let told = house.told(1201..=2500);
    assert_eq!(titles(&told), [(1305, "Hearthline: a is ill"), (1305, "Hearthline: b is ill")]);
    assert_eq!(house.desk.trouble(), None);
    assert_eq!(house.desk.view(&RULES, at(2500)).last[1].tries, 9);
}

#[test]
fn a_place_that_says_when_is_asked_then_within_bounds() {
    for (says, then) in [(90, 90), (0, 0), (7 * 86_400, 3600)] {
        let mut house = House::new();
        house.alerts = vec![alert("a", Severity::Warning)];
        for second in 0..=30 {
            house.look(second);
        }
        let (id, _) = house.desk.due(at(30)).unwrap();
        let after = Some(Duration::from_secs(says));
        house.desk.settle(id, at(30), Err(Untold { why: "slow down".into(), after, never: false }));
        let next = (30..4000).find(|second| house.desk.due(at(*second)).is_some());
        assert_eq!(next, Some(30 + then));
    }
}

#[test]
fn what_is_never_taken_is_counted_and_stands_in_nobodys_way() {
    let mut house = House::new();
    house.maintenance = Some(Period { since: NOON, until: at(3600), why: Some("new disk".into()) });
    house.look(0);
    let (id, message) = house.desk.due(NOON).unwrap();
    assert_eq!(
        message.text,
        "Maintenance until 13:00 UTC (new disk). What goes wrong is recorded and not told."
    );
    house.desk.settle(id, NOON, Err(Untold { why: "HTTP 400".into(), after: None, never: true }));
    assert_eq!(house.desk.trouble(), Some("HTTP 400"));
    house.maintenance = None;
    assert_eq!(house.told(1..=1).len(), 1);
    let view = house.desk.view(&RULES, at(2));
    assert_eq!((view.told, view.untold, view.waiting, view.trouble), (1, 1, 0, None));
    // Nobody is there for more than a day.
    house.alerts = vec![alert("a", Severity::Warning)];
    for second in [10, 50, 100] {
        house.look(second);
    }
    house.look(40 + 86_500);
    let view = house.desk.view(&RULES, at(90_000));
    assert_eq!((view.untold, view.waiting), (2, 0));
    assert_eq!(view.last[0].why.as_deref(), Some("nobody has taken it for a day"));
}

#[test]
fn so_many_wait_at_most() {
    let mut house = House::new();
    for n in 0..200_u64 {
        let period = Period { since: at(n), until: at(n + 100_000), why: None };
        house.maintenance = Some(period);
        house.look(n);
    }
    let view = house.desk.view(&RULES, at(200));
    assert_eq!((view.waiting, view.untold, view.last.len()), (QUEUE as u64, 150, PAST));
    house.desk.queue.iter().zip(150..).for_each(|(queued, id)| assert_eq!(queued.id, id));
}

#[test]
fn maintenance_is_told_before_and_after_and_what_goes_wrong_meanwhile_only_then() {
    let mut house = House::new();
    house.alerts = vec![alert("a", Severity::Warning)];
    house.told(0..=60);
    house.maintenance = Some(Period { since: at(61), until: at(61 + 1800), why: None });
    let told = house.told(61..=70);
    assert_eq!(titles(&told), [(61, "Hearthline: maintenance for 30 min")]);
    house.alerts = vec![alert("b", Severity::Critical)];
    assert_eq!(house.told(71..=1860), []);
    house.maintenance = None;
    let told = house.told(1861..=2000);
    assert_eq!(titles(&told), [(1861, "Hearthline: maintenance is over, and something is wrong")]);
    assert_eq!(told[0].1.text, "It took 30 min.\nStill wrong: b is ill.");
    house.alerts.clear();
    assert_eq!(titles(&house.told(2001..=2100)), [(2031, "Hearthline: over: b is ill")]);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut house = House::new();
    house.alerts = vec![alert("a", Severity::Warning)];
    house.look(100_000);
    assert_eq!(house.told(0..=10).len(), 1, "gathered in a time that is to come");
    house.alerts.push(alert("b", Severity::Warning));
    for second in 20..=50 {
        house.look(second);
    }
    let (id, _) = house.desk.due(at(50)).unwrap();
    house.desk.settle(id, at(100_000), Err(Untold { why: "away".into(), after: None, never: false }));
    assert!(house.desk.due(at(51)).is_some());
}
