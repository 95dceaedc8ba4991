//! Records that were set aside, and what becomes of them.

use hearthline_core::{QuarantineRow, Settlement};

use super::*;
use crate::quarantine::Outcome;
use crate::record::SettledRecord;

impl House {
    fn settle(&mut self, how: Settlement, raw: &str) -> Outcome {
        let (ts, site, reason) = (at(2), "home".into(), "an older release".into());
        let row = QuarantineRow { seq: Seq(7), ts, site, reason, raw: raw.as_bytes().into() };
        let settled = self.ingest.settle(&row, how).unwrap();
        self.writer.step().unwrap();
        settled.outcome
    }

    fn retry(&mut self, raw: &str) -> Outcome {
        self.settle(Settlement::Retried, raw)
    }

    fn settlements(&self) -> Vec<SettledRecord> {
        let mut found = Vec::new();
        let mut reader = self.writer.log().reader(Seq::ZERO);
        while let Some(Read::Batch(batch)) = reader.read().unwrap() {
            for (_, is_event, bytes) in batch.records() {
                if let Record::Settled(record) = Record::decode(bytes).unwrap() {
                    assert!(!is_event, "a settlement is no event");
                    found.push(record);
                }
            }
        }
        found
    }
}

#[test]
fn what_is_understood_by_now_is_logged_as_if_it_had_just_arrived() {
    let mut house = House::new();
    house.connect();
    let raw = event("sensor.a", None, Some(("1", 1)), 1);
    assert_eq!(house.retry(&raw), Outcome::Recorded);
    assert_eq!(house.logged(), [live("sensor.a", 1, "1")]);
    let settled = house.settlements().remove(0);
    assert_eq!((settled.seq, settled.received, settled.how), (Seq(7), at(2), Settlement::Retried));
    assert_eq!(house.counters().received_total(), 1);

    assert_eq!(house.retry(&raw), Outcome::Duplicate);
    let counters = house.counters();
    assert_eq!((counters.received_total(), counters.logged, counters.duplicate), (2, 1, 1));
}

#[test]
fn a_state_that_comes_late_does_not_take_the_place_of_the_newer_one() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("3", 3)), 3));
    assert_eq!(house.retry(&event("sensor.a", None, Some(("1", 1)), 1)), Outcome::Recorded);
    assert_eq!(house.logged(), [live("sensor.a", 3, "3"), live("sensor.a", 1, "1")]);
    assert_eq!(house.see(&[("sensor.a", "3", 3)]).equal, 1, "what is held is the newer one");
    assert!(house.gaps().is_empty());
}

#[test]
fn a_retry_is_no_sign_of_life_of_the_stream_also_after_a_restart() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 50)), 50));
    house.ingest.disconnected("closed");
    house.retry(&event("sensor.b", None, Some(("1", 20)), 20));
    house.retry(&format!(r#"{{"event_type":"x","data":{{}},"time_fired":"{}"}}"#, at(21)));
    assert_eq!(house.gaps()[0].to, None, "the gap goes on");
    let mut house = house.restart();
    house.connect();
    house.hear(&event("sensor.a", Some(("1", 50)), Some(("2", 60)), 60));
    house.ingest.disconnected("closed");
    let gaps = house.gaps();
    assert_eq!(gaps.iter().map(|gap| gap.from).collect::<Vec<_>>(), [at(59), at(49)]);
}

#[test]
fn a_retry_after_a_crash_leaves_the_gap_where_the_stream_ended() {
    let mut house = House::new();
    house.connect();
    house.hear(&event("sensor.a", None, Some(("1", 50)), 50));
    house.retry(&event("sensor.b", None, Some(("1", 20)), 20));
    assert_eq!(house.restart().gaps()[0].from, at(49));
}

#[test]
fn what_is_still_not_understood_stays_and_nothing_is_counted() {
    let mut house = House::new();
    house.connect();
    assert_eq!(house.retry("nonsense"), Outcome::Kept);
    assert_eq!((house.settlements(), house.counters().received_total()), (vec![], 0));
    assert_eq!(house.settle(Settlement::Dropped, "nonsense"), Outcome::Dropped);
    assert_eq!(house.settlements()[0].how, Settlement::Dropped);
    assert_eq!(house.counters().received_total(), 0);
}

#[test]
fn what_the_settings_leave_out_stays_out() {
    let mut house = House::on(MemFs::default(), &["sensor.secret"], 1 << 20);
    house.connect();
    assert_eq!(house.retry(&event("sensor.secret", None, Some(("1", 1)), 1)), Outcome::Filtered);
    assert_eq!((house.logged(), house.counters().filtered), (vec![], 1));
    assert_eq!(house.retry(&state("sensor.a", "1", 1)), Outcome::Recorded);
    assert_eq!(house.logged()[0].0, Origin::Snapshot, "a state without an event");
}

#[test]
fn a_retry_that_the_log_does_not_take_changes_nothing() {
    let mut house = House::on(MemFs::default(), &[], 600);
    house.connect();
    let raw = event("sensor.a", None, Some(("1", 1)), 1);
    let row = QuarantineRow {
        seq: Seq(7),
        ts: at(2),
        site: "home".into(),
        reason: "".into(),
        raw: raw.as_bytes().into(),
    };
    let other = event("sensor.b", None, Some(("1", 1)), 1);
    house.ingest.accept(&wire::parse_event(&other).unwrap(), at(1)).unwrap();
    house.ingest.end_frame().unwrap();
    let before = house.counters();
    house.ingest.settle(&row, Settlement::Retried).unwrap_err();
    assert_eq!(house.counters(), before);
    house.writer.step().unwrap();
    assert_eq!(house.logged(), [live("sensor.b", 1, "1")]);
    assert_eq!(house.retry(&raw), Outcome::Recorded);
    house.ingest.disconnected("closed");
    assert_eq!(house.gaps()[0].cause, Cause::Disconnected, "the log's refusal was none of the stream");
}
