//! What a broker is started with: addresses, storage, users, ACLs and Apache Kafka's own properties.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::advertised::Advertised;
use crate::acl::{AclBinding, Policy};

/// Everything [`super::Broker::start`] needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the PLAINTEXT listener binds; port 0 picks a free one.
    pub plaintext: SocketAddr,
    /// Where the SASL_PLAINTEXT listener binds; port 0 picks a free one.
    pub sasl_plaintext: SocketAddr,
    /// Where the SASL_SSL listener binds, if there is to be one; port 0 picks a free one.
    pub sasl_ssl: Option<SocketAddr>,
    /// Where records, metadata and committed offsets live.
    pub storage: Storage,
    /// Who may log in, by PLAIN and by both SCRAM mechanisms, with the same password.
    pub users: Vec<User>,
    /// ACLs of a fresh data folder; what was changed since wins over them.
    pub acls: Vec<AclBinding>,
    /// Whether an address other than loopback may be bound.
    pub allow_remote: bool,
    /// Apache Kafka's properties.
    pub settings: Settings,
}

/// A user of the SASL listener.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name without `User:`.
    pub name: String,
    /// The password in clear, as Kafka's JAAS configuration holds it.
    pub password: String,
}

impl fmt::Debug for User {
    /// The password stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a broker keeps what must outlive a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Nothing outlives the broker.
    Memory,
    /// Kafka's segment files and two journals in this folder, which is created if absent.
    Folder(PathBuf),
}

impl Default for Config {
    /// A broker in memory on two free loopback ports, without TLS, with the lab's four users and no ACL.
    fn default() -> Config {
        let free_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Config {
            plaintext: free_port,
            sasl_plaintext: free_port,
            sasl_ssl: None,
            storage: Storage::Memory,
            users: lab_users(),
            acls: Vec::new(),
            allow_remote: false,
            settings: Settings::default(),
        }
    }
}

/// The lab's principals, with the public passwords of the compose file.
pub fn lab_users() -> Vec<User> {
    ["admin", "laravel", "nest", "analytics"]
        .map(|name| User { name: name.into(), password: format!("{name}-secret") })
        .into()
}

/// One of Apache Kafka's broker properties that this broker obeys.
pub struct Property {
    /// Kafka's own name, as `-c NAME=VALUE` takes it.
    pub name: &'static str,
    /// The value unless set: the lab's where [`Property::lab`] says so, else Kafka's.
    pub default: &'static str,
    /// Whether the lab departs from Kafka's default, as the compose file does.
    pub lab: bool,
    /// Checks a value and stores it.
    set: fn(&mut Settings, &str) -> Result<(), String>,
}

const fn kafka(
    name: &'static str,
    default: &'static str,
    set: fn(&mut Settings, &str) -> Result<(), String>,
) -> Property {
    Property { name, default, lab: false, set }
}

const fn lab(
    name: &'static str,
    default: &'static str,
    set: fn(&mut Settings, &str) -> Result<(), String>,
) -> Property {
    Property { name, default, lab: true, set }
}

/// The one table of properties, sorted by name.
pub const PROPERTIES: &[Property] = &[
    kafka("advertised.listeners", "", |s, v| {
        s.advertised_listeners = Advertised::parse(v)?;
        Ok(())
    }),
    lab("allow.everyone.if.no.acl.found", "false", |s, v| {
        put(&mut s.authorization.allow_everyone_if_no_acl_found, v)
    }),
    lab("auto.create.topics.enable", "false", |s, v| put(&mut s.auto_create_topics_enable, v)),
    kafka("connection.failed.authentication.delay.ms", "100", |s, v| {
        put_in(&mut s.connection_failed_authentication_delay_ms, v, 0..=i32::MAX as u64)
    }),
    kafka("connections.max.idle.ms", "600000", |s, v| put(&mut s.connections_max_idle_ms, v)),
    lab("group.initial.rebalance.delay.ms", "0", |s, v| {
        put_in(&mut s.group_initial_rebalance_delay_ms, v, 0..=i32::MAX)
    }),
    kafka("group.max.session.timeout.ms", "1800000", |s, v| {
        put_in(&mut s.group_max_session_timeout_ms, v, 1..=i32::MAX)
    }),
    kafka("group.max.size", "2147483647", |s, v| put_in(&mut s.group_max_size, v, 1..=i32::MAX as usize)),
    kafka("group.min.session.timeout.ms", "6000", |s, v| {
        put_in(&mut s.group_min_session_timeout_ms, v, 1..=i32::MAX)
    }),
    kafka("log.cleaner.backoff.ms", "15000", |s, v| put_in(&mut s.log_cleaner_backoff_ms, v, 0..=i64::MAX)),
    kafka("log.flush.interval.messages", "9223372036854775807", |s, v| {
        put_in(&mut s.log_flush_interval_messages, v, 1..=i64::MAX)
    }),
    kafka("log.message.timestamp.after.max.ms", "3600000", |s, v| {
        put_in(&mut s.log_message_timestamp_after_max_ms, v, 0..=i64::MAX)
    }),
    kafka("log.message.timestamp.before.max.ms", "9223372036854775807", |s, v| {
        put_in(&mut s.log_message_timestamp_before_max_ms, v, 0..=i64::MAX)
    }),
    kafka("log.retention.bytes", "-1", |s, v| put_in(&mut s.log_retention_bytes, v, -1..=i64::MAX)),
    kafka("log.retention.check.interval.ms", "300000", |s, v| {
        put_in(&mut s.log_retention_check_interval_ms, v, 1..=i64::MAX)
    }),
    kafka("log.retention.ms", "604800000", |s, v| put_in(&mut s.log_retention_ms, v, -1..=i64::MAX)),
    kafka("log.roll.ms", "604800000", |s, v| put_in(&mut s.log_roll_ms, v, 1..=i64::MAX)),
    kafka("log.segment.bytes", "1073741824", |s, v| {
        put_in(&mut s.log_segment_bytes, v, 1024..=i64::from(i32::MAX))
    }),
    kafka("max.connections", "2147483647", |s, v| put_in(&mut s.max_connections, v, 1..=i32::MAX as usize)),
    kafka("message.max.bytes", "1048588", |s, v| put_in(&mut s.message_max_bytes, v, 0..=i32::MAX)),
    lab("num.partitions", "3", |s, v| put_in(&mut s.num_partitions, v, 1..=super::topics::MAX_PARTITIONS)),
    kafka("offset.metadata.max.bytes", "4096", |s, v| put(&mut s.offset_metadata_max_bytes, v)),
    kafka("offsets.retention.minutes", "10080", |s, v| {
        put_in(&mut s.offsets_retention_minutes, v, 1..=i32::MAX)
    }),
    kafka("producer.id.expiration.ms", "86400000", |s, v| {
        put_in(&mut s.producer_id_expiration_ms, v, 1..=i64::from(i32::MAX))
    }),
    lab("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256", |s, v| {
        s.sasl_enabled_mechanisms = super::sasl::Mechanism::list(v)?;
        Ok(())
    }),
    kafka("sasl.server.max.receive.size", "524288", |s, v| {
        put_in(&mut s.sasl_server_max_receive_size, v, 1..=i32::MAX as usize)
    }),
    kafka("socket.request.max.bytes", "104857600", |s, v| {
        put_in(&mut s.socket_request_max_bytes, v, 1..=i32::MAX as usize)
    }),
    lab("super.users", "User:admin", |s, v| {
        s.authorization.super_users = Policy::parse_super_users(v)
            .map_err(|name| format!("{name:?} is no principal: write Type:name, separated by semicolons"))?;
        Ok(())
    }),
];

/// The values of [`PROPERTIES`], checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the listeners tell their clients to go on with.
    pub advertised_listeners: Advertised,
    /// `super.users` and `allow.everyone.if.no.acl.found`.
    pub authorization: Policy,
    /// Whether Metadata may create a topic it is asked for.
    pub auto_create_topics_enable: bool,
    /// How long the answer to a failed login is held back.
    pub connection_failed_authentication_delay_ms: u64,
    /// After how long without traffic a connection is closed; negative: never.
    pub connections_max_idle_ms: i64,
    /// How long an empty group waits for more members.
    pub group_initial_rebalance_delay_ms: i32,
    /// The longest session time-out a member may ask for.
    pub group_max_session_timeout_ms: i32,
    /// The most members a group may have.
    pub group_max_size: usize,
    /// The shortest session time-out a member may ask for.
    pub group_min_session_timeout_ms: i32,
    /// How long compaction waits after a segment was finished, so that one run serves several.
    pub log_cleaner_backoff_ms: i64,
    /// After how many records a log is synced to the disk.
    pub log_flush_interval_messages: i64,
    /// How far ahead of the broker's clock a record's timestamp may be.
    pub log_message_timestamp_after_max_ms: i64,
    /// How far behind the broker's clock a record's timestamp may be.
    pub log_message_timestamp_before_max_ms: i64,
    /// The size a partition may grow to before its oldest segments go; -1: no limit.
    pub log_retention_bytes: i64,
    /// How often retention is looked at.
    pub log_retention_check_interval_ms: i64,
    /// The age at which segments go; -1: never.
    pub log_retention_ms: i64,
    /// The age at which a segment is rolled.
    pub log_roll_ms: i64,
    /// The size at which a segment is rolled.
    pub log_segment_bytes: i64,
    /// How many connections are served at once; more wait to be accepted.
    pub max_connections: usize,
    /// The largest record batch a topic takes unless its `max.message.bytes` says otherwise.
    pub message_max_bytes: i32,
    /// The partitions of a topic created without a number.
    pub num_partitions: i32,
    /// The longest text that may go with a committed offset, in bytes.
    pub offset_metadata_max_bytes: usize,
    /// How long the offsets of an empty group are kept.
    pub offsets_retention_minutes: i32,
    /// How long an idempotent producer that writes no more is remembered.
    pub producer_id_expiration_ms: i64,
    /// The mechanisms of the SASL listener, in the order they are shown.
    pub sasl_enabled_mechanisms: Vec<super::sasl::Mechanism>,
    /// The largest SASL token before a login.
    pub sasl_server_max_receive_size: usize,
    /// The largest request.
    pub socket_request_max_bytes: usize,
    /// What was set, by name, in the words it was set with.
    values: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Sets one property by Kafka's name.
    ///
    /// # Errors
    /// When the name is not in [`PROPERTIES`] or the value does not fit it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let property = PROPERTIES
            .iter()
            .find(|property| property.name == name)
            .ok_or_else(|| SettingError::Unknown { name: name.into() })?;
        (property.set)(self, value.trim()).map_err(|reason| SettingError::Value {
            name: property.name,
            value: value.into(),
            reason,
        })?;
        self.values.insert(property.name, value.trim().into());
        Ok(())
    }

    /// Each property with its value and whether it was set rather than left alone.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Property, &str, bool)> {
        PROPERTIES.iter().map(|property| match self.values.get(property.name) {
            Some(value) => (property, value.as_str(), true),
            None => (property, property.default, false),
        })
    }
}

impl Default for Settings {
    fn default() -> Settings {
        let mut settings = Settings {
            advertised_listeners: Advertised::default(),
            authorization: Policy::default(),
            auto_create_topics_enable: false,
            connection_failed_authentication_delay_ms: 0,
            connections_max_idle_ms: 0,
            group_initial_rebalance_delay_ms: 0,
            group_max_session_timeout_ms: 0,
            group_max_size: 0,
            group_min_session_timeout_ms: 0,
            log_cleaner_backoff_ms: 0,
            log_flush_interval_messages: 0,
            log_message_timestamp_after_max_ms: 0,
            log_message_timestamp_before_max_ms: 0,
            log_retention_bytes: 0,
            log_retention_check_interval_ms: 0,
            log_retention_ms: 0,
            log_roll_ms: 0,
            log_segment_bytes: 0,
            max_connections: 0,
            message_max_bytes: 0,
            num_partitions: 0,
            offset_metadata_max_bytes: 0,
            offsets_retention_minutes: 0,
            producer_id_expiration_ms: 0,
            sasl_enabled_mechanisms: Vec::new(),
            sasl_server_max_receive_size: 0,
            socket_request_max_bytes: 0,
            values: BTreeMap::new(),
        };
        for property in PROPERTIES {
            let checked = (property.set)(&mut settings, property.default);
            debug_assert_eq!(checked, Ok(()), "default of {}", property.name);
        }
        settings
    }
}

/// Why a `-c NAME=VALUE` was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingError {
    /// No such property here.
    #[error("{name:?} is not a property of this broker. It knows: {}.", known())]
    Unknown {
        /// The name as given.
        name: String,
    },
    /// The property exists, the value does not fit.
    #[error("{name}={value}: {reason}.")]
    Value {
        /// Kafka's name of the property.
        name: &'static str,
        /// The value as given.
        value: String,
        /// What would fit.
        reason: String,
    },
}

fn known() -> String {
    PROPERTIES.iter().map(|property| property.name).collect::<Vec<_>>().join(", ")
}

fn put<T: std::str::FromStr<Err: std::fmt::Display>>(place: &mut T, value: &str) -> Result<(), String> {
    *place = value.parse().map_err(|reason| format!("{reason}"))?;
    Ok(())
}

fn put_in<T>(place: &mut T, value: &str, range: std::ops::RangeInclusive<T>) -> Result<(), String>
where
    T: std::str::FromStr<Err: std::fmt::Display> + PartialOrd + std::fmt::Display,
{
    let number: T = value.parse().map_err(|reason| format!("{reason}"))?;
    if !range.contains(&number) {
        return Err(format!("must be between {} and {}", range.start(), range.end()));
    }
    *place = number;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_passes_its_own_check_and_the_table_is_sorted() {
        let settings = Settings::default();
        assert!(PROPERTIES.is_sorted_by_key(|property| property.name));
        assert_eq!(settings.num_partitions, 3);
        assert!(settings.authorization.super_users.contains("User:admin"));
        assert_eq!(settings.message_max_bytes, 1_048_588);
    }

    #[test]
    fn an_unknown_property_names_the_known_ones() {
        let error = Settings::default().set("num.partition", "1").unwrap_err().to_string();
        assert!(error.contains("num.partitions"), "{error}");
    }

    #[test]
    fn values_are_checked() {
        let mut settings = Settings::default();
        assert!(settings.set("num.partitions", "0").is_err());
        assert!(settings.set("auto.create.topics.enable", "yes").is_err());
        assert!(settings.set("super.users", "admin").is_err());
        assert!(settings.set("sasl.enabled.mechanisms", "PLAIN,GSSAPI").is_err());
        settings.set("log.retention.ms", "-1").unwrap();
        assert_eq!(settings.log_retention_ms, -1);
    }
}
