//! A store of many files, in a process that may open few.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, Fs, MemFs, SystemClock};
use hearthline_sim::House;

use crate::alone;
use crate::simulated::{hears_once, recorded};

const DAYS: u32 = 260;
const DAY: Duration = Duration::from_secs(86_400);

/// A file for each of so many days, all before today. Made in memory, because a sync for each takes long.
fn many_days(data: &Path) {
    let fs = MemFs::default();
    let now = SystemClock::new().now();
    let days = (1..=DAYS).map(|day| now.minus(DAY * (DAYS - day + 2)));
    let store = alone::store(Arc::new(fs.clone()), data, "sensor.old", days);
    store.save_latest().unwrap();
    copy_out(&fs, &data.join("store"));
}

fn copy_out(fs: &MemFs, dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    for entry in fs.read_dir(dir).unwrap() {
        let path = dir.join(entry.name);
        if entry.is_dir {
            copy_out(fs, &path);
        } else {
            std::fs::write(&path, (fs as &dyn Fs).read(&path).unwrap()).unwrap();
        }
    }
}

fn limit(process: u32) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    limits.lines().find(|line| line.starts_with("Max open files")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_fifty_six_open_files_are_enough_for_a_store_of_many_more() {
    let (peer, hearthline) = recorded(House::empty(13, SystemClock::new().now())).await;
    many_days(&hearthline.data());
    let files = hearthline.command(&["export", "--files"]).await.stdout.lines().count();
    assert!(files >= DAYS as usize, "{files} files");
    let mut run = hearthline.start_by(&["prlimit", "--nofile=256"], &["run"]);
    hears_once(&mut run, &peer, "begin").await;
    assert!(limit(run.id()).contains(" 256 "), "{}", limit(run.id()));

    let address = run.address().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = "/api/v1/entities/sensor.old/history?from=2000-01-01T00:00:00Z&limit=1000";
    let queries: Vec<_> =
        (0..3).map(|_| tokio::spawn(client.get(format!("http://{address}{path}")).send())).collect();
    for query in queries {
        let answer = query.await.unwrap().unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{text}");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["states"].as_array().map(Vec::len), Some(DAYS as usize), "{text}");
    }
    hears_once(&mut run, &peer, "end").await;
    let status = run.status().await;
    assert_eq!((status.count("/gaps/open"), status.count("/sinks/0/write_errors")), (0, 0));
    assert!(!run.said().contains("Too many open files"), "{}", run.said());
    assert_eq!(run.stop().await.code(), Some(0));
}
