//! Weather, and what is known of entities.

use hearthline_core::{Change, ChangeKind, EntityInfo, EntityRow, Named, Observation, WeatherRow};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::*;
use crate::WeatherQuery;
use crate::columns::{Access, schema};
use crate::record::Record;

pub(super) fn weather(after: i64, provider: &str, temperature: f64) -> Row {
    let at = Timestamp(NOON.0 + after * 1_000_000);
    Row::Weather(WeatherRow {
        seq: Seq::ZERO,
        received: at.plus(Duration::from_secs(3)),
        site: "home".into(),
        provider: provider.into(),
        source: "52.37, 4.89".into(),
        observation: Arc::new(Observation { at, temperature: Some(temperature), ..Observation::default() }),
    })
}

/// What becomes known `after` seconds after noon; a name that is its own key is of no registry.
pub(super) fn known(after: i64, key: &str, entity_id: &str) -> EntityRow {
    let entity_id = EntityId::from(entity_id);
    EntityRow {
        seq: Seq::ZERO,
        ts: Timestamp(NOON.0 + after * 1_000_000),
        site: "home".into(),
        info: Arc::new(EntityInfo { key: key.into(), ..EntityInfo::unregistered(entity_id) }),
        removed: false,
        changes: Arc::new([]),
    }
}

/// In which nothing is left out.
fn full(after: i64) -> EntityRow {
    let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
    let info = EntityInfo {
        key: "0a1b".into(),
        entity_id: "sensor.kitchen".into(),
        name: Some("Küche ☀".into()),
        area: Some(named("kueche", "Küche")),
        floor: Some(named("eg", "Erdgeschoss")),
        device: Some(named("d1", "Fühler, \"der\" erste")),
        manufacturer: Some("ACME".into()),
        model: Some("T1".into()),
        integration: Some("hue".into()),
        labels: vec![named("a", "A, b"), named("c", "C")],
        category: Some("diagnostic".into()),
        unit: Some("°C".into()),
        device_class: Some("temperature".into()),
        disabled: true,
        hidden: true,
    };
    let change = |what, from: Option<&str>| Change { what, from: from.map(Into::into), to: Some("x".into()) };
    let changes = [change(ChangeKind::Unit, Some("°F")), change(ChangeKind::DeviceClass, None)];
    EntityRow { info: Arc::new(info), removed: true, changes: Arc::new(changes), ..known(after, "", "") }
}

fn observed(house: &House) -> Vec<(i64, String, Option<f64>)> {
    let mut seen = Vec::new();
    let query = WeatherQuery { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
    let each = |row: WeatherRow| {
        let after = (row.observation.at.0 - NOON.0) / 1_000_000;
        seen.push((after, row.provider.to_string(), row.observation.temperature));
        ControlFlow::Continue(())
    };
    house.store.weather(&query, each).unwrap();
    seen
}

fn entity_files(house: &House) -> Vec<PathBuf> {
    tree(&house.disk, Path::new("/data/store/entities"))
}

#[test]
fn an_observation_is_there_before_and_after_the_flush_with_all_its_figures() {
    let mut house = House::new();
    let whole = Observation {
        at: NOON,
        temperature: Some(11.5),
        apparent_temperature: Some(9.25),
        dew_point: Some(8.0),
        humidity: Some(81.0),
        pressure: Some(1012.5),
        wind_speed: Some(4.0),
        wind_gust_speed: Some(9.5),
        wind_bearing: Some(270.0),
        cloud_cover: Some(75.0),
        precipitation: Some(0.25),
        condition: Some("cloudy".into()),
    };
    let Row::Weather(row) = weather(0, "open_meteo", 0.0) else { panic!() };
    let row = WeatherRow { observation: Arc::new(whole), ..row };
    house.write(vec![Row::Weather(row.clone())]);
    let ask = |house: &House| {
        let mut rows = Vec::new();
        let each = |row| {
            rows.push(WeatherRow { seq: Seq::ZERO, ..row });
            ControlFlow::Continue(())
        };
        house.store.weather(&WeatherQuery { from: NOON, to: NOON.plus(MINUTE) }, each).unwrap();
        rows
    };
    assert_eq!(ask(&house), std::slice::from_ref(&row));
    house.store.flush().unwrap();
    house.reopen();
    assert_eq!(ask(&house), [row]);
}

#[test]
fn observations_collapse_by_provider_and_time_merge_by_day_and_are_no_events() {
    let mut house = House::new();
    house.flushed(vec![weather(0, "a", 1.0), weather(60, "a", 2.0)]);
    house.flushed(vec![weather(60, "a", 9.0), weather(60, "b", 3.0), weather(86_400, "a", 4.0)]);
    house.write(vec![weather(86_460, "a", 5.0)]);
    let row = |after, provider: &str, temperature| (after, provider.to_owned(), Some(temperature));
    let expected = [
        row(0, "a", 1.0),
        row(60, "a", 2.0),
        row(60, "b", 3.0),
        row(86_400, "a", 4.0),
        row(86_460, "a", 5.0),
    ];
    assert_eq!(observed(&house), expected);
    house.store.flush().unwrap();
    house.clock.advance(2 * DAY);
    while house.store.maintain().unwrap() {}
    assert_eq!((observed(&house), house.files()), (expected.to_vec(), 2));
    assert_eq!(house.store.committed_counts(), crate::Counts::default());
    house.reopen();
    assert_eq!(observed(&house), expected);
    assert_eq!((house.store.stats().rows, house.store.verify()), (0, vec![]));
}

#[test]
fn what_is_known_of_an_entity_comes_back_as_it_was() {
    let mut house = House::new();
    house.write(vec![Row::Entity(full(7))]);
    assert_eq!(house.store.entity("sensor.kitchen").map(|row| row.info), Some(full(7).info));
    assert_eq!(house.store.stats().buffered, 1);
    house.store.flush().unwrap();
    assert_eq!((house.store.stats().buffered, house.store.stats().files), (0, 0), "in no count of events");
    house.reopen();
    assert_eq!(house.store.entity("sensor.kitchen"), Some(full(7)));
    assert_eq!(house.store.entity("0a1b"), Some(full(7)), "also by key");
    assert_eq!(house.store.entity("sensor.other"), None);
}

#[test]
fn the_file_of_entities_is_restated_only_when_something_became_known() {
    let mut house = House::new();
    house.flushed(vec![Row::Entity(known(0, "k", "a.a")), row("a.a", 0, "1")]);
    let first = entity_files(&house);
    house.flushed(vec![row("a.a", 1, "2")]);
    assert_eq!((entity_files(&house).len(), &entity_files(&house)), (1, &first));
    house.flushed(vec![Row::Entity(known(9, "k", "a.b"))]);
    assert_eq!(entity_files(&house).len(), 1);
    assert_ne!(entity_files(&house), first);
    house.reopen();
    let known: Vec<_> = house.store.entity_rows(Timestamp(i64::MIN), Timestamp(i64::MAX));
    let known: Vec<_> = known.iter().map(|row| row.info.entity_id.as_str()).collect();
    assert_eq!(known, ["a.b", "a.a"], "the newest first");
    assert_eq!(house.store.committed_counts().events, 2);
}

#[test]
fn what_comes_later_holds_and_no_change_and_no_name_is_lost() {
    let mut house = House::new();
    let change = |what| Change { what, from: None, to: None };
    let with =
        |what: ChangeKind, name: &str| EntityRow { changes: Arc::new([change(what)]), ..known(5, "k", name) };
    house.write(vec![Row::Entity(with(ChangeKind::New, "a.a")), Row::Entity(with(ChangeKind::Unit, "a.b"))]);
    house.flushed(vec![Row::Entity(with(ChangeKind::Unit, "a.b"))]);
    let earlier = EntityRow { ts: NOON, ..with(ChangeKind::Area, "a.b") };
    house.flushed(vec![Row::Entity(earlier)]);
    house.reopen();
    let row = house.store.entity("k").unwrap();
    assert_eq!(row.info.entity_id.as_str(), "a.b");
    assert_eq!(*row.changes, [change(ChangeKind::Unit), change(ChangeKind::Area)]);
    let all = house.store.entity_rows(Timestamp(i64::MIN), Timestamp(i64::MAX));
    assert_eq!((all.len(), all[1].info.entity_id.as_str(), all[1].changes.len()), (2, "a.a", 1));
    assert_eq!(all[0].ts, all[1].ts.plus(Duration::from_micros(1)));
}

#[test]
fn retention_drops_old_weather_and_keeps_every_name() {
    let mut house = House::with(StoreConfig { retention: Some(3 * DAY), ..config() });
    let named = |after, name: &str| {
        let row = known(after, "k", "a.old");
        Row::Entity(EntityRow {
            info: Arc::new(EntityInfo { name: Some(name.into()), ..(*row.info).clone() }),
            ..row
        })
    };
    house.flushed(vec![named(0, "a"), named(1, "b"), named(2, "c"), named(3, "d"), weather(0, "a", 1.0)]);
    house.flushed(vec![Row::Entity(known(20 * 86_400, "k", "a.new")), row("a.new", 20 * 86_400, "1")]);
    house.clock.advance(21 * DAY);
    house.store.maintain().unwrap();
    assert_eq!(observed(&house), []);
    assert_eq!(house.store.stats().expired, 0, "weather is no event");
    house.flushed(vec![row("a.new", 21 * 86_400, "2")]);
    house.reopen();
    let rows = house.store.entity_rows(Timestamp(i64::MIN), Timestamp(i64::MAX));
    let left: Vec<_> = rows.iter().map(|row| row.info.name.as_deref()).collect();
    assert_eq!(left, [None, Some("d"), Some("a")], "what only held in between is forgotten");
    assert_eq!(brief(&states(&house.store, &of("a.old"))), []);
    let whole = StatesQuery { renamed: true, ..of("a.old") };
    assert_eq!(states(&house.store, &whole).len(), 2);
}

#[test]
fn a_damaged_file_of_entities_is_told_and_stays_beside_the_new_one() {
    let mut house = House::new();
    house.flushed(vec![Row::Entity(known(0, "k", "a.a")), row("a.a", 0, "1")]);
    let file = entity_files(&house).remove(0);
    let bytes = (&house.disk as &dyn Fs).read(&file).unwrap();
    for at in (0..bytes.len()).step_by(17) {
        house.disk.scribble(&file, at, &[bytes[at] ^ 0x55]);
        house.reopen();
        assert_eq!(house.all().len(), 1);
        assert_eq!(house.store.verify(), ["entities/0000000001.parquet"], "byte {at}");
        house.disk.scribble(&file, at, &[bytes[at]]);
    }
    house.disk.scribble(&file, bytes.len() - 8, &[0xff; 8]);
    house.reopen();
    assert_eq!(house.store.entity("a.a"), None);
    assert_eq!(house.store.stats().damaged, ["entities/0000000001.parquet"]);
    house.flushed(vec![Row::Entity(known(9, "l", "b.b"))]);
    assert_eq!(entity_files(&house).len(), 2);
    house.disk.scribble(&file, bytes.len() - 8, &bytes[bytes.len() - 8..]);
    house.reopen();
    assert!(house.store.entity("a.a").is_some() && house.store.entity("b.b").is_some());
}

/// As a release wrote it that did not know a column.
fn of_an_earlier_release(rows: Vec<StateRow>, without: &str) -> Vec<u8> {
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    let columns = schema(StateRow::COLUMNS, Access::Write);
    let batch = arrow_array::RecordBatch::try_new(columns.clone(), StateRow::encode(&rows)).unwrap();
    let there: Vec<_> =
        (0..columns.fields().len()).filter(|at| columns.field(*at).name() != without).collect();
    let batch = batch.project(&there).unwrap();
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut file = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
    file.write(&batch).unwrap();
    file.into_inner().unwrap()
}

#[test]
fn files_of_an_earlier_release_without_a_column_are_read_and_merged_with_newer_ones() {
    let mut house = House::new();
    let old = |after| StateRow {
        weather: Some(Arc::new(Observation { at: NOON, temperature: Some(1.5), ..Observation::default() })),
        ..state("a.a", after, "1")
    };
    house.flushed(vec![Row::State(old(1)), Row::State(old(2))]);
    let file = house.store.files().remove(0);
    let earlier = of_an_earlier_release(vec![old(1), old(2)], "weather_stale");
    (&house.disk as &dyn Fs).write_atomic(&file.path, &earlier).unwrap();
    house.reopen();
    assert_eq!(house.all(), [old(1), old(2)]);
    assert_eq!(house.store.buckets(&of("a.a"), MINUTE, crate::Fill::None).unwrap()[0].count, 2);

    let new = StateRow { weather_stale: true, ..old(3) };
    house.flushed(vec![Row::State(new.clone()), row("a.a", 2, "twice")]);
    house.clock.advance(2 * DAY);
    assert!(!house.store.maintain().unwrap());
    assert_eq!((house.files(), house.store.stats().damaged.len()), (1, 0));
    house.reopen();
    assert_eq!(house.all(), [old(1), old(2), new]);
}
