//! Which entities are recorded. What is left out is counted and is nowhere on disk.

use globset::{Glob, GlobMatcher};
use hearthline_core::{EntityInfo, Named};

use crate::sources::home_assistant::wire::registry::Registry;

/// Include and exclude rules. A rule is a domain (`light`), an entity (`sensor.kitchen`), a glob over entity ids
/// (`sensor.*_battery`), or where an entity belongs: `area:Kitchen`, `floor:upstairs`, `device:Hue lamp`, `label:private`,
/// `integration:hue`, `device_class:battery`, by id or by name, in capitals or not. Without includes everything is in; an
/// exclude wins over an include.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
}

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The name of the day.
    pub entity_id: &'a str,
    /// What is known of the entity; none fits no rule about where it belongs.
    pub info: Option<&'a EntityInfo>,
    /// The class that the state at hand says; one that says none has the class that is known.
    pub device_class: Option<&'a str>,
}

impl<'a> From<&'a str> for Subject<'a> {
    fn from(entity_id: &'a str) -> Self {
        Self { entity_id, info: None, device_class: None }
    }
}

impl<'a> From<&'a EntityInfo> for Subject<'a> {
    fn from(info: &'a EntityInfo) -> Self {
        Self { entity_id: info.entity_id.as_str(), info: Some(info), device_class: None }
    }
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

/// How a rule can be written, in words.
pub const RULES: &str = "write a domain (light), an entity (light.kitchen), a glob (sensor.*_battery), or one of area:, floor:, \
     device:, label:, integration: and device_class: with an id or a name behind it (area:Kitchen)";

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
    /// With the id or the name in lower case.
    Belongs(Where, String),
}

/// Where an entity can belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Area,
    Floor,
    Device,
    Label,
    Integration,
    DeviceClass,
}

impl Where {
    const ALL: [(&'static str, Self); 6] = [
        ("area", Self::Area),
        ("floor", Self::Floor),
        ("device", Self::Device),
        ("label", Self::Label),
        ("integration", Self::Integration),
        ("device_class", Self::DeviceClass),
    ];

    /// What has to be known to say where an entity belongs.
    const fn registries(self) -> &'static [Registry] {
        use Registry::{Area, Device, Entity, Floor, Label};
        match self {
            Self::Area => &[Entity, Device, Area],
            Self::Floor => &[Entity, Device, Area, Floor],
            Self::Device => &[Entity, Device],
            Self::Label => &[Entity, Device, Area, Label],
            Self::Integration => &[Entity],
            Self::DeviceClass => &[],
        }
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let refuse = |reason: String| FilterError { rule: text.into(), reason };
        if let Some((place, of)) = text.split_once(':') {
            let (_, place) = Where::ALL.into_iter().find(|(name, _)| *name == place).ok_or_else(|| {
                let near = |name: &str| name.starts_with(place) || place.starts_with(name);
                let meant = Where::ALL.into_iter().find(|(name, _)| near(name) && !place.is_empty());
                refuse(meant.map_or_else(|| RULES.to_owned(), |(name, _)| format!("is {name}: meant?")))
            })?;
            let of = of.trim();
            if of.is_empty() {
                return Err(refuse("write an id or a name behind the colon".into()));
            }
            return Ok(Self { text: text.into(), matcher: Matcher::Belongs(place, of.to_lowercase()) });
        }
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(refuse(RULES.into()));
        }
        let matcher = if text.contains(['*', '?', '[', '{']) {
            let glob = Glob::new(text).map_err(|e| refuse(e.kind().to_string()))?;
            Matcher::Glob(glob.compile_matcher())
        } else if text.contains('.') {
            Matcher::Entity
        } else {
            Matcher::Domain
        };
        Ok(Self { text: text.into(), matcher })
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        match &self.matcher {
            Matcher::Domain => hearthline_core::entity::domain_of(subject.entity_id) == self.text,
            Matcher::Entity => subject.entity_id == self.text,
            Matcher::Glob(glob) => glob.is_match(subject.entity_id),
            Matcher::Belongs(place, of) => subject.belongs(*place, of),
        }
    }
}

impl Subject<'_> {
    fn belongs(&self, place: Where, of: &str) -> bool {
        let is = |text: &str| text.to_lowercase() == of;
        let named = |named: Option<&Named>| named.is_some_and(|named| is(&named.id) || is(&named.name));
        if place == Where::DeviceClass {
            let known = self.info.and_then(|info| info.device_class.as_deref());
            return self.device_class.or(known).is_some_and(is);
        }
        let Some(info) = self.info else { return false };
        match place {
            Where::Area => named(info.area.as_ref()),
            Where::Floor => named(info.floor.as_ref()),
            Where::Device => named(info.device.as_ref()),
            Where::Label => info.labels.iter().any(|label| named(Some(label))),
            Where::Integration => info.integration.as_deref().is_some_and(is),
            Where::DeviceClass => false,
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
    pub fn decide<'a>(&self, subject: impl Into<Subject<'a>>) -> Decision {
        let subject = subject.into();
        let first =
            |rules: &[Rule]| rules.iter().find(|rule| rule.matches(&subject)).map(|rule| rule.text.clone());
        if let Some(rule) = first(&self.exclude) {
            return Decision { kept: false, rule: Some(rule) };
        }
        let rule = first(&self.include);
        Decision { kept: self.include.is_empty() || rule.is_some(), rule }
    }

    /// Whether an entity is recorded.
    pub fn keeps<'a>(&self, subject: impl Into<Subject<'a>>) -> bool {
        let subject = subject.into();
        let any = |rules: &[Rule]| rules.iter().any(|rule| rule.matches(&subject));
        !any(&self.exclude) && (self.include.is_empty() || any(&self.include))
    }

    /// Whether a rule is about where entities belong, so that more than the name has to be known to decide.
    #[must_use]
    pub fn looks_further(&self) -> bool {
        self.places().next().is_some()
    }

    /// Without these registries it cannot be said what is left out.
    pub fn needs(&self) -> impl Iterator<Item = Registry> {
        self.places().flat_map(|place| place.registries().iter().copied())
    }

    fn places(&self) -> impl Iterator<Item = Where> {
        self.include.iter().chain(&self.exclude).filter_map(|rule| match rule.matcher {
            Matcher::Belongs(place, _) => Some(place),
            _ => None,
        })
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
    fn a_rule_about_where_an_entity_belongs_takes_ids_and_names_in_any_case() {
        let named = |id: &str, name: &str| Named { id: id.into(), name: name.into() };
        let info = EntityInfo {
            area: Some(named("kueche", "Küche")),
            floor: Some(named("ground", "Ground floor")),
            device: Some(named("4f", "Hue lamp")),
            labels: vec![named("private", "Not for guests")],
            integration: Some("hue".into()),
            device_class: Some("battery".into()),
            ..EntityInfo::unregistered("light.a".into())
        };
        for rule in [
            "area:KÜCHE",
            "area: kueche",
            "floor:ground floor",
            "device:hue lamp",
            "label:private",
            "label:not for guests",
            "integration:Hue",
            "device_class:battery",
        ] {
            let filter = filter(&[], &[rule]);
            assert_eq!(filter.decide(&info), Decision { kept: false, rule: Some(rule.into()) }, "{rule}");
            assert!(filter.keeps("light.a") && filter.looks_further(), "{rule}");
        }
        for rule in ["area:kitchen", "floor:kueche", "device:hue", "label:a", "integration:light"] {
            assert!(filter(&[], &[rule]).keeps(&info) && !filter(&[rule], &[]).keeps(&info), "{rule}");
        }
    }

    #[test]
    fn the_class_of_the_state_at_hand_goes_before_the_one_that_is_known() {
        let info = EntityInfo {
            device_class: Some("battery".into()),
            ..EntityInfo::unregistered("sensor.a".into())
        };
        let filter = filter(&[], &["device_class:battery"]);
        let keeps = |info, device_class| filter.keeps(Subject { entity_id: "sensor.a", info, device_class });
        assert!(keeps(None, None) && !keeps(None, Some("battery")));
        assert!(!keeps(Some(&info), None) && keeps(Some(&info), Some("power")));
        assert_eq!(filter.needs().count(), 0);
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_named() {
        for rule in ["", "light kitchen", "sensor.[a", "{a", "area:", "floor: ", "room:Kitchen", ":x"] {
            let error = Filter::new(&[], &[rule.into()]).unwrap_err();
            assert_eq!(error.rule, rule);
        }
        let error = Filter::new(&[], &["areas:Kitchen".into()]).unwrap_err();
        assert_eq!(error.to_string(), "filter rule \"areas:Kitchen\": is area: meant?");
    }
}
