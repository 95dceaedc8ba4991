use super::*;
use crate::repair::testing::House;
use crate::status::Part;

fn criterion(id: &str, met: Option<bool>, value: f64, window_s: u64) -> Criterion {
    let (label, unit) = (id.to_owned(), "%".to_owned());
    Criterion { id: id.into(), label, met, value: Some(value), target: 99.0, unit, window_s, note: None }
}

fn status(uptime_s: u64, down_s: [f64; 2], criteria: Vec<Criterion>) -> Status {
    let part = |name: &str, down| Part { down_s: Some(down), ..Part::new(name, "healthy") };
    let parts = vec![part("log", down_s[0]), part("home_assistant", down_s[1])];
    Status { uptime_s, parts, criteria, ..House::new().status.lock().clone() }
}

/// What became of the one criterion after 100 s, in which the parts were down for so long.
fn held(of: &Criterion, down: [f64; 2]) -> Criterion {
    let then = status(500, [0.0, 18_000.0], Vec::new());
    let now = status(600, [down[0], 18_000.0 + down[1]], vec![of.clone()]);
    since(&then, &now).remove(0)
}

#[test]
fn five_hours_of_the_day_before_do_not_keep_the_uptime_after_the_repair_from_being_met() {
    let day = criterion("uptime", Some(false), 79.2, 86_400);
    let whole = held(&day, [0.0, 0.0]);
    assert_eq!((whole.met, whole.value, whole.window_s), (Some(true), Some(100.0), 100));
    assert_eq!(
        whole.note.as_deref(),
        Some(
            "the lowest is log, over the 100 s since every part was healthy; 79.20 % over the last 86400 s, which reach back to \
             before the repair"
        )
    );
    let down = held(&day, [0.0, 1.0]);
    assert_eq!((down.met, down.value), (Some(false), Some(99.0)), "more than the target is wanted");
    assert!(down.note.unwrap().starts_with("the lowest is home_assistant"));
    assert_eq!(held(&day, [0.0, 0.9]).met, Some(true));
}

#[test]
fn what_reaches_back_and_cannot_be_counted_anew_is_not_known_yet() {
    let errors = criterion("error_rate", Some(false), 7.0, 900);
    let one = held(&errors, [0.0, 0.0]);
    assert_eq!((one.met, one.value), (None, Some(7.0)));
    let note = one.note.unwrap();
    assert_eq!(note, "7.00 % over the last 900 s, which reach back to before the repair");
}

#[test]
fn what_looks_at_the_time_since_alone_or_is_met_stays_as_it_is() {
    for criterion in [
        criterion("error_rate", Some(false), 7.0, 100),
        criterion("connection", Some(false), 0.0, 0),
        criterion("error_rate", Some(true), 0.0, 900),
        criterion("events_per_minute", None, 3.0, 60),
        criterion("uptime", Some(true), 99.9, 86_400),
    ] {
        assert_eq!(held(&criterion, [50.0, 50.0]), criterion);
    }
}

#[test]
fn after_another_start_of_the_program_nothing_is_compared() {
    let then = status(500, [0.0, 0.0], Vec::new());
    let now = status(3, [30.0, 30.0], vec![criterion("uptime", Some(false), 90.0, 86_400)]);
    assert_eq!(since(&then, &now).remove(0).met, None);
    let at_once = status(500, [0.0, 0.0], vec![criterion("uptime", Some(false), 90.0, 86_400)]);
    assert_eq!(since(&then, &at_once).remove(0).met, None, "no time has passed");
}
