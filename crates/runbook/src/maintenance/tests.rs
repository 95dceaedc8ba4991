use hearthline_core::{ManualClock, MemFs};

use super::*;
use crate::alerts::{Alert, Past, Rule, Severity, Words};

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const HALF: Duration = Duration::from_mins(30);

struct Folder {
    fs: MemFs,
    clock: ManualClock,
}

impl Folder {
    fn new() -> Self {
        let fs = MemFs::default();
        (&fs as &dyn Fs).create_dir_all(Path::new("/data")).unwrap();
        Self { fs, clock: ManualClock::at(NOON) }
    }

    fn open(&self) -> Maintenance {
        Maintenance::open(Arc::new(self.fs.clone()), Arc::new(self.clock.clone()), Path::new("/data"))
    }
}

#[test]
fn it_outlasts_a_power_cut_and_ends_by_the_clock_also_where_nothing_ran() {
    let folder = Folder::new();
    let period = folder.open().begin(HALF, Some(" new disk\n")).unwrap();
    assert_eq!(period.why.as_deref(), Some("new disk"));
    folder.fs.power_cut();
    assert_eq!(folder.open().now(), Some(period));
    folder.clock.advance(HALF);
    let after = folder.open();
    assert_eq!(after.now(), None);
    let last = after.view(&Listed::default()).last.unwrap();
    assert_eq!((last.ordered, last.at.as_str()), (false, "2026-11-23T12:30:00.000000Z"));
}

#[test]
fn begun_again_it_goes_on_from_its_first_beginning() {
    let folder = Folder::new();
    let maintenance = folder.open();
    maintenance.begin(HALF, Some("new disk")).unwrap();
    folder.clock.advance(Duration::from_mins(20));
    let longer = maintenance.begin(HALF, None).unwrap();
    assert_eq!((longer.since, longer.until), (NOON, NOON.plus(Duration::from_mins(50))));
    assert_eq!(longer.why.as_deref(), Some("new disk"));
    let over = maintenance.end().unwrap();
    assert!(over.ordered);
    assert_eq!(maintenance.end(), Err(Refused::None));
    assert_eq!(maintenance.view(&Listed::default()).last, Some(over));
}

#[test]
fn it_is_a_minute_at_least_and_a_day_at_most_and_nothing_where_the_disk_refuses() {
    let folder = Folder::new();
    let maintenance = folder.open();
    for wrong in [Duration::ZERO, Duration::from_secs(59), Duration::from_secs(86_401)] {
        assert_eq!(maintenance.begin(wrong, None), Err(Refused::Length));
    }
    folder.fs.set_capacity(0);
    assert!(matches!(maintenance.begin(HALF, None), Err(Refused::Disk(_))));
    assert_eq!(maintenance.now(), None);
}

#[test]
fn a_file_that_cannot_be_read_is_no_maintenance() {
    let folder = Folder::new();
    let fs: &dyn Fs = &folder.fs;
    fs.write_atomic(&Path::new("/data").join(FILE), b"{").unwrap();
    assert_eq!(folder.open().now(), None);
}

#[test]
fn what_happened_meanwhile_is_told_from_what_was_before() {
    let at = |minute: u64| NOON.plus(Duration::from_secs(60 * minute)).to_string();
    let past = |title: &str, from: u64, to: u64| Past {
        id: title.into(),
        rule: Rule::Disk,
        severity: Severity::Warning,
        title: title.into(),
        says: String::new(),
        from: at(from),
        to: at(to),
        acknowledged: None,
    };
    let active = |title: &str, state| Alert {
        id: title.into(),
        rule: Rule::Silent,
        subject: None,
        state,
        since: at(12),
        acknowledged: None,
        muted_until: None,
        words: Words {
            severity: Severity::Warning,
            title: title.into(),
            says: String::new(),
            evidence: Vec::new(),
            todo: String::new(),
            link: String::new(),
        },
    };
    let listed = Listed {
        active: vec![active("stays", State::Active), active("muted", State::Muted)],
        history: vec![
            past("long ago", 0, 5),
            past("before", 5, 15),
            past("within", 11, 12),
            past("within", 13, 14),
        ],
        ..Listed::default()
    };
    let meanwhile = Meanwhile::of(&listed, NOON.plus(Duration::from_mins(10)));
    assert_eq!(meanwhile.sentences(), ["Came and went: within.", "Ended: before.", "Still wrong: stays."]);
    assert_eq!(Meanwhile::default().sentences(), ["Nothing went wrong meanwhile."]);
}
