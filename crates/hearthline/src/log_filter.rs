//! What the program says on standard error, which a reload may change.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

/// Changes what is said. Clones are the same.
#[derive(Clone)]
pub(crate) struct LogFilter(Arc<dyn Fn(EnvFilter) + Send + Sync>);

impl LogFilter {
    /// Says on standard error what `filter` lets through, from now on.
    pub(crate) fn start(filter: &str) -> Self {
        let builder = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::builder().parse_lossy(filter))
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .with_filter_reloading();
        let handle = builder.reload_handle();
        builder.init();
        Self(Arc::new(move |filter| {
            if let Err(error) = handle.reload(filter) {
                tracing::error!(%error, "another log filter could not be taken");
            }
        }))
    }

    /// Of a test, which says nothing.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self(Arc::new(|_| ()))
    }

    /// Says what this lets through from now on.
    pub(crate) fn set(&self, filter: &str) {
        (self.0)(EnvFilter::builder().parse_lossy(filter));
    }
}
