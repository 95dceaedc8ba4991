use super::*;

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_words() {
    let house = House::new();
    let mut words = String::new();
    for path in [
        "/api/v1/events?from=yesterday",
        "/api/v1/events?limit=many",
        "/api/v1/events?entities=light.hall",
        "/api/v1/events?entity=light.%5Ba",
        "/api/v1/live?entity=a%20b",
        "/api/v1/entities?id=light.hall",
        "/api/v1/entities/light.hall/history?bucket=1y",
        "/api/v1/entities/light.hall/history?bucket=1s&fill=zero",
        "/api/v1/entities/light.hall/history?bucket=1s",
        "/api/v1/export?format=xml",
        "/api/v1/quarantine?to=2026-11-23",
        "/api/v1/retention?keep=1h",
        "/api/v1/gaps/first",
        "/api/v1/entities/%FF",
        "/api/v1/report?since=yesterday",
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let error = &answer.json()["error"];
        let [what, why, todo] = ["what", "why", "do"].map(|key| error[key].as_str().unwrap().to_owned());
        words.push_str(&format!("{path}\n  {what}: {why}\n  {todo}\n"));
    }
    insta::assert_snapshot!(words);
}

#[tokio::test]
async fn an_unknown_path_is_answered_in_words_beside_the_page() {
    let house = House::new();
    for path in ["/api/v1/nothing", "/api", "/nothing.html"] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["why"], format!("there is nothing at {path}"));
    }
    assert!(house.get("/").await.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn what_is_refused_before_a_route_is_asked_is_refused_in_words_too() {
    let house = House::new();
    let flush = house.ask(Method::GET, "/api/v1/flush").await;
    assert_eq!(flush.headers().get("allow").unwrap(), "POST");
    let flush = house.get("/api/v1/flush").await;
    assert_eq!(flush.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(flush.json()["error"]["why"], "this address is not asked by that method");
    let long = format!(r#"{{"text": "{}"}}"#, "a".repeat(3 << 20));
    let note = repairs::post(&house, "/api/v1/notes", &long).await;
    assert_eq!(note.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(note.json()["error"]["what"], "the body cannot be read");
}

/// As it comes from another machine.
async fn from_elsewhere(house: &House, request: Request<Body>) -> axum::response::Response {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert("host", "192.168.1.10:8099".parse().unwrap());
    parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 168, 1, 20], 50_000))));
    house.router.clone().oneshot(Request::from_parts(parts, body)).await.unwrap()
}

#[tokio::test]
async fn nothing_of_the_house_is_answered_to_one_who_may_not_ask() {
    let house = House::new();
    for path in
        ["/healthz", "/api/v1/session", "/api/v1/events", "/api/v1/live", "/api/v1/nothing", "/openapi.json"]
    {
        let response = from_elsewhere(&house, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(response.headers().get("www-authenticate").unwrap(), "Bearer");
    }
    for path in ["/", "/livez"] {
        let response = from_elsewhere(&house, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_browser_on_another_machine_signs_in_and_out() {
    let house = House::new();
    let sign_in = async |token: &str| {
        let body = Body::from(format!(r#"{{"token": "{token}"}}"#));
        from_elsewhere(&house, Request::post("/api/v1/session").body(body).unwrap()).await
    };
    let refused = sign_in("wrong").await;
    assert_eq!((refused.status(), refused.headers().get("set-cookie")), (StatusCode::UNAUTHORIZED, None));
    let cookie = cookie_of(&sign_in(" right\\n").await);

    let with = |request: axum::http::request::Builder| {
        request
            .header("cookie", &cookie)
            .header("origin", "http://192.168.1.10:8099")
            .body(Body::empty())
            .unwrap()
    };
    let seen = from_elsewhere(&house, with(Request::get("/api/v1/session"))).await;
    assert!(cookie_of(&seen).starts_with("hearthline_session="), "it is made new");
    let seen = Answer::of(seen).await.json();
    assert_eq!(seen, json!({ "caller": "session", "user": null, "may_change": true }));
    let changed = from_elsewhere(&house, with(Request::post("/api/v1/conflicts/reset?sink=none"))).await;
    assert_eq!(changed.status(), StatusCode::NOT_FOUND, "it was let through, and there is no such sink");
    let foreign = Request::post("/api/v1/conflicts/reset?sink=none")
        .header("cookie", &cookie)
        .header("origin", "http://evil.example")
        .body(Body::empty());
    assert_eq!(from_elsewhere(&house, foreign.unwrap()).await.status(), StatusCode::FORBIDDEN);

    let out = from_elsewhere(&house, with(Request::delete("/api/v1/session"))).await;
    assert_eq!((out.status(), &*cookie_of(&out)), (StatusCode::NO_CONTENT, "hearthline_session="));
}

/// The name and value that a response sets.
fn cookie_of(response: &axum::response::Response) -> String {
    let set = response.headers().get("set-cookie").unwrap().to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}
