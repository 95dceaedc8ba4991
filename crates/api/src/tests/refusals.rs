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
async fn nothing_is_answered_to_one_who_may_not_ask() {
    let house = House::new();
    for path in ["/", "/api/v1/events", "/api/v1/live", "/api/v1/nothing", "/openapi.json"] {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(response.headers().get("www-authenticate").unwrap(), "Bearer");
    }
}
