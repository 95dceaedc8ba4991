//! A runbook of one line, which watches for as long as it is told, and its report.

use std::path::Path;
use std::sync::Mutex;

use hearthline_runbook::repair::engine::AtEnd;
use hearthline_runbook::repair::{
    Doing, Done, Engine, Kind, Options, Plan, Receipts, Refused, Repair, RepairError, Repairs, Scribe, Step,
};
use hearthline_runbook::reports::Reports;
use hearthline_runbook::runbook::lines::{self, CATALOGUE};
use tokio::runtime::Handle;

use super::repairs::post;
use super::*;

/// What asks for it.
pub(super) const WATCH: &str = r#"{"monitor_s":7}"#;

/// Does not hold the first time.
struct Watch(Duration, Arc<Mutex<bool>>);

impl Repair for Watch {
    fn plan(&mut self) -> Doing<'_, Plan> {
        let what = format!("watch for {} s", self.0.as_secs());
        let step = Step { kind: "monitor".into(), what, undo: true, ..Step::default() };
        let plan = Plan { repair: lines::NAME.into(), steps: vec![step], ..Plan::default() };
        Box::pin(std::future::ready(Ok(plan)))
    }

    fn apply<'a>(&'a mut self, _: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        scribe.progress(1, Some(2), "s");
        Box::pin(std::future::ready(Ok(Done { says: "it held".into(), data: Value::Null })))
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        let data = json!({ "overall": "healthy" });
        let looked = std::mem::replace(&mut *self.1.lock().unwrap(), true);
        Box::pin(std::future::ready(match looked {
            true => Ok(Done { says: "healthy".into(), data }),
            false => Err(RepairError::Person("look at it again".into())),
        }))
    }
}

/// The runbook of a house, and where its reports are.
pub(super) fn house() -> (Repairs, Reports) {
    let fs = Arc::new(MemFs::default());
    let (reports, clock) = (Reports::new(fs.clone(), Path::new("/data")), Arc::new(ManualClock::at(NOON)));
    let looked = Arc::default();
    let make = move |_: &'static Kind, options: &Options| -> Result<Box<dyn Repair>, Refused> {
        Ok(Box::new(Watch(lines::monitor_of(options)?, Arc::clone(&looked))))
    };
    let written = reports.clone();
    let at_end: AtEnd = Arc::new(move |receipt| {
        written.write(&receipt.id, "# A report\n").map_err(|error| error.to_string())
    });
    let dir = Path::new("/data");
    let receipts = Receipts::new(fs.clone(), &dir.join("runbooks"));
    let engine = Engine::new(fs, clock, dir, Arc::new(Vec::new), Arc::new(make));
    (Repairs::new(Arc::new(engine.of(CATALOGUE, receipts).at_end(at_end)), Handle::current()), reports)
}

/// The id of a run that has come to its end.
pub(super) async fn stood(house: &House) -> String {
    let listed = house.document("/api/v1/runbook").await;
    let id = match listed["last"]["seen"]["receipt"]["id"].as_str() {
        Some(id) => id.to_owned(),
        None => post(house, "/api/v1/runbook", "").await.json()["id"].as_str().unwrap().to_owned(),
    };
    while house.document(&format!("/api/v1/runbook/{id}")).await["outcome"] == "unfinished" {
        tokio::task::yield_now().await;
    }
    id
}

#[tokio::test]
async fn it_is_planned_begun_and_shown_and_its_report_is_given_out() {
    let house = House::new();
    let planned = house.document("/api/v1/runbook?monitor_s=1800").await;
    assert_eq!(planned["plan"]["steps"][0]["what"], "watch for 1800 s");
    assert_eq!((&planned["last"], &planned["unknown"]), (&Value::Null, &Value::Null));
    let long = house.document("/api/v1/runbook?monitor_s=86401").await;
    assert_eq!(long["plan"], Value::Null);
    assert!(long["unknown"].as_str().unwrap().contains("a day at most"), "{long}");
    assert_eq!(house.document("/api/v1/reports").await, json!({ "reports": [] }));

    let begun = post(&house, "/api/v1/runbook", WATCH).await;
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "2026-11-23T12-00-00Z-runbook");
    stood(&house).await;
    let failed = house.document(&format!("/api/v1/runbook/{id}")).await;
    assert_eq!(failed["outcome"], "failed");
    assert!(failed["verdict"].as_str().unwrap().contains("look at it again"), "{failed}");
    assert_eq!(post(&house, &format!("/api/v1/runbook/{id}/resume"), "").await.json()["id"], id);
    stood(&house).await;
    let run = house.document(&format!("/api/v1/runbook/{id}")).await;
    assert_eq!((&run["outcome"], &run["seen"]["running"]), (&json!("met"), &json!(false)));
    assert_eq!(run["seen"]["receipt"]["options"], json!({ "monitor_s": 7 }));
    let name = format!("{id}.md");
    assert_eq!(run["report"], name);
    assert_eq!(house.document("/api/v1/runbook").await["last"], run);

    let listed = house.document("/api/v1/reports").await;
    assert_eq!(listed, json!({ "reports": [{ "name": name, "bytes": 11 }] }));
    let report = house.get(&format!("/api/v1/reports/{name}")).await;
    assert_eq!((report.status, report.text()), (StatusCode::OK, "# A report\n"));
    assert_eq!(report.headers["content-type"], "text/markdown; charset=utf-8");
    assert_eq!(report.headers["content-disposition"], format!("attachment; filename=\"{name}\""));
}

#[tokio::test]
async fn it_is_begun_with_the_token_alone_and_what_means_nothing_is_refused() {
    let house = House::new();
    for path in ["/api/v1/runbook", "/api/v1/runbook/x/undo", "/api/v1/runbook/x/resume"] {
        let refused = Answer::of(house.send(Method::POST, path, None, Body::empty()).await).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for (path, body, code, words) in [
        ("/api/v1/runbook", r#"{"monitor":7}"#, 400, "unknown field `monitor`"),
        ("/api/v1/runbook", r#"{"monitor_s":0}"#, 400, "for a second at least"),
        ("/api/v1/runbook/nothing/resume", "", 404, "there is no receipt"),
    ] {
        let refused = post(&house, path, body).await;
        assert_eq!(refused.status.as_u16(), code, "{path} {body}: {}", refused.text());
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let unread = house.get("/api/v1/runbook?monitor=7").await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST);
    let why = unread.json()["error"]["why"].clone();
    assert!(why.as_str().unwrap().contains("unknown field `monitor`"), "{why}");
    for path in ["runbook/nothing", "reports/nothing.md", "reports/..%2Frun.json", "reports/%2Fetc%2Fpasswd"]
    {
        assert_eq!(house.get(&format!("/api/v1/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
