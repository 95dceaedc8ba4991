use std::sync::Arc;

use hearthline_core::{Fs, MemFs, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::sinks::influxdb::line;

const DIR: &str = "/repairs/one";

fn origin(measurement: &str) -> Origin {
    Origin { database: "house".into(), measurement: measurement.into(), ..Origin::default() }
}

fn written(fs: &MemFs, measurement: &str, points: &[StoredPoint]) -> Result<Manifest, ExportError> {
    let fs: Arc<dyn Fs> = Arc::new(fs.clone());
    let mut writer = ExportWriter::create(fs, DIR.as_ref(), "m", origin(measurement))?;
    points.iter().try_for_each(|point| writer.push(point))?;
    writer.finish(Timestamp::EPOCH)
}

fn read(fs: &MemFs, manifest: &Manifest) -> Vec<StoredPoint> {
    ExportReader::open(fs, DIR.as_ref(), "m", manifest).unwrap().map(Result::unwrap).collect()
}

fn verified(fs: &MemFs, manifest: &Manifest) -> Result<(), ExportError> {
    verify(fs, DIR.as_ref(), "m", manifest, |_| {})
}

fn plain(fs: &MemFs) -> String {
    use std::io::Read as _;
    let packed = (fs as &dyn Fs).read(format!("{DIR}/m.lp.gz").as_ref()).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    text
}

fn of(time: i64, fields: &[(&str, FieldValue)]) -> StoredPoint {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    StoredPoint { tags: vec![("entity_id".into(), "light.hue lamp".into())], time, fields }
}

fn house() -> Vec<StoredPoint> {
    let text = |text: &str| FieldValue::Text(text.into());
    vec![
        of(1, &[("attr_dynamics", text("none")), ("value", FieldValue::Float(21.5))]),
        of(
            2,
            &[("attr_dynamics", FieldValue::Bool(true)), ("n", FieldValue::Integer(9_007_199_254_740_993))],
        ),
        of(2, &[("attr_dynamics", FieldValue::Bool(true)), ("attr_dynamics", text("a\n\"b\\"))]),
        of(-5, &[("u", FieldValue::Unsigned(u64::MAX)), ("value", FieldValue::Float(2.0))]),
    ]
}

#[test]
fn an_export_is_line_protocol_with_every_value_in_its_type_and_a_manifest_that_counts_them() {
    let fs = MemFs::default();
    let manifest = written(&fs, "m", &house()).unwrap();
    insta::assert_snapshot!(plain(&fs), @r#"
    # hearthline-export 1
    # DML
    # CONTEXT-DATABASE: house
    m,entity_id=light.hue\ lamp attr_dynamics="none",value=21.5 1
    m,entity_id=light.hue\ lamp attr_dynamics=true,n=9007199254740993i 2
    m,entity_id=light.hue\ lamp attr_dynamics=true 2
    m,entity_id=light.hue\ lamp attr_dynamics="a
    \"b\\" 2
    m,entity_id=light.hue\ lamp u=18446744073709551615u,value=2 -5
    "#);
    assert_eq!((manifest.points, manifest.lines, manifest.texts_with_breaks), (4, 5, 1));
    assert_eq!((manifest.first_ns, manifest.last_ns), (Some(-5), Some(2)));
    let counts = manifest.counts();
    for (field, kind, values) in [
        ("attr_dynamics", FieldType::Text, 2),
        ("attr_dynamics", FieldType::Bool, 2),
        ("value", FieldType::Float, 2),
        ("n", FieldType::Integer, 1),
        ("u", FieldType::Unsigned, 1),
    ] {
        assert_eq!(counts[&(field.to_owned(), kind)], values, "{field} {kind}");
    }
    assert_eq!(super::manifest(&fs, DIR.as_ref(), "m").unwrap(), Some(manifest.clone()));
    verified(&fs, &manifest).unwrap();
}

#[test]
fn an_export_is_there_after_a_power_cut_and_one_that_was_not_finished_is_not() {
    let fs = MemFs::default();
    let whole = written(&fs, "m", &house()).unwrap();
    let shared: Arc<dyn Fs> = Arc::new(fs.clone());
    let mut other = ExportWriter::create(shared, DIR.as_ref(), "m", origin("m")).unwrap();
    other.push(&house()[0]).unwrap();
    drop(other);
    fs.power_cut();
    assert_eq!(super::manifest(&fs, DIR.as_ref(), "m").unwrap(), Some(whole.clone()));
    verified(&fs, &whole).unwrap();
    let fewer = written(&fs, "m", &house()[..2]).unwrap();
    fs.power_cut();
    verified(&fs, &fewer).unwrap();
    assert!(verified(&fs, &whole).is_err());
}

#[test]
fn a_byte_that_changed_anywhere_is_found() {
    let fs = MemFs::default();
    let manifest = written(&fs, "m", &house()).unwrap();
    let path = format!("{DIR}/m.lp.gz");
    let whole = (&fs as &dyn Fs).read(path.as_ref()).unwrap();
    for at in 0..whole.len() {
        fs.scribble(path.as_ref(), at, &[whole[at] ^ 0x20]);
        assert!(matches!(verified(&fs, &manifest), Err(ExportError::Damaged { .. })), "byte {at}");
        fs.scribble(path.as_ref(), at, &whole[at..=at]);
    }
    verified(&fs, &manifest).unwrap();
}

#[test]
fn lines_that_a_person_changed_are_not_what_the_server_said() {
    let fs = MemFs::default();
    let mut manifest = written(&fs, "m", &house()).unwrap();
    let text = plain(&fs).replace("21.5", "21.6");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    (&fs as &dyn Fs).write_atomic(format!("{DIR}/m.lp.gz").as_ref(), &packed).unwrap();
    (manifest.bytes, manifest.sha256) = (packed.len() as u64, sha256(&packed));
    let error = verified(&fs, &manifest).unwrap_err().to_string();
    assert!(error.contains("SHA-256 of the content"), "{error}");
}

fn sha256(bytes: &[u8]) -> String {
    hex(&ring::digest::digest(&SHA256, bytes))
}

#[test]
fn what_is_no_line_is_told_with_its_number() {
    for (text, why) in [
        ("m a=1\n", "line 1: no time"),
        ("m a=1 x\n", "line 1: \"x\" is no time"),
        ("# c\n\nm,a= b=1 1\n", "line 3: an empty tag"),
        ("m a=1i2 1\n", "line 1: \"1i2\" is no value"),
        ("m a=inf 1\n", "line 1: \"inf\" is no value"),
        ("m a=\"b 1\n", "line 0: it ends inside a text"),
        ("other a=1 1\n", "line 1: \"other\" is not \"m\""),
        ("m\n", "line 1: no field"),
    ] {
        let fs = MemFs::default();
        let manifest = written(&fs, "m", &[]).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        (&fs as &dyn Fs).write_atomic(format!("{DIR}/m.lp.gz").as_ref(), &packed).unwrap();
        let read: Result<Vec<_>, _> =
            ExportReader::open(&fs, DIR.as_ref(), "m", &manifest).unwrap().collect();
        let error = read.unwrap_err().to_string();
        assert!(error.ends_with(why), "{text:?}: {error}");
    }
}

#[test]
fn a_name_that_no_line_can_carry_is_told() {
    let fs = MemFs::default();
    for name in ["ends\\", "broken\nhere", "broken\\\\\nhere", ""] {
        let mut point = house().remove(0);
        point.tags[0].1 = name.into();
        assert!(
            matches!(written(&fs, "m", &[point]), Err(ExportError::Name(told)) if told == name),
            "{name:?}"
        );
    }
    assert!(matches!(written(&fs, "#m", &[]), Err(ExportError::Name(_))));
}

fn name() -> impl Strategy<Value = String> {
    "([a-z]|[ ,=\"#'%é🏠]|\\\\|\\\\\n){1,6}".prop_filter("carried", |name| line::carries(name))
}

fn value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        (proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL)
            .prop_map(FieldValue::Float),
        any::<i64>().prop_map(FieldValue::Integer),
        any::<u64>().prop_map(FieldValue::Unsigned),
        any::<bool>().prop_map(FieldValue::Bool),
        "(?s)(.|[\"\\\\\n ,=]){0,12}".prop_map(FieldValue::Text),
    ]
}

fn point() -> impl Strategy<Value = StoredPoint> {
    let tags = proptest::collection::btree_map(name(), name(), 0..3);
    let fields = proptest::collection::vec((name(), value()), 1..4);
    (tags, any::<i64>(), fields).prop_map(|(tags, time, fields)| StoredPoint {
        tags: tags.into_iter().collect(),
        time,
        fields,
    })
}

proptest! {
    #[test]
    fn whatever_a_server_has_is_read_back_as_it_was(
        measurement in name().prop_filter("a comment", |name| !name.starts_with('#') && !name.contains('=')),
        points in proptest::collection::vec(point(), 0..8),
    ) {
        let fs = MemFs::default();
        let manifest = written(&fs, &measurement, &points).unwrap();
        verified(&fs, &manifest).unwrap();
        let split = points.iter().flat_map(|point| {
            let with = |fields: Vec<&(String, FieldValue)>| {
                StoredPoint { fields: fields.into_iter().cloned().collect(), ..point.clone() }
            };
            lines_of(point).into_iter().map(with)
        });
        prop_assert_eq!(read(&fs, &manifest), split.collect::<Vec<_>>());
        let values: u64 = manifest.values.iter().map(|values| values.values).sum();
        prop_assert_eq!(values, points.iter().map(|point| point.fields.len() as u64).sum::<u64>());
    }

    #[test]
    fn foreign_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut scanner = parse::Scanner::default();
        let end = bytes.iter().position(|byte| scanner.ends(*byte)).unwrap_or(bytes.len());
        if let Ok(text) = std::str::from_utf8(&bytes[..end]) {
            drop(parse::line(text));
        }
    }
}
