//! Records that were set aside, and what was decided about them.

use hearthline_core::{QuarantineRow, SettledRow, Settlement};

use super::*;
use crate::QuarantineQuery;

fn bad(after: i64) -> Row {
    let (ts, site) = (Timestamp(NOON.0 + after * 1_000_000), "home".into());
    Row::Quarantined(QuarantineRow {
        seq: Seq::ZERO,
        ts,
        site,
        reason: "no JSON".into(),
        raw: b"\xffx"[..].into(),
    })
}

fn settle(of: u64, after: i64, how: Settlement) -> Row {
    let (ts, site) = (Timestamp(NOON.0 + after * 1_000_000), "home".into());
    Row::Settled(SettledRow { seq: Seq::ZERO, of: Seq(of), ts, site, how, at: NOON.plus(DAY) })
}

/// The records of the list with what was decided about each.
fn list(store: &Store, settled: bool) -> Vec<(u64, Option<Settlement>)> {
    let query = QuarantineQuery { settled, ..QuarantineQuery::WAITING };
    let mut found = Vec::new();
    store
        .quarantined(&query, |row, settled| {
            found.push((row.seq.0, settled.map(|settled| settled.how)));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

fn figures(store: &Store) -> (u64, u64) {
    let stats = store.stats();
    (stats.quarantined, stats.settled)
}

#[test]
fn what_is_settled_leaves_the_list_and_stays_where_it_is() {
    let mut house = House::new();
    house.flushed(vec![bad(1), bad(2), bad(3)]);
    house.write(vec![settle(1, 1, Settlement::Dropped), settle(3, 3, Settlement::Retried)]);
    let all = [(1, Some(Settlement::Dropped)), (2, None), (3, Some(Settlement::Retried))];
    for round in ["in memory", "in files", "after reopening"] {
        assert_eq!(list(&house.store, false), [(2, None)], "{round}");
        assert_eq!(list(&house.store, true), all, "{round}");
        assert_eq!(figures(&house.store), (3, 2), "{round}");
        let (row, settled) = house.store.quarantined_at(Seq(3)).unwrap().unwrap();
        assert_eq!((&row.raw[..], settled.unwrap().at), (&b"\xffx"[..], NOON.plus(DAY)), "{round}");
        assert_eq!(
            house.store.quarantined_at(Seq(4)).unwrap(),
            None,
            "{round}: a settlement is no record of it"
        );
        match round {
            "in memory" => house.store.flush().unwrap(),
            _ => house.reopen(),
        }
    }
    let counts = house.store.committed_counts();
    assert_eq!((counts.events, counts.quarantined, counts.collapsed), (3, 3, 0), "a settlement is no event");
}

#[test]
fn settled_twice_is_settled_once_as_first_decided() {
    let mut house = House::new();
    house.flushed(vec![bad(1), settle(1, 1, Settlement::Retried)]);
    house.flushed(vec![settle(1, 1, Settlement::Dropped)]);
    assert_eq!(list(&house.store, true), [(1, Some(Settlement::Retried))]);
    assert_eq!(figures(&house.store), (1, 1));
    assert_eq!(house.store.committed_counts().collapsed, 0);
}

#[test]
fn a_record_and_its_settlement_are_merged_and_dropped_with_one_day() {
    let mut house = House::with(StoreConfig { retention: Some(3 * DAY), ..config() });
    house.flushed(vec![bad(1), bad(2)]);
    house.clock.advance(2 * DAY);
    house.flushed(vec![settle(1, 1, Settlement::Dropped), row("a.a", 2 * 86_400, "1")]);
    house.flushed(vec![settle(2, 2, Settlement::Retried)]);
    while house.store.maintain().unwrap() {}
    assert_eq!(house.files(), 3, "one each of quarantine, settled and states");
    assert_eq!(list(&house.store, false), []);
    house.clock.advance(3 * DAY);
    house.store.maintain().unwrap();
    assert_eq!((list(&house.store, true), figures(&house.store)), (vec![], (0, 0)));
    assert_eq!(house.all().len(), 1);
    assert_eq!(house.store.committed_counts().quarantined, 2, "what was counted stays counted");
}
