//! How many series there are, and whose they are.

use hashbrown::{HashMap, HashSet};

use crate::sinks::influxdb::cardinality::{Share, most};

/// The series that were written to.
#[derive(Default)]
pub(super) struct Spread {
    /// Measurement and tags, as written.
    series: HashSet<Box<[u8]>>,
    /// How many each owner has: an entity, else a type of event or who observes the weather.
    owners: HashMap<Box<str>, u64>,
    entities: u64,
    tags: u64,
}

impl Spread {
    /// A row went to this series. `tags` are those that it has.
    pub(super) fn meet(&mut self, key: &[u8], owner: &str, is_entity: bool) {
        if self.series.contains(key) {
            return;
        }
        self.series.insert(key.into());
        self.tags = self.tags.max(tags_of(key));
        match self.owners.get_mut(owner) {
            Some(count) => *count += 1,
            None => {
                self.entities += u64::from(is_entity);
                self.owners.insert(owner.into(), 1);
            }
        }
    }

    pub(super) fn series(&self) -> u64 {
        self.series.len() as u64
    }

    pub(super) const fn entities(&self) -> u64 {
        self.entities
    }

    /// Of the series that has most.
    pub(super) const fn tags(&self) -> u64 {
        self.tags
    }

    /// Who has more than one series, the most first.
    pub(super) fn most(&self) -> Vec<Share> {
        most(self.owners.iter().map(|(owner, count)| (&**owner, *count)), 1)
    }
}

/// Commas that no backslash stands before.
fn tags_of(key: &[u8]) -> u64 {
    let mut escaped = false;
    let mut tags = 0;
    for byte in key {
        tags += u64::from(*byte == b',' && !escaped);
        escaped = *byte == b'\\' && !escaped;
    }
    tags
}
