//! A house without a Home Assistant, which is looked at as often as the clock says.

use std::sync::atomic::{AtomicUsize, Ordering};

use hearthline_core::MemFs;
use hearthline_runbook::doctor::{Depth, Doctor, Subject, examine};

use super::*;

/// The doctor of a house.
pub(super) fn house() -> Doctor {
    counted(&Arc::default(), ManualClock::at(NOON))
}

/// One that counts how often it looks.
fn counted(looks: &Arc<AtomicUsize>, clock: ManualClock) -> Doctor {
    let looks = Arc::clone(looks);
    let of = clock.clone();
    let examine = move || {
        looks.fetch_add(1, Ordering::SeqCst);
        let subject = Arc::new(subject(of.clone()));
        let look = async move { Ok(examine(subject, Depth::Look, |_, _, _| ()).await) };
        Box::pin(look) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    Doctor::new(Arc::new(examine), Arc::new(clock))
}

pub(super) fn subject(clock: ManualClock) -> Subject {
    let (fs, data_dir) = (Arc::new(MemFs::default()), "/data".as_ref());
    Subject { log_max_bytes: 1 << 30, ..Subject::new(fs, Arc::new(clock), data_dir) }
}

#[tokio::test]
async fn what_is_wrong_is_told_with_what_to_do() {
    let report = House::new().document("/api/v1/doctor").await;
    assert_eq!((&report["depth"], &report["worst"]), (&json!("look"), &json!("fault")));
    let first = &report["findings"][0];
    assert_eq!((&first["id"], &first["severity"]), (&json!("ha-unset"), &json!("fault")));
    assert!(first["remedy"].as_str().unwrap().contains("HOME_ASSISTANT_URL"), "{first}");
    let skipped = report["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|skipped| skipped["check"] == "disk"), "nothing is written: {report}");
}

#[tokio::test]
async fn it_is_looked_at_anew_only_after_some_seconds() {
    let (looks, clock) = (Arc::<AtomicUsize>::default(), ManualClock::at(NOON));
    let doctor = counted(&looks, clock.clone());
    let (first, second) = tokio::join!(doctor.report(), doctor.report());
    assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()), "two who ask at once get the same");
    clock.advance(Duration::from_secs(14));
    doctor.report().await.unwrap();
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(2));
    doctor.report().await.unwrap();
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}
