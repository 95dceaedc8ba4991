//! The InfluxDB of the demonstration: one of version 2 whose bucket an older program left with attributes as text. There is a
//! copy of that bucket, so that the old way can be watched on the same data without being in ours.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::Clock;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{Layout, NativeLayout};
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use hearthline_sim::{Access, InfluxVersion, NaiveTarget, NaiveWriter};
use url::Url;

use crate::settings::{Filter, InfluxDb, Secret, Setting};

/// The sink, whose name says that it is simulated.
pub(crate) const SINK: &str = "influxdb-simulated";
/// Bucket and measurement, as the older program called them.
pub(crate) const BUCKET: &str = "home_assistant_events";
/// The copy of the bucket, which the naive writer has.
pub(crate) const COPY: &str = "home_assistant_events_naive";
/// The one that the simulated server has.
pub(crate) const ORGANISATION: &str = "home";
/// Of the simulated server; it guards nothing.
pub(crate) const TOKEN: &str = "simulated-token";
/// Whose points were there before.
const LAMP_BEFORE: &str = "light.hue_lamp";
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The server. A field has its type for a week, so there is a point of this one and of the one before.
pub(crate) fn server(clock: Arc<dyn Clock>) -> anyhow::Result<hearthline_sim::InfluxDb> {
    let now = clock.now();
    let server = hearthline_sim::InfluxDb::new(InfluxVersion::V2, Access::Token(TOKEN.into()), clock);
    for (bucket, at) in [(BUCKET, now), (BUCKET, now.minus(WEEK)), (COPY, now), (COPY, now.minus(WEEK))] {
        if !server.has(bucket) {
            server.create(bucket, None);
        }
        let nanoseconds = at.0.saturating_mul(1000);
        let line = format!(
            "{BUCKET},domain=light,entity_id={LAMP_BEFORE},event_type=state_changed \
             attr_brightness=\"128\",attr_dynamics=\"none\",state=\"on\" {nanoseconds}"
        );
        let seeded = server.seed(bucket, &line).map_err(anyhow::Error::msg);
        seeded.context("the simulated InfluxDB did not take what was there before")?;
    }
    Ok(server)
}

/// The old way, from the simulated house into the copy.
pub(crate) fn naive(house: &Url, token: &str, influx: SocketAddr) -> anyhow::Result<NaiveWriter> {
    let target = NaiveTarget {
        url: format!("http://{influx}").parse()?,
        version: InfluxVersion::V2,
        database: COPY.into(),
        organisation: ORGANISATION.into(),
        access: Access::Token(TOKEN.into()),
        measurement: BUCKET.into(),
    };
    Ok(NaiveWriter::new(house.clone(), token, target))
}

/// A sink for it, whose name says that it is simulated.
pub(crate) fn sink(address: SocketAddr) -> anyhow::Result<InfluxDb> {
    let everything = || Setting::default(Vec::new());
    Ok(InfluxDb {
        name: Setting::default(SINK.into()),
        url: Setting::default(format!("http://{address}").parse()?),
        version: Setting::default(Some(Version::V2)),
        database: Setting::default(BUCKET.into()),
        org: Some(Setting::default(ORGANISATION.into())),
        username: None,
        password: None,
        password_file: None,
        token_file: None,
        layout_origins: BTreeMap::new(),
        token: Some(Setting::default(Secret::new(TOKEN))),
        ca_file: None,
        tls_verify: Setting::default(true),
        layout: Layout::Native(NativeLayout::new(BUCKET, Attributes::Default)),
        batch_size: Setting::default(5000),
        batch_interval: Setting::default(Duration::from_secs(1)),
        filter: Filter { include: everything(), exclude: everything() },
        start: Setting::default(Start::Log),
    })
}
