//! Requests over a connection of our own, in fixed versions, so that nothing retries behind a test's back.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AlterUserScramCredentialsRequest, CreateAclsRequest, CreateTopicsRequest, DeleteAclsRequest,
    DeleteTopicsRequest, DescribeAclsRequest, DescribeConfigsRequest, DescribeUserScramCredentialsRequest,
    FetchRequest, GroupId, IncrementalAlterConfigsRequest, InitProducerIdRequest, MetadataRequest,
    OffsetCommitRequest, OffsetFetchRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use kafkalab::client::raw::{Connection, RawError};

/// Far more than any answer takes: a guard against one that never comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The partitions of every topic here.
pub const PARTITIONS: i32 = 3;

/// A connection as User:ANONYMOUS, who may do everything on the brokers of these tests.
pub struct Client(Connection);

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// Bytes that are text.
pub fn utf8(bytes: Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An idempotent producer's batch of records without keys.
pub fn batch(producer_id: i64, sequence: i32, timestamp: i64, values: &[String]) -> Bytes {
    let values: Vec<_> = values.iter().map(|value| (None, Some(value.clone()))).collect();
    keyed_batch(producer_id, sequence, timestamp, &values)
}

/// An idempotent producer's batch of keys and values; without a value it is a tombstone.
pub fn keyed_batch(
    producer_id: i64,
    sequence: i32,
    timestamp: i64,
    records: &[(Option<String>, Option<String>)],
) -> Bytes {
    let record = |(at, (key, value)): (usize, &(Option<String>, Option<String>))| Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: -1,
        producer_id,
        producer_epoch: if producer_id < 0 { -1 } else { 0 },
        timestamp_type: TimestampType::Creation,
        offset: at as i64,
        sequence: sequence + at as i32,
        timestamp,
        key: key.clone().map(Bytes::from),
        value: value.clone().map(Bytes::from),
        headers: Default::default(),
    };
    let records: Vec<Record> = records.iter().enumerate().map(record).collect();
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
    bytes.freeze()
}

impl Client {
    pub async fn connect(address: &str) -> Client {
        Client(Connection::connect(address, PATIENCE).await.unwrap())
    }

    pub async fn producer_id(&mut self) -> i64 {
        let request = InitProducerIdRequest::default().with_transactional_id(None);
        let response = self.0.send(&request, 2).await.unwrap();
        assert_eq!(response.error_code, 0);
        response.producer_id.0
    }

    /// Produces with acks=all; the error code and the base offset.
    pub async fn produce(
        &mut self,
        name: &str,
        partition: i32,
        records: Bytes,
    ) -> Result<(i16, i64), RawError> {
        let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
        let data = TopicProduceData::default().with_name(topic(name)).with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(None)
            .with_acks(-1)
            .with_timeout_ms(1000)
            .with_topic_data(vec![data]);
        let response = self.0.send(&request, 8).await?;
        let partition = &response.responses[0].partition_responses[0];
        Ok((partition.error_code, partition.base_offset))
    }

    /// All values of a partition with their offsets, from `offset` on; or the error code.
    pub async fn read(&mut self, name: &str, partition: i32, offset: i64) -> Result<Vec<(i64, String)>, i16> {
        let records = self.records(name, partition, offset).await?;
        Ok(records.into_iter().map(|record| (record.offset, utf8(record.value.unwrap()))).collect())
    }

    /// All records of a partition from `offset` on; or the error code.
    pub async fn records(&mut self, name: &str, partition: i32, mut offset: i64) -> Result<Vec<Record>, i16> {
        let mut found: Vec<Record> = Vec::new();
        loop {
            let asked = FetchPartition::default()
                .with_partition(partition)
                .with_fetch_offset(offset)
                .with_partition_max_bytes(1 << 20);
            let asked = FetchTopic::default().with_topic(topic(name)).with_partitions(vec![asked]);
            let request = FetchRequest::default()
                .with_replica_id((-1).into())
                .with_min_bytes(0)
                .with_max_bytes(1 << 20)
                .with_topics(vec![asked]);
            let mut response = self.0.send(&request, 10).await.unwrap();
            let answer = response.responses.remove(0).partitions.remove(0);
            if answer.error_code != 0 {
                return Err(answer.error_code);
            }
            let mut bytes = answer.records.unwrap_or_default();
            for set in RecordBatchDecoder::decode_all(&mut bytes).unwrap() {
                found.extend(set.records.into_iter().filter(|record| record.offset >= offset));
            }
            offset = found.last().map_or(offset, |last| last.offset + 1);
            if offset >= answer.high_watermark {
                return Ok(found);
            }
        }
    }

    /// Commits the same offset for every partition, as a consumer without a group's membership; the error code.
    pub async fn commit(&mut self, group: &str, name: &str, offset: i64) -> Result<i16, RawError> {
        let at = |partition| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(partition)
                .with_committed_offset(offset)
                .with_committed_metadata(Some(StrBytes::default()))
        };
        let partitions = (0..PARTITIONS).map(at).collect();
        let asked = OffsetCommitRequestTopic::default().with_name(topic(name)).with_partitions(partitions);
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(text(group)))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(vec![asked]);
        let response = self.0.send(&request, 7).await?;
        Ok(response.topics[0].partitions.iter().map(|partition| partition.error_code).max().unwrap())
    }

    /// The offset committed for each partition, −1 for none.
    pub async fn committed(&mut self, group: &str, name: &str) -> Vec<i64> {
        let asked = OffsetFetchRequestTopic::default()
            .with_name(topic(name))
            .with_partition_indexes((0..PARTITIONS).collect());
        let request =
            OffsetFetchRequest::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![asked]));
        let response = self.0.send(&request, 7).await.unwrap();
        assert_eq!(response.error_code, 0);
        response.topics[0].partitions.iter().map(|partition| partition.committed_offset).collect()
    }

    /// Creates a topic of three partitions; the error code.
    pub async fn create_topic(&mut self, name: &str, configs: &[(&str, &str)]) -> Result<i16, RawError> {
        let config = |(key, value): &(&str, &str)| {
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        };
        let wanted = CreatableTopic::default()
            .with_name(topic(name))
            .with_num_partitions(PARTITIONS)
            .with_replication_factor(1)
            .with_configs(configs.iter().map(config).collect());
        let request = CreateTopicsRequest::default().with_topics(vec![wanted]).with_timeout_ms(1000);
        Ok(self.0.send(&request, 4).await?.topics[0].error_code)
    }

    /// Deletes a topic; the error code.
    pub async fn delete_topic(&mut self, name: &str) -> Result<i16, RawError> {
        let request =
            DeleteTopicsRequest::default().with_topic_names(vec![topic(name)]).with_timeout_ms(1000);
        Ok(self.0.send(&request, 3).await?.responses[0].error_code)
    }

    /// The names of all topics, each of which must be whole.
    pub async fn topics(&mut self) -> BTreeSet<String> {
        let response = self.0.send(&MetadataRequest::default().with_topics(None), 8).await.unwrap();
        let whole = |topic: &kafka_protocol::messages::metadata_response::MetadataResponseTopic| {
            let partitions = topic.partitions.iter().map(|partition| partition.partition_index);
            assert_eq!(topic.error_code, 0);
            assert!(partitions.eq(0..PARTITIONS), "a half-created topic: {topic:?}");
            topic.name.as_ref().unwrap().to_string()
        };
        response.topics.iter().map(whole).collect()
    }

    /// Lets a principal read the topic `orders`, or no longer; the error code.
    pub async fn set_acl(&mut self, principal: &str, allowed: bool) -> Result<i16, RawError> {
        if allowed {
            let acl = AclCreation::default()
                .with_resource_type(2)
                .with_resource_name(text("orders"))
                .with_resource_pattern_type(3)
                .with_principal(text(principal))
                .with_host(text("*"))
                .with_operation(3)
                .with_permission_type(3);
            let request = CreateAclsRequest::default().with_creations(vec![acl]);
            Ok(self.0.send(&request, 1).await?.results[0].error_code)
        } else {
            let filter = DeleteAclsFilter::default()
                .with_resource_type_filter(1)
                .with_resource_name_filter(None)
                .with_pattern_type_filter(1)
                .with_principal_filter(Some(text(principal)))
                .with_host_filter(None)
                .with_operation(1)
                .with_permission_type(1);
            let request = DeleteAclsRequest::default().with_filters(vec![filter]);
            Ok(self.0.send(&request, 1).await?.filter_results[0].error_code)
        }
    }

    /// Gives a topic a setting of its own, or takes it away; the error code.
    pub async fn set_setting(
        &mut self,
        name: &str,
        setting: &str,
        value: Option<&str>,
    ) -> Result<i16, RawError> {
        let config = AlterableConfig::default()
            .with_name(text(setting))
            .with_config_operation(if value.is_some() { 0 } else { 1 })
            .with_value(value.map(text));
        let resource = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(name))
            .with_configs(vec![config]);
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        Ok(self.0.send(&request, 1).await?.responses[0].error_code)
    }

    /// The settings that a topic has of its own.
    pub async fn settings(&mut self, name: &str) -> BTreeSet<String> {
        let resource = DescribeConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text(name))
            .with_configuration_keys(None);
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
        let response = self.0.send(&request, 4).await.unwrap();
        let own = response.results[0].configs.iter().filter(|config| config.config_source == 1);
        own.map(|config| config.name.to_string()).collect()
    }

    /// Gives a user a SCRAM credential, or takes it away; the error code.
    pub async fn set_user(&mut self, user: &str, exists: bool) -> Result<i16, RawError> {
        let request = AlterUserScramCredentialsRequest::default();
        let request = if exists {
            let credential = ScramCredentialUpsertion::default()
                .with_name(text(user))
                .with_mechanism(1)
                .with_iterations(4096)
                .with_salt(Bytes::from_static(b"salt"))
                .with_salted_password(Bytes::from_static(&[1; 32]));
            request.with_upsertions(vec![credential])
        } else {
            request.with_deletions(vec![
                ScramCredentialDeletion::default().with_name(text(user)).with_mechanism(1),
            ])
        };
        Ok(self.0.send(&request, 0).await?.results[0].error_code)
    }

    /// Those of some users that have a SCRAM credential.
    pub async fn users(&mut self, names: &[String]) -> BTreeSet<String> {
        let response =
            self.0.send(&DescribeUserScramCredentialsRequest::default().with_users(None), 0).await.unwrap();
        let found = response.results.iter().map(|user| user.user.to_string());
        found.filter(|user| names.contains(user)).collect()
    }

    /// The principals that an ACL names.
    pub async fn principals(&mut self) -> BTreeSet<String> {
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_resource_name_filter(None)
            .with_pattern_type_filter(1)
            .with_principal_filter(None)
            .with_host_filter(None)
            .with_operation(1)
            .with_permission_type(1);
        let response = self.0.send(&request, 1).await.unwrap();
        let acls = response.resources.iter().flat_map(|resource| &resource.acls);
        acls.map(|acl| acl.principal.to_string()).collect()
    }
}
