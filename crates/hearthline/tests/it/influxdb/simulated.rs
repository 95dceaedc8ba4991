//! Simulated servers in this process.

use std::net::SocketAddr;
use std::sync::Arc;

use hearthline_core::SystemClock;
use hearthline_sim::{Access, FieldValue, InfluxDb, InfluxVersion};

use super::MEASUREMENT;

const TOKEN: &str = "of-the-simulated-one";

/// One with an empty database `house`.
pub(crate) async fn simulated(version: InfluxVersion) -> (InfluxDb, SocketAddr) {
    let access = if version == InfluxVersion::V1 { Access::Open } else { Access::Token(TOKEN.into()) };
    let server = InfluxDb::new(version, access, Arc::new(SystemClock::new()));
    server.create("house", None);
    let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    (server, address)
}

/// A sink for it.
pub(crate) fn settings(name: &str, version: InfluxVersion, address: SocketAddr) -> String {
    let own = match version {
        InfluxVersion::V1 => "database = \"house\"\n".to_owned(),
        InfluxVersion::V2 => format!("bucket = \"house\"\norg = \"home\"\ntoken = \"{TOKEN}\"\n"),
        InfluxVersion::V3 => format!("database = \"house\"\ntoken = \"{TOKEN}\"\n"),
    };
    format!("[[sinks]]\ntype = \"influxdb\"\nname = \"{name}\"\nurl = \"http://{address}\"\n{own}")
}

/// Entity, time and state of every point.
pub(super) fn states(server: &InfluxDb) -> Vec<(String, i64, String)> {
    let points = server.points("house", MEASUREMENT).into_iter();
    points
        .map(|point| {
            let Some(FieldValue::Text(state)) = point.fields.get("state") else {
                panic!("no state: {point:?}")
            };
            (point.tags["entity_id"].clone(), point.time, state.clone())
        })
        .collect()
}
