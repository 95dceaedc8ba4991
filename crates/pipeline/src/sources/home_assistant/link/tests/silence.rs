//! A sensor that says the same for hours and then nothing, from its Home Assistant to who is silent.

use super::*;

const FREEZER: &str = "sensor.freezer";
const MINUTE: Duration = Duration::from_secs(60);
const RULES: Rules = Rules { least: MINUTE, watched: Duration::from_secs(300), span: MINUTE };

fn lab(options: Options) -> Lab {
    Lab::watched(House::empty(1, START), options, &["state_changed"], (MINUTE, RULES))
}

/// It reports the same each half minute, for so many minutes.
async fn reports(lab: &Lab, minutes: u32) {
    for _ in 0..2 * minutes {
        lab.peer.set_state(FREEZER, "-18", "{}");
        sleep(30 * SECOND).await;
        assert!(lab.silence.silent().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_silent_from_when_it_was_last_heard_until_it_is_heard_again() {
    let lab = lab(Options::default());
    reports(&lab, 20).await;
    let last = lab.peer.states().iter().find(|state| state.entity_id.as_str() == FREEZER).unwrap().clone();
    assert_eq!(lab.peer.counters().fired, 1, "its value never changed");
    sleep(2 * MINUTE).await;
    assert!(lab.silence.silent().is_empty());
    sleep(4 * MINUTE).await;
    let silent = lab.silence.silent();
    let [silent] = &*silent else { panic!("{silent:?}") };
    assert_eq!(silent.entity_id.as_str(), FREEZER);
    let since = last.last_reported.since(silent.since);
    assert!(since < SECOND, "home assistant's own time of its last report, by whole seconds: {since:?}");
    lab.peer.set_state(FREEZER, "-18", "{}");
    sleep(MINUTE).await;
    assert!(lab.silence.silent().is_empty(), "an equal report ends it at the next look");
    assert_eq!(lab.silence.learnt().unwrap().len(), 1);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_ends_it_at_once_and_so_does_unavailable_and_a_restart() {
    let lab = lab(Options::default());
    reports(&lab, 20).await;
    let silent = async |minutes: u32| {
        sleep(minutes * MINUTE).await;
        lab.silence.silent().len()
    };
    assert_eq!(silent(6).await, 1);
    lab.peer.set_state(FREEZER, "-17", "{}");
    sleep(SECOND).await;
    assert!(lab.silence.silent().is_empty());
    assert_eq!(silent(20).await, 1);
    lab.peer.set_state(FREEZER, "unavailable", "{}");
    sleep(SECOND).await;
    assert!(lab.silence.silent().is_empty());
    assert_eq!(silent(60).await, 0);
    lab.peer.set_state(FREEZER, "-17", "{}");
    assert_eq!(silent(20).await, 1);
    lab.peer.cause(Fault::Restart { down: 5 * SECOND, starting: 20 * SECOND, killed: false });
    assert_eq!(silent(2).await, 0, "its time starts again");
    assert_eq!(silent(20).await, 1);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn where_home_assistant_does_not_say_who_has_reported_nobody_is_silent() {
    let lab = lab(Options::default());
    lab.peer.cause(Fault::RefuseCommand("render_template".into()));
    reports(&lab, 20).await;
    sleep(60 * MINUTE).await;
    assert!(lab.silence.silent().is_empty());
    lab.assert_one_connection().await;
    assert_eq!(lab.attempts(), 1);
    lab.stopped().await;
}
