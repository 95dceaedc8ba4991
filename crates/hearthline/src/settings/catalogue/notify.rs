//! The keys of a `[[notify]]`.

use hearthline_pipeline::webhook::{Shape, Urgency};

use super::{Entry, PATH, Shown, What, nothing, row};
use crate::settings::notify::Notify;
use crate::settings::secret::Secret;
use crate::settings::written;

/// In the order in which a person needs them.
pub(in crate::settings) const NOTIFY: &[Entry<Notify>] = &[
    row!(@ "type", [], Restart, "`ntfy`, `slack`, `discord`, `gotify` or `template`", "has to be set", "How messages look.",
        |place: &Notify| shown(place, What::Plain(place.shape.as_str().into())), |_, _| ()),
    row!(set "name": Restart, "a name", name => written::text, "What it is called; the type where it has no other name."),
    row!(@ "url", [], Restart, "an address", "has to be set",
        "Where messages are sent. Whoever knows it may write there: better in a file of its own.",
        |place: &Notify| super::secret(Some(&place.url)), |_, _| ()),
    row!(open "url_file": Restart, PATH or "none", url_file => written::path, "A file with the address."),
    row!(hidden "token": Restart, "a secret" or "none", token,
        "Sent as `Authorization: Bearer`, and to Gotify as it wants it, which has to have one. Better in a file of its own."),
    row!(open "token_file": Restart, PATH or "none", token_file => written::path, "A file with the token."),
    row!(@ "headers", [], Restart, "a table of texts", "none", "What is said beside each message. Never shown.",
        headers, |_, _| ()),
    row!(@ "body", [], Restart, "a text", "of a type", "Type `template`: what is sent, with `{title}` and `{text}` in it.",
        body, |_, _| ()),
    row!(set "level": Restart, "`info`, `warning` or `critical`", level => urgency, "What is less urgent is not told there."),
    row!(set "per_hour": Restart, "a number", per_hour => written::count,
        "Messages within an hour, at most. How many were held back is told with the next."),
    row!(open "ca_file": Restart, PATH or "none", ca_file => written::path, "More certificates to trust, PEM."),
    row!(set "tls_verify": Restart, "true or false", tls_verify => written::flag,
        "Whether the server's certificate is checked."),
];

/// It stands where the address does.
fn shown(place: &Notify, value: What) -> Option<Shown> {
    Some(Shown { value, origin: place.url.origin.clone() })
}

fn headers(place: &Notify) -> Option<Shown> {
    if place.headers.is_empty() {
        return nothing();
    }
    let written = place
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    shown(place, What::Secret(Secret::new(written.collect::<Vec<_>>().join("\n"))))
}

fn body(place: &Notify) -> Option<Shown> {
    match &place.shape {
        Shape::Template(body) => shown(place, What::Plain(body.as_str().into())),
        _ => nothing(),
    }
}

fn urgency(level: &Urgency) -> serde_json::Value {
    level.as_str().into()
}
