//! What a broker remembers.

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateTopicsRequest, DescribeClusterRequest, InitProducerIdRequest, MetadataRequest, ProduceRequest,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;
use kafkalab::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use kafkalab::broker::{Broker, BrokerError, Config, Storage};

use super::{batch, logged_in};

fn config(folder: &std::path::Path) -> Config {
    let acl = AclBinding {
        resource_type: ResourceType::Topic,
        resource_name: "orders".into(),
        pattern_type: PatternType::Literal,
        principal: "User:nest".into(),
        host: "*".into(),
        operation: Operation::Read,
        permission: Permission::Allow,
    };
    Config { storage: Storage::Folder(folder.to_path_buf()), acls: vec![acl], ..Config::default() }
}

#[tokio::test]
async fn topics_records_acls_and_ids_outlive_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let idempotent = InitProducerIdRequest::default().with_transactional_id(None);
    let name = TopicName(StrBytes::from_static_str("orders"));
    let broker = Broker::start(config(folder.path())).unwrap();
    let mut admin = logged_in(&broker, "admin").await;
    let topic =
        CreatableTopic::default().with_name(name.clone()).with_num_partitions(2).with_replication_factor(1);
    let created = admin.send(&CreateTopicsRequest::default().with_topics(vec![topic]), 7).await.unwrap();
    let data = PartitionProduceData::default().with_index(1).with_records(Some(batch(&["a", "b"])));
    let data = TopicProduceData::default().with_name(name.clone()).with_partition_data(vec![data]);
    let produce = ProduceRequest::default().with_acks(-1).with_topic_data(vec![data]);
    admin.send(&produce, 9).await.unwrap();
    let cluster = admin.send(&DescribeClusterRequest::default(), 0).await.unwrap().cluster_id;
    let first_id = admin.send(&idempotent, 2).await.unwrap().producer_id;
    broker.stop().unwrap();

    // Without the ACLs of the configuration: what the journal says is what holds.
    let broker = Broker::start(Config { acls: Vec::new(), ..config(folder.path()) }).unwrap();
    let mut nest = logged_in(&broker, "nest").await;
    let seen = nest.send(&MetadataRequest::default().with_topics(None), 10).await.unwrap();
    assert_eq!(seen.topics.len(), 1);
    assert_eq!(seen.topics[0].topic_id, created.topics[0].topic_id);
    assert_eq!(seen.topics[0].partitions.len(), 2);
    let mut admin = logged_in(&broker, "admin").await;
    assert_eq!(admin.send(&DescribeClusterRequest::default(), 0).await.unwrap().cluster_id, cluster);
    assert!(admin.send(&idempotent, 2).await.unwrap().producer_id.0 > first_id.0);
    let next = admin.send(&produce, 9).await.unwrap().responses[0].partition_responses[0].base_offset;
    assert_eq!(next, 2);
}

#[test]
fn a_folder_has_one_broker() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Broker::start(config(folder.path())).unwrap();
    let second = Broker::start(config(folder.path()));
    assert!(matches!(second, Err(BrokerError::Data { .. })), "{second:?}");
}
