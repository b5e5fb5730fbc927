//! The settings of a topic, under Kafka's names: the layers topic → broker → default, over one table (`properties.rs`).

mod properties;

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::protocol::StrBytes;

use self::properties::{Resolved, Unfit};
pub use self::properties::{TOPIC_PROPERTIES, TopicProperty, ValueType};
use super::config::Settings;
use super::log::LogConfig;

/// The settings of one topic.
#[derive(Clone, Debug)]
pub struct TopicConfig {
    /// What was set on the topic itself.
    own: BTreeMap<String, String>,
    /// What the log obeys; shared by the topic's partitions.
    pub log: Arc<LogConfig>,
    /// How many replicas acks=all needs. There is one.
    pub min_insync_replicas: i32,
}

/// One setting of a topic as DescribeConfigs shows it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The row of the table.
    pub property: &'static TopicProperty,
    /// The value on the topic, if one was set there.
    pub own: Option<&'a str>,
    /// The value on the broker, if one was set there.
    pub broker: Option<&'a str>,
    /// The default.
    pub default: &'a str,
}

impl<'a> Shown<'a> {
    /// The value that holds.
    pub fn value(&self) -> &'a str {
        self.own.or(self.broker).unwrap_or(self.default)
    }
}

/// What is done to one setting (`AlterConfigOp.OpType`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It gets this value.
    Set(String),
    /// It goes back to what the broker has.
    Delete,
    /// These are added to its list, unless they are there.
    Append(String),
    /// These are taken from its list.
    Subtract(String),
}

impl TopicConfig {
    /// Checks what is set on a topic and works out the rest.
    ///
    /// # Errors
    /// The text for error 40, when a name is unknown or a value does not fit.
    pub fn new(mut own: BTreeMap<String, String>, settings: &Settings) -> Result<TopicConfig, String> {
        own.values_mut().for_each(|value| *value = value.trim().to_owned());
        let mut resolved = Resolved::default();
        for property in TOPIC_PROPERTIES {
            let broker = settings.iter().find(|(broker, ..)| broker.name == property.broker_name);
            let inherited = broker.map_or(property.default, |(_, value, _)| value);
            let value = own.get(property.name).map_or(inherited, String::as_str);
            let has_hole = !value.is_empty() && value.split(',').any(|part| part.trim().is_empty());
            if property.value_type == ValueType::List && has_hole {
                return Err(format!("Configuration '{}' values must not be empty.", property.name));
            }
            (property.set)(&mut resolved, value.trim()).map_err(|Unfit { part, why }| {
                let value = part.as_deref().unwrap_or(value);
                format!("Invalid value {value} for configuration {}: {why}", property.name)
            })?;
        }
        if let Some(name) =
            own.keys().find(|name| !TOPIC_PROPERTIES.iter().any(|property| property.name == **name))
        {
            return Err(format!("Unknown topic config name: {name}"));
        }
        let Resolved { mut log, min_insync_replicas } = resolved;
        // The broker's alone: no topic has it.
        log.producer_id_expiration_ms = settings.producer_id_expiration_ms;
        Ok(TopicConfig { own, log: Arc::new(log), min_insync_replicas })
    }

    /// These settings with changes made to them.
    ///
    /// # Errors
    /// The text for error 40, when a name is unknown, a value does not fit, or what is no list is treated as one.
    pub fn changed(
        &self,
        changes: &[(StrBytes, Change)],
        settings: &Settings,
    ) -> Result<TopicConfig, String> {
        let mut own = self.own.clone();
        for (name, change) in changes {
            match change {
                Change::Set(value) => {
                    own.insert(name.to_string(), value.clone());
                }
                Change::Delete => {
                    own.remove(name.as_str());
                }
                Change::Append(values) => {
                    let mut list = self.list(name, "APPEND", settings)?;
                    for value in values.split(',') {
                        if !list.iter().any(|known| known == value) {
                            list.push(value.to_owned());
                        }
                    }
                    own.insert(name.to_string(), list.join(","));
                }
                Change::Subtract(values) => {
                    let mut list = self.list(name, "SUBTRACT", settings)?;
                    list.retain(|known| values.split(',').all(|value| value != known));
                    own.insert(name.to_string(), list.join(","));
                }
            }
        }
        TopicConfig::new(own, settings)
    }

    /// The values of a setting that is a list.
    fn list(&self, name: &str, operation: &str, settings: &Settings) -> Result<Vec<String>, String> {
        let shown = self.shown(settings).find(|shown| shown.property.name == name);
        match shown.filter(|shown| shown.property.value_type == ValueType::List) {
            Some(shown) => {
                Ok(shown.value().split(',').filter(|value| !value.is_empty()).map(str::to_owned).collect())
            }
            None => Err(format!("Can't {operation} to key {name} because its type is not LIST.")),
        }
    }

    /// What was set on the topic itself.
    pub fn own(&self) -> &BTreeMap<String, String> {
        &self.own
    }

    /// Every setting with its layers.
    pub fn shown<'a>(&'a self, settings: &'a Settings) -> impl Iterator<Item = Shown<'a>> {
        TOPIC_PROPERTIES.iter().map(move |property| {
            let broker = settings.iter().find(|(broker, ..)| broker.name == property.broker_name);
            Shown {
                property,
                own: self.own.get(property.name).map(String::as_str),
                broker: broker.and_then(|(_, value, set)| set.then_some(value)),
                default: broker.map_or(property.default, |(broker, ..)| broker.default),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(own: &[(&str, &str)]) -> Result<TopicConfig, String> {
        let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut settings = Settings::default();
        settings.set("log.retention.ms", "1000").unwrap();
        TopicConfig::new(own, &settings)
    }

    #[test]
    fn a_topic_inherits_from_the_broker() {
        let inherited = config(&[]).unwrap();
        assert_eq!(inherited.log.retention_ms, Some(1000));
        assert_eq!(inherited.log.segment_bytes, 1 << 30);
        assert_eq!(config(&[("retention.ms", "-1")]).unwrap().log.retention_ms, None);
        assert!(config(&[("cleanup.policy", "compact")]).unwrap().log.compact);
    }

    #[test]
    fn unknown_names_and_bad_values_are_refused_with_a_reason() {
        assert_eq!(config(&[("retention", "1")]).unwrap_err(), "Unknown topic config name: retention");
        let error = config(&[("segment.bytes", "ten")]).unwrap_err();
        assert_eq!(error, "Invalid value ten for configuration segment.bytes: Not a number of type INT");
        assert!(config(&[("min.insync.replicas", "0")]).is_err());
    }

    #[test]
    fn changes_are_made_in_order_and_a_list_keeps_each_value_once() {
        let settings = Settings::default();
        let change = |from: &TopicConfig, name: &'static str, change: Change| {
            from.changed(&[(StrBytes::from_static_str(name), change)], &settings)
        };
        let both = change(&config(&[]).unwrap(), "cleanup.policy", Change::Append("compact,delete".into()));
        let both = both.unwrap();
        assert_eq!(both.own()["cleanup.policy"], "delete,compact");
        let compact = change(&both, "cleanup.policy", Change::Subtract("delete".into())).unwrap();
        assert!(compact.log.compact && !compact.log.delete);
        let back = change(&compact, "cleanup.policy", Change::Delete).unwrap();
        assert!(back.own().is_empty() && back.log.delete);
        let refused = change(&back, "retention.ms", Change::Append("1".into())).unwrap_err();
        assert_eq!(refused, "Can't APPEND to key retention.ms because its type is not LIST.");
    }
}
