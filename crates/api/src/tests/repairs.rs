//! A repair that puts one thing right, is not sure of it the first time, and can take it back.

use std::path::Path;
use std::sync::Mutex;

use hearthline_runbook::repair::{
    Doing, Done, Engine, Kind, Options, Plan, Receipt, Refused, Repair, RepairError, Repairs, Scribe, Seen,
    State, Step,
};
use tokio::runtime::Handle;

use super::*;

/// What asks for it.
pub(super) const MEND: &str = r#"{"repair":"gaps","confirm":"mend"}"#;

struct Mend {
    /// Whether it is right.
    right: Arc<Mutex<bool>>,
    /// Whether it was looked at before.
    looked: Arc<Mutex<bool>>,
}

impl Repair for Mend {
    fn plan(&mut self) -> Doing<'_, Plan> {
        let step = Step {
            kind: "mend".into(),
            what: "put it right".into(),
            touches: "it".into(),
            rows: Some(1),
            bytes: None,
            seconds: None,
            undo: true,
            data: Value::Null,
        };
        let steps = if *self.right.lock().unwrap() { Vec::new() } else { vec![step] };
        let (finding, confirm) = ("it may be wrong".into(), Some("mend".into()));
        let plan = Plan { repair: "gaps".into(), finding, steps, confirm, notes: Vec::new() };
        Box::pin(std::future::ready(Ok(plan)))
    }

    fn apply<'a>(&'a mut self, _: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        scribe.progress(1, Some(1), "things");
        *self.right.lock().unwrap() = true;
        Box::pin(std::future::ready(Ok(Done { says: "it is right".into(), data: Value::Null })))
    }

    fn undo<'a>(&'a mut self, _: &'a Step, _: &'a Scribe) -> Doing<'a, Done> {
        *self.right.lock().unwrap() = false;
        Box::pin(std::future::ready(Ok(Done { says: "it is wrong again".into(), data: Value::Null })))
    }

    fn verify<'a>(&'a mut self, _: &'a Plan) -> Doing<'a, Done> {
        let looked = std::mem::replace(&mut *self.looked.lock().unwrap(), true);
        Box::pin(std::future::ready(match looked {
            true => Ok(Done { says: "it is right".into(), data: Value::Null }),
            false => Err(RepairError::Person("look at it again".into())),
        }))
    }
}

/// The repairs of a house; a test without a runtime asks for none.
pub(super) fn house() -> Repairs {
    let (right, looked): (Arc<Mutex<bool>>, Arc<Mutex<bool>>) = Default::default();
    let make = move |kind: &'static Kind, _: &Options| match kind.name {
        "gaps" => {
            let mend = Mend { right: Arc::clone(&right), looked: Arc::clone(&looked) };
            Ok(Box::new(mend) as Box<dyn Repair>)
        }
        "quarantine" => Err(RepairError::Later("the store is being read".into()).into()),
        _ => Err(Refused::NeedsProgram("not in this house".into())),
    };
    let clock = Arc::new(ManualClock::at(NOON));
    let watch = || status().criteria;
    let engine =
        Engine::new(Arc::new(MemFs::default()), clock, Path::new("/data"), Arc::new(watch), Arc::new(make));
    Repairs::new(Arc::new(engine), Handle::current())
}

pub(super) async fn post(house: &House, path: &str, body: &str) -> Answer {
    Answer::of(house.send(Method::POST, path, Some("right"), Body::from(body.to_owned())).await).await
}

/// Waits until nothing is being carried out.
async fn over(house: &House, id: &str) -> Receipt {
    loop {
        let seen: Seen =
            serde_json::from_value(house.document(&format!("/api/v1/repairs/{id}")).await).unwrap();
        if !seen.running {
            return seen.receipt;
        }
        tokio::task::yield_now().await;
    }
}

/// The id of a repair that was begun and is carried out no more.
pub(super) async fn stood(house: &House) -> String {
    let listed = house.document("/api/v1/repairs").await;
    let id = match listed["receipts"][0]["id"].as_str() {
        Some(id) => id.to_owned(),
        None => post(house, "/api/v1/repairs", MEND).await.json()["id"].as_str().unwrap().to_owned(),
    };
    over(house, &id).await;
    id
}

#[tokio::test]
async fn a_repair_is_found_planned_begun_shown_and_taken_back() {
    let house = House::new();
    let found = house.document("/api/v1/repairs/findings").await;
    let of = |name: &str| {
        found["findings"].as_array().unwrap().iter().find(|found| found["repair"] == name).unwrap().clone()
    };
    assert_eq!(of("gaps")["plan"]["steps"][0]["what"], "put it right");
    assert_eq!(of("quarantine")["unknown"], "the store is being read");
    let plan = Answer::of(
        house.send(Method::POST, "/api/v1/repairs/plan", None, Body::from(r#"{"repair":"gaps"}"#)).await,
    )
    .await;
    assert_eq!((plan.status, &plan.json()), (StatusCode::OK, &of("gaps")["plan"]), "without a token");

    let begun = post(&house, "/api/v1/repairs", MEND).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "2026-11-23T12-00-00Z-gaps");
    let receipt = over(&house, &id).await;
    assert_eq!((receipt.state, receipt.before.len(), receipt.after.len()), (State::Failed, 2, 2));
    assert_eq!(receipt.error.as_deref(), Some("look at it again"));
    assert_eq!(post(&house, &format!("/api/v1/repairs/{id}/resume"), "").await.json()["id"], id);
    let receipt = over(&house, &id).await;
    assert_eq!((receipt.state, receipt.error, receipt.resumed.len()), (State::Done, None, 1));
    let nothing = post(&house, "/api/v1/repairs", MEND).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT);
    assert_eq!(nothing.json()["error"]["what"], "there is nothing to mend");

    assert_eq!(post(&house, &format!("/api/v1/repairs/{id}/undo"), "").await.json()["id"], id);
    let receipt = over(&house, &id).await;
    assert_eq!(receipt.state, State::Undone);
    let listed = house.document("/api/v1/repairs").await;
    assert_eq!(listed["receipts"][0]["state"], "undone");
    assert!(listed["catalogue"].as_array().unwrap().iter().any(|kind| kind["name"] == "gaps"));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words() {
    let house = House::new();
    let id = stood(&house).await;
    post(&house, &format!("/api/v1/repairs/{id}/resume"), "").await;
    over(&house, &id).await;
    for (path, body, code, words) in [
        ("/api/v1/repairs", "", 400, "EOF"),
        ("/api/v1/repairs", r#"{"repair":"gaps","force":true}"#, 400, "unknown field `force`"),
        ("/api/v1/repairs", r#"{"repair":"gaps","options":{"sink":"a"}}"#, 400, "takes no option"),
        ("/api/v1/repairs", r#"{"repair":"fly"}"#, 404, "there is no repair"),
        ("/api/v1/repairs/plan", r#"{"repair":"quarantine"}"#, 503, "the store is being read"),
        ("/api/v1/repairs/plan", r#"{"repair":"connection"}"#, 409, "not in this house"),
        ("/api/v1/repairs/nothing/undo", "", 404, "there is no receipt"),
        (&format!("/api/v1/repairs/{id}/resume"), "", 409, "is done; there is nothing to go on with"),
    ] {
        let refused = post(&house, path, body).await;
        assert_eq!(refused.status.as_u16(), code, "{path} {body}: {}", refused.text());
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    assert_eq!(house.get("/api/v1/repairs/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_repair_is_begun_only_with_the_token_and_the_typed_words() {
    let house = House::new();
    for path in ["/api/v1/repairs", "/api/v1/repairs/x/undo", "/api/v1/repairs/x/resume"] {
        let refused = Answer::of(house.send(Method::POST, path, None, Body::from(MEND)).await).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for body in [r#"{"repair":"gaps"}"#, r#"{"repair":"gaps","confirm":"yes"}"#] {
        let refused = post(&house, "/api/v1/repairs", body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains(r#"type \"mend\""#), "{}", refused.text());
    }
    assert_eq!(house.document("/api/v1/repairs").await["receipts"], json!([]));
}
