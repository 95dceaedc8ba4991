use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::*;
use crate::ExportFormat;
use crate::columns::{Access, schema};
use crate::record::Record as _;

fn export(house: &House, format: ExportFormat) -> Vec<u8> {
    let mut out = Vec::new();
    house.store.export(&everything(), format, &mut out).unwrap();
    out
}

fn house() -> House {
    let mut house = House::new();
    let quoted =
        StateRow { attributes: Some(r#"{"a":[1,"x"]}"#.into()), ..state("b.b", 2, "say \"hi\", you") };
    let changed = StateRow { last_changed: NOON, unit: Some("°C".into()), ..state("a.a", 1, "21.5") };
    house.flushed(vec![Row::State(changed), Row::State(quoted)]);
    house.write(vec![Row::State(StateRow {
        state: None,
        value: None,
        attributes: None,
        ..state("b.b", 3, "")
    })]);
    house
}

#[test]
fn csv_has_a_header_and_quotes_what_needs_it() {
    let text = String::from_utf8(export(&house(), ExportFormat::Csv)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("ts,tie,entity_id,entity_key,domain,state,value,unit,"), "{}", lines[0]);
    assert!(lines[1].starts_with(
        "2026-11-23T12:00:01.000000Z,0,a.a,a.a,a,21.5,21.5,°C,,2026-11-23T12:00:00.000000Z,3,live,false,"
    ));
    assert!(lines[2].contains(r#","say ""hi"", you",,"#), "{}", lines[2]);
    assert!(lines[2].contains(r#""{""a"":[1,""x""]}""#), "{}", lines[2]);
    assert!(lines[3].starts_with("2026-11-23T12:00:03.000000Z,0,b.b,b.b,b,,,"), "{}", lines[3]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert!(reader.records().all(|record| record.unwrap().len() == 25));
}

#[test]
fn csv_of_nothing_is_the_header() {
    let text = String::from_utf8(export(&House::new(), ExportFormat::Csv)).unwrap();
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn ndjson_has_one_object_a_line_with_the_columns_of_the_csv_and_attributes_as_json() {
    let house = house();
    let text = String::from_utf8(export(&house, ExportFormat::Ndjson)).unwrap();
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0]["value"], 21.5);
    assert_eq!(rows[1]["attributes"], serde_json::json!({"a": [1, "x"]}));
    assert!(rows[2]["state"].is_null());
    let csv = String::from_utf8(export(&house, ExportFormat::Csv)).unwrap();
    let mut header: Vec<_> = csv.lines().next().unwrap().split(',').collect();
    header.sort_unstable();
    assert_eq!(rows[0].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), header);
}

#[test]
fn an_export_in_parquet_has_the_rows_and_columns_of_the_csv() {
    let mut house = House::new();
    house.flushed((0..20_000).map(|n| row("a.a", n, &n.to_string())).collect());
    let exported = export(&house, ExportFormat::Parquet);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(exported)).unwrap();
    let names: Vec<_> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, StateRow::EXPORTED.iter().map(|column| column.name).collect::<Vec<_>>());
    let options = ArrowReaderOptions::new().with_schema(schema(StateRow::EXPORTED, Access::Read));
    let exported = export(&house, ExportFormat::Parquet);
    let reader =
        ParquetRecordBatchReaderBuilder::try_new_with_options(bytes::Bytes::from(exported), options).unwrap();
    let rows: Vec<_> = reader.build().unwrap().flat_map(|batch| StateRow::decode(&batch.unwrap())).collect();
    assert!(rows == house.all(), "{} rows", rows.len());
}

#[test]
fn a_reader_that_goes_away_ends_the_export() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in [ExportFormat::Csv, ExportFormat::Ndjson, ExportFormat::Parquet] {
        let error = house().store.export(&everything(), format, &mut Gone).unwrap_err();
        assert!(error.to_string().starts_with("cannot write the export"), "{error}");
    }
}
