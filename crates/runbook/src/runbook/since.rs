//! The criteria, held to the time after a repair.
//!
//! A criterion looks back: at uptime over a day, at errors over a quarter of an hour. What was wrong before the repair is still in
//! its figure, and says nothing of whether the repair has helped. So one that is not met, and that looks back to before a moment at
//! which every part was healthy, is held to the time since that moment where the status documents tell what happened in it, which
//! they do of uptime; of the others it is not known yet.

use crate::Status;
use crate::status::{Criterion, Overall, Part};

/// The one that is counted anew.
const UPTIME: &str = "uptime";

/// Criteria by which nothing is lost, while the whole is not unhealthy.
const LOSE_NOTHING: [&str; 3] = ["parts", "overall", "weather_rows"];

/// Takes what is not met, and by which nothing is lost, for not known. Its labels.
pub(super) fn late(status: &mut Status) -> Vec<String> {
    if status.overall == Overall::Unhealthy {
        return Vec::new();
    }
    let unmet = status.criteria.iter_mut().filter(|one| one.met == Some(false));
    let late = unmet.filter(|one| LOSE_NOTHING.contains(&one.id.as_str()));
    late.map(|one| {
        one.met = None;
        one.label.clone()
    })
    .collect()
}

/// The criteria of `now`, where `then` was the moment.
#[must_use]
pub fn since(then: &Status, now: &Status) -> Vec<Criterion> {
    // Counted since the program started, so after another start nothing can be compared.
    let passed = now.uptime_s.checked_sub(then.uptime_s);
    now.criteria.iter().map(|criterion| held(criterion, then, now, passed)).collect()
}

fn held(criterion: &Criterion, then: &Status, now: &Status, passed: Option<u64>) -> Criterion {
    let looks_back = passed.is_none_or(|passed| criterion.window_s > passed);
    if criterion.met != Some(false) || !looks_back {
        return criterion.clone();
    }
    let mut held = criterion.clone();
    let figure = criterion.value.map_or("not known".into(), |value| format!("{value:.2} {}", criterion.unit));
    let before =
        format!("{figure} over the last {} s, which reach back to before the repair", criterion.window_s);
    (held.met, held.value, held.note) = match lowest(then, now, passed).filter(|_| criterion.id == UPTIME) {
        Some((uptime, part, passed)) => {
            let note =
                format!("the lowest is {part}, over the {passed} s since every part was healthy; {before}");
            held.window_s = passed;
            (Some(uptime > criterion.target), Some(uptime), Some(note))
        }
        None => (None, criterion.value, Some(before)),
    };
    held
}

/// The part that was up for the smallest share of these seconds, in percent; none where no time has passed.
fn lowest(then: &Status, now: &Status, passed: Option<u64>) -> Option<(f64, String, u64)> {
    let passed = passed.filter(|passed| *passed > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of a runbook")]
    let whole = passed as f64;
    let of =
        |part: &Part| Some(((100.0 - part.down_since(then)? * 100.0 / whole).max(0.0), part.name.clone()));
    let lowest = now.parts.iter().filter_map(of).min_by(|a, b| a.0.total_cmp(&b.0));
    lowest.map(|(uptime, part)| (uptime, part, passed))
}

#[cfg(test)]
mod tests;
