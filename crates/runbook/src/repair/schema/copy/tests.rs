//! Against the simulated servers, which answer as a real 1.6.7 was recorded to; the real one is in the program's own tests.

use std::path::Path;

use hearthline_sim::{FieldKind, InfluxVersion};
use serde_json::Value;

use super::super::testing::{Counts, FEW, ROWS, World, begun, of};
use super::*;
use crate::repair::State;
use crate::repair::testing::Case;

fn copy(sink: MendedSink, layout: NativeLayout) -> Box<dyn Repair> {
    Box::new(SchemaCopy::new(sink, layout, false))
}

fn with_numbers(sink: MendedSink, layout: NativeLayout) -> Box<dyn Repair> {
    Box::new(SchemaCopy::new(sink, layout, true))
}

pub(in crate::repair) async fn case() -> Case {
    World::of(InfluxVersion::V1, copy, FEW).await.case(|world| format!("{:?}", world.points()))
}

/// What has to be there once everything was copied.
fn copied(before: &Counts) -> Counts {
    let rows = u64::try_from(ROWS).unwrap();
    let mut after = before.clone();
    after.insert(of("attr_dynamics_str", FieldKind::Text), 2 * rows + 1);
    after.insert(of("attr_dynamics_bool", FieldKind::Bool), rows);
    after.insert(of("attr_brightness_str", FieldKind::Text), 3 * rows);
    // The floats are where the sink does not write floats: the server has the name as an integer, too. One integer is too exact.
    after.insert(of("attr_count_num", FieldKind::Float), 3 * rows - 1);
    after
}

#[tokio::test]
async fn every_value_is_copied_beside_what_is_there_and_taken_back_as_it_was() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let world = World::new(version, copy).await;
        let (before, points) = (world.counts(), world.points());
        let plan = world.engine().plan("schema", &Value::Null).await.unwrap();
        assert_eq!(world.points(), points, "a plan changes nothing");
        println!("{}\n{:#?}", plan.finding, plan.notes);
        for step in &plan.steps {
            println!(
                "{}: {} ({:?} rows, {:?} bytes, {:?} s)",
                step.kind, step.what, step.rows, step.bytes, step.seconds
            );
        }
        let kinds: Vec<_> =
            plan.steps.iter().map(|step| (step.kind.as_str(), step.rows, step.undo)).collect();
        assert_eq!(
            kinds,
            [
                ("export", Some(540), false),
                ("copy", Some(178), true), // attr_brightness, two of which are there
                ("copy", Some(120), true), // attr_count, floats
                ("copy", Some(59), true),  // attr_count, integers
                ("copy", Some(120), true), // attr_dynamics, texts
                ("copy", Some(60), true),  // attr_dynamics, booleans
            ]
        );
        let notes = plan.notes.join("\n");
        for words in [
            "180 rows of attr_brightness read as numbers; with --numbers they are copied to attr_brightness_num",
            "1 row of attr_count are integers that no float holds exactly",
            "1 fields of attributes that this sink does not write are left as they are: attr_other",
        ] {
            assert!(notes.contains(words), "{notes}");
        }

        let receipt = world.apply().await;
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        for step in &receipt.steps {
            println!("{}", step.done.as_ref().unwrap().says);
        }
        println!("{}", receipt.verified.as_ref().unwrap().says);
        assert_eq!(world.counts(), copied(&before), "{version:?}");
        let brightness = &receipt.steps[1].done.as_ref().unwrap().data["wrote"];
        assert_eq!((&brightness["kept"], &brightness["there"]), (&json!(1), &json!(1)), "{brightness}");
        assert!(
            brightness["kept_examples"][0].as_str().unwrap().contains("has \"something else\", not \"2\"")
        );
        let now = world.points();
        for point in &points {
            let is = now.iter().find(|is| (is.time, &is.tags) == (point.time, &point.tags)).unwrap();
            assert!(point.fields.iter().all(|(name, value)| is.fields.get(name) == Some(value)), "{is:?}");
        }
        let again = world.engine().plan("schema", &Value::Null).await.unwrap();
        assert_eq!(
            (again.steps.len(), &*again.finding),
            (0, "5 fields of m have other types than their names say, and are copied already")
        );

        let undone = world.undo(&receipt.id).await;
        assert_eq!(undone.state, State::Undone, "{undone:#?}");
        for step in undone.steps.iter().filter_map(|step| step.undone.as_ref()) {
            println!("{}", step.says);
        }
        assert_eq!(world.counts(), before, "{version:?}");
        assert_eq!(world.points(), points, "{version:?}: each point is as it was");
    }
}

#[tokio::test]
async fn texts_that_are_numbers_become_numbers_too_where_that_is_wanted() {
    let world = World::new(InfluxVersion::V1, with_numbers).await;
    let (before, points) = (world.counts(), world.points());
    let receipt = world.apply().await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let mut after = copied(&before);
    after.insert(of("attr_brightness_num", FieldKind::Float), 180);
    assert_eq!(world.counts(), after);
    assert_eq!(world.undo(&receipt.id).await.state, State::Undone);
    assert_eq!(world.points(), points);
}

#[tokio::test]
async fn version_three_has_one_type_for_all_times_and_no_way_back() {
    let world = World::new(InfluxVersion::V3, copy).await;
    let before = world.counts();
    let receipt = world.apply().await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let mut after = before.clone();
    after.insert(of("attr_dynamics_str", FieldKind::Text), 61);
    after.insert(of("attr_brightness_str", FieldKind::Text), 60);
    assert_eq!(world.counts(), after);
    let refused = world.engine().undo(&receipt.id).err().unwrap();
    assert!(refused.to_string().contains("no step that can be taken back"), "{refused}");
}

#[tokio::test]
async fn killed_at_any_time_it_is_gone_on_with_and_ends_the_same() {
    let whole = World::new(InfluxVersion::V1, copy).await;
    for after in whole.moments(begun(&whole).await).await {
        let world = World::new(InfluxVersion::V1, copy).await;
        let before = world.counts();
        let job = begun(&world).await;
        let id = job.id().to_owned();
        world.killed(after, job).await;
        for id in world.engine().unfinished().unwrap() {
            world.engine().resume(&id).unwrap().run().await.unwrap();
        }
        let receipt = world.engine().show(&id).unwrap().receipt;
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        assert_eq!(world.counts(), copied(&before), "killed after request {after}");
    }
}

#[tokio::test]
async fn killed_at_any_time_while_it_is_taken_back_it_loses_no_point() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let whole = World::new(version, copy).await;
        let receipt = whole.apply().await;
        for after in whole.moments(whole.engine().undo(&receipt.id).unwrap()).await {
            let world = World::new(version, copy).await;
            let points = world.points();
            let receipt = world.apply().await;
            world.killed(after, world.engine().undo(&receipt.id).unwrap()).await;
            for id in world.engine().unfinished().unwrap() {
                world.engine().resume(&id).unwrap().run().await.unwrap();
            }
            let receipt = world.engine().show(&receipt.id).unwrap().receipt;
            assert_eq!(receipt.state, State::Undone, "{receipt:#?}");
            assert_eq!(world.points(), points, "{version:?} killed after request {after}");
        }
    }
}

#[tokio::test]
async fn a_repair_that_was_killed_in_its_midst_can_be_taken_back() {
    let whole = World::new(InfluxVersion::V1, copy).await;
    for after in whole.moments(begun(&whole).await).await {
        let world = World::new(InfluxVersion::V1, copy).await;
        let points = world.points();
        let job = begun(&world).await;
        let id = job.id().to_owned();
        world.killed(after, job).await;
        match world.engine().undo(&id) {
            Ok(job) => assert_eq!(job.run().await.unwrap().state, State::Undone),
            Err(refused) => {
                assert!(refused.to_string().contains("no step that can be taken back"), "{refused}")
            }
        }
        assert_eq!(world.points(), points, "killed after request {after}");
    }
}

#[tokio::test]
async fn a_damaged_export_stops_the_way_back_before_anything_is_deleted() {
    let world = World::new(InfluxVersion::V1, copy).await;
    let receipt = world.apply().await;
    let before = world.points();
    let dir = Path::new("/data/repairs").join(&receipt.id);
    let fs: &dyn hearthline_core::Fs = &world.disk;
    let had = dir.join("had-5.lp.gz");
    assert!(fs.read_if_exists(&had).unwrap().is_some(), "what the siblings had is kept");
    fs.write_atomic(&had, b"nonsense").unwrap();
    let undone = world.undo(&receipt.id).await;
    assert_eq!(undone.state, State::Failed, "{undone:#?}");
    assert_eq!(world.points(), before);
}
