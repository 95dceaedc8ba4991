use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;

static HOUSE: Files = &[
    ("index.html", b"<title>house</title>"),
    ("assets/house-1a2b.js", b"plain"),
    ("assets/house-1a2b.js.gz", b"packed"),
];

async fn ask(files: Files, path: &str, encodings: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::get(path).header(header::ACCEPT_ENCODING, encodings).body(Body::empty()).unwrap();
    let answer = routes_of(files).with_state(()).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

#[tokio::test]
async fn the_page_is_at_the_root_and_is_never_kept_unasked() {
    let (status, headers, body) = ask(HOUSE, "/", "gzip").await;
    assert_eq!((status, body.as_slice()), (StatusCode::OK, b"<title>house</title>".as_slice()));
    assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
    assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY);
    assert!(!headers.contains_key(header::X_FRAME_OPTIONS), "ingress shows the page in a frame");
}

#[tokio::test]
async fn an_asset_is_kept_and_sent_packed_to_who_can_unpack_it() {
    let (_, headers, body) = ask(HOUSE, "/assets/house-1a2b.js", "br, gzip").await;
    assert_eq!(body, b"packed");
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    assert_eq!(headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");

    let (_, headers, body) = ask(HOUSE, "/assets/house-1a2b.js", "br").await;
    assert_eq!(body, b"plain");
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn what_is_not_part_of_the_page_is_not_found() {
    for path in ["/index.html", "/assets/house-1a2b.js.gz", "/assets/other.js", "/assets/../index.html"] {
        assert_eq!(ask(HOUSE, path, "").await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_program_without_its_page_says_so() {
    let (status, _, body) = ask(&[], "/", "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(String::from_utf8(body).unwrap().contains("built without its page"));
}

#[test]
fn the_built_page_links_relatively_and_only_to_itself() {
    for (name, bytes) in FILES {
        assert_ne!(media_type(name.trim_end_matches(".gz")), "application/octet-stream", "{name}");
        let Some(html) = name.ends_with(".html").then(|| String::from_utf8_lossy(bytes)) else { continue };
        for attribute in ["src=\"", "href=\""] {
            for link in html.split(attribute).skip(1) {
                let link =
                    link.strip_prefix("./").and_then(|link| link.split('"').next()).expect("a relative link");
                assert!(FILES.iter().any(|(name, _)| *name == link), "{link}");
            }
        }
    }
}

/// Bytes as they are sent to a browser.
fn packed(name: &str) -> usize {
    let packed = FILES.iter().find(|(other, _)| other.strip_suffix(".gz") == Some(name));
    packed.or_else(|| FILES.iter().find(|(other, _)| *other == name)).map_or(0, |(_, bytes)| bytes.len())
}

#[test]
fn the_first_page_is_small_and_so_is_all_of_it() {
    let Some((_, html)) = FILES.iter().find(|(name, _)| *name == "index.html") else { return };
    let html = String::from_utf8_lossy(html);
    let linked = html.split('"').filter_map(|link| link.strip_prefix("./"));
    let first = html.len() + linked.map(packed).sum::<usize>();
    assert!((10_000..80_000).contains(&first), "the first page has {first} bytes");
    let whole: usize =
        FILES.iter().filter(|(name, _)| !name.ends_with(".gz")).map(|(name, _)| packed(name)).sum();
    assert!(whole > first && whole < 200_000, "the whole page has {whole} bytes");
}
