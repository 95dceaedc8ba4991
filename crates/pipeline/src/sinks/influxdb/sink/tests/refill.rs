//! What left the log before the sink had it comes from the store.

use hearthline_sim::FieldValue;

use super::*;
use crate::sinks::influxdb::point::HaLayout;
use crate::sinks::influxdb::refill::Why;

/// All that is to be read from the store.
async fn refilled(sink: &mut InfluxSink) -> usize {
    let mut portions = 0;
    while sink.idle().await.unwrap() == Idle::Worked {
        portions += 1;
    }
    portions
}

fn counts(committed: &Committed) -> [u64; 6] {
    let Committed { events, delivered, filtered, collapsed, quarantined, lost, .. } = *committed;
    assert_eq!(committed.settled(), events, "{committed:?}");
    [events, delivered, filtered, collapsed, quarantined, lost]
}

async fn delivered(sink: &mut InfluxSink, batch: &Batch) {
    sink.write(batch).await.unwrap();
    sink.commit().await.unwrap();
}

#[tokio::test]
async fn what_left_the_log_is_read_from_the_store_and_every_point_is_there_once() {
    for version in ALL {
        let mut rig = Rig::new(version).await;
        rig.config.batch_size = 20;
        let mut sink = rig.sink();
        let first = rig.states(3);
        delivered(&mut sink, &first).await;
        // Nothing of this is offered.
        rig.states(50);
        let raw = QuarantineRow {
            seq: Seq(0),
            ts: NOON,
            site: "home".into(),
            reason: "no JSON".into(),
            raw: [].into(),
        };
        rig.batch([state("sensor.hidden", 60, "{}"), Row::Quarantined(raw)]);
        rig.leaves_the_log();
        let later = rig.states(2);
        sink.write(&later).await.unwrap();
        let committed = sink.commit().await.unwrap();
        assert_eq!(counts(&committed), [5, 5, 0, 0, 0, 0], "{version:?}: what comes goes first");
        let seen = sink.view().look().refill.unwrap();
        assert_eq!((seen.why, seen.done, seen.of, seen.waiting), (Why::Missed, 0, 52, 0));
        assert_eq!((seen.from, seen.to), (Some(Timestamp(NOON.0 + 2000)), Some(Timestamp(NOON.0 + 56_000))));
        assert_eq!(sink.complete(), Seq(3), "what retention has to leave");
        assert!(refilled(&mut sink).await >= 3, "no more than a batch at once");
        assert_eq!(counts(&sink.commit().await.unwrap()), [57, 55, 1, 0, 1, 0], "{version:?}");
        assert_eq!((rig.stored(), sink.view().look().refill), (55, None), "{version:?}");
        assert_eq!(sink.complete(), sink.committed().seq);
    }
}

#[tokio::test]
async fn a_sink_that_was_not_there_finds_at_its_start_what_it_missed() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let first = rig.states(3);
    delivered(&mut sink, &first).await;
    drop(sink);
    rig.states(5);
    rig.leaves_the_log();
    for _ in 0..2 {
        // It is found again, until the position is on disk.
        let sink = rig.sink();
        assert_eq!((sink.committed().seq, sink.complete()), (Seq(8), Seq(3)));
        assert_eq!(sink.view().look().refill.unwrap().of, 5);
    }
    let mut sink = rig.sink();
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [8, 8, 0, 0, 0, 0]);
    assert_eq!(rig.stored(), 8);
    assert_eq!(rig.sink().view().look().refill, None);
}

#[tokio::test]
async fn a_server_that_goes_away_meanwhile_gets_the_same_again() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    rig.config.batch_size = 10;
    rig.states(35);
    rig.leaves_the_log();
    rig.config.start = Start::All;
    let mut sink = rig.sink();
    assert_eq!(sink.idle().await.unwrap(), Idle::Worked);
    for fault in [InfluxFault::CutAnswer, InfluxFault::Unavailable(Some(1)), InfluxFault::NotFound] {
        rig.server.cause(fault);
        let error = sink.idle().await.unwrap_err();
        assert!(error.kind != ErrorKind::Fatal, "{error}");
        rig.server.heal();
        assert_eq!(sink.idle().await.unwrap(), Idle::Worked);
    }
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [35, 35, 0, 0, 0, 0]);
    assert_eq!(rig.stored(), 35);
}

#[tokio::test]
async fn what_the_store_has_dropped_too_is_lost_with_words_and_what_it_had_already_is_not() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let first = rig.states(1);
    delivered(&mut sink, &first).await;
    drop(sink);
    let twice = state("light.b", 1, "{}");
    rig.batch([twice.clone(), twice]);
    rig.batch([state("light.a", 86_400_000, "{}"), state("light.a", 86_400_001, "{}")]);
    rig.store.flush().unwrap();
    // A sink that was taken out of the settings holds nothing.
    rig.clock.advance(Duration::from_secs(2 * 86_400));
    rig.store.apply_retention(Some(Duration::from_secs(86_400)), "a test").unwrap();
    rig.leaves_the_log();
    let mut sink = rig.sink();
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [5, 3, 0, 0, 0, 2]);
    let loss = sink.view().look().loss.unwrap();
    assert_eq!((loss.events, loss.from), (2, Some(NOON)));
    assert!(loss.words.contains("too old"), "{}", loss.words);
    assert_eq!(rig.sink().view().look().loss, Some(loss), "also after a restart");

    // And where nothing was dropped, what is missing was there already.
    let twice = state("light.c", 172_800_000, "{}");
    rig.batch([twice.clone(), twice]);
    rig.leaves_the_log();
    let mut sink = rig.sink();
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [7, 4, 0, 1, 0, 2]);
}

#[tokio::test]
async fn a_new_sink_gets_all_that_the_store_has_then_the_log_and_counts_what_there_was() {
    let mut rig = Rig::new(InfluxVersion::V2).await;
    let twice = state("light.b", 1, "{}");
    rig.batch([twice.clone(), twice]);
    rig.states(10);
    rig.leaves_the_log();
    let seq = rig.seq;
    rig.store.flush().unwrap();
    rig.config.start = Start::All;
    let mut sink = rig.sink();
    assert_eq!((sink.committed().seq.0, sink.before()), (seq, Some(0)));
    let later = rig.states(4);
    sink.write(&later).await.unwrap();
    assert_eq!(sink.view().look().refill.map(|seen| (seen.why, seen.of)), Some((Why::New, 12)));
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [15, 15, 0, 0, 0, 0]);
    assert_eq!(
        (sink.before(), rig.stored()),
        (Some(1), 15),
        "the one that the store had already was never its"
    );
}

#[tokio::test]
async fn what_a_dropped_database_had_comes_again_when_a_person_asks() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let batch = rig.states(30);
    delivered(&mut sink, &batch).await;
    rig.leaves_the_log();
    assert!(rig.server.drop_database(HOUSE));
    assert_eq!(rig.stored(), 0);

    let batch = rig.states(1);
    sink.write(&batch).await.unwrap();
    let error = sink.commit().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config, "{error}");
    rig.server.create(HOUSE, None);
    let committed = sink.commit().await.unwrap();
    assert_eq!((counts(&committed), rig.stored()), ([31, 31, 0, 0, 0, 0], 1));
    assert_eq!(sink.idle().await.unwrap(), Idle::Rested, "nothing happens by itself");

    let (from, to) = (Timestamp(NOON.0 + 10_000), Timestamp(NOON.0 + 30_000));
    sink.view().refill(from, to);
    sink.view().refill(from, to);
    sink.idle().await.unwrap();
    drop(sink);
    // It is known also after a kill.
    let mut sink = rig.sink();
    sink.view().refill(from, to);
    let seen = sink.view().look().refill.unwrap();
    assert_eq!((seen.why, seen.of, seen.from, seen.to), (Why::Asked, 20, Some(from), Some(to)));
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [31, 31, 0, 0, 0, 0], "they had been counted");
    assert_eq!((rig.stored(), sink.view().look().refill), (21, None));
}

#[tokio::test]
async fn a_batch_that_waited_while_it_left_the_log_is_read_from_the_store_and_not_sent_twice() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let first = rig.states(1);
    delivered(&mut sink, &first).await;
    rig.states(5);
    let held = rig.states(5);
    rig.leaves_the_log();
    sink.write(&held).await.unwrap();
    let later = rig.states(5);
    sink.write(&later).await.unwrap();
    refilled(&mut sink).await;
    assert_eq!(counts(&sink.commit().await.unwrap()), [16, 16, 0, 0, 0, 0]);
    assert_eq!(rig.stored(), 16);
}

/// Gives batches as a delivery does: what is in the log, one after the other, and the same again after a failure.
struct Offers {
    all: Vec<Batch>,
    held: Option<Batch>,
    written: Seq,
}

impl Offers {
    async fn step(&mut self, rig: &Rig, sink: &mut InfluxSink) -> bool {
        let first = rig.writer.log().stats().first_seq;
        let in_log = |batch: &&Batch| batch.last > self.written && batch.last >= first;
        let Some(batch) = self.held.take().or_else(|| self.all.iter().find(in_log).cloned()) else {
            return false;
        };
        match sink.write(&batch).await {
            Ok(()) => self.written = batch.last,
            Err(_) => self.held = Some(batch),
        }
        true
    }
}

/// Anything happens, at any time: the server goes and comes, the log lets go, the sink is killed. In the end every point is there,
/// once, as it was written, and every count adds up.
#[tokio::test]
async fn whatever_happens_every_point_is_there_in_the_end() {
    let (mut refills, mut kills) = (0, 0);
    for seed in 1..=40_u64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::new(InfluxVersion::V1).await;
        rig.config.batch_size = random.usize(1..30);
        rig.config.start = if random.bool() { Start::All } else { Start::Log };
        let (mut fired, mut held) = (BTreeMap::new(), None::<Arc<str>>);
        let mut offers = Offers { all: Vec::new(), held: None, written: Seq::ZERO };
        let mut sink = rig.sink();
        for _ in 0..random.usize(20..150) {
            match random.u8(0..12) {
                0..3 => {
                    let mut rows = Vec::new();
                    for _ in 0..random.usize(1..20) {
                        let at = i64::try_from(fired.len()).unwrap();
                        let Row::State(row) = state("light.a", at, "{\"n\":1}") else { unreachable!() };
                        let text: Arc<str> = random.u8(0..4).to_string().into();
                        let old_state = held.replace(Arc::clone(&text));
                        fired.insert(row.ts, (text.to_string(), old_state.as_ref().map(ToString::to_string)));
                        rows.push(Row::State(StateRow { state: Some(text), old_state, ..row }));
                    }
                    offers.all.push(rig.batch(rows));
                }
                3..6 => drop(offers.step(&rig, &mut sink).await),
                6 if offers.held.is_none() => drop(sink.idle().await),
                7 => drop(sink.commit().await),
                8 => {
                    sink = rig.sink();
                    (offers.held, offers.written) = (None, sink.committed().seq);
                    kills += 1;
                }
                9 => offers.all.push(rig.leaves_the_log()),
                10 if random.bool() => rig.server.cause(InfluxFault::Internal),
                _ => rig.server.heal(),
            }
            refills += usize::from(sink.view().look().refill.is_some());
            rig.clock.advance(Duration::from_millis(random.u64(0..3000)));
        }
        rig.server.heal();
        rig.store.flush().unwrap();
        while offers.step(&rig, &mut sink).await {}
        refilled(&mut sink).await;
        let committed = sink.commit().await.unwrap();
        let all = fired.len() as u64;
        let seen = sink.view().look();
        assert_eq!(counts(&committed), [all, all, 0, 0, 0, 0], "seed {seed}: {seen:?}");
        let text = |value: &FieldValue| match value {
            FieldValue::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let stored = rig.server.points(HOUSE, "m").into_iter().map(|point| {
            let old = point.fields.get("old_state").map(text);
            (Timestamp(point.time / 1000), (text(&point.fields["state"]), old))
        });
        assert_eq!(stored.collect::<BTreeMap<_, _>>(), fired, "seed {seed}");
        assert_eq!(rig.stored() as u64, all, "seed {seed}");
    }
    assert!(refills > 100 && kills > 100, "{refills} looks at a refill, {kills} kills");
}

#[tokio::test]
async fn in_the_layout_of_the_integration_every_measurement_is_adopted_and_what_left_the_log_is_the_same_points()
 {
    let of = |unit: &str, at: i64, says: &str| match state("sensor.power", at, "{\"level\":1}") {
        Row::State(row) => {
            let (unit, says) = (Some(unit.into()), Some(says.into()));
            Row::State(StateRow { unit, state: says, ..row })
        }
        other => other,
    };
    for version in ALL {
        let mut rig = Rig::new(version).await;
        rig.config.layout = HaLayout::default().into();
        rig.server.create(HOUSE, None);
        rig.server
            .seed(HOUSE, "W,entity_id=old value=\"a text\" 1795435100000000000\nkW,entity_id=old level=\"a text\" 1795435100000000000")
            .unwrap();
        let mut sink = rig.sink();
        let first = rig.batch([of("W", 1, "5"), of("kW", 2, "6"), of("W", 3, "unknown")]);
        delivered(&mut sink, &first).await;
        assert_eq!(counts(&sink.committed()), [3, 2, 1, 0, 0, 0], "{version:?}");
        let conflicts = sink.view().look().conflicts;
        let told: Vec<_> = conflicts.iter().map(|of| (&*of.measurement, &*of.goes_to, of.rows)).collect();
        assert_eq!(told, [("W", "value_num", 1), ("kW", "level_num", 1)], "{version:?}");
        let seen = sink.view().look();
        assert_eq!((seen.layout, seen.measurement), ("ha", None));

        rig.batch([of("W", 4, "7"), of("W", 5, "unavailable"), of("kW", 6, "8")]);
        rig.leaves_the_log();
        let later = rig.batch([of("W", 7, "9")]);
        delivered(&mut sink, &later).await;
        refilled(&mut sink).await;
        assert_eq!(counts(&sink.commit().await.unwrap()), [7, 5, 2, 0, 0, 0], "{version:?}");
        let fields = |measurement: &str, field: &str| {
            let points = rig.server.points(HOUSE, measurement);
            points.iter().filter_map(|point| point.fields.get(field).cloned()).collect::<Vec<_>>()
        };
        assert_eq!(fields("W", "value_num"), [5.0, 7.0, 9.0].map(FieldValue::Float), "{version:?}");
        assert_eq!(fields("kW", "value"), [6.0, 8.0].map(FieldValue::Float), "{version:?}");
        assert_eq!(rig.server.counters().refused, 0, "{version:?}: no refusal was needed");
    }
}
