//! Reading a statement.

/// What is asked, and of what.
#[derive(Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) what: What,
    /// The database, where the statement names one.
    pub(super) on: Option<String>,
    /// The measurement.
    pub(super) from: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(super) enum What {
    Databases,
    Create(String),
    Drop(String),
    Measurements,
    Fields,
    Tags,
    Retention,
    DropMeasurement(String),
    AllShards,
    /// Of that database.
    Shards(String),
}

impl Statement {
    /// Reads one.
    ///
    /// # Errors
    /// What was found in place of what is understood here.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text);
        let words: Vec<String> = tokens.iter().map(|token| token.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let given = |at: usize| tokens.get(at).cloned().unwrap_or_default();
        let what = match words.as_slice() {
            ["SHOW", "DATABASES"] => What::Databases,
            ["SHOW", "MEASUREMENTS", ..] => What::Measurements,
            ["SHOW", "FIELD", "KEYS", ..] => What::Fields,
            ["SHOW", "TAG", "KEYS", ..] => What::Tags,
            ["SHOW", "RETENTION", "POLICIES", ..] => What::Retention,
            ["CREATE", "DATABASE", _, ..] => What::Create(given(2)),
            ["DROP", "DATABASE", _] => What::Drop(given(2)),
            ["DROP", "MEASUREMENT", _] => What::DropMeasurement(given(2)),
            ["SHOW", "SHARDS"] => What::AllShards,
            other => {
                return Err(format!(
                    "found {}, expected SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL \
                     at line 1, char 1",
                    other.join(" ")
                ));
            }
        };
        let after = |word: &str| words.iter().position(|known| *known == word).map(|at| at + 1);
        let from = after("FROM").map(|mut at| {
            // Of `"db"."rp"."measurement"` the last.
            while words.get(at + 1) == Some(&".") {
                at += 2;
            }
            given(at)
        });
        Ok(Self { what, on: after("ON").map(given), from })
    }
}

/// Names lose their quotes, signs stand alone.
fn tokens(statement: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = statement.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            '"' => {
                let mut name = String::new();
                while let Some(character) = rest.next().filter(|character| *character != '"') {
                    name.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
                }
                tokens.push(name);
            }
            '(' | ')' | ',' | '.' | ':' => tokens.push(first.into()),
            first if first.is_whitespace() => {}
            first => {
                let mut word = String::from(first);
                while let Some(more) = rest.next_if(|c| !c.is_whitespace() && !"(),.:\"".contains(*c)) {
                    word.push(more);
                }
                tokens.push(word);
            }
        }
    }
    tokens
}
