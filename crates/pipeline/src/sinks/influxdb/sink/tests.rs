//! The sink against simulated servers of all three generations, over real connections.

mod refill;

use std::collections::BTreeMap;

use hearthline_core::{
    EntityInfo, EntityRow, ManualClock, MemFs, QuarantineRow, Secret, StateRow, SystemClock, Timestamp,
};
use hearthline_log::{Append, LogConfig, LogWriter};
use hearthline_sim::{Access, FieldKind, InfluxDb, InfluxFault, InfluxVersion};
use hearthline_store::StoreConfig;

use super::*;
use crate::sinks::influxdb::Version;
use crate::sinks::influxdb::attributes::Attributes;
use crate::sinks::influxdb::point::NativeLayout;
use crate::sinks::influxdb::sample;

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const HOUSE: &str = "house";

struct Rig {
    server: InfluxDb,
    config: InfluxConfig,
    fs: MemFs,
    clock: ManualClock,
    writer: LogWriter,
    store: Arc<Store>,
    seq: u64,
}

impl Rig {
    async fn new(version: InfluxVersion) -> Self {
        Self::with(version, Access::Open).await
    }

    async fn with(version: InfluxVersion, access: Access) -> Self {
        let server = InfluxDb::new(version, access, Arc::new(SystemClock::new()));
        let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let config = InfluxConfig {
            name: "influxdb".into(),
            dir: "/data/sinks/influxdb".into(),
            server: ServerConfig {
                org: Some("home".into()),
                ..ServerConfig::new(format!("http://{address}/").parse().unwrap(), HOUSE)
            },
            layout: NativeLayout::new("m", Attributes::All).into(),
            filter: Filter::new(&[], &["sensor.hidden".into()]).unwrap(),
            batch_size: 100,
            batch_interval: Duration::from_secs(1),
            start: Start::Log,
        };
        let (fs, clock) = (MemFs::default(), ManualClock::at(NOON));
        let log = LogConfig::new("/data/log"); // without a ring: what the log let go of is gone
        let (writer, _) =
            LogWriter::open(Arc::new(fs.clone()), Arc::new(clock.clone()), log, Seq(1)).unwrap();
        let store = StoreConfig::new("/data/store");
        let store = Store::open(Arc::new(fs.clone()), Arc::new(clock.clone()), store).unwrap();
        Self { server, config, fs, clock, writer, store: Arc::new(store), seq: 0 }
    }

    fn sink(&self) -> InfluxSink {
        let (fs, clock) = (Arc::new(self.fs.clone()), Arc::new(self.clock.clone()));
        let store = Arc::clone(&self.store);
        let mut sink = InfluxSink::open(self.config.clone(), self.writer.log(), store, fs, clock).unwrap();
        sink.know(&Context::default());
        sink
    }

    /// The store has everything in files, and the log lets go of it. What is in it then is the batch that is given.
    fn leaves_the_log(&mut self) -> Batch {
        let mut checkpoint = Append::new();
        checkpoint.push(b"checkpoint", false);
        self.writer.log().roll(checkpoint).unwrap();
        self.writer.step().unwrap();
        self.seq += 1;
        let batch = Batch { first: Seq(self.seq), last: Seq(self.seq), rows: Vec::new() };
        self.store.write(&batch).unwrap();
        self.store.flush().unwrap();
        self.writer.log().trim(self.store.committed(), Duration::ZERO).unwrap();
        assert_eq!(self.writer.log().stats().first_seq, Seq(self.seq));
        batch
    }

    /// The next records, in log, store and batch.
    fn batch(&mut self, rows: impl IntoIterator<Item = Row>) -> Batch {
        let mut append = Append::new();
        let mut batch = Batch { first: Seq(self.seq + 1), ..Batch::default() };
        for mut row in rows {
            append.push(b"one", true);
            self.seq += 1;
            *row.seq_mut() = Seq(self.seq);
            batch.rows.push(row);
        }
        batch.last = Seq(self.seq);
        self.writer.log().append(append).unwrap();
        self.writer.step().unwrap();
        self.store.write(&batch).unwrap();
        batch
    }

    fn states(&mut self, count: i64) -> Batch {
        let from = i64::try_from(self.seq).unwrap();
        self.batch((from..from + count).map(|n| state("light.a", n, &format!("{{\"n\":{n}}}"))))
    }

    fn stored(&self) -> usize {
        self.server.points(HOUSE, "m").len()
    }
}

fn state(entity_id: &str, at: i64, attributes: &str) -> Row {
    let at = Timestamp(NOON.0 + at * 1000);
    Row::State(StateRow { seq: Seq(0), ..sample::row(at, entity_id, "on", attributes) })
}

const ALL: [InfluxVersion; 3] = [InfluxVersion::V1, InfluxVersion::V2, InfluxVersion::V3];

#[tokio::test]
async fn every_generation_is_recognised_and_gets_every_event_once() {
    for version in ALL {
        let mut rig = Rig::new(version).await;
        let mut sink = rig.sink();
        let (first, second) = (rig.states(3), rig.states(2));
        sink.write(&first).await.unwrap();
        sink.write(&second).await.unwrap();
        let committed = sink.commit().await.unwrap();
        assert_eq!(
            committed,
            Committed { seq: Seq(5), events: 5, delivered: 5, ..Committed::default() },
            "{version:?}"
        );
        assert_eq!(rig.stored(), 5, "{version:?}: the database was not there and was made");
        assert!(sink.view().look().version.is_some(), "{version:?}");
        let counters = rig.server.counters();
        assert_eq!(counters.connections, 1, "{version:?}: one connection for all questions");
        drop(sink);

        // It goes on where it was; what it is given again is the same points.
        let mut sink = rig.sink();
        assert_eq!(sink.committed(), committed);
        let third = rig.states(1);
        sink.write(&third).await.unwrap();
        assert_eq!(sink.commit().await.unwrap().delivered, 6);
        assert_eq!(rig.stored(), 6, "{version:?}");
    }
}

#[tokio::test]
async fn a_bucket_with_other_types_is_adopted_and_no_write_is_refused() {
    for version in ALL {
        let mut rig = Rig::new(version).await;
        rig.server.create(HOUSE, None);
        rig.server
            .seed(HOUSE, "m,entity_id=light.old attr_n=\"1\",attr_on=\"x\" 1795435100000000000")
            .unwrap();
        let mut sink = rig.sink();
        let batch = rig.batch([
            state("light.a", 1, "{\"n\":1}"),
            state("light.a", 2, "{\"n\":2,\"on\":true}"),
            state("light.a", 3, "{\"on\":\"text\"}"),
        ]);
        sink.write(&batch).await.unwrap();
        assert_eq!(sink.commit().await.unwrap().delivered, 3, "{version:?}");
        assert_eq!(
            (rig.stored(), rig.server.counters().refused),
            (4, 0),
            "{version:?}: no refusal was needed"
        );
        let conflicts = sink.view().look().conflicts;
        let told: Vec<_> = conflicts.iter().map(|c| (c.field.as_str(), c.goes_to.as_str(), c.rows)).collect();
        assert_eq!(told, [("attr_n", "attr_n_num", 2)], "{version:?}");
    }
}

#[tokio::test]
async fn another_writer_takes_a_name_while_the_sink_runs() {
    for version in ALL {
        let mut rig = Rig::new(version).await;
        let mut sink = rig.sink();
        let batch = rig.states(1);
        sink.write(&batch).await.unwrap();
        sink.commit().await.unwrap();
        rig.server.seed(HOUSE, "m,entity_id=light.b attr_late=\"text\" 1795435100000000000").unwrap();
        let batch = rig.batch([state("light.a", 10, "{\"late\":1}"), state("light.a", 11, "{}")]);
        sink.write(&batch).await.unwrap();
        assert_eq!(sink.commit().await.unwrap().delivered, 3, "{version:?}");
        let stored = rig.server.counts(HOUSE, "m");
        assert_eq!(stored.iter().filter(|((field, _), _)| field == "attr_late_num").count(), 1, "{stored:?}");
        drop(sink);

        // What was learned is known after a restart, and forgotten when a person wants that.
        let mut sink = rig.sink();
        assert_eq!(sink.encoder.schema().conflicts().len(), 1, "{version:?}");
        sink.view().reset();
        sink.idle().await.unwrap();
        assert_eq!(sink.view().look().conflicts, [], "{version:?}");
        let batch = rig.batch([state("light.a", 12, "{\"late\":2}")]);
        sink.write(&batch).await.unwrap();
        sink.commit().await.unwrap();
        assert_eq!(sink.view().look().conflicts.len(), 1, "{version:?}: the server was read again");
    }
}

#[tokio::test]
async fn while_the_server_is_away_one_batch_is_held_and_everything_comes_afterwards() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let batch = rig.states(1);
    sink.write(&batch).await.unwrap();
    sink.commit().await.unwrap();
    rig.server.cause(InfluxFault::Down);
    let (one, two) = (rig.states(50), rig.states(50));
    sink.write(&one).await.unwrap();
    rig.clock.advance(Duration::from_secs(1));
    for _ in 0..3 {
        let error = sink.write(&two).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transient, "{error}");
    }
    assert!(sink.commit().await.is_err(), "the position does not go ahead of the server");
    assert_eq!(sink.committed().seq, Seq(1));
    rig.server.heal();
    while sink.write(&two).await.is_err() {
        tokio::task::yield_now().await; // until its port is open again
    }
    let committed = sink.commit().await.unwrap();
    assert_eq!((committed.seq, committed.delivered, committed.events), (Seq(101), 101, 101));
    assert_eq!(rig.stored(), 101);
}

#[tokio::test]
async fn a_write_of_which_the_answer_was_cut_is_sent_again_and_doubles_nothing() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    sink.idle().await.unwrap();
    rig.server.cause_next(InfluxFault::CutAnswer, 1);
    let batch = rig.states(10);
    sink.write(&batch).await.unwrap();
    assert_eq!(sink.commit().await.unwrap_err().kind, ErrorKind::Transient);
    assert_eq!(rig.stored(), 10, "it had been taken");
    assert_eq!(sink.commit().await.unwrap().delivered, 10);
    assert_eq!(rig.stored(), 10);
}

#[tokio::test]
async fn each_trouble_waits_or_asks_for_a_person_and_loses_nothing() {
    use InfluxFault::{
        BadGateway, CacheFull, Forbidden, Internal, MaxSeries, NotFound, TooMany, Unauthorised, Unavailable,
    };
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    sink.idle().await.unwrap();
    let mut delivered = 0;
    for (fault, kind, seconds) in [
        (CacheFull, ErrorKind::Transient, None),
        (Internal, ErrorKind::Transient, None),
        (BadGateway, ErrorKind::Transient, None),
        (Unavailable(Some(7)), ErrorKind::Transient, Some(7)),
        (TooMany(Some(3)), ErrorKind::Transient, Some(3)),
        (Unauthorised, ErrorKind::Config, None),
        (Forbidden, ErrorKind::Config, None),
        (NotFound, ErrorKind::Config, None),
        (MaxSeries, ErrorKind::Config, None),
    ] {
        rig.server.cause(fault);
        let batch = rig.states(3);
        sink.write(&batch).await.unwrap();
        let error = sink.commit().await.unwrap_err();
        assert_eq!(
            (error.kind, error.retry_after),
            (kind, seconds.map(Duration::from_secs)),
            "{fault:?}: {error}"
        );
        rig.server.heal();
        delivered += 3;
        assert_eq!(sink.commit().await.unwrap().delivered, delivered, "{fault:?}");
    }
    assert_eq!(rig.stored(), 27);
    assert_eq!(sink.committed().quarantined, 0);
}

#[tokio::test]
async fn a_database_that_was_dropped_with_its_rows_is_not_made_again_in_silence() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let mut rig = Rig::new(version).await;
        let mut sink = rig.sink();
        let first = rig.states(3);
        sink.write(&first).await.unwrap();
        sink.commit().await.unwrap();
        assert!(rig.server.drop_database(HOUSE));
        let second = rig.states(2);
        for _ in 0..3 {
            let error = match sink.write(&second).await {
                Ok(()) => sink.commit().await.unwrap_err(),
                Err(error) => error,
            };
            assert_eq!(error.kind, ErrorKind::Config, "{version:?}: {error}");
            assert!(error.message.contains("see that") && error.message.contains("exists"), "{error}");
            assert!(!rig.server.has(HOUSE), "{version:?}");
        }
        rig.server.create(HOUSE, None);
        assert_eq!(sink.commit().await.unwrap().delivered, 5, "{version:?}");
        assert_eq!(rig.stored(), 2, "{version:?}: what was dropped is not sent again");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_sent_in_parts() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    sink.idle().await.unwrap();
    rig.server.cause(InfluxFault::TooLarge(400));
    let batch = rig.states(90);
    sink.write(&batch).await.unwrap();
    assert_eq!(sink.commit().await.unwrap().delivered, 90);
    assert_eq!(rig.stored(), 90);
    assert!(sink.most < 90, "the next batches are smaller");
}

#[tokio::test]
async fn the_sink_s_own_filter_and_the_server_s_retention_leave_out_and_count() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    rig.server.create(HOUSE, Some(Duration::from_hours(1)));
    rig.clock.advance(SystemClock::new().now().since(NOON));
    let now = (rig.clock.now().0 - NOON.0) / 1000;
    let mut sink = rig.sink();
    let raw = QuarantineRow {
        seq: Seq(0),
        ts: rig.clock.now(),
        site: "home".into(),
        reason: "no JSON".into(),
        raw: [].into(),
    };
    let batch = rig.batch([
        state("sensor.hidden", now, "{}"),
        state("light.a", now - 7_200_000, "{}"),
        state("light.a", now, "{}"),
        Row::Quarantined(raw),
    ]);
    sink.write(&batch).await.unwrap();
    let Committed { events, delivered, filtered, quarantined, .. } = sink.commit().await.unwrap();
    assert_eq!((events, delivered, filtered, quarantined), (4, 1, 2, 1));
    assert_eq!((rig.stored(), rig.server.counters().refused), (1, 0));
}

#[tokio::test]
async fn a_rule_about_rooms_holds_as_of_each_event() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    rig.config.filter = Filter::new(&["area:Kitchen".into()], &[]).unwrap();
    let mut sink = rig.sink();
    let in_room = |at: i64, room: &str| {
        let named = hearthline_core::Named { id: room.to_lowercase().into(), name: room.into() };
        let info = EntityInfo { area: Some(named), ..EntityInfo::unregistered("light.a".into()) };
        let ts = Timestamp(NOON.0 + at * 1000);
        let (site, changes) = ("home".into(), [].into());
        Row::Entity(EntityRow { seq: Seq(0), ts, site, info: Arc::new(info), removed: false, changes })
    };
    let batch = rig.batch([
        in_room(0, "Kitchen"),
        state("light.a", 1, "{}"),
        in_room(2, "Hall"),
        state("light.a", 3, "{}"),
        state("light.b", 4, "{}"),
    ]);
    sink.write(&batch).await.unwrap();
    let Committed { events, delivered, filtered, .. } = sink.commit().await.unwrap();
    assert_eq!((events, delivered, filtered), (3, 1, 2));
}

#[tokio::test]
async fn a_server_that_goes_while_nothing_happens_is_missed_soon() {
    let mut rig = Rig::new(InfluxVersion::V2).await;
    let mut sink = rig.sink();
    let batch = rig.states(1);
    sink.write(&batch).await.unwrap();
    sink.commit().await.unwrap();
    rig.server.cause(InfluxFault::Down);
    sink.idle().await.unwrap();
    rig.clock.advance(Duration::from_secs(11));
    sink.idle().await.unwrap_err();
    rig.server.heal();
    while sink.idle().await.is_err() {
        tokio::task::yield_now().await; // until its port is open again
    }
}

#[tokio::test]
async fn who_may_not_write_is_told_what_to_do_and_no_secret() {
    for (version, access) in [
        (InfluxVersion::V1, Access::Password { user: "hearthline".into(), password: "right".into() }),
        (InfluxVersion::V2, Access::Token("right".into())),
        (InfluxVersion::V3, Access::Token("right".into())),
    ] {
        let mut rig = Rig::with(version, access).await;
        rig.config.server.version = Some(match version {
            InfluxVersion::V1 => Version::V1,
            InfluxVersion::V2 => Version::V2,
            InfluxVersion::V3 => Version::V3,
        });
        let who = |config: &mut InfluxConfig, secret: &str| {
            if version == InfluxVersion::V1 {
                config.server.username = Some("hearthline".into());
                config.server.password = Some(Secret::new(secret));
            } else {
                config.server.token = Some(Secret::new(secret));
            }
        };
        who(&mut rig.config, "wrong-hunter2");
        let error = rig.sink().idle().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config, "{version:?}: {error}");
        assert!(error.message.contains("set the token") && !error.message.contains("hunter2"), "{error}");
        who(&mut rig.config, "right");
        let mut sink = rig.sink();
        let batch = rig.states(1);
        sink.write(&batch).await.unwrap();
        assert_eq!(sink.commit().await.unwrap().delivered, 1, "{version:?}");
    }
}

#[tokio::test]
async fn a_new_sink_begins_with_the_log_or_with_now() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    rig.states(4);
    assert_eq!((rig.sink().committed().seq, rig.sink().before()), (Seq(0), Some(0)));
    assert_eq!(rig.sink().committed().seq, Seq(0));
    rig.config = InfluxConfig { start: Start::Now, dir: "/data/sinks/other".into(), ..rig.config };
    assert_eq!((rig.sink().committed().seq, rig.sink().before()), (Seq(4), Some(4)));
}

#[tokio::test]
async fn a_position_that_cannot_be_read_is_a_start_from_the_log() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let batch = rig.states(2);
    sink.write(&batch).await.unwrap();
    sink.commit().await.unwrap();
    let fs: &dyn Fs = &rig.fs;
    fs.write_atomic("/data/sinks/influxdb/cursor".as_ref(), b"nonsense").unwrap();
    assert_eq!(rig.sink().committed(), Committed::default());
}

#[tokio::test]
async fn a_sink_that_is_held_sends_nothing_says_why_and_goes_on_with_the_fields_read_again() {
    let mut rig = Rig::new(InfluxVersion::V1).await;
    let mut sink = rig.sink();
    let first = rig.states(5);
    sink.write(&first).await.unwrap();
    sink.commit().await.unwrap();
    assert_eq!(rig.stored(), 5);

    let hold = sink.view().hold("waits for a repair");
    assert!(!hold.stands(Duration::from_millis(1)).await, "nobody has asked the sink yet");
    let second = rig.states(5);
    let error = sink.write(&second).await.unwrap_err();
    assert_eq!((error.kind, &*error.message), (ErrorKind::Transient, "waits for a repair"));
    assert!(hold.stands(Duration::from_secs(5)).await);
    assert_eq!(sink.idle().await.unwrap_err().message, "waits for a repair");
    assert_eq!(rig.stored(), 5);

    let again = sink.view().hold("waits for another");
    drop(hold);
    assert_eq!(sink.write(&second).await.unwrap_err().message, "waits for another");
    drop(again);
    rig.server.create(HOUSE, None);
    rig.server.seed(HOUSE, "m,entity_id=light.a attr_n=\"a text\" 1795435200000000000").unwrap();
    sink.write(&second).await.unwrap();
    sink.commit().await.unwrap();
    assert_eq!(rig.stored(), 6);
    assert!(rig.server.counts(HOUSE, "m").contains_key(&("attr_n_num".into(), FieldKind::Float)));
}

#[tokio::test]
async fn a_sink_that_is_switched_writes_everything_that_is_not_delivered_to_the_other_measurement() {
    for version in ALL {
        let mut rig = Rig::new(version).await;
        let mut sink = rig.sink();
        let first = rig.states(3);
        sink.write(&first).await.unwrap();
        sink.commit().await.unwrap();
        assert_eq!(sink.view().look().measurement.as_deref(), Some("m"));
        rig.server.cause(InfluxFault::Internal);
        let second = rig.states(2);
        sink.write(&second).await.unwrap();
        assert!(sink.commit().await.is_err(), "these are on their way");
        rig.server.heal();
        sink.view().write_to("m_2");
        let third = rig.states(2);
        rig.clock.advance(Duration::from_secs(5));
        sink.write(&third).await.unwrap();
        let committed = sink.commit().await.unwrap();
        assert_eq!(
            (committed.delivered, sink.view().look().measurement.as_deref()),
            (7, Some("m_2")),
            "{version:?}"
        );
        assert_eq!((rig.stored(), rig.server.points(HOUSE, "m_2").len()), (3, 4), "{version:?}");
    }
}
