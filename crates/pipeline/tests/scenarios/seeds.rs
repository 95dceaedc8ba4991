//! Many seeds on all cores, and what is said of one that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hearthline_core::{Clock, SystemClock};
use parking_lot::Mutex;

use crate::plan::Plan;
use crate::scenario::{self, Figures};

/// Between two lines about how far it is.
const TOLD: Duration = Duration::from_secs(5);

/// The first seed and how many there are; a person says so by `cargo xtask sim`.
pub(crate) fn asked() -> (u64, u64) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    (number("HEARTHLINE_SIM_SEED").unwrap_or(1), number("HEARTHLINE_SIM_SEEDS").unwrap_or(16))
}

/// Runs the seeds; answers with those that failed.
pub(crate) fn run(first: u64, count: u64) -> Vec<u64> {
    let (next, clock) = (AtomicU64::new(0), SystemClock::new());
    let (failures, sum, told) = (Mutex::new(Vec::new()), Mutex::new(Figures::default()), Mutex::new(TOLD));
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            match attempt(&Plan::of(first + n)) {
                Ok(figures) => sum.lock().add(&figures),
                Err(error) => {
                    println!("seed {} failed: {}", first + n, error.lines().next().unwrap_or_default());
                    failures.lock().push(first + n);
                }
            }
            let (passed, mut told) = (clock.monotonic(), told.lock());
            if passed >= *told {
                *told = passed + TOLD;
                let rate = (n + 1) as f64 / passed.as_secs_f64();
                println!("{} of {count} seeds, {rate:.1} a second, {} failed", n + 1, failures.lock().len());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, Into::into) {
            scope.spawn(work);
        }
    });
    let took = clock.monotonic().as_secs_f64();
    println!("{count} seeds in {took:.1} s, {:.1} a second: {:?}", count as f64 / took, sum.lock());
    let mut failures = failures.into_inner();
    failures.sort_unstable();
    failures
}

/// Everything that is needed to look into a seed that fails, with the fewest troubles with which it still does.
pub(crate) fn explain(seed: u64) -> String {
    let plan = Plan::of(seed);
    let least = shrink(&plan);
    let said = |plan: &Plan| attempt(plan).err().unwrap_or_else(|| "it holds now".into());
    format!(
        "seed {seed}: {}\n\n{plan}\n\nwith the fewest troubles: {}\n\n{least}\n\nagain: cargo xtask sim --seed {seed}\n",
        said(&plan),
        said(&least)
    )
}

fn attempt(plan: &Plan) -> Result<Figures, String> {
    let run = catch_unwind(AssertUnwindSafe(|| scenario::run(plan)));
    match run {
        Ok(outcome) => outcome.map(|outcome| outcome.figures).map_err(|error| format!("{error:#}")),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "a panic without words".into())),
    }
}

/// Leaves out one trouble after the other, as long as it still fails.
fn shrink(plan: &Plan) -> Plan {
    let mut least = plan.clone();
    for n in (0..plan.schedule.len()).rev() {
        let mut less = least.clone();
        less.schedule.remove(n);
        if attempt(&less).is_err() {
            least = less;
        }
    }
    least
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.fired += other.fired;
        self.rows += other.rows;
        self.fetched += other.fetched;
        self.missed += other.missed;
        self.gaps += other.gaps;
        self.open += other.open;
    }
}
