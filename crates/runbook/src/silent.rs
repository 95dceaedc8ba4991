//! What has fallen silent, device by device, in words. It is no fault of ours, and changes no verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use hearthline_core::Timestamp;
use hearthline_pipeline::silence::Silent;

use crate::status::{Silence, SilentDevice};

/// How many are listed.
const LISTED: usize = 50;

/// Those that are silent now; the ones that have been so for longest first.
#[must_use]
pub fn of(silent: &[Silent], now: Timestamp) -> Silence {
    let mut devices: BTreeMap<&str, Vec<&Silent>> = BTreeMap::new();
    for one in silent {
        let device = one.info.as_ref().and_then(|info| info.device.as_ref());
        let key = device.map_or(one.entity_id.as_str(), |device| &device.id);
        devices.entry(key).or_default().push(one);
    }
    let mut items: Vec<_> = devices.iter().filter_map(|(key, entities)| device(key, entities, now)).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.silent_s));
    let count = items.len() as u64;
    items.truncate(LISTED);
    Silence { count, entities: silent.len() as u64, items }
}

/// One device: silent since the last of its entities was heard, of those that are silent.
fn device(key: &str, entities: &[&Silent], now: Timestamp) -> Option<SilentDevice> {
    let since = entities.iter().map(|one| one.since).max()?;
    let usual = entities.iter().map(|one| one.usual).min()?;
    let first = entities.first()?;
    let info = first.info.as_deref();
    let device = info.and_then(|info| info.device.as_ref()).map(|device| device.name.as_ref());
    let name = device.or(info.and_then(|info| info.name.as_deref())).unwrap_or(first.entity_id.as_str());
    let silent = now.since(since);
    Some(SilentDevice {
        key: key.into(),
        name: name.into(),
        device: device.map(Into::into),
        area: info.and_then(|info| info.area.as_ref()).map(|area| area.name.to_string()),
        entities: entities.iter().map(|one| one.entity_id.to_string()).collect(),
        since: since.to_string(),
        silent_s: silent.as_secs(),
        usual_s: usual.as_secs(),
        sentence: format!("{name}: nothing for {}, usually each {}", about(silent), about(usual)),
    })
}

/// A length of time as one says it: in the unit of which there are not too many, rounded.
pub(crate) fn about(length: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3600, "h"), (60, "min")];
    let seconds = length.as_secs();
    let fits = UNITS.iter().find(|(unit, _)| seconds >= unit + unit / 2);
    let (unit, name) = fits.copied().unwrap_or((1, "s"));
    format!("{} {name}", (seconds + unit / 2) / unit)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hearthline_core::{EntityInfo, Named};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn silent(entity_id: &str, device: Option<&str>, minutes: u32, usual: u32) -> Silent {
        let named = |name: &str| Named { id: format!("id of {name}").into(), name: name.into() };
        let info = device.map(|device| {
            Arc::new(EntityInfo {
                device: Some(named(device)),
                area: Some(named("Kitchen")),
                ..EntityInfo::unregistered(entity_id.into())
            })
        });
        let since = NOW.minus(minutes * MINUTE);
        Silent { entity_id: entity_id.into(), since, usual: usual * MINUTE, info }
    }

    #[test]
    fn entities_of_one_device_are_one_thing() {
        let found = of(
            &[
                silent("sensor.freezer_battery", Some("Freezer"), 240, 60),
                silent("sensor.freezer_temperature", Some("Freezer"), 180, 5),
                silent("sensor.well", None, 3000, 720),
            ],
            NOW,
        );
        assert_eq!((found.count, found.entities), (2, 3));
        let [well, freezer] = found.items.as_slice() else { panic!("{found:?}") };
        assert_eq!(well.sentence, "sensor.well: nothing for 2 d, usually each 12 h");
        assert_eq!((well.key.as_str(), freezer.key.as_str()), ("sensor.well", "id of Freezer"));
        assert_eq!((well.device.as_deref(), well.area.as_deref()), (None, None));
        assert_eq!(freezer.sentence, "Freezer: nothing for 3 h, usually each 5 min");
        assert_eq!(freezer.entities, ["sensor.freezer_battery", "sensor.freezer_temperature"]);
        assert_eq!(
            (freezer.area.as_deref(), freezer.silent_s, freezer.usual_s),
            (Some("Kitchen"), 10_800, 300)
        );
    }

    #[test]
    fn a_house_in_which_all_is_silent_lists_the_longest() {
        let all: Vec<_> = (0..60).map(|n| silent(&format!("sensor.s{n}"), None, 100 + n, 5)).collect();
        let found = of(&all, NOW);
        assert_eq!((found.count, found.items.len()), (60, LISTED));
        assert_eq!(found.items[0].name, "sensor.s59");
    }

    #[test]
    fn a_length_is_said_as_people_say_it() {
        let lengths = [
            (29, "29 s"),
            (89, "89 s"),
            (90, "2 min"),
            (285, "5 min"),
            (5399, "90 min"),
            (5400, "2 h"),
            (90_000, "25 h"),
            (200_000, "2 d"),
        ];
        for (seconds, words) in lengths {
            assert_eq!(about(Duration::from_secs(seconds)), words);
        }
    }
}
