//! Each part stopped, hung and made slow: what the status document (the page has the same words) and the doctor say of it, and
//! after how many seconds. An API that alone hangs or is slow is tried where it is served (`src/serve.rs`): whoever asks it
//! meanwhile gets no answer.

use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fault, HomeAssistant, House};
use serde_json::Value;
use tokio::time::sleep;

use crate::hearthline::{Hearthline, Run, Status};
use crate::simulated::recorded;
use crate::wait::until;

/// What is the matter with a part is told within this.
const NAMED: Duration = Duration::from_secs(10);
/// Until everything is well again; a part that has ended twice waits for a second.
const WELL: Duration = Duration::from_secs(90);
const SINK: &str = "influxdb-simulated";
const LISTS: &str = "config/entity_registry/list";

/// A part, what happens to it, the word for that, and what is said.
type Case = (&'static str, &'static str, &'static str, &'static str);

/// Of our own threads, and of what they wait for.
const CASES: [Case; 13] = [
    ("log", "panics", "panic-log", "panicked: "),
    ("store", "panics", "panic-store", "panicked: "),
    (SINK, "panics", "panic-sink", "panicked: "),
    ("weather", "panics", "panic-weather", "panicked: "),
    ("home_assistant", "panics", "panic-reader", "panicked: "),
    ("store", "hangs", "hang-store", "it hung: no sign of life for "),
    (SINK, "hangs", "hang-sink", "it hung: no sign of life for "),
    ("weather", "hangs", "hang-weather", "it hung: no sign of life for "),
    ("home_assistant", "hangs", "hang-reader", "it hung: no sign of life for "),
    ("log", "is slow", "slow-log", "it has been writing to the disk for "),
    ("store", "is slow", "slow-store", "it has been writing down what it was given for "),
    (SINK, "is slow", "influx-slow", "its server takes "),
    ("weather", "is slow", "weather-slow", "gave no answer in time"),
];

/// What was said.
#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    fn add(&mut self, part: &str, what: &str, after: Duration, said: [&str; 2]) {
        let [status, doctor] = said;
        let row = format!("| {part} | {what} | {:.1} | {status} | {doctor} |", after.as_secs_f64());
        println!("{row}");
        assert!(after < NAMED, "named too late: {row}");
        self.0.push(row);
    }

    fn print(&self) {
        println!(
            "\n| Part | What happens | Told after, s | Status | Doctor |\n| --- | --- | ---: | --- | --- |"
        );
        println!("{}", self.0.join("\n"));
    }
}

/// State, reason and last restart of a part.
fn part<'s>(status: &'s Status, name: &str) -> &'s Value {
    let parts = status.at("/parts").as_array().unwrap();
    parts.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("no part {name}"))
}

fn all_well(status: &Status) -> bool {
    let parts = status.at("/parts").as_array().unwrap();
    parts.iter().all(|part| part["state"] == "healthy" || part["state"] == "off")
}

/// Waits until the status says it of the part: of how it is, or of why it was started anew since then.
async fn told(run: &mut Run, name: &str, words: &str, restarts: u64) -> String {
    until(&format!("{name}: {words}"), WELL, async || {
        let status = run.status().await;
        let part = part(&status, name);
        let anew = part["last_restart"]["why"].as_str().filter(|_| part["restarts"] != restarts);
        let said = part["reason"].as_str().filter(|_| part["state"] != "healthy").or(anew)?;
        said.contains(words).then(|| said.to_owned())
    })
    .await
}

/// What the doctor says of the part.
async fn doctor(program: &Hearthline, about: &str, words: &str) -> String {
    let findings = findings(program).await;
    let of = findings.iter().filter(|finding| finding["about"] == about);
    let says: Vec<_> = of.map(|finding| finding["says"].as_str().unwrap()).collect();
    let said = says.iter().find(|says| says.contains(words) && says.contains(about));
    (*said.unwrap_or_else(|| panic!("nothing with {words:?} of {about}: {findings:?}"))).to_owned()
}

async fn findings(program: &Hearthline) -> Vec<Value> {
    let answer = program.command(&["doctor", "--json"]).await;
    answer.json()["findings"].as_array().unwrap().clone()
}

async fn each(what: &str) {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let mut run = program.demo();
    run.connected().await;
    run.within(WELL, "every part is well", all_well).await;
    let mut table = Table::default();
    for (name, what, word, words) in CASES.into_iter().filter(|(_, happens, ..)| *happens == what) {
        let restarts = part(&run.status().await, name)["restarts"].as_u64().unwrap();
        let began = Instant::now();
        run.cause(word).await;
        // What is slow is met when something is written.
        let flush = (word == "slow-store").then(|| program.spawn(&["flush"]));
        let status = told(&mut run, name, words, restarts).await;
        let after = began.elapsed();
        let doctor = doctor(&program, name, words).await;
        table.add(name, what, after, [&status, &doctor]);
        run.cause("heal").await;
        run.within(WELL, "every part is well again", all_well).await;
        drop(flush);
    }
    table.print();
}

// Each on a program of its own, beside each other: most of their time they wait for it to be well again.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_that_panics_is_told_in_words_that_name_it_within_ten_seconds() {
    each("panics").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_that_hangs_is_told_in_words_that_name_it_within_ten_seconds() {
    each("hangs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_that_is_slow_is_told_in_words_that_name_it_within_ten_seconds() {
    each("is slow").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_hangs_and_a_program_that_stands_still_are_told_in_words_within_ten_seconds() {
    let program = Hearthline::new("http://127.0.0.1:1", "unused");
    let mut run = program.demo();
    run.connected().await;
    run.within(WELL, "every part is well", all_well).await;
    let mut table = Table::default();
    let began = Instant::now();
    run.cause("hang-log").await;
    let sentence = "the log's writer shows no sign of life for ";
    until("the program says so", WELL, async || run.said().contains(sentence).then_some(())).await;
    let after = began.elapsed();
    assert_eq!(run.ended(WELL).await.code(), Some(1));
    let said = run.said();
    let last = said.lines().find_map(|line| line.strip_prefix("hearthline: "));
    let said = last.filter(|last| last.starts_with(sentence)).unwrap_or_else(|| panic!("{said}")).to_owned();
    table.add("log", "hangs", after, [&said, &said_of_program(&program, "nothing runs on ").await]);
    whole_program(&program, &mut table).await;
    table.print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_assistant_that_gives_no_lists_is_told_in_words_within_ten_seconds() {
    let mut table = Table::default();
    without_lists(&mut table).await;
    table.print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_assistant_that_is_slow_is_told_in_words_within_ten_seconds() {
    let mut table = Table::default();
    slow_to_answer(&mut table).await;
    table.print();
}

/// What the doctor says where no part can be asked.
async fn said_of_program(program: &Hearthline, words: &str) -> String {
    let findings = findings(program).await;
    let mut of = findings.iter().filter(|finding| finding["check"] == "program");
    let said = of.find_map(|finding| finding["says"].as_str().filter(|says| says.contains(words)));
    said.unwrap_or_else(|| panic!("{findings:?}")).to_owned()
}

/// The process stands still, then it is killed: nobody within it can say so, and the doctor does.
async fn whole_program(program: &Hearthline, table: &mut Table) {
    let mut run = program.demo();
    run.connected().await;
    for (what, signal, words) in
        [("hangs", "STOP", "does not answer at "), ("is killed", "KILL", "nothing runs on ")]
    {
        let began = Instant::now();
        run.signal(signal);
        if signal == "KILL" {
            run.ended(WELL).await;
        }
        let said = said_of_program(program, words).await;
        table.add("API, with the whole program", what, began.elapsed(), ["–", &said]);
    }
}

/// A lively house that is asked for its lists when something is the matter with them already.
async fn without_lists(table: &mut Table) {
    let words = "does not give its lists";
    for (what, fault) in [
        ("is refused", Fault::RefuseCommand(LISTS.into())),
        // Answers that are late are none until then.
        ("is slow, or hangs", Fault::IgnoreCommand(LISTS.into())),
    ] {
        let (peer, program) = lively().await;
        peer.cause(fault);
        let mut run = program.start();
        run.connected().await;
        let began = Instant::now();
        let status = told(&mut run, "registry", words, 0).await;
        let after = began.elapsed();
        table.add("registry", what, after, [&status, &doctor(&program, "registry", words).await]);
        assert!(run.stop().await.success());
    }
}

/// A lively house that becomes slow.
async fn slow_to_answer(table: &mut Table) {
    let (peer, program) = lively().await;
    // A ping each 10 s, as it is by default, tells it up to 10 s later.
    let program = program.with_settings("[home_assistant]\nping_interval = \"3s\"\n");
    let mut run = program.start();
    run.connected().await;
    run.within(WELL, "every part is well", all_well).await;
    let began = Instant::now();
    peer.cause(Fault::SlowPong(Duration::from_secs(6)));
    let words = "s to answer a ping";
    let status = told(&mut run, "home_assistant", words, 0).await;
    let after = began.elapsed();
    table.add(
        "home_assistant",
        "is slow",
        after,
        [&status, &doctor(&program, "home_assistant", words).await],
    );
    peer.heal();
    run.within(WELL, "every part is well again", all_well).await;
    assert!(run.stop().await.success());
}

async fn lively() -> (HomeAssistant, Hearthline) {
    let (peer, program) = recorded(House::new(7, SystemClock::new().now()).with_rate(20.0)).await;
    let living = peer.clone();
    tokio::spawn(async move { living.run().await });
    sleep(Duration::from_millis(100)).await;
    (peer, program)
}
