use hearthline_runbook::doctor::{Depth, Running, examine};

use super::*;
use crate::settings::{Environment, Purpose, load};

/// Each is somewhere where a secret can be.
const PLANTED: [&str; 11] = [
    "secret-ha-token",
    "secret-ha-file",
    "secret-of-influx",
    "secret-password",
    "secret-weather-key",
    "secret-weather-file",
    "secret-api-token",
    "secret-of-phone",
    "secret-header",
    "secret-of-broker",
    "secret&in/an=address",
];

/// Files of a house with a secret at each place, and its settings.
fn house(dir: &Path) -> Settings {
    let fs: &dyn Fs = &RealFs;
    let put = |name: &str, text: &str| fs.write_atomic(&dir.join(name), text.as_bytes()).unwrap();
    for name in ["secrets", "repairs/one", "receipts", "logs"] {
        fs.create_dir_all(&dir.join(name)).unwrap();
    }
    put("secrets/api_token", "secret-api-token\n");
    put("ha_token", "secret-ha-file");
    put("weather_key", "secret-weather-file");
    put("password", "secret-password");
    // As a server might say it again.
    let said = PLANTED.map(|secret| format!("refused {secret}")).join("; ");
    put("repairs/one/receipt.json", &serde_json::json!({ "error": said, "secret-of-influx": 1 }).to_string());
    let line = serde_json::json!({
        "seq": 1, "at": "2026-11-26T22:00:00.000000Z", "level": "warn", "part": "influxdb", "message": said,
    });
    put("logs/00000000000000000001.ndjson", &format!("{line}\n"));
    let encoded: String = url::form_urlencoded::byte_serialize(b"secret&in/an=address").collect();
    put(
        "receipts/retention-1.json",
        &serde_json::json!({ "url": format!("/write?token={encoded}") }).to_string(),
    );
    let file = format!(
        "[home_assistant]\nurl = \"http://127.0.0.1:1\"\ntoken_file = \"{dir}/ha_token\"\n\
         [weather]\nprovider = \"openweathermap\"\napi_key_file = \"{dir}/weather_key\"\n\
         [[sinks]]\ntype = \"influxdb\"\nurl = \"http://127.0.0.1:1\"\ntoken = \"secret-of-influx\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"two\"\nurl = \"http://127.0.0.1:1\"\nusername = \"me\"\n\
         password_file = \"{dir}/password\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"three\"\nurl = \"http://127.0.0.1:1\"\ntoken = \"secret&in/an=address\"\n\
         [[notify]]\ntype = \"template\"\nurl = \"http://127.0.0.1:1\"\ntoken = \"secret-of-phone\"\nbody = \"{{text}}\"\n\
         headers = {{ X-Key = \"secret-header\" }}\n\
         [mqtt]\nhost = \"127.0.0.1\"\nport = 1\nusername = \"me\"\npassword = \"secret-of-broker\"\n",
        dir = dir.display()
    );
    let environment: Environment =
        [("HEARTHLINE_DATA_DIR", dir.to_str().unwrap()), ("HEARTHLINE_API_LISTEN", "127.0.0.1:0")]
            .into_iter()
            .collect();
    let read = move |path: &Path| match path.file_name() {
        Some(name) if name == "a.toml" => Ok(file.clone()),
        _ => std::fs::read_to_string(path),
    };
    load(Some("a.toml".as_ref()), &environment, &read, Purpose::Record).unwrap()
}

#[tokio::test]
async fn no_secret_is_in_it_wherever_one_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut settings = house(dir);
    // As if these had been said in place of the files.
    settings.home_assistant.token =
        Some(crate::settings::Setting::default(crate::settings::Secret::new("secret-ha-token")));
    settings.weather.api_key =
        Some(crate::settings::Setting::default(crate::settings::Secret::new("secret-weather-key")));
    settings.notes.push("a note with secret-password in it".into());
    let subject = std::sync::Arc::new(crate::doctor::subject(&settings, Running::No).unwrap());
    let report = examine(std::sync::Arc::clone(&subject), Depth::Look, |_, _, _| ()).await;
    let path = dir.join("report.json");
    write(&path, &settings, &subject, &report).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in PLANTED {
        assert!(!text.contains(secret), "{secret} is in it");
    }
    assert!(!text.contains("secret%26in"), "nor as an address writes it");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["format"], "hearthline-report 1");
    assert_eq!(document["receipts"].as_array().unwrap().len(), 2);
    let said = document["log"][0]["message"].as_str().unwrap();
    assert!(said.starts_with("refused (secret)"), "what the program said goes along: {said}");
    assert!(text.matches(STRUCK).count() >= PLANTED.len(), "they were there, and are struck out");
    assert!(
        document["settings"]["lines"].to_string().contains("a.toml:"),
        "each value says where it is from"
    );
    assert!(document["doctor"]["findings"].as_array().unwrap().len() > 8);
}

#[test]
fn wrong_settings_are_told_without_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let read = |_: &Path| Ok("[home_assistant]\ntoken = \"secret-token\"\nuri = \"x\"\n".to_owned());
    let mistakes =
        load(Some("a.toml".as_ref()), &Environment::default(), &read, Purpose::Record).unwrap_err();
    write_mistakes(&path, &mistakes).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("did you mean url?") && !text.contains("secret-token"), "{text}");
}
