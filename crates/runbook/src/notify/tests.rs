use hearthline_core::{ManualClock, MemFs, Timestamp};
use hearthline_pipeline::sources::home_assistant::Trust;
use hearthline_pipeline::webhook::Shape;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::alerts::tests::status;
use crate::alerts::{Beside, Limits, Pace};

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);

/// A data folder on which programs run, one after the other.
struct House {
    fs: MemFs,
    clock: ManualClock,
    url: String,
}

struct Run {
    alerts: Alerts,
    maintenance: Maintenance,
    notify: Notify,
}

impl House {
    fn new(url: String) -> Self {
        let fs = MemFs::default();
        (&fs as &dyn Fs).create_dir_all(Path::new("/data")).unwrap();
        Self { fs, clock: ManualClock::at(NOON), url }
    }

    fn start(&self) -> Run {
        let (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>) =
            (Arc::new(self.fs.clone()), Arc::new(self.clock.clone()));
        let pace = Pace { grace: Duration::ZERO, raise: Duration::ZERO, clear: Duration::from_secs(10) };
        let dir = Path::new("/data");
        let alerts = Alerts::open(Arc::clone(&fs), Arc::clone(&clock), dir, Limits::default(), pace);
        let maintenance = Maintenance::open(Arc::clone(&fs), Arc::clone(&clock), dir);
        let hook = Webhook {
            url: self.url.parse().unwrap(),
            shape: Shape::Slack,
            token: None,
            headers: Vec::new(),
            trust: Trust::default(),
        };
        let place = Place { name: "phone".into(), level: Urgency::Warning, per_hour: 12, hook };
        let all = (alerts.clone(), maintenance.clone());
        let notify = Notify::open((fs, clock), dir, vec![place], GROUP, all);
        Run { alerts, maintenance, notify }
    }

    /// Looks for so many seconds at a house whose sink stands still.
    fn look(&self, run: &Run, seconds: u64) {
        let mut ill = status();
        ill.sinks[0].state = "parked".into();
        for _ in 0..seconds {
            run.alerts.look(&ill, Beside::default());
            run.notify.look(&ill);
            run.alerts.keep();
            run.notify.keep();
            self.clock.advance(Duration::from_secs(1));
        }
    }
}

/// Answers each request with the next of these statuses, and gives the bodies out.
async fn receiver(statuses: &'static [u16]) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, bodies) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            while !request.contains("\r\n\r\n") || !request.ends_with('}') {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).await.unwrap();
                request += std::str::from_utf8(&bytes[..read]).unwrap();
            }
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).await.unwrap();
            heard.send(request.split_once("\r\n\r\n").unwrap().1.to_owned()).unwrap();
        }
    });
    (url, bodies)
}

async fn told(run: &Run, seconds: u64, until: impl Fn(&Listed) -> bool) {
    let until = async {
        while !until(&run.notify.list()) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(seconds), async {
        tokio::select! {
            () = run.notify.tell() => {}
            () = until => {}
        }
    })
    .await
    .expect("told in time");
}

#[tokio::test]
async fn what_was_raised_before_a_kill_is_told_after_it_and_not_twice() {
    let (url, mut bodies) = receiver(&[200]).await;
    let house = House::new(url);
    let run = house.start();
    house.look(&run, 10);
    drop(run);
    house.fs.power_cut();
    let run = house.start();
    house.look(&run, 30);
    assert_eq!(run.notify.list().places[0].waiting, 1);
    drop(run);
    house.fs.power_cut();
    let run = house.start();
    told(&run, 20, |listed| listed.places[0].told == 1).await;
    let body = bodies.recv().await.unwrap();
    assert!(body.contains("influxdb stands still"), "{body}");
    run.notify.keep();
    house.fs.power_cut();
    let run = house.start();
    house.look(&run, 300);
    let place = &run.notify.list().places[0];
    assert_eq!((place.told, place.waiting, place.gathering), (1, 0, 0));
    assert_eq!(place.last[0].title, "Hearthline: influxdb stands still");
}

#[tokio::test]
async fn one_that_fails_is_seen_as_a_part_and_is_told_once_it_is_back() {
    let (url, _bodies) = receiver(&[503, 200]).await;
    let house = House::new(url);
    let run = house.start();
    house.look(&run, 40);
    assert_eq!(run.notify.state(), (PartState::Healthy, None));
    told(&run, 20, |listed| listed.places[0].trouble.is_some()).await;
    let (state, why) = run.notify.state();
    assert_eq!(state, PartState::Degraded);
    assert!(why.unwrap().contains("answers HTTP 503"));
    house.clock.advance(Duration::from_secs(5));
    told(&run, 20, |listed| listed.places[0].told == 1).await;
    assert_eq!(run.notify.state(), (PartState::Healthy, None));
}

#[tokio::test]
async fn a_place_is_tried_out_by_its_name_without_being_counted() {
    let (url, mut bodies) = receiver(&[200, 401]).await;
    let house = House::new(url);
    let run = house.start();
    let tried = |why| vec![Tried { name: "phone".into(), why }];
    assert_eq!(run.notify.test(None).await, Ok(tried(None)));
    assert!(bodies.recv().await.unwrap().contains("Nothing is wrong"));
    let refused = run.notify.test(Some("phone")).await.unwrap();
    assert!(refused[0].why.as_ref().unwrap().ends_with("answers HTTP 401: ok"), "{refused:?}");
    assert_eq!(
        run.notify.test(Some("fax")).await.unwrap_err(),
        "no place is called \"fax\"; there are phone"
    );
    assert_eq!((run.notify.list().places[0].told, run.notify.state().0), (0, PartState::Healthy));
}

#[test]
fn maintenance_is_told_at_its_end_also_where_nothing_ran_by_then() {
    let house = House::new("http://127.0.0.1:9/x".into());
    let run = house.start();
    house.look(&run, 100);
    run.maintenance.begin(Duration::from_mins(30), Some("new disk")).unwrap();
    house.look(&run, 5);
    drop(run);
    house.clock.advance(Duration::from_hours(2));
    let run = house.start();
    house.look(&run, 5);
    run.notify.keep();
    let kept =
        String::from_utf8((&house.fs as &dyn Fs).read(&Path::new("/data").join(FILE)).unwrap()).unwrap();
    assert!(kept.contains("Maintenance until 12:31 UTC (new disk)."), "{kept}");
    assert!(kept.contains("It took 30 min.\\nStill wrong: influxdb stands still."), "{kept}");
}

#[test]
fn a_place_that_the_settings_do_not_name_any_more_is_forgotten() {
    let house = House::new("http://127.0.0.1:9/x".into());
    let run = house.start();
    house.look(&run, 60);
    let text =
        String::from_utf8((&house.fs as &dyn Fs).read(&Path::new("/data").join(FILE)).unwrap()).unwrap();
    let renamed = text.replace("\"phone\"", "\"fax\"");
    (&house.fs as &dyn Fs).write_atomic(&Path::new("/data").join(FILE), renamed.as_bytes()).unwrap();
    let listed = house.start().notify.list();
    assert_eq!((listed.places.len(), listed.places[0].waiting), (1, 0));
}
