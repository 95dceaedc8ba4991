//! What is done beside recording: the counters are sampled, old segments and days go, files are merged, damage is named.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Seq;
use hearthline_pipeline::orders::Order;
use tokio_util::sync::CancellationToken;

use super::{App, observe};

/// How often old segments, old days and days to be merged are looked for.
const UPKEEP: Duration = Duration::from_secs(30);
/// How far our clock may be from Home Assistant's, and an event's time from that of its batch.
const CLOCKS: Duration = Duration::from_secs(5);

impl App {
    /// Looks after the parts until told to stop: samples the counters, keeps what is known of alerts, lets old segments and
    /// days go, merges files.
    pub(crate) async fn keep_house(&self, stop: CancellationToken) {
        let looks = async {
            let mut second = tokio::time::interval(observe::EVERY);
            loop {
                second.tick().await;
                self.reloads.lived(self.observer.observe());
            }
        };
        // May wait for the disk and for the reader, which keeps nobody from looking.
        let upkeep = async {
            let mut each = tokio::time::interval(UPKEEP);
            loop {
                each.tick().await;
                self.upkeep().await;
            }
        };
        // Waits for the disk elsewhere, one after the other.
        let alerts = async {
            let mut second = tokio::time::interval(observe::EVERY);
            loop {
                second.tick().await;
                let (alerts, notify) = (self.alerts(), self.notify());
                let keep = move || {
                    alerts.keep();
                    notify.keep();
                };
                if let Err(error) = tokio::task::spawn_blocking(keep).await {
                    tracing::warn!(%error, "what is known of alerts and told of them could not be kept");
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = looks => {}
            () = upkeep => {}
            () = alerts => {}
        }
    }

    /// Waits for the disk elsewhere, so that answers go on.
    async fn upkeep(&self) {
        self.trim();
        self.name_damage().await;
        let store = Arc::clone(&self.store);
        let (cadence, now) = (Arc::clone(&self.cadence), self.clock.monotonic());
        let observer = Arc::clone(&self.observer);
        let maintained = tokio::task::spawn_blocking(move || {
            observer.keep_uptime(false);
            observer.measure();
            cadence.refresh(now);
            store.maintain()
        })
        .await;
        match maintained.map_err(anyhow::Error::from).and_then(|done| Ok(done?)) {
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "files of the store could not be dropped or merged"),
        }
    }

    /// What cannot be read of the log, and did not reach the store before, is a gap that history may fill.
    async fn name_damage(&self) {
        for damage in self.log.damage() {
            let Some((first, last)) = damage.lost.filter(|(_, last)| *last > self.store.committed()) else {
                continue;
            };
            let from = damage.from.unwrap_or_default().minus(CLOCKS);
            let to = damage.to.unwrap_or_else(|| self.clock.now()).plus(CLOCKS);
            let what = format!("records {first} to {last} in {}: {}", damage.file, damage.reason);
            match self.orders.give(|reply| Order::Damaged(from, to, what, reply)).await {
                Ok(true) => tracing::warn!(%damage, "what was lost is asked of home assistant's history"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, %damage, "a gap could not be named yet"),
            }
        }
    }

    /// A segment goes when every sink has it and it is old enough; when space is short, once the store has it in files: a sink
    /// that does not have it is given it from there.
    fn trim(&self) {
        let stored = self.store.committed();
        let everywhere = self.sinks.iter().map(|sink| sink.look().committed.seq).fold(stored, Seq::min);
        let trimmed = self.log.trim(everywhere, self.keep).and_then(|all_have| {
            // Never old enough, so only what has to go.
            Ok(all_have + self.log.trim(stored, Duration::MAX)?)
        });
        match trimmed {
            Ok(0) => {}
            Ok(segments) => {
                tracing::info!(segments, "old segments of the log were removed; the store has them")
            }
            Err(error) => tracing::warn!(%error, "old segments of the log could not be removed"),
        }
    }
}
