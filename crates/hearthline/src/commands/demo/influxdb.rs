//! The InfluxDB of the demonstration: one of version 2 whose bucket an older program left with attributes as text.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::Clock;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::Layout;
use hearthline_pipeline::sinks::influxdb::{Start, Version};
use hearthline_sim::{Access, InfluxVersion};

use crate::settings::{Filter, InfluxDb, Secret, Setting};

/// Bucket and measurement, as the older program called them.
const BUCKET: &str = "home_assistant_events";
/// Of the simulated server; it guards nothing.
const TOKEN: &str = "simulated-token";
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The server. A field has its type for a week, so there is a point of this one and of the one before.
pub(super) fn server(clock: Arc<dyn Clock>) -> anyhow::Result<hearthline_sim::InfluxDb> {
    let now = clock.now();
    let server = hearthline_sim::InfluxDb::new(InfluxVersion::V2, Access::Token(TOKEN.into()), clock);
    server.create(BUCKET, None);
    for at in [now, now.minus(WEEK)] {
        let nanoseconds = at.0.saturating_mul(1000);
        let line = format!(
            "{BUCKET},domain=light,entity_id=light.hue_lamp,event_type=state_changed \
             attr_brightness=\"128\",attr_dynamics=\"none\",state=\"on\" {nanoseconds}"
        );
        let seeded = server.seed(BUCKET, &line).map_err(anyhow::Error::msg);
        seeded.context("the simulated InfluxDB did not take what was there before")?;
    }
    Ok(server)
}

/// A sink for it, whose name says that it is simulated.
pub(super) fn sink(address: SocketAddr) -> anyhow::Result<InfluxDb> {
    let everything = || Setting::default(Vec::new());
    Ok(InfluxDb {
        name: Setting::default("influxdb-simulated".into()),
        url: Setting::default(format!("http://{address}").parse()?),
        version: Setting::default(Some(Version::V2)),
        database: Setting::default(BUCKET.into()),
        org: Some(Setting::default("home".into())),
        username: None,
        password: None,
        token: Some(Setting::default(Secret::new(TOKEN))),
        ca_file: None,
        tls_verify: Setting::default(true),
        layout: Layout {
            measurement: BUCKET.into(),
            tags: BTreeMap::new(),
            attributes: Attributes::Default,
            weather: true,
        },
        batch_size: Setting::default(5000),
        batch_interval: Setting::default(Duration::from_secs(1)),
        filter: Filter { include: everything(), exclude: everything() },
        start: Setting::default(Start::Log),
    })
}
