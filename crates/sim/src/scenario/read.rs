//! From the file's text to a scenario. Strict: what is not understood is told with its line, all of it at once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Chaos, Scenario, Timed};
use crate::{Fault, words};

/// Something in a scenario that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what to do, in words.
    pub problem: String,
}

/// All that is not understood, in the order of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|mistake| format!("line {}: {}", mistake.line, mistake.problem));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Mistakes {}

impl Scenario {
    /// Reads the text of a scenario file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, Mistakes> {
        let mut reader = Reader { text, mistakes: Vec::new() };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().unwrap_or_default().start;
            reader.mistake(at, error.message().replace('\n', ", "));
        }
        let mut scenario = Self::default();
        if reader.mistakes.is_empty() {
            reader.scenario(root.get_ref(), &mut scenario);
        }
        let mut mistakes = reader.mistakes;
        mistakes.sort_by_key(|mistake| mistake.line);
        if mistakes.is_empty() { Ok(scenario) } else { Err(Mistakes(mistakes)) }
    }
}

struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<Mistake>,
}

/// A value as it was written.
struct Written<'v>(&'v DeValue<'v>);

type Table<'t> = DeTable<'t>;

impl Reader<'_> {
    fn scenario(&mut self, root: &Table<'_>, scenario: &mut Scenario) {
        const KNOWN: [&str; 5] = ["seed", "house", "home_assistant", "fault", "chaos"];
        for (key, value) in root {
            let (name, at) = (&**key.get_ref(), key.span().start);
            let table = value.get_ref().as_table();
            match (name, table) {
                ("seed", _) => match Written(value.get_ref()).number() {
                    Ok(seed) => scenario.seed = Some(seed),
                    Err(problem) => self.mistake(value.span().start, format!("seed: {problem}")),
                },
                ("house", Some(table)) => self.house(table, scenario),
                ("home_assistant", Some(table)) => self.home_assistant(table, scenario),
                ("chaos", Some(table)) => scenario.chaos = self.chaos(table, at),
                ("fault", _) => self.faults(value, at, scenario),
                ("house" | "home_assistant" | "chaos", None) => {
                    self.mistake(at, format!("write [{name}] on a line of its own"));
                }
                _ => self.mistake(at, words::unknown("key", name, KNOWN)),
            }
        }
    }

    fn house(&mut self, table: &Table<'_>, scenario: &mut Scenario) {
        self.read(table, &["entities", "rate", "past"], |key, value| {
            match key {
                "entities" => scenario.entities = Some(value.number()?),
                "rate" => scenario.rate = value.number::<f64>()?,
                _ => scenario.past = value.duration()?,
            }
            if (0.001..=100_000.0).contains(&scenario.rate) {
                Ok(())
            } else {
                Err("from 0.001 to 100000".into())
            }
        });
    }

    fn home_assistant(&mut self, table: &Table<'_>, scenario: &mut Scenario) {
        const KNOWN: [&str; 9] = [
            "version",
            "location_name",
            "token",
            "admin",
            "login_attempts_threshold",
            "commit_interval",
            "excluded",
            "keep",
            "peak_time",
        ];
        let options = &mut scenario.options;
        self.read(table, &KNOWN, |key, value| {
            match key {
                "version" => options.version = value.text()?,
                "location_name" => options.location_name = value.text()?,
                "token" => options.token = value.text()?,
                "admin" => options.admin = value.number()?,
                "login_attempts_threshold" => options.login_attempts_threshold = Some(value.number()?),
                "commit_interval" => options.commit_interval = value.duration()?,
                "excluded" => options.excluded = value.texts()?,
                "keep" => options.keep = value.duration()?,
                _ => options.peak_time = value.duration()?,
            }
            Ok(())
        });
    }

    fn faults(&mut self, value: &Spanned<DeValue<'_>>, at: usize, scenario: &mut Scenario) {
        let Some(list) = value.get_ref().as_array() else {
            return self.mistake(at, "write [[fault]] on a line of its own".into());
        };
        for element in list.iter() {
            let Some(table) = element.get_ref().as_table() else {
                self.mistake(element.span().start, "write [[fault]] on a line of its own".into());
                continue;
            };
            match timed(table) {
                Ok(timed) => scenario.faults.push(timed),
                Err((at, problem)) => {
                    let first = table.keys().map(|key| key.span().start).min();
                    self.mistake(at.or(first).unwrap_or(element.span().start), problem);
                }
            }
        }
    }

    fn chaos(&mut self, table: &Table<'_>, at: usize) -> Option<Chaos> {
        let mut chaos =
            Chaos { every: Duration::from_secs(30), faults: Vec::new(), lasting: Duration::from_secs(5) };
        let before = self.mistakes.len();
        self.read(table, &["every", "faults", "for"], |key, value| {
            match key {
                "every" => chaos.every = value.duration()?,
                "for" => chaos.lasting = value.duration()?,
                _ => {
                    let faults: Result<_, _> = value.texts()?.iter().map(|line| Fault::parse(line)).collect();
                    chaos.faults = faults?;
                }
            }
            Ok(())
        });
        if self.mistakes.len() == before && chaos.faults.is_empty() {
            self.mistake(at, "chaos needs faults = [\"drop\", …]".into());
        }
        Some(chaos).filter(|chaos| !chaos.faults.is_empty())
    }

    /// Reads every key of a table.
    fn read(
        &mut self,
        table: &Table<'_>,
        known: &[&str],
        mut take: impl FnMut(&str, Written<'_>) -> Result<(), String>,
    ) {
        for (key, value) in table {
            let name = &**key.get_ref();
            if !known.contains(&name) {
                self.mistake(key.span().start, words::unknown("key", name, known.iter().copied()));
            } else if let Err(problem) = take(name, Written(value.get_ref())) {
                self.mistake(value.span().start, format!("{name}: {problem}"));
            }
        }
    }

    fn mistake(&mut self, at: usize, problem: String) {
        let line = self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1;
        self.mistakes.push(Mistake { line, problem });
    }
}

/// One `[[fault]]`, or where in the text its mistake is, if at a place of its own.
fn timed(table: &Table<'_>) -> Result<Timed, (Option<usize>, String)> {
    let (mut at, mut cause, mut lasting) = (None, None, None);
    let mut pairs = Vec::new();
    for (key, value) in table {
        let written = Written(value.get_ref());
        let here = |problem: String| (Some(value.span().start), format!("{}: {problem}", key.get_ref()));
        match &**key.get_ref() {
            "at" => at = Some(written.duration().map_err(here)?),
            "cause" => cause = Some(written.text().map_err(here)?),
            "for" => lasting = Some(written.duration().map_err(here)?),
            key => pairs.push((key, written.text().map_err(here)?)),
        }
    }
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let cause = cause.ok_or((None, "a fault needs cause = \"…\"".into()))?;
    let fault = Fault::named(&cause, &pairs).map_err(|problem| (None, problem))?;
    let at = at.ok_or((None, "a fault needs at = \"…\", as in at = \"30s\"".into()))?;
    Timed { at, fault, lasting }.checked().map_err(|problem| (None, format!("{cause}: {problem}")))
}

impl Written<'_> {
    fn text(&self) -> Result<String, String> {
        match self.0 {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().into()),
            DeValue::Float(number) => Ok(number.as_str().into()),
            DeValue::Boolean(truth) => Ok(truth.to_string()),
            _ => Err("neither a text nor a number".into()),
        }
    }

    fn texts(&self) -> Result<Vec<String>, String> {
        let list = self.0.as_array().ok_or("not a list; write [..], also for a single one")?;
        list.iter().map(|element| Written(element.get_ref()).text()).collect()
    }

    fn number<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, String> {
        let text = self.text()?;
        text.parse().map_err(|error| format!("{text:?} ({error})"))
    }

    fn duration(&self) -> Result<Duration, String> {
        words::duration(&self.text()?)
    }
}
