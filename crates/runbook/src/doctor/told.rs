//! Who is told: whether somebody is at each address, and whether the broker lets us in. Nothing is told by it.

use hearthline_pipeline::mqtt::{Broker, MqttError, Session};

use super::catalogue::{MQTT_AWAY, MQTT_NONE, MQTT_OK, MQTT_REFUSES, NOTIFY_AWAY, NOTIFY_NONE, NOTIFY_OK};
use super::{Check, Finding, Looked, Subject, seconds};

pub(super) const PLACES: Check = Check {
    name: "notify",
    within: seconds(15, 15),
    look: |subject, _| Box::pin(async move { places(&subject).await }),
};
pub(super) const BROKER: Check = Check {
    name: "mqtt",
    within: seconds(20, 20),
    look: |subject, _| Box::pin(async move { broker(subject.broker.as_ref()).await }),
};

async fn places(subject: &Subject) -> Looked {
    if subject.places.is_empty() {
        return Finding::of(NOTIFY_NONE, "nobody is told of alerts: the settings name no [[notify]]").into();
    }
    let looks = subject.places.iter().map(|(name, hook)| async move {
        match hook.reach().await {
            Ok(()) => Finding::of(NOTIFY_OK, format!("{name}: {} answers", hook.host())),
            Err(why) => Finding::of(NOTIFY_AWAY, format!("{name}: {why}")).todo(
                "see that the address is right and can be reached from here; what is to be told waits for a day",
            ),
        }
    });
    futures_util::future::join_all(looks).await.into()
}

async fn broker(broker: Option<&Broker>) -> Looked {
    let Some(broker) = broker else {
        return Finding::of(
            MQTT_NONE,
            "Home Assistant does not show how we are: the settings name no [mqtt]",
        )
        .into();
    };
    // Under its own name the program that runs would be driven out.
    let broker = Broker { client: format!("{}-doctor", broker.client), ..broker.clone() };
    let tried = async {
        let mut session = Session::open(&broker, None).await?;
        session.ping().await?;
        session.close().await;
        Ok::<_, MqttError>(())
    };
    match tried.await {
        Ok(()) => Finding::of(MQTT_OK, format!("the broker at {} lets us in", broker.address.authority())),
        Err(error) if error.passes() => Finding::of(MQTT_AWAY, error.to_string())
            .todo("see that the broker runs, and that host, port and tls under [mqtt] are right"),
        Err(error) => Finding::of(MQTT_REFUSES, error.to_string())
            .todo("correct username and password under [mqtt], or let this user in at the broker"),
    }
    .into()
}
