//! Home Assistant hangs up, again and again; then the line is dead and nobody says so.

use std::time::{Duration, Instant};

use hearthline_core::Timestamp;
use tokio::time::sleep;

use super::table::{Scene, Table};
use super::{Night, now, seconds};
use crate::hearthline::{Run, Status};
use crate::proxy::Mischief;
use crate::wait::{is_whole, until};

/// Within the second after the peer has let us in.
const SOON: Duration = Duration::from_millis(500);
/// What a storm's waits may add up to.
const STORM: Duration = Duration::from_secs(600);
/// A repair of the connection closes it and makes it again.
const REPAIRED: f64 = 5.0;
/// Until a dead line is known by itself, and a busy machine.
const DEAD: Duration = Duration::from_secs(60);
/// Until a dead line is known: a ping each 10 s, 14 s of silence, a look each half second; and the way back.
const KNOWN: f64 = 35.0;

/// Before a storm: the connection has been there so long that the waits begin with the shortest.
const STABLE: Duration = Duration::from_secs(61);

/// The dead line comes first: then nothing has failed before it, and the first wait is the shortest.
pub(super) async fn play(night: &Night, run: &mut Run, table: &mut Table) {
    dead(night, run, table).await;
    repaired(night, run, table).await;
    let after = Mischief::EndAfter("auth_ok", SOON);
    ends(night, run, table, ("Home Assistant closes in the second after `auth_ok`", after, 1)).await;
    let within = Mischief::EndWithin("subscribe_events");
    ends(night, run, table, ("it closes in the middle of our `subscribe_events`", within, 1)).await;
}

pub(super) async fn storm(night: &Night, run: &mut Run, table: &mut Table) {
    let status = run.status().await;
    let since = status.at("/home_assistant/since").as_str().unwrap();
    let connected = now().since(Timestamp::parse(since).unwrap());
    night.living(sleep(STABLE.saturating_sub(connected))).await;
    let (after, times) = (Mischief::EndAfter("auth_ok", SOON), if is_whole() { 10 } else { 4 });
    ends(night, run, table, ("it closes after `auth_ok`, many times in a row", after, times)).await;
}

fn attempts(status: &Status) -> u64 {
    status.count("/home_assistant/attempts")
}

/// The connection ends, and each after it, so many times.
async fn ends(
    night: &Night,
    run: &mut Run,
    table: &mut Table,
    (what, mischief, times): (&'static str, Mischief, u64),
) {
    let (since, before) = (now(), attempts(&run.status().await));
    let (accepted, done) = (night.line.accepted(), night.line.done());
    let began = Instant::now();
    night.line.cause(mischief);
    let ended = async || (night.line.done() >= done + times).then_some(());
    night.living(until("it has ended as often", STORM, ended)).await;
    night.line.cause(Mischief::None);
    night.living(run.within(STORM, "connected for good", |status| is_back(status, before + times))).await;
    let down = seconds(began);
    night.passes().await;
    let counted = attempts(&run.status().await) - before;
    assert_eq!(counted, night.line.accepted() - accepted, "each attempt is counted");
    assert!(counted > times, "{counted} attempts for {times} ends");
    let itself = format!("reconnected; {counted} attempts, each counted");
    table.add(night.account(run, since, Scene { what, itself, down, ..Scene::default() }).await);
}

/// Connected by a later attempt than that.
fn is_back(status: &Status, than: u64) -> bool {
    status.connection() == "connected" && attempts(status) > than
}

/// A line that takes bytes and brings none is known to be dead.
async fn dead(night: &Night, run: &mut Run, table: &mut Table) {
    let (since, before) = (now(), attempts(&run.status().await));
    let began = Instant::now();
    night.line.cause(Mischief::Swallow);
    night.living(run.within(DEAD, "connected again", |status| is_back(status, before))).await;
    let down = seconds(began);
    assert!(down < KNOWN, "{down} s");
    let scene = Scene {
        what: "the line is dead, its socket lives",
        itself: "known by its silence, closed, and made again".into(),
        down,
        ..Scene::default()
    };
    table.add(night.account(run, since, scene).await);
}

async fn repaired(night: &Night, run: &mut Run, table: &mut Table) {
    let (since, before) = (now(), attempts(&run.status().await));
    night.line.cause(Mischief::None);
    let began = Instant::now();
    night.line.cause(Mischief::Swallow);
    let asked = Instant::now();
    let repair = night.living(night.repair(&["connection"])).await;
    let took = seconds(asked);
    let status = run.status().await;
    assert!(is_back(&status, before) && attempts(&status) == before + 1, "{}", status.at("/home_assistant"));
    assert!(took < REPAIRED, "{took} s: {repair}");
    let scene = Scene {
        what: "the same, and nobody waits for it",
        repair: format!("{repair} ({took:.1} s)"),
        down: seconds(began),
        ..Scene::default()
    };
    table.add(night.account(run, since, scene).await);
}
