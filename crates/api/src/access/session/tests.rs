use hearthline_core::ManualClock;

use super::*;

fn asked(cookie: &str) -> HeaderMap {
    HeaderMap::from_iter([(COOKIE, cookie.parse().unwrap())])
}

/// As a browser sends back what was set.
fn of((_, set): Cookie) -> String {
    set.split(';').next().unwrap().to_owned()
}

#[test]
fn a_session_holds_for_its_time_and_outlives_a_restart() {
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_435_200_000_000)));
    let sessions = Sessions::new(b"right", clock.clone());
    let cookie = of(sessions.open());
    assert!(sessions.has(&asked(&cookie)));
    assert!(sessions.has(&asked(&format!("theme=dark; {cookie}; other=1"))));
    assert!(Sessions::new(b"right", clock.clone()).has(&asked(&cookie)), "after a restart");
    assert!(!Sessions::new(b"other", clock.clone()).has(&asked(&cookie)), "another token ends it");
    clock.advance(LENGTH.checked_sub(Duration::from_secs(1)).unwrap());
    assert!(sessions.has(&asked(&cookie)));
    clock.advance(Duration::from_secs(2));
    assert!(!sessions.has(&asked(&cookie)));
}

#[test]
fn what_was_not_made_here_is_none() {
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_435_200_000_000)));
    let sessions = Sessions::new(b"right", clock);
    let cookie = of(sessions.open());
    let (name, value) = cookie.split_once('=').unwrap();
    let (ends, code) = value.split_once('.').unwrap();
    let later = ends.parse::<i64>().unwrap() + 1;
    for forged in [
        String::new(),
        format!("{later}.{code}"),
        format!("{ends}."),
        format!("{ends}.{}", &code[1..]),
        format!("{ends}.{code}00"),
        format!("-{ends}.{code}"),
        format!("{}.zz", i64::MAX),
        "é.é".into(),
    ] {
        let bytes = format!("{name}={forged}").into_bytes();
        let header = axum::http::HeaderValue::from_bytes(&bytes).unwrap();
        assert!(!sessions.has(&HeaderMap::from_iter([(COOKIE, header)])), "{forged}");
    }
    assert!(!sessions.has(&asked(&format!("other={value}"))));
    assert!(!sessions.has(&HeaderMap::new()));
}

#[test]
fn no_script_can_read_it_and_no_other_page_can_send_it() {
    let sessions = Sessions::new(b"right", Arc::new(ManualClock::at(Timestamp(0))));
    for (_, set) in [sessions.open(), ended()] {
        assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    }
    assert!(ended().1.contains("=; Path=/; Max-Age=0;"));
}
