//! `kill -9` in the middle of the work, again and again: whatever was acknowledged is there, in order, once.

use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::describe_acls_response::DescribeAclsResponse;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateAclsRequest, CreateTopicsRequest, DescribeAclsRequest, FetchRequest, MetadataRequest,
    ProduceRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use kafkalab::client::raw::{Connection, Login, Mechanism};

use super::support::embedded::Embedded;
use super::support::folder;
use super::{PATIENCE, batch, values};

const ROUNDS: u64 = 30;
/// Requests on their way at once, so that the kill meets some of them half done.
const IN_FLIGHT: usize = 8;
const PARTITIONS: i32 = 2;

/// What was acknowledged so far, over all rounds.
#[derive(Default)]
struct Acknowledged {
    /// The values of each partition, in order.
    values: [Vec<String>; PARTITIONS as usize],
    topics: Vec<String>,
    acls: usize,
}

#[tokio::test]
async fn thirty_kills_lose_nothing_that_was_acknowledged() {
    let data = folder();
    let mut known = Acknowledged::default();
    let mut random = Random(0x5eed);
    for round in 0..ROUNDS {
        let remove = (round + 1 == ROUNDS).then_some(data.as_path());
        let mut broker = Embedded::start_in(&data, remove, &["--acls", "none"]).unwrap();
        let mut connection = admin(&broker).await;
        if round == 0 {
            create_topic(&mut connection, "orders").await;
        }
        check(&mut connection, &mut known, round).await;
        change_metadata(&mut connection, &mut known, round).await;
        let until = random.below(120);
        produce_until_killed(&mut connection, &mut broker, &mut known, round, until).await;
    }
    let last = known.values.iter().map(Vec::len).sum::<usize>();
    assert!(last as u64 > ROUNDS, "the rounds acknowledged {last} records");
}

async fn admin(broker: &Embedded) -> Connection {
    let mut connection = Connection::connect(&broker.sasl, PATIENCE).await.unwrap();
    let password = "admin-secret".into();
    connection
        .login(&Login { mechanism: Mechanism::Plain, username: "admin".into(), password })
        .await
        .unwrap();
    connection
}

/// Compares what the broker has with what it acknowledged. What it kept beyond that, it may keep; but it must stay.
async fn check(connection: &mut Connection, known: &mut Acknowledged, round: u64) {
    for index in 0..PARTITIONS {
        let found = read_all(connection, index).await;
        let known = &mut known.values[index as usize];
        let unacknowledged = found.len().checked_sub(known.len());
        assert!(
            unacknowledged.is_some_and(|more| more <= IN_FLIGHT),
            "round {round}: {} of {}",
            found.len(),
            known.len()
        );
        assert_eq!(found[..known.len()], known[..], "round {round}, partition {index}");
        *known = found;
    }
    let names = known.topics.iter().map(|name| {
        kafka_protocol::messages::metadata_request::MetadataRequestTopic::default()
            .with_name(Some(topic(name)))
    });
    let request = MetadataRequest::default().with_topics(Some(names.collect()));
    let metadata = connection.send(&request, 9).await.unwrap();
    assert!(
        metadata.topics.iter().all(|topic| topic.error_code == 0),
        "round {round}: {:?}",
        metadata.topics
    );
    assert_eq!(acls(&all_acls(connection).await), known.acls, "round {round}");
}

async fn change_metadata(connection: &mut Connection, known: &mut Acknowledged, round: u64) {
    let name = format!("topic-{round}");
    create_topic(connection, &name).await;
    known.topics.push(name.clone());
    let acl = AclCreation::default()
        .with_resource_type(2)
        .with_resource_name(StrBytes::from_string(name))
        .with_resource_pattern_type(3)
        .with_principal(StrBytes::from_static_str("User:nest"))
        .with_host(StrBytes::from_static_str("*"))
        .with_operation(3)
        .with_permission_type(3);
    let before = acls(&all_acls(connection).await);
    let created = connection.send(&CreateAclsRequest::default().with_creations(vec![acl]), 2).await.unwrap();
    assert_eq!(created.results[0].error_code, 0);
    known.acls = before + 1;
}

/// Produces to both partitions, kills the broker after `until` acknowledgements, and notes those that still came.
async fn produce_until_killed(
    connection: &mut Connection,
    broker: &mut Embedded,
    known: &mut Acknowledged,
    round: u64,
    until: u64,
) {
    let mut sent = std::collections::VecDeque::new();
    let mut acknowledged = 0;
    for number in 0.. {
        let index = number % PARTITIONS;
        let value = format!("{round}-{number}");
        let data = PartitionProduceData::default().with_index(index).with_records(Some(batch(&[&value])));
        let data = TopicProduceData::default().with_name(topic("orders")).with_partition_data(vec![data]);
        let request = ProduceRequest::default().with_acks(-1).with_topic_data(vec![data]);
        match connection.submit(&request, 9).await {
            Ok(pending) => sent.push_back((index, value, pending)),
            Err(_dead) => break,
        }
        if sent.len() < IN_FLIGHT {
            continue;
        }
        let Some((index, value, pending)) = sent.pop_front() else { continue };
        let Ok(answer) = connection.receive(pending).await else { return };
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        known.values[index as usize].push(value);
        acknowledged += 1;
        if acknowledged == until {
            broker.process.kill();
        }
    }
    for (index, value, pending) in sent {
        let Ok(answer) = connection.receive(pending).await else { return };
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        known.values[index as usize].push(value);
    }
}

async fn create_topic(connection: &mut Connection, name: &str) {
    let topic = CreatableTopic::default()
        .with_name(topic(name))
        .with_num_partitions(PARTITIONS)
        .with_replication_factor(1);
    let answer = connection.send(&CreateTopicsRequest::default().with_topics(vec![topic]), 5).await.unwrap();
    assert_eq!(answer.topics[0].error_code, 0, "{:?}", answer.topics[0]);
}

async fn read_all(connection: &mut Connection, index: i32) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let partition = FetchPartition::default()
            .with_partition(index)
            .with_fetch_offset(found.len() as i64)
            .with_partition_max_bytes(1 << 20);
        let wanted = FetchTopic::default().with_topic(topic("orders")).with_partitions(vec![partition]);
        let request =
            FetchRequest::default().with_max_bytes(1 << 20).with_session_epoch(-1).with_topics(vec![wanted]);
        let answer = connection.send(&request, 11).await.unwrap();
        let partition = &answer.responses[0].partitions[0];
        assert_eq!(partition.error_code, 0);
        let more = values(partition.records.clone().unwrap_or_default());
        if more.is_empty() {
            assert_eq!(partition.high_watermark, found.len() as i64);
            return found;
        }
        found.extend(more);
    }
}

async fn all_acls(connection: &mut Connection) -> DescribeAclsResponse {
    let any = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    connection.send(&any, 2).await.unwrap()
}

fn acls(described: &DescribeAclsResponse) -> usize {
    described.resources.iter().map(|resource| resource.acls.len()).sum()
}

fn topic(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// Numbers that are the same in every run (Knuth's MMIX generator).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
