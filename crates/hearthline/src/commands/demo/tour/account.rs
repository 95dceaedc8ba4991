//! The comparison of what the house fired with what is recorded, event by event.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hearthline_core::Timestamp;
use hearthline_runbook::status::Gap;
use hearthline_sim::{Fired, Point};
use serde_json::Value;

use super::told::Figure;

/// A change of one entity at one time.
pub(super) type Key = (String, Timestamp);
/// What each change was to; none is a removal.
pub(super) type Changes = BTreeMap<Key, Option<String>>;

/// What is recorded, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded(BTreeMap<Key, Vec<Option<String>>>);

/// How two sides compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Fired by the simulator.
    pub(super) fired: u64,
    /// Of these, recorded as they were.
    pub(super) recorded: u64,
    /// Not recorded, and a gap says so.
    pub(super) in_a_gap: u64,
    /// Not recorded, and nothing says so.
    pub(super) missing: u64,
    /// Recorded more than once.
    pub(super) twice: u64,
    /// Recorded as something else.
    pub(super) otherwise: u64,
    /// Recorded and never fired.
    pub(super) never_fired: u64,
}

impl Recorded {
    fn add(&mut self, key: Key, state: Option<String>) {
        self.0.entry(key).or_default().push(state);
    }

    /// How many changes, each once.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Of these changes alone.
    pub(super) fn of(mut self, changes: &Changes) -> Self {
        self.0.retain(|key, _| changes.contains_key(key));
        self
    }

    /// Rows of an export as NDJSON, of this period.
    ///
    /// # Errors
    /// When one is no row.
    pub(super) fn of_rows(text: &str, within: (Timestamp, Timestamp)) -> anyhow::Result<Self> {
        let mut recorded = Self::default();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).context("a line of the export is no JSON")?;
            let text = |key: &str| row.get(key).and_then(Value::as_str);
            let (entity_id, ts) = text("entity_id").zip(text("ts")).context("a row has no entity or time")?;
            let at = Timestamp::parse(ts).map_err(|_| anyhow::anyhow!("{ts:?} is no time"))?;
            if (within.0..=within.1).contains(&at) {
                recorded.add((entity_id.to_owned(), at), text("state").map(str::to_owned));
            }
        }
        Ok(recorded)
    }

    /// Points of states, of this period.
    pub(super) fn of_points(points: &[Point], within: (Timestamp, Timestamp)) -> Self {
        let mut recorded = Self::default();
        for point in points {
            let at = Timestamp(point.time.div_euclid(1000));
            let (Some(entity_id), true) = (point.tags.get("entity_id"), (within.0..=within.1).contains(&at))
            else {
                continue;
            };
            let state = match point.fields.get("state") {
                Some(hearthline_sim::FieldValue::Text(text)) if text != "removed" => Some(text.clone()),
                _ => None,
            };
            recorded.add((entity_id.clone(), at), state);
        }
        recorded
    }
}

/// What was fired in a period, ends included.
pub(super) fn fired(ledger: Vec<Fired>, within: (Timestamp, Timestamp)) -> Changes {
    let inside = ledger.into_iter().filter(|fired| (within.0..=within.1).contains(&fired.time_fired));
    inside
        .map(|fired| {
            let state = fired.new_state.map(|state| state.state.to_string());
            ((fired.entity_id.to_string(), fired.time_fired), state)
        })
        .collect()
}

/// Compares event by event. `gaps` are those that the recorder names.
pub(super) fn compare(fired: &Changes, recorded: &Recorded, gaps: &[Gap]) -> Account {
    let mut account = Account { fired: fired.len() as u64, ..Account::default() };
    for (key, state) in fired {
        match recorded.0.get(key).map(Vec::as_slice) {
            None if gaps.iter().any(|gap| covers(gap, key)) => account.in_a_gap += 1,
            None => account.missing += 1,
            Some([one]) if one == state => account.recorded += 1,
            Some([_]) => account.otherwise += 1,
            Some(_) => account.twice += 1,
        }
    }
    account.never_fired = recorded.0.keys().filter(|key| !fired.contains_key(*key)).count() as u64;
    account
}

fn covers(gap: &Gap, (entity_id, at): &Key) -> bool {
    let time = |text: &str| Timestamp::parse(text).ok();
    let from = time(&gap.from).is_some_and(|from| from <= *at);
    let to = gap.to.as_deref().is_none_or(|to| time(to).is_some_and(|to| *at <= to));
    from && to && (gap.entities.is_empty() || gap.entities.contains(entity_id))
}

impl Account {
    /// Its figures; all have to be what they are when nothing is lost and nothing is there twice.
    pub(super) fn figures(&self, names: [&'static str; 4]) -> [Figure; 4] {
        let [all, missing, twice, wrong] = names;
        [
            Figure::equal(all, self.fired, self.recorded + self.in_a_gap),
            Figure::equal(missing, 0, self.missing),
            Figure::equal(twice, 0, self.twice),
            Figure::equal(wrong, 0, self.otherwise + self.never_fired),
        ]
    }
}

/// Of the store.
pub(super) const STORE: [&str; 4] = [
    "store: events fired = stored or in a named gap",
    "store: missing",
    "store: twice",
    "store: otherwise, or never fired",
];
/// Of the InfluxDB.
pub(super) const INFLUXDB: [&str; 4] = [
    "InfluxDB: events fired = points or in a named gap",
    "InfluxDB: missing",
    "InfluxDB: twice",
    "InfluxDB: otherwise, or never fired",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hearthline_sim::FieldValue;

    use super::*;

    const ALWAYS: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX));

    fn key(entity_id: &str, second: i64) -> Key {
        (entity_id.into(), Timestamp(second * 1_000_000))
    }

    fn ledger() -> Changes {
        (1..=4).map(|second| (key("light.a", second), Some(format!("on {second}")))).collect()
    }

    fn rows(seconds: &[i64]) -> Recorded {
        let row = |second: &i64| {
            format!(
                r#"{{"ts":"1970-01-01T00:00:0{second}.000000Z","entity_id":"light.a","state":"on {second}"}}"#
            )
        };
        let text: Vec<String> = seconds.iter().map(row).collect();
        Recorded::of_rows(&text.join("\n"), ALWAYS).unwrap()
    }

    fn gap(from: i64, to: i64, entities: &[&str]) -> Gap {
        Gap {
            id: 1,
            state: "lost".into(),
            from: Timestamp(from * 1_000_000).to_string(),
            to: Some(Timestamp(to * 1_000_000).to_string()),
            cause: "killed".into(),
            entities: entities.iter().map(ToString::to_string).collect(),
            kind: "disconnected".into(),
            ..Gap::default()
        }
    }

    fn holds(account: &Account) -> bool {
        account.figures(STORE).iter().all(|figure| figure.holds)
    }

    #[test]
    fn what_is_recorded_once_and_as_it_was_holds() {
        let account = compare(&ledger(), &rows(&[1, 2, 3, 4]), &[]);
        assert_eq!(account, Account { fired: 4, recorded: 4, ..Account::default() });
        assert!(holds(&account));
    }

    #[test]
    fn an_event_is_missing_unless_a_gap_of_its_time_and_entity_names_it() {
        let stored = rows(&[1, 2, 4]);
        let without = compare(&ledger(), &stored, &[gap(1, 2, &[]), gap(1, 9, &["light.b"])]);
        assert_eq!((without.missing, without.in_a_gap, holds(&without)), (1, 0, false));
        let named = compare(&ledger(), &stored, &[gap(3, 3, &["light.a"])]);
        assert_eq!((named.missing, named.in_a_gap, holds(&named)), (0, 1, true));
    }

    #[test]
    fn twice_never_fired_and_otherwise_are_told_apart() {
        let mut ledger = ledger();
        let account = compare(&ledger, &rows(&[1, 1, 2, 3, 4, 7]), &[]);
        assert_eq!((account.twice, account.never_fired, holds(&account)), (1, 1, false));
        ledger.insert(key("light.a", 2), None);
        let account = compare(&ledger, &rows(&[1, 2, 3, 4]), &[]);
        assert_eq!((account.otherwise, holds(&account)), (1, false));
    }

    #[test]
    fn two_series_with_one_entity_and_time_are_twice_in_an_influxdb() {
        let point = |area: &str| Point {
            measurement: "m".into(),
            tags: [("entity_id", "light.a"), ("area", area)].map(|(k, v)| (k.into(), v.into())).into(),
            fields: BTreeMap::from([("state".into(), FieldValue::Text("on 1".into()))]),
            time: 1_000_000_000,
        };
        let ledger: Changes = [(key("light.a", 1), Some("on 1".into()))].into();
        let once = compare(&ledger, &Recorded::of_points(&[point("hall")], ALWAYS), &[]);
        assert!(once.figures(INFLUXDB).iter().all(|figure| figure.holds), "{once:?}");
        let twice = compare(&ledger, &Recorded::of_points(&[point("hall"), point("attic")], ALWAYS), &[]);
        assert_eq!((twice.twice, holds(&twice)), (1, false));
    }
}
