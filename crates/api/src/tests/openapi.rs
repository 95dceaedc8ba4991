//! Holds the document against the routes and their answers.

use std::collections::BTreeSet;

use hearthline_core::ChangeKind;

use super::*;

fn document() -> Value {
    serde_json::from_str(include_str!("../routes/openapi.json")).unwrap()
}

#[test]
fn every_route_is_in_it_and_every_path_of_it_is_routed() {
    let source = include_str!("../routes.rs");
    let routed: BTreeSet<(&str, &str)> = source
        .split(".route(\"")
        .skip(1)
        .map(|route| route.split_once("\", ").unwrap())
        .map(|(path, how)| (path, how.split_once('(').unwrap().0))
        .collect();
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let written: BTreeSet<(&str, &str)> = paths
        .flat_map(|(path, how)| how.as_object().unwrap().keys().map(move |how| (path.as_str(), how.as_str())))
        .collect();
    assert_eq!(routed, written);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn every_answer_has_the_shape_that_it_says() {
    let mut house = sinks::house();
    house.carry_out_orders();
    house.write(vec![
        state(9, "sensor.hall", "21.5"),
        state(8, "sensor.hall", ""),
        event(7, "call_service", "{}"),
        quarantined(6, "no JSON", b"x"),
        state(5, "sensor.new", "1"),
        context::known(5, context::info("k", "sensor.new", "Hall"), &[(ChangeKind::Unit, "°C", "°F")]),
        context::weather(5, 11.5, "sunny"),
    ]);
    let document = document();
    let waiting = setup::house();
    assert_eq!(house.document("/openapi.json").await, document);
    let mut checked = 0;
    for (path, how) in document["paths"].as_object().unwrap() {
        for (method, operation) in how.as_object().unwrap() {
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            if !schema.is_object() || path == "/api/v1/export" {
                continue;
            }
            let asked = match path.as_str() {
                path if path.starts_with("/api/v1/repairs/{id}") => {
                    path.replace("{id}", &repairs::stood(&house).await)
                }
                path if path.starts_with("/api/v1/alerts/") => path.replace("{id}", "sink_behind:store"),
                path if path.starts_with("/api/v1/runbook/{id}") => {
                    path.replace("{id}", &runbook::stood(&house).await)
                }
                "/api/v1/backups/{name}/rehearse" => backups::rehearsed(&house).await,
                "/api/v1/gaps/{id}" => "/api/v1/gaps/1".into(),
                "/api/v1/backfill" => "/api/v1/backfill?from=2026-11-01T00:00:00Z".into(),
                "/api/v1/sinks/{name}" => "/api/v1/sinks/influxdb".into(),
                "/api/v1/maintenance/end" => {
                    told::began(&house).await;
                    "/api/v1/maintenance/end".into()
                }
                "/api/v1/quarantine/drop" => "/api/v1/quarantine/drop?seqs=4".into(),
                "/api/v1/quarantine/retry" => "/api/v1/quarantine/retry?all=true".into(),
                path => path.replace("{id}", "sensor.hall").replace("{name}", "drop").replace("{seq}", "4"),
            };
            let answer = match operation.get("security") {
                _ if path.starts_with("/api/v1/setup") && method == "post" => {
                    repairs::post(&waiting, &asked, setup::HERE).await
                }
                _ if operation["requestBody"].is_object() => {
                    let body = match asked.as_str() {
                        "/api/v1/session" => r#"{"token": "right"}"#,
                        "/api/v1/runbook" => runbook::WATCH,
                        "/api/v1/settings/check" => r#"{"toml": ""}"#,
                        "/api/v1/verify" => r#"{"rounds": 2}"#,
                        "/api/v1/backups" => "{}",
                        "/api/v1/notes" => r#"{"text": "turned the router off and on"}"#,
                        path if path.starts_with("/api/v1/alerts/") => r#"{"for": "2h"}"#,
                        "/api/v1/maintenance" => told::DISK,
                        "/api/v1/notify/test" | "/api/v1/report/send" => "{}",
                        _ => repairs::MEND,
                    };
                    repairs::post(&house, &asked, body).await
                }
                Some(_) => house.change(&asked).await,
                None => house.answer(method.to_uppercase().parse().unwrap(), &asked).await,
            };
            assert_eq!(answer.status, StatusCode::OK, "{asked}: {}", answer.text());
            conforms(&document, schema, &answer.json(), &asked);
            checked += 1;
        }
    }
    assert!(checked > 10);
    let shape = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let buckets = house.document("/api/v1/entities/sensor.hall/history?bucket=1h").await;
    conforms(&document, &shape("History"), &buckets, "buckets");
    conforms(&document, &shape("Setup"), &waiting.document("/api/v1/setup").await, "setup");
    conforms(&document, &shape("Refusal"), &house.get("/nothing").await.json(), "refusal");
}

#[tokio::test(start_paused = true)]
async fn every_parameter_is_known_to_its_route() {
    let house = House::new();
    for (path, how) in document()["paths"].as_object().unwrap() {
        let parameters = how["get"]["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let asked = format!("{}?{name}=%00", path.replace("{id}", "a.b"));
            let response = house.ask(Method::GET, &asked).await;
            if response.status() != StatusCode::OK {
                let chunks = response.into_body().into_data_stream();
                let body: Vec<u8> =
                    chunks.map(|chunk| chunk.map(|chunk| chunk.to_vec())).try_concat().await.unwrap();
                assert!(
                    !String::from_utf8_lossy(&body).contains("unknown field"),
                    "{path} does not know {name}"
                );
            }
        }
    }
}

/// Checks a value against the part of JSON Schema that the document uses. A property that the schema does not have is a
/// mistake too.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(pointer) = schema["$ref"].as_str() {
        return conforms(document, document.pointer(&pointer[1..]).unwrap(), value, at);
    }
    if let Some(either) = schema["oneOf"].as_array() {
        assert_eq!(either[1], json!({ "type": "null" }), "{at}");
        if !value.is_null() {
            conforms(document, &either[0], value, at);
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
    match &schema["type"] {
        Value::Null => return, // anything
        Value::Array(kinds) => assert!(kinds.iter().any(is), "{at} is {value}"),
        name => assert!(is(name), "{at} is {value} and no {name}"),
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at} is {value}");
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        conforms(document, &schema["items"], item, &format!("{at}[{n}]"));
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().unwrap() {
            assert!(object.contains_key(name.as_str().unwrap()), "{at} has no {name}");
        }
        for (name, value) in object {
            let schema = properties.get(name).unwrap_or_else(|| panic!("{at}.{name} is not in the document"));
            conforms(document, schema, value, &format!("{at}.{name}"));
        }
    }
}
