use proptest::prelude::*;

use super::*;

#[test]
fn text_and_display_agree_to_the_microsecond() {
    let t = Timestamp::parse("2026-11-23T11:57:01.015112+00:00").unwrap();
    assert_eq!(t.to_string(), "2026-11-23T11:57:01.015112Z");
    assert_eq!(
        Timestamp::parse("2026-11-23T11:57:01+00:00").unwrap().to_string(),
        "2026-11-23T11:57:01.000000Z"
    );
    assert_eq!(
        Timestamp::parse("2026-11-23T12:57:01+01:00").unwrap().to_string(),
        "2026-11-23T11:57:01.000000Z"
    );
}

#[test]
fn what_is_no_time_is_said_with_its_text() {
    for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-23T11:57:01"] {
        assert_eq!(Timestamp::parse(text), Err(NotATime(text.into())));
    }
    for number in [f64::NAN, f64::INFINITY, 1e300] {
        Timestamp::from_float_seconds(number).unwrap_err();
    }
}

#[test]
fn dates_and_days_agree() {
    let t = Timestamp::parse("2026-11-23T23:59:59.999999Z").unwrap();
    assert_eq!(t.date(), "2026-11-23");
    assert_eq!(Timestamp::day_of_date("2026-11-23"), Some(t.day()));
    assert_eq!(t.plus(Duration::from_micros(1)).date(), "2026-11-24");
    assert_eq!(Timestamp(-1).date(), "1969-12-31");
}

proptest! {
    /// Python makes the double by dividing the microseconds; the way back must hit the same one.
    #[test]
    fn a_float_finds_its_microsecond(micros in 0i64..4_102_444_800_000_000) {
        #[expect(clippy::cast_precision_loss, reason = "the loss is what is tested")]
        let seconds = (micros / 1_000_000) as f64 + (micros % 1_000_000) as f64 / 1e6;
        prop_assert_eq!(Timestamp::from_float_seconds(seconds).unwrap(), Timestamp(micros));
    }

    #[test]
    fn display_parses_back(micros in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
        prop_assert_eq!(Timestamp::parse(&Timestamp(micros).to_string()).unwrap(), Timestamp(micros));
    }

    /// The short cut for the usual shape answers as the long way does, also where only the shape is right.
    #[test]
    fn the_usual_shape_is_read_as_any_other(
        text in "(0000|1969|1970|2024|2026|9999)-(0[0-9]|1[0-3])-([0-3][0-9])T([01][0-9]|2[0-5]):([0-6][0-9]):([0-6][0-9])[.][0-9]{6}[+]00:00",
    ) {
        let long_way = text.parse::<jiff::Timestamp>().map(|t| Timestamp(t.as_microsecond()));
        prop_assert_eq!(Timestamp::parse(&text).ok(), long_way.ok());
    }

    #[test]
    fn what_is_nearly_the_usual_shape_is_read_as_any_other(at in 0..32_usize, other in any::<char>()) {
        let mut text: Vec<char> = "2026-11-23T11:57:01.015112+00:00".chars().collect();
        text[at] = other;
        let text: String = text.into_iter().collect();
        let long_way = text.parse::<jiff::Timestamp>().map(|t| Timestamp(t.as_microsecond()));
        prop_assert_eq!(Timestamp::parse(&text).ok(), long_way.ok());
    }
}

#[test]
fn the_date_of_a_header_is_read() {
    let parsed = Timestamp::parse_http("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(parsed, Timestamp::parse("1994-11-06T08:49:37+00:00").ok());
    assert_eq!(["120", "soon", ""].map(Timestamp::parse_http), [None; 3]);
    assert_eq!(parsed.unwrap().to_http(), "Sun, 06 Nov 1994 08:49:37 GMT");
}

#[test]
fn a_time_of_day_is_the_last_one_of_the_zone() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let now = Timestamp::parse("2026-11-26T21:30:00Z").unwrap();
    let at = |text| Timestamp::last_at_in(text, now, &zone).map(|at| at.to_string());
    assert_eq!(at("22:00").unwrap(), "2026-11-26T20:00:00.000000Z");
    assert_eq!(at("23:29:59").unwrap(), "2026-11-26T21:29:59.000000Z");
    assert_eq!(at("23:30").unwrap(), "2026-11-25T21:30:00.000000Z", "this very moment is not before it");
    for text in ["24:00", "22:60", "ten", "2026-11-26T22:00", "22:00Z"] {
        assert_eq!(at(text), None, "{text}");
    }
}
