//! What an answer to a write means.
//!
//! A pure function of status, headers and body. It goes by the status, and by as few words as will do: releases and other
//! programs say the same thing in other words. The words that it knows are those of InfluxDB 1.6.7 and VictoriaMetrics 1.79.5
//! as recorded, and of InfluxDB 2 and 3 as documented. A 4xx that it does not know is a refusal, to be narrowed down to a line; a
//! 5xx that it does not know passes.

use std::time::Duration;

use memchr::memmem;
use serde::Deserialize;

use super::schema::FieldType;
use crate::http::Answer;

/// Characters of a server's words that are kept: some repeat the whole line.
const WORDS: usize = 300;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The server has all of it.
    Taken,
    /// Values have other types than the server's fields. Lines without them may have been taken.
    Conflict(Vec<TypeConflict>),
    /// The server has no room for more fields in a measurement; so many columns, tags and time included, are the most.
    Columns(usize),
    /// A line is refused; others may have been taken.
    Refused {
        /// Which, as far as it was said.
        at: Option<At>,
        /// Whether the words are about a line; else the whole request may be what is wrong.
        line: bool,
        /// The server's.
        words: String,
    },
    /// So many points, the oldest ones, are older than the server keeps any; the rest was taken.
    Outside(Option<usize>),
    /// Less has to be sent at once.
    TooLarge,
    /// The server takes nothing now.
    Later {
        /// How long it wants to be left alone.
        after: Option<Duration>,
        /// Why.
        words: String,
    },
    /// Nothing will be taken before a person acts.
    Parked(String),
}

/// Where the refused line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// Its number in what was sent, from 0.
    Line(usize),
    /// It begins so.
    Text(String),
}

/// One field with a value of another type than the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeConflict {
    /// Where; if it was not said, the measurement of the line.
    pub measurement: Option<String>,
    /// The line, from 0, if it was said.
    pub line: Option<usize>,
    /// The name as it was sent.
    pub field: String,
    /// The type that was sent.
    pub ours: FieldType,
    /// The type that the server has.
    pub theirs: FieldType,
}

/// The bodies of all versions: `error` is of 1 and 3, `message` of 2.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<String>,
    message: Option<String>,
    data: Option<Lines>,
}

/// Version 3 lists the lines, or says the one where it takes all or nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    Many(Vec<Line>),
    One(Line),
    /// Not ours to understand.
    Other(serde::de::IgnoredAny),
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Line {
    line_number: Option<usize>,
    error_message: String,
}

/// What the answer to a write means. `what` is where it was written, in words for a person: `database "house"`.
#[must_use]
pub fn meaning(answer: &Answer, what: &str) -> Meaning {
    if (200..=299).contains(&answer.status) {
        return Meaning::Taken;
    }
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    let lines = match body.data {
        Some(Lines::Many(lines)) => lines,
        Some(Lines::One(line)) => vec![line],
        Some(Lines::Other(_)) | None => Vec::new(),
    };
    let said = body.error.filter(|text| !text.is_empty()).or(body.message);
    let said = said.or_else(|| answer.header("x-influxdb-error").map(str::to_owned));
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).trim().to_owned());
    let words = words(answer.status, &said);
    let has = |part: &str| memmem::find(said.as_bytes(), part.as_bytes()).is_some();

    match answer.status {
        401 => {
            Meaning::Parked(format!("{words}: set the token, or user and password, that may write to {what}"))
        }
        403 => Meaning::Parked(format!("{words}: let the user or token write to {what}")),
        404 => Meaning::Parked(format!("{words}: see that {what} exists and that url and version are right")),
        413 => Meaning::TooLarge,
        408 | 425 | 429 => Meaning::Later { after: retry_after(answer), words },
        300..=399 => {
            let to = answer.header("location").unwrap_or("another place");
            Meaning::Parked(format!(
                "HTTP {}: the server sends us to {to}: set url to where it is",
                answer.status
            ))
        }
        500.. if has("retention policy not found") => {
            Meaning::Parked(format!("{words}: {what} has no default retention policy; give it one"))
        }
        500.. => Meaning::Later { after: retry_after(answer), words },
        _ if has("max-series-per-database") || has("max-values-per-tag") => Meaning::Parked(format!(
            "{words}: raise that limit in the server's configuration, or exclude entities from this sink"
        )),
        _ if !lines.is_empty() => of_lines(&lines, &words),
        _ => of_words(&said, words),
    }
}

/// One sentence of versions 1 and 2.
fn of_words(said: &str, words: String) -> Meaning {
    if let Some(conflict) = conflict_v1(said) {
        return Meaning::Conflict(vec![conflict]);
    }
    if said.contains("retention policy") && ["beyond", "outside"].iter().any(|word| said.contains(word)) {
        return Meaning::Outside(number_behind(said, "dropped=").or_else(|| number_behind(said, "dropped ")));
    }
    let text = said.split_once("unable to parse '").and_then(|(_, rest)| Some(rest.rsplit_once("': ")?.0));
    let line = text.is_some() || said.contains("partial write");
    Meaning::Refused { at: text.map(|text| At::Text(text.to_owned())), line, words }
}

/// The lines of version 3. What can be mended comes first: the others are still refused when it is sent again.
fn of_lines(lines: &[Line], words: &str) -> Meaning {
    let at = |line: &Line| line.line_number.and_then(|number| number.checked_sub(1));
    let conflicts: Vec<_> =
        lines.iter().filter_map(|line| conflict_v3(&line.error_message, at(line))).collect();
    if !conflicts.is_empty() {
        return Meaning::Conflict(conflicts);
    }
    let columns = |line: &Line| number_behind(&line.error_message, "columns per table limit of ");
    if let Some(most) = lines.iter().find_map(columns) {
        return Meaning::Columns(most);
    }
    let first = lines.first().cloned().unwrap_or_default();
    let words = cut(&format!("{words}: {}", first.error_message));
    Meaning::Refused { at: at(&first).map(At::Line), line: true, words }
}

/// `input field "f" on measurement "m" is type string, already exists as type boolean`.
fn conflict_v1(said: &str) -> Option<TypeConflict> {
    let (field, rest) = quoted(said.split_once("input field ")?.1)?;
    let (measurement, rest) = quoted(rest.split_once(" on measurement ")?.1)?;
    let (ours, theirs) = rest.strip_prefix(" is type ")?.split_once(", already exists as type ")?;
    let (ours, theirs) = (type_of(ours)?, type_of(theirs)?);
    Some(TypeConflict { measurement: Some(measurement), line: None, field, ours, theirs })
}

/// `invalid column type for column 'f', expected iox::column_type::field::float, got iox::column_type::field::string`.
fn conflict_v3(said: &str, line: Option<usize>) -> Option<TypeConflict> {
    const KIND: &str = "iox::column_type::field::";
    let (field, rest) = said.split_once("invalid column type for column '")?.1.rsplit_once("', expected ")?;
    let (theirs, ours) = rest.split_once(", got ")?;
    let (ours, theirs) = (type_of(ours.strip_prefix(KIND)?)?, type_of(theirs.strip_prefix(KIND)?)?);
    Some(TypeConflict { measurement: None, line, field: field.into(), ours, theirs })
}

/// A text in double quotes with its escapes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let name = stream.next()?.ok()?;
    Some((name, text.get(stream.byte_offset()..)?))
}

/// The type that a server calls so, up to the end of the word.
#[must_use]
pub(super) fn type_of(word: &str) -> Option<FieldType> {
    let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
    Some(match word.get(..end)? {
        "float" | "Float64" => FieldType::Float,
        "integer" | "Int64" => FieldType::Integer,
        "unsigned" | "uinteger" | "UInt64" => FieldType::Unsigned,
        "string" | "Utf8" => FieldType::Text,
        "boolean" | "Boolean" => FieldType::Bool,
        _ => return None,
    })
}

fn number_behind(text: &str, mark: &str) -> Option<usize> {
    let rest = text.split_once(mark)?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Seconds; a date is not read: the usual pause is as good.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

fn words(status: u16, said: &str) -> String {
    if said.is_empty() { format!("HTTP {status}") } else { cut(&format!("HTTP {status}: {said}")) }
}

/// Both ends of what is too long: a line is repeated in the middle, the reason stands behind it.
fn cut(text: &str) -> String {
    let count = text.chars().count();
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if count <= WORDS {
        return line;
    }
    let half = WORDS / 2;
    let (begin, end): (String, String) =
        (line.chars().take(half).collect(), line.chars().skip(count - half).collect());
    format!("{begin} … {end}")
}

#[cfg(test)]
mod tests;
