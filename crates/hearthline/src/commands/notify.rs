//! `hearthline notify [test [PLACE]]`: where people are told, what became of the last messages, and trying it out.

use axum::http::Method;
use clap::Subcommand;
use hearthline_api::{NotifyTestRequest, NotifyTested};
use hearthline_runbook::notify::{Listed, PlaceView, Told};

use super::Context;
use crate::exit::Exit;
use crate::house::Program;
use crate::table::{table, text};

/// Lists the places, or tries them out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Send a message to every place, or to one, and say whether it was taken
    Test {
        /// As under [[notify]]
        place: Option<String>,
    },
}

/// Asks the running program. The exit code says whether every place takes what it is told.
pub(crate) async fn run(args: Args, mut context: Context<'_>) -> anyhow::Result<Exit> {
    let program = Program::required(&context.settings)?;
    let all_well = match args.what {
        None => {
            let listed: Listed = program.ask(Method::GET, "/api/v1/notify").await?;
            context.answer(&listed, &render(&listed))?;
            listed.places.iter().all(|place| place.trouble.is_none())
        }
        Some(What::Test { place }) => {
            let tested: NotifyTested =
                program.post("/api/v1/notify/test", &NotifyTestRequest { place }).await?;
            context.answer(&tested, &tried(&tested))?;
            tested.tried.iter().all(|tried| tried.why.is_none())
        }
    };
    Ok(if all_well { Exit::Ok } else { Exit::Degraded })
}

/// What became of a message at each place.
pub(super) fn tried(NotifyTested { tried }: &NotifyTested) -> String {
    let lines = tried.iter().map(|tried| match &tried.why {
        None => format!("{}: taken\n", tried.name),
        Some(why) => format!("{}: not taken: {why}\n", tried.name),
    });
    lines.collect()
}

fn render(listed: &Listed) -> String {
    if listed.places.is_empty() {
        return "nobody is told: the settings name no [[notify]]\n".into();
    }
    listed.places.iter().map(place).collect::<Vec<_>>().join("\n")
}

fn place(of: &PlaceView) -> String {
    let PlaceView { name, kind, host, level, waiting, gathering, told, untold, .. } = of;
    let mut page = format!(
        "{name}: {kind} at {host}, from {} on; {told} told, {untold} not told, {waiting} waiting, {gathering} gathering\n",
        level.as_str()
    );
    if let Some(why) = &of.trouble {
        page += &format!("  the last message was not taken: {why}\n");
    }
    if let Some(until) = &of.held_until {
        page += &format!("  so much was told within an hour that the next message goes out at {until}\n");
    }
    if of.last.is_empty() {
        return page;
    }
    let mut rows = table(&["At", "Message", "Tries", "What became of it"]);
    for Told { at, title, tries, why, .. } in &of.last {
        let fate = why.clone().unwrap_or_else(|| "taken".into());
        rows.add_row([at.clone(), title.clone(), tries.to_string(), fate]);
    }
    page + &text(&rows)
}

#[cfg(test)]
mod tests {
    use hearthline_pipeline::webhook::Urgency;
    use hearthline_runbook::notify::Tried;

    use super::*;

    #[test]
    fn the_list_says_what_is_told_where_and_why_something_is_not() {
        let told = |title: &str, why: Option<&str>| Told {
            at: "2026-11-23T12:00:00.000000Z".into(),
            title: title.into(),
            urgency: Urgency::Critical,
            tries: 2,
            why: why.map(Into::into),
        };
        let phone = PlaceView {
            name: "phone".into(),
            kind: "ntfy".into(),
            host: "ntfy.sh:443".into(),
            level: Urgency::Warning,
            trouble: Some("ntfy.sh:443 answers HTTP 429".into()),
            waiting: 1,
            gathering: 7,
            held_until: Some("2026-11-23T12:40:00.000000Z".into()),
            told: 12,
            untold: 1,
            last: vec![
                told("Hearthline: not recording", None),
                told("Hearthline: 2 things are wrong", Some("HTTP 400")),
            ],
        };
        let quiet = PlaceView {
            name: "team".into(),
            trouble: None,
            held_until: None,
            last: Vec::new(),
            ..phone.clone()
        };
        let pages = [render(&Listed { places: vec![phone, quiet] }), render(&Listed::default())];
        let tried = tried(&NotifyTested {
            tried: vec![
                Tried { name: "phone".into(), why: None },
                Tried { name: "team".into(), why: Some("cannot connect".into()) },
            ],
        });
        insta::assert_snapshot!(pages.join("---\n") + "---\n" + &tried);
    }
}
