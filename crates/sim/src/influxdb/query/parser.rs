//! Selections as they are asked for in InfluxQL (1.x, 2.x) and in SQL (3.x).

use std::ops::Range;

use regex_automata::meta::Regex;

use super::super::point::FieldKind;
use super::lexer::{Token, tokens};
use super::select::{Cast, Condition, Reference, Selection, What};

/// What is deleted.
#[derive(Debug)]
pub(in crate::influxdb) struct Deletion {
    pub(in crate::influxdb) from: String,
    pub(in crate::influxdb) time: Range<i64>,
    pub(in crate::influxdb) conditions: Vec<Condition>,
}

/// Reads a `SELECT`.
///
/// # Errors
/// With what was found in place of what is understood.
pub(in crate::influxdb) fn selection(text: &str) -> Result<Selection, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    parser.word("SELECT")?;
    let mut columns = vec![parser.column()?];
    while parser.takes(&Token::Sign(",")) {
        columns.push(parser.column()?);
    }
    let from = parser.from()?;
    let (time, conditions) = parser.conditions()?;
    let mut selection = Selection {
        columns,
        from,
        time,
        conditions,
        by_series: false,
        backwards: false,
        limit: usize::MAX,
        offset: 0,
    };
    while !parser.is_at_end() {
        match parser.next_word()?.as_str() {
            "GROUP" => {
                parser.word("BY")?;
                if !parser.takes(&Token::Sign("*")) {
                    parser.name()?; // who asks by one tag gets all
                }
                selection.by_series = true;
            }
            "ORDER" => {
                parser.word("BY")?;
                parser.name()?;
                selection.backwards = parser.takes_word("DESC");
                parser.takes_word("ASC");
            }
            "LIMIT" => selection.limit = usize::try_from(parser.number()?).unwrap_or(0),
            "OFFSET" => selection.offset = usize::try_from(parser.number()?).unwrap_or(0),
            other => return Err(format!("found {other}, expected EOF")),
        }
    }
    Ok(selection)
}

/// Reads a `DELETE` or a `DROP SERIES`.
///
/// # Errors
/// With what was found in place of what is understood.
pub(in crate::influxdb) fn deletion(text: &str) -> Result<Deletion, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    if parser.takes_word("DROP") {
        parser.word("SERIES")?;
    } else {
        parser.word("DELETE")?;
    }
    let from = parser.from()?;
    let (time, conditions) = parser.conditions()?;
    if parser.is_at_end() { Ok(Deletion { from, time, conditions }) } else { Err(parser.found()) }
}

/// Reads `"name"="value" AND …`, as 2.x has it; none where it is anything else.
pub(in crate::influxdb) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut parser = Parser { tokens: tokens(text).ok()?, at: 0 };
    let mut pairs = Vec::new();
    loop {
        let name = parser.name().ok()?;
        parser.sign("=").ok()?;
        pairs.push((name, parser.name().ok()?));
        if parser.is_at_end() {
            return Some(pairs);
        }
        parser.word("AND").ok()?;
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn found(&self) -> String {
        let token = self.tokens.get(self.at);
        token.map_or_else(|| "found EOF".to_owned(), |token| format!("found {token:?}"))
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is);
        is
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Word(has)) if has.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        if self.takes_word(word) { Ok(()) } else { Err(format!("{}, expected {word}", self.found())) }
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), String> {
        if self.takes(&Token::Sign(sign)) {
            Ok(())
        } else {
            Err(format!("{}, expected {sign}", self.found()))
        }
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn next_word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word.to_uppercase()),
            other => Err(format!("found {other:?}")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(name) | Token::Name(name)) => Ok(name),
            other => Err(format!("found {other:?}, expected identifier")),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        match self.next() {
            Some(Token::Number(number)) => number.parse().map_err(|_| format!("found {number}")),
            other => Err(format!("found {other:?}, expected number")),
        }
    }

    fn reference(&mut self) -> Result<Reference, String> {
        let name = self.name()?;
        if !self.takes(&Token::Sign("::")) {
            return Ok(Reference { name, cast: Cast::None });
        }
        let word = self.name()?.to_lowercase();
        let cast = match word.as_str() {
            "tag" => Cast::Tag,
            "field" => Cast::None,
            word => Cast::Kind(FieldKind::of_word(word).ok_or_else(|| format!("found {word}"))?),
        };
        Ok(Reference { name, cast })
    }

    fn column(&mut self) -> Result<(What, Option<String>), String> {
        let what = if self.takes(&Token::Sign("*")) {
            What::Everything
        } else if self.calls("COUNT") {
            let of = self.reference()?;
            self.sign(")")?;
            What::Count(of)
        } else if self.calls("CAST") {
            self.name()?;
            self.word("AS")?;
            self.word("BIGINT")?;
            self.sign(")")?;
            What::Time
        } else {
            let of = self.reference()?;
            if self.takes(&Token::Sign("&")) {
                self.number()?;
                What::Bits(of)
            } else {
                What::Value(of)
            }
        };
        let named = if self.takes_word("AS") { Some(self.name()?) } else { None };
        Ok((what, named))
    }

    fn calls(&mut self, function: &str) -> bool {
        let is_call = self.tokens.get(self.at + 1) == Some(&Token::Sign("("));
        if is_call && self.takes_word(function) {
            self.at += 1;
            return true;
        }
        false
    }

    /// Of `"db"."rp"."measurement"` the last.
    fn from(&mut self) -> Result<String, String> {
        self.word("FROM")?;
        let mut from = self.name()?;
        while self.takes(&Token::Sign(".")) {
            from = self.name()?;
        }
        Ok(from)
    }

    fn conditions(&mut self) -> Result<(Range<i64>, Vec<Condition>), String> {
        let (mut time, mut conditions) = (i64::MIN..i64::MAX, Vec::new());
        if !self.takes_word("WHERE") {
            return Ok((time, conditions));
        }
        loop {
            if self.takes(&Token::Sign("(")) {
                let mut any = vec![self.condition()?];
                while self.takes_word("OR") {
                    any.push(self.condition()?);
                }
                self.sign(")")?;
                conditions.push(Condition::Any(any));
            } else if !self.time(&mut time)? {
                conditions.push(self.condition()?);
            }
            if !self.takes_word("AND") {
                return Ok((time, conditions));
            }
        }
    }

    /// A condition on the time, if the next one is.
    fn time(&mut self, time: &mut Range<i64>) -> Result<bool, String> {
        let is_time =
            matches!(self.tokens.get(self.at), Some(Token::Word(name) | Token::Name(name)) if name == "time");
        if !is_time {
            return Ok(false);
        }
        self.at += 1;
        let sign = self.next();
        let call = self.calls("to_timestamp_nanos");
        let at = self.number()?;
        if call {
            self.sign(")")?;
        }
        match sign {
            Some(Token::Sign(">=")) => time.start = time.start.max(at),
            Some(Token::Sign(">")) => time.start = time.start.max(at.saturating_add(1)),
            Some(Token::Sign("<")) => time.end = time.end.min(at),
            Some(Token::Sign("<=")) => time.end = time.end.min(at.saturating_add(1)),
            Some(Token::Sign("=")) => *time = at..at.saturating_add(1),
            other => return Err(format!("found {other:?}")),
        }
        Ok(true)
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let of = self.reference()?;
        if self.takes_word("IS") {
            self.word("NOT")?;
            self.word("NULL")?;
            return Ok(Condition::Exists(of));
        }
        let regex = |text: &str| Regex::new(text).map_err(|error| error.to_string());
        let (sign, other) = (self.next(), self.tokens.get(self.at).cloned());
        let condition = match (sign, other) {
            (Some(Token::Sign("=")), Some(Token::Word(_) | Token::Name(_))) => {
                return Ok(Condition::Same(of, self.reference()?));
            }
            (Some(Token::Sign("=")), Some(Token::Text(text))) => Condition::Equals(of, text),
            (Some(Token::Sign("=~")), Some(Token::Regex(text))) => Condition::Matches(of, regex(&text)?),
            (Some(Token::Sign("~")), Some(Token::Text(text))) => Condition::Matches(of, regex(&text)?),
            (Some(Token::Sign(">")), Some(Token::Number(number))) => {
                Condition::Beyond(of, number.parse().map_err(|_| format!("found {number}"))?)
            }
            (Some(Token::Sign("<")), Some(Token::Number(number))) => {
                Condition::Below(of, number.parse().map_err(|_| format!("found {number}"))?)
            }
            (sign, other) => return Err(format!("found {sign:?} {other:?}")),
        };
        self.at += 1;
        Ok(condition)
    }
}
