//! The report of a running program, for all who ask: looked at anew only where the last look is some seconds old, so that asking
//! often costs Home Assistant and the sinks nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Clock;
use tokio::sync::Mutex;

use super::Report;

/// For so long a report is given again.
const FRESH: Duration = Duration::from_secs(15);

/// Looks at everything. The error says why that cannot be done.
pub type Examine =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Report, String>> + Send>> + Send + Sync>;

/// The doctor of a running program. Clones are the same.
#[derive(Clone)]
pub struct Doctor {
    examine: Examine,
    clock: Arc<dyn Clock>,
    last: Arc<Mutex<Option<Last>>>,
}

/// The last look, by the monotonic time at which it ended.
struct Last {
    at: Duration,
    report: Arc<Report>,
}

impl Doctor {
    /// One that looks with `examine`.
    #[must_use]
    pub fn new(examine: Examine, clock: Arc<dyn Clock>) -> Self {
        Self { examine, clock, last: Arc::default() }
    }

    /// The report: that of the last look if it is fresh, else of a new one, for which all who ask meanwhile wait.
    ///
    /// # Errors
    /// Why it cannot be looked.
    pub async fn report(&self) -> Result<Arc<Report>, String> {
        let mut last = self.last.lock().await;
        if let Some(Last { at, report }) = last.as_ref()
            && self.clock.monotonic().saturating_sub(*at) < FRESH
        {
            return Ok(Arc::clone(report));
        }
        let report = Arc::new((self.examine)().await?);
        *last = Some(Last { at: self.clock.monotonic(), report: Arc::clone(&report) });
        Ok(report)
    }
}
