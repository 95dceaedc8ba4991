//! What the program says when it cannot start, without any peer.

use crate::hearthline::Hearthline;
use crate::wait::until;

const NOWHERE: &str = "http://127.0.0.1:9";

#[tokio::test]
async fn mistakes_in_the_settings_are_told_all_at_once_with_exit_code_2() {
    let settings = "[store]\nflush_rowz = 5\n\n[log]\nsync = \"sometimes\"\n";
    let hearthline = Hearthline::new("not an address", "token").with_settings(settings);
    for command in [&["run", "--strict"][..], &["check"]] {
        let answer = hearthline.command(command).await;
        assert_eq!(answer.code, 2, "{answer:?}");
        for told in ["hearthline.toml:2", "flush_rows", "hearthline.toml:5", "HOME_ASSISTANT_URL"] {
            assert!(answer.stderr.contains(told), "{told} is not told: {}", answer.stderr);
        }
    }
    assert!(!hearthline.data().exists(), "nothing was made");
}

#[tokio::test]
async fn a_second_program_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let hearthline = Hearthline::new(NOWHERE, "token");
    let mut first = hearthline.start();
    let address = first.address().await.to_string();
    let who = format!("(process {}, http://{address})", first.id());
    // The same settings want the same address.
    for listen in ["127.0.0.1:0", &address] {
        let second = hearthline.command_with(&[("HEARTHLINE_API_LISTEN", listen)], &["run"]).await;
        assert_eq!(second.code, 1);
        for told in ["another hearthline runs on", &who, "stop it, or set another data folder"] {
            assert!(second.stderr.contains(told), "{told}: {}", second.stderr);
        }
    }
    let elsewhere = hearthline.path("elsewhere").display().to_string();
    let variables = [("HEARTHLINE_DATA_DIR", &*elsewhere), ("HEARTHLINE_API_LISTEN", &address)];
    let stranger = hearthline.command_with(&variables, &["run"]).await;
    assert_eq!(stranger.code, 1);
    for told in [&*format!("cannot listen on {address}"), "stop what listens there", "HEARTHLINE_API_LISTEN"]
    {
        assert!(stranger.stderr.contains(told), "{told}: {}", stranger.stderr);
    }
    first.status().await;
    assert_eq!(first.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_folder_left_by_a_killed_program_can_be_used_again() {
    let hearthline = Hearthline::new(NOWHERE, "token");
    let mut killed = hearthline.start();
    killed.address().await;
    killed.kill().await;
    assert!(hearthline.data().join("run.json").exists());
    let unreachable = hearthline.command(&["status"]).await;
    assert_eq!(unreachable.code, 4, "{unreachable:?}");
    let mut again = hearthline.start();
    again.status().await;
    assert_eq!(again.stop().await.code(), Some(0));
}

#[tokio::test]
async fn an_absent_home_assistant_is_told_by_check_and_is_no_reason_to_end() {
    let hearthline = Hearthline::new(NOWHERE, "token");
    let checked = hearthline.command(&["check"]).await;
    assert_eq!(checked.code, 4, "{checked:?}");
    assert!(checked.stderr.contains("127.0.0.1:9") || checked.stdout.contains("127.0.0.1:9"), "{checked:?}");
    let offline = hearthline.command(&["check", "--offline"]).await;
    assert_eq!(offline.code, 0, "{offline:?}");
    let mut run = hearthline.start();
    let status = run.until("it has tried", |status| status.count("/home_assistant/attempts") >= 2).await;
    assert_ne!(status.connection(), "connected");
    let ready = async || run.get("/livez").await.starts_with("ok").then_some(());
    until("it lives", std::time::Duration::from_secs(5), ready).await;
}
