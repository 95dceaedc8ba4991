use super::*;

async fn post(house: &House, body: &'static str, token: Option<&str>) -> Answer {
    Answer::of(house.send(Method::POST, "/api/v1/notes", token, Body::from(body)).await).await
}

#[tokio::test]
async fn a_note_is_written_down_by_who_has_the_token_and_without_secrets() {
    let house = House::new();
    assert_eq!(post(&house, r#"{"text":"x"}"#, None).await.status, StatusCode::UNAUTHORIZED);
    let added = post(&house, r#"{"text":" the token was very-secret "}"#, Some("right")).await;
    let note = json!({ "at": NOON.to_string(), "text": "the token was ***" });
    assert_eq!((added.status, added.json()), (StatusCode::OK, note.clone()));
    assert_eq!(house.document("/api/v1/notes").await, json!({ "notes": [note] }));
    for body in ["", r#"{"text":" "}"#, r#"{"text":"x","at":"now"}"#] {
        assert_eq!(post(&house, body, Some("right")).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
}
