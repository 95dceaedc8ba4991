//! A seeded house of 300 entities: what the figures are measured with.
//!
//! Its lights, heating and players change their attributes with nearly every event; a house of constant attributes
//! would flatter every figure. The same seed gives the same bytes.

use std::time::Duration;

use fastrand::Rng;
use hearthline_core::Timestamp;
use hearthline_sim::{Fired, House};

const SEED: u64 = 20_261_124;
/// 2026-11-23T00:00:00Z.
pub(crate) const MIDNIGHT: Timestamp = Timestamp(1_795_392_000_000_000);
/// Most events of one frame: Home Assistant joins what waits for a client.
const BURST: usize = 32;

/// What an entity is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Unit, device class, mean, step, decimals.
    Sensor(&'static str, &'static str, f64, f64, usize),
    Meter,
    Motion,
    Light,
    Climate,
    Player,
}

/// Kind, how many there are, and how often each of them changes compared with the others.
const HOUSEHOLD: [(Kind, u32, u32); 10] = [
    (Kind::Sensor("W", "power", 240.0, 35.0, 1), 50, 6),
    (Kind::Sensor("°C", "temperature", 20.0, 0.1, 1), 60, 2),
    (Kind::Sensor("%", "humidity", 50.0, 0.6, 1), 40, 2),
    (Kind::Sensor("lx", "illuminance", 300.0, 20.0, 0), 20, 2),
    (Kind::Sensor("ppm", "carbon_dioxide", 700.0, 12.0, 0), 10, 2),
    (Kind::Meter, 30, 1),
    (Kind::Motion, 30, 1),
    (Kind::Light, 30, 2),
    (Kind::Climate, 18, 3),
    (Kind::Player, 12, 6),
];

struct Entity {
    id: String,
    name: String,
    kind: Kind,
    level: f64,
    on: bool,
}

/// The house, and what happens in it, one change after the other.
pub(crate) struct Events {
    house: House,
    rng: Rng,
    entities: Vec<Entity>,
    /// Indexes of entities, each as often as its weight.
    turns: Vec<usize>,
    at: Timestamp,
    /// Mean time between two events.
    every: Duration,
}

impl Events {
    /// Begins at a moment; an event each `every` on average.
    pub(crate) fn new(start: Timestamp, every: Duration) -> Self {
        let mut entities = Vec::new();
        let mut turns = Vec::new();
        for (kind, count, weight) in HOUSEHOLD {
            for number in 1..=count {
                turns.extend((0..weight).map(|_| entities.len()));
                entities.push(Entity::new(kind, number));
            }
        }
        Self {
            house: House::empty(SEED, start),
            rng: Rng::with_seed(SEED),
            entities,
            turns,
            at: start,
            every,
        }
    }

    fn change(&mut self) -> Option<Fired> {
        let turn = *self.turns.get(self.rng.usize(..self.turns.len()))?;
        let entity = self.entities.get_mut(turn)?;
        let (state, attributes) = entity.step(self.at, &mut self.rng);
        self.house.set_state(self.at, &entity.id, &state, &attributes)
    }

    /// The next event: when it was fired, and its object as Home Assistant writes it.
    pub(crate) fn next(&mut self) -> (Timestamp, String) {
        self.at = self.at.plus(self.every.mul_f64(0.2 + 1.6 * self.rng.f64()));
        loop {
            if let Some(fired) = self.change() {
                return (fired.time_fired, event(&fired));
            }
        }
    }
}

impl Entity {
    fn new(kind: Kind, number: u32) -> Self {
        let (domain, what) = match kind {
            Kind::Sensor(_, class, ..) => ("sensor", class),
            Kind::Meter => ("sensor", "energy"),
            Kind::Motion => ("binary_sensor", "motion"),
            Kind::Light => ("light", "ceiling"),
            Kind::Climate => ("climate", "thermostat"),
            Kind::Player => ("media_player", "speaker"),
        };
        let level = if let Kind::Sensor(_, _, mean, ..) = kind { mean } else { 20.0 };
        let id = format!("{domain}.upper_floor_room_{number}_{what}");
        Self { id, name: format!("Upper floor room {number} {what}"), kind, level, on: false }
    }

    /// State and attributes after the next change.
    fn step(&mut self, at: Timestamp, rng: &mut Rng) -> (String, String) {
        let name = &self.name;
        match self.kind {
            Kind::Sensor(unit, class, mean, step, decimals) => {
                self.level += (rng.f64() - 0.5) * 2.0 * step + (mean - self.level) * 0.02;
                let state = format!("{:.decimals$}", self.level.max(0.0));
                let attributes = format!(
                    r#"{{"state_class":"measurement","unit_of_measurement":"{unit}","device_class":"{class}","friendly_name":"{name}"}}"#
                );
                (state, attributes)
            }
            Kind::Meter => {
                self.level += 0.001 + rng.f64() * 0.004;
                let attributes = format!(
                    r#"{{"state_class":"total_increasing","unit_of_measurement":"kWh","device_class":"energy","friendly_name":"{name}"}}"#
                );
                (format!("{:.3}", self.level), attributes)
            }
            Kind::Motion => {
                self.on = !self.on;
                let attributes = format!(r#"{{"device_class":"motion","friendly_name":"{name}"}}"#);
                (if self.on { "on" } else { "off" }.into(), attributes)
            }
            Kind::Light => self.light(rng),
            Kind::Climate => self.climate(rng),
            Kind::Player => self.player(at, rng),
        }
    }

    fn light(&mut self, rng: &mut Rng) -> (String, String) {
        let name = &self.name;
        let modes = r#""min_color_temp_kelvin":2000,"max_color_temp_kelvin":6535,"min_mireds":153,"max_mireds":500,"effect_list":["None","candle","fire","prism","sparkle","opal","glisten"],"supported_color_modes":["color_temp","xy"],"effect":"None""#;
        self.on = rng.u8(..) > 40;
        if !self.on {
            let off = r#""color_mode":null,"brightness":null,"color_temp_kelvin":null,"color_temp":null,"hs_color":null,"rgb_color":null,"xy_color":null"#;
            let attributes = format!(
                r#"{{{modes},{off},"mode":"normal","dynamics":"none","friendly_name":"{name}","supported_features":44}}"#
            );
            return ("off".into(), attributes);
        }
        let (kelvin, brightness) = (2000 + rng.u32(0..4500), rng.u8(1..));
        // Home Assistant works the colours out from the temperature.
        let warmth = 1.0 - f64::from(kelvin - 2000) / 4500.0;
        let (hue, saturation, x, y) =
            (28.0 + warmth, warmth * 94.0, 0.31 + warmth * 0.22, 0.33 + warmth * 0.08);
        let attributes = format!(
            r#"{{{modes},"color_mode":"color_temp","brightness":{brightness},"color_temp_kelvin":{kelvin},"color_temp":{},"hs_color":[{hue:.3},{saturation:.3}],"rgb_color":[255,{:.0},{:.0}],"xy_color":[{x:.3},{y:.3}],"mode":"normal","dynamics":"none","friendly_name":"{name}","supported_features":44}}"#,
            1_000_000 / kelvin,
            255.0 - warmth * 117.0,
            255.0 - warmth * 241.0,
        );
        ("on".into(), attributes)
    }

    fn climate(&mut self, rng: &mut Rng) -> (String, String) {
        self.level += (rng.f64() - 0.5) * 0.4 + (20.0 - self.level) * 0.05;
        let (name, current) = (&self.name, self.level);
        let target = if rng.u8(..) < 16 { 17.0 } else { 21.0 };
        let heats = current < target;
        let action = if heats { "heating" } else { "idle" };
        let valve = if heats { rng.u8(10..100) } else { 0 };
        let attributes = format!(
            r#"{{"hvac_modes":["off","heat","auto"],"min_temp":5.0,"max_temp":30.0,"target_temp_step":0.5,"preset_modes":["none","comfort","eco","boost","away"],"current_temperature":{current:.1},"temperature":{target:.1},"hvac_action":"{action}","preset_mode":"none","valve_position":{valve},"friendly_name":"{name}","supported_features":401}}"#
        );
        ("heat".into(), attributes)
    }

    fn player(&mut self, at: Timestamp, rng: &mut Rng) -> (String, String) {
        let name = &self.name;
        self.on = rng.u8(..) > 30;
        if !self.on {
            let attributes = format!(
                r#"{{"device_class":"speaker","friendly_name":"{name}","supported_features":152511}}"#
            );
            return ("idle".into(), attributes);
        }
        // A track is heard for some events, at another position each time.
        if rng.u8(..) < 40 {
            self.level = rng.f64().mul_add(1e6, 1.0).floor();
        }
        let (track, position) = (self.level, rng.u16(0..240));
        let attributes = format!(
            r#"{{"volume_level":0.{:02},"is_volume_muted":false,"media_content_id":"spotify:track:{track:022}","media_content_type":"music","media_duration":241,"media_position":{position},"media_position_updated_at":"{at}","media_title":"Track number {track}","media_artist":"Artist {:.0}","media_album_name":"Album {:.0}","shuffle":false,"repeat":"off","device_class":"speaker","entity_picture":"/api/media_player_proxy/{}?cache={:016x}","friendly_name":"{name}","supported_features":152511}}"#,
            10 * rng.u8(1..9),
            track / 120.0,
            track / 12.0,
            self.id,
            track.to_bits(),
        );
        ("playing".into(), attributes)
    }
}

fn event(fired: &Fired) -> String {
    let state = |state: &Option<std::sync::Arc<hearthline_sim::State>>| {
        state.as_deref().map_or_else(|| "null".into(), hearthline_sim::State::to_json)
    };
    format!(
        r#"{{"event_type":"state_changed","data":{{"entity_id":"{}","old_state":{},"new_state":{}}},"origin":"LOCAL","time_fired":"{}","context":{{"id":"{}","parent_id":null,"user_id":null}}}}"#,
        fired.entity_id,
        state(&fired.old_state),
        state(&fired.new_state),
        fired.time_fired.to_string().replace('Z', "+00:00"),
        fired.context.id,
    )
}

/// So many events in frames, as a busy Home Assistant sends them: arrays of up to 32 messages.
pub(crate) fn frames(events: u64) -> Vec<String> {
    let mut house = Events::new(MIDNIGHT, Duration::from_millis(50));
    let mut sizes = Rng::with_seed(SEED);
    let mut frames = Vec::new();
    let mut left = usize::try_from(events).unwrap_or(usize::MAX);
    while left > 0 {
        let burst = sizes.usize(1..=BURST).min(left);
        let messages: Vec<String> =
            (0..burst).map(|_| format!(r#"{{"type":"event","event":{},"id":2}}"#, house.next().1)).collect();
        left -= burst;
        frames.push(format!("[{}]", messages.join(",")));
    }
    frames
}
