use super::*;

#[tokio::test]
async fn the_report_of_a_time_is_markdown_to_be_saved() {
    let mut house = House::new();
    house.carry_out_orders();
    house.write(vec![quarantined(30, "no JSON", b"x"), quarantined(7200, "no JSON", b"x")]);
    let answer = house.get("/api/v1/report?since=2026-11-23T11:00:30Z&until=2026-11-23T12:00:01Z").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "text/markdown; charset=utf-8")
    );
    let expected = "attachment; filename=\"2026-11-23T11-00-30Z-incident.md\"";
    assert_eq!(answer.header("content-disposition"), expected);
    for part in [
        "# Incident of 23 November 2026",
        "1 set aside with all bytes, not lost: no JSON",
        "sink_behind:store",
    ] {
        assert!(answer.text().contains(part), "{part}: {}", answer.text());
    }
    assert!(
        answer.text().contains("| error | store | a file cannot be read file=a.parquet |"),
        "{}",
        answer.text()
    );
    assert!(!answer.text().contains("very-secret"));
}

#[tokio::test]
async fn a_time_that_ends_before_it_begins_is_refused() {
    let answer =
        House::new().get("/api/v1/report?since=2026-11-23T11:00:00Z&until=2026-11-23T10:00:00Z").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("is not before"), "{}", answer.text());
}
