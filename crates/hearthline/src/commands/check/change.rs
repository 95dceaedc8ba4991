//! What the settings that are checked would change in the program that runs.

use hearthline_api::{CheckRequest, SettingsChecked};

use crate::commands::Context;
use crate::commands::settings::{line, mistakes};
use crate::house::Program;

/// As the running program says; none where nothing runs on the data folder, or it does not say, or there is no file.
pub(super) async fn of(context: &Context<'_>) -> Option<SettingsChecked> {
    let program = Program::of(&context.settings).ok().flatten()?;
    let file = context.settings.config.as_ref()?;
    let request = CheckRequest { toml: Some(std::fs::read_to_string(file).ok()?) };
    program.post("/api/v1/settings/check", &request).await.ok()
}

pub(super) fn render(checked: &SettingsChecked) -> String {
    let mut page = format!("for the running program: {}\n{}", checked.says, mistakes(&checked.mistakes));
    for change in &checked.changes {
        page += &format!("  {}\n", line(change));
    }
    if let Some(preview) = &checked.preview {
        for (what, names, count) in [
            ("comes in", &preview.comes_in, preview.comes_in_count),
            ("goes out", &preview.goes_out, preview.goes_out_count),
        ] {
            let more = count - names.len() as u64;
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            if count > 0 {
                page += &format!("  {what}: {}{more}\n", names.join(", "));
            }
        }
    }
    page
}
