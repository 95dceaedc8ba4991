use axum::http::{HeaderName, HeaderValue};

use hearthline_core::{ManualClock, Timestamp};

use super::*;

const HERE: &str = "127.0.0.1";
const THERE: &str = "192.168.1.20";

fn access(has_ingress: bool) -> Access {
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_435_200_000_000)));
    Access::new(ApiToken::new("right"), clock, has_ingress)
}

fn asked(headers: &[(&str, &str)]) -> HeaderMap {
    let header = |&(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
    };
    headers.iter().map(header).collect()
}

fn who(access: &Access, method: &Method, peer: &str, headers: &[(&str, &str)]) -> Result<Caller, StatusCode> {
    let uri = Uri::from_static("/api/v1/status");
    decide(access, Some(peer.parse().unwrap()), method, &uri, &asked(headers)).map_err(|error| error.status)
}

fn ask(peer: &str, headers: &[(&str, &str)]) -> Result<(), StatusCode> {
    who(&access(false), &Method::GET, peer, headers).map(drop)
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
    let error = decide(&access(false), None, &Method::GET, &Uri::from_static("/"), &headers).unwrap_err();
    assert_eq!(error.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_program_without_a_token_takes_no_empty_one() {
    assert!(!ApiToken::new("").is(""));
    assert_eq!(format!("{:?}", ApiToken::new("right")), "ApiToken");
}

/// The cookie of a session, as a browser sends it.
fn session(access: &Access) -> String {
    let (_, set) = access.open("right").unwrap();
    set.split(';').next().unwrap().to_owned()
}

#[test]
fn a_browser_shows_the_token_once() {
    let access = access(false);
    assert_eq!(access.open("wrong").unwrap_err().status, StatusCode::UNAUTHORIZED);
    let cookie = session(&access);
    let headers = [("host", "192.168.1.10:8099"), ("cookie", &*cookie)];
    assert_eq!(who(&access, &Method::GET, THERE, &headers), Ok(Caller::Session));
    let forged = [("host", "192.168.1.10:8099"), ("cookie", "hearthline_session=9999999999.00")];
    assert_eq!(who(&access, &Method::GET, THERE, &forged), Err(StatusCode::UNAUTHORIZED));
}

#[test]
fn a_session_changes_something_only_from_a_page_of_this_program() {
    let access = access(false);
    let cookie = session(&access);
    let from = |method: &Method, host: (&str, &str), origin: Option<&str>| {
        let mut headers = vec![host, ("cookie", &*cookie)];
        headers.extend(origin.map(|origin| ("origin", origin)));
        who(&access, method, THERE, &headers)
    };
    let host = ("host", "house.example:8099");
    assert_eq!(from(&Method::POST, host, Some("http://house.example:8099")), Ok(Caller::Session));
    assert_eq!(from(&Method::POST, host, None), Err(StatusCode::FORBIDDEN));
    for origin in ["http://evil.example", "null", "http://house.example"] {
        for method in [Method::POST, Method::GET] {
            assert_eq!(from(&method, host, Some(origin)), Err(StatusCode::FORBIDDEN), "{origin}");
        }
    }
    // Behind a proxy that asks in its own name.
    let headers = [
        ("host", "127.0.0.1:8099"),
        ("x-forwarded-host", "house.example"),
        ("origin", "https://house.example"),
        ("cookie", &*cookie),
    ];
    assert_eq!(who(&access, &Method::POST, HERE, &headers), Ok(Caller::Session));
}

#[test]
fn ingress_is_believed_only_where_there_is_one_and_only_from_its_address() {
    let headers =
        [("host", "abc-hearthline"), ("x-forwarded-for", "10.0.0.9"), ("x-remote-user-display-name", "Ada")];
    let ada = Ok(Caller::Ingress(Some("Ada".into())));
    assert_eq!(who(&access(true), &Method::POST, "172.30.32.2", &headers), ada);
    assert_eq!(who(&access(true), &Method::POST, "::ffff:172.30.32.2", &headers), ada);
    assert_eq!(who(&access(true), &Method::GET, "172.30.32.3", &headers), Err(StatusCode::UNAUTHORIZED));
    assert_eq!(who(&access(false), &Method::GET, "172.30.32.2", &headers), Err(StatusCode::UNAUTHORIZED));
}

#[test]
fn to_be_on_this_machine_is_not_enough_to_change_something() {
    assert!(!Caller::Machine.may_change());
    assert!([Caller::Token, Caller::Session, Caller::Ingress(None)].iter().all(Caller::may_change));
}
