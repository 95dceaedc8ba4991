use super::*;
use crate::RateRow;

#[test]
fn states_are_counted_over_midnight_by_how_they_came() {
    let mut house = House::new();
    let midnight = 12 * 3600;
    let fetched = |id, at| Row::State(StateRow { origin: Origin::History, ..state(id, at, "3") });
    let restored = |id, at| Row::State(StateRow { restored: true, ..state(id, at, "3") });
    house.flushed(vec![
        row("a.a", midnight - 1, "1"),
        row("b.b", midnight - 200, "on"),
        fetched("b.b", midnight - 2),
    ]);
    house.write(vec![
        row("a.a", midnight, "2"),
        restored("a.a", midnight + 1),
        fetched("b.b", midnight + 119),
    ]);
    let at = |seconds: i64| Timestamp(NOON.0 + seconds * 1_000_000);
    let counted = |from, to| house.store.rate(at(from), at(to), MINUTE).unwrap();
    let row = |start, live, afterwards| RateRow { start: at(start), live, afterwards };
    let all =
        [row(midnight - 240, 1, 0), row(midnight - 60, 1, 1), row(midnight, 1, 0), row(midnight + 60, 0, 1)];
    assert_eq!(counted(0, 2 * midnight), all);
    assert_eq!(counted(midnight, midnight + 119), [row(midnight, 1, 0)], "the end is not part of it");
    let entities = house.store.counts(at(midnight - 100), at(2 * midnight)).unwrap();
    assert_eq!(entities.into_iter().collect::<Vec<_>>(), [("a.a".into(), 2), ("b.b".into(), 2)]);
    assert_eq!(counted(2 * midnight, midnight), [], "a window that ends before it begins");
    assert_eq!(House::new().store.rate(at(0), at(60), MINUTE).unwrap(), [], "nothing is recorded");
}
