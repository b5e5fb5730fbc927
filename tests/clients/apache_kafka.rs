//! The harness itself: Apache Kafka as docker-compose.yml describes it, after its init job.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::support::{Lab, require, tools};

/// The refusal as the container's log shows it (`KAFKA_LOG4J_LOGGERS`).
#[test]
fn a_refusal_is_a_line_of_the_audit_log() {
    let Some(lab) = Lab::apache() else { return };
    let client: BaseConsumer = lab.client("analytics").create().unwrap();
    client.fetch_metadata(Some("nest-events"), Duration::from_secs(10)).unwrap();
    let denied = |line: &str| {
        let line = line.contains("Principal = User:analytics is Denied").then_some(line)?;
        line.contains("operation = DESCRIBE").then_some(line.to_owned())
    };
    let line = lab.log().wait_from(0, Duration::from_secs(10), denied).expect("an audit line");
    assert!(line.contains("on resource = Topic:LITERAL:nest-events for request = "), "{line}");
    assert!(line.contains("based on rule DefaultDeny"), "{line}");
}

#[test]
fn kcat_logs_in_as_each_principal_and_sees_its_own_topics() {
    let Some(lab) = Lab::apache() else { return };
    if !require("kcat") {
        return;
    }
    for (principal, expected) in [
        ("admin", &["integracao-pedidos", "integracao-pedidos-dlq", "laravel-events", "nest-events"][..]),
        ("laravel", &["integracao-pedidos", "integracao-pedidos-dlq", "laravel-events"][..]),
        ("nest", &["integracao-pedidos", "integracao-pedidos-dlq", "nest-events"][..]),
        ("analytics", &[]),
        ("ANONYMOUS", &[]),
    ] {
        let output = tools::run_with_input(&mut lab.kcat(principal, &["-L"]), b"");
        assert!(output.success(), "{principal}: {output:?}");
        let quoted =
            output.stdout.lines().filter_map(|line| line.trim().strip_prefix("topic \"")?.split('"').next());
        let mut topics: Vec<_> = quoted.filter(|topic| super::support::lab::TOPICS.contains(topic)).collect();
        topics.sort_unstable();
        assert_eq!(topics, expected, "{principal}");
    }
}
