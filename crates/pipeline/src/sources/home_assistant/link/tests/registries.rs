//! Entities that are renamed, moved, made anew or left out, as rows show it.

use super::*;

const TEMPERATURE: &str = "sensor.kitchen_temperature";
const HUMIDITY: &str = "sensor.kitchen_humidity";

fn living(lab: &Lab) -> JoinHandle<()> {
    let peer = lab.peer.clone();
    tokio::spawn(async move { peer.run().await })
}

fn last<'r>(rows: &'r [StateRow], entity_id: &str) -> &'r StateRow {
    rows.iter().rfind(|row| row.entity_id.as_str() == entity_id).unwrap()
}

async fn change(lab: &Lab, fault: &str) {
    lab.peer.cause(Fault::parse(fault).unwrap());
    sleep(3 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_row_of_an_entity_has_its_key_and_place_and_each_change_holds_from_then_on() {
    let lab = Lab::of(House::new(7, START), Options::default(), &["state_changed"]);
    let living = living(&lab);
    sleep(120 * SECOND).await;
    let before = rows(&lab);
    let first = before.iter().find(|row| row.entity_id.as_str() == TEMPERATURE).unwrap();
    assert_eq!(
        (first.area.as_deref(), first.device.as_deref()),
        (Some("Kitchen"), Some("Kitchen multisensor"))
    );
    assert_eq!((&*first.entity_key, first.entity_key.len()), (&*last(&before, TEMPERATURE).entity_key, 32));
    assert!(before.iter().all(|row| row.entity_key.len() == 32), "all are registered");

    change(&lab, &format!("move entity={TEMPERATURE} area=garage")).await;
    change(&lab, &format!("rename from={TEMPERATURE} to=sensor.cellar")).await;
    change(&lab, "unit entity=sensor.cellar unit=K").await;
    change(&lab, &format!("recreate entity={HUMIDITY}")).await;
    living.abort();
    let after = rows(&lab);
    let renamed = last(&after, "sensor.cellar");
    assert_eq!((&renamed.entity_key, renamed.area.as_deref()), (&first.entity_key, Some("Garage")));
    assert_eq!(renamed.unit.as_deref(), Some("K"));
    let removal = last(&after, TEMPERATURE);
    assert_eq!((&removal.state, &removal.entity_key), (&None, &first.entity_key));
    let (old, new) = (&last(&before, HUMIDITY).entity_key, &last(&after, HUMIDITY).entity_key);
    assert!(old != new && new.len() == 32, "another entity from its first row on");
    let counters = lab.ingest.look().counters;
    assert_eq!((counters.difference(), counters.logged), (0, lab.log.stats().events_total));
    assert_eq!(counters.logged, after.len() as u64, "events of registries are not recorded");
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_renaming_while_we_were_away_is_one_series_and_a_swap_is_named() {
    let lab = Lab::of(House::new(7, START), Options::default(), &["state_changed"]);
    let living = living(&lab);
    sleep(120 * SECOND).await;
    lab.peer.cause(Fault::Refuse);
    lab.peer.cause(Fault::Drop(Ending::Eof));
    sleep(60 * SECOND).await;
    change(&lab, &format!("rename from={TEMPERATURE} to=sensor.cellar")).await;
    sleep(60 * SECOND).await;
    lab.peer.heal();
    sleep(300 * SECOND).await;
    let all = rows(&lab);
    let key = |name: &str| last(&rows(&lab), name).entity_key.clone();
    let first = all.iter().find(|row| row.entity_id.as_str() == TEMPERATURE).unwrap();
    assert_eq!(key("sensor.cellar"), first.entity_key);
    let gap = lab.gap();
    assert_eq!(gap.state, crate::gaps::State::Filled, "{gap:?}");
    assert_all_is_there(&lab, &first.entity_key);

    let (dark, damp) = ("sensor.office_illuminance", HUMIDITY);
    let keys = (key(dark), key(damp));
    lab.peer.cause(Fault::Refuse);
    lab.peer.cause(Fault::Drop(Ending::Eof));
    sleep(60 * SECOND).await;
    change(&lab, &format!("swap from={dark} to={damp}")).await;
    lab.peer.heal();
    sleep(300 * SECOND).await;
    living.abort();
    assert_eq!((key(damp), key(dark)), keys, "each has the other's name");
    let gap = lab.gap();
    assert_eq!(gap.state, crate::gaps::State::Partly);
    assert!(
        gap.result.note.contains("renamed: sensor.kitchen_humidity, sensor.office_illuminance"),
        "{gap:?}"
    );
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_is_made_anew_before_registries_are_heard_is_the_new_one() {
    for seconds in 1..4 {
        let options = Options { admin: false, ..Options::default() };
        let lab = Lab::of(House::new(7, START), options, &["*"]);
        let living = living(&lab);
        sleep(20 * SECOND).await;
        lab.peer.cause(Fault::Throttle { bytes_per_second: 8000 });
        lab.peer.cause(Fault::Drop(Ending::Eof));
        // The refusal of all events, and the lists, are on their way for some seconds.
        sleep(seconds * SECOND).await;
        lab.peer.cause(Fault::parse(&format!("recreate entity={HUMIDITY}")).unwrap());
        sleep(30 * SECOND).await;
        lab.peer.heal();
        sleep(60 * SECOND).await;
        living.abort();
        assert_each_has_its_key(&lab);
        lab.stopped().await;
    }
}

/// Each row is of the entity that has fired it.
fn assert_each_has_its_key(lab: &Lab) {
    let fired = lab.peer.ledger();
    for row in rows(lab) {
        let whose = fired.iter().any(|fired| fired.time_fired == row.ts && *fired.key() == *row.entity_key);
        assert!(whose, "{} of {} is stored at {}", row.entity_id, row.entity_key, row.ts);
    }
}

/// All that an entity was is stored under its key.
fn assert_all_is_there(lab: &Lab, key: &str) {
    let stored = rows(lab);
    let fired = lab.peer.ledger().into_iter().filter(|fired| fired.key() == key);
    for fired in fired.filter(|fired| fired.time_fired > START.plus(SECOND)) {
        let same = stored.iter().filter(|row| row.ts == fired.time_fired && &*row.entity_key == key);
        assert_eq!(same.count(), 1, "{fired:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_are_waited_for_as_long_as_answers_come() {
    let lab = Lab::of(House::new(7, START), Options::default(), &["state_changed"]);
    let living = living(&lab);
    sleep(60 * SECOND).await;
    lab.peer.cause(Fault::Refuse);
    lab.peer.cause(Fault::Drop(Ending::Eof));
    sleep(60 * SECOND).await;
    change(&lab, &format!("swap from={TEMPERATURE} to={HUMIDITY}")).await;
    lab.peer.heal();
    lab.peer.cause(Fault::SlowPong(3 * SECOND)); // twelve questions come before the last list
    sleep(300 * SECOND).await;
    living.abort();
    assert_each_has_its_key(&lab);
    assert!(rows(&lab).iter().any(|row| row.ts > START.plus(150 * SECOND)));
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_renaming_while_a_gap_is_filled_is_asked_for_by_the_new_name() {
    let options = Options { commit_interval: 20 * SECOND, ..Options::default() };
    let lab = Lab::of(House::new(7, START), options, &["state_changed"]);
    let living = living(&lab);
    sleep(60 * SECOND).await;
    let key = last(&rows(&lab), TEMPERATURE).entity_key.clone();
    lab.away(async |peer| {
        sleep(9 * SECOND).await;
        for text in ["31.5", "32.5"] {
            peer.set_state(TEMPERATURE, text, "{}");
            sleep(SECOND).await;
        }
    })
    .await;
    change(&lab, &format!("rename from={TEMPERATURE} to=sensor.cellar")).await;
    assert_eq!(lab.ingest.look().gaps.open, 1, "history was not asked before");
    sleep(120 * SECOND).await;
    living.abort();
    let gap = lab.gap();
    assert_eq!(gap.state, crate::gaps::State::Filled, "{gap:?}");
    assert_each_has_its_key(&lab);
    assert_all_is_there(&lab, &key);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_by_its_area_reaches_the_log_neither_before_the_lists_nor_after() {
    let lab = Lab::excluding(House::new(7, START), &["area:Kitchen", "device_class:battery"]);
    lab.peer.cause(Fault::IgnoreCommand("config/area_registry/list".into()));
    lab.peer.cause(Fault::Drop(Ending::Eof));
    let living = living(&lab);
    sleep(40 * SECOND).await;
    assert_eq!(lab.ingest.look().counters.received_total(), 0, "nothing is taken until it can be said");
    lab.peer.heal();
    sleep(120 * SECOND).await;
    let before = rows(&lab);
    let of = |rows: &[StateRow], part: &str| {
        rows.iter().filter(|row| row.entity_id.as_str().contains(part)).count()
    };
    assert_eq!((of(&before, "kitchen_temperature"), of(&before, "battery")), (0, 0));
    assert!(of(&before, "office_temperature") > 0);
    change(&lab, &format!("move entity={TEMPERATURE} area=office")).await;
    change(&lab, "move entity=sensor.office_temperature area=kitchen").await;
    let moved = of(&rows(&lab), "office_temperature");
    sleep(300 * SECOND).await;
    living.abort();
    let after = rows(&lab);
    assert!(of(&after, "kitchen_temperature") > 0, "it is in another area now");
    assert_eq!(of(&after, "office_temperature"), moved, "and so is this one");
    assert_eq!(of(&after, "kitchen_humidity"), 0);
    lab.stopped().await;
}
