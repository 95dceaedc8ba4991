//! Numbers of bytes.

use super::{Meaning, shown, split_unit, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;

const SIZE: &str = "write a number and a unit, as in \"512MiB\" or \"2GiB\", or a number of bytes";
/// Two segments: with less, no old segment could ever make room for a new one.
const LEAST_LOG: u64 = 128 << 20;

/// A number of bytes.
pub(in crate::settings) fn size(raw: Raw<'_>) -> Meaning<u64> {
    let text = match raw {
        Raw::Integer(number) => {
            let negative = |_| Problem::new(format!("{number} is less than nothing"), SIZE);
            return u64::try_from(number).map_err(negative);
        }
        raw => text(raw).map_err(|problem| problem.but(SIZE))?,
    };
    let refuse = |why: &str| Problem::new(format!("{} {why}", shown(text)), SIZE);
    let (number, unit) = split_unit(text).ok_or_else(|| refuse("is no size"))?;
    let unit: u64 = match unit {
        "B" | "" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(refuse("has a unit that is not known")),
    };
    number.checked_mul(unit).ok_or_else(|| refuse("is too large"))
}

/// A quota for the log.
pub(in crate::settings) fn log_size(raw: Raw<'_>) -> Meaning<u64> {
    let bytes = size(raw)?;
    if bytes < LEAST_LOG {
        let reason = format!("{bytes} bytes are too few: the log needs room for two segments");
        return Err(Problem::new(reason, "write at least \"128MiB\""));
    }
    Ok(bytes)
}
