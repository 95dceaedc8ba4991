use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::origin::Origin;
use super::*;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.a-secret.that-nobody-may-see";

/// Loads `text` as the file `/etc/hearthline.toml`, beside the files in `others`.
fn load_beside(
    text: Option<&str>,
    environment: &[(&str, &str)],
    purpose: Purpose,
    others: &[(&str, &str)],
) -> Result<Settings, Mistakes> {
    let mut files: BTreeMap<&Path, &str> =
        others.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
    let path = Path::new("/etc/hearthline.toml");
    files.extend(text.map(|text| (path, text)));
    let read = |path: &Path| {
        files.get(path).map(|text| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    load(text.map(|_| path), &environment.iter().copied().collect(), &read, purpose)
}

fn read(text: &str) -> Result<Settings, Mistakes> {
    load_beside(Some(text), &[], Purpose::Read, &[])
}

const HOUSE: [(&str, &str); 2] =
    [("HOME_ASSISTANT_URL", "http://192.168.1.10:8123"), ("HOME_ASSISTANT_TOKEN", TOKEN)];

const BROKEN: &[(&str, &str)] = &[
    ("a misspelt key", "data_dirr = \"/x\""),
    ("a misspelt key in a section", "[store]\nflush_row = 5"),
    ("a misspelt section", "[home_asistant]\nurl = \"http://ha:8123\""),
    ("a key nobody could have meant", "[api]\nzzz = 1"),
    ("a key in the wrong section", "[log]\nlisten = \"127.0.0.1:1\""),
    ("no TOML", "[home_assistant\nurl = http://ha:8123\n"),
    ("a line that is no TOML beside a mistake", "[store]\nflush_rows = five\nflush_interval = 10\n"),
    ("a key twice", "data_dir = \"/a\"\ndata_dir = \"/b\""),
    ("an address without a scheme", "[home_assistant]\nurl = \"ha.local:8123\""),
    ("an address that is a host alone", "[home_assistant]\nurl = \"homeassistant\""),
    ("an address with a password", "[home_assistant]\nurl = \"http://me:hunter2@ha:8123\""),
    ("an address with a query", "[home_assistant]\nurl = \"http://ha:8123/?token=hunter2\""),
    ("a token with the word before it", "[home_assistant]\ntoken = \"Bearer hunter2\""),
    ("a token in two lines", "[home_assistant]\ntoken = \"hun\\nter2\""),
    ("a token without quotes", "[home_assistant]\ntoken = hunter2.hunter2\n"),
    ("a token without its last quote", "[home_assistant]\ntoken = \"hunter2\nurl = \"http://ha:8123\"\n"),
    ("token and token_file", "[home_assistant]\ntoken = \"hunter2\"\ntoken_file = \"/x\""),
    ("a duration without unit", "[home_assistant]\nping_interval = 10"),
    (
        "durations that are none",
        "[log]\nkeep = \"soon\"\n[store]\nflush_interval = \"10y\"\nretention = \"1h\"",
    ),
    (
        "weather that is none",
        "[weather]\nprovider = \"met\"\nentity = \"sensor.t\"\nbase_url = \"ws://x\"\ninterval = \"1s\"\ncalls_per_day = 0\noutsid = true",
    ),
    ("a key for the weather in the address", "[weather]\nbase_url = \"https://x/?appid=hunter2\""),
    ("no time at all", "[store]\nflush_interval = \"0s\""),
    ("a time beyond counting", "[log]\nkeep = \"99999999999d\""),
    ("sizes that are none", "[log]\nmax_bytes = \"2 gigs\"\nmin_free = -1"),
    ("a log that is too small", "[log]\nmax_bytes = \"1MiB\""),
    ("a sync policy nobody knows", "[log]\nsync = \"sometimes\""),
    (
        "criteria that are none",
        "[criteria]\nevents_per_minute = 0\nerror_rate = 1\nuptime = \"101%\"\nweather = \"95\"\nwindow = \"2h\"\nuptime_window = \"1y\"",
    ),
    ("a canary each second", "[verify]\nevery = \"1s\"\n[criteria]\ncanary = 5\n"),
    ("backups that are none", "[backup]\ndir = \"~/nas\"\nevery = \"5s\"\nkeep = 0\nto = 1\n"),
    (
        "alerts that are none",
        "[alerts]\nno_events = 5\nsink_behind = \"soon\"\nrefused = \"none\"\ngap_lost = \"0s\"\ndisk = \"30\"\nsilent = \"off\"\ncanary = \"1d\"\nfreezer = 1",
    ),
    ("numbers that are none", "[store]\nflush_rows = \"50000\"\n"),
    ("zero rows", "[store]\nflush_rows = 0\n"),
    ("a truth in quotes", "[home_assistant]\ntls_verify = \"no\""),
    ("a port alone", "[api]\nlisten = \"8099\""),
    ("a port that is none", "[api]\nlisten = \"127.0.0.1:80999\""),
    ("one rule without a list", "[filter]\ninclude = \"light\""),
    (
        "rules that are none",
        "[filter]\ninclude = [\"light\", 3]\nexclude = [\n  \"a b\",\n  \"sensor.[\",\n]",
    ),
    ("an event type that is none", "[home_assistant]\nevents = [\"state_*\"]"),
    ("a sink that is not built", "[[sinks]]\ntype = \"kafka\"\nurl = \"http://influx:8086\""),
    ("a sink without an address", "[[sinks]]\ntype = \"influxdb\"\ntoken = \"hunter2\""),
    (
        "a key that no sink has",
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"http://influx:8086\"\nbuckt = \"house\"",
    ),
    (
        "two sinks of one name",
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"http://a:8086\"\n[[sinks]]\ntype = \"influxdb\"\nurl = \"http://b:8086\"",
    ),
    (
        "everything wrong in one sink",
        "[[sinks]]\ntype = \"influxdb\"\nname = \"My Influx\"\nurl = \"http://me:hunter2@influx:8086\"\nversion = 4\n\
         database = \"a\"\nbucket = \"b\"\npassword = \"hunter2\"\npassword_file = \"p\"\nlayout = \"old\"\nattributes = \"some\"\n\
         tags = { house = 5, entity_id = \"x\" }\nmeasurement = \"weather\"\nbatch_size = 0\nbatch_interval = 1\nstart = \"first\"\n\
         include = [\"a b\"]",
    ),
    (
        "a layout with settings of the other",
        "[[sinks]]\ntype = \"influxdb\"\nname = \"a\"\nurl = \"http://a:8086\"\nlayout = \"ha\"\nattributes = [\"brightness\"]\n\
         measurement = \"m\"\nweather = true\nmeasurement_attr = \"unit\"\ndefault_measurement = \"#\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"b\"\nurl = \"http://b:8086\"\noverride_measurement = \"m\"\ntags_attributes = [\"x\"]",
    ),
    (
        "who we are, twice",
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"http://influx:8086\"\nversion = 2\ntoken = \"hunter2\"\nusername = \"me\"\n\
         [[sinks]]\nname = \"other\"\ntype = \"influxdb\"\nurl = \"http://influx:8086\"\npassword = \"hunter2\"\nattributes = [\"[\"]",
    ),
    (
        "a sink that is called like another part",
        "[[sinks]]\ntype = \"influxdb\"\nname = \"store\"\nurl = \"http://a:8086\"",
    ),
    ("a sink without a type", "[[sinks]]\nname = \"x\""),
    ("a sink that is no list", "[sinks]\ntype = \"store\""),
    ("a section that is a value", "store = 5"),
    ("a path for a shell", "data_dir = \"~/data\""),
    (
        "everything at once",
        "data_dir = 5\nfoo = 1\n[home_assistant]\nurl = \"x\"\ntls_verify = 1\n[log]\nsync = 1\n[api]\nlisten = \"\"\n",
    ),
    ("a place to tell without type and address", "[[notify]]\nname = \"phone\""),
    (
        "places that are none",
        "[[notify]]\ntype = \"fax\"\nurl = \"mailto:hunter2\"\nlevel = \"info\"\nper_hour = 0\n[[notify]]\ntype = \"slack\"\n\
         url = \"https://me:hunter2@hooks/x\"\nbody = \"{text}\"\n[[notify]]\ntype = \"template\"\nurl = \"http://a/hunter2\"\n\
         body = \"always the same\"\nheaders = { \"X Y\" = \"hunter2\" }",
    ),
    (
        "two places of one name, of which one lacks its token",
        "[[notify]]\ntype = \"gotify\"\nurl = \"http://a/\"\n[[notify]]\ntype = \"ntfy\"\nname = \"gotify\"\nurl = \"http://b/x\"",
    ),
    ("a template without a body", "[[notify]]\ntype = \"template\"\nurl = \"http://a/\""),
    ("a broker without an address", "[mqtt]\npassword = \"hunter2\""),
    (
        "a broker that is none",
        "[mqtt]\nhost = \"\"\nport = 0\ntls = \"yes\"\nprefix = \"home/#\"\nname = \"Größe\"\nqos = 2",
    ),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    let mut all = String::new();
    for (name, text) in BROKEN {
        let mistakes = read(text).expect_err(name);
        writeln!(all, "## {name}\n{}\n\n{mistakes}", text.trim_end()).unwrap();
        let told = mistakes.to_string();
        assert!(!told.contains("hunter") && !told.contains("ter2"), "{name} tells a secret: {told}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_missing_for_recording_is_told_at_once() {
    let mistakes = load_beside(None, &[], Purpose::Record, &[]).unwrap_err();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn reading_needs_no_house() {
    let settings = load_beside(None, &[], Purpose::Read, &[]).unwrap();
    assert_eq!(*settings.data_dir, Path::new("./data"));
    assert_eq!(settings.api.listen.to_string(), "127.0.0.1:8099");
    assert_eq!(settings.data_dir.origin, Origin::Default);
    assert_eq!(settings.home_assistant.events.value, ["state_changed"]);
}

#[test]
fn a_wrong_variable_is_named() {
    let variables = [
        ("HOME_ASSISTANT_URL", TOKEN),
        ("HOME_ASSISTANT_TOKEN", "two words"),
        ("HEARTHLINE_API_LISTEN", "everywhere"),
        ("HEARTHLINE_LOG", "a=b=c"),
    ];
    let mistakes = load_beside(None, &variables, Purpose::Record, &[]).unwrap_err();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn the_environment_wins_over_the_file_and_a_wrong_line_there_is_still_told() {
    let file = "data_dir = \"/of/file\"\n[api]\nlisten = \"127.0.0.1:1\"\n";
    let settings =
        load_beside(Some(file), &[("HEARTHLINE_API_LISTEN", "localhost:2")], Purpose::Read, &[]).unwrap();
    assert_eq!(settings.api.listen.to_string(), "127.0.0.1:2");
    assert_eq!(settings.api.listen.origin.to_string(), "HEARTHLINE_API_LISTEN");
    assert_eq!(settings.data_dir.origin.to_string(), "/etc/hearthline.toml:1");

    let wrong = "[api]\nlisten = \"nowhere\"\n";
    load_beside(Some(wrong), &[("HEARTHLINE_API_LISTEN", "localhost:2")], Purpose::Read, &[]).unwrap_err();
}

#[test]
fn an_empty_variable_is_not_set() {
    let settings = load_beside(None, &[("HEARTHLINE_DATA_DIR", " ")], Purpose::Read, &[]).unwrap();
    assert_eq!(settings.data_dir.origin, Origin::Default);
}

pub(super) const EVERY_KEY: &str = r#"
        data_dir = "house"
        [home_assistant]
        url = "wss://ha.example/core/websocket"
        token_file = "token"
        events = ["*"]
        ping_interval = "15s"
        ca_file = "/ca.pem"
        tls_verify = false
        [filter]
        include = ["light", "sensor.*_battery"]
        exclude = ["light.hall"]
        [log]
        sync = "250ms"
        max_bytes = "4GiB"
        keep = "7d"
        min_free = 0
        [store]
        flush_rows = 10
        flush_interval = "1m"
        retention = "365d"
        context_ids = true
        [weather]
        provider = "openweathermap"
        entity = "weather.home"
        outside = true
        base_url = "https://weather.example/api"
        api_key_file = "key"
        interval = "15m"
        calls_per_minute = 2
        calls_per_day = 90
        [api]
        listen = "[::1]:0"
        [criteria]
        events_per_minute = 5
        error_rate = "0.5%"
        uptime = "99.95%"
        weather = "90%"
        window = "10m"
        uptime_window = "7d"
        canary = "12h"
        [verify]
        every = "6h"
        [alerts]
        no_events = "30m"
        sink_behind = "off"
        refused = 5
        gap_lost = "7d"
        disk = "60d"
        silent = false
        canary = false
        backup = false
        [backup]
        dir = "nas"
        every = "1d"
        keep = 30
        [mqtt]
        host = "broker"
        port = 18830
        tls = true
        username = "hearthline"
        password_file = "token"
        prefix = "discovery"
        name = "Our recorder"
        ca_file = "broker.pem"
        tls_verify = false
        [[notify]]
        type = "gotify"
        name = "push"
        url_file = "address"
        token_file = "token"
        level = "critical"
        per_hour = 3
        ca_file = "push.pem"
        tls_verify = false
        [[notify]]
        type = "template"
        name = "own"
        url_file = "address"
        body = "{title}: {text}"
        [[sinks]]
        type = "store"
        [[sinks]]
        type = "influxdb"
        name = "old"
        url = "https://influx.example:8086/proxy"
        version = 1
        database = "house"
        username = "hearthline"
        password_file = "token"
        ca_file = "influx.pem"
        tls_verify = false
        measurement = "states"
        tags = { house = "summer house" }
        attributes = ["default", "light.effect_list"]
        weather = false
        layout = "native"
        batch_size = 100
        batch_interval = "5s"
        include = ["light"]
        exclude = ["light.hall"]
        start = "now"
        [[sinks]]
        type = "influxdb"
        name = "cloud"
        url = "https://cloud.example"
        version = 2
        org = "me"
        bucket = "b"
        token_file = "token"
        attributes = "none"
        start = "all"
        [[sinks]]
        type = "influxdb"
        name = "boards"
        url = "http://influx:8086"
        layout = "ha"
        tags = { source = "HA" }
        attributes = "all"
        weather = false
        measurement_attr = "domain__device_class"
        override_measurement = "all"
        default_measurement = "state"
        tags_attributes = ["friendly_name"]
        ignore_attributes = ["icon"]
    "#;

#[test]
fn every_key_is_read() {
    let token = format!("{TOKEN}\n");
    let beside =
        [("/etc/token", token.as_str()), ("/etc/key", "hunter2"), ("/etc/address", "https://push.example")];
    let settings = load_beside(Some(EVERY_KEY), &[], Purpose::Record, &beside).unwrap();
    let home_assistant = &settings.home_assistant;
    assert_eq!(home_assistant.token.as_ref().unwrap().expose(), TOKEN, "the line break is no part of it");
    assert_eq!(*settings.data_dir, Path::new("/etc/house"), "a path in the file is relative to it");
    assert_eq!(settings.log.sync.value, SyncPolicy::Interval(Duration::from_millis(250)));
    assert_eq!(settings.log.max_bytes.value, 4 << 30);
    assert_eq!(settings.log.keep.value, Duration::from_secs(7 * 86_400));
    assert_eq!(settings.store.retention.value, Some(Duration::from_secs(365 * 86_400)));
    insta::assert_debug_snapshot!(settings);
}

#[test]
fn every_sync_policy_is_read() {
    let policies = [
        ("always", SyncPolicy::Always),
        ("interval", SyncPolicy::Interval(Duration::from_secs(1))),
        ("os", SyncPolicy::Os),
        ("5s", SyncPolicy::Interval(Duration::from_secs(5))),
    ];
    for (text, policy) in policies {
        assert_eq!(read(&format!("[log]\nsync = \"{text}\"")).unwrap().log.sync.value, policy);
    }
}

#[test]
fn a_token_file_that_is_not_there_is_a_mistake_only_for_recording() {
    let file = "[home_assistant]\nurl = \"http://ha:8123\"\ntoken_file = \"gone\"\n";
    let mistakes = load_beside(Some(file), &[], Purpose::Record, &[]).unwrap_err();
    assert!(mistakes.to_string().contains("/etc/gone cannot be read"), "{mistakes}");
    assert_eq!(mistakes.0.len(), 1, "and nothing else is missing: {mistakes}");
    load_beside(Some(file), &[], Purpose::Read, &[]).unwrap();
}

#[test]
fn under_the_supervisor_its_token_and_address_are_taken_unless_another_address_is_set() {
    let supervisor = ("SUPERVISOR_TOKEN", "of-the-supervisor");
    let settings = load_beside(None, &[supervisor], Purpose::Record, &[]).unwrap();
    let home_assistant = settings.home_assistant;
    assert!(home_assistant.supervised);
    assert_eq!(home_assistant.url.unwrap().as_str(), "ws://supervisor/core/websocket");
    assert_eq!(home_assistant.token.unwrap().expose(), "of-the-supervisor");

    let [url, token] = HOUSE;
    let settings = load_beside(None, &[supervisor, url, token], Purpose::Record, &[]).unwrap();
    assert!(!settings.home_assistant.supervised);
    assert_eq!(settings.home_assistant.token.unwrap().expose(), TOKEN);
}

#[test]
fn variables_of_the_former_system_and_misspelt_ones_are_mentioned() {
    let variables = [
        ("INFLUXDB_URL", "http://influx:8086"),
        ("INFLUXDB_TOKEN", "hunter2"),
        ("WEATHER_API_KEY", "hunter2"),
        ("HEARTHLINE_DATADIR", "/x"),
        ("HEARTHLINE_PORT", "tcp://10.0.0.1:80"),
    ];
    let settings = load_beside(None, &variables, Purpose::Read, &[]).unwrap();
    insta::assert_snapshot!(settings.notes.join("\n"));
}

#[test]
fn the_weathers_key_comes_from_the_variable_or_from_a_file() {
    let file = "[weather]\nprovider = \"openweathermap\"\napi_key_file = \"key\"\ninterval = \"15m\"\n";
    let beside = [("/etc/key", "hunter2\n")];
    let settings = load_beside(Some(file), &[], Purpose::Read, &beside).unwrap();
    assert_eq!(settings.weather.api_key.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(settings.weather.api_key_file.unwrap().value, Path::new("/etc/key"));
    assert!(settings.notes.is_empty());

    let settings =
        load_beside(Some(file), &[("WEATHER_API_KEY", "hunter3")], Purpose::Read, &beside).unwrap();
    assert_eq!(settings.weather.api_key.as_ref().unwrap().expose(), "hunter3");
    assert!(!format!("{settings:?}").contains("hunter"));

    let mut environment = HOUSE.to_vec();
    let mistakes = load_beside(Some(file), &environment, Purpose::Record, &[]).unwrap_err();
    assert!(mistakes.to_string().contains("/etc/key cannot be read"), "{mistakes}");
    environment.push(("WEATHER_API_KEY", "two words"));
    let mistakes = load_beside(Some(file), &environment, Purpose::Record, &beside).unwrap_err();
    assert!(!mistakes.to_string().contains("two words"), "{mistakes}");
}

#[test]
fn a_secret_cannot_be_printed() {
    let settings = load_beside(None, &HOUSE, Purpose::Record, &[]).unwrap();
    let printed = format!("{settings:?} {settings:#?}");
    assert!(!printed.contains("eyJ") && !printed.contains("secret."), "{printed}");
    assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let config = Some(Path::new("/etc/none.toml"));
    let mistakes = load(config, &Environment::default(), &read, Purpose::Read).unwrap_err();
    assert!(mistakes.to_string().contains("/etc/none.toml:1:1: cannot be read"), "{mistakes}");
}

#[test]
fn a_variable_that_is_wrong_is_one_mistake() {
    let mistakes = load_beside(None, &[("INFLUXDB_URL", "influx:8086")], Purpose::Read, &[]).unwrap_err();
    assert_eq!(mistakes.0.len(), 1, "{mistakes}");
}

#[test]
fn a_file_that_is_no_text_or_has_no_secret_is_named_with_what_to_do() {
    let of = |file: &'static str, what: fn() -> io::Result<String>| {
        let read = move |path: &Path| match path.to_str() {
            Some(path) if path == file => what(),
            _ => Ok("[home_assistant]\nurl = \"http://ha:8123\"\ntoken_file = \"/etc/token\"\n".to_owned()),
        };
        let config = Some(Path::new("/etc/house.toml"));
        load(config, &Environment::default(), &read, Purpose::Record).unwrap_err().to_string()
    };
    let words = of("/etc/house.toml", || Err(io::ErrorKind::InvalidData.into()));
    assert!(words.contains("/etc/house.toml:1:1: cannot be read") && words.contains("UTF-8"), "{words}");
    let words = of("/etc/house.toml", || Err(io::ErrorKind::PermissionDenied.into()));
    assert!(words.contains("let this program's user read it"), "{words}");
    let words = of("/etc/token", || Ok("\n".into()));
    assert!(words.contains("home_assistant.token_file: /etc/token: an empty text"), "{words}");
}

#[test]
fn no_text_makes_the_reader_panic() {
    for (_, text) in BROKEN {
        for end in 0..text.len() {
            let _ = text.get(..end).map(read);
        }
    }
}

#[test]
fn the_environment_makes_one_sink_of_the_old_system_s_variables() {
    let variables = [
        ("INFLUXDB_URL", "http://influx:8086"),
        ("INFLUXDB_TOKEN", "hunter2"),
        ("INFLUXDB_ORG", "home"),
        ("INFLUXDB_BUCKET", "house"),
    ];
    let settings = load_beside(None, &variables, Purpose::Read, &[]).unwrap();
    let [sink] = settings.sinks.as_slice() else { panic!("{:?}", settings.sinks) };
    assert_eq!((sink.name.as_str(), sink.database.as_str(), *sink.version), ("influxdb", "house", None));
    assert_eq!(sink.org.as_ref().unwrap().as_str(), "home");
    let token = sink.token.as_ref().unwrap();
    assert_eq!((token.expose(), token.origin.to_string().as_str()), ("hunter2", "INFLUXDB_TOKEN"));
    assert_eq!(sink.layout.measurement(), Some("home_assistant_events"));
    assert_eq!((*sink.batch_size, *sink.batch_interval), (5000, Duration::from_secs(1)));
    assert_eq!(settings.notes, [""; 0]);

    // What the file says of the sink of that name holds for the rest; another is another.
    let file = "[[sinks]]\ntype = \"influxdb\"\nurl = \"http://old:8086\"\nbucket = \"old\"\nattributes = \"all\"\n\
                [[sinks]]\ntype = \"influxdb\"\nname = \"other\"\nurl = \"http://other:8086\"\n";
    let settings = load_beside(Some(file), &variables, Purpose::Read, &[]).unwrap();
    let told: Vec<_> =
        settings.sinks.iter().map(|sink| (sink.url.as_str(), sink.database.as_str())).collect();
    assert_eq!(told, [("http://influx:8086/", "house"), ("http://other:8086/", "home_assistant_events")]);
    assert!(settings.sinks[0].token.is_some() && settings.sinks[1].token.is_none());

    let settings = load_beside(None, &variables[1..3], Purpose::Read, &[]).unwrap();
    assert_eq!(settings.sinks, []);
    assert_eq!(settings.notes, ["INFLUXDB_TOKEN, INFLUXDB_ORG: of no use without INFLUXDB_URL"]);
}

#[test]
fn an_app_s_options_are_variables_by_their_short_names() {
    let with = |text: &str| {
        let environment: Environment =
            [("HEARTHLINE_OPTIONS", "/data/options.json"), ("INFLUXDB_URL", "http://a:1")]
                .into_iter()
                .collect();
        environment.with_options(&|_| Ok(text.to_owned()))
    };
    let environment =
        with(r#"{"influxdb_url": "http://b:2", "log": "debug", "influxdb_org": "", "config": null}"#)
            .unwrap();
    assert_eq!(environment.get("INFLUXDB_URL"), Some("http://b:2"), "what the person sees holds");
    assert_eq!(environment.get("HEARTHLINE_LOG"), Some("debug"));
    assert_eq!((environment.get("INFLUXDB_ORG"), environment.get("HEARTHLINE_CONFIG")), (None, None));
    for (text, says) in [
        (
            r#"{"influx_url": "http://b:2"}"#,
            "influx_url: is no option\n  there are: config, log, influxdb_url,",
        ),
        ("[]", "cannot be understood"),
        (r#"{"log": 1}"#, "cannot be understood"),
        (r#"{"home_assistant_token": "x"}"#, "is no option"),
    ] {
        let mistakes = with(text).unwrap_err().to_string();
        assert!(mistakes.contains(says), "{mistakes}");
    }
    assert_eq!(Environment::default().with_options(&|_| unreachable!()).unwrap(), Environment::default());
}

#[test]
fn who_is_told_is_read_with_its_defaults_and_no_secret_of_it_is_printed() {
    let text = "[[notify]]\ntype = \"ntfy\"\nurl = \"https://ntfy.sh/eyJ\"\ntoken_file = \"ntfy\"\n[[notify]]\ntype = \"template\"\n\
                name = \"ha\"\nurl_file = \"hook\"\nbody = '{\"m\": \"{text}\"}'\nheaders = { X-Key = \"eyJ\" }\nlevel = \"critical\"\n\
                per_hour = 3\n[mqtt]\nhost = \"broker\"\ntls = true\nusername = \"me\"\npassword_file = \"mqtt\"\n";
    let others =
        [("/etc/ntfy", "eyJ\n"), ("/etc/hook", "http://ha:8123/api/webhook/eyJ\n"), ("/etc/mqtt", "eyJ")];
    let settings = load_beside(Some(text), &[], Purpose::Read, &others).unwrap();
    let [phone, house] = &*settings.notify else { panic!("{settings:?}") };
    assert_eq!((phone.name.as_str(), *phone.per_hour), ("ntfy", 12));
    assert_eq!(phone.token.as_ref().unwrap().expose(), "eyJ");
    assert_eq!(house.url.expose(), "http://ha:8123/api/webhook/eyJ");
    assert_eq!((house.level.as_str(), *house.per_hour, house.headers.len()), ("critical", 3, 1));
    let mqtt = settings.mqtt.as_ref().unwrap();
    assert_eq!((*mqtt.port, mqtt.prefix.as_str(), mqtt.name.as_str()), (8883, "homeassistant", "Hearthline"));
    let printed = format!("{settings:?} {}", crate::startup::of_settings(&settings).join(" "));
    assert!(!printed.contains("eyJ"), "{printed}");
    let none = read("").unwrap();
    assert!(none.notify.is_empty() && none.mqtt.is_none());
}
