//! The sinks beside the store: what the settings say of each.

use std::path::{Path, PathBuf};

use hearthline_core::RealFs;
use hearthline_pipeline::sinks::influxdb::point::{Layout, NativeLayout};
use hearthline_pipeline::sinks::influxdb::{InfluxConfig, ServerConfig, switched};

use crate::peer;
use crate::settings::InfluxDb;

/// What a sink is given.
pub(crate) fn config(sink: &InfluxDb, data_dir: &Path) -> anyhow::Result<InfluxConfig> {
    Ok(InfluxConfig {
        name: sink.name.value.clone(),
        dir: dir(sink, data_dir),
        server: server(sink)?,
        layout: layout(sink, data_dir)?,
        filter: sink.filter.compiled()?,
        batch_size: *sink.batch_size,
        batch_interval: *sink.batch_interval,
        start: *sink.start,
    })
}

/// What it keeps on disk.
pub(crate) fn dir(sink: &InfluxDb, data_dir: &Path) -> PathBuf {
    data_dir.join("sinks").join(&sink.name.value)
}

/// How its points look: with the measurement to which a repair has switched it, if one has.
pub(crate) fn layout(sink: &InfluxDb, data_dir: &Path) -> anyhow::Result<Layout> {
    let mut layout = sink.layout.clone();
    if let Layout::Native(NativeLayout { measurement, .. }) = &mut layout
        && let Some(switched) = switched::read(&RealFs, &dir(sink, data_dir), measurement)?
    {
        *measurement = switched.measurement;
    }
    Ok(layout)
}

/// Where its server is, and who we are there.
pub(crate) fn server(sink: &InfluxDb) -> anyhow::Result<ServerConfig> {
    Ok(ServerConfig {
        url: sink.url.value.clone(),
        version: *sink.version,
        database: sink.database.value.clone(),
        org: sink.org.as_ref().map(|org| org.value.clone()),
        username: sink.username.as_ref().map(|user| user.value.clone()),
        password: sink.password.as_deref().cloned(),
        token: sink.token.as_deref().cloned(),
        trust: peer::trust(sink.ca_file.as_ref(), *sink.tls_verify)?,
    })
}
