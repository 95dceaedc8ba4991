//! A disk that is full, read-only, or does not take a write.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fault, House};

use super::{account, log};
use crate::hearthline::{Hearthline, Run, Status};
use crate::simulated::{hears_once, recorded};
use crate::wait::{alone, is_whole};

/// What the way back from a full disk may take: the next attempt at the peer comes within 16 s.
const RECOVERY: Duration = Duration::from_secs(40);

/// What history's commit and the questions to it may take.
const FILLED: Duration = Duration::from_secs(150);

/// What a command may take.
const ENDING: Duration = Duration::from_secs(60);

/// The way to a program whose data folder is a disk of its own, mounted by `mount`. None where this machine gives nobody
/// a disk, which is said; as root in CI it has to.
fn own_disk(mount: &str) -> Option<[String; 5]> {
    let way = ["unshare", "-rm", "sh", "-c"].map(str::to_owned);
    let tried = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    let why = match tried {
        Ok(output) if output.status.success() => {
            let [unshare, maps, sh, c] = way;
            return Some([unshare, maps, sh, c, format!("{mount} && exec \"$@\"")]);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CI").is_none() || !is_root(), "root has no disk of its own: {why}");
    eprintln!("skipped: no disk of its own on this machine: {why}");
    None
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

fn start(hearthline: &Hearthline, way: &[String; 5], arguments: &[&str]) -> Run {
    std::fs::create_dir_all(hearthline.data()).unwrap();
    let way: Vec<&str> = way.iter().map(String::as_str).chain(["sh"]).collect();
    hearthline.start_by(&way, arguments)
}

/// Takes all room that is left where the path lies.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for piece in [1 << 20, 4 << 10, 1] {
        while file.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[tokio::test]
async fn a_full_disk_is_said_the_gap_is_named_and_with_room_it_goes_on_by_itself() {
    let Some(way) = own_disk("mount -t tmpfs -o size=48m none \"$HEARTHLINE_DATA_DIR\"") else { return };
    let _alone = alone().await;
    let (peer, hearthline) = recorded(House::empty(11, SystemClock::new().now())).await;
    let settings = "[log]\nmin_free = 0\nmax_bytes = \"128MiB\"\n[store]\nflush_interval = \"1s\"\n";
    let hearthline = hearthline.with_settings(settings);
    let mut run = start(&hearthline, &way, &["run"]);
    let began = hears_once(&mut run, &peer, "begin").await;
    let full_for = Duration::from_secs(if is_whole() { 60 } else { 6 });
    peer.cause(Fault::Storm { per_second: 200, lasting: full_for + RECOVERY, attribute_bytes: 100 });
    let data = run.own_data();
    let reserve = data.join("log/reserve");
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), 8 << 20);

    fill(&data.join("filler"));
    let full = run.until("the disk is full", |status| log(status).1.contains("is full")).await;
    let (state, reason) = log(&full);
    assert_eq!(state, "unhealthy");
    assert!(reason.contains("make room there") && reason.contains("16.0 MiB free"), "{reason}");
    assert!(full.at("/verdict").as_str().unwrap().contains(&reason), "{}", full.at("/verdict"));
    assert!(!reserve.exists(), "it was freed for what has to be written");
    let named = run.until("a gap is open", |status| status.count("/gaps/open") == 1).await;
    let cause = named.at("/gaps/recent/0/cause").as_str().unwrap().to_owned();
    assert!(cause.starts_with("the log took no events"), "{cause}");
    tokio::time::sleep(full_for).await;
    assert_eq!(log(&run.status().await).0, "unhealthy", "it stays up and says so");
    let stored = |status: &Status| log(status).1.contains("is full") && status.count("/sinks/0/pending") == 0;
    run.until("the store has all that was taken, in files", stored).await;

    std::fs::remove_file(data.join("filler")).unwrap();
    run.within(RECOVERY, "the log takes events", |status| log(status).0 == "healthy").await;
    let ended = hears_once(&mut run, &peer, "end").await;
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), 8 << 20);
    let status = run.within(FILLED, "the gap is filled", |status| status.count("/gaps/open") == 0).await;
    hears_once(&mut run, &peer, "after the filling").await; // so the store has what was logged before
    let stored = account(&mut run, &peer, (began, ended)).await;
    let within = |fired: &hearthline_sim::Fired| (began..=ended).contains(&fired.time_fired);
    assert_eq!(stored, peer.ledger().into_iter().filter(within).count(), "{}", status.at("/gaps"));
    println!("{stored} events, all stored; {}", status.at("/kept/sentence"));
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_write_that_fails_is_made_again_elsewhere_and_what_was_refused_lies_in_a_named_gap() {
    let (peer, hearthline) = recorded(House::empty(12, SystemClock::new().now())).await;
    let hearthline = hearthline.with_settings("[log]\nmin_free = 0\n");
    // No file may be larger: the log's segment meets that first.
    let limit = 64 << 10;
    let script = format!("trap '' XFSZ && exec prlimit --fsize={limit} \"$@\"");
    let mut run = hearthline.start_by(&["sh", "-c", &script, "sh"], &["run"]);
    let began = hears_once(&mut run, &peer, "begin").await;
    peer.cause(Fault::Storm { per_second: 200, lasting: Duration::from_secs(4), attribute_bytes: 400 });
    let failed = run.until("a write has failed", |status| log(status).0 == "unhealthy").await;
    let (_, reason) = log(&failed);
    for told in ["cannot write", ".seg: File too large", "ulimit -f", "what was taken is kept"] {
        assert!(reason.contains(told), "{told}: {reason}");
    }
    run.until("it writes again", |status| log(status).0 == "healthy").await;
    let ended = hears_once(&mut run, &peer, "end").await;
    assert!(run.said().contains("the log takes everything again"), "{}", run.said());
    let stored = account(&mut run, &peer, (began, ended)).await;
    assert!(stored > 100, "{stored} stored");
    let verified = hearthline.command(&["log", "verify"]).await;
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn a_read_only_disk_is_refused_with_words_left_as_it_is_and_can_be_read() {
    let mount = "mount --bind \"$HEARTHLINE_DATA_DIR\" \"$HEARTHLINE_DATA_DIR\" \
                 && mount -o remount,bind,ro \"$HEARTHLINE_DATA_DIR\"";
    let Some(way) = own_disk(mount) else { return };
    let (peer, hearthline) = recorded(House::empty(16, SystemClock::new().now())).await;
    let mut run = hearthline.start();
    hears_once(&mut run, &peer, "kept").await;
    assert_eq!(run.stop().await.code(), Some(0));

    let mut refused = start(&hearthline, &way, &["run"]);
    assert_eq!(refused.ended(ENDING).await.code(), Some(1));
    for told in ["the data folder", "cannot be written: Read-only file system", "mount it writable"] {
        assert!(refused.said().contains(told), "{told}: {}", refused.said());
    }
    for (command, told) in [(["entities", "sensor.word"], "kept"), (["log", "verify"], "as it was written")] {
        let mut reading = start(&hearthline, &way, &command);
        let code = reading.ended(ENDING).await.code();
        assert!(code == Some(0) && reading.said().contains(told), "{command:?}: {code:?} {}", reading.said());
    }
}
