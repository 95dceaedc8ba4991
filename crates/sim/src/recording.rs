//! Recorded sessions: what was said on one connection to a Home Assistant, both ways, with its times.
//!
//! NDJSON. The first line is a header, every other a frame:
//!
//! ```text
//! {"format":1,"from":"2026-11-25T12:00:00.000000Z","ha":"2026.11.0","note":"written by …"}
//! {"dir":"out","len":63,"op":"text","t":0.0021,"text":"{\"id\":1,\"type\":\"subscribe_events\", …}"}
//! {"dir":"in","len":53,"op":"text","t":0.0034,"text":"{\"id\":1,\"type\":\"result\", …}"}
//! ```
//!
//! `t` is in seconds since the first line, `dir` is `out` from the client and `in` from Home Assistant. `op` is `text`;
//! `binary` (`text` is hexadecimal then); `close` with the `code` of the close frame, if there was one; or `eof`, where the
//! stream ended without. `len` is in bytes, before secrets were removed. Keys and kinds that are not known are passed over,
//! so that recordings of other tools that look like this can be read as well.

use hearthline_core::Timestamp;
use serde_json::{Map, Value, json};

/// The number in the header. A file with a higher one is refused.
const FORMAT: u64 = 1;

/// A session that was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The release that was recorded.
    pub ha_version: String,
    /// What was said, in order.
    pub frames: Vec<Frame>,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Home Assistant.
    In,
    /// The client.
    Out,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A frame of text.
    Text(String),
    /// A frame of bytes.
    Binary(Vec<u8>),
    /// The end: the code of the close frame, absent where there was none.
    End(Option<u16>),
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Seconds since the session began.
    pub t: f64,
    /// Who.
    pub direction: Direction,
    /// What.
    pub said: Said,
}

/// A recording that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for Unreadable {}

/// The header line, without its end.
#[must_use]
pub fn header(ha_version: &str, from: Timestamp, note: &str) -> String {
    json!({ "format": FORMAT, "ha": ha_version, "from": from.to_string(), "note": note }).to_string()
}

impl Frame {
    /// One line, without its end. `len` is how long it was when it was said.
    #[must_use]
    pub fn to_line(&self, len: usize) -> String {
        let direction = match self.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let mut line = json!({ "t": self.t, "dir": direction, "len": len });
        let (op, key, value) = match &self.said {
            Said::Text(text) => ("text", "text", text.as_str().into()),
            Said::Binary(bytes) => ("binary", "text", hex(bytes).into()),
            Said::End(Some(code)) => ("close", "code", (*code).into()),
            Said::End(None) => ("eof", "code", Value::Null),
        };
        if let Some(line) = line.as_object_mut() {
            line.insert("op".into(), op.into());
            line.insert(key.into(), value);
        }
        line.to_string()
    }

    /// The frame of a line; none where it is of a kind that is not known.
    fn of_line(line: &str) -> Result<Option<Self>, String> {
        let line: Map<String, Value> =
            serde_json::from_str(line).map_err(|e| format!("is no JSON object: {e}"))?;
        let text = |key| line.get(key).and_then(Value::as_str);
        let t = line
            .get("t")
            .and_then(Value::as_f64)
            .filter(|t| (0.0..1e9).contains(t))
            .ok_or("has no time t")?;
        let direction = match text("dir") {
            Some("in") => Direction::In,
            Some("out") => Direction::Out,
            _ => return Err("has no dir, in or out".into()),
        };
        let payload = || text("text").ok_or("has no text");
        let said = match text("op") {
            // A text that was cut is no frame.
            Some("text") if line.contains_key("cut_at") => return Ok(None),
            Some("text") => Said::Text(payload()?.into()),
            Some("binary") => match unhex(payload()?) {
                Some(bytes) => Said::Binary(bytes),
                None => return Ok(None),
            },
            Some("close") => {
                Said::End(line.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()))
            }
            Some("eof") => Said::End(None),
            _ => return Ok(None),
        };
        Ok(Some(Self { t, direction, said }))
    }
}

impl Recording {
    /// Reads the text of a file. A last line that was torn, as by a full disk, is left out.
    ///
    /// # Errors
    /// The first line that is no line of a recording.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let wrong = |line, problem: &str| Unreadable { line, problem: problem.into() };
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().ok_or_else(|| wrong(1, "the file is empty"))?;
        let header: Map<String, Value> =
            serde_json::from_str(first).map_err(|e| wrong(1, &format!("is no header: {e}")))?;
        let version = header.get("ha").and_then(Value::as_str);
        let ha_version =
            version.ok_or_else(|| wrong(1, "is no header: it has no \"ha\", the release"))?.to_owned();
        if header.get("format").and_then(Value::as_u64).is_some_and(|format| format > FORMAT) {
            return Err(wrong(1, "was written by a newer version; take that one to replay it"));
        }
        let torn = if text.ends_with('\n') { None } else { Some(text.lines().count()) };
        let mut frames = Vec::new();
        for (number, line) in lines {
            match Frame::of_line(line) {
                Ok(frame) => frames.extend(frame),
                Err(_) if torn == Some(number) => {}
                Err(problem) => return Err(wrong(number, &problem)),
            }
        }
        Ok(Self { ha_version, frames })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame> {
        [
            (0.0, Direction::Out, Said::Text(r#"{"id":1,"type":"get_config"}"#.into())),
            (0.25, Direction::In, Said::Text("not \"JSON\" \n°".into())),
            (0.5, Direction::In, Said::Binary(vec![0, 159, 255])),
            (0.75, Direction::In, Said::End(Some(1000))),
            (1.0, Direction::In, Said::End(None)),
        ]
        .map(|(t, direction, said)| Frame { t, direction, said })
        .into()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut text = header("2026.11.0", Timestamp(0), "a test") + "\n";
        for frame in frames() {
            text = text + &frame.to_line(7) + "\n";
        }
        let whole = Recording { ha_version: "2026.11.0".into(), frames: frames() };
        assert_eq!(Recording::parse(&text), Ok(whole));
        for cut in 1..40 {
            let read = Recording::parse(&text[..text.len() - cut]).unwrap();
            assert!(read.frames.len() >= 4, "only the last line is torn");
        }
    }

    #[test]
    fn what_is_no_recording_is_told_with_its_line() {
        let head = header("1", Timestamp(0), "");
        for (text, line, problem) in [
            ("", 1, "empty"),
            ("{}", 1, "no \"ha\""),
            ("[1]", 1, "no header"),
            (r#"{"ha":"1","format":2}"#, 1, "newer version"),
            (&format!("{head}\n{{}}\n"), 2, "no time t"),
            (&format!("{head}\n\n{{\"t\":1}}\n"), 3, "no dir"),
            (&format!("{head}\nx\n{{\"t\":1}}\n"), 2, "no JSON"),
            (&format!("{head}\n{{\"t\":1,\"dir\":\"in\",\"op\":\"text\"}}\n"), 2, "no text"),
        ] {
            let error = Recording::parse(text).unwrap_err();
            assert!(error.line == line && error.problem.contains(problem), "{text}: {error}");
        }
        let other = format!("{head}\n{{\"t\":1,\"dir\":\"in\",\"op\":\"ping\",\"len\":0}}\n");
        assert_eq!(Recording::parse(&other).unwrap().frames, []);
    }
}
