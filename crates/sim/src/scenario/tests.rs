use std::time::Duration;

use super::{Chaos, Scenario, Timed};
use crate::{Ending, Fault, TokioClock};

const SECOND: Duration = Duration::from_secs(1);
const DOCUMENT: &str = include_str!("../../../../docs/formats/scenario.md");

fn example() -> &'static str {
    DOCUMENT.split("```toml\n").nth(1).unwrap().split("```").next().unwrap()
}

#[test]
fn the_example_of_the_document_is_read_and_has_every_key() {
    let scenario = Scenario::parse(example()).unwrap();
    assert_eq!((scenario.seed, scenario.entities, scenario.rate), (Some(7), Some(200), 2.0));
    assert_eq!(scenario.past, 6 * 3600 * SECOND);
    assert_eq!(scenario.options.excluded, ["sensor.house_power"]);
    assert_eq!(
        (scenario.options.commit_interval, scenario.options.login_attempts_threshold),
        (5 * SECOND, Some(5))
    );
    let restart = Fault::Restart { down: 15 * SECOND, starting: 90 * SECOND, killed: true };
    assert_eq!(
        scenario.faults,
        [
            Timed { at: 30 * SECOND, fault: restart, lasting: None },
            Timed { at: 180 * SECOND, fault: Fault::HalfOpen, lasting: Some(40 * SECOND) },
        ]
    );
    let chaos = scenario.chaos.unwrap();
    assert_eq!((chaos.every, chaos.lasting, chaos.faults.len()), (30 * SECOND, 5 * SECOND, 5));
    assert_eq!(chaos.faults[1], Fault::CutAfter { bytes: 700 });
}

#[test]
fn the_document_lists_every_fault_as_it_is() {
    let rows = Fault::kinds().iter().map(|kind| format!("| `{}` | {} |\n", kind.usage(), kind.says));
    let table = "| fault | what happens |\n| --- | --- |\n".to_owned() + &rows.collect::<String>();
    assert!(DOCUMENT.ends_with(&table), "docs/formats/scenario.md should end with:\n{table}");
}

#[test]
fn every_mistake_is_told_with_its_line_and_what_was_meant() {
    let text = r#"
sead = 1
seed = -1
[house]
rate = "fast"
entitys = 3
[home_assistant]
excluded = "sensor.a"
[[fault]]
at = "30s"
cause = "restrat"
[[fault]]
at = "soon"
cause = "drop"
[[fault]]
at = "1s"
cause = "drop"
for = "2s"
[[fault]]
cause = "drop"
[[fault]]
at = "1s"
cause = "restart"
dawn = "5s"
[chaos]
every = 30
"#;
    let mistakes = Scenario::parse(text).unwrap_err();
    let expected = [
        (2, "no key is called \"sead\"; is \"seed\" meant?"),
        (3, "seed: \"-1\""),
        (5, "rate: \"fast\""),
        (6, "is \"entities\" meant?"),
        (8, "excluded: not a list"),
        (10, "is \"restart\" meant?"),
        (13, "at: \"soon\" is no duration"),
        (16, "drop: this fault happens once and has no end"),
        (20, "a fault needs at"),
        (22, "is \"down\" meant?"),
        (26, "every: \"30\" is no duration"),
    ];
    assert_eq!(mistakes.0.len(), expected.len(), "{mistakes}");
    for (mistake, (line, words)) in mistakes.0.iter().zip(expected) {
        assert!(mistake.line == line && mistake.problem.contains(words), "{mistake:?} where {line}: {words}");
    }
    let broken = Scenario::parse("seed = 1\n[house\n").unwrap_err();
    assert_eq!(broken.0[0].line, 2, "{broken}");
}

#[test]
fn a_flag_is_a_fault_at_a_time_or_for_a_time() {
    let drop = Timed { at: 30 * SECOND, fault: Fault::Drop(Ending::Close), lasting: None };
    assert_eq!(Timed::parse("drop,ending=close@30s"), Ok(drop));
    let away = Timed { at: 10 * SECOND, fault: Fault::Refuse, lasting: Some(5 * SECOND) };
    assert_eq!(Timed::parse("away@10s..15s"), Ok(away));
    for wrong in ["drop", "drop@", "drop@1s..2s", "away@15s..10s", "@1s", "fly@1s"] {
        assert!(Timed::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_begin_and_end_when_the_scenario_says_so() {
    let scenario = Scenario {
        faults: ["away@10s..20s", "clock,by=1h@15s..30s", "drop@5s"].map(|f| Timed::parse(f).unwrap()).into(),
        ..Scenario::default()
    };
    let server = scenario.server(std::sync::Arc::new(TokioClock::starting_at(hearthline_core::Timestamp(0))));
    let start = tokio::time::Instant::now();
    let playing = tokio::spawn(server.clone().play(scenario));
    let mut seen = Vec::new();
    for n in 0..7 {
        let before = server.counters().connections_ever;
        let (_client, stream) = tokio::io::duplex(1024);
        let _ = tokio::time::timeout(SECOND, server.serve(stream)).await;
        let away = server.counters().connections_ever == before;
        let stamp = server.set_state("sensor.a", &n.to_string(), "{}").unwrap().time_fired;
        seen.push((away, stamp.0 > 3_600_000_000));
        tokio::time::sleep_until(start + (n + 1) * (5 * SECOND + SECOND / 100)).await;
    }
    let (no, yes) = (false, true);
    assert_eq!(seen, [(no, no), (no, no), (yes, no), (yes, yes), (no, yes), (no, yes), (no, no)]);
    assert!(playing.is_finished());
}

#[tokio::test(start_paused = true)]
async fn chaos_follows_from_the_seed() {
    let faults = async |seed| {
        let chaos = Chaos {
            every: 10 * SECOND,
            faults: ["drop", "kill down=1s starting=1s", "swallow entity=sun.sun", "storm lasting=1s"]
                .map(|line| Fault::parse(line).unwrap())
                .into(),
            lasting: SECOND,
        };
        let scenario = Scenario { seed: Some(seed), chaos: Some(chaos), ..Scenario::default() };
        let clock = TokioClock::starting_at(hearthline_core::Timestamp(1_800_000_000_000_000));
        let server = scenario.server(std::sync::Arc::new(clock));
        let _ = tokio::time::timeout(120 * SECOND, server.clone().play(scenario)).await;
        server.ledger()
    };
    let (first, again, other) = (faults(1).await, faults(1).await, faults(2).await);
    assert!(first.len() > 500, "{}", first.len());
    assert!(first == again && first != other);
}
