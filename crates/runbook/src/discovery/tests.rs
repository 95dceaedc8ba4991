use super::*;
use crate::alerts::tests::status;

fn device() -> Device {
    Device { prefix: "homeassistant".into(), name: "Hearthline".into() }
}

fn figures() -> Figures {
    Figures::of(&status())
}

#[test]
fn each_entity_is_announced_and_reads_its_own_figure() {
    let configs = device().configs();
    let figures: Value = json!(figures());
    for Said { topic, payload } in &configs {
        let config: Value = serde_json::from_str(payload).unwrap();
        let [_, component, _, key, _] = topic.split('/').collect::<Vec<_>>()[..] else { panic!("{topic}") };
        assert!(figures.get(key).is_some(), "{key}");
        assert_eq!(config["value_template"], format!("{{{{ value_json.{key} }}}}"));
        assert!(device().entities().contains(&format!("{component}.hearthline_{key}")));
        // Home Assistant makes an entity's id of the names of the device and of the entity.
        assert_eq!(config["name"].as_str().unwrap().to_lowercase().replace(' ', "_"), key);
    }
    assert_eq!(configs.len(), figures.as_object().unwrap().len());
    let said: Vec<_> = configs.iter().map(|said| format!("{}\n{}\n", said.topic, said.payload)).collect();
    insta::assert_snapshot!(said.join("") + &device().state(&self::figures()).payload);
    let two = Device { name: "Garden house 2".into(), ..device() };
    assert_eq!(
        two.availability(false),
        Said { topic: "garden_house_2/availability".into(), payload: "offline".into() }
    );
}

#[test]
fn figures_are_coarse_and_unknown_is_not_nothing() {
    let mut status = status();
    status.home_assistant.last_event_age_s = Some(179.9);
    status.sinks[0].lag_s = 39.9;
    status.overall = Overall::Degraded;
    let figures = Figures::of(&status);
    assert_eq!((figures.last_event_age, figures.behind, figures.problem), (Some(120), 30, "ON"));
    assert_eq!(figures.days_until_full, None);
    status.home_assistant.last_event_age_s = None;
    status.events.per_minute = None;
    let unknown = Figures::of(&status);
    assert_eq!((unknown.last_event_age, unknown.events_per_minute), (None, None));
}

#[test]
fn health_is_said_within_ten_seconds_and_figures_once_a_minute() {
    let seconds = Duration::from_secs;
    let mut pace = Pace::default();
    assert_eq!(pace.next(seconds(0), figures()), Some(figures()), "all of it on a new connection");
    let ill = Figures { health: "unhealthy", events_per_minute: Some(0), ..figures() };
    assert_eq!(pace.next(seconds(9), ill.clone()), None);
    let said = pace.next(seconds(10), ill.clone()).unwrap();
    assert_eq!((said.health, said.events_per_minute), ("unhealthy", Some(600)), "the rate has its time");
    let said = pace.next(seconds(60), ill.clone()).unwrap();
    assert_eq!(said, ill);
    assert_eq!(pace.next(seconds(1000), ill.clone()), None, "what is the same is not said again");
}

#[test]
fn what_it_says_itself_ends_no_circle_but_stays_below_five_a_minute() {
    // A house in which nothing happens but what comes back of what is said: each figure that changes is an event.
    let mut pace = Pace::default();
    let mut before = pace.next(Duration::ZERO, Figures { events_per_minute: Some(0), ..figures() }).unwrap();
    let (mut events, mut most) = (Vec::<u64>::new(), 0);
    for second in 1..3600_u64 {
        let minute = second / 60;
        let rate = events.iter().filter(|at| second - **at < 60).count() as u64;
        let now = Figures {
            last_event_age: Some(minute * 60),
            events_per_minute: Some(rate),
            behind: second % 100 / 10 * 10,
            ..figures()
        };
        if let Some(said) = pace.next(Duration::from_secs(second), now) {
            let changed = [
                said.last_event_age != before.last_event_age,
                said.events_per_minute != before.events_per_minute,
                said.behind != before.behind,
            ];
            events.extend(changed.into_iter().filter(|changed| *changed).map(|_| second));
            before = said;
        }
        most = most.max(events.iter().filter(|at| second - **at < 60).count());
    }
    assert!(most <= 4, "{most}");
    assert!(before.last_event_age > Some(3400), "its own words are no sign of life: {before:?}");
}
