//! What stands in the house.

use serde_json::{Map, Value, json};

use super::model::Behaviour::{FlakyWave, Wave};
use super::model::{Behaviour, Spec};

/// `area_id` and name.
pub(super) const ROOMS: [(&str, &str); 8] = [
    ("kitchen", "Kitchen"),
    ("living_room", "Living room"),
    ("bedroom", "Bedroom"),
    ("bathroom", "Bathroom"),
    ("hall", "Hall"),
    ("office", "Office"),
    ("garage", "Garage"),
    ("garden", "Garden"),
];

/// All entities, in the order in which they come up.
pub(super) fn furnish() -> Vec<Spec> {
    let mut house = Vec::with_capacity(100);
    of_the_house(&mut house);
    for (index, (area, room)) in (0u8..).zip(ROOMS) {
        of_each_room(&mut house, area, room, f64::from(index));
    }
    of_some_rooms(&mut house);
    of_living_room_and_office(&mut house);
    meters(&mut house);
    house
}

/// So many entities: what a usual house has first, then further sensors, all alike.
pub(super) fn furnish_to(entities: usize) -> Vec<Spec> {
    let mut house = furnish();
    house.truncate(entities);
    for number in house.len()..entities {
        let reading = Wave { mean: 20.0, swing: 2.0, peak: 15.0, noise: 0.4, decimals: 2, every: 60 };
        let name = format!("Sensor {number}");
        house.push(
            spec(format!("sensor.further_{number:05}"), name.clone(), TEMPERATURE, reading)
                .on(name, "mqtt", "Sonoff")
                .in_area("garage"),
        );
    }
    house
}

/// Unit, device class and state class.
type Kind = (Option<&'static str>, Option<&'static str>, Option<&'static str>);

const PLAIN: Kind = (None, None, None);
const TEMPERATURE: Kind = (Some("°C"), Some("temperature"), Some("measurement"));
const HUMIDITY: Kind = (Some("%"), Some("humidity"), Some("measurement"));
const ILLUMINANCE: Kind = (Some("lx"), Some("illuminance"), Some("measurement"));
const BATTERY: Kind = (Some("%"), Some("battery"), Some("measurement"));
const POWER: Kind = (Some("W"), Some("power"), Some("measurement"));
const ENERGY: Kind = (Some("kWh"), Some("energy"), Some("total_increasing"));
const CO2: Kind = (Some("ppm"), Some("carbon_dioxide"), Some("measurement"));
const PM25: Kind = (Some("µg/m³"), Some("pm25"), Some("measurement"));
const PRESSURE: Kind = (Some("hPa"), Some("atmospheric_pressure"), Some("measurement"));
const MOTION: Kind = (None, Some("motion"), None);

fn of_the_house(house: &mut Vec<Spec>) {
    house.push(
        spec("zone.home", "Demo house", PLAIN, Behaviour::Zone)
            .fixed(json!({"latitude": 52.3731, "longitude": 4.8922, "radius": 100, "passive": false,
            "persons": ["person.alex", "person.sam"], "editable": true, "icon": "mdi:home"})),
    );
    house.push(spec("sun.sun", "Sun", PLAIN, Behaviour::Sun).by("sun"));
    house.push(spec("weather.home", "Home", PLAIN, Behaviour::Weather).by("met"));
    for (id, name) in [("alex", "Alex"), ("sam", "Sam")] {
        house.push(spec(format!("person.{id}"), name, PLAIN, Behaviour::Person).by("person"));
        let phone = format!("{name}'s phone");
        let battery = format!("sensor.{id}_phone_battery");
        house.push(
            spec(battery, format!("{phone} battery"), BATTERY, Behaviour::Battery)
                .on(phone, "mobile_app", "Fairphone")
                .labelled("battery_powered"),
        );
    }
    house.push(spec("update.zigbee_bridge_firmware", "Zigbee bridge firmware", PLAIN, Behaviour::Update).on(
        "Zigbee bridge".into(),
        "mqtt",
        "Silicon Labs",
    ));
}

fn of_each_room(house: &mut Vec<Spec>, area: &'static str, room: &str, index: f64) {
    let outside = area == "garden";
    let (mean, swing) = if outside { (9.0, 4.0) } else { (20.0 - index * 0.4, 0.9) };
    let air = format!("{room} multisensor");
    let temperature = Wave { mean, swing, peak: 16.0, noise: 0.35, decimals: 1, every: 50 };
    let damp = if outside { 78.0 } else { 48.0 + index };
    let humidity = Wave { mean: damp, swing: 6.0, peak: 6.0, noise: 1.6, decimals: 1, every: 70 };
    let light = Behaviour::Daylight { lux: if outside { 42_000.0 } else { 420.0 } };
    for (what, kind, behaviour) in [
        ("temperature", TEMPERATURE, temperature),
        ("humidity", HUMIDITY, humidity),
        ("illuminance", ILLUMINANCE, light),
        ("battery", BATTERY, Behaviour::Battery),
    ] {
        let sensor = spec(format!("sensor.{area}_{what}"), format!("{room} {what}"), kind, behaviour);
        let sensor = sensor.on(air.clone(), "zha", "Aqara").in_area(area);
        let battery = what == "battery";
        house.push(if battery { sensor.labelled("battery_powered") } else { sensor });
    }
    house.push(
        spec(format!("binary_sensor.{area}_motion"), format!("{room} motion"), MOTION, Behaviour::Motion)
            .on(air, "zha", "Aqara")
            .in_area(area)
            .labelled("security"),
    );
    let lamp = if area == "hall" { Behaviour::AdaptiveLight } else { Behaviour::Light };
    house.push(
        spec(format!("light.{area}_ceiling"), format!("{room} ceiling"), PLAIN, lamp)
            .on(format!("{room} ceiling light"), "zha", "IKEA of Sweden")
            .in_area(area)
            .fixed(json!({"supported_color_modes": ["brightness"], "supported_features": 32})),
    );
}

fn of_some_rooms(house: &mut Vec<Spec>) {
    let openings = [
        ("kitchen", "window", "Kitchen window"),
        ("living_room", "window", "Living room window"),
        ("bedroom", "window", "Bedroom window"),
        ("bathroom", "window", "Bathroom window"),
        ("hall", "door", "Front door"),
        ("garage", "door", "Garage side door"),
        ("garden", "door", "Garden gate"),
    ];
    for (area, what, name) in openings {
        let kind = (None, Some(what), None);
        house.push(
            spec(format!("binary_sensor.{}", slug(name)), name, kind, Behaviour::Contact)
                .on(name.into(), "zha", "Aqara")
                .in_area(area)
                .labelled("security"),
        );
    }
    for (area, room) in ROOMS.into_iter().filter(|(a, _)| ["living_room", "bedroom", "office"].contains(a)) {
        let co2 = Wave { mean: 720.0, swing: 180.0, peak: 22.0, noise: 60.0, decimals: 0, every: 60 };
        house.push(
            spec(format!("sensor.{area}_co2"), format!("{room} CO₂"), CO2, co2)
                .on(format!("{room} air monitor"), "zha", "SenseAir")
                .in_area(area),
        );
        house.push(
            spec(format!("climate.{area}"), format!("{room} heating"), PLAIN, Behaviour::Climate)
                .on(format!("{room} thermostat"), "zwave_js", "Eurotronic")
                .in_area(area),
        );
    }
    // A thermometer at minus 18 says the same for long, and reports it all the same.
    let cold = Wave { mean: -18.2, swing: 0.3, peak: 18.0, noise: 0.1, decimals: 1, every: 30 };
    for (what, kind, behaviour) in [
        ("temperature", TEMPERATURE, cold),
        ("battery", BATTERY, Behaviour::Level { percent: 87, every: 30 }),
    ] {
        let sensor = spec(format!("sensor.freezer_{what}"), format!("Freezer {what}"), kind, behaviour)
            .on("Freezer".into(), "zha", "Aqara")
            .in_area("kitchen");
        house.push(if what == "battery" { sensor.labelled("battery_powered") } else { sensor });
    }
    let soil = FlakyWave { mean: 34.0, noise: 2.0, every: 120 };
    house.push(
        spec(
            "sensor.garden_soil_moisture",
            "Garden soil moisture",
            (Some("%"), Some("moisture"), None),
            soil,
        )
        .on("Garden soil probe".into(), "ble_monitor", "Xiaomi")
        .in_area("garden"),
    );
    let pressure = Wave { mean: 1013.0, swing: 1.0, peak: 10.0, noise: 0.5, decimals: 1, every: 120 };
    house.push(
        spec("sensor.garden_pressure", "Garden pressure", PRESSURE, pressure)
            .on("Garden multisensor".into(), "zha", "Aqara")
            .in_area("garden"),
    );
    for (area, name) in [("garage", "Garage door"), ("living_room", "Living room blinds")] {
        house.push(
            spec(format!("cover.{}", slug(name)), name, PLAIN, Behaviour::Cover)
                .on(name.into(), "zwave_js", "Fibaro")
                .in_area(area),
        );
    }
}

fn of_living_room_and_office(house: &mut Vec<Spec>) {
    let (lamp, lamp_name) = ("light.hue_lamp", "Hue lamp");
    house.push(
        spec(lamp, lamp_name, PLAIN, Behaviour::HueLamp)
            .on(lamp_name.into(), "hue", "Signify Netherlands B.V.")
            .in_area("living_room"),
    );
    house.push(
        spec("light.hue_room", "Hue room", PLAIN, Behaviour::HueRoom { lamp, lamp_name })
            .on("Hue room".into(), "hue", "Signify Netherlands B.V.")
            .in_area("living_room"),
    );
    for (area, id, name) in
        [("living_room", "tv", "Living room TV"), ("kitchen", "kitchen_speaker", "Kitchen speaker")]
    {
        house.push(
            spec(format!("media_player.{id}"), name, PLAIN, Behaviour::MediaPlayer)
                .on(name.into(), "cast", "Google Inc.")
                .in_area(area),
        );
    }
    let dust = Wave { mean: 8.0, swing: 3.0, peak: 19.0, noise: 2.0, decimals: 1, every: 45 };
    house.push(
        spec("sensor.büro_feinstaub", "Büro Feinstaub 微粒", PM25, dust)
            .on("Büro Luftsensor".into(), "esphome", "Espressif")
            .in_area("office"),
    );
}

fn meters(house: &mut Vec<Spec>) {
    let plugs = [
        ("kitchen", "Coffee machine", 0.4, 900.0),
        ("bathroom", "Washing machine", 1.2, 600.0),
        ("office", "Desk", 14.0, 90.0),
        ("garden", "Irrigation", 0.3, 40.0),
    ];
    for (area, name, idle, busy) in plugs {
        let power = Behaviour::Power { idle, busy, every: 20 };
        let plug = format!("{name} plug");
        let id = slug(name);
        house.push(
            spec(format!("switch.{id}"), name, PLAIN, Behaviour::Plug)
                .on(plug.clone(), "shelly", "Shelly")
                .in_area(area),
        );
        house.push(
            spec(format!("sensor.{id}_power"), format!("{name} power"), POWER, power)
                .on(plug.clone(), "shelly", "Shelly")
                .in_area(area)
                .labelled("energy"),
        );
        let meter = Behaviour::Energy { watts: busy / 3.0 };
        house.push(
            spec(format!("sensor.{id}_energy"), format!("{name} energy"), ENERGY, meter)
                .on(plug, "shelly", "Shelly")
                .in_area(area)
                .labelled("energy"),
        );
    }
    let power = Behaviour::Power { idle: 240.0, busy: 3_400.0, every: 10 };
    for (what, kind, behaviour) in
        [("power", POWER, power), ("energy", ENERGY, Behaviour::Energy { watts: 900.0 })]
    {
        house.push(
            spec(format!("sensor.house_{what}"), format!("House {what}"), kind, behaviour)
                .on("Smart meter".into(), "dsmr", "Landis+Gyr")
                .in_area("hall")
                .labelled("energy"),
        );
    }
}

fn spec(
    entity_id: impl Into<String>,
    name: impl Into<String>,
    (unit, device_class, state_class): Kind,
    behaviour: Behaviour,
) -> Spec {
    let name = name.into();
    let classes =
        [("unit_of_measurement", unit), ("device_class", device_class), ("state_class", state_class)];
    let mut fixed: Map<String, Value> =
        classes.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
    fixed.insert("friendly_name".into(), name.clone().into());
    Spec {
        entity_id: entity_id.into(),
        name,
        area: None,
        device: None,
        manufacturer: None,
        platform: "demo",
        label: None,
        fixed,
        behaviour,
    }
}

impl Spec {
    fn on(self, device: String, platform: &'static str, manufacturer: &'static str) -> Self {
        Self { device: Some(device), manufacturer: Some(manufacturer), ..self.by(platform) }
    }

    fn by(self, platform: &'static str) -> Self {
        Self { platform, ..self }
    }

    fn in_area(self, area: &'static str) -> Self {
        Self { area: Some(area), ..self }
    }

    fn labelled(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    fn fixed(mut self, attributes: Value) -> Self {
        if let Value::Object(attributes) = attributes {
            self.fixed.extend(attributes);
        }
        self
    }
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "_")
}
