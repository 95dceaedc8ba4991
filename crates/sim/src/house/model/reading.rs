//! What one step of an entity comes to.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Spec;
use crate::house::Write;

/// A state, and how long it lasts.
#[derive(Debug)]
pub(in crate::house) struct Reading {
    state: String,
    /// An object with what is added to the fixed attributes; null for nothing.
    changing: Value,
    /// What is written with it under the same context.
    also: Option<Write>,
    pub(super) wait: Duration,
}

impl Reading {
    pub(super) fn new(state: impl Into<String>, wait_seconds: u64) -> Self {
        Self {
            state: state.into(),
            changing: Value::Null,
            also: None,
            wait: Duration::from_secs(wait_seconds),
        }
    }

    pub(super) fn with(self, changing: Value) -> Self {
        Self { changing, ..self }
    }

    pub(super) fn and(self, also: Write) -> Self {
        Self { also: Some(also), ..self }
    }

    pub(super) fn writes(self, spec: &Spec, fixed: &Arc<str>) -> Vec<Write> {
        let attributes = match self.changing {
            Value::Object(changing) => merged(&spec.fixed, changing).into(),
            _ => fixed.clone(),
        };
        let own = Write::new(spec.entity_id.as_str(), self.state, attributes);
        std::iter::once(own).chain(self.also).collect()
    }
}

fn merged(fixed: &Map<String, Value>, mut changing: Map<String, Value>) -> String {
    changing.extend(fixed.iter().map(|(k, v)| (k.clone(), v.clone())));
    Value::Object(changing).to_string()
}
