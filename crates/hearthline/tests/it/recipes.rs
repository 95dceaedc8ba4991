//! What `docs/recipes` says is done: by DuckDB and pandas, which share no code with the program, on the store that it wrote of a
//! simulated house. The recipes for Grafana are in `influxdb::recipes`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::hearthline::Hearthline;
use crate::process::peer;
use crate::wait::until;

/// On a busy machine a demonstration needs its time to make up a past.
const RECORDED: Duration = Duration::from_secs(180);

/// What each heading of a page gave: the rows of its last block.
struct Shown(Value);

impl Shown {
    /// Runs a page in the folder that has `data`.
    async fn of(page: &str, hearthline: &Hearthline) -> Self {
        let mut command = peer("recipes/bin/python");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        command.arg(here.join("tests/it/recipes/run.py")).arg(docs().join(page));
        command.current_dir(hearthline.data().parent().unwrap());
        command.env("TZ", "UTC"); // days of DuckDB are those of the machine, of the others UTC's
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{page}: {}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).unwrap())
    }

    /// The rows below a heading, at least one.
    fn rows(&self, heading: &str) -> &[Value] {
        let rows =
            self.0[heading].as_array().unwrap_or_else(|| panic!("nothing below {heading}: {}", self.0));
        assert!(!rows.is_empty(), "no row below {heading}");
        rows
    }

    /// The numbers of a column.
    fn numbers(&self, heading: &str, column: &str) -> Vec<f64> {
        let rows = self.rows(heading).iter();
        rows.map(|row| row[column].as_f64().unwrap_or_else(|| panic!("{heading}: no {column} in {row}")))
            .collect()
    }
}

/// The folder of the recipes.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes")
}

/// Of that many the sum, told apart by no more than what adding in another order changes.
fn same(one: &[f64], other: &[f64]) {
    assert_eq!(one.len(), other.len(), "{one:?} {other:?}");
    for (one, other) in one.iter().zip(other) {
        assert!((one - other).abs() < 1e-6, "{one} {other}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs DuckDB and pandas: cargo xtask test"]
async fn each_block_of_duckdb_and_of_pandas_gives_what_the_program_says() {
    let hearthline = Hearthline::new("http://127.0.0.1:1", "unused");
    let data = hearthline.data().display().to_string();
    let mut run =
        hearthline.start_with(&["demo", "--hours", "1", "--rate", "10", "--seed", "3", "--data-dir", &data]);
    run.within(RECORDED, "it is connected and knows the weather", |status| {
        let parts = status.at("/parts").as_array().unwrap();
        let weather = parts.iter().find(|part| part["name"] == "weather");
        status.connection() == "connected" && weather.is_some_and(|part| part["state"] == "healthy")
    })
    .await;
    // Since then it has said something, so that a row knows its names and its weather.
    let before = run.latest("sensor.kitchen_temperature").await;
    until("the kitchen's temperature changes", RECORDED, async || {
        (run.latest("sensor.kitchen_temperature").await != before).then_some(())
    })
    .await;
    assert_eq!(run.stop().await.code(), Some(0), "everything is in files then");

    let duckdb = Shown::of("duckdb.md", &hearthline).await;
    let pandas = Shown::of("pandas.md", &hearthline).await;

    let hours = ["history", "sensor.kitchen_temperature", "--from", "2d", "--bucket", "1h", "--json"];
    let hours = hearthline.command(&hours).await.json();
    let of = |name: &str| -> Vec<f64> {
        hours["buckets"].as_array().unwrap().iter().filter_map(|bucket| bucket[name].as_f64()).collect()
    };
    for (column, ours) in [("low", "min"), ("mean", "mean"), ("high", "max")] {
        same(&duckdb.numbers("Hour by hour", column), &of(ours));
    }
    for column in ["min", "mean", "max", "count"] {
        same(&pandas.numbers("Hour by hour", column), &of(column));
    }

    let counted = hearthline.command(&["export", "--format", "ndjson"]).await;
    let table = &duckdb.rows("Tables")[0];
    assert_eq!(table["rows"], counted.stdout.lines().count(), "{table}");
    let most = duckdb.numbers("Who says the most", "rows");
    assert!(most.len() == 10 && most.is_sorted_by(|a, b| a >= b), "{most:?}");

    let readings: f64 = of("count").iter().sum();
    let one = pandas.rows("One entity");
    assert_eq!(one.iter().filter(|row| row["value"].is_f64()).count() as f64, readings);
    let (low, high) = (of("min"), of("max"));
    let within = |mean: &f64| low.iter().any(|low| low <= mean) && high.iter().any(|high| mean <= high);
    assert!(duckdb.numbers("Weighted by time", "mean").iter().all(within));
    assert!(pandas.numbers("Weighted by time", "mean").iter().all(within));

    let energy = duckdb.numbers("Energy of each day", "kwh");
    same(&energy, &pandas.numbers("Energy of each day", "kwh"));
    assert!(energy.iter().sum::<f64>() > 0.0, "{energy:?}");
    let (cold, again) = ("Energy against the cold", "degree_days");
    same(&duckdb.numbers(cold, again), &pandas.numbers(cold, again));
    assert!(duckdb.numbers("How long it was on", "minutes").iter().sum::<f64>() > 0.0);

    for rows in
        [duckdb.rows("With names and the weather of the time"), pandas.rows("The weather of the time")]
    {
        let at = if rows[0]["outdoors"].is_null() { "temperature" } else { "outdoors" };
        assert!(rows.iter().any(|row| row[at].is_f64()), "{rows:?}");
    }
    let named = duckdb.rows("With names and the weather of the time");
    assert!(named.iter().any(|row| row["area"] == "Kitchen"), "{named:?}");

    // A section that is added has to be looked at here as well.
    let told = |shown: &Shown| shown.0.as_object().unwrap().len();
    assert_eq!((told(&duckdb), told(&pandas)), (8, 6));
}
