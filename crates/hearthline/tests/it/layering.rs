//! Arrows between the crates point downward only: any edge that is not in the table is refused.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Who may use whom, as the design's section on the workspace says.
const ALLOWED: [(&str, &[&str]); 9] = [
    ("hearthline-core", &[]),
    ("hearthline-log", &["core"]),
    ("hearthline-store", &["core"]),
    ("hearthline-sim", &["core"]),
    ("hearthline-pipeline", &["core", "log", "store"]),
    ("hearthline-runbook", &["core", "log", "store", "pipeline"]),
    ("hearthline-api", &["core", "store", "pipeline", "runbook"]),
    ("hearthline", &["core", "log", "store", "sim", "pipeline", "runbook", "api"]),
    ("xtask", &[]),
];
/// Whom the tests of any crate may use besides.
const ALLOWED_IN_TESTS: [&str; 2] = ["core", "sim"];
/// Crates that one crate alone may name.
const FENCED: [(&str, &str); 2] = [("arrow", "hearthline-store"), ("parquet", "hearthline-store")];

#[test]
fn every_edge_between_crates_is_in_the_design() {
    let metadata = MetadataCommand::new().no_deps().other_options(["--offline".into()]).exec().unwrap();
    let members: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let designed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, designed, "crates of the workspace");

    let mut refused = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let allowed = ALLOWED.iter().find(|(of, _)| *of == name).map_or(&[] as &[&str], |(_, to)| to);
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let in_tests = dependency.kind == DependencyKind::Development;
            let may = if let Some((_, owner)) = FENCED.iter().find(|(fenced, _)| to.starts_with(fenced)) {
                *owner == name
            } else if members.contains(to) {
                let short = to.strip_prefix("hearthline-").unwrap_or(to);
                allowed.contains(&short) || (in_tests && ALLOWED_IN_TESTS.contains(&short))
            } else {
                true
            };
            if !may {
                refused.push(format!("{name} -> {to}"));
            }
        }
    }
    assert_eq!(refused, Vec::<String>::new(), "edges that point upward");
}
