//! The table: which settings of a topic this broker obeys, how each reads, and what its value must be.

use crate::broker::log::{LogConfig, TimestampType};

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
    /// A number with a point.
    Double = 6,
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
    pub(super) set: Set,
}

pub(super) type Set = fn(&mut Resolved, &str) -> Result<(), Unfit>;

/// Why a value does not fit.
pub(super) struct Unfit {
    /// The one of several that does not; none: the value itself.
    pub(super) part: Option<String>,
    pub(super) why: String,
}

impl From<String> for Unfit {
    fn from(why: String) -> Unfit {
        Unfit { part: None, why }
    }
}

/// What the settings of a topic amount to.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolved {
    pub(super) log: LogConfig,
    pub(super) min_insync_replicas: i32,
}

impl std::fmt::Debug for TopicProperty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn property(
    name: &'static str,
    broker_name: &'static str,
    default: &'static str,
    value_type: ValueType,
    set: Set,
) -> TopicProperty {
    TopicProperty { name, broker_name, default, value_type, set }
}

/// The settings that this broker obeys, sorted by name. Others are refused: to accept and ignore them would be a lie.
pub const TOPIC_PROPERTIES: &[TopicProperty] = &[
    property("cleanup.policy", "log.cleanup.policy", "delete", ValueType::List, |r, v| {
        // Neither is possible too: then everything stays.
        let policies: Vec<&str> = v.split(',').map(str::trim).filter(|policy| !policy.is_empty()).collect();
        if let Some(unknown) = policies.iter().find(|policy| !["compact", "delete"].contains(policy)) {
            let why = "String must be one of: compact, delete".to_owned();
            return Err(Unfit { part: Some((*unknown).to_owned()), why });
        }
        r.log.compact = policies.contains(&"compact");
        r.log.delete = policies.contains(&"delete");
        Ok(())
    }),
    property("compression.type", "compression.type", "producer", ValueType::String, |_, v| match v {
        "producer" => Ok(()),
        _ => Err("batches are kept as the producer compressed them: only producer is possible here"
            .to_owned()
            .into()),
    }),
    property(
        "delete.retention.ms",
        "log.cleaner.delete.retention.ms",
        "86400000",
        ValueType::Long,
        |r, v| {
            r.log.delete_retention_ms = number(v, 0)?;
            Ok(())
        },
    ),
    property(
        "flush.messages",
        "log.flush.interval.messages",
        "9223372036854775807",
        ValueType::Long,
        |r, v| {
            r.log.flush_messages = number(v, 1)?.cast_unsigned();
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
            r.log.timestamp_after_max_ms = number(v, 0)?;
            Ok(())
        },
    ),
    property(
        "message.timestamp.before.max.ms",
        "log.message.timestamp.before.max.ms",
        "9223372036854775807",
        ValueType::Long,
        |r, v| {
            r.log.timestamp_before_max_ms = number(v, 0)?;
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
                _ => return Err("String must be one of: CreateTime, LogAppendTime".to_owned().into()),
            };
            Ok(())
        },
    ),
    property(
        "min.cleanable.dirty.ratio",
        "log.cleaner.min.cleanable.ratio",
        "0.5",
        ValueType::Double,
        |r, v| {
            let ratio: f64 = v.parse().map_err(|_| "Not a number of type DOUBLE".to_owned())?;
            r.log.min_cleanable_dirty_ratio = match ratio {
                0.0..=1.0 => ratio,
                _ if ratio > 1.0 => return Err("Value must be no more than 1".to_owned().into()),
                _ => return Err("Value must be at least 0".to_owned().into()),
            };
            Ok(())
        },
    ),
    property("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", "0", ValueType::Long, |r, v| {
        r.log.min_compaction_lag_ms = number(v, 0)?;
        Ok(())
    }),
    property("min.insync.replicas", "min.insync.replicas", "1", ValueType::Int, |r, v| {
        r.min_insync_replicas = small(v, 1)?.cast_signed();
        Ok(())
    }),
    property("retention.bytes", "log.retention.bytes", "-1", ValueType::Long, |r, v| {
        r.log.retention_bytes = u64::try_from(number(v, -1)?).ok();
        Ok(())
    }),
    property("retention.ms", "log.retention.ms", "604800000", ValueType::Long, |r, v| {
        r.log.retention_ms = Some(number(v, -1)?).filter(|ms| *ms >= 0);
        Ok(())
    }),
    property("segment.bytes", "log.segment.bytes", "1073741824", ValueType::Int, |r, v| {
        r.log.segment_bytes = small(v, 1024)?;
        Ok(())
    }),
    property("segment.ms", "log.roll.ms", "604800000", ValueType::Long, |r, v| {
        r.log.segment_ms = number(v, 1)?;
        Ok(())
    }),
];

fn number(value: &str, min: i64) -> Result<i64, String> {
    let number: i64 = value.parse().map_err(|_| "Not a number of type LONG".to_owned())?;
    if number < min { Err(format!("Value must be at least {min}")) } else { Ok(number) }
}

/// No caller allows less than 0.
fn small(value: &str, min: i32) -> Result<u32, String> {
    let number: i32 = value.parse().map_err(|_| "Not a number of type INT".to_owned())?;
    if number < min { Err(format!("Value must be at least {min}")) } else { Ok(number.cast_unsigned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TOPIC_PROPERTIES.is_sorted_by_key(|property| property.name));
    }
}
