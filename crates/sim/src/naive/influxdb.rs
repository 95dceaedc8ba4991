//! Where it writes: one line, one request, one connection.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::Serializer;

use super::home_assistant::{authority, dial};
use crate::influxdb::{Access, InfluxVersion};

/// How long a request may take.
const ANSWER: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const LARGEST: usize = 64 << 10;
/// Characters of a server's words that are kept.
const WORDS: usize = 200;

/// An InfluxDB.
#[derive(Clone, Debug)]
pub struct NaiveTarget {
    /// `http`.
    pub url: Url,
    /// How it is written to.
    pub version: InfluxVersion,
    /// The database of versions 1 and 3, the bucket of version 2.
    pub database: String,
    /// Of version 2.
    pub organisation: String,
    /// How it is let in.
    pub access: Access,
    /// Of every point.
    pub measurement: String,
}

impl NaiveTarget {
    /// Writes one line. The error is what the server said, or why it said nothing.
    pub(super) async fn write(&self, line: &str) -> Result<(), String> {
        match timeout(ANSWER, self.post(line)).await {
            Ok(written) => written,
            Err(_) => Err(format!("no answer within {} s", ANSWER.as_secs())),
        }
    }

    async fn post(&self, line: &str) -> Result<(), String> {
        let broken = |error: hyper::Error| format!("the connection broke ({error})");
        let stream = dial(&self.url).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let carrier = tokio::spawn(connection);
        let request = self.request(line).map_err(|error| format!("cannot be asked ({error})"))?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(broken)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), LARGEST).collect().await;
            let body = body.map_err(|error| format!("the answer broke ({error})"))?;
            Ok((status, body.to_bytes()))
        };
        let answered: Result<_, String> = answered.await;
        carrier.abort();
        let (status, body) = answered?;
        if status.is_success() { Ok(()) } else { Err(format!("HTTP {}: {}", status.as_u16(), words(&body))) }
    }

    fn request(&self, line: &str) -> Result<Request<Full<Bytes>>, String> {
        let (path, query) = match self.version {
            InfluxVersion::V1 => ("write", vec![("db", &*self.database), ("precision", "ns")]),
            InfluxVersion::V2 => {
                let (org, bucket) = (&*self.organisation, &*self.database);
                ("api/v2/write", vec![("org", org), ("bucket", bucket), ("precision", "ns")])
            }
            InfluxVersion::V3 => {
                ("api/v3/write_lp", vec![("db", &*self.database), ("precision", "nanosecond")])
            }
        };
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        let target = format!("{}/{path}?{query}", self.url.path().trim_end_matches('/'));
        let request = Request::post(target).header(HOST, authority(&self.url)?).header(CONNECTION, "close");
        let request = request.header(CONTENT_TYPE, "text/plain; charset=utf-8");
        let request = match &self.access {
            Access::Open => request,
            Access::Password { user, password } => {
                let both = STANDARD.encode(format!("{user}:{password}"));
                request.header(AUTHORIZATION, format!("Basic {both}"))
            }
            Access::Token(token) => request.header(AUTHORIZATION, format!("Token {token}")),
        };
        let body = Full::new(Bytes::copy_from_slice(line.as_bytes()));
        request.body(body).map_err(|error| error.to_string())
    }
}

/// What a server says, as far as a person reads it.
fn words(body: &[u8]) -> String {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = |key: &str| said.get(key).and_then(Value::as_str).map(str::to_owned);
    let said = word("error").or_else(|| word("message"));
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    said.chars().take(WORDS).collect()
}
