//! The answer to `history/history_during_period`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hearthline_core::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::WireError;
use crate::ingest::PastState;

/// `lc` is there only where it differs from `lu`. Both are doubles, and are read from their text: only so does each come
/// back to its microsecond.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    s: Option<Cow<'a, str>>,
    #[serde(borrow)]
    a: Option<&'a RawValue>,
    #[serde(borrow)]
    lu: &'a RawValue,
    #[serde(borrow)]
    lc: Option<&'a RawValue>,
}

/// What history has, oldest first for each entity, and how many rows cannot be read.
///
/// # Errors
/// When the answer is not of the shape.
pub fn parse_history(raw: &str) -> Result<(Vec<PastState>, usize), WireError> {
    let answer: BTreeMap<Cow<'_, str>, Vec<&RawValue>> = serde_json::from_str(raw)?;
    let mut unreadable = 0;
    let mut states = Vec::new();
    for (entity_id, rows) in answer {
        let mut before: Option<Box<str>> = None;
        for raw in rows {
            let Some((row, last_updated)) = read(raw.get()) else {
                unreadable += 1;
                continue;
            };
            let state: Option<Box<str>> = row.s.as_deref().map(Into::into);
            states.push(PastState {
                entity_id: entity_id.as_ref().into(),
                before: std::mem::replace(&mut before, state.clone()),
                state,
                attributes: row.a.map_or("{}", RawValue::get).into(),
                last_changed: row.lc.and_then(seconds).unwrap_or(last_updated),
                last_updated,
            });
        }
    }
    Ok((states, unreadable))
}

fn read(raw: &str) -> Option<(Row<'_>, Timestamp)> {
    let row: Row<'_> = serde_json::from_str(raw).ok()?;
    let last_updated = seconds(row.lu)?;
    Some((row, last_updated))
}

fn seconds(raw: &RawValue) -> Option<Timestamp> {
    Timestamp::from_float_seconds(raw.get().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_to_the_microsecond_and_in_order() {
        let answer = r#"{"sensor.a":[
            {"s":"1","a":{"unit":"W"},"lu":1795434615.9649606},
            {"s":null,"a":{},"lc":1795434615.5,"lu":1795434616.0059667},
            {"s":"2","lu":"yesterday"},
            {"s":"\u00fc","a":{},"lu":1795434617}
        ]}"#;
        let (states, unreadable) = parse_history(answer).unwrap();
        assert_eq!(unreadable, 1);
        let micros: Vec<_> = states.iter().map(|state| state.last_updated.0).collect();
        assert_eq!(micros, [1_795_434_615_964_961, 1_795_434_616_005_967, 1_795_434_617_000_000]);
        let texts: Vec<_> = states.iter().map(|s| (s.before.as_deref(), s.state.as_deref())).collect();
        assert_eq!(texts, [(None, Some("1")), (Some("1"), None), (None, Some("ü"))]);
        assert_eq!(states[1].last_changed.0, 1_795_434_615_500_000);
        assert_eq!(&*states[0].attributes, r#"{"unit":"W"}"#);
        parse_history("[]").unwrap_err();
    }
}
