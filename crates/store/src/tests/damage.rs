use hearthline_core::ErrorKind;

use super::*;

fn manifest(house: &House) -> PathBuf {
    let is_manifest = |path: &PathBuf| path.display().to_string().contains("/manifest.");
    let found: Vec<_> = tree(&house.disk, Path::new("/data")).into_iter().filter(is_manifest).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn len(house: &House, path: &Path) -> usize {
    (&house.disk as &dyn Fs).read(path).unwrap().len()
}

/// Three commits.
fn house() -> House {
    let mut house = House::new();
    for n in 1..=3 {
        house.flushed(vec![row("a.a", n, "1")]);
    }
    house
}

#[test]
fn an_edit_that_is_not_whole_is_cut_and_its_file_removed() {
    let mut house = house();
    let path = manifest(&house);
    house.disk.truncate(&path, len(&house, &path) as u64 - 3).unwrap();
    house.reopen();
    assert_eq!((house.store.committed(), house.files(), house.all().len()), (Seq(2), 2, 2));
    house.flushed(vec![row("a.a", 3, "1")]);
    house.reopen();
    assert_eq!((house.store.committed(), house.all().len()), (Seq(3), 3));
}

#[test]
fn zeros_at_the_end_are_passed_over() {
    let mut house = house();
    let path = manifest(&house);
    let mut bytes = (&house.disk as &dyn Fs).read(&path).unwrap();
    bytes.extend([0; 100]);
    (&house.disk as &dyn Fs).write_atomic(&path, &bytes).unwrap();
    house.reopen();
    assert_eq!(house.store.committed(), Seq(3));
}

#[test]
fn a_flipped_byte_before_the_last_edit_is_refused_and_nothing_is_touched() {
    let house = house();
    let path = manifest(&house);
    let bytes = (&house.disk as &dyn Fs).read(&path).unwrap();
    let last_edit = bytes.len() - 60;
    for (at, byte) in bytes.iter().enumerate().take(last_edit) {
        house.disk.scribble(&path, at, &[byte ^ 0x10]);
        let before = tree(&house.disk, Path::new("/data"));
        let error =
            house.open().err().unwrap_or_else(|| panic!("byte {at} flipped, and opened all the same"));
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("manifest.0000000001 is damaged"), "{error}");
        assert_eq!(tree(&house.disk, Path::new("/data")), before);
        house.disk.scribble(&path, at, &[*byte]);
    }
    house.open().unwrap();
}

#[test]
fn data_without_a_manifest_is_refused_and_not_removed() {
    let house = house();
    house.disk.remove(&manifest(&house)).unwrap();
    let before = tree(&house.disk, Path::new("/data"));
    let error = house.open().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("0000000000.parquet"), "{error}");
    assert_eq!(tree(&house.disk, Path::new("/data")), before);
}

#[test]
fn files_that_were_never_committed_go_at_the_next_open_and_others_stay() {
    let mut house = house();
    let dir = Path::new("/data/store/states/date=2026-11-23");
    for name in ["0000000777.parquet", "0000000778.parquet.tmp", "notes.txt", "mine.parquet"] {
        house.disk.create(&dir.join(name)).unwrap();
    }
    house.reopen();
    let names: Vec<_> = house.disk.read_dir(dir).unwrap().into_iter().map(|entry| entry.name).collect();
    let stay =
        ["0000000000.parquet", "0000000002.parquet", "0000000003.parquet", "mine.parquet", "notes.txt"];
    assert_eq!(names, stay);
    assert_eq!(house.all().len(), 3);
}

#[test]
fn a_flipped_byte_in_a_file_is_found_by_verify_and_never_ends_the_program() {
    let mut house = House::new();
    house.flushed((0..500).map(|n| row("a.a", n, &n.to_string())).collect());
    let file = house.store.files().remove(0);
    let bytes = (&house.disk as &dyn Fs).read(&file.path).unwrap();
    for at in (0..bytes.len()).step_by(61) {
        house.disk.scribble(&file.path, at, &[bytes[at] ^ 0x55]);
        house.reopen();
        let asked = house.store.states(&of("a.a"), |_| ControlFlow::Continue(()));
        if let Err(error) = asked {
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.to_string().contains("0000000000.parquet"), "{error}");
        }
        assert_eq!(house.store.verify(), ["states/date=2026-11-23/0000000000.parquet"], "byte {at}");
        house.disk.scribble(&file.path, at, &[bytes[at]]);
    }
    house.reopen();
    assert_eq!(house.store.verify(), [""; 0]);
}

#[test]
fn recording_goes_on_beside_a_damaged_file_and_other_days_answer() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", -86_400, "1")]);
    house.flushed(vec![row("a.a", 1, "1")]);
    let file = house.store.files().remove(1);
    let bytes = usize::try_from(file.bytes).unwrap();
    house.disk.scribble(&file.path, bytes - 8, &[0xff; 8]);
    house.reopen();
    house.flushed(vec![row("a.a", 1, "again"), row("a.a", 2, "2")]);
    assert_eq!(house.store.committed(), Seq(4));
    assert_eq!(house.store.stats().damaged, ["states/date=2026-11-23/0000000002.parquet"]);
    assert!(house.store.states(&everything(), |_| ControlFlow::Continue(())).is_err());
    let yesterday = StatesQuery { to: NOON.minus(DAY / 2), ..everything() };
    assert_eq!(states(&house.store, &yesterday).len(), 1);

    house.clock.advance(DAY);
    assert!(!house.store.maintain().unwrap());
    assert!(house.disk.open(&file.path).is_ok(), "a damaged file is not merged away");
}

#[test]
fn saved_last_states_that_are_damaged_are_found_again_in_the_files() {
    let mut house = House::new();
    house.flushed(vec![row("a.a", 1, "1"), row("b.b", 1, "2")]);
    house.flushed(vec![row("a.a", 2, "3")]);
    house.store.save_latest().unwrap();
    let mut expected = house.store.latest();
    expected.sort_by(|a, b| a.entity_id.cmp(&b.entity_id));
    let is_latest = |path: &PathBuf| path.starts_with("/data/store/latest");
    let saved: Vec<_> = tree(&house.disk, Path::new("/data")).into_iter().filter(is_latest).collect();
    assert_eq!(saved.len(), 1);
    house.disk.scribble(&saved[0], 30, &[0; 4]);
    house.reopen();
    let mut found = house.store.latest();
    found.sort_by(|a, b| a.entity_id.cmp(&b.entity_id));
    assert_eq!(found, expected);
    assert_eq!(house.store.stats().damaged.len(), 1);
}
