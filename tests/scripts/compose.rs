//! The compose files against each other, against what they refer to, and against the mistakes that cost an evening.
//! That they work is shown by every test on Apache Kafka, which is started from them.

use std::fs;

use kafkalab::broker::config::PROPERTIES;
use kafkalab::broker::lab_users;

use crate::support::addresses::listeners;
use crate::support::compose::{Compose, Service};
use crate::support::lab::TOPICS;
use crate::support::{properties, root};

const FILES: [&str; 2] = ["docker-compose.yml", "docker-compose.cluster.yml"];

/// What three brokers must say otherwise than one.
const CLUSTER_ONLY: [&str; 11] = [
    "KAFKA_NODE_ID",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_DEFAULT_REPLICATION_FACTOR",
    "KAFKA_MIN_INSYNC_REPLICAS",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
    "KAFKA_HEAP_OPTS",
];

/// The service's environment without the variables named.
fn environment_without(service: Service<'_>, names: &[&str]) -> Vec<(String, String)> {
    service.environment().into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect()
}

#[test]
fn what_both_files_share_is_equal() {
    let [single, cluster] = FILES.map(Compose::read);
    let kafka = single.service("kafka");
    assert_eq!(cluster.brokers().len(), 3);
    for broker in cluster.brokers() {
        assert_eq!(environment_without(broker, &CLUSTER_ONLY), environment_without(kafka, &CLUSTER_ONLY));
        for key in ["image", "healthcheck", "networks"] {
            assert_eq!(broker.get(key), kafka.get(key), "{}: {key}", broker.name);
        }
    }
    for (service, address) in
        [("kafka-init", "BOOTSTRAP_SERVER"), ("kafka-ui", "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS")]
    {
        let (one, three) = (single.service(service), cluster.service(service));
        assert_eq!(environment_without(one, &[address]), environment_without(three, &[address]));
        for key in ["image", "command", "volumes", "networks", "ports", "restart"] {
            assert_eq!(one.get(key), three.get(key), "{service}: {key}");
        }
    }
    assert_eq!(single.value()["networks"], cluster.value()["networks"]);
}

#[test]
fn three_brokers_replicate_three_times_and_two_must_agree() {
    let cluster = Compose::read(FILES[1]);
    for broker in cluster.brokers() {
        for (name, value) in broker.environment() {
            let expected = match name.as_str() {
                name if name.ends_with("REPLICATION_FACTOR") => "3",
                name if name.ends_with("MIN_ISR") || name == "KAFKA_MIN_INSYNC_REPLICAS" => "2",
                _ => continue,
            };
            assert_eq!(value, expected, "{}: {name}", broker.name);
        }
    }
}

#[test]
fn the_embedded_broker_departs_from_kafkas_defaults_as_the_compose_file_does() {
    let compose = Compose::read("docker-compose.yml");
    let there = properties::from_environment(&compose.service("kafka").environment());
    // Where a broker is reached is no setting in which the two could agree.
    for property in PROPERTIES.iter().filter(|property| property.name != "advertised.listeners") {
        let in_compose = there.get(property.name).map(String::as_str);
        match property.lab {
            true => assert_eq!(in_compose, Some(property.default), "{}", property.name),
            false => assert_eq!(in_compose, None, "{} is not Kafka's default there", property.name),
        }
    }
    let jaas = &there["listener.name.sasl_plaintext.plain.sasl.jaas.config"];
    for user in lab_users() {
        let entry = format!("user_{}=\"{}\"", user.name, user.password);
        assert!(jaas.contains(&entry), "{entry}");
    }
}

#[test]
fn every_broker_keeps_its_data_in_a_volume_of_its_own() {
    for file in FILES {
        let compose = Compose::read(file);
        let mut used = Vec::new();
        for broker in compose.brokers() {
            let folder = &broker.environment()["KAFKA_LOG_DIRS"];
            let mounts = broker.volumes();
            let (volume, _) =
                mounts.iter().find(|(_, target)| target == folder).expect("the data is in a volume");
            assert!(compose.value()["volumes"].get(volume.as_str()).is_some(), "{file}: no volume {volume}");
            assert!(!used.contains(volume), "{file}: {volume} is used twice");
            used.push(volume.clone());
        }
    }
}

#[test]
fn clients_find_the_advertised_port_on_the_host() {
    for file in FILES {
        for broker in Compose::read(file).brokers() {
            let environment = broker.environment();
            let bound = listeners(&environment["KAFKA_LISTENERS"]);
            for (name, port) in listeners(&environment["KAFKA_ADVERTISED_LISTENERS"]) {
                let (_, inside) =
                    bound.iter().find(|(bound, _)| *bound == name).expect("advertised and bound");
                let host = broker.ports().into_iter().find(|(_, container)| container == inside);
                // What is not published is for containers, which use the port as it is.
                assert_eq!(port, host.map_or(*inside, |(host, _)| host), "{}: {name}", broker.name);
            }
        }
    }
}

#[test]
fn no_broker_makes_a_mistake_that_costs_an_evening() {
    for file in FILES {
        for broker in Compose::read(file).brokers() {
            let properties = properties::from_environment(&broker.environment());
            let jaas: Vec<_> =
                properties.iter().filter(|(name, _)| name.ends_with("sasl.jaas.config")).collect();
            assert_eq!(jaas.len(), 4, "{}: one for each listener and mechanism with a login", broker.name);
            for (name, value) in jaas {
                assert!(
                    value.ends_with(';') && !value.contains('\n'),
                    "{name} must be one line ending in `;`"
                );
            }
            assert!(!properties["super.users"].contains(','), "super users are separated by `;`");
            assert!(!broker.environment()["KAFKA_OPTS"].is_empty(), "the image refuses an empty KAFKA_OPTS");
            let map = &properties["listener.security.protocol.map"];
            for listener in ["CONTROLLER", "INTERNAL"] {
                assert!(map.split(',').any(|entry| entry == format!("{listener}:SASL_PLAINTEXT")), "{map}");
            }
        }
    }
}

#[test]
fn images_are_pinned_and_the_jars_are_of_the_same_version() {
    let pom = fs::read_to_string(root().join("dev/apache-kafka/pom.xml")).unwrap();
    let version = pom.split("<kafka.version>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    for file in FILES {
        for service in Compose::read(file).services() {
            let image = service.get("image").as_str().unwrap();
            match service.name {
                "kafka-ui" => assert!(image.starts_with("ghcr.io/kafbat/kafka-ui:v"), "{image}"),
                _ => assert_eq!(image, format!("apache/kafka:{version}")),
            }
        }
    }
}

#[test]
fn the_init_job_waits_for_healthy_brokers_and_finds_its_script() {
    for file in FILES {
        let compose = Compose::read(file);
        let init = compose.service("kafka-init");
        for broker in compose.brokers() {
            assert_eq!(init.get("depends_on")[broker.name]["condition"], "service_healthy", "{file}");
        }
        let script = init.command().pop().unwrap();
        let (source, target) =
            init.volumes().into_iter().find(|(_, to)| script.starts_with(to)).expect("mounted");
        assert!(
            root().join(source).join(script[target.len()..].trim_start_matches('/')).is_file(),
            "{script}"
        );
    }
}

#[test]
fn the_init_job_creates_the_topics_of_the_lab() {
    let script = fs::read_to_string(root().join("dev/apache-kafka/init/init.sh")).unwrap();
    let line = script.lines().find_map(|line| line.strip_prefix("for topic in ")?.strip_suffix("; do"));
    assert_eq!(line.unwrap().split(' ').collect::<Vec<_>>(), TOPICS);
}
