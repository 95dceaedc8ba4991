//! The canary: one state of one entity that exists for as long as it is followed. It is the only thing that is ever written into
//! Home Assistant, over its REST API, and only where a person or the settings ask for it.
//!
//! Home Assistant lets an administrator set and remove states. Anybody else is answered 401, which it counts as a wrong login
//! (2024.3.3, `components/api`, `http/ban.py`): five of them can get an address banned. So it is asked first, over the WebSocket,
//! whose token it is.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::command::Command;
use super::{Address, Dial, Inquiry, SessionConfig, SessionError, TokenSource};
use crate::http::{Answer, HttpError, Limits, Peer, Question};

/// The entity.
pub const ENTITY: &str = "sensor.hearthline_canary";

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// The way to set and remove the canary's state.
pub struct Canary {
    session: SessionConfig,
    dial: Dial,
    token: TokenSource,
    rest: Peer,
}

impl Canary {
    /// Of the Home Assistant that is recorded. Nobody is asked yet.
    #[must_use]
    pub fn new(session: SessionConfig, dial: Dial, token: TokenSource) -> Self {
        let limits = Limits { answer: WITHIN, ..Limits::default() };
        let rest = Peer::new(session.address.clone(), Dial::clone(&dial), limits);
        Self { session, dial, token, rest }
    }

    /// Whether the token is an administrator's. It is asked over a connection of its own.
    ///
    /// # Errors
    /// When nobody answers, or the token is not taken.
    pub async fn is_administrator(&self) -> Result<bool, SessionError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct User {
            is_admin: bool,
        }
        let mut inquiry = Inquiry::open((self.dial)().await?, &self.session, &(self.token)()).await?;
        let user = inquiry.ask(Command::CurrentUser, WITHIN).await?.outcome;
        inquiry.close().await;
        let user: User = user.ok().and_then(|user| serde_json::from_str(&user).ok()).unwrap_or_default();
        Ok(user.is_admin)
    }

    /// Sets the state, with these attributes. 201 where the entity was not there before, else 200.
    ///
    /// # Errors
    /// When there is no answer. The state may have been set then.
    pub async fn set(&mut self, state: &str, attributes: &Value) -> Result<Answer, HttpError> {
        let body = json!({ "state": state, "attributes": attributes });
        self.ask(Method::POST, body.to_string().into()).await
    }

    /// Removes the entity. 404 where it is not there.
    ///
    /// # Errors
    /// When there is no answer. The entity may have been removed then.
    pub async fn remove(&mut self) -> Result<Answer, HttpError> {
        self.ask(Method::DELETE, Bytes::new()).await
    }

    async fn ask(&mut self, method: Method, body: Bytes) -> Result<Answer, HttpError> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", (self.token)().expose()))
            .map_err(|_| HttpError::Question("the token cannot stand in a header".into()))?;
        bearer.set_sensitive(true);
        let headers =
            vec![(AUTHORIZATION, bearer), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        self.rest.ask(&Question { method, target: target(&self.session.address), headers, body }).await
    }
}

/// Where the state is, beside the WebSocket: `…/api/websocket`, or the supervisor's `/core/websocket`.
fn target(address: &Address) -> String {
    let base = address.path.trim_end_matches("/websocket").trim_end_matches("/api");
    format!("{base}/api/states/{ENTITY}")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn the_state_is_beside_the_websocket() {
        for (written, path) in [
            ("http://ha.local:8123", "/api/states/sensor.hearthline_canary"),
            ("https://proxy.example.org/house/", "/house/api/states/sensor.hearthline_canary"),
            ("ws://supervisor/core/websocket", "/core/api/states/sensor.hearthline_canary"),
        ] {
            assert_eq!(target(&Address::of(&Url::parse(written).unwrap()).unwrap()), path);
        }
    }
}
