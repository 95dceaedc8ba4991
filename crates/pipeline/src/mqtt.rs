//! MQTT 3.1.1, the half of it that says something: connect with a will, publish at most once, ping, leave.
//!
//! It is written here because of five packets only two are ever read, over the one way to an address that everything else takes
//! ([`Dial`], with its certificates and limits of time). Nothing is subscribed to, so nothing else comes. What a broken connection
//! took away, its owner says again on the next one.
//!
//! ```text
//! packet  = type and flags (1 byte), length of the rest (7 bits a byte, the lowest first, 4 bytes at most), the rest
//! text    = length (2 bytes, the high one first), UTF-8
//! CONNECT = text "MQTT", 4, flags, keep alive in s (2 bytes), texts: client, will's topic and message, user, password
//! CONNACK = session present, code (0: taken)
//! PUBLISH = text topic, the message
//! ```

use std::time::Duration;

use hearthline_core::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::sources::home_assistant::{Address, Dial, Io, SessionError};
use crate::watch::ticking;

/// How long each exchange may take.
const WITHIN: Duration = Duration::from_secs(5);
/// A broker that hears nothing for one and a half of this gives the will out.
const KEEP_ALIVE: u16 = 30;
/// The largest rest of a packet.
const LARGEST: usize = 268_435_455;

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const RETAIN: u8 = 0x01;
const PINGREQ: u8 = 0xC0;
const PINGRESP: u8 = 0xD0;
const DISCONNECT: u8 = 0xE0;

/// A broker, and who we are there.
#[derive(Clone)]
pub struct Broker {
    /// Where it is; only named.
    pub address: Address,
    /// The way to it.
    pub dial: Dial,
    /// What we call ourselves; a second one of the same name drives the first one out.
    pub client: String,
    /// Without one nobody is named.
    pub user: Option<String>,
    /// Of that user.
    pub password: Option<Secret>,
}

/// Something that is said under a topic, and kept there by the broker for whoever comes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Under which topic.
    pub topic: String,
    /// What.
    pub payload: String,
}

/// Why the broker cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MqttError {
    /// There is no connection.
    #[error("{0}")]
    Unreachable(String),
    /// It does not let us in; only a person can change that.
    #[error("the broker at {address} refuses the connection: {why}")]
    Refused {
        /// Host and port.
        address: String,
        /// In words.
        why: &'static str,
    },
    /// It says nothing, or nothing that is MQTT.
    #[error("the connection to the broker at {address} broke ({why})")]
    Broken {
        /// Host and port.
        address: String,
        /// In words.
        why: String,
    },
}

impl MqttError {
    /// Whether trying again helps without a person.
    #[must_use]
    pub const fn passes(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// A connection to the broker. Dropped without [`Session::close`], the broker gives the will out.
pub struct Session {
    address: String,
    stream: Box<dyn Io>,
}

impl Session {
    /// Connects. The will is what the broker says, and keeps, when the connection ends without a goodbye.
    ///
    /// # Errors
    /// When there is no connection, or the broker does not take us.
    pub async fn open(broker: &Broker, will: Option<&Said>) -> Result<Self, MqttError> {
        let address = broker.address.authority();
        let stream = ticking((broker.dial)()).await.map_err(|error| {
            MqttError::Unreachable(match error {
                SessionError::Tls { address, source } => format!("no TLS connection to {address} ({source})"),
                error => error.to_string(),
            })
        })?;
        let mut session = Self { address, stream };
        let packet = connect(broker, will).ok_or_else(|| session.broken("a text is too long for MQTT"))?;
        session.write(&packet).await?;
        let answer = session.read(CONNACK).await?;
        match answer.get(1).copied() {
            Some(0) => Ok(session),
            code => Err(MqttError::Refused { address: session.address, why: refusal(code) }),
        }
    }

    /// Says something that the broker keeps.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn publish(&mut self, said: &Said) -> Result<(), MqttError> {
        let packet = publish(said).ok_or_else(|| self.broken("a text is too long for MQTT"))?;
        self.write(&packet).await
    }

    /// Whether the broker is still there: everything that was said before has reached it then.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&mut self) -> Result<(), MqttError> {
        self.write(&[PINGREQ, 0]).await?;
        self.read(PINGRESP).await.map(drop)
    }

    /// Says goodbye: no will is given out.
    pub async fn close(mut self) {
        if self.write(&[DISCONNECT, 0]).await.is_ok() {
            drop(timeout(WITHIN, self.stream.shutdown()).await);
        }
    }

    async fn write(&mut self, packet: &[u8]) -> Result<(), MqttError> {
        let written = async {
            self.stream.write_all(packet).await?;
            self.stream.flush().await
        };
        match ticking(timeout(WITHIN, written)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error.to_string())),
            Err(_) => Err(self.broken("it takes nothing")),
        }
    }

    /// The rest of the next packet, which has to be of that type. Its answers are as short as this.
    async fn read(&mut self, kind: u8) -> Result<Vec<u8>, MqttError> {
        let answered = async {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).await?;
            let [found, length] = head;
            let mut rest = vec![0; usize::from(length & 0x7F)];
            self.stream.read_exact(&mut rest).await?;
            Ok::<_, std::io::Error>((found, rest))
        };
        match ticking(timeout(WITHIN, answered)).await {
            Ok(Ok((found, rest))) if found == kind => Ok(rest),
            Ok(Ok(_)) => Err(self.broken("it answers something else")),
            Ok(Err(error)) => Err(self.broken(&error.to_string())),
            Err(_) => Err(self.broken(&format!("no answer within {} s", WITHIN.as_secs()))),
        }
    }

    fn broken(&self, why: &str) -> MqttError {
        MqttError::Broken { address: self.address.clone(), why: why.into() }
    }
}

/// What the code of a refusal means (MQTT 3.1.1, table 3.1).
const fn refusal(code: Option<u8>) -> &'static str {
    match code {
        Some(1) => "it does not speak MQTT 3.1.1",
        Some(2) => "it does not take the name of this client",
        Some(3) => "it is not available",
        Some(4) => "wrong user or password",
        Some(5) => "not allowed: it wants a user and a password, or this user may not connect",
        _ => "it does not say why",
    }
}

fn connect(broker: &Broker, will: Option<&Said>) -> Option<Vec<u8>> {
    let (user, password) = (broker.user.as_deref(), broker.password.as_ref().map(Secret::expose));
    let flag = |set: bool, bits: u8| if set { bits } else { 0 };
    // A clean session; the will is kept, and given out at most once.
    let flags = 0x02
        | flag(will.is_some(), 0x04 | 0x20)
        | flag(user.is_some(), 0x80)
        | flag(password.is_some() && user.is_some(), 0x40);
    let mut rest = Vec::new();
    text(&mut rest, "MQTT")?;
    rest.extend([4, flags]);
    rest.extend(KEEP_ALIVE.to_be_bytes());
    text(&mut rest, &broker.client)?;
    if let Some(Said { topic, payload }) = will {
        text(&mut rest, topic)?;
        text(&mut rest, payload)?;
    }
    if let Some(user) = user {
        text(&mut rest, user)?;
        password.map_or(Some(()), |password| text(&mut rest, password))?;
    }
    packet(CONNECT, &rest)
}

fn publish(Said { topic, payload }: &Said) -> Option<Vec<u8>> {
    let mut rest = Vec::new();
    text(&mut rest, topic)?;
    rest.extend(payload.as_bytes());
    packet(PUBLISH | RETAIN, &rest)
}

fn text(into: &mut Vec<u8>, text: &str) -> Option<()> {
    into.extend(u16::try_from(text.len()).ok()?.to_be_bytes());
    into.extend(text.as_bytes());
    Some(())
}

fn packet(kind: u8, rest: &[u8]) -> Option<Vec<u8>> {
    let mut length = Some(rest.len()).filter(|length| *length <= LARGEST)?;
    let mut packet = vec![kind];
    loop {
        let low = u8::try_from(length % 128).ok()?;
        length /= 128;
        packet.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    packet.extend(rest);
    Some(packet)
}

#[cfg(test)]
mod tests;
