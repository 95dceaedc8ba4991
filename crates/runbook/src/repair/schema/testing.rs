//! A simulated server that an older system wrote to for three weeks, and an engine that mends it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hearthline_core::{ManualClock, MemFs, Secret, SystemClock, Timestamp};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_pipeline::sinks::influxdb::{ServerConfig, Version};
use hearthline_sim::{Access, FieldKind, InfluxDb, InfluxVersion, Point};
use serde_json::{Value, json};

use super::MendedSink;
use crate::repair::testing::{Case, engine, killed};
use crate::repair::{Engine, Job, Receipt, Repair};

/// The repair that is tried.
pub(super) type Made = fn(MendedSink, NativeLayout) -> Box<dyn Repair>;

/// 2023-11-14T22:13:20Z; each week is a shard of versions 1 and 2.
pub(super) const BEGIN: i64 = 1_700_000_000_000_000_000;
pub(super) const WEEK: i64 = 7 * 86_400 * 1_000_000_000;
pub(super) const ROWS: i64 = 60;
/// Where a world is made again and again.
pub(super) const FEW: i64 = 4;
/// Each is a world of its own.
const KILLS: u64 = 8;
const TOKEN: &str = "of-the-simulated-one";

pub(super) type Counts = BTreeMap<(String, FieldKind), u64>;

pub(super) struct World {
    pub(super) server: InfluxDb,
    pub(super) disk: MemFs,
    pub(super) sink: MendedSink,
    pub(super) made: Made,
}

fn layout() -> NativeLayout {
    NativeLayout {
        weather: false,
        ..NativeLayout::new(
            "m",
            serde_json::from_value::<Attributes>(json!(["dynamics", "brightness", "count"])).unwrap(),
        )
    }
}

/// The repair of a world, begun and not yet carried out.
pub(super) async fn begun(world: &World) -> Job {
    world.engine().begin("schema", &Value::Null, None).await.unwrap()
}

impl World {
    pub(super) async fn new(version: InfluxVersion, made: Made) -> Self {
        Self::of(version, made, ROWS).await
    }

    /// With so many rows in each week.
    pub(super) async fn of(version: InfluxVersion, made: Made, rows: i64) -> Self {
        let access = if version == InfluxVersion::V1 { Access::Open } else { Access::Token(TOKEN.into()) };
        let server = InfluxDb::new(version, access, Arc::new(SystemClock::new()));
        server.create("house", None);
        let weeks = if version == InfluxVersion::V3 { 1 } else { 3 };
        for week in 0..weeks {
            for n in 0..rows {
                let time = BEGIN + week * WEEK + n * 1_000_000_000;
                let dynamics = match week {
                    1 => (n % 2 == 0).to_string(),
                    _ => format!("\"none, \\\"{n}\\\"\n\""),
                };
                let count = match week {
                    1 if n == 7 => "9007199254740993i".to_owned(),
                    1 => format!("{n}i"),
                    _ => format!("{n}.5"),
                };
                let area = if n % 3 == 0 { ",area=hall\\ way" } else { "" };
                let line = format!(
                    "m,entity_id=light.e{}{area} state=\"on\",attr_dynamics={dynamics},attr_brightness=\"{n}\",attr_count={count},attr_other=\"left\" {time}",
                    n % 4
                );
                server.seed("house", &line).unwrap();
            }
        }
        // The sink has been here: a row of its own, one that is copied already, and one that says something else.
        let ours = format!(
            "m,entity_id=light.mine,area=hall state=\"on\",attr_dynamics_str=\"ours\" {}\n\
             m,entity_id=light.e1 attr_brightness_str=\"1\" {}\n\
             m,entity_id=light.e2 attr_brightness_str=\"something else\" {}",
            BEGIN + 5,
            BEGIN + 1_000_000_000,
            BEGIN + 2_000_000_000
        );
        server.seed("house", &ours).unwrap();
        let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (version, token) = match version {
            InfluxVersion::V1 => (Version::V1, None),
            InfluxVersion::V2 => (Version::V2, Some(Secret::new(TOKEN))),
            InfluxVersion::V3 => (Version::V3, Some(Secret::new(TOKEN))),
        };
        let disk = MemFs::default();
        let sink = MendedSink {
            name: "influxdb".into(),
            dir: "/data/sinks/influxdb".into(),
            server: ServerConfig {
                version: Some(version),
                org: Some("home".into()),
                token,
                ..ServerConfig::new(format!("http://{address}").parse().unwrap(), "house")
            },
            view: None,
            fs: Arc::new(disk.clone()),
            clock: Arc::new(ManualClock::at(Timestamp(1_795_653_667_000_000))),
        };
        Self { server, disk, sink, made }
    }

    /// The world to be tried on, of which `there` is looked at.
    pub(super) fn case(self, there: impl Fn(&Self) -> String + 'static) -> Case {
        let (disk, sink, made) = (self.disk.clone(), self.sink.clone(), self.made);
        let made = Arc::new(move |_: &_| made(sink.clone(), layout()));
        Case { disk, made, there: Box::new(move || there(&self)) }
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        let (sink, made) = (self.sink.clone(), self.made);
        engine(&self.disk, "schema", Arc::new(move |_| made(sink.clone(), layout())))
    }

    pub(super) async fn apply(&self) -> Receipt {
        let job = self.engine().begin("schema", &Value::Null, None).await.unwrap();
        job.run().await.unwrap()
    }

    pub(super) async fn undo(&self, id: &str) -> Receipt {
        self.engine().undo(id).unwrap().run().await.unwrap()
    }

    /// A job that is carried out to its end, and after how many requests others like it are killed: spread over all of it.
    pub(super) async fn moments(&self, job: Job) -> impl Iterator<Item = u64> {
        let before = self.server.counters().requests;
        job.run().await.unwrap();
        let requests = self.server.counters().requests - before;
        assert!(requests > KILLS, "{requests} requests");
        (0..KILLS).map(move |n| 1 + n * requests / KILLS)
    }

    /// Carries a job out until the server has had so many requests of it.
    pub(super) async fn killed(&self, after: u64, job: Job) {
        assert!(killed(&self.server, after, job.run()).await.is_none(), "it was over before request {after}");
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts_of("m")
    }

    pub(super) fn counts_of(&self, measurement: &str) -> Counts {
        let mut counts = self.server.counts("house", measurement);
        counts.retain(|_, count| *count > 0);
        counts
    }

    pub(super) fn points(&self) -> Vec<Point> {
        self.points_of("m")
    }

    pub(super) fn points_of(&self, measurement: &str) -> Vec<Point> {
        let mut points = self.server.points("house", measurement);
        points.sort_by(|a, b| (a.time, &a.tags).cmp(&(b.time, &b.tags)));
        points
    }
}

pub(super) fn of(field: &str, kind: FieldKind) -> (String, FieldKind) {
    (field.to_owned(), kind)
}
