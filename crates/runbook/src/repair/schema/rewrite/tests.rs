//! Against the simulated servers, which answer as a real 1.6.7 was recorded to.

use std::time::Duration;

use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_sim::{FieldKind, FieldValue, InfluxVersion};

use super::super::testing::{BEGIN, Counts, FEW, WEEK, World, begun, of};
use super::*;
use crate::repair::State;
use crate::repair::testing::Case;

fn rewrite(sink: MendedSink, layout: NativeLayout) -> Box<dyn Repair> {
    Box::new(SchemaRewrite::new(sink, layout))
}

pub(in crate::repair) async fn case() -> Case {
    World::of(InfluxVersion::V1, rewrite, FEW).await.case(|world| {
        let new = switched(world).map(|_| world.counts_of("m_2"));
        format!("{new:?} {:?}", world.points())
    })
}

/// What the new measurement has to have.
fn rewritten() -> Counts {
    Counts::from([
        (of("state", FieldKind::Text), 181),
        (of("attr_dynamics_str", FieldKind::Text), 121),
        (of("attr_dynamics_bool", FieldKind::Bool), 60),
        // One point has the old field and the new one, and they differ.
        (of("attr_brightness_str", FieldKind::Text), 180),
        (of("attr_brightness_str2", FieldKind::Text), 1),
        // One integer is more than a float holds.
        (of("attr_count", FieldKind::Float), 179),
        (of("attr_count_str", FieldKind::Text), 1),
        (of("attr_other_str", FieldKind::Text), 180),
    ])
}

fn switched(world: &World) -> Option<Switched> {
    switched::read(&*world.sink.fs, &world.sink.dir, "m").unwrap()
}

#[tokio::test]
async fn a_measurement_is_written_anew_with_one_type_for_each_name_and_the_sink_is_switched_there_and_back() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let world = World::new(version, rewrite).await;
        let (before, points) = (world.counts(), world.points());
        let receipt = world.apply().await;
        assert_eq!(receipt.state, State::Done, "{receipt:#?}");
        println!("{}\n{:#?}", receipt.plan.finding, receipt.plan.notes);
        for step in &receipt.steps {
            println!("{}", step.done.as_ref().unwrap().says);
        }
        println!("{}", receipt.verified.as_ref().unwrap().says);
        assert_eq!(world.counts_of("m_2"), rewritten(), "{version:?}");
        assert_eq!(
            (world.counts(), world.points()),
            (before.clone(), points.clone()),
            "the old one is as it was"
        );
        let new = world.points_of("m_2");
        let exact = new.iter().find(|point| point.fields.contains_key("attr_count_str")).unwrap();
        assert_eq!(exact.fields["attr_count_str"], FieldValue::Text("9007199254740993".into()));
        assert_eq!(switched(&world).unwrap().measurement, "m_2");

        // What the sink writes from then on.
        let time = BEGIN + 4 * WEEK;
        let line =
            format!("m_2,entity_id=light.e1 state=\"on\",attr_brightness=7,attr_dynamics_str=\"new\" {time}");
        world.server.seed("house", &line).unwrap();
        let undone = world.undo(&receipt.id).await;
        assert_eq!(undone.state, State::Undone, "{undone:#?}");
        println!("{}", undone.steps[1].undone.as_ref().unwrap().says);
        assert_eq!(switched(&world), None);
        let mut after = before;
        *after.entry(of("state", FieldKind::Text)).or_default() += 1;
        *after.entry(of("attr_dynamics_str", FieldKind::Text)).or_default() += 1;
        // In the week of the new row nobody has the name yet, and the sink would write beside it all the same.
        *after.entry(of("attr_brightness_num", FieldKind::Float)).or_default() += 1;
        assert_eq!(world.counts(), after, "{version:?}");
    }
}

#[tokio::test]
async fn version_three_is_written_anew_too() {
    let world = World::new(InfluxVersion::V3, rewrite).await;
    let receipt = world.apply().await;
    assert_eq!(receipt.state, State::Done, "{receipt:#?}");
    let counts = world.counts_of("m_2");
    assert_eq!(counts[&of("attr_dynamics_str", FieldKind::Text)], 61, "{counts:?}");
    assert_eq!(counts[&of("attr_brightness_str", FieldKind::Text)], 60, "{counts:?}");
    assert_eq!(world.undo(&receipt.id).await.state, State::Undone);
    assert_eq!(switched(&world), None);
}

#[tokio::test]
async fn rows_that_come_to_the_old_one_meanwhile_are_copied_whenever_they_are_of() {
    for late in [BEGIN + 30_000_000_000, 1_795_653_667_000_000_000 + WEEK] {
        let world = World::new(InfluxVersion::V1, rewrite).await;
        let view =
            InfluxView::new("influxdb", &world.sink.dir, world.sink.fs.clone(), String::new(), String::new());
        let sink = MendedSink { view: Some(view.clone()), ..world.sink.clone() };
        let world = World { sink, ..world };
        let job = world.engine().begin("schema", &Value::Null, None).await.unwrap();
        let id = job.id().to_owned();
        // A sink that does not switch before it has written once more.
        let watch = job.watcher();
        let repair = tokio::spawn(job.run());
        while watch().step != Some(1) {
            sleep(Duration::from_millis(5)).await;
        }
        world.server.seed("house", &format!("m,entity_id=light.late state=\"late\" {late}")).unwrap();
        while !repair.is_finished() {
            view.writes_to("m_2");
            sleep(Duration::from_millis(5)).await;
        }
        let receipt = repair.await.unwrap().unwrap();
        assert_eq!((receipt.state, &receipt.id), (State::Done, &id), "{receipt:#?}");
        let new = world.points_of("m_2");
        assert!(
            new.iter().any(|point| point.time == late && point.tags["entity_id"] == "light.late"),
            "{late}"
        );
    }
}

#[tokio::test]
async fn killed_at_any_time_it_is_gone_on_with_and_ends_the_same() {
    let whole = World::new(InfluxVersion::V1, rewrite).await;
    let job = begun(&whole).await;
    let id = job.id().to_owned();
    let there = whole.moments(job).await;
    let back = whole.moments(whole.engine().undo(&id).unwrap()).await;
    for (there, back) in there.zip(back) {
        let world = World::new(InfluxVersion::V1, rewrite).await;
        let points = world.points();
        let job = begun(&world).await;
        let id = job.id().to_owned();
        world.killed(there, job).await;
        for id in world.engine().unfinished().unwrap() {
            world.engine().resume(&id).unwrap().run().await.unwrap();
        }
        assert_eq!(world.engine().show(&id).unwrap().receipt.state, State::Done);
        assert_eq!(world.counts_of("m_2"), rewritten(), "killed after request {there}");
        world.killed(back, world.engine().undo(&id).unwrap()).await;
        for id in world.engine().unfinished().unwrap() {
            world.engine().resume(&id).unwrap().run().await.unwrap();
        }
        assert_eq!(world.engine().show(&id).unwrap().receipt.state, State::Undone);
        assert_eq!((world.points(), switched(&world)), (points, None), "killed after request {back}");
    }
}
