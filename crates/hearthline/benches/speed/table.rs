//! The figures, for a person.

use crate::Report;
use crate::day::Day;
use crate::measure::{Figures, median};
use crate::stages::Stage;
use crate::year::Year;

pub(crate) fn print(report: &Report) {
    println!(
        "\n{:<30} {:>10} {:>6} {:>13} {:>6} {:>9}",
        "", "events/s", "ratio", "CPU us/event", "ratio", "peak MB"
    );
    let middle = |figures: &[Figures], of: fn(&Figures) -> f64| median(figures.iter().map(of).collect());
    let of = |figures: &[Figures]| {
        [middle(figures, Figures::events_per_second), middle(figures, Figures::cpu_micros)]
    };
    let [rate, cpu] = report.runs.first().map_or([1.0; 2], |(_, yardstick)| of(yardstick));
    for (chain, figures) in &report.runs {
        let ([events, micros], peak) = (of(figures), middle(figures, megabytes));
        println!(
            "{chain:<30} {events:>10.0} {:>6.2} {micros:>13.2} {:>6.2} {peak:>9.0}",
            events / rate,
            micros / cpu
        );
    }
    println!(
        "\n{:<30} {:>10} {:>6} {:>13} {:>6}",
        "stages alone", "events/s", "ratio", "CPU us/event", "ratio"
    );
    for Stage { stage, figures } in &report.stages {
        let (events, micros) = (figures.events_per_second(), figures.cpu_micros());
        println!("{stage:<30} {events:>10.0} {:>6.2} {micros:>13.2} {:>6.2}", events / rate, micros / cpu);
    }
    print_day(&report.day);
    print_year(&report.year);
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn megabytes(figures: &Figures) -> f64 {
    figures.peak_bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn print_day(day: &Day) {
    let Day { hours, events, raw_bytes, log_bytes, store_bytes, written_bytes, disk_bytes } = day;
    println!("\n{hours} hours of a house, {events} events");
    for (what, bytes) in
        [("as received", raw_bytes), ("in the log", log_bytes), ("in the store", store_bytes)]
    {
        println!("{what:<30} {:>10.1} bytes/event", *bytes as f64 / *events as f64);
    }
    for (what, bytes) in [("given to the kernel", written_bytes), ("written to the disk", disk_bytes)] {
        println!("{what:<30} {:>10.0} MB a day", *bytes as f64 / 1e6 * 24.0 / *hours as f64);
    }
}

fn print_year(year: &Year) {
    let Year { days, rows, buckets, yardstick, first, again } = year;
    println!("\na chart of {days} days in {buckets} points, of a store of {rows} rows");
    println!("{:<30} {:>10} {:>6} {:>13} {:>9}", "", "readings/s", "ratio", "ms", "peak MB");
    let middle = |figures: &[Figures], of: fn(&Figures) -> f64| median(figures.iter().map(of).collect());
    let rate = middle(yardstick, Figures::events_per_second);
    for (what, figures) in
        [("yardstick: a plain file", yardstick), ("store, just opened", first), ("store, again", again)]
    {
        let (readings, peak) = (middle(figures, Figures::events_per_second), middle(figures, megabytes));
        let millis = middle(figures, |figures| figures.seconds * 1e3);
        println!("{what:<30} {readings:>10.0} {:>6.2} {millis:>13.0} {peak:>9.0}", readings / rate);
    }
}
