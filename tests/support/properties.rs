//! From a container's environment to Kafka's `server.properties`, by the rule of the image `apache/kafka`. Pure.

use std::collections::BTreeMap;

/// Variables that the image's scripts read themselves.
const NOT_PROPERTIES: [&str; 12] = [
    "KAFKA_VERSION",
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_LOG4J_ROOT_LOGLEVEL",
    "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    "KAFKA_BIN",
];

/// The property that a variable stands for, or `None` for one that is not a property: `_` is `.`, `__` is `_`, `___`
/// is `-`.
pub fn name(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix("KAFKA_").filter(|_| !NOT_PROPERTIES.contains(&variable))?;
    Some(rest.to_lowercase().replace('_', ".").replace("...", "-").replace("..", "_"))
}

/// Every property of an environment, by name.
pub fn from_environment(environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    environment.iter().filter_map(|(variable, value)| Some((name(variable)?, value.clone()))).collect()
}

/// The text of `server.properties`: raw `key=value` lines, as the image writes them.
pub fn file(properties: &BTreeMap<String, String>) -> String {
    properties.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// A log4j2 configuration that does what the image's does with `KAFKA_LOG4J_ROOT_LOGLEVEL` and `KAFKA_LOG4J_LOGGERS`:
/// everything to the container's log.
pub fn log4j2(environment: &BTreeMap<String, String>) -> String {
    let root = environment.get("KAFKA_LOG4J_ROOT_LOGLEVEL").map_or("INFO", String::as_str);
    let mut text = format!(
        "appender.stdout.type=Console\nappender.stdout.name=STDOUT\nappender.stdout.layout.type=PatternLayout\n\
         appender.stdout.layout.pattern=[%d] %p %m (%c)%n\nrootLogger.level={root}\nrootLogger.appenderRef.stdout.ref=STDOUT\n"
    );
    let loggers = environment.get("KAFKA_LOG4J_LOGGERS").map_or("", String::as_str);
    for (number, entry) in loggers.split(',').filter(|entry| !entry.is_empty()).enumerate() {
        let (logger, level) =
            entry.split_once('=').unwrap_or_else(|| panic!("`{entry}` is not logger=LEVEL"));
        text += &format!("logger.l{number}.name={logger}\nlogger.l{number}.level={level}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn one_two_and_three_underscores() {
        let property = |variable| name(variable).unwrap_or_default();
        assert_eq!(property("KAFKA_LOG_DIRS"), "log.dirs");
        assert_eq!(
            property("KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___256_SASL_JAAS_CONFIG"),
            "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config"
        );
    }

    #[test]
    fn what_the_scripts_read_is_no_property() {
        assert_eq!(name("KAFKA_OPTS"), None);
        assert_eq!(name("CLUSTER_ID"), None);
    }
}
