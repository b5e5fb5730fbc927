//! The settings of a topic, under Kafka's names: one table, and the layers topic → broker → default.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Settings;
use super::log::{LogConfig, TimestampType};

/// How a value reads, with the code of DescribeConfigs (`ConfigDef.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// `true` or `false`.
    Boolean = 1,
    /// Any text.
    String = 2,
    /// 32 bits.
    Int = 3,
    /// 64 bits.
    Long = 5,
    /// Separated by commas.
    List = 7,
}

/// One setting that a topic may have.
pub struct TopicProperty {
    /// Kafka's name on the topic.
    pub name: &'static str,
    /// Kafka's name on the broker, whose value holds where the topic has none.
    pub broker_name: &'static str,
    /// Kafka's default.
    pub default: &'static str,
    /// How it reads.
    pub value_type: ValueType,
    /// Checks a value and stores it.
    set: fn(&mut Resolved, &str) -> Result<(), String>,
}

/// What the settings of a topic amount to.
#[derive(Clone, Debug, Default)]
struct Resolved {
    log: LogConfig,
    min_insync_replicas: i32,
}

const fn property(
    name: &'static str,
    broker_name: &'static str,
    default: &'static str,
    value_type: ValueType,
    set: fn(&mut Resolved, &str) -> Result<(), String>,
) -> TopicProperty {
    TopicProperty { name, broker_name, default, value_type, set }
}

/// The settings that this broker obeys, sorted by name. Others are refused: to accept and ignore them would be a lie.
pub const TOPIC_PROPERTIES: &[TopicProperty] = &[
    property("cleanup.policy", "log.cleanup.policy", "delete", ValueType::List, |r, v| {
        let policies: Vec<&str> = v.split(',').map(str::trim).collect();
        if policies.iter().any(|policy| !["compact", "delete"].contains(policy)) {
            return Err("String must be one of: compact, delete".into());
        }
        r.log.compact = policies.contains(&"compact");
        r.log.delete = policies.contains(&"delete");
        Ok(())
    }),
    property("compression.type", "compression.type", "producer", ValueType::String, |_, v| match v {
        "producer" => Ok(()),
        _ => Err("batches are kept as the producer compressed them: only producer is possible here".into()),
    }),
    property(
        "flush.messages",
        "log.flush.interval.messages",
        "9223372036854775807",
        ValueType::Long,
        |r, v| {
            r.log.flush_messages = number(v, 1, i64::MAX)?.cast_unsigned();
            Ok(())
        },
    ),
    property("index.interval.bytes", "log.index.interval.bytes", "4096", ValueType::Int, |r, v| {
        r.log.index_interval_bytes = small(v, 0)?;
        Ok(())
    }),
    property("max.message.bytes", "message.max.bytes", "1048588", ValueType::Int, |r, v| {
        r.log.max_message_bytes = small(v, 0)? as usize;
        Ok(())
    }),
    property(
        "message.timestamp.after.max.ms",
        "log.message.timestamp.after.max.ms",
        "3600000",
        ValueType::Long,
        |r, v| {
            r.log.timestamp_after_max_ms = number(v, 0, i64::MAX)?;
            Ok(())
        },
    ),
    property(
        "message.timestamp.before.max.ms",
        "log.message.timestamp.before.max.ms",
        "9223372036854775807",
        ValueType::Long,
        |r, v| {
            r.log.timestamp_before_max_ms = number(v, 0, i64::MAX)?;
            Ok(())
        },
    ),
    property(
        "message.timestamp.type",
        "log.message.timestamp.type",
        "CreateTime",
        ValueType::String,
        |r, v| {
            r.log.timestamp_type = match v {
                "CreateTime" => TimestampType::CreateTime,
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => return Err("must be CreateTime or LogAppendTime".into()),
            };
            Ok(())
        },
    ),
    property("min.insync.replicas", "min.insync.replicas", "1", ValueType::Int, |r, v| {
        r.min_insync_replicas = small(v, 1)?.cast_signed();
        Ok(())
    }),
    property("retention.bytes", "log.retention.bytes", "-1", ValueType::Long, |r, v| {
        r.log.retention_bytes = u64::try_from(number(v, -1, i64::MAX)?).ok();
        Ok(())
    }),
    property("retention.ms", "log.retention.ms", "604800000", ValueType::Long, |r, v| {
        r.log.retention_ms = Some(number(v, -1, i64::MAX)?).filter(|ms| *ms >= 0);
        Ok(())
    }),
    property("segment.bytes", "log.segment.bytes", "1073741824", ValueType::Int, |r, v| {
        r.log.segment_bytes = small(v, 1024)?;
        Ok(())
    }),
    property("segment.ms", "log.roll.ms", "604800000", ValueType::Long, |r, v| {
        r.log.segment_ms = number(v, 1, i64::MAX)?;
        Ok(())
    }),
];

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

impl std::fmt::Debug for TopicProperty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl TopicConfig {
    /// Checks what is set on a topic and works out the rest.
    ///
    /// # Errors
    /// The text for error 40, when a name is unknown or a value does not fit.
    pub fn new(own: BTreeMap<String, String>, settings: &Settings) -> Result<TopicConfig, String> {
        let mut resolved = Resolved::default();
        for property in TOPIC_PROPERTIES {
            let broker = settings.iter().find(|(broker, ..)| broker.name == property.broker_name);
            let inherited = broker.map_or(property.default, |(_, value, _)| value);
            let value = own.get(property.name).map_or(inherited, String::as_str);
            (property.set)(&mut resolved, value.trim())
                .map_err(|why| format!("Invalid value {value} for configuration {}: {why}", property.name))?;
        }
        if let Some(name) =
            own.keys().find(|name| !TOPIC_PROPERTIES.iter().any(|property| property.name == **name))
        {
            return Err(format!("Unknown topic config name: {name}"));
        }
        let Resolved { log, min_insync_replicas } = resolved;
        Ok(TopicConfig { own, log: Arc::new(log), min_insync_replicas })
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

fn number(value: &str, min: i64, max: i64) -> Result<i64, String> {
    let number: i64 = value.parse().map_err(|_| "Not a number of type LONG".to_owned())?;
    if number < min {
        return Err(format!("Value must be at least {min}"));
    }
    if number > max {
        return Err(format!("Value must be at most {max}"));
    }
    Ok(number)
}

fn small(value: &str, min: i64) -> Result<u32, String> {
    // Cannot be cut: at most i32::MAX, and no caller allows less than 0.
    let number = number(value, min, i32::MAX.into());
    Ok(number.map_err(|why| why.replace("LONG", "INT"))? as u32)
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
    fn the_table_is_sorted() {
        assert!(TOPIC_PROPERTIES.is_sorted_by_key(|property| property.name));
    }
}
