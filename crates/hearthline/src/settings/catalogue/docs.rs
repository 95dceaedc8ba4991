//! `docs/configuration.md`, made from the rows.

use std::fmt::Write as _;

use super::{About, HOUSE, NOTIFY, SINK, Takes, What};
use crate::settings::notify::Notify;
use crate::settings::text::value;
use crate::settings::{InfluxDb, Settings};

const HEAD: &str = "# Configuration

This page is made from the program's own table of settings (`crates/hearthline/src/settings/catalogue`), and a test fails when it is
not what that says.

Settings come from the defaults, one TOML file (`--config FILE` or `HEARTHLINE_CONFIG`, else `hearthline.toml` in the data folder if it
is there) and the environment; the later wins. A key that does not exist is a mistake, with its line and what was probably meant; all
mistakes are told at once. `hearthline check` validates them, `hearthline settings` shows what holds and who said so.

- A **duration** is a number and a unit: `\"500ms\"`, `\"10s\"`, `\"15m\"`, `\"24h\"`, `\"7d\"`. A **size** too: `\"512MiB\"`, `\"2GiB\"`, or a number of
  bytes. A **share** has a percent sign: `\"99.5%\"`. A **rule** is written as under `filter.include`.
- A **secret** is better in a file of its own (`token_file`, `password_file`, `api_key_file`) than in this one. No command, page,
  log or kept settings ever shows one.

## When a change holds

The running program looks at its settings file every two seconds, and takes up a change when the file has been the same for two
looks. `hearthline reload`, `SIGHUP` and `POST /api/v1/reload` do it at once. Everything is validated first: a mistake changes nothing, and is told
in the log, in `hearthline status` and on the page *Settings*. The last column says when a key holds:

- **live**: at once. A filter holds from one record of the log on; the connection to Home Assistant stays, and nothing is lost or
  recorded twice.
- **part**: the sink, or the weather, is started anew alone and goes on where it was.
- **restart**: when the program is started anew. Until then the old value holds, and the page and `status` say what waits.

";

const VARIABLES: &str = "## Variables without a key

| variable | meaning |
| --- | --- |
| `HEARTHLINE_CONFIG` | The settings file, where `--config` does not name one. Without both it is `hearthline.toml` in the data folder, if it is there. |
| `HEARTHLINE_LOG` | What the program says on standard error: `error`, `warn`, `info` (the default), `debug`, `trace`, or as in `hearthline_pipeline=debug`. live |
| `HEARTHLINE_OPTIONS` | A JSON file with more of these variables, as Home Assistant's supervisor writes the options of an app. A reload reads it again. |
| `SUPERVISOR_TOKEN` | Set by the supervisor: address and token of Home Assistant for an app, unless an address is set. |

";

const TAIL: &str = "## What ran before

Settings under which the program was healthy for a whole minute are kept in the data folder, without secrets, the last ten of
them: `hearthline settings list`, `hearthline settings show N`, `hearthline settings diff A B`. What `show` prints can be used as the
settings file; where a secret belongs it says so.
";

const SECTIONS: [(&str, &str); 13] = [
    ("home_assistant", "The peer."),
    ("filter", "Which entities are recorded."),
    ("log", "The log, where every event is before anything else can go wrong."),
    ("store", "The embedded store."),
    ("weather", "Who observes the weather."),
    ("api", "Page and API."),
    ("criteria", "What has to be reached, and over which time."),
    ("verify", "Whether an event gets through."),
    ("alerts", "From where on a person should know of it."),
    ("backup", "Copies of everything that is recorded."),
    (
        "notify",
        "Where people are told: as many as you like. See [operations/notify.md](operations/notify.md).",
    ),
    ("mqtt", "Over which Home Assistant shows how Hearthline is."),
    ("sinks", "Everything is delivered to each `[[sinks]]`, beside the store, which is always on."),
];

/// The document; `defaults` are settings that nobody set, `sink` and `place` ones of which only what they have to have is.
pub(super) fn configuration(defaults: &Settings, sink: &InfluxDb, place: &Notify) -> String {
    let mut page = HEAD.to_owned();
    let house: Vec<_> = HOUSE.iter().map(|entry| (&entry.about, (entry.shown)(defaults))).collect();
    let sinks: Vec<_> = SINK.iter().map(|entry| (&entry.about, (entry.shown)(sink))).collect();
    let places: Vec<_> = NOTIFY.iter().map(|entry| (&entry.about, (entry.shown)(place))).collect();
    let default = |shown: &Option<super::Shown>| match shown {
        Some(super::Shown { value: What::Plain(plain), .. }) => Some(value(plain)),
        _ => None,
    };
    let mut table = |title: &str, says: &str, rows: &mut dyn Iterator<Item = (&About, Option<String>)>| {
        let _ = write!(
            page,
            "## {title}\n\n{says}\n\n| key | what can be written | without it | holds | meaning |\n| --- | --- | --- | --- | --- |\n"
        );
        for (about, default) in rows {
            page.push_str(&row(about, default));
        }
        page.push('\n');
    };
    let top = house.iter().filter(|(about, _)| !about.key.contains('.') && about.variable != Some(about.key));
    table(
        "The top of the file",
        "Before the first section.",
        &mut top.map(|(about, shown)| (*about, default(shown))),
    );
    for (name, says) in SECTIONS {
        if name == "sinks" {
            let rows = &mut sinks.iter().map(|(about, shown)| {
                let needed = matches!(about.key, "url");
                (*about, default(shown).filter(|_| !needed))
            });
            table("`[[sinks]]`", says, rows);
        } else if name == "notify" {
            let rows = &mut places.iter().map(|(about, shown)| {
                let needed = matches!(about.key, "type" | "name");
                (*about, default(shown).filter(|_| !needed))
            });
            table("`[[notify]]`", says, rows);
        } else {
            let of = |about: &About| about.key.split_once('.').is_some_and(|(section, _)| section == name);
            let rows = house.iter().filter(|(about, _)| of(about));
            table(&format!("`[{name}]`"), says, &mut rows.map(|(about, shown)| (*about, default(shown))));
        }
    }
    page + VARIABLES + TAIL
}

fn row(about: &About, default: Option<String>) -> String {
    let About { key, variable, kind, unset, meaning, takes } = about;
    let key = key.split_once('.').map_or(*key, |(_, key)| key);
    let variable = variable.map(|name| format!("<br>`{name}`")).unwrap_or_default();
    let default = default.map_or_else(|| (*unset).to_owned(), |default| format!("`{default}`"));
    let takes = Takes::as_str(*takes);
    format!("| `{key}`{variable} | {kind} | {default} | {takes} | {meaning} |\n")
}
