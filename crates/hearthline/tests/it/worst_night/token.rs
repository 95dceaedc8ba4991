//! The token is revoked: it is tried once, and a person is told what to do.

use std::time::{Duration, Instant};

use super::table::{Scene, Table};
use super::{Night, TOKEN, now, seconds};
use crate::hearthline::Run;

/// What Home Assistant's own log says of each wrong token.
const REFUSED: &str = "Login attempt or request with invalid authentication";
/// The connection is closed; until the attempt at which it is known why, as long as the last waits of a storm.
const TRIED: Duration = Duration::from_secs(90);
const ANOTHER: &str = "hearthline after the night";

pub(super) async fn play(night: &Night, run: &mut Run, table: &mut Table) {
    let since = now();
    let (uptime, before) = {
        let status = run.status().await;
        (status.count("/uptime_s"), status.count("/home_assistant/attempts"))
    };
    let refused = || night.house.log().lines().filter(|line| line.contains(REFUSED)).count();
    let refused_before = refused();
    let began = Instant::now();
    night.house.revoke(TOKEN).await;
    night.living(run.within(TRIED, "parked", |status| status.connection() == "parked")).await;
    night.passes().await;
    let status = run.status().await;
    assert_eq!(status.connection(), "parked");
    assert_eq!(status.count("/home_assistant/attempts"), before + 1, "one attempt");
    assert_eq!(refused() - refused_before, 1, "Home Assistant counted one");
    let sentence = status.at("/verdict").as_str().unwrap();
    for words in ["Not recording", "make a new long-lived token in home assistant (your profile, Security)"] {
        assert!(sentence.contains(words), "{sentence}");
    }
    let sentence = sentence.to_owned();

    let token = night.house.new_token(ANOTHER).await;
    std::fs::write(night.hearthline.path("token"), token).unwrap();
    night.living(run.connected()).await;
    let down = seconds(began);
    let status = night.settled(run).await;
    assert!(status.count("/uptime_s") > uptime, "without a new start of the program");
    let scene = Scene {
        what: "the token is revoked",
        itself: format!("tried once, then: {sentence} Went on with the new token, the gap filled"),
        person: "made a new token and wrote it into the token file".into(),
        down,
        ..Scene::default()
    };
    table.add(night.account(run, since, scene).await);
}
