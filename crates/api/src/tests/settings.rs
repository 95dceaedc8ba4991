//! A house whose settings are asked for.

use super::*;
use crate::{
    FilterPreview, KeptSet, KeptSetting, KeptSettings, Reloaded, Setting, SettingChange, SettingMistake,
    SettingsChecked, SettingsDesk, SettingsInForce,
};

pub(super) fn house() -> SettingsDesk {
    let change = |name: &str, holds: &str| SettingChange {
        name: name.into(),
        from: json!([]),
        to: json!(["light"]),
        secret: false,
        holds: holds.into(),
    };
    let reloaded = Reloaded {
        at: NOON.to_string(),
        by: "person".into(),
        says: "1 setting was taken up".into(),
        mistakes: Vec::new(),
        taken: vec![change("filter.exclude", "live")],
        waiting: vec![change("home_assistant.events", "restart")],
        filter_behind: Some(7),
        troubles: vec!["the weather was not started anew".into()],
    };
    let in_force = SettingsInForce {
        file: Some("/etc/hearthline.toml".into()),
        since: NOON.to_string(),
        settings: vec![Setting {
            name: "log.keep".into(),
            value: json!("24h"),
            secret: false,
            origin: None,
            meaning: "How long.".into(),
            kind: "a duration".into(),
            unset: String::new(),
            holds: "restart".into(),
        }],
        waiting: reloaded.waiting.clone(),
        notes: vec!["INFLUXDB_ORG: of no use".into()],
        last_reload: Some(reloaded.clone()),
    };
    let kept = KeptSet {
        number: 3,
        since: NOON.to_string(),
        healthy: NOON.to_string(),
        version: "0.1.0".into(),
        file: None,
        settings: vec![KeptSetting {
            name: "log.keep".into(),
            value: json!("24h"),
            secret: false,
            origin: None,
        }],
    };
    SettingsDesk {
        in_force: Arc::new(move || in_force.clone()),
        reload: Arc::new(move || Box::pin(std::future::ready(reloaded.clone()))),
        check: Arc::new(|toml| Box::pin(std::future::ready(checked(toml)))),
        kept: Arc::new(move || Box::pin(std::future::ready(Ok(KeptSettings { kept: vec![kept.clone()] })))),
    }
}

fn checked(toml: Option<String>) -> SettingsChecked {
    let toml = toml.unwrap_or_default();
    let wrong =
        SettingMistake { place: "a:1:1".into(), key: toml.clone(), reason: "no".into(), todo: "do".into() };
    let preview = FilterPreview { entities: 4, comes_in: vec!["light.a".into()], ..FilterPreview::default() };
    SettingsChecked {
        says: "a mistake".into(),
        mistakes: if toml.is_empty() { Vec::new() } else { vec![wrong] },
        changes: Vec::new(),
        preview: toml.is_empty().then_some(preview),
    }
}

#[tokio::test]
async fn reading_them_again_and_checking_others_needs_the_token() {
    let house = House::new();
    for path in ["/api/v1/reload", "/api/v1/settings/check"] {
        assert_eq!(house.answer(Method::POST, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let reloaded = house.change("/api/v1/reload").await;
    assert_eq!((reloaded.status, &reloaded.json()["filter_behind"]), (StatusCode::OK, &json!(7)));
    let wrong = repairs::post(&house, "/api/v1/settings/check", r#"{"toml": "x"}"#).await.json();
    assert_eq!((&wrong["mistakes"][0]["key"], &wrong["preview"]), (&json!("x"), &json!(null)));
    let unread = repairs::post(&house, "/api/v1/settings/check", "x").await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.document("/api/v1/settings/kept").await["kept"][0]["number"], 3);
}
