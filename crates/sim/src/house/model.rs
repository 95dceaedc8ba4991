//! What each entity does as time passes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use hearthline_core::{EntityId, Timestamp};
use serde_json::{Map, Value};

use super::Write;

mod behaviour;
mod reading;

pub(super) use reading::Reading;

/// How an entity behaves. Intervals are means in seconds.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    /// A reading with a wave of one day: temperature, humidity, air.
    Wave { mean: f64, swing: f64, peak: f64, noise: f64, decimals: usize, every: u64 },
    /// The same, from a sensor that loses its radio now and then.
    FlakyWave { mean: f64, noise: f64, every: u64 },
    /// Light of the sun, in lux at the zenith.
    Daylight { lux: f64 },
    /// Watts: always `idle`, up to `busy` more by the rhythm of the day.
    Power { idle: f64, busy: f64, every: u64 },
    /// A meter that only rises, in kWh for a mean of that many watts.
    Energy { watts: f64 },
    /// Percent left.
    Battery,
    /// Percent that stay the same and are reported all the time.
    Level { percent: u8, every: u64 },
    /// On for a minute when someone passes.
    Motion,
    /// Open for some minutes, a few times a day.
    Contact,
    /// On in the evening, at some brightness.
    Light,
    /// On day and night where no daylight comes in, and dimmed a little all the time.
    AdaptiveLight,
    /// A room of Hue lamps that switches its lamp with it. The lamp's `dynamics` is text, the room's a truth value.
    HueRoom { lamp: &'static str, lamp_name: &'static str },
    /// A Hue lamp, which its room speaks for.
    HueLamp,
    /// Heating by a schedule.
    Climate,
    /// Plays in the evening.
    MediaPlayer,
    /// Opens in the morning, closes at night.
    Cover,
    /// On for half an hour at times.
    Plug,
    /// At home at night, away by day.
    Person,
    /// The sun.
    Sun,
    /// The house's own weather.
    Weather,
    /// An update that appears and is installed.
    Update,
    /// The zone of the house.
    Zone,
}

/// An entity, as it is installed.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) entity_id: String,
    /// `friendly_name`.
    pub(super) name: String,
    /// `area_id`.
    pub(super) area: Option<&'static str>,
    /// Name of the device; absent for what is no thing.
    pub(super) device: Option<String>,
    pub(super) manufacturer: Option<&'static str>,
    pub(super) platform: &'static str,
    pub(super) label: Option<&'static str>,
    /// Attributes that never change: name, unit, classes.
    pub(super) fixed: Map<String, Value>,
    pub(super) behaviour: Behaviour,
}

#[derive(Debug)]
struct Resident {
    spec: Spec,
    /// Fixed attributes as text.
    fixed: Arc<str>,
    memory: Memory,
}

/// What a behaviour remembers from one step to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    level: f64,
    on: bool,
    started: bool,
}

/// All entities, each with the time of its next step.
#[derive(Debug)]
pub(super) struct Model {
    residents: Vec<Resident>,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    pub(super) rate: f64,
}

impl Model {
    pub(super) fn new(specs: Vec<Spec>, now: Timestamp) -> Self {
        let due = (1u64..).zip(0..specs.len());
        let due = due.map(|(ms, i)| Reverse((now.plus(Duration::from_micros(7_919 * ms)), i))).collect();
        let resident = |spec: Spec| {
            let fixed = Value::Object(spec.fixed.clone()).to_string().into();
            Resident { spec, fixed, memory: Memory::default() }
        };
        Self { residents: specs.into_iter().map(resident).collect(), due, rate: 1.0 }
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// What belongs to the same device, by the names of the installation.
    pub(super) fn of_its_device(&self, entity_id: &EntityId) -> Vec<EntityId> {
        let device = |resident: &Resident| resident.spec.device.clone();
        let own = self.residents.iter().find(|r| r.spec.entity_id == entity_id.as_str()).and_then(device);
        let of_it = self.residents.iter().filter(|r| own.is_some() && r.spec.device == own);
        of_it.map(|r| r.spec.entity_id.as_str().into()).collect()
    }

    /// The next step up to `to`: when, and what is written by it.
    pub(super) fn step(&mut self, to: Timestamp, rng: &mut Rng) -> Option<(Timestamp, Vec<Write>)> {
        let at = self.next_due().filter(|at| *at <= to)?;
        let Reverse((_, index)) = self.due.pop()?;
        let resident = self.residents.get_mut(index)?;
        let reading = behaviour::step(&resident.spec, &mut resident.memory, at, rng);
        resident.memory.started = true;
        // Nothing in a house keeps time to the microsecond.
        let wait = reading.wait.mul_f64((0.7 + 0.6 * rng.f64()) / self.rate).max(Duration::from_millis(1));
        self.due.push(Reverse((at.plus(wait).plus(Duration::from_micros(rng.u64(1..1000))), index)));
        Some((at, reading.writes(&resident.spec, &resident.fixed)))
    }
}
