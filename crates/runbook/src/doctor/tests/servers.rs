//! What can be wrong with a sink's server.

use std::path::PathBuf;
use std::time::Duration;

use hearthline_core::{Fs, MemFs, Secret, Timestamp};
use hearthline_pipeline::sinks::influxdb::ServerConfig;
use hearthline_pipeline::sinks::influxdb::schema::{FieldType, Schema};
use hearthline_pipeline::sinks::influxdb::server::TRIAL;
use hearthline_sim::{Access, InfluxFault, InfluxVersion};

use super::super::{Depth, Sink, Subject};
use super::rig::{Case, LOCAL, case, look, subject, subject_on};
use crate::repair::testing::{DATABASE, influxdb, layout};

fn sink(server: ServerConfig) -> Sink {
    Sink {
        name: "influxdb".into(),
        dir: PathBuf::from("/data/sinks/influxdb"),
        server: Ok(server),
        layout: layout(),
    }
}

fn of(server: ServerConfig) -> Subject {
    Subject { sinks: vec![sink(server)], ..subject() }
}

pub(super) async fn cases() -> Vec<Case> {
    let open = || influxdb(InfluxVersion::V1, Access::Open);
    let (down, away) = open().await;
    down.cause(InfluxFault::Down);
    let right = Access::Password { user: "writer".into(), password: "right".into() };
    let (_guarded, guarded) = influxdb(InfluxVersion::V1, right).await;
    let wrong =
        ServerConfig { username: Some("writer".into()), password: Some(Secret::new("wrong")), ..guarded };
    let (empty, missing) = open().await;
    empty.drop_database(DATABASE);
    let (old, taken) = open().await;
    old.seed(DATABASE, "events attr_dynamics=\"smooth\",value=\"21.5\" 1000").unwrap();
    let mapped = {
        let disk = MemFs::default();
        let mut schema = Schema::default();
        for field in ["attr_dynamics", "value"] {
            schema.adopt("events", field, [FieldType::Text], Timestamp(0));
        }
        let fs: &dyn Fs = &disk;
        fs.create_dir_all("/data/sinks/influxdb".as_ref()).unwrap();
        let text = serde_json::to_vec(&schema).unwrap();
        fs.write_atomic("/data/sinks/influxdb/schema.json".as_ref(), &text).unwrap();
        Subject { sinks: vec![sink(taken.clone())], ..subject_on(&disk) }
    };
    let unreadable = Sink { server: Err("cannot read ca_file".into()), ..sink(taken.clone()) };
    vec![
        case("no sink", "sinks-none", subject()).await,
        case("nothing is wrong", "sink-ok", of(open().await.1)).await,
        case("no type is another", "conflicts-none", of(open().await.1)).await,
        case("InfluxDB is down", "sink-away", of(away)).await,
        case("a wrong password", "sink-refuses", of(wrong)).await,
        case(
            "a certificate that cannot be read",
            "sink-refuses",
            Subject { sinks: vec![unreadable], ..subject() },
        )
        .await,
        case("no database", "sink-missing", of(missing)).await,
        case("fields of another type, not mapped", "conflicts-unmapped", of(taken)).await,
        case("the same, mapped", "conflicts-mapped", mapped).await,
        case("a server that does not say its fields", "conflicts-unknown", of(silent().await)).await,
    ]
}

/// A server of which nothing can be asked but who it is, and to which everything can be written.
async fn silent() -> ServerConfig {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_, config) = influxdb(InfluxVersion::V1, Access::Open).await;
    let listener = tokio::net::TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = vec![0; 8192];
                while let Ok(count @ 1..) = stream.read(&mut asked).await {
                    let asks = asked[..count].starts_with(b"GET /query")
                        || asked[..count].starts_with(b"POST /query");
                    let answer = if asks {
                        "HTTP/1.1 403 Forbidden\r\nX-Influxdb-Version: 1.6.7\r\nX-Influxdb-Build: OSS\r\nContent-Length: 33\r\n\r\n{\"error\":\"may not read anything\"}"
                    } else {
                        "HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.6.7\r\nX-Influxdb-Build: OSS\r\n\r\n"
                    };
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    ServerConfig { url: format!("http://{address}").parse().unwrap(), ..config }
}

#[tokio::test]
async fn a_point_is_written_read_back_and_removed_from_each_version() {
    for version in [InfluxVersion::V1, InfluxVersion::V2, InfluxVersion::V3] {
        let (server, config) = influxdb(version, Access::Open).await;
        let report = look(of(config), Depth::Try).await;
        let found = report.findings.iter().find(|finding| finding.check == "sinks").unwrap();
        assert_eq!(found.id, "sink-ok", "{version:?}: {found:?}");
        assert!(found.says.contains("gave it back as it was written"), "{version:?}: {found:?}");
        assert_eq!(server.counters().stored, 1, "{version:?}");
        assert_eq!(server.points(DATABASE, TRIAL), [], "{version:?}: nothing is left");
    }
}

#[tokio::test]
async fn a_look_writes_nothing() {
    let (server, config) = influxdb(InfluxVersion::V1, Access::Open).await;
    let report = look(of(config), Depth::Look).await;
    assert_eq!(server.counters().stored, 0);
    assert!(report.skipped.iter().any(|skipped| skipped.check == "sink-write"), "{report:?}");
}

#[tokio::test]
async fn a_server_that_answers_late_does_not_hold_up_the_others() {
    let (slow, first) = influxdb(InfluxVersion::V1, Access::Open).await;
    slow.cause(InfluxFault::Slow(Duration::from_millis(200)));
    let (_second, second) = influxdb(InfluxVersion::V1, Access::Open).await;
    let second = Sink { name: "second".into(), ..sink(second) };
    let report = look(Subject { sinks: vec![sink(first), second], ..subject() }, Depth::Try).await;
    let of = report.findings.iter().filter(|finding| finding.id == "sink-ok");
    let names: Vec<_> = of.map(|finding| finding.about.clone().unwrap()).collect();
    assert_eq!(names, ["influxdb", "second"], "in the order of the settings");
}
