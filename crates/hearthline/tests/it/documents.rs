//! The documents lead where they say: every link into this project is to a file, and to a heading in it, that there is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where documents lie.
const PLACES: [&str; 3] = [".", "docs", "packaging"];

fn pages(dir: &Path, deep: bool, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            pages(&path, deep, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// What stands outside of blocks of code.
fn prose(page: &str) -> String {
    let mut outside = true;
    let lines = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        outside ^= fence;
        outside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The anchor that a heading gets where such pages are shown: small letters, blanks as hyphens, no other signs.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let mut found = Vec::new();
    for place in PLACES {
        pages(&root.join(place), place != ".", &mut found);
    }
    let texts: BTreeMap<PathBuf, String> = found
        .into_iter()
        .map(|path| (path.clone(), prose(&std::fs::read_to_string(path).unwrap())))
        .collect();
    let mut links = 0;
    for (path, text) in &texts {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            links += 1;
            let (file, heading) =
                target.split_once('#').map_or((target, None), |(file, at)| (file, Some(at)));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let file =
                file.canonicalize().unwrap_or_else(|_| panic!("{}: no such file: {target}", path.display()));
            if let Some(heading) = heading {
                let headings = texts[&file].lines().filter_map(|line| line.strip_prefix('#'));
                let has =
                    headings.map(|line| anchor(line.trim_start_matches('#'))).any(|known| known == heading);
                assert!(has, "{}: no such heading: {target}", path.display());
            }
        }
    }
    assert!(links > 100, "{links}");
}

#[test]
fn who_comes_from_the_old_system_finds_each_of_its_variables_that_is_read() {
    let source = include_str!("../../src/settings/environment.rs");
    let variables =
        source.lines().filter_map(|line| line.trim().strip_prefix("pub(crate) const ")?.split('"').nth(1));
    // The others are ours, and the supervisor's.
    let theirs = ["HOME_ASSISTANT_", "INFLUXDB_", "WEATHER_"];
    let read: Vec<_> = variables.filter(|name| theirs.iter().any(|start| name.starts_with(start))).collect();
    assert!(read.len() >= 7, "{read:?}");
    let page = include_str!("../../../../docs/migrating.md");
    for name in read {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
