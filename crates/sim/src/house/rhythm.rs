//! The rhythm of a day, by the hour in UTC.

use hearthline_core::Timestamp;

/// Hour of the day, 0 to 24.
pub(super) fn hour(at: Timestamp) -> f64 {
    at.since(Timestamp::start_of_day(at.day())).as_secs_f64() / 3600.0
}

/// How busy the people of the house are: 0.1 asleep, 1 in the morning and the evening.
pub(super) fn activity(hour: f64) -> f64 {
    match hour {
        h if !(6.0..23.0).contains(&h) => 0.1,
        h if (9.0..17.0).contains(&h) => 0.5,
        _ => 1.0,
    }
}

/// A wave of one day between -1 and 1, highest at `peak`.
pub(super) fn wave(hour: f64, peak: f64) -> f64 {
    ((hour - peak) / 24.0 * std::f64::consts::TAU).cos()
}

/// Elevation of the sun in degrees.
pub(super) fn elevation(hour: f64) -> f64 {
    38.0 * wave(hour, 12.5) - 4.0
}
