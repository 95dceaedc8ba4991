//! The settings file as a tree that knows its lines and which keys were asked for.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::mistake::{Mistake, Place, Problem};
use super::origin::{Origin, Setting};
use super::sinks::Tags;

/// The text of the file and what was found wrong so far.
pub(super) struct Document<'d> {
    path: Arc<Path>,
    text: &'d str,
    environment: &'d Environment,
    mistakes: RefCell<Vec<Mistake>>,
}

/// One table of the file. A key that nobody asked for is a mistake.
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    name: String,
    content: Option<&'d DeTable<'d>>,
    asked: Vec<&'static str>,
}

/// A value as written, before it means anything.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'a> {
    /// Text, from the file or from a variable.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Bool(bool),
    /// Something that no setting is; named in words.
    Other(&'static str),
}

/// Turns a value as written into what it means.
pub(super) type Read<T> = fn(Raw<'_>) -> Result<T, Problem>;

impl<'a> Raw<'a> {
    fn of(value: &'a DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other("a number that is too large"), Self::Integer),
            DeValue::Boolean(flag) => Self::Bool(*flag),
            DeValue::Float(_) => Self::Other("a number with decimals"),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Array(_) => Self::Other("a list"),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }
}

impl<'d> Document<'d> {
    /// `path` is only named, `text` is its content.
    pub(super) fn new(path: &Path, text: &'d str, environment: &'d Environment) -> Self {
        Self { path: path.into(), text, environment, mistakes: RefCell::default() }
    }

    /// Notes what the TOML parser could not read. Its own rendering is not used: it shows lines of the file, and a line
    /// can hold a token.
    pub(super) fn unreadable(&self, errors: &[toml::de::Error]) {
        for error in errors {
            let place = self.place(&error.span().unwrap_or_default());
            let problem = Problem::new(
                error.message().replace('\n', ", "),
                "correct this line; a text stands in double quotes",
            );
            self.mistakes.borrow_mut().push(Mistake { place, key: String::new(), problem });
        }
    }

    /// The table that holds all others.
    pub(super) fn root(&'d self, content: &'d DeTable<'d>) -> Table<'d> {
        Table { document: self, name: String::new(), content: Some(content), asked: Vec::new() }
    }

    /// A table that the file does not have.
    pub(super) fn absent(&'d self, name: &str) -> Table<'d> {
        Table { document: self, name: name.into(), content: None, asked: Vec::new() }
    }

    /// Notes a mistake.
    pub(super) fn mistake(&self, place: Place, key: &str, problem: Problem) {
        self.mistakes.borrow_mut().push(Mistake { place, key: key.into(), problem });
    }

    /// Notes that something needed is nowhere, unless it is there and wrong, which is told already.
    pub(super) fn missing(&self, key: &str, problem: Problem) {
        let told = self.mistakes.borrow().iter().any(|mistake| mistake.key.starts_with(key));
        if !told {
            self.mistake(Place::Missing, key, problem);
        }
    }

    /// Everything that is wrong. Where a line is no TOML, only that is said of it; and where it is the name of a section,
    /// only that is said of the file. Nothing counts as missing from a file that is broken.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        let line = |mistake: &Mistake| match mistake.place {
            Place::File(_, line, _) => Some(line),
            _ => None,
        };
        let is_broken = |mistake: &Mistake| mistake.key.is_empty() && line(mistake).is_some();
        let broken: Vec<usize> = mistakes.iter().filter(|m| is_broken(m)).filter_map(line).collect();
        let header =
            |line: &usize| self.text.lines().nth(line - 1).is_some_and(|text| text.trim().starts_with('['));
        let sections_known = !broken.iter().any(header);
        mistakes.retain(|m| match line(m) {
            Some(line) => is_broken(m) || (sections_known && !broken.contains(&line)),
            None => broken.is_empty() || m.place != Place::Missing,
        });
        mistakes.sort_by(|a, b| a.place.cmp(&b.place));
        mistakes
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place::File(Arc::clone(&self.path), line, column)
    }

    fn read<T>(&self, place: Place, key: &str, raw: Raw<'_>, read: Read<T>) -> Option<Setting<T>> {
        let origin = match &place {
            Place::File(path, line, _) => Origin::File(Arc::clone(path), *line),
            Place::Env(name) => Origin::Env(name),
            Place::Missing => Origin::Default,
        };
        match read(raw) {
            Ok(value) => Some(Setting { value, origin }),
            Err(problem) => {
                self.mistake(place, key, problem);
                None
            }
        }
    }
}

impl<'d> Table<'d> {
    /// The value of `key`, from the variable if that is set, else from the file. A wrong value in the file is a mistake
    /// also where the variable wins.
    pub(super) fn field<T>(
        &mut self,
        key: &'static str,
        variable: Option<&'static str>,
        read: Read<T>,
    ) -> Option<Setting<T>> {
        let name = self.qualified(key);
        let document = self.document;
        let from_file = self.take(key).and_then(|value| {
            document.read(document.place(&value.span()), &name, Raw::of(value.get_ref()), read)
        });
        let from_variable = variable.and_then(|variable| {
            let text = document.environment.get(variable)?;
            document.read(Place::Env(variable), &name, Raw::Text(text), read)
        });
        from_variable.or(from_file)
    }

    /// The list at `key`, each element read on its own, so that each wrong one is told. Empty when there is none.
    pub(super) fn list<T>(&mut self, key: &'static str, read: Read<T>) -> Option<Setting<Vec<T>>> {
        let name = self.qualified(key);
        let document = self.document;
        let value = self.take(key)?;
        let place = document.place(&value.span());
        let Some(elements) = value.get_ref().as_array() else {
            let todo = format!("write {key} = [..], also for a single one");
            document.mistake(place, &name, Problem::new("not a list", todo));
            return None;
        };
        let origin = match place {
            Place::File(path, line, _) => Origin::File(path, line),
            _ => Origin::Default,
        };
        let read = |element: &Spanned<DeValue<'_>>| {
            document.read(document.place(&element.span()), &name, Raw::of(element.get_ref()), read)
        };
        let value = elements.iter().filter_map(read).map(|setting| setting.value).collect();
        Some(Setting { value, origin })
    }

    /// What is at `key`: one word, or a list of them.
    pub(super) fn words<T>(
        &mut self,
        key: &'static str,
        word: Read<T>,
        list: fn(Vec<String>) -> Result<T, Problem>,
    ) -> Option<T> {
        let is_list =
            self.content?.iter().any(|(name, value)| name.get_ref() == key && value.get_ref().is_array());
        if !is_list {
            return self.field(key, None, word).map(|setting| setting.value);
        }
        let name = self.qualified(key);
        let words = self.list(key, super::kinds::name)?;
        let place = match words.origin {
            Origin::File(path, line) => Place::File(path, line, 1),
            _ => Place::Missing,
        };
        list(words.value).map_err(|problem| self.document.mistake(place, &name, problem)).ok()
    }

    /// The table at `key`, of texts under any names.
    pub(super) fn texts(&mut self, key: &'static str) -> Tags {
        let name = self.qualified(key);
        let document = self.document;
        let Some(value) = self.take(key) else { return Tags::new() };
        let Some(table) = value.get_ref().as_table() else {
            let problem = Problem::new("not a table", format!("write {key} = {{ name = \"text\" }}"));
            document.mistake(document.place(&value.span()), &name, problem);
            return Tags::new();
        };
        let texts = table.iter().filter_map(|(key, value)| {
            let name = format!("{name}.{}", key.get_ref());
            let text = Raw::of(value.get_ref());
            let read = document.read(document.place(&value.span()), &name, text, super::kinds::name)?;
            Some((key.get_ref().to_string(), read.value))
        });
        texts.collect()
    }

    /// The table at `key`; an empty one when there is none.
    pub(super) fn table(&mut self, key: &'static str) -> Table<'d> {
        let value = self.take(key);
        let content = value.and_then(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                let problem = Problem::new("not a table", format!("write [{key}] on a line of its own"));
                self.document.mistake(self.document.place(&value.span()), &self.qualified(key), problem);
            }
            table
        });
        Table { document: self.document, name: self.qualified(key), content, asked: Vec::new() }
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Table<'d>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let (document, name) = (self.document, self.qualified(key));
        let mut tables = Vec::new();
        for element in value.get_ref().as_array().into_iter().flat_map(|list| list.iter()) {
            let content = element.get_ref().as_table();
            tables.extend(content.map(|content| Table {
                document,
                name: name.clone(),
                content: Some(content),
                asked: Vec::new(),
            }));
        }
        if tables.is_empty() {
            let problem =
                Problem::new("not a list of tables", format!("write [[{key}]] on a line of its own"));
            document.mistake(document.place(&value.span()), &name, problem);
        }
        tables
    }

    /// Where the table's first key stands, for a mistake about the table as a whole.
    pub(super) fn place(&self) -> Place {
        let first =
            self.content.and_then(|table| table.iter().map(|(key, _)| key.span()).min_by_key(|s| s.start));
        first.map_or(Place::Missing, |span| self.document.place(&span))
    }

    /// Says which keys nobody knows.
    pub(super) fn finish(self) {
        for (key, _) in self.content.into_iter().flatten() {
            let written: &str = key.get_ref();
            if self.asked.contains(&written) {
                continue;
            }
            let near = nearest(written, self.asked.iter().copied());
            let todo = near.map_or_else(
                || format!("remove it; known here: {}", self.asked.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            let problem = Problem::new("no such key", todo);
            self.document.mistake(self.document.place(&key.span()), &self.qualified(written), problem);
        }
    }

    /// Where the file has the key.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        let (name, _) = self.content.into_iter().flatten().find(|(name, _)| name.get_ref() == key)?;
        match self.document.place(&name.span()) {
            Place::File(path, line, _) => Some(Origin::File(path, line)),
            _ => None,
        }
    }

    /// Whether the file has the key.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.content.into_iter().flatten().any(|(name, _)| name.get_ref() == key)
    }

    fn take(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.push(key);
        self.content?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// As it is told.
    pub(super) fn qualified(&self, key: &str) -> String {
        if self.name.is_empty() { key.into() } else { format!("{}.{key}", self.name) }
    }
}

/// The known name that was probably meant, if one is near enough.
pub(crate) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(written, name), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
