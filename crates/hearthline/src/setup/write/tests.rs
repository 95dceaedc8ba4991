use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::settings::{Environment, Purpose, Setting};

const TOKEN: &str = "eyJ.a-secret.of-somebody";

struct Rig {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    config: Option<PathBuf>,
}

impl Rig {
    /// Without a settings file that is named.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        Self { environment: vec![("HEARTHLINE_DATA_DIR", data.display().to_string())], config: None, folder }
    }

    fn with_file(text: &str) -> Self {
        let mut rig = Self::new();
        let path = rig.folder.path().join("h.toml");
        (&RealFs as &dyn Fs).write_atomic(&path, text.as_bytes()).unwrap();
        rig.config = Some(path);
        rig
    }

    fn source(&self) -> Source {
        let variables = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        Source::new(self.config.clone(), variables.collect::<Environment>(), Purpose::Record, true)
    }

    fn known(&self) -> Settings {
        self.source().to_record().unwrap_err().0
    }

    /// What was tested, written.
    fn write(&self, change: impl FnOnce(&mut Settings)) -> Result<SetupBegun, ApiError> {
        let known = self.known();
        let mut candidate = known.clone();
        let of = &mut candidate.home_assistant;
        let url = crate::settings::url("http://192.168.1.10:8123").unwrap();
        of.url = of.url.take().or(Some(Setting::default(url)));
        let token = crate::settings::token(TOKEN).unwrap();
        of.token = of.token.take().or(Some(Setting::default(token)));
        change(&mut candidate);
        settings(&self.source(), &known, &candidate)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

#[test]
fn from_nothing_a_file_in_the_data_folder_and_a_private_token() {
    let rig = Rig::new();
    let begun = rig.write(|_| ()).unwrap();
    assert!(begun.file.ends_with("data/hearthline.toml"), "{begun:?}");
    let text = rig.text("data/hearthline.toml");
    let lines =
        "[home_assistant]\nurl = \"http://192.168.1.10:8123\"\ntoken_file = \"secrets/home_assistant\"\n";
    assert!(text.ends_with(lines) && !text.contains(TOKEN), "{text}");
    assert_eq!(rig.text("data/secrets/home_assistant"), TOKEN);
    let mode =
        std::fs::metadata(rig.folder.path().join("data/secrets/home_assistant")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let settings = rig.source().to_record().unwrap();
    assert_eq!(settings.home_assistant.token.unwrap().expose(), TOKEN);
}

#[test]
fn what_a_person_wrote_stays_as_it_is_and_lines_are_added_to_it() {
    for (before, after) in [
        (
            "# mine\n[log]\nkeep = \"2h\" # short",
            "# mine\n[log]\nkeep = \"2h\" # short\n\n[home_assistant]\nLINES",
        ),
        (
            "[home_assistant] # there\nping_interval = \"5s\"\n\n[log]\n",
            "[home_assistant] # there\nLINESping_interval = \"5s\"\n\n[log]\n",
        ),
        ("[home_assistant]", "[home_assistant]\nLINES"),
        ("", "\n[home_assistant]\nLINES"),
    ] {
        let rig = Rig::with_file(before);
        rig.write(|candidate| candidate.home_assistant.tls_verify = Setting::default(false)).unwrap();
        let token_file = rig.folder.path().join("data/secrets/home_assistant");
        let told = token_file.strip_prefix(rig.folder.path()).unwrap().display().to_string();
        let lines =
            format!("url = \"http://192.168.1.10:8123\"\ntoken_file = \"{told}\"\ntls_verify = false\n");
        assert_eq!(rig.text("h.toml"), after.replace("LINES", &lines));
    }
}

#[test]
fn only_what_is_missing_is_written() {
    let rig = Rig::with_file("[home_assistant]\nurl = \"http://ha:8123\"\n");
    rig.write(|_| ()).unwrap();
    assert_eq!(rig.text("h.toml").matches("url =").count(), 1);
    let mut rig = Rig::new();
    rig.environment.push(("HOME_ASSISTANT_TOKEN", TOKEN.into()));
    let begun = rig.write(|_| ()).unwrap();
    assert_eq!(begun.token_file, None);
    assert!(!rig.folder.path().join("data/secrets").exists());
}

#[test]
fn where_a_line_cannot_be_added_nothing_is_changed_and_the_lines_are_told() {
    let text = "home_assistant = { ping_interval = \"5s\" }\n";
    let rig = Rig::with_file(text);
    let refused = rig.write(|_| ()).unwrap_err().body;
    assert_eq!(refused.what, "the settings cannot be written");
    assert!(refused.todo.contains("url = \"http://192.168.1.10:8123\", token_file ="), "{refused:?}");
    assert_eq!(rig.text("h.toml"), text);
    assert!(!rig.folder.path().join("data/secrets").exists(), "no token is left behind");
    assert!(!format!("{refused:?}").contains(TOKEN));
}
