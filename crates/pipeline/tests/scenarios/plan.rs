//! What a seed means: a house, the settings of both sides, and a schedule of troubles.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;
use hearthline_core::Timestamp;
use hearthline_log::SyncPolicy;
use hearthline_sim::{Ending, Fault, Garbage};

/// Half a day before a midnight in UTC.
const NOON: Timestamp = Timestamp(1_800_014_400_000_000);
/// Troubles begin when the first connection is surely made.
const CALM: Duration = Duration::from_secs(5);

/// What may be refused, ignored or broken off.
const COMMANDS: [&str; 5] =
    ["supported_features", "subscribe_events", "get_config", "get_states", "history/history_during_period"];

/// What a seed means.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) house: HouseSetup,
    pub(crate) ours: Setup,
    /// Until everything is healed.
    pub(crate) length: Duration,
    /// When what happens, in the order of time.
    pub(crate) schedule: Vec<(Duration, Trouble)>,
}

/// Home Assistant's side.
#[derive(Clone, Debug)]
pub(crate) struct HouseSetup {
    pub(crate) start: Timestamp,
    /// Times as busy as a usual house.
    pub(crate) rate: f64,
    /// How far its clock is from ours, in milliseconds.
    pub(crate) skew: i64,
    pub(crate) commit_interval: Duration,
    /// How many of its entities the recorder leaves out.
    pub(crate) excluded: usize,
    pub(crate) peak_time: Duration,
    /// Bytes that are on their way between the two.
    pub(crate) pipe: usize,
}

/// Our side.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) sync: SyncPolicy,
    /// How long the log's writer rests between two steps: a disk that is fast or slow.
    pub(crate) write_every: Duration,
    pub(crate) queue_bytes: usize,
    pub(crate) ring_bytes: usize,
    pub(crate) min_free: u64,
    /// How long segments are kept once they are stored; none keeps all.
    pub(crate) keep: Option<Duration>,
    pub(crate) flush_rows: usize,
    pub(crate) flush_interval: Duration,
    /// Events of all types, or states only.
    pub(crate) all_events: bool,
    /// What is not recorded.
    pub(crate) exclude: Option<&'static str>,
}

/// Something that goes wrong. A duration is how long it lasts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// With Home Assistant or the network.
    Peer(Fault, Duration),
    /// We do not read.
    SlowReader(Duration),
    /// The entity is removed, and is there again later.
    Removal(usize, Duration),
    /// Home Assistant cannot write the entity's next state as JSON.
    Unserialisable(usize),
    /// The entity's attributes change their types.
    TypeFlip(usize),
    /// Two states of the entity have one `last_updated`.
    SameInstant(usize),
    /// The entity gets another id, and has its own again later.
    Rename(usize, Duration),
    /// The two entities exchange their ids.
    Swap(usize, usize),
    /// Another entity gets the id of this one.
    Recreate(usize),
    /// The entity is put into another area.
    Move(usize),
    /// The entity speaks in another unit.
    Unit(usize),
    /// So many events that are no change of a state.
    OtherEvents(usize),
    /// That many bytes fit, no more.
    DiskFull(u64, Duration),
    ReadOnly(Duration),
    FailedSync(Duration),
    /// Writes to the log return late.
    LogStalls(Duration),
    /// The sink does not answer.
    SinkStands(Duration),
    /// The sink refuses.
    SinkRefuses(Duration),
    /// The sink takes what it is given and says that it has not.
    SinkLies(Duration),
    /// Our clock is set, by so many milliseconds.
    ClockJump(i64),
    /// We stop in order and are started again.
    Stop(Duration),
    /// `kill -9`.
    Kill(Duration),
    /// The power is cut: what was not synced is gone.
    PowerCut(Duration),
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let length = seconds(&mut rng, 30..150);
        let house = HouseSetup::draw(&mut rng);
        let ours = Setup::draw(&mut rng);
        let mut schedule = Vec::new();
        for _ in 0..rng.usize(1..12) {
            let at = CALM + (length - CALM).mul_f64(rng.f64());
            // What comes soon after something else finds more than what comes alone.
            for n in 0..if rng.u8(..) < 64 { rng.u32(2..5) } else { 1 } {
                schedule.push((at + millis(&mut rng, 1..3_000) * n, Trouble::draw(&mut rng)));
            }
        }
        schedule.sort_by_key(|(at, _)| *at);
        Self { seed, house, ours, length, schedule }
    }

    /// Calm weather: nothing goes wrong unless a test says so.
    pub(crate) fn calm(seed: u64) -> Self {
        let (house, ours) =
            (HouseSetup::draw(&mut Rng::with_seed(seed)), Setup::draw(&mut Rng::with_seed(1)));
        let ours = Setup { exclude: None, keep: None, ..ours };
        Self { seed, house, ours, length: Duration::from_secs(60), schedule: Vec::new() }
    }

    /// Whether something may be amiss that only a comparison of all states shows.
    pub(crate) fn needs_a_sweep(&self) -> bool {
        let silent = |trouble: &Trouble| {
            matches!(trouble, Trouble::Unserialisable(_) | Trouble::Peer(Fault::Garbage(_), _))
        };
        self.schedule.iter().any(|(_, trouble)| silent(trouble))
    }

    /// When the last restart of Home Assistant is over.
    pub(crate) fn settled(&self) -> Duration {
        let ends = self.schedule.iter().filter_map(|(at, trouble)| match trouble {
            Trouble::Peer(Fault::Restart { down, starting, .. }, _) => Some(*at + *down + *starting),
            Trouble::Peer(Fault::RestartStorm { times, every }, _) => Some(*at + *every * (*times + 1)),
            Trouble::Peer(Fault::Storm { lasting, .. }, _) => Some(*at + *lasting),
            _ => None,
        });
        ends.max().unwrap_or_default().max(self.length)
    }
}

impl HouseSetup {
    fn draw(rng: &mut Rng) -> Self {
        // Midnight, at which the store begins other files, falls into every fourth scenario.
        let start = match rng.u8(0..4) {
            0 => NOON.plus(Duration::from_secs(43_200) - seconds(rng, 10..120)),
            _ => NOON.plus(seconds(rng, 0..40_000)),
        };
        Self {
            start,
            rate: choose(rng, &[0.5, 2.0, 6.0, 15.0]),
            skew: rng.i64(-5_000..5_000),
            commit_interval: Duration::from_secs(choose(rng, &[1, 5, 5, 10])),
            excluded: rng.usize(0..10),
            peak_time: Duration::from_secs(choose(rng, &[5, 10])),
            pipe: choose(rng, &[4 << 10, 64 << 10, 256 << 10]),
        }
    }
}

impl Setup {
    fn draw(rng: &mut Rng) -> Self {
        let interval = SyncPolicy::Interval(millis(rng, 200..3_000));
        Self {
            sync: choose(rng, &[SyncPolicy::Always, SyncPolicy::Os, interval, interval]),
            write_every: millis(rng, 20..400),
            queue_bytes: choose(rng, &[1 << 20, 16 << 20]),
            ring_bytes: choose(rng, &[0, 64 << 10, 8 << 20]),
            min_free: choose(rng, &[0, 64 << 10]),
            keep: choose(rng, &[None, None, Some(Duration::ZERO)]),
            flush_rows: choose(rng, &[200, 2_000, 50_000]),
            flush_interval: seconds(rng, 2..90),
            all_events: rng.bool(),
            exclude: choose(rng, &[None, None, Some("light"), Some("sensor.*_power")]),
        }
    }
}

impl Trouble {
    fn draw(rng: &mut Rng) -> Self {
        let short = millis(rng, 100..8_000);
        let long = seconds(rng, 1..60);
        let ending = choose(rng, &[Ending::Eof, Ending::Close]);
        let once = Duration::ZERO;
        match rng.u8(0..54) {
            0..3 => Self::Peer(Fault::Drop(ending), once),
            3 => Self::Peer(Fault::HalfOpen, long),
            4 => Self::Peer(Fault::CloseAfterAuth, long),
            5..8 => {
                let (down, starting) = (short, seconds(rng, 1..90));
                Self::Peer(Fault::Restart { down, starting, killed: rng.bool() }, once)
            }
            8 => Self::Peer(Fault::RestartStorm { times: rng.u32(2..6), every: seconds(rng, 2..15) }, once),
            9 => Self::Peer(
                choose(rng, &[Fault::Refuse, Fault::BadGateway, Fault::Ban, Fault::RevokeToken]),
                long,
            ),
            10 => Self::Peer(Fault::SlowPong(millis(rng, 100..20_000)), long),
            11 => Self::Peer(Fault::SlowHistory(millis(rng, 100..30_000)), long),
            12 => Self::Peer(choose(rng, &[Fault::OddKeyOrder, Fault::UnknownKeys]), long),
            13 => Self::Peer(choose(rng, &[Fault::Bursts(short), Fault::SingleFrames]), long),
            14 => Self::Peer(Fault::Throttle { bytes_per_second: rng.u64(1_000..100_000) }, long),
            15 => Self::Peer(Fault::CutAfter { bytes: rng.u64(0..100_000) }, once),
            16 => Self::Peer(Fault::CutEach { bytes: rng.u64(0..100_000) }, long),
            17..20 => {
                let command = choose(rng, &COMMANDS).to_owned();
                match rng.u8(0..4) {
                    0 => Self::Peer(Fault::IgnoreCommand(command), long),
                    1 => Self::Peer(Fault::RefuseCommand(command), long),
                    _ => Self::Peer(Fault::DropOn { command, ending }, once),
                }
            }
            20 => Self::Peer(Fault::IdReuse, once),
            21 => Self::Peer(Fault::NoRecorder, long),
            22 => Self::Peer(Fault::Duplicate, once),
            23 => {
                let garbage = choose(rng, &[Garbage::NoEntityId, Garbage::BadTime, Garbage::Binary]);
                Self::Peer(Fault::Garbage(garbage), once)
            }
            24 => {
                let (per_second, attribute_bytes) = (rng.u32(20..300), rng.usize(0..1_000));
                Self::Peer(Fault::Storm { per_second, lasting: short / 2, attribute_bytes }, once)
            }
            25 => Self::Peer(Fault::LargeAttribute { bytes: rng.usize(1_000..300_000) }, once),
            26 => Self::SlowReader(long),
            27 => Self::Removal(rng.usize(..), long),
            28 | 29 => Self::Unserialisable(rng.usize(..)),
            30 => Self::TypeFlip(rng.usize(..)),
            31 => Self::SameInstant(rng.usize(..)),
            32 => Self::OtherEvents(rng.usize(1..40)),
            33 => Self::DiskFull(rng.u64(0..100_000), long),
            34 => Self::ReadOnly(long),
            35 => Self::FailedSync(short),
            36 => Self::LogStalls(long),
            37 => Self::SinkStands(long),
            38 => Self::SinkRefuses(long),
            39 => Self::SinkLies(long),
            40 => Self::ClockJump(rng.i64(-7_200_000..7_200_000)),
            41 => Self::Stop(short),
            42 | 43 => Self::Kill(short),
            44 | 45 => Self::PowerCut(short),
            46 | 47 => Self::Rename(rng.usize(..), long),
            48 | 49 => Self::Swap(rng.usize(..), rng.usize(..)),
            50 => Self::Recreate(rng.usize(..)),
            51 => Self::Move(rng.usize(..)),
            _ => Self::Unit(rng.usize(..)),
        }
    }

    /// How long it lasts, if it does.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        match self {
            Self::Peer(_, Duration::ZERO) => None,
            Self::Peer(_, lasts)
            | Self::Removal(_, lasts)
            | Self::Rename(_, lasts)
            | Self::DiskFull(_, lasts)
            | Self::ReadOnly(lasts)
            | Self::FailedSync(lasts) => Some(*lasts),
            _ => None,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}\n{:?}", self.house, self.ours)?;
        for (at, trouble) in &self.schedule {
            writeln!(f, "{:>9.3} s  {trouble:?}", at.as_secs_f64())?;
        }
        write!(f, "{:>9.3} s  all is healed", self.length.as_secs_f64())
    }
}

fn choose<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

fn millis(rng: &mut Rng, range: Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}

fn seconds(rng: &mut Rng, range: Range<u64>) -> Duration {
    millis(rng, range.start * 1000..range.end * 1000)
}
