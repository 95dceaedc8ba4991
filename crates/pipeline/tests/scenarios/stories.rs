//! The scenarios, and that the check of them can fail.

use hearthline_core::Timestamp;

use crate::plan::Plan;
use crate::scenario::{self, Meddled};
use crate::seeds;

/// Seeds that failed, of which more is told.
const EXPLAINED: usize = 3;

#[test]
fn every_event_is_stored_once_or_lies_in_a_named_gap() {
    let (first, count) = seeds::asked();
    let failures = seeds::run(first, count);
    if count == 1 {
        println!("{}", Plan::of(first));
    }
    let explained: Vec<_> = failures.iter().take(EXPLAINED).map(|seed| seeds::explain(*seed)).collect();
    assert!(failures.is_empty(), "{}\nfailed: {failures:?}", explained.join("\n"));
}

#[test]
fn a_seed_does_the_same_twice() {
    let (first, count) = seeds::asked();
    for seed in first..first + count.div_ceil(8) {
        let plan = Plan::of(seed);
        let twice = [scenario::run(&plan).unwrap(), scenario::run(&plan).unwrap()];
        assert_eq!(twice[0].hash, twice[1].hash, "seed {seed}: {twice:?}\n{plan}");
    }
}

#[test]
fn in_calm_weather_nothing_is_missed() {
    let figures = scenario::run(&Plan::calm(5)).unwrap().figures;
    assert!(figures.fired > 50, "{figures:?}");
    assert_eq!((figures.missed, figures.gaps), (0, 0), "{figures:?}");
}

#[test]
fn a_row_that_a_sink_loses_is_noticed() {
    let error = scenario::run_with(&Plan::calm(5), |meddled| {
        if let Meddled::Moods(moods) = meddled {
            *moods.steals.lock() = 1;
        }
    });
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.contains("pending") || error.contains("replayed and not stored"), "{error}");
}

#[test]
fn a_row_that_is_missing_doubled_changed_or_made_up_is_noticed() {
    type Meddle = fn(&mut scenario::Evidence);
    let wrongs: [(&str, Meddle); 5] = [
        ("is not stored, and no gap names it", |e| drop(e.states.remove(1))),
        ("is stored twice", |e| e.states.insert(1, e.states[1].clone())),
        ("the state is stored as", |e| e.states[1].state = Some("wrong".into())),
        ("last_changed is stored as", |e| e.states[1].last_changed = Timestamp(1)),
        ("never was", |e| e.states[1].ts = Timestamp(1)),
    ];
    for (words, wrong) in wrongs {
        let error = scenario::run_with(&Plan::calm(5), |meddled| {
            if let Meddled::Evidence(evidence) = meddled {
                evidence.since = Timestamp(0);
                wrong(evidence);
            }
        });
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains(words), "{words}: {error}");
    }
}
