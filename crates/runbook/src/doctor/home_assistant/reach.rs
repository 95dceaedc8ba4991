//! Name, connection, encryption, HTTP, WebSocket, token.

use std::net::SocketAddr;

use hearthline_pipeline::http::HttpError;
use hearthline_pipeline::sources::home_assistant::inquiry::{Greeting, greet};
use hearthline_pipeline::sources::home_assistant::{Inquiry, SessionError, Way};
use tokio::time::Instant;

use super::{Failed, Visit};
use crate::doctor::Finding;
use crate::doctor::catalogue::{
    HA_DNS_OK, HA_DNS_UNKNOWN, HA_HTTP_AWAY, HA_HTTP_BANNED, HA_HTTP_OK, HA_HTTP_STRANGER, HA_TCP_OK,
    HA_TCP_REFUSED, HA_TLS_FAILED, HA_TLS_NONE, HA_TLS_OK, HA_TLS_UNCHECKED, HA_TOKEN_OK, HA_TOKEN_REFUSED,
    HA_WEBSOCKET_FAILED, HA_WEBSOCKET_OK,
};

const ADDRESS: &str = "correct HOME_ASSISTANT_URL, or url under [home_assistant]";
const TOKEN: &str = "make a new long-lived token in Home Assistant (your profile, Security), and set it as \
                     HOME_ASSISTANT_TOKEN or put it into the token_file";

/// A way that was gone once.
pub(super) struct Reached {
    way: Way,
    found: Vec<SocketAddr>,
}

impl Visit<'_> {
    /// As far as HTTP.
    pub(super) async fn reach(&mut self) -> Result<Reached, Failed> {
        let address = &self.peer.session.address;
        let way = match Way::new(address.clone(), &self.peer.trust) {
            Ok(way) => way,
            Err(error) => {
                return self.fail(
                    Finding::of(HA_TLS_FAILED, error.to_string())
                        .todo("correct ca_file under [home_assistant], or install ca-certificates"),
                );
            }
        };
        let began = Instant::now();
        let found = match way.resolve().await {
            Ok(found) => found,
            Err(error) => {
                let todo = format!(
                    "`getent hosts {}` says what this machine knows of the name; {ADDRESS}",
                    address.host
                );
                return self
                    .fail(Finding::of(HA_DNS_UNKNOWN, error.to_string()).took(began.elapsed()).todo(todo));
            }
        };
        let shown: Vec<_> = found.iter().map(|found| found.ip().to_string()).collect();
        self.found(
            Finding::of(HA_DNS_OK, format!("{} is {}", address.host, shown.join(", ")))
                .took(began.elapsed())
                .figure("addresses", found.len(), "1"),
        );
        let began = Instant::now();
        let stream = match way.connect(&found).await {
            Ok(stream) => stream,
            Err(error) => {
                let todo = format!(
                    "see whether Home Assistant runs, and whether port {} is open from here; {ADDRESS}",
                    address.port
                );
                return self
                    .fail(Finding::of(HA_TCP_REFUSED, error.to_string()).took(began.elapsed()).todo(todo));
            }
        };
        self.found(
            Finding::of(HA_TCP_OK, format!("{} takes connections", address.authority()))
                .took(began.elapsed()),
        );
        let began = Instant::now();
        let stream = way.encrypt(stream).await;
        self.tells_tls(stream.as_ref().err(), began)?;
        let Ok(stream) = stream else { return Err(Failed) };
        let began = Instant::now();
        let greeting = greet(address, stream).await;
        let at = self.subject.clock.now();
        self.tells_http(&greeting, began)?;
        if let Ok(Greeting { date, .. }) = greeting {
            self.clock(date, at, began.elapsed());
        }
        Ok(Reached { way, found })
    }

    fn tells_tls(&mut self, error: Option<&SessionError>, began: Instant) -> Result<(), Failed> {
        let address = &self.peer.session.address;
        if let Some(error) = error {
            // A certificate that signs itself as an authority is refused as a server's, also where ca_file names it.
            let todo = if error.to_string().contains("causedasendentity") {
                "its certificate says that it is an authority (CA:TRUE), which no server's may: make one with CA:FALSE, or one \
                 that an authority of yours has signed, and name that with ca_file under [home_assistant]"
            } else {
                "name the authority of its certificate with ca_file under [home_assistant]; or, within your own walls, set \
                 tls_verify = false there"
            };
            return self.fail(Finding::of(HA_TLS_FAILED, error.to_string()).took(began.elapsed()).todo(todo));
        }
        let finding = if !address.tls {
            Finding::of(HA_TLS_NONE, "the address is an http one: nothing is encrypted")
        } else if self.peer.trust.anyone {
            Finding::of(
                HA_TLS_UNCHECKED,
                "the stream is encrypted, but nobody knows with whom: tls_verify = false",
            )
            .took(began.elapsed())
            .todo("name the authority of its certificate with ca_file, and remove tls_verify")
        } else {
            Finding::of(HA_TLS_OK, "the stream is encrypted, and the certificate is trusted")
                .took(began.elapsed())
        };
        self.found(finding);
        Ok(())
    }

    fn tells_http(&mut self, greeting: &Result<Greeting, HttpError>, began: Instant) -> Result<(), Failed> {
        let address = self.peer.session.address.authority();
        let greeting = match greeting {
            Ok(greeting) => greeting,
            Err(error) => {
                let says = format!("what is at {address} does not answer as HTTP does: {error}");
                return self.fail(Finding::of(HA_HTTP_STRANGER, says).took(began.elapsed()).todo(ADDRESS));
            }
        };
        let status = greeting.status;
        let (kind, says, todo) = match status {
            // A WebSocket is expected there, and none was asked for.
            400 | 426 => (HA_HTTP_OK, format!("{address} answers as Home Assistant's WebSocket does"), None),
            403 => (
                HA_HTTP_BANNED,
                "home assistant has banned this machine's address (HTTP 403)".to_owned(),
                Some(
                    "take it out of ip_bans.yaml in Home Assistant's configuration folder, and restart Home Assistant",
                ),
            ),
            500.. => (
                HA_HTTP_AWAY,
                format!("home assistant is away: what stands before it answers HTTP {status}"),
                Some("see whether Home Assistant runs; while it restarts, wait"),
            ),
            _ => (
                HA_HTTP_STRANGER,
                format!("something answers at {address}, but it is not Home Assistant (HTTP {status})"),
                Some(ADDRESS),
            ),
        };
        let mut finding = Finding::of(kind, says).took(began.elapsed()).figure("status", status, "");
        finding.remedy = todo.map(Into::into);
        if let Some(server) = &greeting.server {
            finding = finding.word("server", server.clone());
        }
        match kind.severity {
            crate::doctor::Severity::Ok => {
                self.found(finding);
                Ok(())
            }
            _ => self.fail(finding),
        }
    }

    /// The WebSocket, with the token.
    pub(super) async fn let_in(&mut self, reached: &Reached) -> Result<Inquiry, Failed> {
        let status = self.subject.running.status();
        if let Some(peer) = status.map(|status| &status.home_assistant).filter(|peer| peer.state == "parked")
        {
            let reason = peer.reason.as_deref().unwrap_or("home assistant refuses it");
            let says = format!("{reason}; it was not tried again, since wrong tries get the address banned");
            return self.fail(Finding::of(HA_TOKEN_REFUSED, says).todo(TOKEN).repair("connection"));
        }
        let stream = async { reached.way.encrypt(reached.way.connect(&reached.found).await?).await };
        let began = Instant::now();
        let opened = match stream.await {
            Ok(stream) => Inquiry::open(stream, &self.peer.session, &(self.peer.token)()).await,
            Err(error) => Err(error),
        };
        let inquiry = match opened {
            Ok(inquiry) => inquiry,
            Err(error @ SessionError::AuthInvalid(_)) => {
                self.found(Finding::of(HA_WEBSOCKET_OK, "the WebSocket was granted"));
                let finding = Finding::of(HA_TOKEN_REFUSED, error.to_string()).took(began.elapsed());
                return self.fail(finding.todo(TOKEN).repair("connection"));
            }
            Err(error @ SessionError::Banned) => {
                let todo = "take it out of ip_bans.yaml in Home Assistant's configuration folder, and restart Home Assistant";
                return self.fail(Finding::of(HA_HTTP_BANNED, error.to_string()).todo(todo));
            }
            Err(error) => {
                let finding = Finding::of(HA_WEBSOCKET_FAILED, error.to_string()).took(began.elapsed());
                return self
                    .fail(finding.todo("see whether a proxy before Home Assistant lets WebSockets through"));
            }
        };
        let opening = inquiry.opening();
        let (upgrade, greeting) = (opening.upgrade, opening.greeting);
        self.found(Finding::of(HA_WEBSOCKET_OK, "the WebSocket was granted").took(upgrade));
        self.found(Finding::of(HA_TOKEN_OK, "Home Assistant takes the token").took(greeting));
        Ok(inquiry)
    }
}
