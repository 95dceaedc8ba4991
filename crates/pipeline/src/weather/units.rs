//! From the unit in which something came to the one in which it is stored. A unit that is not known gives nothing, never a
//! wrong number.

/// °C of a temperature in °C, °F or K.
#[must_use]
pub fn celsius(value: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "°C" | "C" | "celsius" => value,
        "°F" | "F" | "fahrenheit" => (value - 32.0) / 1.8,
        "K" | "kelvin" => value - 273.15,
        _ => return None,
    })
}

/// hPa of a pressure.
#[must_use]
pub fn hectopascals(value: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "hPa" | "mbar" | "mb" => value,
        "Pa" => value / 100.0,
        "kPa" => value * 10.0,
        "cbar" => value * 10.0,
        "bar" => value * 1000.0,
        "inHg" => value * 33.863_886_666_67,
        "mmHg" => value * 1.333_223_874_15,
        "psi" => value * 68.947_572_931_68,
        _ => return None,
    })
}

/// m/s of a speed. A number of the Beaufort scale is the middle of what it stands for.
#[must_use]
pub fn metres_per_second(value: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "m/s" | "mps" => value,
        "km/h" | "kmh" => value / 3.6,
        "mph" | "mp/h" => value * 0.447_04,
        "kn" | "kt" | "knots" => value * 1852.0 / 3600.0,
        "ft/s" => value * 0.3048,
        "Beaufort" | "Bft" => 0.836 * value.max(0.0).powf(1.5),
        _ => return None,
    })
}

/// mm of a height of rain.
#[must_use]
pub fn millimetres(value: f64, unit: &str) -> Option<f64> {
    Some(match unit {
        "mm" | "mm/h" => value,
        "cm" | "cm/h" => value * 10.0,
        "in" | "inch" | "in/h" => value * 25.4,
        _ => return None,
    })
}

/// % of a share.
#[must_use]
pub fn percent(value: f64, unit: &str) -> Option<f64> {
    (unit == "%").then_some(value)
}

/// Degrees clockwise from north.
#[must_use]
pub fn degrees(value: f64, unit: &str) -> Option<f64> {
    (unit == "°").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Convert = fn(f64, &str) -> Option<f64>;

    #[test]
    fn known_values_come_out_as_known() {
        let cases: [(Convert, f64, &str, f64); 22] = [
            (celsius, 21.6, "°C", 21.6),
            (celsius, 212.0, "°F", 100.0),
            (celsius, -40.0, "°F", -40.0),
            (celsius, 298.48, "K", 25.33),
            (hectopascals, 1013.25, "hPa", 1013.25),
            (hectopascals, 1013.25, "mbar", 1013.25),
            (hectopascals, 101_325.0, "Pa", 1013.25),
            (hectopascals, 101.325, "kPa", 1013.25),
            (hectopascals, 29.921_26, "inHg", 1013.25),
            (hectopascals, 760.0, "mmHg", 1013.25),
            (hectopascals, 14.695_95, "psi", 1013.25),
            (metres_per_second, 36.0, "km/h", 10.0),
            (metres_per_second, 22.369_363, "mph", 10.0),
            (metres_per_second, 22.369_363, "mp/h", 10.0),
            (metres_per_second, 19.438_445, "kn", 10.0),
            (metres_per_second, 32.808_399, "ft/s", 10.0),
            (metres_per_second, 0.0, "Beaufort", 0.0),
            (metres_per_second, 8.0, "Beaufort", 18.92), // a gale: 17.2 to 20.7 m/s
            (millimetres, 1.0, "in", 25.4),
            (millimetres, 0.3, "cm", 3.0),
            (percent, 54.0, "%", 54.0),
            (degrees, 349.0, "°", 349.0),
        ];
        for (convert, value, unit, known) in cases {
            let found = convert(value, unit).unwrap_or(f64::NAN);
            assert!((found - known).abs() < 0.01, "{value} {unit}: {found}, not {known}");
        }
    }

    #[test]
    fn a_unit_that_is_not_known_gives_nothing() {
        let all: [Convert; 6] = [celsius, hectopascals, metres_per_second, millimetres, percent, degrees];
        for convert in all {
            assert_eq!(convert(1.0, "°R"), None);
            assert_eq!(convert(1.0, ""), None);
        }
    }
}
