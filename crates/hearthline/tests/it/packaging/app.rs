//! The app's `config.yaml`, held to what Home Assistant's supervisor takes.
//!
//! The rules are written down here, from the schema in the supervisor's own source (home-assistant/supervisor,
//! `supervisor/addons/validate.py`, `_SCHEMA_ADDON_CONFIG`, as of 2026): no supervisor is at hand that could be asked. It drops a key
//! that it does not know without a word; here that is a mistake.

use serde_json::Value;

use super::{packaging, yaml};

/// Every key that it knows.
const KEYS: &str = "advanced apparmor arch audio auth_api backup backup_exclude backup_post backup_pre boot breaking_versions description \
     devices devicetree discovery docker_api environment full_access gpio hassio_api hassio_role homeassistant homeassistant_api \
     host_dbus host_ipc host_network host_pid host_uts image ingress ingress_entry ingress_port ingress_stream init journald \
     kernel_modules legacy machine map name options panel_admin panel_icon panel_title ports ports_description privileged \
     realtime restore_post restore_pre schema services slug stage startup stdin timeout tmpfs uart udev ulimits url usb version \
     video watchdog webui";
const REQUIRED: [&str; 5] = ["name", "version", "slug", "description", "arch"];
/// Keys that take one of these words.
const WORDS: [(&str, &[&str]); 4] = [
    ("startup", &["initialize", "system", "services", "application", "once"]),
    ("boot", &["auto", "manual", "manual_only"]),
    ("stage", &["stable", "experimental", "deprecated"]),
    ("hassio_role", &["default", "homeassistant", "backup", "manager", "admin"]),
];
const FLAGS: [&str; 5] = ["init", "homeassistant_api", "ingress", "ingress_stream", "panel_admin"];
/// What an app that only records has no business with.
const NEVER: [&str; 9] = [
    "docker_api",
    "full_access",
    "hassio_api",
    "host_dbus",
    "host_ipc",
    "host_network",
    "host_pid",
    "kernel_modules",
    "privileged",
];

/// The type of an option: a word, with limits or words in brackets, and `?` where it may be left out.
fn is_option(kind: &str) -> bool {
    let kind = kind.strip_suffix('?').unwrap_or(kind);
    let (word, brackets) = kind.split_once('(').map_or((kind, None), |(word, rest)| (word, Some(rest)));
    let closed = brackets.is_none_or(|rest| rest.ends_with(')'));
    closed
        && match word {
            "bool" | "email" | "url" | "port" => brackets.is_none(),
            "str" | "password" | "int" | "float" | "device" => true,
            "list" | "match" => brackets.is_some_and(|rest| rest.len() > 1),
            _ => false,
        }
}

#[test]
#[ignore = "needs PyYAML: cargo xtask test"]
fn the_supervisor_takes_the_app() {
    let config = yaml(&packaging("home-assistant/hearthline/config.yaml"));
    let has = |key: &str| !config[key].is_null();
    for key in config.as_object().unwrap().keys() {
        assert!(KEYS.split_whitespace().any(|known| known == key), "no such key: {key}");
        assert!(!NEVER.contains(&&**key), "{key}");
    }
    for key in REQUIRED {
        assert!(has(key), "{key} is missing");
    }
    for (key, words) in WORDS.into_iter().filter(|(key, _)| has(key)) {
        assert!(words.contains(&config[key].as_str().unwrap()), "{key}: {}", config[key]);
    }
    for key in FLAGS.into_iter().filter(|key| has(key)) {
        assert!(config[key].is_boolean(), "{key}: {}", config[key]);
    }
    let slug = config["slug"].as_str().unwrap();
    assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{slug}");
    assert!(config["version"].is_string(), "without quotes it may be a number: {}", config["version"]);
    let architectures = config["arch"].as_array().unwrap();
    assert!(architectures.iter().all(|arch| arch == "aarch64" || arch == "amd64"), "{architectures:?}");
    assert!((10..=300).contains(&config["timeout"].as_u64().unwrap()));
    let port = config["ingress_port"].as_u64().unwrap();
    assert!(
        packaging("home-assistant/hearthline/Dockerfile").contains(&format!("0.0.0.0:{port} ")),
        "it listens there"
    );
    assert_eq!(config["watchdog"], format!("http://[HOST]:[PORT:{port}]/livez"));
    for place in config["map"].as_array().unwrap() {
        assert!(place["type"] == "addon_config" && place["read_only"] == true, "{place}");
    }

    let options = config["schema"].as_object().unwrap();
    for (name, kind) in options {
        assert!(is_option(kind.as_str().unwrap()), "{name}: {kind}");
        // Nothing has to be filled in.
        assert!(kind.as_str().unwrap().ends_with('?'), "{name}: {kind}");
    }
    let explained = yaml(&packaging("home-assistant/hearthline/translations/en.yaml"));
    let explained = explained["configuration"].as_object().unwrap();
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    for (name, words) in explained {
        assert!(options.contains_key(name), "{name} is explained and is no option");
        assert!(is_text(&words["name"]) && is_text(&words["description"]), "{name}: {words}");
    }
    assert_eq!(explained.len(), options.len());
    assert!(is_option("list(a|b)?") && is_option("int(1,9)") && !is_option("text") && !is_option("list"));
}
