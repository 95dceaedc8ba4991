use super::*;

fn refill(why: Why, events: u64, done: u64) -> Refill {
    Refill {
        why,
        of: Again::Records { after: Seq(0), through: Seq(9) },
        events,
        done,
        from: Some(Timestamp::EPOCH),
        to: None,
        since: Timestamp::EPOCH,
        at: Bookmark::default(),
        damaged: false,
        expired: 0,
    }
}

fn done(delivered: u64, filtered: u64, quarantined: u64) -> Done {
    Done { delivered, filtered, quarantined, ..Done::default() }
}

#[test]
fn what_has_its_fate_is_counted_and_never_more_than_there_was() {
    let (mut refill, mut counts) = (refill(Why::Missed, 10, 0), Committed::default());
    refill.settle(&done(4, 1, 1), &mut counts);
    assert_eq!((refill.done, refill.outstanding(), counts.events), (6, 4, 6));
    refill.settle(&done(3, 2, 1), &mut counts);
    assert_eq!((counts.delivered, counts.filtered, counts.quarantined), (7, 2, 1));
    assert_eq!((counts.events, counts.settled(), refill.outstanding()), (10, 10, 0));
}

#[test]
fn what_a_person_asks_for_was_counted_before() {
    let (mut refill, mut counts) = (refill(Why::Asked, 10, 0), Committed::default());
    refill.settle(&done(4, 0, 0), &mut counts);
    assert_eq!((refill.done, refill.outstanding(), counts), (4, 0, Committed::default()));
    assert_eq!(refill.end(5, true, &mut counts), None);
    assert_eq!(counts, Committed::default());
}

#[test]
fn what_was_not_found_was_there_already_or_is_lost_for_a_reason() {
    let ended = |refill: Refill, dropped, unreadable| {
        let mut counts = Committed::default();
        let loss = refill.end(dropped, unreadable, &mut counts);
        assert_eq!(counts.events, counts.settled());
        (counts.collapsed, counts.lost, loss.map(|loss| loss.words))
    };
    assert_eq!(ended(refill(Why::Missed, 10, 10), 5, true), (0, 0, None));
    assert_eq!(ended(refill(Why::Missed, 10, 7), 0, false), (3, 0, None));
    let (collapsed, lost, words) = ended(refill(Why::Missed, 10, 7), 2, false);
    assert_eq!((collapsed, lost), (1, 2));
    assert!(words.unwrap().contains("too old"));
    assert_eq!(ended(refill(Why::Missed, 10, 7), 200, false).1, 3);
    assert!(ended(refill(Why::Missed, 10, 7), 0, true).2.unwrap().contains("log was damaged"));
    let damaged = Refill { damaged: true, ..refill(Why::Missed, 10, 7) };
    assert!(ended(damaged, 0, false).2.unwrap().contains("cannot be read"));
    // What is gone was never a new sink's.
    assert_eq!(ended(refill(Why::New, 10, 7), 3, true), (0, 0, None));
}
