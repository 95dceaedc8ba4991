//! The program under test: its folder and settings, its commands, and one run of it.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use hearthline_core::Timestamp;
use serde_json::Value;

use crate::process::Process;
use crate::wait::until;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hearthline");
/// What a start, or a change of state without waiting for a peer, may take on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(60);
/// What the way back to a peer may take: the backoff between attempts passes 8 s only when it is away for long.
const RECONNECTION: Duration = Duration::from_secs(90);
/// What stopping may take; it is given so long where it is installed.
const STOPPING: Duration = Duration::from_secs(60);

/// A data folder with settings. Commands and runs see nothing else of the environment.
pub(crate) struct Hearthline {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// One run of the program. When its test fails, its last status is shown.
pub(crate) struct Run {
    process: Process,
    data: PathBuf,
    client: reqwest::Client,
    last: Option<Value>,
}

/// The status document of a moment.
#[derive(Debug)]
pub(crate) struct Status(Value);

impl Hearthline {
    /// Records the Home Assistant at `url`; the API listens on a port that is free.
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = vec![
            ("HEARTHLINE_DATA_DIR", folder.path().join("data").display().to_string()),
            ("HEARTHLINE_API_LISTEN", "127.0.0.1:0".into()),
            ("HOME_ASSISTANT_URL", url.into()),
            ("HOME_ASSISTANT_TOKEN", token.into()),
        ];
        Self { folder, environment }
    }

    /// With a settings file besides.
    pub(crate) fn with_settings(mut self, toml: &str) -> Self {
        let path = self.folder.path().join("hearthline.toml");
        std::fs::write(&path, toml).unwrap();
        self.environment.push(("HEARTHLINE_CONFIG", path.display().to_string()));
        self
    }

    /// With another variable in its environment.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Without a variable that every other has.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(variable, _)| *variable != name);
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a command to its end. Takes a thread of its own, so that a peer in this process can answer it.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Answer {
        answer(self.program(arguments)).await
    }

    /// The same with other variables in its environment.
    pub(crate) async fn command_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
        let mut command = self.program(arguments);
        command.envs(variables.iter().copied());
        answer(command).await
    }

    /// Starts recording on another data folder, with other variables in its environment.
    pub(crate) fn start_on(&self, data: &Path, variables: &[(&str, &str)]) -> Run {
        let mut command = self.program(&["run"]);
        command.envs(variables.iter().copied());
        let process = Process::start("hearthline", &mut command);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Run { process, data: data.to_path_buf(), client, last: None }
    }

    /// Starts a command that goes on until it is told to stop.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Process {
        Process::start("hearthline", &mut self.program(arguments))
    }

    /// A path in a folder that is there as long as this is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts recording.
    pub(crate) fn start(&self) -> Run {
        self.start_with(&["run"])
    }

    /// Starts a lively demonstration without a past, the same each time.
    pub(crate) fn demo(&self) -> Run {
        let data = self.data().display().to_string();
        self.start_with(&["demo", "--hours", "0", "--rate", "10", "--seed", "3", "--data-dir", &data])
    }

    /// Starts a command that records on this data folder.
    pub(crate) fn start_with(&self, arguments: &[&str]) -> Run {
        let process = Process::start("hearthline", &mut self.program(arguments));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Run { process, data: self.data(), client, last: None }
    }

    /// Starts a command by way of a program that hands over to it in the same process, such as `prlimit`.
    pub(crate) fn start_by(&self, way: &[&str], arguments: &[&str]) -> Run {
        let [first, rest @ ..] = way else { panic!("no way") };
        let mut command = self.environed(Command::new(first));
        command.args(rest).arg(PROGRAM).args(arguments);
        let process = Process::start("hearthline", &mut command);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Run { process, data: self.data(), client, last: None }
    }

    /// Every file below the data folder in which these bytes are, as they are.
    pub(crate) fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
                    found.push(path);
                }
            }
        }
        found
    }

    fn program(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.environed(Command::new(PROGRAM));
        command.args(arguments);
        command
    }

    fn environed(&self, mut command: Command) -> Command {
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
        command
    }
}

async fn answer(mut command: Command) -> Answer {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("a command ends with a code");
    Answer { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Answer {
    /// The document that it is.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Run {
    /// Where its API listens, as it says in its data folder.
    pub(crate) async fn address(&mut self) -> SocketAddr {
        let path = self.own_data().join("run.json");
        until("the program says where it listens", SOON, async || {
            assert!(!self.process.has_ended(), "the program ended at its start");
            announced(&path, self.process.id())
        })
        .await
    }

    /// Its data folder as it sees it itself, which may be on a disk that only it has.
    pub(crate) fn own_data(&self) -> PathBuf {
        let path = self.data.strip_prefix("/").unwrap_or(&self.data);
        Path::new("/proc").join(self.process.id().to_string()).join("root").join(path)
    }

    /// What its API answers.
    pub(crate) async fn get(&mut self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address().await);
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// Gives its API an order that needs no token from this machine.
    pub(crate) async fn post(&mut self, path: &str) {
        let url = format!("http://{}{path}", self.address().await);
        let answer = self.client.post(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Has something go wrong in a demonstration.
    pub(crate) async fn cause(&mut self, word: &str) {
        self.post(&format!("/api/v1/demo/faults/{word}")).await;
    }

    pub(crate) async fn status(&mut self) -> Status {
        let status: Value = serde_json::from_str(&self.get("/api/v1/status").await).unwrap();
        Status(self.last.insert(status).clone())
    }

    /// Waits until its status is so.
    pub(crate) async fn until(&mut self, what: &str, is: impl Fn(&Status) -> bool) -> Status {
        self.within(SOON, what, is).await
    }

    /// Waits until it is authenticated, subscribed and heard from.
    pub(crate) async fn connected(&mut self) -> Status {
        self.within(RECONNECTION, "connected", |status| status.connection() == "connected").await
    }

    /// The text of an entity's latest state.
    pub(crate) async fn latest(&mut self, entity_id: &str) -> Option<String> {
        let answer = self.get(&format!("/api/v1/entities?ids={entity_id}")).await;
        let entities: Value = serde_json::from_str(&answer).unwrap();
        entities["entities"][0]["latest"]["state"].as_str().map(str::to_owned)
    }

    /// Waits until the latest state of an entity is this.
    pub(crate) async fn has(&mut self, entity_id: &str, state: &str) {
        until(&format!("{entity_id} is {state}"), SOON, async || {
            (self.latest(entity_id).await? == state).then_some(())
        })
        .await;
    }

    pub(crate) async fn within(
        &mut self,
        within: Duration,
        what: &str,
        is: impl Fn(&Status) -> bool,
    ) -> Status {
        until(&format!("the status says: {what}"), within, async || {
            let status = self.status().await;
            is(&status).then_some(status)
        })
        .await
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.process.terminate(STOPPING).await
    }
}

impl Deref for Run {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl std::ops::DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(last) = self.last.as_ref().filter(|_| std::thread::panicking()) {
            eprintln!("-- its last status:\n{last}");
        }
    }
}

impl Status {
    /// The part of the document at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("the status has no {pointer}: {}", self.0))
    }

    pub(crate) fn count(&self, pointer: &str) -> u64 {
        self.at(pointer).as_u64().unwrap_or_else(|| panic!("{pointer} is no count: {}", self.0))
    }

    pub(crate) fn connection(&self) -> &str {
        self.at("/home_assistant/state").as_str().unwrap()
    }

    /// Whether every event offered is in one term of the equation, and every logged one in one term of each sink's.
    pub(crate) fn adds_up(&self) -> bool {
        let event = |term: &str| self.count(&format!("/events/{term}"));
        let offered: u64 = ["filtered", "duplicate", "logged", "unlogged"].map(event).iter().sum();
        let sinks = self.at("/sinks").as_array().unwrap();
        let delivered = |sink: &Value| -> u64 {
            let terms = ["delivered", "filtered", "collapsed", "quarantined", "lost", "pending"];
            terms.map(|term| sink[term].as_u64().unwrap()).iter().sum()
        };
        event("received") == offered
            && !sinks.is_empty()
            && sinks.iter().all(|sink| delivered(sink) == event("logged"))
    }

    /// Whether a gap says that events of this entity at this time may be missing. Once events arrive again, every gap
    /// has an end.
    pub(crate) fn covers(&self, entity_id: &str, at: Timestamp) -> bool {
        let end = |gap: &Value, end: &str| {
            let text = gap[end].as_str().unwrap_or_else(|| panic!("a gap without an end: {gap}"));
            Timestamp::parse(text).unwrap()
        };
        self.at("/gaps/recent").as_array().unwrap().iter().any(|gap| {
            let entities = gap["entities"].as_array().unwrap();
            (end(gap, "from")..=end(gap, "to")).contains(&at)
                && (entities.is_empty() || entities.iter().any(|entity| entity == entity_id))
        })
    }
}

fn announced(path: &Path, process: u32) -> Option<SocketAddr> {
    let running: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let address = running["address"].as_str().filter(|_| running["pid"] == process)?;
    Some(address.parse().unwrap())
}
