//! What a broker remembers.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DescribeClusterRequest, IncrementalAlterConfigsRequest,
    InitProducerIdRequest, MetadataRequest, ProduceRequest, TopicName,
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

#[tokio::test]
async fn a_topic_that_grew_and_was_given_other_settings_comes_back_so() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(config(folder.path())).unwrap();
    let mut admin = logged_in(&broker, "admin").await;
    let name = TopicName(StrBytes::from_static_str("orders"));
    let topic =
        CreatableTopic::default().with_name(name.clone()).with_num_partitions(1).with_replication_factor(1);
    admin.send(&CreateTopicsRequest::default().with_topics(vec![topic]), 7).await.unwrap();
    let grown = CreatePartitionsTopic::default().with_name(name.clone()).with_count(3).with_assignments(None);
    admin.send(&CreatePartitionsRequest::default().with_topics(vec![grown]), 3).await.unwrap();
    let setting = AlterableConfig::default()
        .with_name(StrBytes::from_static_str("max.message.bytes"))
        .with_value(Some(StrBytes::from_static_str("100")));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(name.0.clone())
        .with_configs(vec![setting]);
    admin.send(&IncrementalAlterConfigsRequest::default().with_resources(vec![resource]), 1).await.unwrap();
    broker.stop().unwrap();

    let broker = Broker::start(config(folder.path())).unwrap();
    let mut admin = logged_in(&broker, "admin").await;
    let seen = admin.send(&MetadataRequest::default().with_topics(None), 10).await.unwrap();
    assert_eq!(seen.topics[0].partitions.len(), 3);
    let data = PartitionProduceData::default().with_index(2).with_records(Some(batch(&[&"x".repeat(100)])));
    let data = TopicProduceData::default().with_name(name).with_partition_data(vec![data]);
    let produce = ProduceRequest::default().with_acks(-1).with_topic_data(vec![data]);
    let answer = admin.send(&produce, 9).await.unwrap();
    let too_large = ResponseError::MessageTooLarge.code();
    assert_eq!(answer.responses[0].partition_responses[0].error_code, too_large);
}

#[test]
fn a_folder_has_one_broker() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Broker::start(config(folder.path())).unwrap();
    let second = Broker::start(config(folder.path()));
    assert!(matches!(second, Err(BrokerError::Data { .. })), "{second:?}");
}
