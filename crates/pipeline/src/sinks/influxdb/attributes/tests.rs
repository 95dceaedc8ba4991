use super::*;

fn chosen(list: &[&str]) -> Attributes {
    serde_json::from_value(serde_json::json!(list)).unwrap()
}

#[test]
fn by_default_what_changes_with_the_house_is_written() {
    for (domain, attribute, kept) in [
        ("climate", "temperature", true),
        ("climate", "hvac_modes", false),
        ("light", "brightness", true),
        ("light", "temperature", false),
        ("sensor", "battery_level", true),
        ("sensor", "friendly_name", false),
        ("device_tracker", "latitude", false),
    ] {
        assert_eq!(Attributes::Default.keeps(domain, attribute), kept, "{domain} {attribute}");
        assert!(Attributes::All.keeps(domain, attribute) && !Attributes::None.keeps(domain, attribute));
    }
}

#[test]
fn by_default_nothing_gives_access_shows_a_picture_or_says_where_somebody_is() {
    let all = BY_DOMAIN.iter().flat_map(|(_, names)| *names).chain(&ANYWHERE);
    for name in all {
        for part in
            ["token", "code", "password", "secret", "picture", "url", "content_id", "latitude", "longitude"]
        {
            assert!(!name.contains(part), "{name}");
        }
    }
    for (domain, attribute) in
        [("camera", "access_token"), ("person", "latitude"), ("image", "entity_picture")]
    {
        assert!(!Attributes::Default.keeps(domain, attribute), "{domain} {attribute}");
    }
}

#[test]
fn the_default_is_in_order_and_names_nothing_twice() {
    assert!(BY_DOMAIN.is_sorted_by(|(a, _), (b, _)| a < b));
    for (domain, names) in BY_DOMAIN {
        assert!(names.is_sorted_by(|a, b| a < b), "{domain}");
        assert!(names.iter().all(|name| !ANYWHERE.contains(name)), "{domain}");
    }
}

#[test]
fn a_list_has_names_globs_some_of_one_domain_and_the_default() {
    let list = chosen(&["rgb_color", "*_position", "climate.*_modes", "default"]);
    for (domain, attribute, kept) in [
        ("light", "rgb_color", true),
        ("media_player", "media_position", true),
        ("climate", "hvac_modes", true),
        ("humidifier", "available_modes", false),
        ("light", "brightness", true),
        ("light", "friendly_name", false),
    ] {
        assert_eq!(list.keeps(domain, attribute), kept, "{domain} {attribute}");
    }
    assert!(!chosen(&[]).keeps("light", "brightness"));
}

#[test]
fn settings_are_read_and_written_and_a_mistake_says_what_to_write() {
    for setting in [r#""none""#, r#""default""#, r#""all""#, r#"["brightness","light.*"]"#] {
        let read: Attributes = serde_json::from_str(setting).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), setting);
    }
    for (setting, says) in [
        (
            r#""some""#,
            r#""some" is no choice of attributes: write "none", "default", "all" or a list of names"#,
        ),
        (r#"["[a"]"#, r#"attribute "[a": unclosed character class"#),
        (r#"[""]"#, r#"attribute "": nothing"#),
        ("7", r#"expected "none", "default", "all" or a list of names"#),
    ] {
        let error = serde_json::from_str::<Attributes>(setting).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
