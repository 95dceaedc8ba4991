//! One step of each behaviour.

use std::f64::consts::FRAC_PI_2;

use fastrand::Rng;
use hearthline_core::Timestamp;
use serde_json::{Value, json};

use super::{Behaviour, Memory, Reading, Spec};
use crate::house::Write;
use crate::house::rhythm::{activity, elevation, hour, wave};
use crate::house::states::iso;

/// What the entity says at `at`, and for how long about.
pub(super) fn step(spec: &Spec, memory: &mut Memory, at: Timestamp, rng: &mut Rng) -> Reading {
    let hour = hour(at);
    match spec.behaviour {
        Behaviour::Wave { mean, swing, peak, noise, decimals, every } => {
            let value = mean + swing * wave(hour, peak) + drift(memory, noise, rng);
            Reading::new(number(value, decimals), every)
        }
        Behaviour::FlakyWave { .. } if rng.f64() < 0.03 => Reading::new("unavailable", 300),
        Behaviour::FlakyWave { mean, noise, every } => {
            Reading::new(number(mean + drift(memory, noise, rng), 1), every)
        }
        Behaviour::Daylight { lux } => {
            let light = elevation(hour).to_radians().sin().max(0.0) * (1.0 + drift(memory, 0.1, rng));
            Reading::new(number((lux * light).max(0.0), 0), 60)
        }
        Behaviour::Power { idle, busy, every } => {
            let load = activity(hour) * rng.f64() * rng.f64();
            Reading::new(number(idle * (0.95 + 0.1 * rng.f64()) + busy * load, 1), every)
        }
        Behaviour::Energy { watts } => {
            memory.level += if memory.started { watts * activity(hour) / 60_000.0 } else { 1204.0 };
            Reading::new(number(memory.level, 3), 60)
        }
        Behaviour::Battery => {
            memory.level = if memory.level < 5.0 { 100.0 } else { memory.level - rng.f64() };
            Reading::new(number(memory.level, 0), 3600)
        }
        Behaviour::Level { percent, every } => Reading::new(percent.to_string(), every),
        Behaviour::Motion => {
            memory.on = memory.started && !memory.on;
            Reading::new(on_off(memory.on), if memory.on { 60 } else { seldom(hour, 240, rng) })
        }
        Behaviour::Contact => {
            memory.on = memory.started && !memory.on;
            Reading::new(on_off(memory.on), if memory.on { 240 } else { seldom(hour, 5_400, rng) })
        }
        Behaviour::Plug => {
            memory.on = memory.started && !memory.on;
            Reading::new(on_off(memory.on), if memory.on { 1_800 } else { seldom(hour, 7_200, rng) })
        }
        Behaviour::Light => {
            memory.on = evening(hour, rng);
            Reading::new(on_off(memory.on), 900).with(brightness(memory.on, rng))
        }
        Behaviour::AdaptiveLight => Reading::new("on", 40).with(brightness(true, rng)),
        Behaviour::HueRoom { lamp, lamp_name } => hue_room(lamp, lamp_name, evening(hour, rng), rng),
        Behaviour::HueLamp => Reading::new("off", 1 << 40).with(hue_lamp(false, &Value::Null)),
        Behaviour::Climate => climate(memory, hour, rng),
        Behaviour::MediaPlayer => media_player(at, hour, rng),
        Behaviour::Cover => cover(memory, hour),
        Behaviour::Person => person(spec, hour, rng),
        Behaviour::Sun => sun(hour),
        Behaviour::Weather => weather(memory, hour, rng),
        Behaviour::Update => update(memory),
        Behaviour::Zone => Reading::new("2", 1 << 40),
    }
}

/// A random walk that comes back to zero.
fn drift(memory: &mut Memory, noise: f64, rng: &mut Rng) -> f64 {
    memory.level = 0.85 * memory.level + noise * (rng.f64() - 0.5);
    memory.level
}

fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches(['-', '0', '.']).is_empty() { format!("{:.decimals$}", 0.0) } else { text }
}

fn rounded(value: f64, decimals: i32) -> Value {
    let unit = 10f64.powi(decimals);
    ((value * unit).round() / unit).into()
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Seconds until something that is done by people happens again; longer when they sleep.
fn seldom(hour: f64, mean: u64, rng: &mut Rng) -> u64 {
    let mean = if activity(hour) < 0.2 { mean * 8 } else { mean };
    rng.u64(mean / 3..mean * 2)
}

fn evening(hour: f64, rng: &mut Rng) -> bool {
    elevation(hour) < 3.0 && rng.f64() < activity(hour) * 0.7
}

fn brightness(on: bool, rng: &mut Rng) -> Value {
    match on {
        true => json!({"brightness": rng.u8(40..), "color_mode": "brightness"}),
        false => json!({"brightness": null, "color_mode": null}),
    }
}

fn hue_room(lamp: &'static str, lamp_name: &'static str, on: bool, rng: &mut Rng) -> Reading {
    let level = if on { rng.u8(40..).into() } else { Value::Null };
    let mut attributes = hue_lamp(on, &level);
    if let Some(attributes) = attributes.as_object_mut() {
        attributes.insert("friendly_name".into(), lamp_name.into());
    }
    let lamp_too = Write::new(lamp, on_off(on), attributes.to_string());
    Reading::new(on_off(on), 1_200).and(lamp_too).with(json!({
        "brightness": level, "color_mode": on.then_some("brightness"), "supported_color_modes": ["brightness"],
        "is_hue_group": true, "hue_type": "room", "hue_scenes": ["Bright", "Relax"], "lights": [lamp_name],
        "dynamics": false, "icon": "mdi:lightbulb-group", "supported_features": 40,
    }))
}

fn hue_lamp(on: bool, level: &Value) -> Value {
    json!({
        "brightness": level, "color_mode": on.then_some("color_temp"), "color_temp_kelvin": on.then_some(2732),
        "min_color_temp_kelvin": 2000, "max_color_temp_kelvin": 6535, "effect": on.then_some("off"),
        "supported_color_modes": ["color_temp"], "mode": "normal", "dynamics": "none", "supported_features": 44,
    })
}

fn climate(memory: &mut Memory, hour: f64, rng: &mut Rng) -> Reading {
    let target = if (6.5..22.5).contains(&hour) { 20.5 } else { 17.0 };
    memory.level = if memory.started { memory.level } else { 19.0 };
    memory.level += if memory.on { 0.15 } else { -0.08 } * (0.5 + rng.f64());
    memory.on = memory.level < if memory.on { target + 0.3 } else { target - 0.3 };
    Reading::new("heat", 240).with(json!({
        "hvac_modes": ["heat", "off"], "hvac_action": if memory.on { "heating" } else { "idle" },
        "min_temp": 7, "max_temp": 30, "target_temp_step": 0.5, "temperature": target,
        "current_temperature": rounded(memory.level, 1), "supported_features": 385,
    }))
}

fn media_player(at: Timestamp, hour: f64, rng: &mut Rng) -> Reading {
    const TITLES: [&str; 5] =
        ["Jazz – live", "The Nine O'Clock News", "Ça ira", "Planet Earth", "夜に駆ける"];
    if rng.f64() > activity(hour) * 0.6 {
        return Reading::new("off", 1_500).with(json!({"supported_features": 152_463}));
    }
    let state = if rng.f64() < 0.2 { "paused" } else { "playing" };
    Reading::new(state, 420).with(json!({
        "volume_level": rounded(0.1 + 0.5 * rng.f64(), 2), "is_volume_muted": false, "media_content_type": "music",
        "media_title": rng.choice(TITLES), "media_duration": 300 + rng.u16(0..3000), "media_position": 0,
        "media_position_updated_at": iso(at), "shuffle": false,
        "supported_features": 152_463,
    }))
}

/// Moves for half a minute, then stays.
fn cover(memory: &mut Memory, hour: f64) -> Reading {
    let open = (7.0..20.0).contains(&hour);
    let (state, position, wait) = match (open, memory.level) {
        (true, level) if level < 100.0 => ("opening", level + 50.0, 15),
        (false, level) if level > 0.0 => ("closing", level - 50.0, 15),
        (true, level) => ("open", level, 600),
        (false, level) => ("closed", level, 600),
    };
    memory.level = position;
    Reading::new(state, wait)
        .with(json!({"current_position": rounded(position, 0), "supported_features": 15}))
}

fn person(spec: &Spec, hour: f64, rng: &mut Rng) -> Reading {
    let away = (8.5..17.0).contains(&hour) && rng.f64() < 0.9;
    let (state, north) = if away { ("not_home", 0.03 + 0.001 * rng.f64()) } else { ("home", 0.0) };
    let tracker = spec.entity_id.replace("person.", "device_tracker.");
    Reading::new(state, 900).with(json!({
        "editable": true, "id": spec.entity_id.trim_start_matches("person."), "source": tracker,
        "latitude": rounded(52.3731 + north, 4), "longitude": 4.8922, "gps_accuracy": 12,
    }))
}

fn sun(hour: f64) -> Reading {
    let height = elevation(hour);
    let state = if height > 0.0 { "above_horizon" } else { "below_horizon" };
    Reading::new(state, 240).with(json!({
        "elevation": rounded(height, 2), "azimuth": rounded(hour * 15.0 % 360.0, 2), "rising": hour < 12.5,
    }))
}

fn weather(memory: &mut Memory, hour: f64, rng: &mut Rng) -> Reading {
    let clouds = drift(memory, 1.2, rng);
    let night = elevation(hour) <= 0.0;
    let condition = match clouds {
        c if c > 0.6 => "rainy",
        c if c > 0.2 => "cloudy",
        c if c > -0.2 => "partlycloudy",
        _ if night => "clear-night",
        _ => "sunny",
    };
    Reading::new(condition, 600).with(json!({
        "temperature": rounded(9.0 + 4.0 * wave(hour, 15.0) - clouds, 1), "temperature_unit": "°C",
        "dew_point": rounded(5.0 - clouds, 1), "humidity": rounded(76.0 + 10.0 * clouds, 0),
        "pressure": rounded(1013.0 - 8.0 * clouds, 1), "pressure_unit": "hPa",
        "cloud_coverage": rounded(50.0 + 45.0 * clouds.clamp(-1.0, 1.0), 1),
        "wind_bearing": rounded(220.0 + 40.0 * (clouds * FRAC_PI_2).sin(), 1),
        "wind_speed": rounded(16.0 + 9.0 * clouds, 1), "wind_speed_unit": "km/h",
        "visibility_unit": "km", "precipitation_unit": "mm", "attribution": "Simulated", "supported_features": 3,
    }))
}

fn update(memory: &mut Memory) -> Reading {
    memory.on = memory.started && !memory.on;
    Reading::new(on_off(memory.on), if memory.on { 10_000 } else { 60_000 }).with(json!({
        "auto_update": false, "installed_version": "2026.10.1", "in_progress": false, "skipped_version": null,
        "latest_version": if memory.on { "2026.11.0" } else { "2026.10.1" }, "update_percentage": null,
        "title": "Zigbee bridge", "supported_features": 23,
    }))
}
