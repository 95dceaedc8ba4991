use hearthline_core::{Fs, RealFs};

use super::*;

const HOUSE: [(&str, &str); 2] =
    [("HOME_ASSISTANT_URL", "http://192.168.1.10:8123"), ("HOME_ASSISTANT_TOKEN", "hunter2")];

fn write(path: &Path, text: &str) {
    (&RealFs as &dyn Fs).write_atomic(path, text.as_bytes()).unwrap();
}

/// A data folder with this settings file in it.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(NAME), text);
    folder
}

fn source(folder: &Path, config: Option<PathBuf>, in_folder: bool, more: &[(&str, &str)]) -> Source {
    let mut variables = HOUSE.to_vec();
    variables.push((variable::DATA_DIR, folder.to_str().unwrap()));
    variables.extend(more);
    Source::new(config, variables.into_iter().collect(), Purpose::Record, in_folder)
}

#[test]
fn mistakes_in_what_recording_does_not_need_switch_that_off_and_others_keep_from_recording() {
    for (text, off) in [
        ("[[sinks]]\ntype = \"influxdb\"\n", Some("sinks are off")),
        ("[weather]\nprovider = \"met\"\n", Some("the weather is off")),
        ("[alerts]\nsilent = 5\n", Some("are as if they were not set")),
        ("[criteria]\nuptime = 5\n", Some("are as if they were not set")),
        ("[filter]\nexclude = \"camera\"\n", None),
        ("[log]\nmax_bytes = 5\n", None),
        ("[store]\nretention = \"1h\"\n", None),
        ("[weathr]\nprovider = \"off\"\n", None),
        ("[weather]\nprovider = \"met\"\n[log]\nkeep = 5\n", None),
        ("[[sinks]\n", None),
    ] {
        let folder = folder(text);
        let settings = source(folder.path(), None, true, &[]).to_record();
        let found = settings.as_ref().ok().map(|settings| settings.off.clone().unwrap());
        assert_eq!(found.is_some(), off.is_some(), "{text}");
        if let (Some(found), Some(off)) = (found, off) {
            assert!(found.contains(off) && found.contains("hearthline.toml:"), "{found}");
        }
    }
}

#[test]
fn while_a_sink_is_off_no_row_goes_before_it_has_it() {
    let folder = folder("[[sinks]]\ntype = \"influxdb\"\n[store]\nretention = \"30d\"\n");
    let settings = source(folder.path(), None, true, &[]).to_record().unwrap();
    assert_eq!((settings.sinks.len(), *settings.store.retention), (0, None));
}

#[test]
fn a_wrong_key_for_the_weather_or_word_for_the_log_keeps_nobody_from_recording() {
    let folder = tempfile::tempdir().unwrap();
    for variables in [[("WEATHER_API_KEY", "two words")], [("HEARTHLINE_LOG", "=,=")]] {
        let settings = source(folder.path(), None, true, &variables).to_record().unwrap();
        assert!(settings.off.unwrap().contains(variables[0].0));
    }
}

#[test]
fn the_file_of_the_data_folder_counts_where_no_other_is_named() {
    let folder = folder("[log]\nkeep = \"2h\"\n");
    let other = folder.path().join("other.toml");
    write(&other, "");
    let hours = |config: Option<&Path>, in_folder| {
        let source = source(folder.path(), config.map(Into::into), in_folder, &[]);
        source.to_record().unwrap().log.keep.as_secs() / 3600
    };
    assert_eq!(hours(None, true), 2);
    assert_eq!(hours(Some(&other), true), 24, "another is named");
    assert_eq!(hours(None, false), 24, "what is simulated has nothing to do with it");
    let source = source(folder.path(), Some(other.clone()), true, &[]);
    assert_eq!(source.file(), other);
}
