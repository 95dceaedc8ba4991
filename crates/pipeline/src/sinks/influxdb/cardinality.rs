//! What the points of a sink cost its server, and which limit of it is near.
//!
//! A series is a measurement with its tags: one for each entity, and one more for each area or device class that it had. A server
//! keeps an index of all of them, and of the fields of each measurement; what is in there stays for as long as the measurement does.
//!
//! | server | limit | where that is said |
//! | --- | --- | --- |
//! | InfluxDB 1 | 1,000,000 series in a database; the points of further ones are refused | `max-series-per-database` in the file of settings that comes with it; measured on 1.6.7 |
//! | InfluxDB 1 | 100,000 values of a tag in a measurement | `max-values-per-tag`, beside it |
//! | InfluxDB 3 Core | 500 columns in a table, with time and tags; wider lines are refused | "Database, table, and column limits" of its documentation |
//! | VictoriaMetrics | none: every field of a series is a series of its own, and its memory grows with them | measured on 1.79.5 |
//!
//! Both limits of InfluxDB 1 hold for its index in memory, which is what it has unless it is told otherwise; there they can be set to
//! 0. InfluxDB 2 has none that is documented.

use std::collections::BTreeMap;

use serde::Serialize;

use super::server::Version;

/// Of InfluxDB 1.
pub const MOST_SERIES: u64 = 1_000_000;
/// Of InfluxDB 1.
pub const MOST_VALUES: u64 = 100_000;
/// Of InfluxDB 3 Core.
pub const MOST_COLUMNS: u64 = 500;
/// From this share of a limit on it is told.
const NEAR: f64 = 0.8;
/// Contributors that are named.
pub(super) const MOST_TOLD: usize = 10;

/// How much there is. Series are counted since the program started, fields with those that the server is known to have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cardinality {
    /// Series that were written to.
    pub series: u64,
    /// Entities among them: values of the tag `entity_id`.
    pub entities: u64,
    /// Fields of each measurement.
    pub fields: BTreeMap<String, u64>,
    /// Tags of the measurement that has most of them.
    pub tags: u64,
    /// Entities and types of events with more than one series, the most first.
    pub most_series: Vec<Share>,
    /// Entities of which fields came that nobody had before, the most first.
    pub most_fields: Vec<Share>,
}

/// What one contributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// An entity, or a type of event.
    pub of: String,
    /// How many.
    pub count: u64,
}

/// A limit that is near or passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concern {
    /// What there is, in words: `fields of home_assistant_events`.
    pub what: String,
    /// How many.
    pub count: u64,
    /// How many the server takes.
    pub limit: u64,
    /// What happens there, and what can be done.
    pub says: String,
}

impl Cardinality {
    /// The limits of such a server that are near. Nothing is near of a server that is not known.
    #[must_use]
    pub fn concerns(&self, version: Option<Version>) -> Vec<Concern> {
        let mut concerns = Vec::new();
        let mut look = |what: String, count: u64, limit: u64, says: &str| {
            #[expect(clippy::cast_precision_loss, reason = "a share, and far below 2^53")]
            if count as f64 >= limit as f64 * NEAR {
                concerns.push(Concern { what, count, limit, says: says.into() });
            }
        };
        match version {
            Some(Version::V1) => {
                let says = "InfluxDB refuses points of further series: raise max-series-per-database there, or exclude entities";
                look("series".into(), self.series, MOST_SERIES, says);
                let says = "InfluxDB refuses points of further entities: raise max-values-per-tag there, or exclude entities";
                look("values of the tag entity_id".into(), self.entities, MOST_VALUES, says);
            }
            Some(Version::V3) => {
                let says = "InfluxDB 3 Core takes no wider table, and further attributes are left out: write fewer with \
                            `attributes`, or exclude entities";
                for (measurement, fields) in &self.fields {
                    let what = format!("columns of {measurement}");
                    look(what, fields + self.tags + 1, MOST_COLUMNS, says);
                }
            }
            Some(Version::V2) | None => {}
        }
        concerns
    }
}

/// The largest of them, the most first, each with more than `least`.
pub(super) fn most<'a>(of: impl Iterator<Item = (&'a str, u64)>, least: u64) -> Vec<Share> {
    let mut all: Vec<_> = of.filter(|(_, count)| *count > least).collect();
    all.sort_unstable_by(|(a, x), (b, y)| (y, a).cmp(&(x, b)));
    all.truncate(MOST_TOLD);
    all.into_iter().map(|(of, count)| Share { of: of.into(), count }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(cardinality: &Cardinality, version: Option<Version>) -> Vec<String> {
        let concerns = cardinality.concerns(version).into_iter();
        concerns.map(|near| format!("{}: {} of {}", near.what, near.count, near.limit)).collect()
    }

    #[test]
    fn a_limit_is_told_from_four_fifths_of_it_on_and_only_of_a_server_that_has_it() {
        let fields = |count| BTreeMap::from([("m".to_owned(), count), ("weather".to_owned(), 11)]);
        let below = Cardinality {
            series: 799_999,
            entities: 79_999,
            fields: fields(393),
            tags: 6,
            ..Cardinality::default()
        };
        let near = Cardinality {
            series: 800_000,
            entities: 80_000,
            fields: fields(394),
            tags: 5,
            ..Cardinality::default()
        };
        let versions = [None, Some(Version::V1), Some(Version::V2), Some(Version::V3)];
        assert_eq!(
            versions.map(|version| words(&near, version)),
            [
                vec![],
                vec![
                    "series: 800000 of 1000000".to_owned(),
                    "values of the tag entity_id: 80000 of 100000".to_owned()
                ],
                vec![],
                vec!["columns of m: 400 of 500".to_owned()],
            ]
        );
        let below = Cardinality { fields: fields(393), tags: 5, ..below };
        assert_eq!(
            versions.map(|version| words(&below, version)),
            [vec![], vec![], vec![], vec![]] as [Vec<String>; 4]
        );
    }

    #[test]
    fn only_the_largest_are_named_the_most_first() {
        let names: Vec<String> = (0..30).map(|n| format!("sensor.{n:02}")).collect();
        let shares = most(names.iter().enumerate().map(|(n, name)| (name.as_str(), n as u64 % 15)), 1);
        assert_eq!(shares.len(), MOST_TOLD);
        assert_eq!(shares[0], Share { of: "sensor.14".into(), count: 14 });
        assert_eq!(shares[1], Share { of: "sensor.29".into(), count: 14 });
        assert!(shares.iter().all(|share| share.count > 1));
        assert_eq!(most([("a", 1)].into_iter(), 1), []);
    }
}
