//! What the cluster says about a topic.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::failure::{Failure, Kind, Need, RefusedAt, Resource};
use super::signals::{Signals, blocking};

/// One partition and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The partition's number.
    pub id: i32,
    /// The broker that leads it; −1 where none does.
    pub leader: i32,
    /// The brokers that keep it.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub isr: Vec<i32>,
}

/// A topic as Metadata describes it; partitions in order of number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The topic's name.
    pub name: String,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// Anything that can ask for a topic's metadata: a blocking call with a time limit.
pub(super) type Fetch = Box<dyn FnOnce(&str, Duration) -> Result<Metadata, KafkaError> + Send>;

/// One topic. A refusal here is one of DESCRIBE; `needs` are the rights that the command is about, which imply it.
pub(super) async fn topic(
    signals: &Signals,
    limit: Duration,
    name: &str,
    needs: &[Need],
    fetch: Fetch,
) -> Result<Topic, Failure> {
    // Kafka answers an illegal name with error 17, librdkafka's cache however with "unknown topic".
    if !legal_name(name) {
        return Err(Failure::from_code(RDKafkaErrorCode::InvalidTopic).needing(needs.to_vec()));
    }
    let answer = ask(signals, limit, name, fetch).await?;
    let Some(found) = answer.topics().iter().find(|topic| topic.name() == name) else {
        return Err(Failure::new(Kind::UnknownTopic, format!("Metadata did not mention {name}")));
    };
    match found.error() {
        None => Ok(topic_of(found)),
        Some(code) => {
            let mut failure = Failure::from_code(code.into()).needing(needs.to_vec());
            if failure.kind == Kind::Authorization && needs.first().is_some_and(|n| n.operation != "DESCRIBE")
            {
                failure.refused_at = Some(RefusedAt { operation: "DESCRIBE", api: "Metadata" });
            }
            Err(failure)
        }
    }
}

async fn ask(signals: &Signals, limit: Duration, topic: &str, fetch: Fetch) -> Result<Metadata, Failure> {
    let topic = topic.to_owned();
    let call = blocking(move || fetch(&topic, limit));
    let answer = signals.race(async { call.await.map_err(|error| signals.explain(error)) }).await?;
    signals.proven();
    Ok(answer)
}

fn topic_of(topic: &rdkafka::metadata::MetadataTopic) -> Topic {
    let mut partitions: Vec<Partition> = topic
        .partitions()
        .iter()
        .map(|partition| Partition {
            id: partition.id(),
            leader: partition.leader(),
            replicas: partition.replicas().to_vec(),
            isr: partition.isr().to_vec(),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.id);
    Topic { name: topic.name().to_owned(), partitions }
}

/// Kafka's rule for topic names (`Topic.validate`): 1 to 249 of `[a-zA-Z0-9._-]`, and neither `.` nor `..`.
pub fn legal_name(name: &str) -> bool {
    (1..=249).contains(&name.len())
        && name != "."
        && name != ".."
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The right to do `operation` with a topic.
pub fn on_topic(operation: &'static str, topic: &str) -> Need {
    Need { operation, resource: Resource::Topic(topic.to_owned()) }
}

/// The right to do `operation` with a consumer group.
pub fn on_group(operation: &'static str, group: &str) -> Need {
    Need { operation, resource: Resource::Group(group.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rule() {
        assert!(legal_name("laravel-events.v1_x"));
        for name in ["", ".", "..", "a b", "pedidos/novos", "ação", &"x".repeat(250)] {
            assert!(!legal_name(name), "{name}");
        }
    }
}
