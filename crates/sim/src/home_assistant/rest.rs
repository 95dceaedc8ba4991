//! `/api/states/<entity_id>`: states that are read, set and removed over REST, as 2024.3.3 answers (`components/api`). Who is no
//! administrator is answered 401 to the latter two, and that counts as a wrong login.

use serde_json::Value;

use super::HomeAssistant;
use super::http::Head;
use super::message;

/// Before the name of the entity.
pub(super) const STATES: &str = "/api/states/";
/// Longer bodies are nobody's.
pub(super) const MAX_BODY: usize = 1 << 20;

type Response = (&'static str, String);

impl HomeAssistant {
    /// Status and body of the answer.
    pub(super) fn state_of(&self, head: &Head, entity_id: &str, body: &[u8]) -> Response {
        if let Some(refused) = self.refuses(head) {
            return refused;
        }
        match head.method.as_str() {
            "GET" => match self.state(entity_id) {
                Some(state) => ("200 OK", self.as_json(&state)),
                None => not_found(),
            },
            "POST" => self.post(entity_id, body),
            "DELETE" => match self.remove(entity_id) {
                Some(_) => ("200 OK", says("Entity removed.")),
                None => not_found(),
            },
            _ => ("405 Method Not Allowed", "405: Method Not Allowed".into()),
        }
    }

    /// Why it is not let in.
    fn refuses(&self, head: &Head) -> Option<Response> {
        let mut world = self.0.world.lock();
        if let Some((status, body)) = world.refusal() {
            return Some((status, body.into()));
        }
        // A right token is no login here, so it does not forgive wrong ones.
        let is_let_in =
            self.is_right(&world, head.bearer()) && (head.method == "GET" || world.is_admin(&self.0.options));
        if !is_let_in {
            world.login(false, self.0.options.login_attempts_threshold);
            return Some(("401 Unauthorized", "401: Unauthorized".into()));
        }
        None
    }

    fn post(&self, entity_id: &str, body: &[u8]) -> Response {
        let bad = |words: &str| ("400 Bad Request", says(words));
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return bad("Invalid JSON specified.") };
        let Some(state) = body.get("state").filter(|state| !state.is_null()) else {
            return bad("No state specified.");
        };
        if !entity_id.contains('.') {
            return bad("Invalid entity ID specified.");
        }
        let text = state.as_str().map_or_else(|| state.to_string(), str::to_owned);
        let attributes = body.get("attributes").filter(|given| given.is_object());
        let attributes = attributes.map_or_else(|| "{}".to_owned(), ToString::to_string);
        let status = if self.state(entity_id).is_none() { "201 Created" } else { "200 OK" };
        self.set_state(entity_id, &text, &attributes);
        match self.state(entity_id) {
            Some(state) => (status, self.as_json(&state)),
            None => ("500 Internal Server Error", "500 Internal Server Error".into()),
        }
    }

    fn as_json(&self, state: &crate::house::State) -> String {
        let style = self.0.world.lock().lasting.style;
        message::state(state, style)
    }
}

fn says(words: &str) -> String {
    serde_json::json!({ "message": words }).to_string()
}

fn not_found() -> Response {
    ("404 Not Found", says("Entity not found."))
}
