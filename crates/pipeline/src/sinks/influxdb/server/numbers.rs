//! Fields that have several types of numbers. A server casts these into each other, so it has to be known which shard has which.

use std::collections::BTreeSet;
use std::ops::Range;

use hearthline_core::Timestamp;

use super::fields::identifier;
use super::query::NoAnswer;
use super::table::Table;
use super::{Server, Version};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;

/// Of the beginning of the year 1, which shards of a length are counted from, before 1970. In nanoseconds.
const YEAR_ONE: i128 = 62_135_596_800 * 1_000_000_000;

impl Server {
    /// Looks where each of a field's types of numbers is.
    pub(super) async fn tell_numbers_apart(&mut self, table: &mut Table) -> Result<(), Stop> {
        let of_numbers =
            |types: &BTreeSet<FieldType>| types.iter().copied().filter(|kind| kind.is_number()).collect();
        let mixed: Vec<(String, BTreeSet<FieldType>)> = table
            .fields
            .iter()
            .map(|(field, types)| (field.clone(), of_numbers(types)))
            .filter(|(_, types): &(_, BTreeSet<_>)| types.len() > 1)
            .collect();
        for (field, types) in mixed {
            if types.contains(&FieldType::Integer) && types.contains(&FieldType::Unsigned) {
                return Err(Stop::Parked(format!(
                    "field {field:?} has integers with and without a sign, which this server does not tell apart"
                )));
            }
            let Some(span) = self.span(table, &[(field.clone(), FieldType::Float)]).await? else { continue };
            let mut zones: Vec<(Range<i64>, FieldType)> = Vec::new();
            for shard in self.shards(table.version, &span).await? {
                let Some(kind) = self.number_in(table, &field, &types, &shard).await? else { continue };
                match zones.last_mut() {
                    Some((zone, has)) if *has == kind => zone.end = shard.end,
                    _ => zones.push((shard, kind)),
                }
            }
            table.numbers.insert(field, zones);
        }
        Ok(())
    }

    /// Which type of number the field has in a shard; none where it has none.
    async fn number_in(
        &mut self,
        table: &Table,
        field: &str,
        types: &BTreeSet<FieldType>,
        shard: &Range<i64>,
    ) -> Result<Option<FieldType>, Stop> {
        let (name, from, within) = (identifier(field), table.from(), table.within(shard));
        let query = format!("SELECT {name} & 0 AS \"0\" FROM {from} WHERE {within} LIMIT 1");
        match self.select(table.version, &query).await {
            Ok(answer) => {
                let (rows, _) = answer.rows(&["time", "0"])?;
                let kind = types.iter().copied().find(|kind| *kind != FieldType::Float);
                Ok(kind.filter(|_| !rows.is_empty()))
            }
            Err(NoAnswer::Refused(words)) if words.contains("incompatible types: float and") => {
                Ok(Some(FieldType::Float))
            }
            Err(NoAnswer::Refused(words)) if words.contains("incompatible types:") => Ok(None), // a text
            Err(why) => Err(why.into()),
        }
    }

    /// The shards of the default retention policy that a range touches, in order. Whoever may not list them is told how long they
    /// are.
    pub(super) async fn shards(
        &mut self,
        version: Version,
        range: &Range<i64>,
    ) -> Result<Vec<Range<i64>>, Stop> {
        let (policy, length) = self.shard_length(version).await?;
        if let Ok(rows) = self.influx_ql(version, "SHOW SHARDS").await? {
            let database = self.config.database.clone();
            let mut shards: Vec<_> = rows
                .iter()
                .filter(|row| {
                    row.get("database") == Some(&database) && row.get("retention_policy") == Some(&policy)
                })
                .filter_map(|row| {
                    let nanos =
                        |column| Some(Timestamp::parse(row.get(column)?).ok()?.0.saturating_mul(1000));
                    Some(nanos("start_time")?..nanos("end_time")?)
                })
                .filter(|shard| shard.start < range.end && range.start < shard.end)
                .collect();
            if !shards.is_empty() {
                shards.sort_unstable_by_key(|shard| shard.start);
                return Ok(shards);
            }
        }
        let Some(length) = length.and_then(|length| i64::try_from(length.as_nanos()).ok()) else {
            return Err(Stop::Parked(
                "the server does not say how long its shards are, which has to be known where a field has two types of numbers: \
                 let a user ask who may see SHOW SHARDS"
                    .into(),
            ));
        };
        let since =
            (i128::from(range.start) + YEAR_ONE).div_euclid(length.into()) * i128::from(length) - YEAR_ONE;
        let mut start = i64::try_from(since).unwrap_or(range.start);
        let mut shards = Vec::new();
        while start < range.end {
            shards.push(start..start.saturating_add(length));
            start = start.saturating_add(length);
        }
        Ok(shards)
    }
}
