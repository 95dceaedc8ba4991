use axum::http::{HeaderName, HeaderValue};

use super::*;

const HERE: &str = "127.0.0.1";
const THERE: &str = "192.168.1.20";

fn ask(peer: &str, headers: &[(&str, &str)]) -> Result<(), StatusCode> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let uri = Uri::from_static("/api/v1/status");
    decide(&ApiToken::new("right"), Some(peer.parse().unwrap()), &uri, &headers).map_err(|error| error.status)
}

#[test]
fn a_caller_on_this_machine_needs_no_token() {
    for host in ["127.0.0.1:8099", "localhost:8099", "localhost", "[::1]:8099", "127.0.0.2"] {
        assert_eq!(ask(HERE, &[("host", host)]), Ok(()), "{host}");
    }
    assert_eq!(ask("::1", &[("host", "[::1]:8099")]), Ok(()));
    assert_eq!(ask("::ffff:127.0.0.1", &[("host", "localhost")]), Ok(()));
}

#[test]
fn a_caller_from_elsewhere_needs_the_token() {
    let host = ("host", "192.168.1.10:8099");
    assert_eq!(ask(THERE, &[host]), Err(StatusCode::UNAUTHORIZED));
    assert_eq!(ask(THERE, &[host, ("authorization", "Bearer wrong")]), Err(StatusCode::UNAUTHORIZED));
    assert_eq!(ask(THERE, &[host, ("authorization", "Bearer righ")]), Err(StatusCode::UNAUTHORIZED));
    assert_eq!(ask(THERE, &[host, ("authorization", "Basic right")]), Err(StatusCode::UNAUTHORIZED));
    assert_eq!(ask(THERE, &[host, ("authorization", "bearer right")]), Ok(()));
    assert_eq!(ask(THERE, &[("host", "127.0.0.1:8099")]), Err(StatusCode::UNAUTHORIZED), "whatever it says");
}

#[test]
fn a_request_that_a_proxy_passed_on_is_never_from_this_machine() {
    for name in
        ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-anything", "forwarded", "x-real-ip", "via"]
    {
        let headers = [("host", "localhost"), (name, "127.0.0.1")];
        assert_eq!(ask(HERE, &headers), Err(StatusCode::UNAUTHORIZED), "{name}");
    }
    let shown = [("host", "home.example"), ("x-forwarded-for", "1.2.3.4"), ("authorization", "Bearer right")];
    assert_eq!(ask(HERE, &shown), Ok(()));
}

#[test]
fn a_name_that_was_made_to_resolve_to_this_machine_is_refused() {
    for host in
        ["evil.example:8099", "localhost.evil.example", "192.168.1.10:8099", "", "127.0.0.1.evil.example"]
    {
        assert_eq!(ask(HERE, &[("host", host)]), Err(StatusCode::FORBIDDEN), "{host}");
    }
    assert_eq!(ask(HERE, &[]), Err(StatusCode::FORBIDDEN));
}

#[test]
fn a_page_from_elsewhere_is_refused_and_one_from_here_is_not() {
    let ask = |origin| ask(HERE, &[("host", "localhost:8099"), ("origin", origin)]);
    assert_eq!(ask("http://localhost:8099"), Ok(()));
    for origin in
        ["http://evil.example", "http://localhost:8123", "null", "http://localhost:8099.evil.example"]
    {
        assert_eq!(ask(origin), Err(StatusCode::FORBIDDEN), "{origin}");
    }
}

#[test]
fn without_a_known_peer_the_token_is_needed() {
    let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
    let error = decide(&ApiToken::new("right"), None, &Uri::from_static("/"), &headers).unwrap_err();
    assert_eq!(error.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_program_without_a_token_takes_no_empty_one() {
    assert!(!ApiToken::new("").is(""));
    assert_eq!(format!("{:?}", ApiToken::new("right")), "ApiToken");
}
