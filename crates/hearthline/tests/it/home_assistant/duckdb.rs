//! The files that the program writes, read by DuckDB: a reader that shares no code with it.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::python;
use super::witness::Change;
use crate::hearthline::Hearthline;

/// The rows of `states` for the entities that `chosen` names (an SQL condition), from the files that the program lists
/// after it was asked to put everything into files. Sorted by entity and time.
pub(super) async fn stored(hearthline: &Hearthline, chosen: &str) -> Vec<Change> {
    let flushed = hearthline.command(&["flush"]).await;
    assert_eq!(flushed.code, 0, "{flushed:?}");
    in_files(hearthline, chosen).await
}

/// The same, of what is in files already.
pub(super) async fn in_files(hearthline: &Hearthline, chosen: &str) -> Vec<Change> {
    let listed = hearthline.command(&["export", "--files", "--json"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    let files: Vec<String> = serde_json::from_str(&listed.stdout).unwrap();
    let quoted: Vec<String> = files
        .iter()
        .filter(|path| path.contains("/states/"))
        .inspect(|path| assert!(Path::new(path).is_file(), "{path} is listed and is no file"))
        .map(|path| format!("'{path}'"))
        .collect();
    if quoted.is_empty() {
        return Vec::new();
    }
    rows(&format!("read_parquet([{}])", quoted.join(", ")), chosen).await
}

/// The same, from an export as NDJSON, which has what is only in memory too.
pub(super) async fn exported(hearthline: &Hearthline, chosen: &str) -> Vec<Change> {
    let answer = hearthline.command(&["export", "--format", "ndjson"]).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), answer.stdout).unwrap();
    let source = format!(
        "read_json('{}', format = 'newline_delimited', columns = {{entity_id: 'VARCHAR', ts: 'TIMESTAMPTZ', \
         last_changed: 'TIMESTAMPTZ', state: 'VARCHAR', attributes: 'JSON'}})",
        file.path().display()
    );
    rows(&source, chosen).await
}

async fn rows(source: &str, chosen: &str) -> Vec<Change> {
    let sql = format!(
        "select entity_id, epoch_us(ts) as ts, epoch_us(coalesce(last_changed, ts)) as last_changed, state, \
         attributes::varchar as attributes from {source} where {chosen} order by entity_id, ts"
    );
    let rows = query(sql).await;
    let mut rows: Vec<Change> = serde_json::from_value(rows).unwrap();
    for row in &mut rows {
        if let Value::String(json) = &row.attributes {
            row.attributes = serde_json::from_str(json).unwrap();
        }
    }
    rows
}

async fn query(sql: String) -> Value {
    let answer = move || {
        let mut command = python::script("query.py");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "DuckDB refused: {sql}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    tokio::task::spawn_blocking(answer).await.unwrap()
}
