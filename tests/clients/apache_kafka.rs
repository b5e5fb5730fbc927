//! The harness itself: Apache Kafka as docker-compose.yml describes it, after its init job.

use std::fs;
use std::process;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::support::lab::{TOPICS, VISIBLE};
use crate::support::{Lab, tools, unique};

/// How long an answer may take. A guard, no measurement.
const LIMIT: Duration = Duration::from_secs(30);

fn of_the_lab<'a>(topics: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut topics: Vec<_> = topics.filter(|topic| TOPICS.contains(topic)).collect();
    topics.sort_unstable();
    topics
}

/// The init job has stored the salted keys; the listener offers the mechanism.
#[test]
fn each_principal_logs_in_with_scram_too() {
    let Some(lab) = Lab::apache() else { return };
    for (principal, expected) in VISIBLE.into_iter().filter(|(name, _)| *name != "ANONYMOUS") {
        let mut client = lab.client(principal);
        let client: BaseConsumer = client.set("sasl.mechanism", "SCRAM-SHA-256").create().unwrap();
        let metadata = client.fetch_metadata(None, LIMIT).unwrap_or_else(|e| panic!("{principal}: {e}"));
        assert_eq!(of_the_lab(metadata.topics().iter().map(|topic| topic.name())), expected, "{principal}");
    }
}

/// The refusal as the container's log shows it (`KAFKA_LOG4J_LOGGERS`).
#[test]
fn a_refusal_is_a_line_of_the_audit_log() {
    let Some(lab) = Lab::apache() else { return };
    let client: BaseConsumer = lab.client("analytics").create().unwrap();
    client.fetch_metadata(Some("nest-events"), LIMIT).unwrap();
    let denied = |line: &str| line.contains("User:analytics is Denied").then(|| line.to_owned());
    let line = lab.log().wait_from(0, LIMIT, denied).expect("an audit line");
    let expected = "Principal = User:analytics is Denied operation = DESCRIBE from host = 127.0.0.1 on resource = \
                    Topic:LITERAL:nest-events for request = Metadata with resourceRefCount = 1 based on rule DefaultDeny";
    assert!(line.contains(expected), "{line}");
}

#[test]
fn the_init_job_may_run_again_and_changes_no_acl_and_no_topic() {
    let Some(lab) = Lab::apache() else { return };
    let apache = lab.apache_cluster().unwrap();
    // Other tests have ACLs of their own at the same time, on names that hold the id of this process.
    let ours = process::id().to_string();
    let state = || {
        let acls = lab.tool("admin", "AclCommand", &["--list"]).stdout;
        let resources = acls.split("Current ACLs for resource").filter(|resource| !resource.contains(&ours));
        let mut state: Vec<String> = resources
            .map(|resource| {
                let mut lines: Vec<_> =
                    resource.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                lines.sort_unstable();
                lines.join("\n")
            })
            .collect();
        state.sort();
        let topics =
            TOPICS.map(|topic| lab.tool("admin", "TopicCommand", &["--describe", "--topic", topic]).stdout);
        state.extend(topics);
        state
    };
    let before = state();
    assert!(before.iter().any(|resource| resource.contains("User:nest")), "{before:?}");
    apache.init().unwrap();
    assert_eq!(state(), before);
}

#[test]
fn the_health_check_of_the_container_succeeds() {
    let Some(lab) = Lab::apache() else { return };
    let output = lab.apache_cluster().unwrap().healthcheck("kafka");
    assert!(output.success() && output.stdout.contains("Produce(0)"), "{output:?}");
}

/// The container cannot run here; a Java client with the same address and properties can.
#[test]
fn kafka_ui_has_the_address_and_login_it_needs() {
    let Some(lab) = Lab::apache() else { return };
    let apache = lab.apache_cluster().unwrap();
    let environment = apache.compose.service("kafka-ui").environment();
    let properties = environment.iter().filter_map(|(name, value)| {
        let property = name.strip_prefix("KAFKA_CLUSTERS_0_PROPERTIES_")?;
        Some(format!("{}={value}\n", property.to_lowercase().replace('_', ".")))
    });
    let file = tools::bin().join(unique("kafka-ui"));
    fs::write(&file, properties.collect::<String>()).unwrap();
    let address = apache.here(&environment["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"]);
    let login = ["--bootstrap-server", &address, "--command-config", file.to_str().unwrap()];
    let output = tools::run("TopicCommand", &[&login[..], &["--list"]].concat());
    assert_eq!(of_the_lab(output.stdout.lines()), VISIBLE[0].1, "{output:?}");
}
