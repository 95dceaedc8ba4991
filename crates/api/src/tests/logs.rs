use std::path::Path;

use hearthline_core::Fs;
use hearthline_runbook::incident::Incidents;
use hearthline_runbook::logs::{Level, Mask, Writer};
use hearthline_runbook::notes::Notes;

use super::*;

/// What the program of a house has said, and where notes go.
pub(super) fn house() -> (Logs, Notes, Incidents) {
    let (clock, fs): (_, Arc<dyn Fs>) = (ManualClock::at(NOON.minus(HOUR)), Arc::new(MemFs::default()));
    fs.create_dir_all(Path::new("/data")).unwrap();
    let logs = Logs::new(Arc::new(clock.clone()), Mask::new(["very-secret"]));
    let mut writer = Writer::open(&logs, fs.clone(), Path::new("/data"));
    logs.say(Level::Info, "home_assistant", "let in", Vec::new());
    writer.step();
    clock.advance(Duration::from_secs(60));
    logs.say(Level::Error, "store", "a file cannot be read", vec![("file".into(), "a.parquet".into())]);
    clock.advance(Duration::from_secs(60));
    logs.say(Level::Warn, "influxdb", "no answer; very-secret", Vec::new());
    clock.advance(HOUR - Duration::from_secs(120));
    let (shared, dir) = (Arc::new(clock), Path::new("/data"));
    (logs, Notes::new(fs.clone(), shared.clone(), dir), Incidents::new(fs, shared, dir))
}

fn numbers(lines: &Value) -> Vec<u64> {
    lines["lines"].as_array().unwrap().iter().map(|line| line["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn lines_are_answered_by_part_level_time_and_number() {
    let house = House::new();
    insta::assert_snapshot!(pretty(&house.document("/api/v1/logs").await));
    for (query, expected) in [
        ("level=warn", &[2, 3][..]),
        ("part=influxdb,home_assistant", &[1, 3]),
        ("since=2026-11-23T11:01:00Z", &[2, 3]),
        ("until=2026-11-23T11:01:00Z", &[1]),
        ("after=2", &[3]),
        ("tail=1", &[3]),
        ("after=3", &[]),
    ] {
        assert_eq!(numbers(&house.document(&format!("/api/v1/logs?{query}")).await), expected, "{query}");
    }
    let refused = house.get("/api/v1/logs?level=loud").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("write trace, debug, info, warn or error"), "{}", refused.text());
}

#[tokio::test(start_paused = true)]
async fn who_follows_is_answered_when_something_is_said_and_not_kept_for_ever() {
    let house = House::new();
    let start = tokio::time::Instant::now();
    let nothing = house.document("/api/v1/logs?after=3&wait=7s").await;
    assert_eq!((numbers(&nothing), nothing["last"].as_u64()), (vec![], Some(3)));
    assert!(start.elapsed() >= Duration::from_secs(7));
    let logs = house.logs.clone();
    let says = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        logs.say(Level::Info, "log", "not of the kind", Vec::new());
        tokio::time::sleep(Duration::from_secs(2)).await;
        logs.say(Level::Warn, "log", "of the kind", Vec::new());
    };
    let (_, answer) = tokio::join!(says, house.document("/api/v1/logs?after=3&wait=20s&level=warn"));
    assert_eq!(numbers(&answer), [5]);
    house.stop.cancel();
    assert_eq!(numbers(&house.document("/api/v1/logs?after=5&wait=20s").await), Vec::<u64>::new());
}
