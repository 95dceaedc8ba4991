//! Lets a plan happen, heals everything, waits until it is quiet, and has the result checked.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Error, ensure};
use hearthline_core::{Clock, EventRow, Fs as _, MemFs, Row, Seq, StateRow, Timestamp};
use hearthline_pipeline::gaps::Gap;
use hearthline_pipeline::ingest::Fold;
use hearthline_pipeline::orders::Order;
use hearthline_pipeline::sources::home_assistant::LinkState;
use hearthline_sim::{Fault, HomeAssistant, House, LedgerEntry, Options, TokioClock};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use crate::check::{self, FILL};
use crate::plan::{Plan, Trouble};
use crate::program::{Place, Program};
use crate::replay;
use crate::rig::{Moods, Standstill, Wall};

/// An error that a disk in trouble causes ends a start; the next one is made so much later.
const START_AGAIN: Duration = Duration::from_secs(5);
/// Between two events that show that the way is open.
const PROOF: Duration = Duration::from_secs(5);
/// The longest wait between two attempts to connect, with what the attempt itself takes.
const RECONNECTED: Duration = Duration::from_secs(100);
/// So long after a subscription to a Home Assistant that has started, states are compared.
const COMPARED: Duration = Duration::from_secs(12);
/// Long enough for one comparison of all states, and what follows from it.
const SWEPT: Duration = Duration::from_secs(17 * 60);
/// So long after everything is healed, no gap is open.
const FILLED: Duration = Duration::from_secs(15 * 60);

/// What a scenario left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) figures: Figures,
    /// Of everything that was fired and stored.
    pub(crate) hash: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Changes of states that Home Assistant fired while they had to be recorded.
    pub(crate) fired: u64,
    /// Rows of the store.
    pub(crate) rows: u64,
    /// Of these, had without the event.
    pub(crate) fetched: u64,
    /// Fired, not in the store, and in a gap.
    pub(crate) missed: u64,
    pub(crate) gaps: u64,
    /// Of these, open at the end.
    pub(crate) open: u64,
}

/// An event that is no change of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) data: String,
    pub(crate) at: Timestamp,
}

/// What is to be compared.
pub(crate) struct Evidence {
    pub(crate) plan: Plan,
    pub(crate) place: Place,
    /// From when on, in Home Assistant's clock, everything has to be there.
    pub(crate) since: Timestamp,
    pub(crate) fired: Vec<LedgerEntry>,
    /// What Home Assistant says in the end.
    pub(crate) present: Vec<Arc<hearthline_sim::State>>,
    pub(crate) others: Vec<Other>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) states: Vec<StateRow>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) quarantined: u64,
    /// As rows are read for a place that does not have them.
    pub(crate) again: Vec<Row>,
}

/// A plan that happens.
struct Scenario {
    plan: Plan,
    place: Place,
    house_clock: TokioClock,
    entities: Vec<String>,
    others: Vec<Other>,
    since: Arc<Mutex<Option<Timestamp>>>,
    program: Option<Program>,
    began: Instant,
    start_at: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Begin(usize),
    End(usize),
}

/// Lets the plan happen on a runtime of its own.
///
/// # Errors
/// What did not hold.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Outcome> {
    run_with(plan, |_| {})
}

/// As [`run`]; `meddle` may change what is compared, or the moods of the sink before anything happens.
pub(crate) fn run_with(plan: &Plan, meddle: impl Fn(&mut Meddled<'_>)) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scenario = Scenario::new(plan);
        meddle(&mut Meddled::Moods(&scenario.place.moods));
        scenario.happen().await?;
        let mut evidence = scenario.end().await?;
        meddle(&mut Meddled::Evidence(&mut evidence));
        let figures = check::everything(&evidence)?;
        Ok(Outcome { figures, hash: evidence.hash() })
    })
}

/// Where a test may put its hand in, to see that the check notices.
pub(crate) enum Meddled<'a> {
    Moods(&'a Moods),
    Evidence(&'a mut Evidence),
}

impl Scenario {
    fn new(plan: &Plan) -> Self {
        let setup = &plan.house;
        let house = || House::new(plan.seed, setup.start).with_rate(setup.rate);
        let mut twin = house();
        twin.advance(setup.start.plus(Duration::from_secs(1)));
        let entities: Vec<String> = twin.states().map(|state| state.entity_id.to_string()).collect();
        let house_clock = TokioClock::starting_at(setup.start);
        let options = Options {
            commit_interval: setup.commit_interval,
            excluded: entities.iter().step_by(7).take(setup.excluded).cloned().collect(),
            peak_time: setup.peak_time,
            ..Options::default()
        };
        let peer = HomeAssistant::new(house(), Arc::new(house_clock), options);
        let place = Place {
            fs: MemFs::default(),
            wall: Wall::starting_at(Timestamp(setup.start.0 + setup.skew * 1000)),
            setup: plan.ours.clone(),
            peer,
            pipe: setup.pipe,
            seed: plan.seed,
            slow_reader: Standstill::default(),
            log_stalls: Standstill::default(),
            moods: Moods::default(),
            retry: Arc::default(),
        };
        Self {
            plan: plan.clone(),
            place,
            house_clock,
            entities,
            others: Vec::new(),
            since: Arc::default(),
            program: None,
            began: Instant::now(),
            start_at: Some(Instant::now()),
        }
    }

    /// Everything that the plan says, with the house living beside it.
    async fn happen(&mut self) -> anyhow::Result<()> {
        let peer = self.place.peer.clone();
        let living = tokio::spawn(async move { peer.run().await });
        let schedule = self.plan.schedule.clone();
        let begins = schedule.iter().enumerate().map(|(n, (at, _))| (*at, Step::Begin(n)));
        let ends = schedule.iter().enumerate().filter_map(|(n, (at, trouble))| {
            let end = *at + trouble.lasts()?;
            (end < self.plan.length).then_some((end, Step::End(n)))
        });
        let mut steps: Vec<_> = begins.chain(ends).collect();
        steps.sort_unstable();
        for (at, step) in steps {
            self.wait_until(self.began + at).await?;
            match step {
                Step::Begin(n) => self.begin(&schedule[n].1).await?,
                Step::End(n) => self.end_of(&schedule[n].1),
            }
        }
        self.wait_until(self.began + self.plan.length).await?;
        living.abort();
        Ok(())
    }

    /// Waits, and meanwhile starts the program when that is due.
    async fn wait_until(&mut self, until: Instant) -> anyhow::Result<()> {
        while let Some(at) = self.start_at.filter(|at| *at <= until) {
            sleep_until(at).await;
            self.start()?;
        }
        sleep_until(until).await;
        Ok(())
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let program = match self.place.start() {
            Ok(program) => program,
            Err(error) if self.disk_is_well() => return Err(error.context("the program did not start")),
            Err(_) => {
                self.start_at = Some(Instant::now() + START_AGAIN);
                return Ok(());
            }
        };
        self.start_at = None;
        let (mut link, since, clock) = (program.link.clone(), Arc::clone(&self.since), self.house_clock);
        // What was lost with all that was ever written is not known to have been.
        if Fold::replay(&program.log, Seq(u64::MAX))?.last_fired.is_none() {
            *since.lock() = None;
        }
        tokio::spawn(async move {
            if link.wait_for(|status| status.connects > 0).await.is_ok() {
                since.lock().get_or_insert_with(|| clock.now());
            }
        });
        self.program = Some(program);
        Ok(())
    }

    fn disk_is_well(&self) -> bool {
        let now = self.began.elapsed();
        !self.plan.schedule.iter().any(|(at, trouble)| {
            let on_disk =
                matches!(trouble, Trouble::DiskFull(..) | Trouble::ReadOnly(_) | Trouble::FailedSync(_));
            on_disk && *at <= now
        })
    }

    async fn begin(&mut self, trouble: &Trouble) -> anyhow::Result<()> {
        let Place { fs, wall, peer, moods, .. } = &self.place;
        let entity = |n: &usize| self.entities[n % self.entities.len()].as_str();
        match trouble {
            Trouble::Peer(fault, _) => peer.cause(fault.clone()),
            Trouble::SlowReader(lasts) => self.place.slow_reader.last(*lasts),
            Trouble::Removal(n, _) => drop(peer.remove(entity(n))),
            Trouble::Unserialisable(n) => peer.cause(Fault::Swallow(entity(n).into())),
            Trouble::TypeFlip(n) => peer.cause(Fault::TypeFlip(entity(n).into())),
            Trouble::SameInstant(n) => peer.cause(Fault::SameInstant(entity(n).into())),
            Trouble::Rename(n, _) => peer.cause(renaming(entity(n), false)),
            Trouble::Swap(a, b) => peer.cause(Fault::Swap(entity(a).into(), entity(b).into())),
            Trouble::Recreate(n) => peer.cause(Fault::Recreate(entity(n).into())),
            Trouble::Move(n) => peer.cause(Fault::Move { entity: entity(n).into(), area: "attic".into() }),
            Trouble::Unit(n) => peer.cause(Fault::Unit { entity: entity(n).into(), unit: "furlong".into() }),
            Trouble::OtherEvents(count) => self.fire(*count),
            Trouble::DiskFull(room, _) => {
                fs.set_capacity(u64::MAX);
                fs.set_capacity(u64::MAX - fs.free_space("/".as_ref())? + room);
            }
            Trouble::ReadOnly(_) => fs.fail(hearthline_core::fs::Fault::ReadOnly),
            Trouble::FailedSync(_) => fs.fail(hearthline_core::fs::Fault::Sync),
            Trouble::LogStalls(lasts) => self.place.log_stalls.last(*lasts),
            Trouble::SinkStands(lasts) => moods.stands.last(*lasts),
            Trouble::SinkRefuses(lasts) => moods.refuses.last(*lasts),
            Trouble::SinkLies(lasts) => moods.lies.last(*lasts),
            Trouble::ClockJump(millis) => wall.jump(*millis),
            Trouble::Stop(down) | Trouble::Kill(down) | Trouble::PowerCut(down) => {
                let Some(program) = self.program.take() else { return Ok(()) };
                match trouble {
                    // With a disk or a sink in trouble a stop may fail; it is a kill then.
                    Trouble::Stop(_) => drop(program.stop().await),
                    _ => program.kill().await?,
                }
                if matches!(trouble, Trouble::PowerCut(_)) {
                    self.place.fs.power_cut();
                }
                self.start_at = Some(Instant::now() + *down);
            }
        }
        Ok(())
    }

    /// Healing one trouble of the disk heals all of them.
    fn end_of(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Peer(fault, _) => {
                self.place.peer.end(fault);
                self.place.retry.notify_one();
            }
            Trouble::Removal(n, _) => {
                self.place.peer.set_state(&self.entities[n % self.entities.len()], "back", "{}");
            }
            Trouble::Rename(n, _) => {
                self.place.peer.cause(renaming(&self.entities[n % self.entities.len()], true));
            }
            Trouble::DiskFull(..) | Trouble::ReadOnly(_) | Trouble::FailedSync(_) => self.heal_disk(),
            _ => {}
        }
    }

    fn heal_disk(&self) {
        self.place.fs.set_capacity(u64::MAX);
        self.place.fs.heal();
    }

    fn fire(&mut self, count: usize) {
        for _ in 0..count {
            let data = format!(r#"{{"number":{}}}"#, self.others.len());
            self.place.peer.fire("scenario", &data);
            self.others.push(Other { data, at: self.house_clock.now() });
        }
    }

    /// Heals everything, waits until it is quiet, stops, cuts the power and gathers what is durable.
    async fn end(mut self) -> anyhow::Result<Evidence> {
        self.heal_disk();
        self.place.peer.heal();
        self.place.retry.notify_one();
        let Place { slow_reader, log_stalls, moods, .. } = &self.place;
        for still in [slow_reader, log_stalls, &moods.stands, &moods.refuses, &moods.lies] {
            still.end();
        }
        self.prove_the_way().await?;
        if self.plan.needs_a_sweep() {
            sleep(SWEPT).await;
        }
        let program = self.program.take().context("the program is not running")?;
        self.wait_for_gaps(&program).await?;
        if retry_gaps(&program).await? {
            self.wait_for_gaps(&program).await?;
        }
        sleep(PROOF).await; // until the log has written what it was given
        let fold = Fold::replay(&program.log, Seq(u64::MAX))?;
        check::conservation(&program, &fold)?;
        let held = fold.gaps.all().to_vec();
        let sink = Arc::clone(&program.sink);
        program.stop().await.context("the program did not stop in order")?;
        check::delivered(&sink.look())?;
        self.place.fs.power_cut();
        self.gather(held)
    }

    /// Fires an event now and then, until everything is as it was in the beginning and one has arrived.
    async fn prove_the_way(&mut self) -> anyhow::Result<()> {
        let settled = self.began + self.plan.settled();
        let mut connected = None;
        loop {
            self.wait_until(Instant::now() + PROOF).await?;
            let text = self.began.elapsed().as_secs().to_string();
            let proof = self.place.peer.set_state("sensor.proof", &text, "{}");
            let link = self.program.as_ref().map(|program| program.link.borrow().clone());
            let is_connected = link.as_ref().is_some_and(|link| link.state == LinkState::Connected);
            let now = Instant::now();
            connected = connected.or(Some(now)).filter(|_| is_connected && now >= settled);
            if connected.is_some_and(|since| now >= since + COMPARED) {
                return self.arrived(proof.context("no proof was fired")?.time_fired).await;
            }
            ensure!(connected.is_some() || now < settled + RECONNECTED, "not connected in time: {link:?}");
        }
    }

    async fn arrived(&self, proof: Timestamp) -> anyhow::Result<()> {
        sleep(PROOF).await;
        let program = self.program.as_ref().context("the program is not running")?;
        let held = Fold::replay(&program.log, Seq(u64::MAX))?.held.get("sensor.proof").map(|held| held.ts);
        ensure!(held == Some(proof), "connected, and the event of {proof} did not come");
        Ok(())
    }

    async fn wait_for_gaps(&self, program: &Program) -> anyhow::Result<()> {
        if !FILL {
            return Ok(());
        }
        let until = Instant::now() + FILLED;
        while program.ingest.look().gaps.open > 0 {
            let look = program.ingest.look();
            ensure!(Instant::now() < until, "open long after all is well: {:?}", look.recent_gaps);
            sleep(PROOF).await;
        }
        Ok(())
    }

    /// What is on the disk, opened anew.
    fn gather(self, gaps: Vec<Gap>) -> anyhow::Result<Evidence> {
        let store = Arc::new(self.place.store()?);
        let writer = self.place.log(&store)?;
        let evidence = Evidence {
            since: self.since.lock().context("there never was a connection")?,
            fired: self.place.peer.ledger_entries(),
            present: self.place.peer.states(),
            states: check::states(&store)?,
            events: check::events(&store)?,
            quarantined: check::quarantined(&store)?,
            again: check::again(&store)?,
            plan: self.plan,
            place: self.place,
            others: self.others,
            gaps,
        };
        replay::same_rows(&writer.log(), &evidence)?;
        replay::same_from_each_segment(&writer.log())?;
        check::counted(&store, &evidence)?;
        Ok(evidence)
    }
}

/// A person does what gaps say that were given up while history was refused. Whether there are any.
async fn retry_gaps(program: &Program) -> anyhow::Result<bool> {
    let gaps = program.orders.give(Order::ListGaps).await.map_err(Error::msg)?;
    let mut any = false;
    for gap in gaps.iter().filter(|gap| gap.result.note.contains("gaps retry")) {
        let retry = |reply| Order::RetryGaps(Some(gap.id), reply);
        any |= program.orders.give(retry).await.map_err(Error::msg)? > 0;
    }
    Ok(any)
}

/// To a name of its own, or back.
fn renaming(entity: &str, back: bool) -> Fault {
    let (name, other) = (entity.into(), format!("{entity}_renamed").as_str().into());
    if back { Fault::Rename { from: other, to: name } } else { Fault::Rename { from: name, to: other } }
}

impl Evidence {
    /// Of everything that was fired and stored.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.fired.iter().for_each(|entry| (&entry.fired, entry.in_history).hash(&mut hasher));
        for row in &self.states {
            (row.entity_id.as_str(), row.ts, row.tie, &row.state, &row.attributes).hash(&mut hasher);
            (&row.entity_key, &row.area, &row.device, &row.unit).hash(&mut hasher);
            (row.last_changed, row.received_delay_ms, row.origin.as_str(), row.restored).hash(&mut hasher);
        }
        for row in &self.events {
            (row.ts, &row.event_type, &row.data).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Entities that are recorded.
    pub(crate) fn kept(&self) -> BTreeSet<&str> {
        let filter = self.place.filter();
        let ids = self.fired.iter().map(|entry| entry.fired.entity_id.as_str());
        ids.filter(|id| filter.keeps(*id)).collect()
    }
}
