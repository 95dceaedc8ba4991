//! Time, work and memory of this process.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What one run took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Events that went through.
    pub(crate) events: u64,
    /// From the first question to the last event.
    pub(crate) seconds: f64,
    /// Of all threads of the process.
    pub(crate) cpu_seconds: f64,
    /// Most memory the process ever had.
    pub(crate) peak_bytes: u64,
}

/// A measurement under way.
pub(crate) struct Watch {
    began: Instant,
    cpu: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), cpu: cpu() }
    }

    pub(crate) fn stop(self, events: u64) -> Result<Figures> {
        let (seconds, cpu) = (self.began.elapsed().as_secs_f64(), cpu() - self.cpu);
        Ok(Figures { events, seconds, cpu_seconds: cpu.as_secs_f64(), peak_bytes: peak_bytes()? })
    }
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    pub(crate) fn events_per_second(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.events as f64
    }
}

fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(spent.tv_sec), u32::try_from(spent.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

fn peak_bytes() -> Result<u64> {
    Ok(field("/proc/self/status", "VmHWM:")? << 10)
}

/// Bytes this process gave to the kernel, and bytes that the kernel meant to put on a disk for it.
pub(crate) fn written() -> Result<(u64, u64)> {
    Ok((field("/proc/self/io", "wchar:")?, field("/proc/self/io", "write_bytes:")?))
}

fn field(file: &str, name: &str) -> Result<u64> {
    let text = std::fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.with_context(|| format!("{file} does not say {name}"))?.parse().context("no number")
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
