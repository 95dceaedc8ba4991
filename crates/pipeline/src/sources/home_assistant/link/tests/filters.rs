//! Another filter while events come in, over the one connection.

use super::*;

const TEMPERATURE: &str = "sensor.kitchen_temperature";

async fn refilter(lab: &Lab, exclude: &[&str]) -> Seq {
    let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
    let filter = Arc::new(Filter::new(&[], &exclude).unwrap());
    lab.orders.give(|reply| Order::Refilter(filter, reply)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_comes_in_has_its_key_and_its_state_and_one_that_goes_out_leaves_no_row() {
    let lab = Lab::excluding(House::new(7, START), &["sensor"]);
    let peer = lab.peer.clone();
    let living = tokio::spawn(async move { peer.run().await });
    sleep(60 * SECOND).await;
    assert!(rows(&lab).iter().all(|row| !row.entity_id.as_str().starts_with("sensor.")));
    let live = lab.orders.give(Order::ListLive).await.unwrap();
    assert!(live.iter().any(|entity| entity.entity_id.as_str() == TEMPERATURE), "also what is left out");

    let came_in = refilter(&lab, &["area:kitchen", "light"]).await;
    sleep(30 * SECOND).await;
    let all = rows(&lab);
    let new: Vec<_> = all.iter().filter(|row| row.seq > came_in).collect();
    assert!(new.iter().any(|row| row.entity_id.as_str().starts_with("sensor.")));
    for row in &new {
        assert!(row.entity_key.len() == 32, "{row:?} is registered");
        assert!(row.area.as_deref() != Some("Kitchen"), "{row:?} is left out by its area");
        assert!(!row.entity_id.as_str().starts_with("light."), "{row:?}");
    }
    let went_out = refilter(&lab, &["sensor"]).await;
    sleep(900 * SECOND).await;
    living.abort();
    let late: Vec<_> = rows(&lab).into_iter().filter(|row| row.seq > went_out).collect();
    assert!(!late.is_empty(), "others go on");
    assert!(late.iter().all(|row| !row.entity_id.as_str().starts_with("sensor.")));
    let look = lab.ingest.look();
    assert_eq!(look.counters.difference(), 0);
    assert_eq!(look.recent_gaps, [], "a change of the filter loses nothing");
    assert_eq!(lab.peer.counters().connections_ever, 1, "over one connection");
    lab.stopped().await;
}
