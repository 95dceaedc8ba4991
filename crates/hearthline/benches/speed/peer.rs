//! The other side of a measurement, in a process of its own so that its work is in nobody's figures.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

/// It runs until this is dropped.
pub(crate) struct Peer {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// Starts this program as one, and waits until it says where it listens.
    pub(crate) fn start(words: &[&str]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {words:?}"))?;
        let mut line = String::new();
        let out = process.stdout.take().context("the other side has no output")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().parse().context("the other side did not say where it listens")?;
        Ok(Self { process, address })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
