//! Figures as people read them.

/// `1 file`, `12034 files`.
#[must_use]
pub fn many(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `1 row`, `12,034 rows`.
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// With a comma after each three digits.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in the largest unit that it fills, cut off behind a tenth.
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// At most two decimals, none that are zero.
#[must_use]
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The same with a unit, where there is one.
#[must_use]
pub fn figure(value: f64, unit: &str) -> String {
    format!("{} {unit}", short(value)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        let grouped_as = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        assert!(grouped_as.into_iter().all(|(count, text)| grouped(count) == text));
        assert_eq!([counted(1, "row"), counted(12_034, "row")], ["1 row", "12,034 rows"]);
        assert_eq!(
            [many(0, "file"), many(1, "file"), many(12_034, "file")],
            ["0 files", "1 file", "12034 files"]
        );
    }

    #[test]
    fn a_size_is_told_in_the_largest_unit_that_it_fills() {
        let sizes = [0, 1023, 1024, 1_258_291, 3 << 30, u64::MAX].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0 KiB", "1.1 MiB", "3.0 GiB", "17179869183.9 GiB"]);
    }

    #[test]
    fn a_figure_has_no_decimals_that_are_zero() {
        assert_eq!([figure(1.5, "s"), figure(2.0, ""), figure(0.126, "%")], ["1.5 s", "2", "0.13 %"]);
    }
}
