use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{ManualClock, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

/// Microseconds; in the middle of a shard.
const NOW: i64 = 1_700_000_000_000_000;

fn server(version: InfluxVersion, access: Access) -> InfluxDb {
    let server = InfluxDb::new(version, access, Arc::new(ManualClock::at(Timestamp(NOW))));
    server.create("home", None);
    server
}

fn open(version: InfluxVersion) -> InfluxDb {
    server(version, Access::Open)
}

/// A connection on which one request follows the other.
struct Client(DuplexStream);

impl Client {
    fn of(server: &InfluxDb) -> Self {
        let (ours, theirs) = duplex(1 << 20);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs).await });
        Self(ours)
    }

    async fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let head = format!("{method} {path} HTTP/1.1\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.0.write_all(head.as_bytes()).await.unwrap();
        self.0.write_all(body).await.unwrap();
    }

    /// Status, head and body of the next answer.
    async fn answer(&mut self) -> Option<(u16, String, Value)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).await.ok()?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some((status, head, serde_json::from_slice(&body).unwrap_or_default()))
    }

    async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, Value) {
        self.send(method, path, headers, body.as_bytes()).await;
        self.answer().await.expect("an answer")
    }

    async fn write(&mut self, path: &str, lines: &str) -> (u16, Value) {
        let (status, _, body) = self.ask("POST", path, "", lines).await;
        (status, body)
    }
}

fn as_json(point: &Point) -> Value {
    let mut row = serde_json::Map::new();
    row.insert("time".into(), point.time.into());
    row.extend(point.tags.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    row.extend(point.fields.iter().map(|(name, value)| (name.clone(), value_json(value))));
    json!([point.measurement, row])
}

fn value_json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Bool(bool) => (*bool).into(),
        // Go writes a whole number without its fraction.
        FieldValue::Float(float) => serde_json::from_str(&float.to_string()).unwrap(),
        FieldValue::Integer(integer) => (*integer).into(),
        FieldValue::Unsigned(integer) => (*integer).into(),
    }
}

#[tokio::test]
async fn it_answers_each_write_as_the_real_one_did_and_keeps_the_same() {
    let mut group = Value::Null;
    let mut server = open(InfluxVersion::V1);
    let mut client = Client::of(&server);
    let mut writes = 0;
    for line in include_str!("recorded-1.6.7.ndjson").lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if recorded["group"] != group {
            group = recorded["group"].clone();
            server = open(InfluxVersion::V1);
            client = Client::of(&server);
        }
        let (status, body) = client.write("/write?db=home", recorded["write"].as_str().unwrap()).await;
        assert_eq!((&json!(status), &body["error"]), (&recorded["status"], &recorded["error"]), "{line}");
        let state = server.0.state.lock();
        let database = &state.databases["home"];
        let fields: Vec<_> = database
            .measurements()
            .iter()
            .flat_map(|name| {
                database.fields(name).into_iter().map(move |(field, kind)| json!([name, field, kind.word()]))
            })
            .collect();
        assert_eq!(Value::Array(fields), recorded["fields"], "{line}");
        let points = database.measurements().into_iter().flat_map(|name| database.points(name));
        let mut points: Vec<_> = points.collect();
        points.sort_by_key(|point| (point.measurement.clone(), point.time));
        let points: Vec<_> = points.iter().map(as_json).collect();
        if !recorded["points"].is_null() {
            assert_eq!(Value::Array(points), recorded["points"], "{line}");
        }
        writes += 1;
    }
    assert!(writes > 80, "{writes} writes are recorded");
}

#[tokio::test]
async fn a_write_to_nowhere_is_refused_as_recorded() {
    let mut client = Client::of(&open(InfluxVersion::V1));
    for (path, status, words) in [
        ("/write?db=nosuch", 404, "database not found: \"nosuch\""),
        ("/write", 400, "database is required"),
        ("/write?db=home&rp=nosuch", 500, "retention policy not found: nosuch"),
    ] {
        let (told, body) = client.write(path, "m f=1").await;
        assert_eq!((told, &body["error"]), (status, &json!(words)), "{path}");
    }
    let (status, head, _) = client.ask("GET", "/ping", "", "").await;
    assert!(status == 204 && head.contains("X-Influxdb-Version: 1.6.7"), "{head}");
    assert_eq!(client.ask("GET", "/health", "", "").await.0, 404);
    assert_eq!(client.write("/api/v2/write?bucket=home", "m f=1").await.0, 404);
}

#[tokio::test]
async fn gzip_is_read_and_what_only_says_so_is_refused() {
    use std::io::Write as _;
    let server = open(InfluxVersion::V1);
    let mut client = Client::of(&server);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"m f=1 1\nm f=2 2\n").unwrap();
    client.send("POST", "/write?db=home", "Content-Encoding: gzip\r\n", &gzip.finish().unwrap()).await;
    assert_eq!(client.answer().await.unwrap().0, 204);
    assert_eq!(server.points("home", "m").len(), 2);
    let (status, _, body) = client.ask("POST", "/write?db=home", "Content-Encoding: gzip\r\n", "m f=1").await;
    assert_eq!((status, &body["error"]), (400, &json!("gzip: invalid header")));
}

#[tokio::test]
async fn what_is_older_than_is_kept_is_dropped_with_a_word() {
    let server = open(InfluxVersion::V1);
    server.create("short", Some(Duration::from_secs(3600)));
    let mut client = Client::of(&server);
    let (status, body) =
        client.write("/write?db=short&precision=s", "m f=1 1000000000\nm f=2 1700000000").await;
    assert_eq!(
        (status, &body["error"]),
        (400, &json!("partial write: points beyond retention policy dropped=1"))
    );
    assert_eq!(server.points("short", "m").len(), 1);
    let answer = client.ask("GET", "/query?db=short&q=SHOW+RETENTION+POLICIES", "", "").await.2;
    assert_eq!(
        answer["results"][0]["series"][0]["values"],
        json!([["autogen", "1h0m0s", "168h0m0s", 1, true]])
    );
}

#[tokio::test]
async fn questions_are_answered_as_recorded() {
    let server = open(InfluxVersion::V1);
    server
        .seed("home", "m,e=a f=1,b=true,s=\"x\" 1700000000000000000\nm,e=a f=\"t\" 1600000000000000000")
        .unwrap();
    let mut client = Client::of(&server);
    let mut ask = async |question: &str| {
        let question: String = url::form_urlencoded::byte_serialize(question.as_bytes()).collect();
        client.ask("POST", &format!("/query?db=home&q={question}"), "", "").await.2
    };
    let series = |answer: &Value| answer["results"][0]["series"][0]["values"].clone();
    assert_eq!(series(&ask("SHOW DATABASES").await), json!([["home"]]));
    assert_eq!(series(&ask("SHOW MEASUREMENTS").await), json!([["m"]]));
    let fields = json!([["b", "boolean"], ["f", "float"], ["f", "string"], ["s", "string"]]);
    assert_eq!(series(&ask("SHOW FIELD KEYS").await), fields);
    assert_eq!(series(&ask("SHOW FIELD KEYS ON \"home\" FROM \"home\".\"autogen\".\"m\"").await), fields);
    assert_eq!(series(&ask("SHOW FIELD KEYS FROM \"nosuch\"").await), Value::Null);
    assert_eq!(series(&ask("SHOW TAG KEYS FROM m").await), json!([["e"]]));
    for (kind, count) in [("string", json!([["1970-01-01T00:00:00Z", 1]])), ("boolean", Value::Null)] {
        assert_eq!(series(&ask(&format!("SELECT COUNT(\"f\"::{kind}) FROM \"m\"")).await), count, "{kind}");
    }
    let other = ask("SHOW FIELD KEYS ON nosuch").await;
    assert_eq!(other["results"][0]["error"], "database not found: nosuch");
    assert!(
        ask("nonsense").await["error"].as_str().unwrap().starts_with("error parsing query: found NONSENSE")
    );
    ask("CREATE DATABASE \"new one\"; DROP MEASUREMENT m").await;
    assert_eq!(series(&ask("SHOW DATABASES").await), json!([["home"], ["new one"]]));
    assert_eq!(server.points("home", "m"), []);
    server.seed("home", "m f=true 1700000000000000000").expect("the type is free");
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let access = Access::Password { user: "me".into(), password: "right".into() };
    let mut client = Client::of(&server(InfluxVersion::V1, access));
    let (status, _, body) = client.ask("POST", "/write?db=home", "", "m f=1").await;
    assert_eq!((status, &body["error"]), (401, &json!("unable to parse authentication credentials")));
    let (status, _, body) = client.ask("POST", "/write?db=home&u=me&p=wrong", "", "m f=1").await;
    assert_eq!((status, &body["error"]), (401, &json!("authorization failed")));
    let basic = "Authorization: Basic bWU6cmlnaHQ=\r\n";
    assert_eq!(client.ask("POST", "/write?db=home", basic, "m f=1").await.0, 204);
    assert_eq!(client.ask("GET", "/query?q=SHOW+DATABASES&u=me&p=right", "", "").await.0, 200);

    for version in [InfluxVersion::V2, InfluxVersion::V3] {
        let mut client = Client::of(&server(version, Access::Token("right".into())));
        let path = "/query?db=home&q=SHOW+DATABASES";
        assert_eq!(client.ask("GET", path, "Authorization: Token wrong\r\n", "").await.0, 401);
        assert_eq!(client.ask("GET", path, "Authorization: Token right\r\n", "").await.0, 200);
    }
}

#[tokio::test]
async fn a_bucket_takes_nothing_of_a_write_that_it_cannot_read_and_the_rest_of_one_that_it_refuses() {
    let server = open(InfluxVersion::V2);
    let mut client = Client::of(&server);
    let path = "/api/v2/write?org=home&bucket=home&precision=ns";
    assert_eq!(client.write(path, "").await.1["message"], "writing requires points");
    assert_eq!(client.write(path, "m f=1,u=1u 1").await.0, 204);
    let (status, body) = client.write(path, "m f=2 2\nm f= 3").await;
    assert_eq!((status, &body["code"]), (400, &json!("invalid")));
    assert_eq!(server.points("home", "m").len(), 1);
    let (status, body) = client.write(path, "m f=2 2\nm f=\"x\" 3").await;
    let words = "failure writing points to database: partial write: field type conflict: input field \"f\" on \
                 measurement \"m\" is type string, already exists as type float dropped=1";
    assert_eq!((status, &body["message"]), (422, &json!(words)));
    assert_eq!(server.points("home", "m").len(), 2);
    for path in ["/api/v2/write?org=home&bucket=gone", "/api/v2/write?org=other&bucket=home"] {
        assert_eq!(client.write(path, "m f=1").await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_bucket_is_found_and_made() {
    let server = open(InfluxVersion::V2);
    let mut client = Client::of(&server);
    assert_eq!(client.ask("GET", "/health", "", "").await.2["status"], "pass");
    let orgs = client.ask("GET", "/api/v2/orgs?org=home", "", "").await.2;
    let id = orgs["orgs"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.ask("GET", "/api/v2/buckets?org=home&name=new", "", "").await.0, 404);
    let wanted = json!({ "orgID": id, "name": "new", "retentionRules": [] }).to_string();
    assert_eq!(client.write("/api/v2/buckets", &wanted).await.0, 201);
    assert_eq!(client.write("/api/v2/buckets", &wanted).await.0, 422);
    let found = client.ask("GET", "/api/v2/buckets?org=home&name=new", "", "").await.2;
    assert_eq!(found["buckets"][0]["name"], "new");
    assert_eq!(client.write("/api/v2/write?org=home&bucket=new", "m f=1").await.0, 204);
}

#[tokio::test]
async fn the_third_names_every_line_that_it_refuses_and_has_one_type_for_all_times() {
    let server = open(InfluxVersion::V3);
    let mut client = Client::of(&server);
    let path = "/api/v3/write_lp?db=made&precision=nanosecond";
    let lines =
        "home,room=a temp=96 1735545600000000000\nhome,room=a temp=\"hi\" 1635549200000000000\nhome temp= 3";
    let (status, body) = client.write(path, lines).await;
    assert_eq!((status, &body["error"]), (400, &json!("partial write of line protocol occurred")));
    assert_eq!(
        body["data"][0],
        json!({
            "original_line": "home,room=a temp=hi 1635549200000000000", "line_number": 2,
            "error_message": "invalid column type for column 'temp', expected iox::column_type::field::float, \
                              got iox::column_type::field::string",
        })
    );
    assert_eq!((&body["data"][1]["line_number"], body["data"].as_array().unwrap().len()), (&json!(3), 2));
    assert_eq!(server.points("made", "home").len(), 1);
    let (_, body) = client.write(path, "home room=1 5").await;
    assert!(body["data"][0]["error_message"].as_str().unwrap().contains("expected iox::column_type::tag"));
    let question = "/api/v3/query_sql?db=made&q=SELECT+*+FROM+information_schema.columns";
    let columns = client.ask("GET", question, "", "").await.2;
    let types: BTreeMap<_, _> = columns
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["column_name"].as_str().unwrap(), row["data_type"].as_str().unwrap()))
        .collect();
    assert_eq!((types["temp"], types["room"]), ("Float64", "Dictionary(Int32, Utf8)"));
    assert_eq!(client.write("/api/v3/configure/database", r#"{"db":"made"}"#).await.0, 409);
    assert_eq!(client.write("/api/v3/configure/database", r#"{"db":"other"}"#).await.0, 200);
    assert_eq!(client.ask("GET", "/ping", "", "").await.2["version"], "3.4.1");
}

#[tokio::test(start_paused = true)]
async fn it_does_badly_until_it_is_healed_and_says_how_often() {
    let server = open(InfluxVersion::V1);
    let mut client = Client::of(&server);
    let wrongs = [
        (InfluxFault::CacheFull, 500, None),
        (InfluxFault::Internal, 500, None),
        (InfluxFault::BadGateway, 502, None),
        (InfluxFault::Unavailable(Some(7)), 503, Some("Retry-After: 7")),
        (InfluxFault::TooMany(Some(3)), 429, Some("Retry-After: 3")),
        (InfluxFault::TooLarge(4), 413, None),
        (InfluxFault::Unauthorised, 401, None),
        (InfluxFault::Forbidden, 403, None),
        (InfluxFault::NotFound, 404, None),
        (InfluxFault::MaxSeries, 400, None),
    ];
    for (fault, status, header) in wrongs {
        server.cause(fault);
        let (told, head, _) = client.ask("POST", "/write?db=home", "", "m f=1 1").await;
        assert_eq!(told, status, "{fault:?}");
        assert!(header.is_none_or(|header| head.contains(header)), "{fault:?}: {head}");
    }
    assert_eq!(server.points("home", "m"), [], "nothing of that was stored");
    server.cause_next(InfluxFault::Slow(Duration::from_secs(40)), 1);
    let began = tokio::time::Instant::now();
    assert_eq!(client.write("/write?db=home", "m f=1 1").await.0, 204);
    assert!(began.elapsed() >= Duration::from_secs(40));
    assert_eq!(client.write("/write?db=home", "m f=1 2").await.0, 204);
    assert!(began.elapsed() < Duration::from_secs(41), "that was for one write");
    let counters = server.counters();
    assert_eq!((counters.writes, counters.stored, counters.answers[&500]), (12, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_not_to_its_taste_are_left_out_and_their_neighbours_stored() {
    for (fault, whole, part) in [
        (
            InfluxFault::Malformed("bad"),
            "unable to parse 'm bad=1 2': bad timestamp",
            "partial write: unable to parse 'm bad=1 2': bad timestamp dropped=0",
        ),
        (
            InfluxFault::InvalidField("bad"),
            "partial write: invalid field name: input field \"time\" on measurement \"m\" is invalid dropped=1",
            "partial write: invalid field name: input field \"time\" on measurement \"m\" is invalid dropped=1",
        ),
    ] {
        let server = open(InfluxVersion::V1);
        let mut client = Client::of(&server);
        server.cause(fault);
        assert_eq!(client.write("/write?db=home", "m f=1 1").await.0, 204, "it holds no such word");
        let (status, said) = client.write("/write?db=home", "m bad=1 2").await;
        assert_eq!((status, &said["error"]), (400, &json!(whole)));
        let (status, said) = client.write("/write?db=home", "m f=1 3\nm bad=1 2\nm f=1 4").await;
        assert_eq!((status, &said["error"]), (400, &json!(part)));
        assert_eq!((server.points("home", "m").len(), server.counters().refused), (3, 2));
        server.heal();
        assert_eq!(client.write("/write?db=home", "m bad=1 2").await.0, 204);
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_took_and_never_answered_is_stored() {
    let server = open(InfluxVersion::V1);
    let mut client = Client::of(&server);
    server.cause_next(InfluxFault::CutAnswer, 1);
    client.send("POST", "/write?db=home", "", b"m f=1 1").await;
    assert_eq!(client.answer().await, None, "cut in the middle");
    server.cause(InfluxFault::Silent);
    let mut client = Client::of(&server);
    client.send("POST", "/write?db=home", "", b"m f=1 2").await;
    let waited = tokio::time::timeout(Duration::from_secs(600), client.answer()).await;
    assert!(waited.is_err(), "no answer, ever");
    assert_eq!(server.points("home", "m").len(), 2);
    server.cause(InfluxFault::CutRequest);
    let mut client = Client::of(&server);
    client.send("POST", "/write?db=home", "", b"m f=1 3").await;
    assert_eq!(client.answer().await, None);
    assert_eq!(server.points("home", "m").len(), 2, "that one was not stored");
}

#[tokio::test]
async fn while_it_is_down_its_port_is_closed_and_afterwards_it_is_the_same() {
    let server = open(InfluxVersion::V1);
    let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut before = tokio::net::TcpStream::connect(address).await.unwrap();
    before.write_all(b"GET /ping HTTP/1.1\r\n\r\n").await.unwrap();
    before.read_u8().await.expect("an answer");
    server.cause(InfluxFault::Down);
    let mut rest = Vec::new();
    // Whether it ends in order or is reset is the system's business.
    let _ = before.read_to_end(&mut rest).await;
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.heal();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_bucket_can_begin_with_the_types_of_an_older_program() {
    let server = open(InfluxVersion::V2);
    server.seed("home", "m attr_dynamics=\"none\" 1700000000000000000").unwrap();
    let counts = server.counts("home", "m");
    assert_eq!(counts, BTreeMap::from([(("attr_dynamics".to_owned(), FieldKind::Text), 1)]));
    assert!(server.seed("home", "m attr_dynamics=true 1700000000000000001").is_err());
    assert!(server.seed("home", "m attr_dynamics=true 1600000000000000001").is_ok(), "another shard");
    assert_eq!(server.counts("home", "m").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_answers_each_question_as_the_real_one_does() {
    let server = open(InfluxVersion::V1);
    let mut client = Client::of(&server);
    let mut asked = 0;
    for line in include_str!("asked-1.6.7.ndjson").lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if let Some(write) = recorded["write"].as_str() {
            server.seed("home", write).unwrap();
            continue;
        }
        let question = recorded["ask"].as_str().unwrap();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("db", "home"), ("epoch", "ns"), ("q", question)])
            .finish();
        let answer = client.ask("POST", &format!("/query?{form}"), "", "").await.2;
        assert_eq!(answer, recorded["answer"], "{question}");
        asked += 1;
    }
    assert!(asked > 40, "{asked} questions");
}
