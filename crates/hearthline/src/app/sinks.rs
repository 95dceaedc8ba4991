//! The sinks beside the store: from the settings to a thread each.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::{Clock, Fs};
use hearthline_log::Log;
use hearthline_pipeline::deliver::{Delivery, SinkView};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::sinks::influxdb::{InfluxConfig, InfluxSink, InfluxView, ServerConfig};
use hearthline_pipeline::sources::home_assistant::{Token, Trust};
use hearthline_store::Store;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::SITE;
use crate::settings::{InfluxDb, Secret, Settings};

/// How long a server may take for the last lines; the rest is sent after the next start.
const LAST_LINES: Duration = Duration::from_secs(3);

/// One of them, built and not yet started.
pub(super) struct Built {
    name: String,
    delivery: Delivery<InfluxSink>,
    /// How it is.
    pub(super) sink: Arc<SinkView>,
    /// What it knows of its server.
    pub(super) server: InfluxView,
}

/// Builds all that the settings name.
pub(super) fn build(
    settings: &Settings,
    log: &Log,
    store: &Arc<Store>,
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Built>> {
    let build = |sink: &InfluxDb| {
        let config = config(sink, &settings.data_dir)?;
        let name = config.name.clone();
        let sink =
            InfluxSink::open(config, log.clone(), Arc::clone(store), Arc::clone(fs), Arc::clone(clock))
                .with_context(|| format!("the sink {name} cannot be opened"))?;
        let server = sink.view();
        let delivery = Delivery::open(log.clone(), Arc::clone(clock), sink, SITE)?;
        Ok(Built { name, sink: delivery.view(), server, delivery })
    };
    settings.sinks.iter().map(build).collect()
}

/// What a sink is given.
pub(crate) fn config(sink: &InfluxDb, data_dir: &Path) -> anyhow::Result<InfluxConfig> {
    let filter = Filter::new(&sink.filter.include.value, &sink.filter.exclude.value)?;
    Ok(InfluxConfig {
        name: sink.name.value.clone(),
        dir: data_dir.join("sinks").join(&sink.name.value),
        server: server(sink)?,
        layout: sink.layout.clone(),
        filter,
        batch_size: *sink.batch_size,
        batch_interval: *sink.batch_interval,
        start: *sink.start,
    })
}

/// Where its server is, and who we are there.
pub(crate) fn server(sink: &InfluxDb) -> anyhow::Result<ServerConfig> {
    let extra_pem = match &sink.ca_file {
        Some(file) => {
            let what = || format!("cannot read ca_file {} ({})", file.display(), file.origin);
            Some(std::fs::read(&file.value).with_context(what)?)
        }
        None => None,
    };
    let secret = |secret: &Secret| Token::new(secret.expose());
    Ok(ServerConfig {
        url: sink.url.value.clone(),
        version: *sink.version,
        database: sink.database.value.clone(),
        org: sink.org.as_ref().map(|org| org.value.clone()),
        username: sink.username.as_ref().map(|user| user.value.clone()),
        password: sink.password.as_deref().map(secret),
        token: sink.token.as_deref().map(secret),
        trust: Trust { extra_pem, anyone: !*sink.tls_verify },
    })
}

impl Built {
    /// Gives it a thread of its own.
    pub(super) fn start(self) -> anyhow::Result<super::Thread> {
        let Self { name, delivery, .. } = self;
        let (of, thread) = (name.clone(), format!("sink-{name}"));
        let (stop, handle) = super::spawn(&thread, move |stop: CancellationToken| async move {
            let (_, nobody_asks) = mpsc::channel(1);
            let late = async {
                stop.cancelled().await;
                tokio::time::sleep(LAST_LINES).await;
            };
            tokio::select! {
                ended = delivery.run(nobody_asks, stop.clone()) => {
                    if let Err(error) = ended {
                        tracing::warn!(%error, "{of} did not get everything; the rest is safe in the log");
                    }
                }
                () = late => tracing::warn!("{of} did not take the last lines in time; they are safe in the log"),
            }
        })?;
        Ok((name, stop, handle))
    }
}
