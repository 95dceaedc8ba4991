//! A repair that puts three stones in a row, killed wherever it can be.

use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hearthline_core::{ManualClock, MemFs, Timestamp};
use serde_json::json;

use super::*;
use crate::repair::testing::Dying;
use crate::repair::{Doing, Done, Scribe, Step};

/// 2026-11-26T00:41:07Z
const NIGHT: Timestamp = Timestamp(1_795_653_667_000_000);

/// What the repair works on: it outlives every kill.
#[derive(Clone, Default)]
struct World {
    stones: Arc<Mutex<Vec<u64>>>,
    /// How often a step was done; a step that is killed and gone on with counts twice.
    works: Arc<AtomicU64>,
    /// How often the second step fails before it works.
    away: Arc<AtomicU64>,
    /// A person has to do something before the second step.
    stuck: Arc<Mutex<bool>>,
    /// What the last step back was given.
    given: Arc<Mutex<Option<Done>>>,
}

struct Stones(World);

/// Lets whoever polls drop us here.
async fn pause() {
    tokio::task::yield_now().await;
}

impl Repair for Stones {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(async {
            let there = self.0.stones.lock().clone();
            let step = |n: u64| Step {
                kind: "lay".into(),
                what: format!("lay stone {n}"),
                touches: "the row".into(),
                rows: None,
                bytes: None,
                seconds: None,
                undo: n != 2,
                data: json!(n),
            };
            Ok(Plan {
                repair: "gaps".into(),
                finding: format!("{} of 3 stones are missing", 3 - there.len()),
                steps: (1..=3).filter(|n| !there.contains(n)).map(step).collect(),
                confirm: Some("the row".into()),
                notes: Vec::new(),
            })
        })
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            pause().await;
            let World { stones, works, away, stuck, .. } = &self.0;
            let n = step.data.as_u64().unwrap();
            if n == 2 && away.load(Ordering::Relaxed) > 0 {
                away.fetch_sub(1, Ordering::Relaxed);
                return Err(RepairError::Later("the quarry does not answer".into()));
            }
            if n == 2 && *stuck.lock() {
                return Err(RepairError::Person("somebody stands on the row: ask them to go".into()));
            }
            scribe.progress(0, Some(1), "stones");
            works.fetch_add(1, Ordering::Relaxed);
            if !stones.lock().contains(&n) {
                stones.lock().push(n);
            }
            pause().await;
            scribe.progress(1, Some(1), "stones");
            Ok(Done { says: format!("stone {n} lies"), data: json!({ "at": n * 10 }) })
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            pause().await;
            let n = step.data.as_u64().unwrap();
            *self.0.given.lock() = scribe.done.clone();
            self.0.stones.lock().retain(|stone| *stone != n);
            pause().await;
            Ok(Done { says: format!("stone {n} is taken away"), data: Value::Null })
        })
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async {
            pause().await;
            match self.0.stones.lock().len() {
                3 => Ok(Done { says: "3 stones lie in a row".into(), data: Value::Null }),
                n => Err(RepairError::Differs(format!("{n} stones lie there, and 3 should"))),
            }
        })
    }
}

fn unmet() -> Vec<Criterion> {
    vec![Criterion {
        id: "rate".into(),
        label: "Events per minute".into(),
        met: Some(false),
        value: Some(0.0),
        target: 10.0,
        unit: "per min".into(),
        window_s: 60,
        note: None,
    }]
}

fn engine_on(fs: Arc<dyn Fs>, world: &World) -> Arc<Engine> {
    let world = world.clone();
    let make: Make = Arc::new(move |kind, _| {
        if kind.name != "gaps" {
            return Err(Refused::NeedsProgram("only stones are laid here".into()));
        }
        Ok(Box::new(Stones(world.clone())))
    });
    let clock = Arc::new(ManualClock::at(NIGHT));
    Arc::new(Engine::new(fs, clock, Path::new("/data"), Arc::new(unmet), make))
}

fn engine(disk: &MemFs, world: &World) -> Arc<Engine> {
    engine_on(Arc::new(disk.clone()), world)
}

async fn begun(engine: &Arc<Engine>) -> Job {
    engine.begin("gaps", &Value::Null, Some("the row")).await.unwrap()
}

/// What does not depend on when and how often it was killed.
fn essence(receipt: &Receipt) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut essence = receipt.clone();
    essence.during.clear();
    essence.resumed.clear();
    essence.steps.iter_mut().for_each(|step| step.took_ms = 0);
    essence
}

#[tokio::test(start_paused = true)]
async fn a_repair_is_done_verified_shown_and_taken_back() {
    let (disk, world) = (MemFs::default(), World::default());
    let engine = engine(&disk, &world);
    let job = begun(&engine).await;
    let id = job.id().to_owned();
    assert_eq!(id, "2026-11-26T00-41-07Z-gaps");
    let seen = engine.show(&id).unwrap();
    assert_eq!(
        (seen.running, seen.receipt.state, engine.running()),
        (true, State::Applying, Some(id.clone()))
    );
    let done = job.run().await.unwrap();
    assert_eq!((done.state, world.stones.lock().clone()), (State::Done, vec![1, 2, 3]));
    assert_eq!(done.verified.as_ref().unwrap().says, "3 stones lie in a row");
    assert_eq!((&done.before, &done.after), (&unmet(), &unmet()));
    assert_eq!(engine.show(&id).unwrap(), Seen { receipt: done, running: false, step: None, progress: None });

    let undone = engine.undo(&id).unwrap().run().await.unwrap();
    assert_eq!((undone.state, world.stones.lock().clone()), (State::Undone, vec![2]), "one has no way back");
    assert_eq!(world.given.lock().as_ref().unwrap().data, json!({ "at": 10 }), "what the step had said");
    let again = engine.undo(&id).err().unwrap().to_string();
    assert!(again.contains("taken back already"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn killed_before_or_after_each_receipt_it_ends_as_without() {
    for undo in [false, true] {
        let (disk, world) = (MemFs::default(), World::default());
        let whole = engine(&disk, &world);
        let job = begun(&whole).await;
        let id = job.id().to_owned();
        let mut wanted = job.run().await.unwrap();
        if undo {
            wanted = whole.undo(&id).unwrap().run().await.unwrap();
        }
        let stones = world.stones.lock().clone();
        let mut kills = 0;
        for left in 1.. {
            let (disk, world) = (MemFs::default(), World::default());
            if undo {
                begun(&engine(&disk, &world)).await.run().await.unwrap();
            }
            let dying = Arc::new(Dying::new(&disk, left));
            let first = engine_on(dying.clone(), &world);
            let job =
                if undo { first.undo(&id) } else { first.begin("gaps", &Value::Null, Some("the row")).await };
            let ended = match job {
                Ok(job) => job.run().await.map_err(|error| error.to_string()),
                Err(refused) => Err(refused.to_string()),
            };
            let killed = ended.is_err();
            kills += u64::from(killed);
            if left % 2 == 0 {
                disk.power_cut();
            }
            let second = engine(&disk, &world);
            for id in second.unfinished().unwrap() {
                second.resume(&id).unwrap().run().await.unwrap();
            }
            let Some(receipt) = second.receipts.read(&id).unwrap() else {
                assert!(left <= 2 && world.stones.lock().is_empty(), "{left}: nothing had begun");
                continue;
            };
            if undo && receipt.state == State::Done {
                assert!(left <= 2 && world.stones.lock().len() == 3, "{left}: the way back had not begun");
                continue;
            }
            assert_eq!(essence(&receipt), essence(&wanted), "killed at {left}, undo {undo}");
            assert_eq!(*world.stones.lock(), stones, "killed at {left}, undo {undo}");
            assert_eq!(second.unfinished().unwrap(), [""; 0]);
            if !killed {
                break;
            }
        }
        assert_eq!(kills, if undo { 12 } else { 16 }, "each receipt twice");
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_at_any_moment_it_ends_as_without() {
    for polls in 0.. {
        let (disk, world) = (MemFs::default(), World::default());
        let job = begun(&engine(&disk, &world)).await;
        let id = job.id().to_owned();
        let whole = {
            let mut running = pin!(job.run());
            let mut context = Context::from_waker(Waker::noop());
            (0..polls).any(|_| running.as_mut().poll(&mut context).is_ready())
        };
        let second = engine(&disk, &world);
        for id in second.unfinished().unwrap() {
            second.resume(&id).unwrap().run().await.unwrap();
        }
        let receipt = second.show(&id).unwrap().receipt;
        assert_eq!(receipt.state, State::Done, "after {polls}");
        assert_eq!(receipt.resumed.len(), usize::from(!whole));
        assert_eq!(*world.stones.lock(), [1, 2, 3]);
        let works = world.works.load(Ordering::Relaxed);
        assert!(works == 3 || (works == 4 && !whole), "a step that was done is not done again: {works}");
        if whole {
            assert!(polls > 7);
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_tried_again_and_each_second_is_noted() {
    let (disk, world) = (MemFs::default(), World::default());
    world.away.store(3, Ordering::Relaxed);
    let done = begun(&engine(&disk, &world)).await.run().await.unwrap();
    assert_eq!(done.state, State::Done);
    assert_eq!(done.steps[1].error, None, "it was done in the end");
    // Pauses of 1, 2 and 4 seconds.
    assert!((5..=7).contains(&done.during.len()), "{:?}", done.during);
    assert!(done.during.iter().all(|second| second.unmet == ["rate"]));
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_or_needs_a_person_stands_at_its_step_and_goes_on_from_there() {
    let (disk, world) = (MemFs::default(), World::default());
    world.away.store(u64::MAX, Ordering::Relaxed);
    let engine = engine(&disk, &world);
    let job = begun(&engine).await;
    let id = job.id().to_owned();
    let failed = job.run().await.unwrap();
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.steps[1].error.as_deref(), Some("the quarry does not answer"));
    assert_eq!(*world.stones.lock(), [1]);
    assert_eq!(engine.unfinished().unwrap(), [""; 0], "a person has to say that it goes on");

    world.away.store(0, Ordering::Relaxed);
    *world.stuck.lock() = true;
    let failed = engine.resume(&id).unwrap().run().await.unwrap();
    assert!(failed.steps[1].error.as_deref().unwrap().contains("ask them to go"));
    *world.stuck.lock() = false;
    let done = engine.resume(&id).unwrap().run().await.unwrap();
    assert_eq!((done.state, done.resumed.len()), (State::Done, 2));
    assert_eq!(world.works.load(Ordering::Relaxed), 3, "the first step was done once");
    assert!(engine.resume(&id).err().unwrap().to_string().contains("is done"));
}

#[tokio::test(start_paused = true)]
async fn a_repair_that_did_not_mend_says_so() {
    let (disk, world) = (MemFs::default(), World::default());
    world.stones.lock().push(7);
    let engine = engine(&disk, &world);
    let job = begun(&engine).await;
    let failed = job.run().await.unwrap();
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.error.as_deref(), Some("4 stones lie there, and 3 should"));
    world.stones.lock().retain(|stone| *stone != 7);
    let done = engine.resume(&failed.id).unwrap().run().await.unwrap();
    assert_eq!((done.state, done.error), (State::Done, None));
}

#[tokio::test(start_paused = true)]
async fn without_confirmation_while_another_runs_or_with_nothing_to_do_nothing_begins() {
    let (disk, world) = (MemFs::default(), World::default());
    let engine = engine(&disk, &world);
    for confirm in [None, Some("yes"), Some("")] {
        let refused = engine.begin("gaps", &Value::Null, confirm).await.err().unwrap();
        assert_eq!(refused, Refused::Unconfirmed("the row".into()));
    }
    assert_eq!(engine.list().unwrap(), Listed::default());
    let job = begun(&engine).await;
    let words = engine.begin("gaps", &Value::Null, Some("the row")).await.err().unwrap().to_string();
    assert!(words.contains("2026-11-26T00-41-07Z-gaps is under way"), "{words}");
    job.run().await.unwrap();
    let nothing = engine.begin("gaps", &Value::Null, Some("the row")).await.err().unwrap();
    assert!(matches!(&nothing, Refused::Nothing(plan) if plan.finding == "0 of 3 stones are missing"));
    for (name, options, words) in [
        ("fly", Value::Null, "there is no repair \"fly\"; there are connection"),
        ("gaps", json!({ "sink": "a" }), "takes no option"),
        ("connection", Value::Null, "only stones"),
    ] {
        let refused = engine.plan(name, &options).await.err().unwrap().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn findings_are_plans_with_steps_and_what_is_not_known() {
    let (disk, world) = (MemFs::default(), World::default());
    let engine = engine(&disk, &world);
    let findings = engine.findings().await;
    let gaps = findings.iter().find(|finding| finding.repair == "gaps").unwrap();
    assert_eq!(gaps.plan.as_ref().unwrap().steps.len(), 3);
    let unknown = findings.iter().find(|finding| finding.repair == "connection").unwrap();
    assert_eq!(unknown.unknown.as_deref(), Some("only stones are laid here"));
    begun(&engine).await.run().await.unwrap();
    assert!(engine.findings().await.iter().all(|finding| finding.repair != "gaps"));
}

#[tokio::test(start_paused = true)]
async fn receipts_are_listed_newest_first_and_a_damaged_one_is_told() {
    let (disk, world) = (MemFs::default(), World::default());
    let engine = engine(&disk, &world);
    for _ in 0..2 {
        begun(&engine).await.run().await.unwrap();
        world.stones.lock().clear();
    }
    let fs: &dyn Fs = &disk;
    fs.create_dir_all(Path::new("/data/repairs/a-killed-one")).unwrap();
    let ids: Vec<_> = engine.list().unwrap().receipts.into_iter().map(|receipt| receipt.id).collect();
    assert_eq!(ids, ["2026-11-26T00-41-07Z-gaps-2", "2026-11-26T00-41-07Z-gaps"]);

    let path = Path::new("/data/repairs/2026-11-26T00-41-07Z-gaps/receipt.json");
    let whole = fs.read(path).unwrap();
    let receipt: Receipt = serde_json::from_slice(&whole).unwrap();
    let mut without_steps = receipt.clone();
    without_steps.steps.clear();
    for bytes in [b"{".to_vec(), whole[..40].to_vec(), serde_json::to_vec(&without_steps).unwrap()] {
        fs.write_atomic(path, &bytes).unwrap();
        let listed = engine.list().unwrap();
        assert_eq!((listed.receipts.len(), listed.damaged.len()), (1, 1));
        assert!(listed.damaged[0].why.contains("cannot be read"), "{}", listed.damaged[0].why);
        let refused = engine.show(&receipt.id).unwrap_err();
        assert!(matches!(refused, Refused::Disk(_)), "{refused}");
    }
    for id in ["../../etc", "", "nothing", "a/b"] {
        assert!(matches!(engine.show(id).unwrap_err(), Refused::Unknown(_)), "{id}");
    }
}

#[tokio::test]
async fn a_running_program_carries_repairs_out_beside_and_goes_on_with_killed_ones() {
    let (disk, world) = (MemFs::default(), World::default());
    let killed = begun(&engine(&disk, &world)).await;
    let id = killed.id().to_owned();
    drop(killed);
    let repairs = Repairs::new(engine(&disk, &world), tokio::runtime::Handle::current());
    repairs.go_on();
    let over = |seen: &Seen| !seen.running && !seen.receipt.is_unfinished();
    let seen = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let seen = repairs.show(id.clone()).await.unwrap();
            if over(&seen) {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    });
    let seen = seen.await.unwrap();
    assert_eq!((seen.receipt.state, seen.receipt.resumed.len()), (State::Done, 1));
    let undone = repairs.undo(id.clone()).await.unwrap();
    assert_eq!(undone, id);
    while repairs.list().await.unwrap().1.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(repairs.show(id).await.unwrap().receipt.state, State::Undone);
}

use crate::repair::Repairs;

#[test]
fn a_stopped_program_answers_that_it_stops() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let repairs = Repairs::new(engine(&MemFs::default(), &World::default()), runtime.handle().clone());
    drop(runtime);
    let mut plan = pin!(repairs.plan("gaps".into(), Value::Null));
    let polled = plan.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(refused)) = polled else { panic!("{polled:?}") };
    assert!(refused.to_string().contains("stopping"), "{refused}");
}
