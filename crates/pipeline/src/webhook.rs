//! A message for a person, over a webhook: in the shape that who takes it wants, once, without trying again by itself.
//!
//! Shapes, and where they are from: ntfy, publish as JSON (docs.ntfy.sh/publish); Slack, incoming webhooks
//! (api.slack.com/messaging/webhooks); Discord, execute webhook (discord.com/developers/docs/resources/webhook); Gotify, create
//! message (gotify.net/docs/pushmsg). No error holds the address behind its host, a header or a token.

use std::fmt;
use std::time::Duration;

use hearthline_core::Secret;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::json;
use url::Url;

use crate::http::{Answer, HttpError, Limits, Peer, Question};
use crate::sources::home_assistant::{Address, Trust, dial};

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(10);
/// The largest answer; a usual one is a word.
const LARGEST: usize = 1 << 20;
/// What is told of an answer, in characters.
const WORDS: usize = 200;
/// The longest text, in characters: Discord takes 2000. What is longer is cut.
pub const LONGEST: usize = 1800;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// To know: something is over, or planned.
    Info,
    /// Nothing is lost.
    Warning,
    /// Data is lost, or somebody has to act.
    Critical,
}

impl Urgency {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Message {
    /// A few words.
    pub title: String,
    /// Lines.
    pub text: String,
    /// How urgent it is.
    pub urgency: Urgency,
}

/// In which shape it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The last part of the path is the topic.
    Ntfy,
    /// An incoming webhook.
    Slack,
    /// A webhook of a channel.
    Discord,
    /// The server; its token is that of an application.
    Gotify,
    /// Whatever a person has written: `{title}`, `{text}` and `{urgency}` are put in, as JSON wants them where the content is JSON.
    Template(String),
}

impl Shape {
    /// As in the settings.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ntfy => "ntfy",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Gotify => "gotify",
            Self::Template(_) => "template",
        }
    }
}

/// Where messages go.
#[derive(Clone)]
pub struct Webhook {
    /// `http` or `https`; whoever knows it may write there.
    pub url: Url,
    /// How they look.
    pub shape: Shape,
    /// Of ntfy or Gotify; a bearer token for a template.
    pub token: Option<Secret>,
    /// What is said beside it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whose certificates are taken.
    pub trust: Trust,
}

/// The host alone: the rest of the address, token and headers give access.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.host()).finish_non_exhaustive()
    }
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// In words.
    pub why: String,
    /// When it may be tried again, where that was said.
    pub after: Option<Duration>,
    /// This message will never be taken; another may be.
    pub never: bool,
}

impl Webhook {
    /// Tells it.
    ///
    /// # Errors
    /// When it was not taken. It may have been where no answer came.
    pub async fn tell(&self, message: &Message) -> Result<(), Untold> {
        let mut peer = self.peer()?;
        let answer = peer.ask(&self.question(message)).await.map_err(|error| later(error.to_string()))?;
        match answer.status {
            200..300 => Ok(()),
            status => Err(self.untold(status, &answer)),
        }
    }

    /// Whether somebody is there. Nothing is told.
    ///
    /// # Errors
    /// In words, when nobody is.
    pub async fn reach(&self) -> Result<(), String> {
        let mut peer = self.peer().map_err(|untold| untold.why)?;
        let question = Question {
            method: Method::HEAD,
            target: "/".into(),
            headers: vec![(CONNECTION, HeaderValue::from_static("close"))],
            body: Bytes::new(),
        };
        match peer.ask(&question).await {
            // Whatever it says to a question that nobody puts to it: it is there.
            Ok(_) | Err(HttpError::Broken { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The host and port, for a person.
    #[must_use]
    pub fn host(&self) -> String {
        Address::of(&self.url).map_or_else(String::new, |address| address.authority())
    }

    fn peer(&self) -> Result<Peer, Untold> {
        let address = Address::of(&self.url).ok_or_else(|| later("its address names no host".into()))?;
        let dial = dial::tcp(address.clone(), &self.trust).map_err(|error| later(error.to_string()))?;
        Ok(Peer::new(address, dial, Limits { connect: WITHIN, answer: WITHIN, largest: LARGEST }))
    }

    fn question(&self, message: &Message) -> Question {
        let (target, body) = self.shaped(message);
        let mut headers = vec![(CONNECTION, HeaderValue::from_static("close"))];
        if !self.headers.iter().any(|(name, _)| *name == CONTENT_TYPE) {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        if let Some(token) = &self.token {
            let (name, text) = match self.shape {
                Shape::Gotify => (HeaderName::from_static("x-gotify-key"), token.expose().to_owned()),
                _ => (AUTHORIZATION, format!("Bearer {}", token.expose())),
            };
            headers.extend(HeaderValue::from_str(&text).ok().map(|mut value| {
                value.set_sensitive(true);
                (name, value)
            }));
        }
        headers.extend(self.headers.iter().cloned());
        Question { method: Method::POST, target, headers, body: body.into() }
    }

    /// Path with query, and body.
    fn shaped(&self, Message { title, text, urgency }: &Message) -> (String, String) {
        let (path, text) = (self.url.path(), &*cut(text, LONGEST));
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let (path, body) = match &self.shape {
            Shape::Ntfy => {
                let (base, topic) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
                let (priority, tag) = match urgency {
                    Urgency::Info => (3, "information_source"),
                    Urgency::Warning => (4, "warning"),
                    Urgency::Critical => (5, "rotating_light"),
                };
                let body = json!({
                    "topic": topic, "title": title, "message": text, "priority": priority, "tags": [tag],
                });
                (format!("{base}/"), body.to_string())
            }
            Shape::Slack => {
                let text = slack(&format!("*{title}*\n{text}"));
                (path.to_owned(), json!({ "text": text }).to_string())
            }
            Shape::Discord => {
                let content = format!("**{title}**\n{text}");
                // Nobody is called by a name that an entity may have.
                (
                    path.to_owned(),
                    json!({ "content": content, "allowed_mentions": { "parse": [] } }).to_string(),
                )
            }
            Shape::Gotify => {
                let priority = match urgency {
                    Urgency::Info => 3,
                    Urgency::Warning => 5,
                    Urgency::Critical => 8,
                };
                let base = path.trim_end_matches('/').trim_end_matches("/message");
                let body = json!({ "title": title, "message": text, "priority": priority });
                (format!("{base}/message"), body.to_string())
            }
            Shape::Template(template) => {
                (path.to_owned(), filled(template, self.is_json(), [title, text, urgency.as_str()]))
            }
        };
        (path + &query, body)
    }

    fn is_json(&self) -> bool {
        let kind = self.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        kind.is_none_or(|(_, value)| value.to_str().is_ok_and(|kind| kind.contains("json")))
    }

    /// Redirects are not followed: with them the token would go to another place.
    fn untold(&self, status: u16, answer: &Answer) -> Untold {
        let said = String::from_utf8_lossy(&answer.body);
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let said = match self.token.as_ref().map(Secret::expose).filter(|token| !token.is_empty()) {
            Some(token) => said.replace(token, "***"),
            None => said,
        };
        let said = cut(said.trim(), WORDS);
        let words = if said.is_empty() { String::new() } else { format!(": {said}") };
        Untold {
            why: format!("{} answers HTTP {status}{words}", self.host()),
            after: answer.header("retry-after").and_then(seconds),
            // Of the others a person may mend the address or the token, or time does.
            never: matches!(status, 400 | 405 | 406 | 411 | 413 | 415 | 422),
        }
    }
}

fn later(why: String) -> Untold {
    Untold { why, after: None, never: false }
}

/// Seconds, which may have decimals. A date is not read: the usual pause is as good.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The three characters that Slack takes for its own.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The placeholders of a template, each put in once: what is put in is not looked at again.
pub const PLACEHOLDERS: [&str; 3] = ["{title}", "{text}", "{urgency}"];

fn filled(template: &str, is_json: bool, values: [&str; 3]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let found = PLACEHOLDERS.iter().zip(values).find(|(name, _)| from.starts_with(**name));
        rest = match found {
            Some((name, value)) => {
                let quoted = json!(value).to_string();
                let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                filled.push_str(if is_json { inside } else { value });
                from.get(name.len()..).unwrap_or_default()
            }
            None => {
                filled.push('{');
                from.get(1..).unwrap_or_default()
            }
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests;
