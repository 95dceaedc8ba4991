//! The control port: another program, or a person, causes faults and asks what happened.
//!
//! Lines of text over TCP, in UTF-8. An order is one line; its answer is any number of lines, then `ok`, or
//! `error: ` and what is wrong, on a line of its own:
//!
//! ```text
//! cause NAME [KEY=VALUE …]    makes something go wrong
//! end NAME [KEY=VALUE …]      ends one that lasts
//! heal                        ends all that last
//! faults                      every NAME with its keys and what happens, one a line
//! set ENTITY STATE [JSON]     writes a state
//! counters                    what has happened so far, as one JSON object
//! ledger                      every event that was fired, as in the ledger file
//! save                        writes the ledger file
//! ```
//!
//! It guards nothing and belongs on a loopback address.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;

use super::{Fault, HomeAssistant};

/// What one connection may send.
const MOST: u64 = 16 << 20;

/// Writes the ledger file; answers in words.
pub type Save = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

impl HomeAssistant {
    /// Takes orders from everyone who connects, for ever.
    pub async fn control(self, listener: TcpListener, save: Save) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (server, save) = (self.clone(), Arc::clone(&save));
                    tokio::spawn(async move {
                        if let Err(error) = server.take_orders(stream, &save).await {
                            tracing::debug!(%error, "a control connection broke");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a control connection was not accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Takes orders from one stream until it ends.
    ///
    /// # Errors
    /// When the stream breaks, or says what is no text.
    pub async fn take_orders<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        save: &Save,
    ) -> io::Result<()> {
        let (read, mut write) = tokio::io::split(stream);
        let mut lines = BufReader::new(read.take(MOST)).lines();
        while let Some(line) = lines.next_line().await? {
            if line.trim().is_empty() {
                continue;
            }
            let answer = match self.order(line.trim(), save) {
                Ok(answer) => answer + "ok\n",
                Err(problem) => format!("error: {problem}\n"),
            };
            write.write_all(answer.as_bytes()).await?;
            write.flush().await?;
        }
        Ok(())
    }

    fn order(&self, line: &str, save: &Save) -> Result<String, String> {
        const ORDERS: [&str; 8] = ["cause", "end", "heal", "faults", "set", "counters", "ledger", "save"];
        let (order, rest) = line.split_once(' ').unwrap_or((line, ""));
        let done = || Ok(String::new());
        match order {
            "cause" => {
                self.cause(Fault::parse(rest)?);
                done()
            }
            "end" => match Fault::parse(rest)? {
                fault if fault.is_lasting() => {
                    self.end(&fault);
                    done()
                }
                _ => Err("this fault happens once and has no end".into()),
            },
            "heal" => {
                self.heal();
                done()
            }
            "faults" => {
                Ok(Fault::kinds().iter().map(|kind| format!("{}  {}\n", kind.usage(), kind.says)).collect())
            }
            "set" => self.set(rest),
            "counters" => Ok(format!("{}\n", self.counters().to_json())),
            "ledger" => Ok(self.ledger_lines()),
            "save" => save().map(|words| words + "\n"),
            _ => Err(crate::words::unknown("order", order, ORDERS)),
        }
    }

    fn set(&self, order: &str) -> Result<String, String> {
        let mut parts = order.splitn(3, ' ');
        let (Some(entity_id), Some(state)) = (parts.next(), parts.next()) else {
            return Err("write it as set ENTITY STATE, or set ENTITY STATE {\"attribute\": 1}".into());
        };
        let attributes = parts.next().unwrap_or("{}");
        match serde_json::from_str(attributes) {
            Ok(Value::Object(_)) => Ok(self
                .set_state(entity_id, state, attributes)
                .map(|fired| format!("{}\n", fired.time_fired))
                .unwrap_or_default()),
            Ok(_) => Err("the attributes are no JSON object".into()),
            Err(error) => Err(format!("the attributes are not JSON: {error}")),
        }
    }
}

impl super::Counters {
    /// All of them as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "connections": self.connections, "connections_ever": self.connections_ever,
            "subscriptions": self.subscriptions, "subscriptions_ever": self.subscriptions_ever,
            "auth_attempts": self.auth_attempts, "auth_failures": self.auth_failures, "pings": self.pings,
            "cut_off": self.cut_off, "fired": self.fired, "bytes_sent": self.bytes_sent,
            "user_agent": self.user_agent,
        })
    }
}
