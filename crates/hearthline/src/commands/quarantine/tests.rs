use hearthline_api::Settlement;
use hearthline_core::Seq;
use hearthline_pipeline::quarantine::{Outcome, Settled};

use super::*;

fn record(settled: Option<&str>) -> Quarantined {
    Quarantined {
        seq: 7,
        ts: "2026-11-23T11:59:00.000000Z".into(),
        reason: "not a time: \"yesterday\"".into(),
        understood: false,
        bytes: 4000,
        raw: "{\n\"time_fired\":\"yesterday\"".repeat(4),
        settled: settled.map(|how| Settlement { how: how.into(), at: "2026-11-24T12:00:00.000000Z".into() }),
    }
}

#[test]
fn each_record_is_listed_with_its_state_and_reason() {
    let list = |quarantined, more, waiting, settled| Quarantine { quarantined, more, waiting, settled };
    let nothing =
        [render(&list(Vec::new(), false, 0, 0), false), render(&list(Vec::new(), false, 0, 3), false)];
    let by_now = Quarantined { understood: true, ..record(None) };
    let some = render(&list(vec![record(None), by_now], true, 9, 3), false);
    let all = render(&list(vec![record(Some("dropped"))], false, 0, 1), true);
    insta::assert_snapshot!(nothing.concat() + "----\n" + &some + "----\n" + &all);
}

#[test]
fn a_record_is_shown_as_text_or_in_base64() {
    let text = QuarantinedWhole {
        seq: 7,
        ts: "2026-11-23T11:59:00.000000Z".into(),
        reason: "not JSON from byte 0 on".into(),
        now: Some("not JSON from byte 0 on".into()),
        bytes: 8,
        text: Some("non\u{1b}[2J".into()),
        base64: None,
        settled: None,
    };
    let settled = Some(Settlement { how: "dropped".into(), at: "2026-11-24T12:00:00.000000Z".into() });
    let bytes = QuarantinedWhole {
        now: None,
        text: None,
        base64: Some("Yf9i".into()),
        settled,
        bytes: 3,
        ..text.clone()
    };
    insta::assert_snapshot!(whole(&text) + "----\n" + &whole(&bytes));
}

#[test]
fn what_became_of_each_is_counted_and_what_was_not_understood_is_told_why() {
    assert_eq!(settlements(&SettledList::default()), "nothing waits\n");
    let kept =
        Settled { seq: Seq(7), outcome: Outcome::Kept, reason: Some("not JSON from byte 0 on".into()) };
    let recorded = Settled { seq: Seq(8), outcome: Outcome::Recorded, reason: None };
    let list = SettledList { recorded: 1, kept: 1, settled: vec![kept, recorded], ..SettledList::default() };
    let page = "1 recorded, 1 still not understood\nrecord 7: not JSON from byte 0 on\n";
    assert_eq!(settlements(&list), page);
}
