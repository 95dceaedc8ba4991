//! The catalogue and its pages.

use std::collections::BTreeSet;

use super::super::explain::explained;
use super::super::{CATALOGUE, Finding, Severity};
use crate::operations::rows;
use crate::repair::CATALOGUE as REPAIRS;

#[test]
fn every_finding_is_explained_under_its_id_and_nothing_else_is() {
    let page = include_str!("../../../../../docs/operations/doctor.md");
    let written: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let known: BTreeSet<&str> = CATALOGUE.iter().map(|kind| kind.id).collect();
    assert_eq!(known.len(), CATALOGUE.len(), "an id is there twice");
    assert_eq!(written, known);
}

#[test]
fn a_finding_says_where_it_is_explained() {
    for kind in CATALOGUE {
        let finding = Finding::of(kind, "x");
        assert_eq!(finding.see, format!("docs/operations/doctor.md#{}", kind.id));
        let explained = finding.explained;
        assert!(!explained.is_empty() && !explained.contains("\n#"), "{}: {explained}", kind.id);
        let todo = explained.contains("\n\nWhat to do: ");
        // What is as it should be asks nothing of anybody.
        assert!(todo == (kind.severity != Severity::Ok), "{}: {explained}", kind.id);
    }
    assert_eq!(explained("ha-unset").map(|text| text.lines().count()), Some(3));
    assert_eq!(explained("ha"), None);
}

#[test]
fn a_repair_that_is_named_exists() {
    let sources = [
        include_str!("../program.rs"),
        include_str!("../log.rs"),
        include_str!("../store.rs"),
        include_str!("../sinks.rs"),
        include_str!("../sinks/conflicts.rs"),
        include_str!("../home_assistant/reach.rs"),
    ];
    let mut count = 0;
    for source in sources {
        for rest in source.split(".repair(\"").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(REPAIRS.iter().any(|kind| kind.name == name), "{name}");
            count += 1;
        }
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn what_a_person_may_find_is_in_the_index_with_its_section_and_nothing_else_is() {
    let mut listed = Vec::new();
    for row in rows("## What the doctor finds") {
        let [symptom, found, todo] = &row[..] else { panic!("three columns: {row:?}") };
        assert!(!symptom.is_empty() && !todo.is_empty(), "{row:?}");
        let id = found.split_once("](operations/doctor.md#").unwrap().1.strip_suffix(')').unwrap();
        assert_eq!(found, &format!("[`{id}`](operations/doctor.md#{id})"));
        listed.push(id.to_owned());
    }
    let known = CATALOGUE.iter().filter(|kind| kind.severity != Severity::Ok);
    let known: Vec<&str> = known.map(|kind| kind.id).collect();
    assert_eq!(listed, known, "in the catalogue's order");
}
