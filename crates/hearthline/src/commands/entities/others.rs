//! Who says most, and what is left out, as tables.

use hearthline_api::{LeftOutEntities, LeftOutEntity, Talker, Talkers};

use crate::table::{table, text};

pub(super) fn talkers(all: &Talkers) -> String {
    if all.talkers.is_empty() {
        return "nothing was recorded in the last hour\n".into();
    }
    let mut rows = table(&["Entity", "States in the last hour"]);
    for Talker { entity_id, states, .. } in &all.talkers {
        rows.add_row([entity_id.clone(), states.to_string()]);
    }
    format!("{}{} states of all entities\n", text(&rows), all.states)
}

pub(super) fn left_out(all: &LeftOutEntities) -> String {
    if all.entities.is_empty() {
        return "nothing that was heard so far is left out\n".into();
    }
    let mut rows = table(&["Entity", "Left out by", "Events", "Last (UTC)"]);
    for LeftOutEntity { entity_id, rule, events, last } in &all.entities {
        let rule =
            rule.as_ref().map_or_else(|| "no include names it".into(), |rule| format!("exclude {rule:?}"));
        rows.add_row([
            entity_id.clone(),
            rule,
            events.to_string(),
            last.clone().unwrap_or_else(|| "-".into()),
        ]);
    }
    text(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_with_the_rule_that_decided() {
        assert_eq!(
            left_out(&LeftOutEntities { entities: Vec::new() }),
            "nothing that was heard so far is left out\n"
        );
        let one = |id: &str, rule: Option<&str>, events| LeftOutEntity {
            entity_id: id.into(),
            rule: rule.map(str::to_owned),
            events,
            last: (events > 0).then(|| "T".into()),
        };
        let entities = vec![one("sensor.a", Some("sensor.*"), 3), one("light.b", None, 0)];
        let page = left_out(&LeftOutEntities { entities });
        let line = |id: &str| {
            page.lines().find(|line| line.contains(id)).unwrap().split_whitespace().collect::<Vec<_>>()
        };
        assert_eq!(line("sensor.a"), ["sensor.a", "exclude", "\"sensor.*\"", "3", "T"]);
        assert_eq!(line("light.b"), ["light.b", "no", "include", "names", "it", "0", "-"]);
    }

    #[test]
    fn who_says_most_is_told_with_the_sum_of_all() {
        let talker = Talker { entity_id: "sensor.a".into(), states: 7, per_hour: 7.0 };
        let all = Talkers { from: "F".into(), to: "T".into(), states: 9, talkers: vec![talker] };
        let page = talkers(&all);
        assert!(page.contains("sensor.a") && page.ends_with("9 states of all entities\n"), "{page}");
    }
}
