//! The catalogue and its pages.

use std::collections::BTreeSet;

use super::super::{CATALOGUE, Finding};
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
        assert_eq!(Finding::of(kind, "x").see, format!("docs/operations/doctor.md#{}", kind.id));
    }
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
