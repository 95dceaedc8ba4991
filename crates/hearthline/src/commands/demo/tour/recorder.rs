//! The recorder as a process of its own, `hearthline run`, so that it can be killed as anything can.

use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use hearthline_runbook::Status;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::super::{TOKEN, influxdb};
use crate::house::Program;
use crate::settings::Settings;
use crate::settings::environment::variable;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// What a stop in order may take.
const STOPPING: Duration = Duration::from_secs(20);
/// What it says, in its data folder.
const SAID: &str = "recorder.log";

/// The process, which does not outlive this.
pub(super) struct Recorder {
    /// Where its data is, for commands.
    pub(super) settings: Settings,
    command: Command,
    child: Option<Child>,
}

impl Recorder {
    /// One that does not run yet. Nothing of the environment of this process reaches it.
    ///
    /// # Errors
    /// When its words cannot be kept.
    pub(super) fn new(settings: &Settings, house: SocketAddr, influx: SocketAddr) -> anyhow::Result<Self> {
        let data_dir = &*settings.data_dir;
        let path = data_dir.join(SAID);
        let said = OpenOptions::new().create(true).append(true).open(&path);
        let said = said.with_context(|| format!("cannot write {}", path.display()))?;
        let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
        command.arg("run").env_clear().env(variable::DATA_DIR, data_dir);
        command.env(variable::API_LISTEN, "127.0.0.1:0").env(variable::LOG, settings.log_filter.as_str());
        command.env(variable::HOME_ASSISTANT_URL, format!("http://{house}"));
        command.env(variable::HOME_ASSISTANT_TOKEN, TOKEN);
        command.env(variable::INFLUXDB_URL, format!("http://{influx}"));
        command
            .env(variable::INFLUXDB_BUCKET, influxdb::BUCKET)
            .env(variable::INFLUXDB_TOKEN, influxdb::TOKEN);
        command.env(variable::INFLUXDB_ORG, influxdb::ORGANISATION).current_dir(data_dir);
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        Ok(Self { settings: settings.clone(), command, child: None })
    }

    /// Starts it.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        self.child = Some(self.command.spawn().context("the recorder cannot be started")?);
        Ok(())
    }

    /// Ends it as a crash does. The signal that ended it.
    ///
    /// # Errors
    /// When it does not run.
    pub(super) fn kill(&mut self) -> anyhow::Result<Option<i32>> {
        let mut child = self.child.take().context("the recorder does not run")?;
        child.kill()?;
        Ok(child.wait()?.signal())
    }

    /// Ends it in order. Its exit code.
    ///
    /// # Errors
    /// When it does not run, or does not end.
    pub(super) async fn stop(&mut self) -> anyhow::Result<Option<i32>> {
        let child = self.child.as_mut().context("the recorder does not run")?;
        kill_process(Pid::from_child(child), Signal::TERM)?;
        let deadline = Instant::now() + STOPPING;
        loop {
            if let Some(ended) = child.try_wait()? {
                self.child = None;
                return Ok(ended.code());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the recorder did not end in {} s",
                STOPPING.as_secs()
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The running program.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn program(&self) -> anyhow::Result<Program> {
        Program::required(&self.settings)
    }

    /// Looks at its status until it is so, and answers with how long that took.
    ///
    /// # Errors
    /// When that takes longer than `within`, or the process has ended by itself.
    pub(super) async fn until(
        &mut self,
        what: &str,
        within: Duration,
        mut is: impl FnMut(&Status) -> bool,
    ) -> anyhow::Result<(Status, Duration)> {
        let began = Instant::now();
        loop {
            if let Some(ended) = self.ended()? {
                anyhow::bail!(
                    "the recorder has ended by itself ({ended}); {SAID} in the data folder says why"
                );
            }
            let status = match self.program() {
                Ok(program) => program.status().await,
                Err(error) => Err(error),
            };
            let seen = match status {
                Ok(status) if is(&status) => return Ok((status, began.elapsed())),
                Ok(status) => format!("{}: {}", status.overall.as_str(), status.verdict),
                Err(error) => format!("{error:#}"),
            };
            let seconds = within.as_secs();
            anyhow::ensure!(began.elapsed() < within, "expected within {seconds} s: {what}; seen: {seen}");
            sleep(LOOK_AGAIN).await;
        }
    }

    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
