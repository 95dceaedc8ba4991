//! The page that a person looks at: files that the build script made from `dashboard/`, part of the program.
//!
//! All links in it are relative, because Home Assistant's ingress serves it under a path that only ingress knows. It
//! asks nobody but this program, and nothing in it runs that did not come from there (see [`POLICY`]).

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// The name of each file below the page's root, and its bytes. `<name>.gz` are the same bytes, packed.
type Files = &'static [(&'static str, &'static [u8])];

/// Empty in a program that was built without the page.
static FILES: Files = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Ingress shows the page in a frame of Home Assistant's own address.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'";

const ABSENT: &str = "<!doctype html><html lang=\"en\"><title>Hearthline</title><h1>Hearthline records</h1>\
    <p>This program was built without its page: npm was not there. Everything else works: see \
    <a href=\"api/v1/status\">the status</a> or <code>hearthline status</code>.</p></html>";

/// `/` and every file that it names.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    routes_of(FILES)
}

fn routes_of<S: Clone + Send + Sync + 'static>(files: Files) -> Router<S> {
    if files.is_empty() {
        return Router::new().route("/", get(async || Html(ABSENT)));
    }
    let plain = files.iter().filter(|(name, _)| !name.ends_with(".gz"));
    plain.fold(Router::new(), |router, &(name, bytes)| {
        let packed =
            files.iter().find(|(other, _)| other.strip_suffix(".gz") == Some(name)).map(|&(_, bytes)| bytes);
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        router.route(&path, get(async move |headers: HeaderMap| answer(name, bytes, packed, &headers)))
    })
}

fn answer(name: &str, bytes: &'static [u8], packed: Option<&'static [u8]>, asked: &HeaderMap) -> Response {
    // Names below `assets/` carry a hash of their content.
    let keep = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, media_type(name)),
        (header::CACHE_CONTROL, keep),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match packed.filter(|_| takes_gzip(asked)) {
        Some(packed) => (headers, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        None => (headers, bytes).into_response(),
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let encodings =
        asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    encodings.split(',').any(|encoding| encoding.trim() == "gzip")
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
