//! What happens to everything that a server can do badly, by a simulated one: the table of answers and of what became of the
//! events.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hearthline_sim::{InfluxCounters, InfluxFault, InfluxVersion};
use serde_json::Value;

use super::simulated::{settings, simulated, states};
use super::{DELIVERED, Rig, States, assert_same, sink};
use crate::hearthline::Run;

/// Seconds for which one wants to be left alone.
const WAIT: u64 = 25;
/// An entity whose points some servers take exception to, and how many there are.
const ODD: &str = "sensor.odd";
const ODD_ONES: usize = 3;

/// What becomes of the events while a server does badly.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Each is delivered all the same.
    Delivered,
    /// They wait and are offered again; the sink is degraded, with this word in its reason.
    Wait(&'static str),
    /// They wait until a person acts; the sink is parked, with this word in its reason.
    Park(&'static str),
    /// The odd ones are set aside with the server's words, and the others delivered.
    SetAside(&'static str),
}
use Fate::{Delivered, Park, SetAside, Wait};

struct Case {
    name: &'static str,
    version: InfluxVersion,
    fault: InfluxFault,
    /// The status of the bad answers; none where none is whole.
    answer: Option<u16>,
    fate: Fate,
}

const fn case(
    name: &'static str,
    version: InfluxVersion,
    fault: InfluxFault,
    answer: Option<u16>,
    fate: Fate,
) -> Case {
    Case { name, version, fault, answer, fate }
}

use InfluxVersion::{V1, V2, V3};
const CASES: [Case; 18] = [
    case("down", V1, InfluxFault::Down, None, Wait("")),
    case("slow", V2, InfluxFault::Slow(Duration::from_secs(2)), None, Delivered),
    case("silent", V1, InfluxFault::Silent, None, Wait("")),
    case("cut-answer", V2, InfluxFault::CutAnswer, None, Wait("")),
    case("cut-request", V3, InfluxFault::CutRequest, None, Wait("")),
    case("cache-full", V1, InfluxFault::CacheFull, Some(500), Wait("cache")),
    case("internal", V2, InfluxFault::Internal, Some(500), Wait("500")),
    case("bad-gateway", V1, InfluxFault::BadGateway, Some(502), Wait("502")),
    case("unavailable", V2, InfluxFault::Unavailable(Some(WAIT)), Some(503), Wait("503")),
    case("overloaded", V3, InfluxFault::Unavailable(None), Some(503), Wait("503")),
    case("too-many", V2, InfluxFault::TooMany(Some(WAIT)), Some(429), Wait("429")),
    case("too-large", V1, InfluxFault::TooLarge(600), Some(413), Delivered),
    case("unauthorised", V2, InfluxFault::Unauthorised, Some(401), Park("token")),
    case("forbidden", V1, InfluxFault::Forbidden, Some(403), Park("write")),
    case("not-found", V2, InfluxFault::NotFound, Some(404), Park("")),
    case("max-series", V1, InfluxFault::MaxSeries, Some(400), Park("limit")),
    case("malformed", V1, InfluxFault::Malformed(ODD), Some(400), SetAside("unable to parse")),
    case("invalid", V1, InfluxFault::InvalidField(ODD), Some(400), SetAside("invalid field name")),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_badly_it_has_every_event_once_in_the_end() {
    let (mut servers, mut sinks) = (Vec::new(), String::new());
    for Case { name, version, .. } in CASES {
        let (server, address) = simulated(version).await;
        sinks += &settings(name, version, address);
        servers.push(server);
    }
    let rig = Rig::new(&sinks).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    let before: Vec<_> = servers.iter().map(hearthline_sim::InfluxDb::counters).collect();

    for (server, Case { fault, .. }) in servers.iter().zip(CASES) {
        server.cause(fault);
    }
    let began = Instant::now();
    for n in 0..300 {
        rig.house.set_state(&format!("sensor.n{}", n % 7), &n.to_string(), r#"{"note":"Grüße"}"#);
        if n % (300 / ODD_ONES) == 50 {
            rig.house.set_state(ODD, &n.to_string(), "{}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    run.has("sensor.n5", "299").await;
    let mut meanwhile = Vec::new();
    for case in CASES {
        meanwhile.push(fate_of(&mut run, &case).await);
    }
    // Long enough to see that who wants to be left alone is, and that who is silent is given up.
    let pause = Duration::from_secs(2 * WAIT).saturating_sub(began.elapsed());
    tokio::time::sleep(pause).await;
    let counters: Vec<_> = servers.iter().map(hearthline_sim::InfluxDb::counters).collect();
    let lasted = began.elapsed();
    for server in &servers {
        server.heal();
    }
    let status = rig.delivered(&mut run).await;
    let fired = rig.fired();
    println!("{} events fired; each server did badly for {:.0} s", fired.len(), lasted.as_secs_f64());
    println!(
        "{:12} {:28} {:14} {:>10} {:>8} {:>9}  meanwhile",
        "server", "does", "bad answers", "again in s", "stored", "set aside"
    );
    for (nth, case) in CASES.iter().enumerate() {
        let stored = states(&servers[nth]);
        let set_aside = sink(&status, case.name)["quarantined"].as_u64().unwrap();
        let of_it = expected(&fired, case.fate);
        assert_same(&stored, &of_it);
        assert_eq!(set_aside, (fired.len() - of_it.len()) as u64, "{}", case.name);
        let bad = bad_answers(case, &before[nth], &counters[nth]);
        told_rightly(case, bad, &counters[nth], lasted);
        println!(
            "{:12} {:28} {:>14} {:>10} {:>8} {set_aside:>9}  {}",
            case.name,
            format!("{:?}", case.fault),
            case.answer.map_or(format!("{bad} unanswered"), |status| format!("{bad} x {status}")),
            match case.fate {
                Wait(_) | Park(_) if bad > 0 => format!("{:.0}", lasted.as_secs_f64() / bad as f64),
                _ => "-".into(),
            },
            stored.len(),
            meanwhile[nth]
        );
        if let SetAside(words) = case.fate {
            assert_eq!(set_aside_in_file(&rig, case.name, words), ODD_ONES, "{}", case.name);
        }
    }
    assert_eq!(run.stop().await.code(), Some(0));
}

/// Waits until the sink says what is to be said of the server; answers with what it says.
async fn fate_of(run: &mut Run, case: &Case) -> String {
    let Case { name, fate, .. } = case;
    let is = |told: &Value| {
        let says = |state: &str, word: &str| {
            let reason = told["reason"].as_str().unwrap_or_default().to_lowercase();
            told["state"] == state && reason.contains(word)
        };
        match fate {
            Delivered => told["pending"] == 0 && told["quarantined"] == 0,
            SetAside(_) => told["pending"] == 0 && told["quarantined"] == ODD_ONES,
            Wait(word) => says("degraded", word) && told["quarantined"] == 0 && told["pending"] != 0,
            Park(word) => says("parked", word) && told["quarantined"] == 0 && told["pending"] != 0,
        }
    };
    let status = run.within(DELIVERED, &format!("{name}: {fate:?}"), |status| is(sink(status, name))).await;
    assert_ne!(status.at("/overall"), "unhealthy", "nothing is lost: {}", status.at("/verdict"));
    let told = sink(&status, name);
    format!("{} {}", told["state"].as_str().unwrap(), told["reason"].as_str().unwrap_or_default())
}

/// What a server has in the end.
fn expected(fired: &States, fate: Fate) -> States {
    let mut expected = fired.clone();
    if matches!(fate, SetAside(_)) {
        expected.retain(|(entity_id, _), _| entity_id != ODD);
    }
    expected
}

/// Writes that were answered badly, or not at all.
fn bad_answers(case: &Case, before: &InfluxCounters, after: &InfluxCounters) -> u64 {
    let of = |counters: &InfluxCounters| match case.answer {
        Some(status) => counters.answers.get(&status).copied().unwrap_or_default(),
        None => counters.writes - counters.answers.values().sum::<u64>(),
    };
    of(after) - of(before)
}

/// Whether the server was asked again as often as is right for what it does.
fn told_rightly(case: &Case, bad: u64, counters: &InfluxCounters, lasted: Duration) {
    let name = case.name;
    let wants_rest = matches!(case.fault, InfluxFault::TooMany(Some(_)) | InfluxFault::Unavailable(Some(_)));
    match case.fate {
        // Nobody is there to count.
        Wait(_) if case.fault == InfluxFault::Down => {}
        Wait(_) if wants_rest => {
            assert!((2..=lasted.as_secs() / WAIT + 1).contains(&bad), "{name} is left alone: {counters:?}");
        }
        Wait(_) => assert!((2..=lasted.as_secs()).contains(&bad), "{name} is tried again: {counters:?}"),
        // A parked sink looks again each half a minute.
        Park(_) => assert!((1..=lasted.as_secs() / 30 + 2).contains(&bad), "{name}: {counters:?}"),
        Delivered if case.answer.is_some() => assert!(bad > 0, "{name} makes it send less: {counters:?}"),
        Delivered => assert_eq!(bad, 0, "{name}: {counters:?}"),
        SetAside(_) => assert!(bad >= ODD_ONES as u64, "{name}: {counters:?}"),
    }
}

/// How many rows stand in the file of those that were refused, all of the odd entity and with the server's words.
fn set_aside_in_file(rig: &Rig, name: &str, words: &str) -> usize {
    let path = rig.hearthline.data().join("sinks").join(name).join("refused.ndjson");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: BTreeSet<String> = rows
        .map(|row| {
            assert_eq!(row["entity"], ODD, "{row}");
            assert!(row["words"].as_str().unwrap().contains(words), "{row}");
            row["line"].as_str().unwrap().to_owned()
        })
        .collect();
    lines.len()
}
