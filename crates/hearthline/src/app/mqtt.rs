//! Tells Home Assistant over MQTT how we are: connects, says what the device is, then its figures at their pace.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Clock;
use hearthline_pipeline::health::PartState;
use hearthline_pipeline::mqtt::{Broker, MqttError, Session};
use hearthline_pipeline::sources::home_assistant::{Address, dial};
use hearthline_pipeline::watch::ticking;
use hearthline_runbook::discovery::{Device, Figures, Pace};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::peer;
use crate::settings::Mqtt;

/// Between two looks at the figures.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks whether the broker is there: well within what it waits for.
const PING: Duration = Duration::from_secs(10);
/// Between two connections: first, and at most.
const BACKOFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// What is shown Home Assistant, and how that goes. Clones are the same.
#[derive(Clone)]
pub(crate) struct Announcer {
    figures: watch::Sender<Option<Figures>>,
    state: Arc<Mutex<(PartState, Option<String>)>>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self { figures: watch::Sender::new(None), state: Arc::new(Mutex::new((PartState::Starting, None))) }
    }
}

impl Announcer {
    /// The figures of this moment.
    pub(super) fn show(&self, figures: Figures) {
        self.figures.send_replace(Some(figures));
    }

    /// How it goes, as a part.
    pub(super) fn state(&self) -> (PartState, Option<String>) {
        self.state.lock().clone()
    }

    /// Connects again and again until told to stop; says goodbye then.
    pub(super) async fn run(
        self,
        broker: Broker,
        device: Device,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) {
        let [mut pause, longest] = BACKOFF;
        while !stop.is_cancelled() {
            let began = clock.monotonic();
            let Err(error) = self.connection(&broker, &device, &*clock, &stop).await else { return };
            let state = if error.passes() { PartState::Degraded } else { PartState::Parked };
            let was = std::mem::replace(&mut *self.state.lock(), (state, Some(error.to_string())));
            if was.1 != Some(error.to_string()) {
                tracing::warn!(%error, "home assistant is not told over mqtt");
            }
            if clock.monotonic().saturating_sub(began) > longest {
                [pause, _] = BACKOFF; // it had held
            }
            if !error.passes() {
                pause = longest; // a person has to act
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = ticking(sleep(pause)) => {}
            }
            pause = (pause * 2).min(longest);
        }
    }

    /// One connection: to its end, or until told to stop.
    async fn connection(
        &self,
        broker: &Broker,
        device: &Device,
        clock: &dyn Clock,
        stop: &CancellationToken,
    ) -> Result<(), MqttError> {
        let mut session = Session::open(broker, Some(&device.availability(false))).await?;
        for said in device.configs() {
            session.publish(&said).await?;
        }
        let (mut pace, mut pinged, mut is_online) = (Pace::default(), clock.monotonic(), false);
        session.ping().await?;
        *self.state.lock() = (PartState::Healthy, None);
        tracing::info!("home assistant is told over mqtt at {}", broker.address.authority());
        while !stop.is_cancelled() {
            let (now, figures) = (clock.monotonic(), self.figures.borrow().clone());
            if let Some(figures) = figures.and_then(|figures| pace.next(now, figures)) {
                session.publish(&device.state(&figures)).await?;
                // Only now, so that nothing is shown as there whose figures are of an earlier run.
                if !std::mem::replace(&mut is_online, true) {
                    session.publish(&device.availability(true)).await?;
                }
            }
            if now.saturating_sub(pinged) >= PING {
                session.ping().await?;
                pinged = now;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(LOOK) => {}
            }
        }
        session.publish(&device.availability(false)).await?;
        session.close().await;
        Ok(())
    }
}

/// Where the broker is, and who we are there.
///
/// # Errors
/// When the certificates to trust cannot be used.
pub(crate) fn broker(of: &Mqtt) -> anyhow::Result<Broker> {
    let host = of.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let address = Address { tls: *of.tls, host, port: *of.port, path: "/".into() };
    let dial = dial::tcp(address.clone(), &peer::trust(of.ca_file.as_ref(), *of.tls_verify)?)?;
    Ok(Broker {
        address,
        dial,
        client: device(of).id(),
        user: of.username.as_ref().map(|user| user.value.clone()),
        password: of.password.as_deref().cloned(),
    })
}

/// As Home Assistant shows us.
pub(crate) fn device(of: &Mqtt) -> Device {
    Device { prefix: of.prefix.value.clone(), name: of.name.value.clone() }
}
