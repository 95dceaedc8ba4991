use super::*;

const T: Timestamp = Timestamp(1_000_000_000);

#[test]
fn two_ends_of_a_stream_without_an_event_between_are_one_gap() {
    let mut ledger = Ledger::default();
    let gap = ledger.open(T, Cause::Disconnected, "closed").unwrap();
    assert_eq!(gap.from, T.minus(MARGIN));
    assert_eq!(ledger.open(T, Cause::Disconnected, "refused"), None);
    assert_eq!(ledger.all().len(), 1);
}

#[test]
fn a_gap_ends_at_the_first_event_after_it_and_never_before_it_begins() {
    let mut ledger = Ledger::default();
    ledger.open(T, Cause::Stopped, "");
    let ended = ledger.bound(Timestamp(1)).unwrap();
    assert_eq!(ended.to, Some(ended.from));
    assert_eq!(ledger.bound(T), None);
    assert!(ledger.open(T, Cause::Stopped, "").is_some(), "the next one is another gap");
}

#[test]
fn a_ledger_made_from_its_records_is_the_same() {
    let mut ledger = Ledger::default();
    let mut records = Vec::new();
    records.extend(ledger.open(T, Cause::Disconnected, "closed"));
    records.extend(ledger.bound(T));
    records.push(ledger.open_between("sensor.a".into(), T, T.plus(MARGIN), Cause::ChainBroken));
    records.extend(ledger.update(1, |gap| gap.recovered = 7));
    records.extend(ledger.close(1, State::Partly, Outcome::default()));
    assert_eq!(ledger.close(1, State::Lost, Outcome::default()), None, "closed once");
    records.extend(ledger.reopen(1));
    records.extend(ledger.update(1, |gap| gap.recovered = 9));
    records.extend(ledger.close(1, State::Filled, Outcome::default()));
    let mut replayed = Ledger::default();
    records.into_iter().for_each(|gap| replayed.apply(gap));
    assert_eq!(replayed.all(), ledger.all());
    assert_eq!(replayed.totals(), ledger.totals());
    assert_eq!((ledger.totals().recovered, ledger.totals().filled, ledger.totals().partly), (9, 1, 0));
}

#[test]
fn old_gaps_are_forgotten_one_by_one_and_stay_in_the_totals() {
    let mut ledger = Ledger::default();
    let open = ledger.open_between("sensor.a".into(), T, T, Cause::ChainBroken).id;
    for _ in 0..REMEMBERED + 50 {
        let id = ledger.open_between("sensor.b".into(), T, T, Cause::ChainBroken).id;
        ledger.update(id, |gap| gap.recovered = 2);
        ledger.close(id, State::Filled, Outcome::default());
    }
    assert!(ledger.all().len() <= REMEMBERED + 2, "{}", ledger.all().len());
    assert!(ledger.get(open).is_some(), "an open one is never forgotten");
    let totals = ledger.totals();
    assert_eq!((totals.filled, totals.of(Cause::ChainBroken)), (1050, 1051));
    assert_eq!(totals.recovered, 2100);
    assert_eq!(ledger.open_between("sensor.b".into(), T, T, Cause::Compared).id, 1052, "no number twice");
}
