use std::path::Path;
use std::time::Duration;

use hearthline_core::{Clock, ManualClock, MemFs};
use hearthline_log::{Append, LogConfig, LogWriter, SyncPolicy};
use serde_json::Value;

use super::*;
use crate::repair::State;
use crate::repair::testing::{Case, Made, NIGHT, engine, killed_at_any_time};

const DIR: &str = "/data/log";

fn open(disk: &MemFs) -> LogWriter {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NIGHT));
    let config = LogConfig { sync: SyncPolicy::Always, ..LogConfig::new(DIR) };
    LogWriter::open(Arc::new(disk.clone()), clock, config, Seq(1)).unwrap().0
}

/// A log of which a batch in the middle is damaged, and the name of its file.
fn damaged() -> (MemFs, String) {
    let disk = MemFs::default();
    let mut writer = open(&disk);
    for n in 0..5_u8 {
        let mut append = Append::default();
        append.push(&[n; 100], true);
        writer.log().append(append).unwrap();
        writer.step().unwrap();
    }
    drop(writer);
    let fs: &dyn Fs = &disk;
    let files = fs.read_dir(Path::new(DIR)).unwrap();
    let file = files.into_iter().find(|entry| entry.name.ends_with(".seg")).unwrap();
    disk.scribble(&Path::new(DIR).join(&file.name), usize::try_from(file.len / 2).unwrap(), &[0xff; 4]);
    (disk, file.name)
}

fn made(disk: &MemFs, running: Option<Running>) -> Made {
    let fs: Arc<dyn Fs> = Arc::new(disk.clone());
    Arc::new(move |options| Box::new(Log::new(Arc::clone(&fs), DIR.into(), running.clone(), options)))
}

pub(in crate::repair) async fn case() -> Case {
    let (disk, _) = damaged();
    let (made, of) = (made(&disk, None), disk.clone());
    let there = move || format!("{:?}", aside::read(&of, Path::new(DIR)).unwrap());
    Case { disk, made, there: Box::new(there) }
}

#[tokio::test]
async fn damage_is_set_aside_with_a_copy_and_told_again_when_that_is_taken_back() {
    let (disk, file) = damaged();
    let writer = open(&disk);
    let log = writer.log();
    let mut reader = log.reader(Seq::ZERO);
    while reader.read().unwrap().is_some() {}
    assert_eq!(log.damage_in_the_way().len(), 1, "met by a reader");
    let engine = engine(&disk, "log", made(&disk, Some(log.clone())));
    let plan = engine.plan("log", &Value::Null).await.unwrap();
    assert_eq!(plan.finding, "1 records cannot be read, at 1 places of 1 files of the log");
    let found = engine.findings().await.into_iter().find(|found| found.repair == "log").unwrap();
    assert_eq!(found.plan.unwrap().finding, plan.finding);

    let receipt = engine.begin("log", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    assert_eq!((log.damage_in_the_way(), log.damage().len()), (vec![], 1));
    let fs: &dyn Fs = &disk;
    let kept = fs.read(&Path::new("/data/repairs").join(&receipt.id).join(&file)).unwrap();
    let whole = fs.read(&Path::new(DIR).join(&file)).unwrap();
    assert_eq!(kept, whole);
    let said = receipt.steps[0].done.as_ref().unwrap();
    assert_eq!(said.data["crc32"], format!("{:08x}", crc32fast::hash(&whole)));
    assert_eq!(engine.plan("log", &Value::Null).await.unwrap().steps, []);
    drop(writer);
    assert_eq!(open(&disk).log().damage_in_the_way(), [], "also after a restart");

    let undone = engine.undo(&receipt.id).unwrap().run().await.unwrap();
    assert_eq!(undone.state, State::Undone);
    assert_eq!(log.damage_in_the_way().len(), 1);
    assert_eq!(engine.plan("log", &Value::Null).await.unwrap().steps.len(), 1);
}

#[tokio::test]
async fn without_a_program_and_killed_at_any_time_it_ends_the_same() {
    let build = || {
        let (disk, file) = damaged();
        let made = made(&disk, None);
        ((disk.clone(), file), disk, made)
    };
    let look = |(disk, file): &(MemFs, String), receipt: &crate::repair::Receipt| {
        let kept = Path::new("/data/repairs").join(&receipt.id).join(file);
        assert!(disk.open(&kept).is_ok());
        assert_eq!(aside::read(disk, Path::new(DIR)).unwrap().len(), 1);
    };
    let each = (Duration::from_micros(200), Duration::from_millis(3));
    killed_at_any_time("log", Value::Null, each, build, look).await;
}
