//! Words and signs of InfluxQL and SQL.

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::influxdb) enum Token {
    /// A name without quotes, or a word of the language.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// In single quotes.
    Text(String),
    /// As it stands there, with its sign.
    Number(String),
    /// Between slashes.
    Regex(String),
    /// `::`, `=~`, `>=`, ….
    Sign(&'static str),
}

const SIGNS: [&str; 17] =
    ["::", "=~", ">=", "<=", "!=", "<>", "(", ")", ",", ".", "=", "<", ">", "&", "*", "~", ";"];

/// Reads them.
///
/// # Errors
/// With what cannot be one.
pub(in crate::influxdb) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let after_tilde = matches!(tokens.last(), Some(Token::Sign("=~")));
        let (token, after) = match first {
            '"' | '\'' => {
                let (text, after) = quoted(rest, first)?;
                (if first == '"' { Token::Name(text) } else { Token::Text(text) }, after)
            }
            '/' if after_tilde => {
                let (text, after) = quoted(rest, '/')?;
                (Token::Regex(text), after)
            }
            '0'..='9' | '-' => {
                let end = rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit() && *c != '.');
                let (number, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
                (Token::Number(number.to_owned()), after)
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
                (Token::Word(word.to_owned()), after)
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or_else(|| format!("found {first}"))?;
                (Token::Sign(sign), rest.get(sign.len()..).unwrap_or_default())
            }
        };
        tokens.push(token);
        rest = after;
    }
}

/// A text with its quotes, and what follows. A quote inside has a backslash before it, or (in SQL) stands twice.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut read = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '/' => {
                if chars.peek().is_none_or(|(_, next)| *next != '/') {
                    read.push('\\');
                }
                read.extend(chars.next().map(|(_, c)| c));
            }
            '\\' => match chars.next() {
                Some((_, 'n')) => read.push('\n'),
                Some((_, c)) => read.push(c),
                None => break,
            },
            c if c == quote && chars.peek().is_some_and(|(_, next)| *next == quote) => {
                chars.next();
                read.push(quote);
            }
            c if c == quote => return Ok((read, text.get(at + c.len_utf8()..).unwrap_or_default())),
            c => read.push(c),
        }
    }
    Err(format!("found {text}, expected its end"))
}
