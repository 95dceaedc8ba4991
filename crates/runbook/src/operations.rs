//! The index `docs/operations.md`, which tests hold to what the program says.

const INDEX: &str = include_str!("../../../docs/operations.md");

/// The cells of each row of the table below that heading.
pub(crate) fn rows(heading: &str) -> Vec<Vec<String>> {
    let section = INDEX.split_once(&format!("\n{heading}\n")).unwrap().1.split("\n## ").next().unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(!rows.is_empty(), "no rows below {heading}");
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.into_iter().map(cells).collect()
}

/// Whether what stands between the `…` of a pattern comes in a sentence in that order, from its beginning to its end.
pub(crate) fn fits(pattern: &str, sentence: &str) -> bool {
    let mut rest = sentence;
    let pieces: Vec<&str> = pattern.split('…').collect();
    for (n, piece) in pieces.iter().enumerate() {
        let Some(at) = (if n + 1 == pieces.len() { rest.rfind(piece) } else { rest.find(piece) }) else {
            return false;
        };
        if n == 0 && at != 0 {
            return false;
        }
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty()
}

/// What is said in italics.
pub(crate) fn said(cell: &str) -> &str {
    cell.strip_prefix('*')
        .and_then(|said| said.strip_suffix('*'))
        .unwrap_or_else(|| panic!("no sentence: {cell}"))
}

#[test]
fn what_differs_is_left_out_and_the_rest_has_to_be_there() {
    assert!(fits("Recording, … is … s behind.", "Recording, store is 42 s behind."));
    assert!(fits("… is silent", "Freezer (Kitchen) is silent"));
    assert!(!fits("Recording.", "Recording, store is 42 s behind."));
    assert!(!fits("… is silent", "Freezer is silent now"));
}
