//! What happened while nobody listened, from history.

use std::collections::BTreeMap;

use super::*;
use crate::gaps::{Gap, State};

impl Lab {
    /// No connection for a while, in which something happens.
    pub(super) async fn away(&self, happens: impl AsyncFnOnce(&HomeAssistant)) {
        self.peer.cause(Fault::Refuse);
        self.peer.cause(Fault::Drop(Ending::Eof));
        sleep(SECOND).await;
        happens(&self.peer).await;
        self.peer.heal();
        while self.state() != LinkState::Connected {
            sleep(SECOND).await;
        }
    }

    /// Some life, so that history can be seen to be complete.
    async fn live(&self, seconds: u32) {
        for n in 0..seconds {
            self.peer.set_state("sensor.clock", &format!("{n} since {}", self.peer.counters().fired), "{}");
            sleep(SECOND).await;
        }
    }

    pub(super) fn gap(&self) -> Gap {
        self.ingest.look().recent_gaps.remove(0)
    }

    /// Everything that was fired since the beginning is logged once, with its text.
    fn assert_all_is_there(&self, but: &[&str]) {
        let mut logged = BTreeMap::<_, Vec<_>>::new();
        for (entity, ts, text, origin) in self.logged() {
            logged.entry((entity, ts)).or_default().push((text, origin));
        }
        for fired in self.peer.ledger() {
            let entity = fired.entity_id.to_string();
            if but.contains(&entity.as_str()) {
                continue;
            }
            let ts = fired.new_state.as_ref().map_or(fired.time_fired, |new| new.last_updated);
            let text = fired.new_state.as_ref().map(|new| new.state.to_string());
            let there = logged.remove(&(entity.clone(), ts)).unwrap_or_default();
            assert_eq!(there.len(), 1, "{entity} at {ts}: {there:?}");
            assert_eq!(there[0].0, text, "{entity} at {ts}");
        }
        logged.retain(|(entity, _), _| !but.contains(&entity.as_str()));
        assert!(logged.is_empty(), "never fired: {logged:?}");
        assert_eq!(self.ingest.look().counters.difference(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_happened_while_the_connection_was_away_is_there_once_and_in_order() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.live(5).await;
    lab.peer.set_state("sensor.gone", "here", r#"{"unit":"W"}"#);
    sleep(SECOND).await;
    lab.away(async |peer| {
        for n in 0..200 {
            peer.set_state(&format!("sensor.s{}", n % 20), &n.to_string(), &format!(r#"{{"n":{n}}}"#));
            sleep(Duration::from_millis(70)).await;
        }
        peer.set_state("sensor.s0", "180", r#"{"n":"only attributes"}"#);
        peer.remove("sensor.gone");
    })
    .await;
    lab.live(20).await;
    let gap = lab.gap();
    assert_eq!((gap.state, gap.recovered), (State::Filled, 202), "{gap:?}");
    lab.assert_all_is_there(&[]);
    let origins: Vec<_> = lab.logged().into_iter().map(|(.., origin)| origin).collect();
    let of = |origin| origins.iter().filter(|one| **one == origin).count();
    assert_eq!(of(Origin::History) + of(Origin::Snapshot) + of(Origin::Chain), 202);
    assert!(of(Origin::History) > 180, "{}", of(Origin::History));
    assert_eq!(lab.ingest.look().gaps.open, 0);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_the_recorder_does_not_keep_is_named() {
    let lab = Lab::new(Options { excluded: vec!["sensor.secret".into()], ..Options::default() });
    sleep(SECOND).await;
    for (entity, state) in [("sensor.secret", "1"), ("sensor.kept", "1"), ("sensor.still", "1")] {
        lab.peer.set_state(entity, state, "{}");
    }
    lab.live(3).await;
    lab.away(async |peer| {
        for n in 2..5 {
            peer.set_state("sensor.secret", &n.to_string(), "{}");
            peer.set_state("sensor.kept", &n.to_string(), "{}");
            sleep(SECOND).await;
        }
    })
    .await;
    lab.live(20).await;
    let gap = lab.gap();
    assert_eq!(
        (gap.state, gap.recovered),
        (State::Partly, 4),
        "three that are kept, and the newest of the other"
    );
    assert_eq!(gap.result.not_kept, ["sensor.secret".into()]);
    assert!(gap.result.note.contains("one entity"), "{}", gap.result.note);
    lab.assert_all_is_there(&["sensor.secret"]);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn history_is_not_believed_before_the_recorder_has_committed() {
    let lab = Lab::new(Options { commit_interval: 45 * SECOND, ..Options::default() });
    sleep(SECOND).await;
    lab.live(3).await;
    lab.away(async |peer| {
        for n in 0..10 {
            peer.set_state("sensor.a", &n.to_string(), "{}");
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    lab.live(20).await;
    assert_eq!(lab.gap().state, State::Open, "nothing of it is committed yet");
    lab.live(60).await;
    assert_eq!((lab.gap().state, lab.gap().recovered), (State::Filled, 10));
    lab.assert_all_is_there(&[]);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_house_fills_its_gap_too() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.peer.set_state("sensor.a", "0", "{}");
    sleep(SECOND).await;
    lab.away(async |peer| {
        for n in 1..10 {
            peer.set_state("sensor.a", &n.to_string(), "{}");
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    sleep(30 * SECOND).await;
    assert_eq!((lab.gap().state, lab.gap().recovered), (State::Filled, 9), "{:?}", lab.gap());
    lab.assert_all_is_there(&[]);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn attributes_that_were_too_large_for_the_recorder_are_said_to_be_unknown() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    let large = format!(r#"{{"blob":"{}"}}"#, "x".repeat(20_000));
    lab.peer.set_state("sensor.a", "0", &large);
    lab.live(3).await;
    lab.away(async |peer| {
        for n in 1..4 {
            peer.set_state("sensor.a", &n.to_string(), &large);
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    lab.live(20).await;
    let gap = lab.gap();
    assert_eq!(
        (gap.state, gap.recovered, gap.without_attributes),
        (State::Filled, 3, 2),
        "the snapshot has the last"
    );
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_swallowed_event_is_recovered_as_far_as_anybody_has_it() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.peer.set_state("sensor.a", "1", "{}");
    lab.live(3).await;
    lab.peer.cause(Fault::Swallow("sensor.a".into()));
    lab.peer.set_state("sensor.a", "never seen", "{}");
    sleep(SECOND).await;
    lab.peer.set_state("sensor.a", "swallowed too", "{}");
    sleep(SECOND).await;
    lab.peer.set_state("sensor.a", "good again", "{}");
    lab.live(20).await;
    let gap = lab.gap();
    assert_eq!((gap.cause, gap.state, gap.recovered), (Cause::ChainBroken, State::Filled, 1));
    let texts: Vec<_> =
        lab.logged().into_iter().filter(|(id, ..)| id == "sensor.a").map(|one| one.2.unwrap()).collect();
    assert_eq!(texts, ["1", "swallowed too", "good again"]);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_all_the_time_leave_nothing_out() {
    let lab = Lab::of(House::new(5, START).with_rate(20.0), Options::default(), &["state_changed"]);
    let peer = lab.peer.clone();
    let living = tokio::spawn(async move { peer.run().await });
    sleep(20 * SECOND).await;
    let since = lab.peer.ledger().len();
    for _ in 0..40 {
        lab.peer.cause(Fault::Drop(Ending::Eof));
        sleep(3 * SECOND).await;
    }
    sleep(120 * SECOND).await;
    living.abort();
    sleep(60 * SECOND).await;
    assert!(lab.peer.ledger().len() > since + 1000);
    assert_eq!(lab.ingest.look().gaps.open, 0, "{:?}", lab.gap());
    // What was there before the first subscription is known from the snapshot alone.
    let logged: BTreeMap<_, _> = lab.logged().into_iter().map(|(id, ts, text, _)| ((id, ts), text)).collect();
    assert_eq!(logged.len(), lab.logged().len(), "nothing is there twice");
    for fired in lab.peer.ledger().iter().filter(|fired| fired.time_fired > START.plus(SECOND)) {
        let ts = fired.new_state.as_ref().map_or(fired.time_fired, |new| new.last_updated);
        let text = fired.new_state.as_ref().map(|new| new.state.to_string());
        assert_eq!(
            logged.get(&(fired.entity_id.to_string(), ts)),
            Some(&text),
            "{} at {ts}",
            fired.entity_id
        );
    }
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn the_past_can_be_asked_for_and_comes_once() {
    let lab = Lab::new(Options::default());
    lab.peer.cause(Fault::Refuse);
    lab.peer.cause(Fault::Drop(Ending::Eof));
    for n in 0..300 {
        lab.peer.set_state(&format!("sensor.s{}", n % 3), &n.to_string(), &format!(r#"{{"n":{n}}}"#));
        sleep(60 * SECOND).await;
    }
    lab.peer.heal();
    sleep(61 * SECOND).await;
    lab.live(5).await;
    assert_eq!(
        lab.logged().iter().filter(|(id, ..)| id.starts_with("sensor.s")).count(),
        3,
        "the newest of each"
    );
    for _ in 0..2 {
        let gap = lab.orders.give(|reply| Order::Backfill(START, reply)).await.unwrap();
        lab.live(60).await;
        let gap = lab.ingest.look().recent_gaps.into_iter().find(|one| one.id == gap).unwrap();
        assert_eq!((gap.state, gap.cause, gap.result.note.as_str()), (State::Filled, Cause::Requested, ""));
    }
    lab.assert_all_is_there(&[]);
    let totals = lab.ingest.look().totals;
    assert_eq!((totals.requested, totals.recovered), (297, 0));
    lab.stopped().await;
}
