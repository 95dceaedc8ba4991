//! Which entities are recorded. What is left out is counted and is nowhere on disk.

use globset::{Glob, GlobMatcher};

/// Include and exclude rules. A rule is a domain (`light`), an entity (`sensor.kitchen`), or a glob over entity ids
/// (`sensor.*_battery`). Without includes everything is in; an exclude wins over an include.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
}

/// What a filter says of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is recorded.
    pub kept: bool,
    /// The rule that decided, as written; none when no rule names the entity.
    pub rule: Option<String>,
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("filter rule {rule:?}: {reason}")]
pub struct FilterError {
    /// As written.
    pub rule: String,
    /// What is wrong with it.
    pub reason: String,
}

#[derive(Clone, Debug)]
struct Rule {
    text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Domain,
    Entity,
    Glob(GlobMatcher),
}

impl Rule {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let refuse = |reason: &str| FilterError { rule: text.into(), reason: reason.into() };
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(refuse(
                "write a domain (light), an entity (light.kitchen) or a glob (sensor.*_battery)",
            ));
        }
        let matcher = if text.contains(['*', '?', '[', '{']) {
            let glob = Glob::new(text).map_err(|e| refuse(&e.kind().to_string()))?;
            Matcher::Glob(glob.compile_matcher())
        } else if text.contains('.') {
            Matcher::Entity
        } else {
            Matcher::Domain
        };
        Ok(Self { text: text.into(), matcher })
    }

    fn matches(&self, entity_id: &str) -> bool {
        match &self.matcher {
            Matcher::Domain => hearthline_core::entity::domain_of(entity_id) == self.text,
            Matcher::Entity => entity_id == self.text,
            Matcher::Glob(glob) => glob.is_match(entity_id),
        }
    }
}

impl Filter {
    /// Reads the rules.
    ///
    /// # Errors
    /// The first rule that cannot be read.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, FilterError> {
        let parse = |rules: &[String]| rules.iter().map(|rule| Rule::parse(rule)).collect::<Result<_, _>>();
        Ok(Self { include: parse(include)?, exclude: parse(exclude)? })
    }

    /// Whether an entity is recorded, and which rule decided.
    #[must_use]
    pub fn decide(&self, entity_id: &str) -> Decision {
        let first =
            |rules: &[Rule]| rules.iter().find(|rule| rule.matches(entity_id)).map(|rule| rule.text.clone());
        if let Some(rule) = first(&self.exclude) {
            return Decision { kept: false, rule: Some(rule) };
        }
        let rule = first(&self.include);
        Decision { kept: self.include.is_empty() || rule.is_some(), rule }
    }

    /// Whether an entity is recorded.
    #[must_use]
    pub fn keeps(&self, entity_id: &str) -> bool {
        let any = |rules: &[Rule]| rules.iter().any(|rule| rule.matches(entity_id));
        !any(&self.exclude) && (self.include.is_empty() || any(&self.include))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> Filter {
        let own = |rules: &[&str]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
        Filter::new(&own(include), &own(exclude)).unwrap()
    }

    #[test]
    fn without_rules_everything_is_in() {
        assert_eq!(Filter::default().decide("light.a"), Decision { kept: true, rule: None });
    }

    #[test]
    fn an_exclude_wins_and_the_rule_that_decided_is_named() {
        let filter = filter(&["sensor", "light.kitchen"], &["sensor.*_battery", "camera"]);
        for (entity, kept, rule) in [
            ("sensor.door_battery", false, Some("sensor.*_battery")),
            ("sensor.door", true, Some("sensor")),
            ("light.kitchen", true, Some("light.kitchen")),
            ("light.hall", false, None),
            ("sensors.door", false, None),
            ("camera.hall", false, Some("camera")),
        ] {
            assert_eq!(filter.decide(entity), Decision { kept, rule: rule.map(str::to_owned) }, "{entity}");
            assert_eq!(filter.keeps(entity), kept);
        }
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_named() {
        for rule in ["", "light kitchen", "sensor.[a", "{a"] {
            let error = Filter::new(&[], &[rule.into()]).unwrap_err();
            assert_eq!(error.rule, rule);
        }
    }
}
