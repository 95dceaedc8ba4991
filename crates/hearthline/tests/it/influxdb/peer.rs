//! A real InfluxDB and a real VictoriaMetrics on this machine, each with a folder of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::process::{self, Process, free_port};
use crate::wait::until;

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(30);

/// One that runs, or that has a port where it will.
pub(crate) struct InfluxDb {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
    client: reqwest::Client,
    guarded: bool,
}

impl InfluxDb {
    /// One that runs, lets everybody in, and has an empty database `house`.
    pub(crate) async fn running() -> Self {
        let server = Self::started().await;
        server.query("CREATE DATABASE house").await;
        server
    }

    /// One that runs and lets nobody in but an administrator, with the database `house` in which `writer` may write and read
    /// with the password `right`, and `reader` only read.
    pub(crate) async fn guarded() -> Self {
        let mut server = Self::started().await;
        for order in [
            "CREATE USER admin WITH PASSWORD 'of the admin' WITH ALL PRIVILEGES",
            "CREATE DATABASE house",
            "CREATE USER writer WITH PASSWORD 'right'",
            "GRANT ALL ON house TO writer",
            "CREATE USER reader WITH PASSWORD 'right'",
            "GRANT READ ON house TO reader",
        ] {
            server.query(order).await;
        }
        server.stop().await;
        server.guarded = true;
        server.start().await;
        server
    }

    async fn started() -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { folder, port: free_port(), process: None, client, guarded: false };
        server.start().await;
        server
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self) {
        let (dir, port, guarded) = (self.folder.path().display(), self.port, self.guarded);
        let settings = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{dir}/meta\"\n\
             [data]\ndir = \"{dir}/data\"\nwal-dir = \"{dir}/wal\"\nquery-log-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nauth-enabled = {guarded}\nlog-enabled = false\n\
             [monitor]\nstore-enabled = false\n"
        );
        let path = self.folder.path().join("influxdb.conf");
        std::fs::write(&path, settings).unwrap();
        let mut command = process::peer("influxdb/bin/influxd");
        let mut process = Process::start("InfluxDB", command.args(["run", "-config"]).arg(path));
        until("InfluxDB answers", START, async || {
            assert!(!process.has_ended(), "InfluxDB ended at its start");
            let ping = self.client.get(format!("{}/ping", self.url())).send().await.ok()?;
            ping.status().is_success().then_some(())
        })
        .await;
        self.process = Some(process);
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        self.process.take().expect("InfluxDB runs").terminate(STOP).await;
    }

    /// It takes connections and answers nothing, until it is woken.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().expect("InfluxDB runs").signal("STOP");
    }

    pub(crate) fn wake(&self) {
        self.process.as_ref().expect("InfluxDB runs").signal("CONT");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The whole answer to a question, with times in nanoseconds.
    pub(crate) async fn asked(&self, question: &str) -> Value {
        let form = form_of([("db", "house"), ("epoch", "ns"), ("q", question)].into_iter());
        let answer = self.client.post(format!("{}/query?{form}", self.url())).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The rows of the answer's series, each with the series' name and tags.
    pub(crate) async fn query(&self, question: &str) -> Vec<(Value, Vec<Value>)> {
        self.asked_of("house", question).await
    }

    /// The same, of that database.
    pub(crate) async fn asked_of(&self, database: &str, question: &str) -> Vec<(Value, Vec<Value>)> {
        let form = form_of([("db", database), ("epoch", "ns"), ("q", question)].into_iter());
        let mut request = self.client.post(format!("{}/query?{form}", self.url()));
        if self.guarded {
            request = request.basic_auth("admin", Some("of the admin"));
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let result = &answer["results"][0];
        assert!(answer["error"].is_null() && result["error"].is_null(), "{question}: {answer}");
        let series = result["series"].as_array().cloned().unwrap_or_default();
        series
            .into_iter()
            .flat_map(|mut series| {
                let Value::Array(rows) = series["values"].take() else { panic!("no rows: {series}") };
                rows.into_iter().map(move |row| match row {
                    Value::Array(row) => (series.clone(), row),
                    row => panic!("no row: {row}"),
                })
            })
            .collect()
    }

    /// Writes as another program does.
    pub(crate) async fn write(&self, lines: &str) -> anyhow::Result<()> {
        let (status, words) = self.answer("house", lines).await?;
        ensure!(status == 204, "{status}: {words}");
        Ok(())
    }

    /// Status and body of the answer to a write.
    pub(crate) async fn answer(&self, database: &str, lines: &str) -> anyhow::Result<(u16, String)> {
        let request = self.client.post(format!("{}/write?db={database}", self.url())).body(lines.to_owned());
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// How many values of that type a field has: a count without a type would leave some out in silence.
    pub(crate) async fn count(&self, measurement: &str, field: &str, kind: &str) -> u64 {
        let question = format!("SELECT COUNT(\"{field}\"::{kind}) FROM \"{measurement}\"");
        self.query(&question).await.first().map_or(0, |(_, row)| row[1].as_u64().unwrap())
    }

    /// Fields and types of a measurement.
    pub(crate) async fn fields(&self, measurement: &str) -> BTreeSet<(String, String)> {
        let rows = self.query(&format!("SHOW FIELD KEYS FROM \"{measurement}\"")).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        rows.iter().map(|(_, row)| (text(&row[0]), text(&row[1]))).collect()
    }

    /// Entity, time and state of every point of a measurement that has a state.
    pub(crate) async fn states(&self, measurement: &str) -> Vec<(String, i64, String)> {
        let question = format!("SELECT \"state\"::string FROM \"{measurement}\" GROUP BY \"entity_id\"");
        let rows = self.query(&question).await.into_iter();
        rows.map(|(series, row)| {
            let entity_id = series["tags"]["entity_id"].as_str().unwrap().to_owned();
            (entity_id, row[0].as_i64().unwrap(), row[1].as_str().unwrap().to_owned())
        })
        .collect()
    }
}

fn form_of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A VictoriaMetrics that runs.
pub(crate) struct VictoriaMetrics {
    _folder: tempfile::TempDir,
    _process: Process,
    url: String,
    client: reqwest::Client,
}

impl VictoriaMetrics {
    pub(crate) async fn running() -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = process::peer("influxdb/bin/victoria-metrics");
        command.arg(format!("-storageDataPath={}", folder.path().join("data").display()));
        command.arg(format!("-httpListenAddr=127.0.0.1:{port}")).arg("-retentionPeriod=100y");
        let mut process = Process::start("VictoriaMetrics", &mut command);
        let (url, client) =
            (format!("http://127.0.0.1:{port}"), reqwest::Client::builder().no_proxy().build().unwrap());
        until("VictoriaMetrics answers", START, async || {
            assert!(!process.has_ended(), "VictoriaMetrics ended at its start");
            client.get(format!("{url}/health")).send().await.ok()?.status().is_success().then_some(())
        })
        .await;
        Self { _folder: folder, _process: process, url, client }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The values of a metric of one entity, in the order of their times.
    pub(crate) async fn values(&self, metric: &str, entity_id: &str) -> Vec<f64> {
        self.client.get(format!("{}/internal/force_flush", self.url)).send().await.unwrap();
        let matching = form_of([("match[]", &*format!("{metric}{{entity_id=\"{entity_id}\"}}"))].into_iter());
        let answer = self.client.get(format!("{}/api/v1/export?{matching}", self.url)).send().await.unwrap();
        let mut values = Vec::new();
        for line in answer.text().await.unwrap().lines() {
            let series: Value = serde_json::from_str(line).unwrap();
            let (times, of) =
                (series["timestamps"].as_array().unwrap(), series["values"].as_array().unwrap());
            values.extend(
                times.iter().zip(of).map(|(time, value)| (time.as_i64().unwrap(), value.as_f64().unwrap())),
            );
        }
        values.sort_by_key(|(time, _)| *time);
        values.into_iter().map(|(_, value)| value).collect()
    }
}
