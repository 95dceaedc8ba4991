//! A Home Assistant on this machine, with an owner and a reader who is no administrator.

use std::time::Duration;

use anyhow::ensure;
use hearthline_core::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::python;
use crate::process::{Process, free_port};
use crate::wait::until;

/// A start takes 2 s on an idle machine.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);

/// A house that runs, or that has a port where it will.
pub(crate) struct HomeAssistant {
    folder: tempfile::TempDir,
    port: u16,
    tokens: Tokens,
    process: Option<Process>,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Tokens {
    owner: String,
    reader: String,
}

impl HomeAssistant {
    /// One that runs.
    pub(crate) async fn running() -> Self {
        let mut house = Self::absent();
        house.start().await;
        house
    }

    /// One that does not run yet.
    pub(crate) fn absent() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = python::script("provision.py");
        // Five wrong tokens ban an address: more than any test may try.
        let output = command.arg(folder.path()).args([&port.to_string(), "5"]).output().unwrap();
        let tokens = serde_json::from_slice(&output.stdout);
        let tokens = tokens.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        // No connection is kept, so that those that are seen are the program's.
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { folder, port, tokens, process: None, client }
    }

    /// Adds to its configuration what it is to have from its next start on.
    pub(crate) fn configure(&self, more: &str) {
        let path = self.folder.path().join("configuration.yaml");
        let text = std::fs::read_to_string(&path).unwrap() + more;
        std::fs::write(path, text).unwrap();
    }

    /// Gives it a command as its owner, as a page does.
    pub(crate) async fn command(&self, command: Value) -> Value {
        let address = format!("{}/api/websocket", self.url().replacen("http", "ws", 1));
        let mut python = python::script("command.py");
        python.args([address, command.to_string()]).env("TOKEN", &self.tokens.owner);
        let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts it and waits until it says `RUNNING`.
    pub(crate) async fn start(&mut self) {
        let mut command = python::program("hass");
        command
            .args(["--skip-pip", "--config"])
            .arg(self.folder.path())
            .env_remove("PYTHONDONTWRITEBYTECODE");
        let mut process = Process::start("Home Assistant", &mut command);
        until("Home Assistant runs", START, async || {
            assert!(!process.has_ended(), "Home Assistant ended at its start");
            let config = self.request(Method::GET, "config", None::<&Value>).await.ok()?;
            (config["state"] == "RUNNING").then_some(())
        })
        .await;
        self.process = Some(process);
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        self.process.take().expect("Home Assistant runs").terminate(STOP).await;
    }

    /// Ends it as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("Home Assistant runs").kill().await;
    }

    /// How many states of an entity its history has since an instant (microseconds).
    pub(crate) async fn history_of(&self, entity_id: &str, since: i64) -> usize {
        let since = Timestamp(since).to_string();
        let path = format!("history/period/{since}?filter_entity_id={entity_id}&significant_changes_only=0");
        let answer = self.request(Method::GET, &path, None::<&Value>).await.unwrap();
        answer[0].as_array().map_or(0, Vec::len)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn owner(&self) -> &str {
        &self.tokens.owner
    }

    pub(crate) fn reader(&self) -> &str {
        &self.tokens.reader
    }

    /// A new long-lived token of its owner, under that name.
    pub(crate) async fn new_token(&self, name: &str) -> String {
        let command = json!({ "type": "auth/long_lived_access_token", "client_name": name, "lifespan": 1 });
        self.command(command).await.as_str().expect("a token is a text").to_owned()
    }

    /// Deletes the token of that name, as its owner does in his profile.
    pub(crate) async fn revoke(&self, name: &str) {
        let tokens = self.command(json!({ "type": "auth/refresh_tokens" })).await;
        let token = tokens.as_array().unwrap().iter().find(|token| token["client_name"] == name);
        let id = &token.unwrap_or_else(|| panic!("no token {name}: {tokens}"))["id"];
        self.command(json!({ "type": "auth/delete_refresh_token", "refresh_token_id": id })).await;
    }

    /// What it said since its start.
    pub(crate) fn log(&self) -> String {
        self.process.as_ref().expect("Home Assistant runs").said()
    }

    /// Attributes keep their order.
    pub(crate) async fn set(&self, entity_id: &str, state: &str, attributes: &impl Serialize) {
        #[derive(Serialize)]
        struct State<'s, A> {
            state: &'s str,
            attributes: &'s A,
        }
        let body = State { state, attributes };
        self.request(Method::POST, &format!("states/{entity_id}"), Some(&body)).await.unwrap();
    }

    /// Has one of its integrations do something, as in `number/set_value`.
    pub(crate) async fn call(&self, service: &str, data: Value) {
        self.request(Method::POST, &format!("services/{service}"), Some(&data)).await.unwrap();
    }

    /// Sets one of its integrations up as a person does on its page, in one step.
    pub(crate) async fn integrate(&self, integration: &str, data: Value) {
        let flow = "config/config_entries/flow";
        let handler = json!({ "handler": integration });
        let begun = self.request(Method::POST, flow, Some(&handler)).await.unwrap();
        let path = format!("{flow}/{}", begun["flow_id"].as_str().unwrap_or_else(|| panic!("{begun}")));
        let done = self.request(Method::POST, &path, Some(&data)).await.unwrap();
        assert_eq!(done["type"], "create_entry", "{done}");
    }

    /// The state of an entity, if it has one.
    pub(crate) async fn state(&self, entity_id: &str) -> Option<String> {
        let state = self.request(Method::GET, &format!("states/{entity_id}"), None::<&Value>).await.ok()?;
        Some(state["state"].as_str()?.to_owned())
    }

    pub(crate) async fn remove(&self, entity_id: &str) {
        self.request(Method::DELETE, &format!("states/{entity_id}"), None::<&Value>).await.unwrap();
    }

    /// How many clients it has: connections that are established at its port.
    pub(crate) fn clients(&self) -> usize {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let local = format!(":{:04X}", self.port);
        let established = |line: &&str| {
            let mut columns = line.split_whitespace().skip(1);
            let (ours, _theirs, state) = (columns.next(), columns.next(), columns.next());
            ours.is_some_and(|address| address.ends_with(&local)) && state == Some("01")
        };
        table.lines().filter(established).count()
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<Value> {
        let mut request = self.client.request(method, format!("{}/api/{path}", self.url()));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.bearer_auth(&self.tokens.owner).send().await?;
        ensure!(response.status().is_success(), "Home Assistant answers {} to {path}", response.status());
        Ok(response.json().await?)
    }
}
