//! Another filter while the stream goes on.

use super::*;

impl House {
    fn refilter(&mut self, exclude: &[&str]) -> Seq {
        let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
        self.ingest.refilter(Arc::new(Filter::new(&[], &exclude).unwrap()))
    }
}

#[test]
fn it_holds_from_one_record_on() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 1)), 1));
    let behind = house.refilter(&["sensor.a"]);
    assert_eq!(behind, house.writer.log().stats().last_seq);
    house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
    house.hear(&event("sensor.b", None, Some(("1", 3)), 3));
    assert_eq!(house.logged(), [live("sensor.a", 1, "1"), live("sensor.b", 3, "1")]);
    let counters = house.counters();
    assert_eq!((counters.received_total(), counters.filtered, counters.logged), (3, 1, 2));
}

#[test]
fn what_an_entity_was_while_it_was_left_out_is_no_gap() {
    for by_event in [true, false] {
        let mut house = House::new();
        house.connect();
        house.see(&[("sensor.a", "1", 1)]);
        house.refilter(&["sensor.a"]);
        house.hear(&event("sensor.a", Some(("1", 1)), Some(("2", 2)), 2));
        house.refilter(&[]);
        if by_event {
            house.hear(&event("sensor.a", Some(("2", 2)), Some(("3", 3)), 3));
        } else {
            assert_eq!(house.see(&[("sensor.a", "2", 2)]).new, 1, "its state of now is had");
            house.hear(&event("sensor.a", Some(("2", 2)), Some(("3", 3)), 3));
        }
        assert_eq!(house.gaps(), [], "nothing was lost");
        assert_eq!(house.logged().last(), Some(&live("sensor.a", 3, "3")));
        // From now on it is followed again.
        house.hear(&event("sensor.a", Some(("4", 4)), Some(("5", 5)), 5));
        assert_eq!(house.gaps().remove(0).entities, ["sensor.a".into()]);
        house.counters();
    }
}

#[test]
fn every_entity_that_there_is_can_be_judged_by_a_filter_that_does_not_hold() {
    let mut house = House::on(MemFs::default(), &["sensor.a"], 1 << 20);
    house.connect();
    let live = |house: &House| {
        let mut live: Vec<_> = house.ingest.live().into_iter().map(|entity| entity.entity_id).collect();
        live.sort();
        live
    };
    house.hear(&event("sensor.a", None, Some(("1", 1)), 1));
    house.hear(&event("sensor.b", None, Some(("1", 1)), 1));
    assert_eq!(live(&house), ["sensor.a".into(), "sensor.b".into()]);
    house.hear(&event("sensor.a", Some(("1", 1)), None, 2));
    assert_eq!(live(&house), ["sensor.b".into()]);
    house.see(&[("sensor.a", "1", 3), ("sensor.b", "1", 1), ("sensor.c", "1", 1)]);
    assert_eq!(live(&house), ["sensor.a".into(), "sensor.b".into(), "sensor.c".into()]);
}
