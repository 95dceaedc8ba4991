//! Which of the entities that there are now other settings would let in.

use std::time::Duration;

use hearthline_api::FilterPreview;
use hearthline_core::figures::grouped;
use hearthline_pipeline::filter::{Filter, Subject};
use hearthline_pipeline::ingest::LiveEntity;
use hearthline_pipeline::orders::{Order, Orders};
use tokio::time::timeout;

use crate::settings::Settings;

/// Names that are told.
const NAMES: usize = 100;
/// How long the producer may take between two frames.
const LISTED: Duration = Duration::from_secs(10);

/// # Errors
/// In words: why it is not known.
pub(super) async fn of(orders: &Orders, now: &Filter, wanted: &Settings) -> Result<FilterPreview, String> {
    let live = timeout(LISTED, orders.give(Order::ListLive)).await;
    let live = live.map_err(|_| "the reader does not answer".to_owned())??;
    let wanted = wanted.filter.compiled().map_err(|error| error.to_string())?;
    Ok(compare(&live, now, &wanted))
}

fn compare(live: &[LiveEntity], now: &Filter, wanted: &Filter) -> FilterPreview {
    let (mut recorded, mut would_be) = (0, 0);
    let (mut comes_in, mut goes_out) = (Vec::new(), Vec::new());
    for entity in live {
        let is = now.keeps(Subject::from(entity));
        let will = wanted.keeps(Subject::from(entity));
        recorded += u64::from(is);
        would_be += u64::from(will);
        let name = entity.entity_id.as_str();
        match (is, will) {
            (false, true) => comes_in.push(name.to_owned()),
            (true, false) => goes_out.push(name.to_owned()),
            _ => {}
        }
    }
    let entities = live.len() as u64;
    let says = format!(
        "{} in, {} out (now {} in, {} out)",
        grouped(would_be),
        grouped(entities - would_be),
        grouped(recorded),
        grouped(entities - recorded)
    );
    let (comes_in, comes_in_count) = first(comes_in);
    let (goes_out, goes_out_count) = first(goes_out);
    FilterPreview { entities, recorded, would_be, comes_in, comes_in_count, goes_out, goes_out_count, says }
}

fn first(mut names: Vec<String>) -> (Vec<String>, u64) {
    let count = names.len() as u64;
    names.sort();
    names.truncate(NAMES);
    (names, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_filter_is_told_by_its_figures_and_the_first_names() {
        let live = |n: usize| LiveEntity {
            entity_id: format!("{}.n{n:04}", if n < 412 { "light" } else { "sensor" }).as_str().into(),
            info: None,
            device_class: (n == 412).then(|| "battery".into()),
        };
        let live: Vec<_> = (0..1445).map(live).collect();
        let filter = |include: &[&str], exclude: &[&str]| {
            let own = |rules: &[&str]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
            Filter::new(&own(include), &own(exclude)).unwrap()
        };
        let preview = compare(&live, &filter(&[], &["light"]), &filter(&["light"], &[]));
        assert_eq!(preview.says, "412 in, 1,033 out (now 1,033 in, 412 out)");
        assert_eq!(
            (preview.comes_in_count, preview.comes_in.len(), &*preview.comes_in[0]),
            (412, 100, "light.n0000")
        );
        assert_eq!((preview.goes_out_count, preview.entities), (1033, 1445));
        let preview = compare(&live, &filter(&[], &[]), &filter(&[], &["device_class:battery"]));
        assert_eq!(preview.goes_out, ["sensor.n0412"], "the class that its state says counts");
    }
}
