//! Faults that take time.

use std::time::Duration;

use hearthline_core::{EntityId, Timestamp};
use tokio::time::Instant;

use crate::home_assistant::world::{Phase, World};
use crate::home_assistant::{Ending, HomeAssistant};

impl HomeAssistant {
    /// Goes down. Returns the number of the next start.
    pub(super) fn stop(&self, killed: bool) -> u64 {
        let now = self.now();
        let mut boot = 0;
        self.change(|w| {
            w.phase = Phase::Down;
            w.boot += 1;
            w.end_all(if killed { Ending::Eof } else { Ending::Close });
            w.house.stop();
            if killed {
                w.recorder.kill(now);
            }
            boot = w.boot;
        });
        boot
    }

    pub(super) async fn come_back(self, boot: u64, down: Duration, starting: Duration) {
        tokio::time::sleep(down).await;
        self.during(boot, |w, _| w.phase = Phase::NotRunning);
        tokio::time::sleep(starting / 2).await;
        let mut found: Vec<EntityId> = Vec::new();
        self.during(boot, |w, now| {
            w.phase = Phase::Starting;
            found = w.house.start();
            for entity_id in found.iter().step_by(3) {
                let fired = w.house.restore(now, entity_id);
                w.publish(fired);
            }
        });
        let pause = starting / 2 / u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
        for entity_id in found {
            tokio::time::sleep(pause).await;
            self.during(boot, |w, now| {
                let fired = w.house.load(now, &entity_id);
                w.publish(fired);
            });
        }
        tokio::time::sleep(pause).await;
        self.during(boot, |w, now| {
            w.phase = Phase::Running;
            w.fire(now, "homeassistant_started", "{}");
        });
    }

    /// A step of a start; none when another stop came in between.
    fn during(&self, boot: u64, step: impl FnOnce(&mut World, Timestamp)) {
        let now = self.now();
        self.change(|w| {
            if w.boot == boot {
                step(w, now);
            }
        });
    }

    pub(super) async fn restart_storm(self, times: u32, every: Duration) {
        let mut beat = tokio::time::interval(every.max(Duration::from_millis(4)));
        for _ in 0..times {
            beat.tick().await;
            let boot = self.stop(false);
            tokio::spawn(self.clone().come_back(boot, every / 4, every / 4));
        }
    }

    pub(super) async fn storm(self, per_second: u32, lasting: Duration, attribute_bytes: usize) {
        let attributes = format!(r#"{{"blob":"{}"}}"#, "x".repeat(attribute_bytes));
        let start = Instant::now();
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        let mut written = 0;
        let mut over = false;
        while !over {
            beat.tick().await;
            over = start.elapsed() >= lasting;
            let due = start.elapsed().min(lasting).as_millis() * u128::from(per_second) / 1000;
            while written < due {
                let entity_id = format!("sensor.storm_{:05}", written % 50);
                self.set_state(&entity_id, &written.to_string(), &attributes);
                written += 1;
            }
        }
    }
}
