//! Clients without manners: they log in wrongly, ask for more than they read, vanish in the middle, or only look.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::{
    DescribeAclsRequest, DescribeGroupsRequest, FetchRequest, JoinGroupRequest, ListGroupsRequest,
    MetadataRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use kafkalab::client::raw::{Connection, Login, Mechanism, RawError};
use kafkalab::scram;

use super::orders::{GROUP, TOPIC};

/// A guard against an answer that never comes.
const PATIENCE: Duration = Duration::from_secs(30);

async fn connect(address: &str) -> Connection {
    Connection::connect(address, PATIENCE).await.unwrap()
}

/// A wrong password, a user that does not exist, and one that is right.
pub async fn logins(sasl: &str) {
    let scram = Mechanism::Scram(scram::Mechanism::Sha256);
    for (mechanism, user, password, right) in [
        (Mechanism::Plain, "admin", "wrong", false),
        (scram, "admin", "wrong", false),
        (scram, "nobody", "nobody-secret", false),
        (scram, "laravel", "laravel-secret", true),
    ] {
        let login = Login { mechanism, username: user.to_owned(), password: password.into() };
        let answer = connect(sasl).await.login(&login).await;
        match (right, answer) {
            (true, Ok(())) | (false, Err(RawError::Sasl { code: 58, .. })) => {}
            (_, answer) => panic!("{user}: {answer:?}"),
        }
    }
}

/// Joins a group as its only member and vanishes without a word; the session's end must free all of it.
pub async fn vanishing_member(address: &str, group: &str) {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(StrBytes::from_static_str("range"))
        .with_metadata(Bytes::from(vec![0; 4096]));
    let request = JoinGroupRequest::default()
        .with_group_id(StrBytes::from_string(group.to_owned()).into())
        .with_session_timeout_ms(200)
        .with_rebalance_timeout_ms(200)
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol]);
    // Version 3 needs no member id. Behind a member that vanished before, the answer may wait for its time to end.
    let joined = connect(address).await.send(&request, 3).await.unwrap();
    assert_eq!(joined.error_code, 0);
}

/// A fetch of all there is, from the beginning of each partition's present log.
fn fetch(from: &[i64], min_bytes: i32) -> FetchRequest {
    let partitions = from.iter().zip(0..).map(|(offset, partition)| {
        FetchPartition::default()
            .with_partition(partition)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(1 << 20)
    });
    let topic = FetchTopic::default()
        .with_topic(TopicName(StrBytes::from_static_str(TOPIC)))
        .with_partitions(partitions.collect());
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_wait_ms(i32::MAX)
        .with_min_bytes(min_bytes)
        .with_max_bytes(1 << 24)
        .with_topics(vec![topic])
}

/// Asks for the same eight times, takes one answer, and leaves.
pub async fn slow_consumer(address: &str, from: &[i64]) {
    let mut connection = connect(address).await;
    for _ in 0..8 {
        connection.submit(&fetch(from, 0), 10).await.unwrap();
    }
    assert!(connection.read_frame().await.unwrap().is_some());
}

/// Waits for more than will ever come, 24 days at most, and leaves when it has seen that it must wait.
pub async fn impatient_consumer(address: &str, from: &[i64]) {
    let mut connection = connect(address).await;
    connection.submit(&fetch(from, 1 << 24), 10).await.unwrap();
    connection.set_timeout(Duration::from_millis(100));
    assert!(matches!(connection.read_frame().await, Err(RawError::TimedOut { .. })));
}

/// Looks at everything, again and again, until it is dropped.
pub async fn watcher(address: &str) {
    let mut connection = connect(address).await;
    let group = StrBytes::from_static_str(GROUP).into();
    let groups = DescribeGroupsRequest::default().with_groups(vec![group]);
    let acls = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    loop {
        connection.send(&MetadataRequest::default().with_topics(None), 8).await.unwrap();
        connection.send(&ListGroupsRequest::default(), 3).await.unwrap();
        connection.send(&groups, 4).await.unwrap();
        connection.send(&acls, 1).await.unwrap();
    }
}
