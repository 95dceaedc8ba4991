use super::*;

#[test]
fn every_kind_can_be_written_as_its_usage_says_and_no_name_is_there_twice() {
    for (number, kind) in KINDS.iter().enumerate() {
        let usage = kind.usage().replace(['[', ']'], "").replace('…', "sensor.a");
        let fault = Fault::parse(&usage).unwrap_or_else(|error| panic!("{usage}: {error}"));
        assert_eq!(fault.is_lasting(), kind.says.ends_with("; lasts"), "{}", kind.name);
        assert!(KINDS.iter().skip(number + 1).all(|other| other.name != kind.name), "{}", kind.name);
    }
}

#[test]
fn what_is_given_is_taken_and_a_mistake_is_told_with_what_to_write() {
    let restart = |down, killed| Fault::Restart {
        down: Duration::from_secs(down),
        starting: Duration::from_secs(5),
        killed,
    };
    assert_eq!(Fault::parse("restart down=15s,killed=true"), Ok(restart(15, true)));
    assert_eq!(Fault::parse("kill"), Ok(restart(5, true)));
    assert_eq!(Fault::parse("clock by=-2m"), Ok(Fault::ClockSkew { micros: -120_000_000 }));
    for (line, words) in [
        ("restrat", "no fault is called \"restrat\"; is \"restart\" meant?"),
        ("restart dawn=1s", "no key of restart is called \"dawn\"; is \"down\" meant?"),
        ("restart down", "\"down\": write it as KEY=VALUE"),
        ("restart down=soon", "down: \"soon\" is no duration"),
        ("restart killed=perhaps", "killed: \"perhaps\""),
        ("remove", "remove needs entity=…"),
        ("drop ending=bang", "there are eof, close"),
        ("", "write the name of a fault"),
    ] {
        let error = Fault::parse(line).unwrap_err();
        assert!(error.contains(words), "{line}: {error}");
    }
}
