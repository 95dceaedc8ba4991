use std::collections::HashSet;

use super::*;

async fn text() -> String {
    let answer = House::new().get("/metrics").await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text().to_owned()
}

#[tokio::test]
async fn the_figures_are_those_of_the_status() {
    insta::assert_snapshot!(text().await);
}

/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
#[tokio::test]
async fn the_text_is_what_prometheus_reads() {
    let is_name =
        |name: &str| name.starts_with("hearthline_") && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'));
    let (mut family, mut families, mut samples) = (("", ""), HashSet::new(), HashSet::new());
    for line in text().await.leak().lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !words.is_empty(), "{line}");
            assert!(families.insert(name), "{name} comes twice");
            family = (name, "");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, family.0, "the type follows the help");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family = (name, kind);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            assert_eq!(name, family.0, "{line}");
            assert!(labels.ends_with('}') && value.parse::<f64>().is_ok(), "{line}");
            assert!(samples.insert(series), "{series} comes twice");
        }
    }
    assert!(samples.len() > 30);
}

#[test]
fn a_label_may_hold_any_text() {
    let mut status = status();
    status.version = "a\"b\\c\nd".into();
    let text = crate::routes::metrics_of(&status);
    assert!(text.contains(r#"hearthline_info{version="a\"b\\c\nd"} 1"#), "{text}");
}
