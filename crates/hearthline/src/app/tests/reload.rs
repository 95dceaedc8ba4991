//! Other settings while the program runs.

use std::time::Duration;

use hearthline_core::{Fs, RealFs};
use hearthline_runbook::Status;
use hearthline_sim::Fault;

use super::rig::Rig;
use crate::app::reload::By;

const SETTINGS: &str = "[store]\nflush_interval = \"2s\"\n";

impl Rig {
    /// Appends to the settings that the program was started with, in place of what was appended before.
    fn write(&self, more: &str) {
        let path = self.folder.path().join("hearthline.toml");
        let whole = std::fs::read_to_string(&path).unwrap();
        let first = whole.split("# more\n").next().unwrap();
        let text = format!("{first}# more\n{more}");
        (&RealFs as &dyn Fs).write_atomic(&path, text.as_bytes()).unwrap();
    }
}

fn names(changes: &[hearthline_api::SettingChange]) -> Vec<&str> {
    changes.iter().map(|change| &*change.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_changes_nothing_and_is_told_with_its_place() {
    let rig = Rig::new().await;
    rig.connected().await;
    let before = rig.app.current.settings();
    rig.write("[filter]\nexclude = [\"a b\"]\n[criteria]\nuptime = \"50%\"\n");
    let reloaded = rig.app.reloads.reload(By::Signal).await;
    let mistake = reloaded.mistakes.first().unwrap();
    assert!(mistake.place.ends_with("hearthline.toml:11:12"), "{mistake:?}");
    assert_eq!((reloaded.mistakes.len(), &*mistake.key, &*reloaded.by), (1, "filter.exclude", "signal"));
    assert_eq!(rig.app.current.settings(), before);
    let note = rig.status().settings_note.unwrap();
    assert!(note.contains("1 mistake in the settings: nothing was changed"), "{note}");
    rig.write("");
    let reloaded = rig.app.reloads.reload(By::Person).await;
    assert_eq!((&*reloaded.says, rig.status().settings_note), ("nothing has changed", None));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_taken_up_is_and_the_rest_waits_for_the_next_start() {
    let rig = Rig::new().await;
    rig.connected().await;
    let target = |status: &Status| status.criteria.iter().find(|one| one.id == "uptime").unwrap().target;
    assert_eq!(target(&rig.status()), 99.0);
    rig.write(
        "[criteria]\nuptime = \"50%\"\n[alerts]\nno_events = \"off\"\nsink_behind = \"off\"\n[weather]\ninterval = \"20m\"\n\
         [log]\nkeep = \"48h\"\n",
    );
    let reloaded = rig.app.reloads.reload(By::Person).await;
    assert_eq!(
        names(&reloaded.taken),
        ["weather.interval", "criteria.uptime", "alerts.no_events", "alerts.sink_behind"]
    );
    assert_eq!((names(&reloaded.waiting), reloaded.troubles.len()), (vec!["log.keep"], 0), "{reloaded:?}");
    let status = rig.status();
    assert_eq!(target(&status), 50.0);
    assert_eq!(rig.part(&status, "weather").restarts, 1, "it alone was started anew");
    assert!(status.settings_note.unwrap().contains("log.keep"));
    let rules = rig.app.alerts().list(0).rules;
    assert!(!rules.contains(&hearthline_runbook::alerts::Rule::SinkBehind), "{rules:?}");
    let shown = (rig.app.reloads.desk().in_force)();
    let keep = shown.settings.iter().find(|one| one.name == "log.keep").unwrap();
    assert_eq!((&keep.value, &*keep.holds), (&"24h".into(), "restart"), "the old value holds");
    assert_eq!(names(&shown.waiting), ["log.keep"]);
    assert_eq!(rig.peer.counters().connections_ever, 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_takes_up_its_own_filter_alone_and_goes_on_where_it_was() {
    let rig = Rig::new().await;
    rig.connected().await;
    rig.peer.cause(Fault::Storm { per_second: 300, lasting: Duration::from_secs(6), attribute_bytes: 50 });
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Below [[sinks]], so of that sink.
    rig.write("exclude = [\"light\"]\n");
    let reloaded = rig.app.reloads.reload(By::File).await;
    assert_eq!(names(&reloaded.taken), ["sinks.influxdb.exclude"], "{reloaded:?}");
    rig.write("");
    let reloaded = rig.app.reloads.reload(By::File).await;
    assert_eq!((names(&reloaded.taken), reloaded.troubles.len()), (vec!["sinks.influxdb.exclude"], 0));
    let status = rig.status();
    let restarts =
        ["influxdb", "store", "home_assistant", "log"].map(|name| rig.part(&status, name).restarts);
    assert_eq!(restarts, [2, 0, 0, 0]);
    let (fired, from_history) = rig.assert_complete().await;
    assert!(fired > 1000 && from_history == 0, "{fired} fired, {from_history} from history");
    assert_eq!(rig.peer.counters().connections_ever, 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_do_not_hold_can_be_looked_at_first() {
    let rig = Rig::new().await;
    rig.connected().await;
    for entity in ["sensor.a", "sensor.b", "light.a"] {
        rig.peer.set_state(entity, "1", "{}");
    }
    let check = async |more: &str| (rig.app.reloads.desk().check)(Some(format!("{SETTINGS}{more}"))).await;
    let more = "[filter]\nexclude = [\"sensor\"]\n";
    let checked = rig
        .until("all are there", async || {
            let checked = check(more).await;
            let all = checked.preview.as_ref().is_some_and(|preview| preview.entities == 3);
            all.then_some(checked)
        })
        .await;
    let preview = checked.preview.unwrap();
    assert_eq!(preview.says, "1 in, 2 out (now 3 in, 0 out)");
    assert_eq!(
        (&*preview.goes_out, preview.comes_in_count),
        (&["sensor.a".to_owned(), "sensor.b".into()][..], 0)
    );
    assert!(names(&checked.changes).contains(&"filter.exclude"), "{:?}", checked.changes);
    let wrong = check("[filter]\nexclud = []\n").await;
    assert_eq!((wrong.mistakes.len(), wrong.preview), (1, None));
    assert!(wrong.mistakes[0].todo.contains("did you mean exclude?"), "{:?}", wrong.mistakes);
    assert!(rig.app.current.settings().filter.exclude.is_empty(), "nothing was changed");
    rig.stop().await;
}
