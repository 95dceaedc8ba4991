//! A database is read with the types that it has: what is counted is what is read, and nothing is rounded.

use std::ops::Range;

use hearthline_core::Secret;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::server::page::Reader;
use hearthline_pipeline::sinks::influxdb::server::table::{EVER, Table};
use hearthline_pipeline::sinks::influxdb::stored::{FieldValue, StoredPoint};
use hearthline_pipeline::sinks::influxdb::{Server, ServerConfig, Version};

use super::peer::InfluxDb;

const T: i64 = 1_700_000_000_000_000_000;
const WEEK: i64 = 7 * 86_400 * 1_000_000_000;

pub(super) fn server(url: &str) -> Server {
    Server::new(config(url)).unwrap()
}

fn config(url: &str) -> ServerConfig {
    ServerConfig { version: Some(Version::V1), ..ServerConfig::new(url.parse().unwrap(), "house") }
}

async fn read(
    server: &mut Server,
    table: &Table,
    fields: &[(&str, FieldType)],
    range: Range<i64>,
) -> Vec<StoredPoint> {
    let fields: Vec<_> = fields.iter().map(|(field, kind)| ((*field).to_owned(), *kind)).collect();
    let mut reader = Reader::new(table, &fields, range);
    let mut all = Vec::new();
    while let Some(page) = reader.next(server).await.unwrap() {
        all.extend(page);
    }
    all
}

fn point(tags: &[(&str, &str)], time: i64, fields: &[(&str, FieldValue)]) -> StoredPoint {
    let tags = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
    let fields = fields.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
    StoredPoint { tags, time, fields }
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_field_with_a_type_of_its_own_in_each_shard_is_read_as_each_of_them() {
    let real = InfluxDb::running().await;
    for (n, value) in ["\"text\"", "1.5", "9007199254740993i", "true", "-3i", "0.1"].iter().enumerate() {
        let time = T + i64::try_from(n).unwrap() * WEEK;
        real.write(&format!("m,e=a f={value},g=\"beside\" {time}")).await.unwrap();
    }
    real.write(&format!("m,e=b f=2 {}", T + WEEK)).await.unwrap();
    let mut server = server(&real.url());
    let table = server.table(Version::V1, "m").await.unwrap();
    for (kind, times) in [
        (FieldType::Text, vec![(0, FieldValue::Text("text".into()))]),
        (
            FieldType::Float,
            vec![(1, FieldValue::Float(1.5)), (1, FieldValue::Float(2.0)), (5, FieldValue::Float(0.1))],
        ),
        (
            FieldType::Integer,
            vec![(2, FieldValue::Integer(9_007_199_254_740_993)), (4, FieldValue::Integer(-3))],
        ),
        (FieldType::Bool, vec![(3, FieldValue::Bool(true))]),
    ] {
        let points = read(&mut server, &table, &[("f", kind)], EVER).await;
        let found: Vec<_> =
            points.iter().map(|point| ((point.time - T) / WEEK, point.fields[0].1.clone())).collect();
        assert_eq!(found, times, "{kind}");
        let counted = server.count(&table, "f", kind, &EVER).await.unwrap();
        assert_eq!(counted, times.len() as u64, "{kind}");
    }
    let columns: Vec<_> = table.columns().collect();
    let all = read(&mut server, &table, &columns, EVER).await;
    assert_eq!(all.len(), 7);
    assert_eq!(all.iter().map(|point| point.fields.len()).sum::<usize>(), 13, "{all:?}");
    let within = T + WEEK..T + 3 * WEEK;
    assert_eq!(server.count(&table, "f", FieldType::Integer, &within).await.unwrap(), 1);
    assert_eq!(server.count(&table, "f", FieldType::Float, &within).await.unwrap(), 2);
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn names_and_texts_of_any_kind_are_read_as_they_were_written() {
    let real = InfluxDb::running().await;
    let lines = [
        format!(r#"m,e=a,area=k f="text" {T}"#),
        format!("m,e=b g=1.5 {T}"),
        format!(r#"m f="no tags" {}"#, T + 1),
        format!(
            "m,q\"uo\\ te=v\\ al\\,\\= wei\"rd\\ fi\\,eld=\"a \\\"q\\\" \\\\ \nnew \u{2028} \u{1f600} <&>\" {}",
            T + 2
        ),
        format!(r#"m,e=a e="a field",f="" {}"#, T + 3),
    ];
    real.write(&lines.join("\n")).await.unwrap();
    let mut server = server(&real.url());
    let table = server.table(Version::V1, "m").await.unwrap();
    assert_eq!(table.tags, ["area", "e", "q\"uo te"]);
    let columns: Vec<_> = table.columns().collect();
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let found = read(&mut server, &table, &columns, EVER).await;
    let expected = [
        point(&[("area", "k"), ("e", "a")], T, &[("f", text("text"))]),
        point(&[("e", "b")], T, &[("g", FieldValue::Float(1.5))]),
        point(&[], T + 1, &[("f", text("no tags"))]),
        point(
            &[("q\"uo te", "v al,=")],
            T + 2,
            &[("wei\"rd fi,eld", text("a \"q\" \\ \nnew \u{2028} \u{1f600} <&>"))],
        ),
        point(&[("e", "a")], T + 3, &[("e", text("a field")), ("f", text(""))]),
    ];
    assert_eq!(found, expected);
    let span = server.span(&table, &[("f".into(), FieldType::Text)]).await.unwrap();
    assert_eq!(span, Some(T..T + 4));
    for (field, count) in [("f", 3), ("e", 1), ("wei\"rd fi,eld", 1), ("not there", 0)] {
        assert_eq!(server.count(&table, field, FieldType::Text, &EVER).await.unwrap(), count, "{field}");
    }
    let nothing = server.table(Version::V1, "nothing").await.unwrap();
    assert_eq!((nothing.fields.len(), nothing.tags.len()), (0, 0));
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn pages_hold_all_points_of_their_times_and_no_point_twice() {
    let real = InfluxDb::running().await;
    let mut written = 0;
    // Many times with a few points each, one time with more points than a page has rows, and texts that make answers large.
    for part in 0..20 {
        let lines = (0..1_500).map(|n| {
            let (series, time) = (n % 7, T + part * 40 * WEEK + n / 7);
            format!("m,e=s{series} f=\"{part}.{n}\" {time}")
        });
        written += 1_500;
        real.write(&lines.collect::<Vec<_>>().join("\n")).await.unwrap();
    }
    for part in 0..4 {
        let lines = (0..4_000).map(|n| format!("m,e=t{} f=\"at once\" {}", part * 4_000 + n, T + 900 * WEEK));
        written += 4_000;
        real.write(&lines.collect::<Vec<_>>().join("\n")).await.unwrap();
    }
    let long = "x".repeat(60_000);
    for n in 0..400 {
        real.write(&format!("m,e=long f=\"{n}{long}\" {}", T + 901 * WEEK + n)).await.unwrap();
    }
    written += 400;
    let mut server = server(&real.url());
    let table = server.table(Version::V1, "m").await.unwrap();
    let fields = [("f".to_owned(), FieldType::Text)];
    let mut reader = Reader::new(&table, &fields, EVER);
    let (mut points, mut pages, mut largest, mut last) = (0, 0, 0, EVER.start);
    while let Some(page) = reader.next(&mut server).await.unwrap() {
        assert!(page[0].time > last, "a time is in one page alone");
        last = page[page.len() - 1].time;
        let in_order = page.windows(2).all(|two| (two[0].time, &two[0].tags) < (two[1].time, &two[1].tags));
        assert!(in_order, "sorted, and none twice");
        points += page.len();
        pages += 1;
        largest = largest.max(page.len());
    }
    assert_eq!(points, written);
    assert_eq!(server.count(&table, "f", FieldType::Text, &EVER).await.unwrap(), written as u64);
    println!("{points} points in {pages} pages, the largest {largest}");
}

#[tokio::test]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn whoever_may_not_list_shards_still_tells_integers_and_floats_apart() {
    let real = InfluxDb::guarded().await;
    let config = ServerConfig {
        username: Some("writer".into()),
        password: Some(Secret::new("right")),
        ..config(&real.url())
    };
    let mut server = Server::new(config).unwrap();
    for (week, value) in ["1i", "2.0", "3i", "4.5"].into_iter().enumerate() {
        let time = T + i64::try_from(week).unwrap() * WEEK;
        let lines = format!("m,e=a f={value} {time}\n");
        server.write(Version::V1, lines.as_bytes()).await.unwrap();
    }
    let table = server.table(Version::V1, "m").await.unwrap();
    let found = read(&mut server, &table, &[("f", FieldType::Integer), ("f", FieldType::Float)], EVER).await;
    let values: Vec<_> = found.into_iter().flat_map(|point| point.fields).map(|(_, value)| value).collect();
    let (float, integer) = (FieldValue::Float, FieldValue::Integer);
    assert_eq!(values, [integer(1), float(2.0), integer(3), float(4.5)]);
}
