use std::collections::{BTreeMap, BTreeSet};

use hearthline_core::{QuarantineRow, Seq, StateRow};

use super::*;
use crate::sinks::influxdb::answer::{At, TypeConflict};
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::point::NativeLayout;
use crate::sinks::influxdb::sample;
use crate::sinks::influxdb::schema::{FieldType, Schema};

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn encoder() -> Encoder {
    let layout = NativeLayout::new("m", Attributes::All);
    Encoder::new(layout.into(), Schema::default())
}

fn row(seq: u64, attributes: &str) -> Row {
    let at = Timestamp(NOW.0 + i64::try_from(seq).unwrap());
    Row::State(StateRow { seq: Seq(seq), ..sample::row(at, "light.a", "on", attributes) })
}

/// A server that has some fields, refuses some lines, and takes the rest of what it is sent, as 1.6.7 does.
#[derive(Default)]
struct Server {
    fields: BTreeMap<String, FieldType>,
    /// Lines with this in them are refused.
    bad: Option<&'static str>,
    /// Whether it says so of the line, or only that something is wrong.
    says_which: bool,
    most_lines: Option<usize>,
    stored: BTreeSet<String>,
    asked: usize,
}

impl Server {
    fn with(fields: &[(&str, FieldType)]) -> Self {
        let fields = fields.iter().map(|(name, has)| ((*name).to_owned(), *has)).collect();
        Self { fields, ..Self::default() }
    }

    fn write(&mut self, body: &[u8]) -> Meaning {
        self.asked += 1;
        let lines: Vec<&str> = std::str::from_utf8(body).unwrap().lines().collect();
        assert!(!lines.is_empty(), "nothing was sent");
        if self.most_lines.is_some_and(|most| lines.len() > most) {
            return Meaning::TooLarge;
        }
        let mut answer = Meaning::Taken;
        for line in lines {
            if let Some(bad) = self.bad.filter(|bad| line.contains(bad)) {
                let at = self.says_which.then(|| At::Text(line.into()));
                answer = Meaning::Refused { at, line: self.says_which, words: format!("no {bad}") };
                if !self.says_which {
                    return answer;
                }
            } else if let Some(conflict) = self.conflict(line) {
                answer = Meaning::Conflict(vec![conflict]);
            } else {
                self.stored.insert(line.to_owned());
            }
        }
        answer
    }

    fn conflict(&self, line: &str) -> Option<TypeConflict> {
        let fields = line.split(' ').nth(1)?;
        fields.split(',').find_map(|field| {
            let (name, value) = field.split_once('=')?;
            let theirs = *self.fields.get(name)?;
            let ours = match value.as_bytes()[0] {
                b'"' => FieldType::Text,
                b't' | b'f' => FieldType::Bool,
                _ => FieldType::Float,
            };
            let measurement = Some("m".to_owned());
            (ours != theirs).then(|| TypeConflict {
                measurement,
                line: None,
                field: name.into(),
                ours,
                theirs,
            })
        })
    }
}

/// Sends to the end.
fn send(rows: Vec<Row>, most: usize, encoder: &mut Encoder, server: &mut Server) -> Result<Done, Stop> {
    let mut sending = Sending::new(rows, most, encoder);
    while let Some(body) = sending.body(encoder) {
        let meaning = server.write(body);
        sending.answered(meaning, encoder, NOW)?;
    }
    sending.done(encoder).map_err(|(_, stop)| stop)
}

fn rows(count: u64) -> Vec<Row> {
    (1..=count).map(|seq| row(seq, &format!("{{\"n\":{seq}}}"))).collect()
}

#[test]
fn what_is_taken_is_delivered_in_as_many_writes_as_it_needs() {
    let (mut encoder, mut server) = (encoder(), Server::default());
    let done = send(rows(10), 4, &mut encoder, &mut server).unwrap();
    assert_eq!(done, Done { delivered: 10, ..Done::default() });
    assert_eq!((server.stored.len(), server.asked), (10, 3));
}

#[test]
fn a_type_conflict_costs_one_more_write_and_no_row() {
    let (mut encoder, mut server) = (encoder(), Server::with(&[("attr_n", FieldType::Text)]));
    let mut all = rows(9);
    all.push(row(10, "{\"other\":true}"));
    let done = send(all, 100, &mut encoder, &mut server).unwrap();
    assert_eq!(done, Done { delivered: 10, ..Done::default() });
    assert_eq!(server.asked, 2);
    let conflicts = encoder.schema().conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!((conflicts[0].goes_to.as_str(), conflicts[0].rows), ("attr_n_num", 9), "each row counts once");
    assert_eq!(server.stored.len(), 10, "the one without the field had been taken before; it is one point");
    assert!(server.stored.iter().filter(|line| line.contains("attr_n_num=")).count() == 9);
}

#[test]
fn several_conflicts_are_learned_one_after_the_other() {
    let fields = [
        ("attr_a", FieldType::Text),
        ("attr_a_num", FieldType::Bool),
        ("attr_b_bool", FieldType::Float),
        ("value", FieldType::Text),
        ("state", FieldType::Bool),
    ];
    let (mut encoder, mut server) = (encoder(), Server::with(&fields));
    let done =
        send(vec![row(1, "{\"a\":1,\"b\":true}"), row(2, "{}")], 10, &mut encoder, &mut server).unwrap();
    assert_eq!((done.delivered, done.refused.len(), server.stored.len()), (2, 0, 2));
    let line = server.stored.iter().find(|line| line.contains("attr_a")).unwrap();
    for field in ["attr_a_num2=1", "attr_b_bool2=true", "value_num=1", "state_str=\"on\""] {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[test]
fn a_conflict_about_which_nothing_can_be_learned_is_a_refusal() {
    let mut encoder = encoder();
    let mut sending = Sending::new(rows(2), 10, &mut encoder);
    let conflict = |field: &str| {
        let (ours, theirs) = (FieldType::Text, FieldType::Text);
        let measurement = Some("m".to_owned());
        Meaning::Conflict(vec![TypeConflict {
            measurement,
            line: Some(1),
            field: field.into(),
            ours,
            theirs,
        }])
    };
    for expected in [2, 1, 1] {
        assert_eq!(sending.body(&mut encoder).unwrap().iter().filter(|b| **b == b'\n').count(), expected);
        let meaning = if expected == 2 { conflict("x") } else { Meaning::Taken };
        sending.answered(meaning, &mut encoder, NOW).unwrap();
    }
    assert!(sending.body(&mut encoder).is_none());
    assert_eq!(sending.done(&mut encoder).unwrap().delivered, 2);
}

#[test]
fn a_refused_line_is_found_and_its_neighbours_are_delivered() {
    for says_which in [true, false] {
        let (mut encoder, mut server) =
            (encoder(), Server { bad: Some("attr_n=77,"), says_which, ..Server::default() });
        let mut all = rows(100);
        all[76] = row(77, "{\"n\":77,\"z\":1}");
        let done = send(all, 1000, &mut encoder, &mut server).unwrap();
        assert_eq!((done.delivered, done.quarantined, done.refused.len()), (99, 1, 1));
        let refused = &done.refused[0];
        assert_eq!((refused.row.seq(), refused.words.as_str()), (Seq(77), "no attr_n=77,"));
        assert!(refused.line.contains("attr_n=77"), "{}", refused.line);
        assert_eq!(server.stored.len(), 99);
        let most = if says_which { 4 } else { 16 };
        assert!(server.asked <= most, "asked {} times", server.asked);
    }
}

#[test]
fn a_server_that_refuses_everything_and_names_no_line_gets_no_line_set_aside() {
    let (mut encoder, mut server) = (encoder(), Server { bad: Some("m,"), ..Server::default() });
    let stop = send(rows(500), 1000, &mut encoder, &mut server).unwrap_err();
    assert!(
        matches!(&stop, Stop::Parked(words) if words.contains("refuses whatever it is sent")),
        "{stop:?}"
    );
    assert!(server.asked < 100, "asked {} times", server.asked);

    let one = send(rows(1), 1000, &mut encoder, &mut server).unwrap_err();
    assert!(matches!(one, Stop::Parked(_)), "one line alone says nothing about itself");
}

#[test]
fn what_is_too_much_at_once_is_halved_and_remembered() {
    let (mut encoder, mut server) = (encoder(), Server { most_lines: Some(30), ..Server::default() });
    let mut sending = Sending::new(rows(100), 1000, &mut encoder);
    while let Some(body) = sending.body(&mut encoder) {
        let meaning = server.write(body);
        sending.answered(meaning, &mut encoder, NOW).unwrap();
    }
    assert_eq!(sending.too_many(), Some(50));
    assert_eq!(sending.done(&mut encoder).unwrap().delivered, 100);
    assert_eq!(server.asked, 7);

    let mut server = Server { most_lines: Some(0), ..Server::default() };
    let done = send(rows(3), 10, &mut encoder, &mut server).unwrap();
    assert_eq!((done.quarantined, done.delivered), (3, 0), "a line that is too large alone will always be");
}

#[test]
fn of_points_that_are_too_old_the_oldest_are_meant() {
    let mut encoder = encoder();
    let mut sending = Sending::new(rows(10), 100, &mut encoder);
    sending.body(&mut encoder).unwrap();
    sending.answered(Meaning::Outside(Some(4)), &mut encoder, NOW).unwrap();
    assert!(sending.body(&mut encoder).is_none());
    let done = sending.done(&mut encoder).unwrap();
    assert_eq!((done.filtered, done.delivered, done.quarantined), (4, 6, 0));

    // Where the server does not count, they are told apart one by one.
    let mut sending = Sending::new(rows(4), 100, &mut encoder);
    while let Some(body) = sending.body(&mut encoder) {
        let old = std::str::from_utf8(body).unwrap().contains("attr_n=2 ");
        let meaning = if old { Meaning::Outside(None) } else { Meaning::Taken };
        sending.answered(meaning, &mut encoder, NOW).unwrap();
    }
    let done = sending.done(&mut encoder).unwrap();
    assert_eq!((done.filtered, done.delivered), (1, 3));
}

#[test]
fn where_it_stopped_it_goes_on() {
    let (mut encoder, mut server) = (encoder(), Server::default());
    let mut sending = Sending::new(rows(10), 4, &mut encoder);
    let meaning = server.write(sending.body(&mut encoder).unwrap());
    sending.answered(meaning, &mut encoder, NOW).unwrap();
    sending.body(&mut encoder).unwrap();
    let later = Meaning::Later { after: None, words: "HTTP 503".into() };
    assert!(matches!(sending.answered(later, &mut encoder, NOW), Err(Stop::Later { .. })));
    while let Some(body) = sending.body(&mut encoder) {
        let meaning = server.write(body);
        sending.answered(meaning, &mut encoder, NOW).unwrap();
    }
    assert_eq!(sending.done(&mut encoder).unwrap().delivered, 10);
    assert_eq!(server.asked, 3, "what was taken is not sent again");
}

#[test]
fn rows_without_a_line_have_their_own_fate() {
    let (mut encoder, mut server) = (encoder(), Server::default());
    let raw =
        QuarantineRow { seq: Seq(1), ts: NOW, site: "home".into(), reason: "no JSON".into(), raw: [].into() };
    let Row::State(state) = row(2, "{}") else { panic!() };
    let endless = Row::State(StateRow { state: Some("x".repeat(70_000).into()), ..state.clone() });
    let ancient = Row::State(StateRow { ts: Timestamp(i64::MIN / 4), ..state });
    let all = vec![Row::Quarantined(raw), row(3, "{}"), endless, ancient, row(6, "{}")];
    let done = send(all, 100, &mut encoder, &mut server).unwrap();
    assert_eq!((done.delivered, done.quarantined, done.refused.len()), (2, 3, 2));
    assert!(done.refused[0].words.contains("65,535 bytes"), "{}", done.refused[0].words);

    assert_eq!(send(Vec::new(), 10, &mut encoder, &mut server).unwrap(), Done::default());
}

#[test]
fn a_server_without_room_for_more_columns_gets_the_row_without_the_attribute() {
    let mut encoder = encoder();
    encoder.change_schema(|schema| schema.adopt("m", "attr_a", [FieldType::Float], NOW));
    let mut sending = Sending::new(vec![row(1, "{\"a\":1,\"b\":2,\"c\":3}")], 10, &mut encoder);
    assert!(std::str::from_utf8(sending.body(&mut encoder).unwrap()).unwrap().contains("attr_c"));
    sending.answered(Meaning::Columns(500), &mut encoder, NOW).unwrap();
    let line = String::from_utf8(sending.body(&mut encoder).unwrap().to_vec()).unwrap();
    assert!(
        line.contains("state=\"on\"") && line.contains("attr_a=1 ") && !line.contains("attr_c"),
        "{line}"
    );
    sending.answered(Meaning::Taken, &mut encoder, NOW).unwrap();
    assert!(sending.body(&mut encoder).is_none());
    assert_eq!(sending.done(&mut encoder).unwrap().delivered, 1);
    assert!(!encoder.left_out().is_empty(), "what was left out is named");
}

mod in_general {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("1.5".to_owned()),
            Just("true".to_owned()),
            Just("\"text\"".to_owned()),
            Just("{\"x\":1}".to_owned()),
            Just("null".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn every_event_has_one_fate_and_no_row_is_refused_for_its_type(
            values in prop::collection::vec((0..4_u8, value()), 1..60),
            taken in prop::collection::btree_map("attr_a[0-3](_str|_bool|_num|_json)?", 0..3_usize, 0..12),
            bad in prop::option::of(0..60_u64), says_which: bool, most in 1..70_usize,
        ) {
            const TYPES: [FieldType; 3] = [FieldType::Float, FieldType::Text, FieldType::Bool];
            let mut server = Server { says_which, ..Server::default() };
            server.fields = taken.into_iter().map(|(name, has)| (name, TYPES[has])).collect();
            let mut all: Vec<Row> = values.iter().enumerate()
                .map(|(seq, (name, value))| row(seq as u64, &format!("{{\"a{name}\":{value}}}"))).collect();
            let bad = bad.and_then(|bad| all.get_mut(usize::try_from(bad).unwrap()));
            let has_bad = bad.is_some();
            if let Some(bad) = bad {
                *bad = row(bad.seq().0, "{\"bad\":1}");
                server.bad = Some("attr_bad=1");
            }
            let events = all.len() as u64;
            let mut encoder = encoder();
            match send(all, most, &mut encoder, &mut server) {
                Ok(done) => {
                    prop_assert_eq!(done.delivered + done.filtered + done.quarantined, events);
                    prop_assert_eq!(done.quarantined, u64::from(has_bad));
                    prop_assert_eq!(server.stored.len() as u64 + done.quarantined >= events, true);
                }
                // The only line, of which the server does not say that it is at fault.
                Err(Stop::Parked(_)) => prop_assert!(has_bad && !says_which && events == 1),
                Err(stop) => prop_assert!(false, "{:?}", stop),
            }
        }
    }
}
