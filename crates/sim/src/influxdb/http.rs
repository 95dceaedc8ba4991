//! As much of HTTP as these servers need: requests with a length, one after the other on one connection.

use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::http::StatusCode;
use url::form_urlencoded;

use crate::home_assistant::http::{self, Head};

/// Longer bodies are nobody's.
const MOST: usize = 256 << 20;

/// A request.
pub(super) struct Request {
    head: Head,
    /// As it came.
    pub(super) body: Vec<u8>,
    /// Lines in which this stands are passed over.
    without: Option<&'static str>,
}

impl Request {
    /// Reads the next one.
    pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<Self> {
        let (head, begun) = Head::read(stream).await?;
        let body = http::body(stream, &head, begun, MOST).await?;
        Ok(Self { head, body, without: None })
    }

    /// Method and path, as in `POST /write`.
    pub(super) fn route(&self) -> (&str, &str) {
        let path = self.head.path.split('?').next().unwrap_or_default();
        (&self.head.method, path)
    }

    /// The value of a header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The value of a parameter, in the address or in a form.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.head.path.split_once('?').map_or("", |(_, query)| query);
        let form = self.header("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
        let form = if form { self.body.as_slice() } else { b"" };
        let mut pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A text in a body that is a JSON object.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get(name)?.as_str().filter(|word| !word.is_empty()).map(str::to_owned)
    }

    /// The body as it was before it was compressed, without the lines that are passed over.
    ///
    /// # Errors
    /// When it says gzip and is none.
    pub(super) fn plain(&self) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        if self.header("content-encoding") == Some("gzip") {
            MultiGzDecoder::new(self.body.as_slice()).take(MOST as u64).read_to_end(&mut plain)?;
        } else {
            plain.clone_from(&self.body);
        }
        let Some(word) = self.without else { return Ok(plain) };
        let (_, others) = parted(&plain, word);
        Ok(others.join(&b'\n'))
    }

    /// From now on, lines in which `word` stands are passed over. Answers with them, and whether there are others.
    pub(super) fn pass_over(&mut self, word: &'static str) -> io::Result<(Vec<String>, bool)> {
        let plain = self.plain()?;
        let (passed, others) = parted(&plain, word);
        self.without = Some(word);
        let passed = passed.into_iter().map(|line| String::from_utf8_lossy(line).into_owned());
        Ok((passed.collect(), others.iter().any(|line| !line.is_empty())))
    }
}

/// Lines in which a word stands, and the others.
fn parted<'b>(body: &'b [u8], word: &str) -> (Vec<&'b [u8]>, Vec<&'b [u8]>) {
    let has = |line: &&[u8]| line.windows(word.len()).any(|part| part == word.as_bytes());
    body.split(|byte| *byte == b'\n').partition(has)
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    /// One without a body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// One with JSON.
    #[expect(clippy::needless_pass_by_value, reason = "json! is written where it is called")]
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::empty(status).with("Content-Type", "application/json").and(body.to_string())
    }

    /// One with plain text.
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::empty(status).with("Content-Type", "text/plain; charset=utf-8").and(body.to_owned())
    }

    fn and(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// With a header more.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        // What a header cannot hold is left out of it, as Go does.
        let value = value.into().replace(['\r', '\n'], " ");
        self.headers.push((name, value));
        self
    }

    /// As it goes over the wire.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let status = StatusCode::from_u16(self.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 204 {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head.push_str(&self.body);
        head.into_bytes()
    }
}
