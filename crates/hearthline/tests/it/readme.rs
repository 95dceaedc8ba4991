//! The table of the README that says which test proves which line of the old page of steps: each of them is there.

use std::path::{Path, PathBuf};

const HEADING: &str = "## The old page of steps, as commands";

/// The Rust files below a folder.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_line_of_the_old_plan_names_a_test_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split_once(HEADING).unwrap().1.split_once("\n## ").unwrap().0;
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    assert!(rows.len() >= 20, "{rows:?}");
    let mut files = Vec::new();
    sources(&root.join("crates"), &mut files);
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [line, command, test] = cells[..] else { panic!("three columns: {row}") };
        assert!(!line.is_empty() && !command.is_empty(), "{row}");
        let mut path: Vec<_> = test.trim_matches('`').split("::").collect();
        let name = format!("fn {}()", path.pop().unwrap());
        // The modules are the end of the file's path; tests may stand in the file of their module.
        let file = |path: &Path| path.with_extension("").to_string_lossy().replace('/', "::");
        let modules = path.join("::");
        let inline = modules.strip_suffix("::tests").unwrap_or(&modules).to_owned();
        let has = |path: &PathBuf| {
            let file = file(path);
            (file.ends_with(&format!("::{modules}")) || file.ends_with(&format!("::{inline}")))
                && std::fs::read_to_string(path).unwrap().contains(&name)
        };
        assert!(files.iter().any(has), "no such test: {test}");
    }
}
