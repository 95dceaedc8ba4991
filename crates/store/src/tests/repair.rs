use super::*;
use crate::{damaged_manifest, rebuild, survey};

const DIR: &str = "/data/store";

fn fs(house: &House) -> Arc<dyn Fs> {
    Arc::new(house.disk.clone())
}

/// Five rows in three files of two days, as the log has them, too.
fn house() -> (House, Vec<Row>) {
    let rows = vec![
        row("a.a", -86_400, "1"),
        row("b.b", -86_300, "2"),
        row("a.a", 1, "3"),
        row("b.b", 2, "4"),
        row("a.a", 3, "5"),
    ];
    let mut house = House::new();
    house.flushed(rows[..2].to_vec());
    house.flushed(rows[2..4].to_vec());
    house.flushed(rows[4..].to_vec());
    (house, rows)
}

fn expected(house: &House) -> Vec<(String, i64, Option<String>)> {
    let all = house.all();
    brief(&all).into_iter().map(|(id, at, text)| (id.into(), at, text.map(Into::into))).collect()
}

fn scribble(house: &House, path: &Path) {
    let len = (&house.disk as &dyn Fs).read(path).unwrap().len();
    house.disk.scribble(path, len - 8, &[0xff; 8]);
}

fn manifests(house: &House) -> Vec<PathBuf> {
    let is_manifest = |path: &PathBuf| path.display().to_string().contains("/manifest.");
    tree(&house.disk, Path::new(DIR)).into_iter().filter(is_manifest).collect()
}

/// The log is given again, from the record behind what the manifest says.
fn replay(house: &mut House, rows: &[Row]) {
    let from = usize::try_from(house.store.committed().0).unwrap();
    house.flushed(rows[from..].to_vec());
}

#[test]
fn a_manifest_is_made_anew_from_the_files_and_the_log_gives_the_rest() {
    for lose in ["damaged", "removed"] {
        for bad_file in [false, true] {
            let (mut house, rows) = house();
            let wanted = expected(&house);
            let manifest = manifests(&house).remove(0);
            match lose {
                "damaged" => house.disk.scribble(&manifest, 12, &[0xff; 4]),
                _ => house.disk.remove(&manifest).unwrap(),
            }
            if bad_file {
                scribble(&house, &Path::new(DIR).join("states/date=2026-11-23/0000000002.parquet"));
            }
            let why = damaged_manifest(&fs(&house), Path::new(DIR)).unwrap().unwrap();
            assert!(why.contains("manifest."), "{why}");
            let found = survey(&fs(&house), Path::new(DIR)).unwrap();
            assert_eq!(found.rows, if bad_file { 3 } else { 5 });
            assert_eq!(found.unreadable.len(), usize::from(bad_file));
            let done = rebuild(&fs(&house), Path::new(DIR), &found, Some((Seq::ZERO, 0))).unwrap();
            assert_eq!((done.files, done.rows), (found.files, found.rows));
            assert_eq!(damaged_manifest(&fs(&house), Path::new(DIR)).unwrap(), None);
            house.reopen();
            assert_eq!(house.store.committed(), Seq::ZERO, "all that the log has is read again");
            replay(&mut house, &rows);
            assert_eq!(expected(&house), wanted, "{lose}, {bad_file}");
            assert_eq!(house.store.verify(), [""; 0]);
            house.reopen();
            assert_eq!(expected(&house), wanted);
            let counts = house.store.committed_counts();
            assert_eq!(counts.events, 5);
            assert_eq!(counts.delivered + counts.collapsed + counts.quarantined, 5);
        }
    }
}

#[test]
fn what_a_merge_has_left_behind_counts_once() {
    let (mut house, rows) = house();
    let today = Path::new(DIR).join("states/date=2026-11-23");
    let disk = house.disk.clone();
    let fs_of = |path: &Path| (&disk as &dyn Fs).read(path).unwrap();
    let before: Vec<_> = tree(&disk, &today).into_iter().map(|path| (fs_of(&path), path)).collect();
    assert_eq!(before.len(), 2);
    house.clock.advance(DAY);
    house.store.maintain().unwrap();
    let wanted = expected(&house);
    // As if the program had been killed before it removed them.
    for (bytes, path) in &before {
        (&disk as &dyn Fs).write_atomic(path, bytes).unwrap();
    }
    house.disk.remove(&manifests(&house)[0]).unwrap();
    let found = survey(&fs(&house), Path::new(DIR)).unwrap();
    let left = found.leftover.iter().filter(|name| name.starts_with("states"));
    assert_eq!((found.rows, left.count()), (5, 2));
    rebuild(&fs(&house), Path::new(DIR), &found, Some((Seq::ZERO, 0))).unwrap();
    house.reopen();
    assert_eq!(expected(&house), wanted);
    replay(&mut house, &rows);
    assert_eq!(expected(&house), wanted);
}

#[test]
fn the_manifest_is_whole_or_as_before_at_any_failure_of_the_disk() {
    let (mut house, _) = house();
    let wanted = expected(&house);
    house.disk.scribble(&manifests(&house)[0], 12, &[0xff; 4]);
    let found = survey(&fs(&house), Path::new(DIR)).unwrap();
    house.disk.fail(hearthline_core::fs::Fault::Sync);
    rebuild(&fs(&house), Path::new(DIR), &found, Some((Seq::ZERO, 0))).unwrap_err();
    house.disk.heal();
    house.disk.power_cut();
    assert!(damaged_manifest(&fs(&house), Path::new(DIR)).unwrap().is_some());
    let found = survey(&fs(&house), Path::new(DIR)).unwrap();
    assert_eq!(found.rows, 5, "{found:?} {:?}", tree(&house.disk, Path::new(DIR)));
    rebuild(&fs(&house), Path::new(DIR), &found, Some((Seq::ZERO, 0))).unwrap();
    house.disk.power_cut();
    assert_eq!(survey(&fs(&house), Path::new(DIR)).unwrap().rows, 5);
    house.reopen();
    assert_eq!(expected(&house), wanted);
}

#[test]
fn a_bad_file_is_replaced_by_what_is_known_of_its_rows_and_can_be_put_back() {
    let (mut house, rows) = house();
    let wanted = expected(&house);
    let path = Path::new(DIR).join("states/date=2026-11-23/0000000002.parquet");
    let kept = (&house.disk as &dyn Fs).read(&path).unwrap();
    scribble(&house, &path);
    let kept_bad = (&house.disk as &dyn Fs).read(&path).unwrap();
    assert_ne!(kept, kept_bad);
    house.reopen();
    assert_eq!(house.store.verify().len(), 1);
    let bad = house.store.bad_files().remove(0);
    assert_eq!((bad.rows, bad.name.clone()), (2, "states/date=2026-11-23/0000000002.parquet".into()));

    let known: Vec<_> = rows.iter().filter(|row| bad.is_for(row)).cloned().collect();
    assert_eq!(known.len(), 3, "of the day, also of its other file");
    assert_eq!(house.store.would_replace(&bad, &known), 2);
    let replaced = house.store.replace_bad(&bad, &known).unwrap().unwrap();
    assert_eq!(replaced.rows, 2);
    assert_eq!(house.store.replace_bad(&bad, &known).unwrap(), None, "done before");
    assert_eq!((expected(&house), house.store.bad_files()), (wanted.clone(), vec![]));
    house.reopen();
    assert_eq!((expected(&house), house.store.verify()), (wanted.clone(), vec![]));

    (&house.disk as &dyn Fs).write_atomic(&path, &kept_bad).unwrap();
    for _ in 0..2 {
        house.store.put_back_bad(&bad, replaced.by).unwrap();
        assert_eq!(house.store.verify().len(), 1, "as it was");
    }
    house.reopen();
    assert_eq!(house.store.verify().len(), 1);
    let bad = house.store.bad_files().remove(0);
    assert_eq!(house.store.replace_bad(&bad, &[]).unwrap().unwrap().by, None);
    assert_eq!(house.all().len(), 3, "of what nothing is known nothing comes");
}

#[test]
fn what_restates_what_is_known_is_only_taken_out() {
    let (mut house, rows) = house();
    house.store.save_latest().unwrap();
    let is_latest = |path: &PathBuf| path.starts_with(Path::new(DIR).join("latest"));
    let saved = tree(&house.disk, Path::new(DIR)).into_iter().find(is_latest).unwrap();
    scribble(&house, &saved);
    house.reopen();
    let bad = house.store.bad_files().remove(0);
    assert_eq!(house.store.replace_bad(&bad, &rows).unwrap().unwrap().by, None);
    house.flushed(vec![row("a.a", 9, "6")]);
    assert_eq!(house.store.verify(), [""; 0]);
    house.reopen();
    assert_eq!(house.store.latest().len(), 2);
}
