//! `hearthline logs [PART]`: what the program says of itself, with and without it running.

use std::time::Duration;

use hearthline_core::{Clock as _, RealFs, SystemClock};
use hearthline_runbook::logs::{FOLDER, Level, Line, Lines, Logs, Wanted};

use super::{Context, signs};
use crate::exit::Exit;
use crate::house::Program;
use crate::instant::{Instant, instant};
use crate::settings::Settings;

/// How long the program keeps a question that nothing answers yet.
const WAIT: Duration = Duration::from_secs(20);
/// Between two looks into the files, where no program runs.
const LOOK: Duration = Duration::from_secs(1);
/// Lines of one answer while they are followed.
const MOST: usize = 5000;

/// Which of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of these, as in `hearthline status`; also repair, verify, alerts, supervisor, program; separated by commas
    #[arg(value_name = "PART", value_delimiter = ',')]
    parts: Vec<String>,
    /// So many, the newest
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=5000))]
    tail: u16,
    /// Go on with what comes, also when the program is started anew
    #[arg(long, short)]
    follow: bool,
    /// This or worse: error (lost, or needs a hand), warn (nothing is lost), info, debug, trace
    #[arg(long, value_parser = level)]
    level: Option<Level>,
    /// From this instant on: 2026-11-23T11:57:01Z, 2026-11-23, 22:00, or so long ago as in 24h
    #[arg(long, value_parser = instant)]
    since: Option<Instant>,
}

fn level(name: &str) -> Result<Level, String> {
    Level::named(name).ok_or_else(|| "write error, warn, info, debug or trace".into())
}

/// Prints them, the oldest first; with `--json` the document, and while following a JSON object a line.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let now = SystemClock::new().now();
    let mut wanted = Wanted {
        parts: args.parts,
        level: args.level.unwrap_or_default(),
        since: args.since.map(|since| since.resolve(now)),
        ..Wanted::newest(args.tail.into())
    };
    let lines = ask(&context.settings, &wanted, Duration::ZERO).await?;
    if !args.follow {
        let page: String = lines.lines.iter().map(|line| told(line) + "\n").collect();
        let notes = [lines.unread.clone(), dropped(&lines)];
        let notes: String = notes.into_iter().flatten().map(|note| format!("{note}\n")).collect();
        let empty = if lines.lines.is_empty() { "nothing of that kind was said\n" } else { "" };
        return context.answer(&lines, &format!("{page}{empty}{notes}"));
    }
    let mut lines = lines;
    loop {
        for line in &lines.lines {
            let text =
                if context.json { serde_json::to_string(line)? } else { signs(&told(line)).into_owned() };
            writeln!(context.out, "{text}")?;
        }
        context.out.flush()?;
        (wanted.after, wanted.tail) = (Some(lines.last), MOST);
        lines = tokio::select! {
            stop = tokio::signal::ctrl_c() => return Ok(stop.map(|()| Exit::Ok)?),
            next = next(&context.settings, &wanted) => next,
        };
    }
}

/// What comes behind what was shown, from whoever can tell.
async fn next(settings: &Settings, wanted: &Wanted) -> Lines {
    loop {
        match ask(settings, wanted, WAIT).await {
            Ok(lines) if !lines.lines.is_empty() => return lines,
            // Nothing yet; or the program ends or starts at this moment, and is asked again.
            Ok(_) | Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The running program, or the files.
async fn ask(settings: &Settings, wanted: &Wanted, wait: Duration) -> anyhow::Result<Lines> {
    let data_dir = &settings.data_dir;
    let folder = data_dir.join(FOLDER);
    if let Some(program) = Program::of(settings)? {
        match program.query("/api/v1/logs", &query(wanted, wait)).await {
            // One that waits for its settings, or hangs: what was written down is there all the same.
            Err(_) if folder.is_dir() => {}
            answered => return answered,
        }
    }
    anyhow::ensure!(
        folder.is_dir(),
        "there is no {}: is {} the data folder?",
        folder.display(),
        data_dir.display()
    );
    Ok(Logs::read_files(&RealFs, data_dir, wanted)?)
}

fn query(wanted: &Wanted, wait: Duration) -> Vec<(&'static str, String)> {
    let mut query = vec![("tail", wanted.tail.to_string()), ("level", wanted.level.as_str().to_owned())];
    query.extend((!wanted.parts.is_empty()).then(|| ("part", wanted.parts.join(","))));
    query.extend(wanted.since.map(|since| ("since", since.to_string())));
    query.extend(wanted.after.map(|after| ("after", after.to_string())));
    query.extend((!wait.is_zero()).then(|| ("wait", format!("{}s", wait.as_secs()))));
    query
}

fn told(line: &Line) -> String {
    let fields: String = line.fields.iter().map(|(name, value)| format!("  {name}={value}")).collect();
    let message = line.message.replace('\n', " ");
    format!("{}  {:5}  {}  {message}{fields}", line.at, line.level.as_str().to_uppercase(), line.part)
}

fn dropped(lines: &Lines) -> Option<String> {
    let words = "lines since the start of the program are in no file: the disk did not take them in time";
    (lines.dropped > 0).then(|| format!("{} {words}", lines.dropped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let line = Line {
            seq: 7,
            at: "2026-11-26T22:00:00.000000Z".into(),
            level: Level::Warn,
            part: "influxdb".into(),
            message: "no answer\nin time".into(),
            fields: [("retry_in_s".to_owned(), "2".to_owned())].into(),
        };
        let expected = "2026-11-26T22:00:00.000000Z  WARN   influxdb  no answer in time  retry_in_s=2";
        assert_eq!(told(&line), expected);
    }

    #[test]
    fn the_question_to_the_program_has_all_that_is_wanted() {
        let wanted = Wanted {
            parts: vec!["log".into(), "store".into()],
            level: Level::Error,
            after: Some(3),
            ..Wanted::newest(9)
        };
        let asked =
            [("tail", "9"), ("level", "error"), ("part", "log,store"), ("after", "3"), ("wait", "20s")];
        assert_eq!(query(&wanted, WAIT), asked.map(|(name, value)| (name, value.to_owned())));
    }
}
