//! A wall clock that is set while the program runs and between two runs. The machine's own cannot be set here, so the
//! parts are put together on a clock that can.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, ManualClock, MemFs, Timestamp};
use hearthline_log::{Append, Log, LogConfig, LogThread, LogWriter};
use hearthline_pipeline::deliver::{Delivery, Step};
use hearthline_pipeline::ingest::{Hello, Ingest};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sources::home_assistant::wire;
use hearthline_store::{StatesQuery, Store, StoreConfig};

const NOON: Timestamp = Timestamp(1_800_000_000_000_000);
const YEAR: Duration = Duration::from_secs(365 * 86_400);
const FLUSH: Duration = Duration::from_secs(600);

/// One run of the parts, without a connection.
struct Run {
    log: Log,
    writer: LogThread,
    ingest: Ingest,
    delivery: Delivery<StoreSink>,
    store: Arc<Store>,
}

impl Run {
    fn start(fs: &MemFs, clock: &ManualClock) -> Self {
        let (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(fs.clone()), Arc::new(clock.clone()));
        let config = StoreConfig { flush_interval: FLUSH, ..StoreConfig::new("/data/store") };
        let store = Arc::new(Store::open(Arc::clone(&fs), Arc::clone(&clock), config).unwrap());
        let config = LogConfig { ring_bytes: 1 << 20, ..LogConfig::new("/data/log") };
        let (writer, recovery) =
            LogWriter::open(fs, Arc::clone(&clock), config, store.committed().next()).unwrap();
        assert_eq!((recovery.torn_bytes, recovery.damage), (0, vec![]));
        let log = writer.log();
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&clock), Arc::default()).unwrap();
        ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
        ingest.running();
        let sink = StoreSink::new(Arc::clone(&store), Live::default());
        let delivery = Delivery::open(log.clone(), clock, sink, "home").unwrap();
        Self { log, writer: writer.spawn().unwrap(), ingest, delivery, store }
    }

    /// An event of this moment, in files once the time for that has passed.
    async fn hears(&mut self, clock: &ManualClock, number: usize) {
        let at = clock.now();
        let state = format!(
            r#"{{"entity_id":"sensor.a","state":"{number}","attributes":{{}},"last_changed":"{at}","last_updated":"{at}","context":{{"id":"01M","parent_id":null,"user_id":null}}}}"#
        );
        let event = format!(
            r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.a","old_state":null,"new_state":{state}}},"origin":"LOCAL","time_fired":"{at}","context":{{"id":"01M","parent_id":null,"user_id":null}}}}"#
        );
        self.ingest.accept(&wire::parse_event(&event).unwrap(), at).unwrap();
        self.ingest.end_frame().unwrap();
        let log = &self.log;
        log.wait_written(log.append(Append::new()).unwrap()).await;
        while self.delivery.step().await.unwrap() == Step::Worked {}
        assert!(self.store.committed() < log.written(), "not before its time");
        clock.advance(FLUSH);
        assert_eq!(self.delivery.step().await.unwrap(), Step::Idle);
        assert_eq!(self.store.committed(), log.written(), "not later either");
    }

    async fn stop(mut self) {
        self.ingest.stopped();
        self.delivery.drain().await.unwrap();
        self.writer.stop().unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_is_set_refuses_nothing_doubles_nothing_and_delays_nothing() {
    let (fs, clock) = (MemFs::default(), ManualClock::at(NOON));
    let mut heard = BTreeSet::new();
    for wall in [NOON, NOON.minus(YEAR), NOON.plus(YEAR)] {
        clock.set_wall(wall);
        let mut run = Run::start(&fs, &clock);
        for wall in [wall, wall.minus(FLUSH * 7), wall.plus(FLUSH * 7), wall.minus(YEAR / 2)] {
            clock.set_wall(wall);
            assert!(heard.insert(wall), "another time");
            run.hears(&clock, heard.len()).await;
        }
        let mut stored = Vec::new();
        let query = StatesQuery {
            entities: None,
            renamed: false,
            from: Timestamp(i64::MIN),
            to: Timestamp(i64::MAX),
        };
        run.store
            .states(&query, |row| {
                stored.push(row.ts);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(stored, heard.iter().copied().collect::<Vec<_>>(), "each once, in order");
        assert_eq!(run.log.stats().events_total, heard.len() as u64);
        run.stop().await;
    }
}
