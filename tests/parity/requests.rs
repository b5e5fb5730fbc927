//! One short function per request, for what the tables vary; everything else as clients send it.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record,
    RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use kafkalab::acl::{AclBinding, CLUSTER_NAME, Operation, PatternType, Permission, ResourceType};

/// A time in the past that every record has, in milliseconds: 2024-01-01.
pub const TIME: i64 = 1_704_067_200_000;

/// A protocol string.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// An ACL of analytics that allows an operation on a literal name from everywhere.
pub fn allow(resource_type: ResourceType, name: &str, operation: Operation) -> AclBinding {
    AclBinding {
        resource_type,
        resource_name: name.to_owned(),
        pattern_type: PatternType::Literal,
        principal: "User:analytics".to_owned(),
        host: "*".to_owned(),
        operation,
        permission: Permission::Allow,
    }
}

/// The same that denies.
pub fn deny(resource_type: ResourceType, name: &str, operation: Operation) -> AclBinding {
    AclBinding { permission: Permission::Deny, ..allow(resource_type, name, operation) }
}

/// The same for every name that begins so.
pub fn prefixed(acl: AclBinding) -> AclBinding {
    AclBinding { pattern_type: PatternType::Prefixed, ..acl }
}

/// An operation on a topic.
pub fn on_topic(name: &str, operation: Operation) -> AclBinding {
    allow(ResourceType::Topic, name, operation)
}

/// An operation on a group.
pub fn on_group(name: &str, operation: Operation) -> AclBinding {
    allow(ResourceType::Group, name, operation)
}

/// An operation on the cluster.
pub fn on_cluster(operation: Operation) -> AclBinding {
    allow(ResourceType::Cluster, CLUSTER_NAME, operation)
}

/// A record of a value, as a producer without idempotence makes it.
pub fn record(key: Option<&str>, value: Option<&str>, timestamp: i64) -> Record {
    Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: NO_SEQUENCE,
        timestamp,
        key: key.map(|key| Bytes::from(key.to_owned())),
        value: value.map(|value| Bytes::from(value.to_owned())),
        headers: Default::default(),
    }
}

/// A batch of records.
pub fn encode(records: &[Record], compression: Compression) -> Bytes {
    let mut records = records.to_vec();
    for (offset, record) in (0..).zip(&mut records) {
        record.offset = offset;
        record.sequence += i32::try_from(offset).unwrap();
    }
    let mut batch = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression };
    RecordBatchEncoder::encode(&mut batch, &records, &options).unwrap();
    batch.freeze()
}

/// A batch of one record for each value.
pub fn batch(values: &[&str]) -> Bytes {
    let records: Vec<_> = values.iter().map(|value| record(Some("key"), Some(value), TIME)).collect();
    encode(&records, Compression::None)
}

/// The first batch of one value that an idempotent producer sends, or a later one.
pub fn idempotent(producer_id: i64, epoch: i16, sequence: i32) -> Bytes {
    let mut record = record(None, Some("once"), TIME);
    (record.producer_id, record.producer_epoch, record.sequence) = (producer_id, epoch, sequence);
    encode(&[record], Compression::None)
}

/// Produce to one partition. From v3 to v12.
pub fn produce(topic: &str, partition: i32, acks: i16, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(text(topic).into()).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(5000).with_topic_data(vec![topic])
}

/// Fetch from one partition, without a session and without waiting. From v4 to v12.
pub fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(text(topic).into()).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_wait_ms(0)
        .with_min_bytes(0)
        .with_max_bytes(1 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// ListOffsets of one partition.
pub fn list_offsets(topic: &str, partition: i32, timestamp: i64) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(partition)
        .with_current_leader_epoch(-1)
        .with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(text(topic).into()).with_partitions(vec![partition]);
    ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic])
}

/// Metadata of named topics, without creating any.
pub fn metadata(topics: &[&str]) -> MetadataRequest {
    let topic = |name: &&str| MetadataRequestTopic::default().with_name(Some(text(name).into()));
    MetadataRequest::default()
        .with_topics(Some(topics.iter().map(topic).collect()))
        .with_allow_auto_topic_creation(false)
}

/// Metadata of all topics.
pub fn metadata_all() -> MetadataRequest {
    MetadataRequest::default().with_topics(None)
}

/// CreateTopics of one topic.
pub fn create_topic(
    name: &str,
    partitions: i32,
    replication: i16,
    configs: &[(&str, &str)],
) -> CreateTopicsRequest {
    create_topics(vec![creatable(name, partitions, replication, configs)])
}

/// CreateTopics.
pub fn create_topics(topics: Vec<CreatableTopic>) -> CreateTopicsRequest {
    CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(5000)
}

/// One topic of [`create_topics`].
pub fn creatable(name: &str, partitions: i32, replication: i16, configs: &[(&str, &str)]) -> CreatableTopic {
    let config = |(name, value): &(&str, &str)| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
    };
    CreatableTopic::default()
        .with_name(text(name).into())
        .with_num_partitions(partitions)
        .with_replication_factor(replication)
        .with_configs(configs.iter().map(config).collect())
}

/// DeleteTopics by name, up to v5.
pub fn delete_topics(names: &[&str]) -> DeleteTopicsRequest {
    DeleteTopicsRequest::default()
        .with_topic_names(names.iter().map(|name| text(name).into()).collect())
        .with_timeout_ms(5000)
}

/// CreatePartitions of one topic.
pub fn create_partitions(topic: &str, count: i32) -> CreatePartitionsRequest {
    use create_partitions_request::CreatePartitionsTopic;
    let topic = CreatePartitionsTopic::default()
        .with_name(text(topic).into())
        .with_count(count)
        .with_assignments(None);
    CreatePartitionsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000)
}

/// DeleteRecords of one partition.
pub fn delete_records(topic: &str, partition: i32, before: i64) -> DeleteRecordsRequest {
    use delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
    let partition = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(before);
    let topic = DeleteRecordsTopic::default().with_name(text(topic).into()).with_partitions(vec![partition]);
    DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000)
}

/// DescribeConfigs of one resource and some of its settings.
pub fn describe_configs(resource_type: i8, name: &str, keys: &[&str]) -> DescribeConfigsRequest {
    use describe_configs_request::DescribeConfigsResource;
    let resource = DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configuration_keys(Some(keys.iter().map(|key| text(key)).collect()));
    DescribeConfigsRequest::default().with_resources(vec![resource])
}

/// OffsetForLeaderEpoch of one partition.
pub fn leader_epoch(topic: &str, partition: i32, epoch: i32) -> OffsetForLeaderEpochRequest {
    use offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
    let partition = OffsetForLeaderPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(-1)
        .with_leader_epoch(epoch);
    let topic =
        OffsetForLeaderTopic::default().with_topic(text(topic).into()).with_partitions(vec![partition]);
    OffsetForLeaderEpochRequest::default().with_replica_id((-1).into()).with_topics(vec![topic])
}

/// InitProducerId of an idempotent producer.
pub fn init_producer_id() -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1)
}

/// FindCoordinator of one key, up to v3. Type 0 is a group, 1 a transactional id.
pub fn find_coordinator(key: &str, key_type: i8) -> FindCoordinatorRequest {
    FindCoordinatorRequest::default().with_key(text(key)).with_key_type(key_type)
}

/// JoinGroup of a consumer with these assignors. Each has a subscription of its own: no topics, and its name as user
/// data.
pub fn join(group: &str, member: &str, assignors: &[&str]) -> JoinGroupRequest {
    let protocol = |name: &&str| {
        let mut subscription = BytesMut::from(&[0; 6][..]);
        subscription.put_i32(i32::try_from(name.len()).unwrap());
        subscription.put_slice(name.as_bytes());
        JoinGroupRequestProtocol::default().with_name(text(name)).with_metadata(subscription.freeze())
    };
    JoinGroupRequest::default()
        .with_group_id(text(group).into())
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(30_000)
        .with_member_id(text(member))
        .with_protocol_type(text("consumer"))
        .with_protocols(assignors.iter().map(protocol).collect())
}

/// SyncGroup; a leader gives the assignments: member id and bytes.
pub fn sync(
    group: &str,
    generation: i32,
    member: &str,
    assignments: &[(String, &'static str)],
) -> SyncGroupRequest {
    use sync_group_request::SyncGroupRequestAssignment;
    let assignment = |(member, bytes): &(String, &'static str)| {
        SyncGroupRequestAssignment::default()
            .with_member_id(text(member))
            .with_assignment(Bytes::from_static(bytes.as_bytes()))
    };
    SyncGroupRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id(generation)
        .with_member_id(text(member))
        .with_assignments(assignments.iter().map(assignment).collect())
}

/// Heartbeat.
pub fn heartbeat(group: &str, generation: i32, member: &str) -> HeartbeatRequest {
    HeartbeatRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id(generation)
        .with_member_id(text(member))
}

/// LeaveGroup of several members, from v3.
pub fn leave(group: &str, members: &[(&str, Option<&str>)]) -> LeaveGroupRequest {
    use leave_group_request::MemberIdentity;
    let identity = |(member, instance): &(&str, Option<&str>)| {
        MemberIdentity::default().with_member_id(text(member)).with_group_instance_id(instance.map(text))
    };
    LeaveGroupRequest::default()
        .with_group_id(text(group).into())
        .with_members(members.iter().map(identity).collect())
}

/// OffsetCommit of one partition.
pub fn commit(group: &str, generation: i32, member: &str, topic: &str, offset: i64) -> OffsetCommitRequest {
    use offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(text(topic).into())
        .with_partitions(vec![partition.with_committed_metadata(Some(text("meta")))]);
    OffsetCommitRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id_or_member_epoch(generation)
        .with_member_id(text(member))
        .with_topics(vec![topic])
}

/// OffsetFetch of partition 0 of named topics (`None`: all), up to v7.
pub fn offset_fetch(group: &str, topics: Option<&[&str]>) -> OffsetFetchRequest {
    use offset_fetch_request::OffsetFetchRequestTopic;
    let topic = |name: &&str| {
        OffsetFetchRequestTopic::default().with_name(text(name).into()).with_partition_indexes(vec![0])
    };
    OffsetFetchRequest::default()
        .with_group_id(text(group).into())
        .with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
}

/// OffsetFetch of all topics of groups, from v8.
pub fn offset_fetch_groups(groups: &[&str]) -> OffsetFetchRequest {
    use offset_fetch_request::OffsetFetchRequestGroup;
    let group =
        |name: &&str| OffsetFetchRequestGroup::default().with_group_id(text(name).into()).with_topics(None);
    OffsetFetchRequest::default().with_groups(groups.iter().map(group).collect())
}

/// OffsetDelete of partition 0 of topics.
pub fn offset_delete(group: &str, topics: &[&str]) -> OffsetDeleteRequest {
    use offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
    let topic = |name: &&str| {
        OffsetDeleteRequestTopic::default()
            .with_name(text(name).into())
            .with_partitions(vec![OffsetDeleteRequestPartition::default()])
    };
    OffsetDeleteRequest::default()
        .with_group_id(text(group).into())
        .with_topics(topics.iter().map(topic).collect())
}

/// DescribeGroups.
pub fn describe_groups(groups: &[&str]) -> DescribeGroupsRequest {
    DescribeGroupsRequest::default().with_groups(groups.iter().map(|group| text(group).into()).collect())
}

/// DeleteGroups.
pub fn delete_groups(groups: &[&str]) -> DeleteGroupsRequest {
    DeleteGroupsRequest::default().with_groups_names(groups.iter().map(|group| text(group).into()).collect())
}

/// CreateAcls of one ACL, in wire codes so that invalid ones can be sent.
pub fn create_acl(
    resource: (i8, &str, i8),
    principal: &str,
    operation: i8,
    permission: i8,
) -> CreateAclsRequest {
    use create_acls_request::AclCreation;
    let (resource_type, name, pattern) = resource;
    let acl = AclCreation::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_resource_pattern_type(pattern)
        .with_principal(text(principal))
        .with_host(text("*"))
        .with_operation(operation)
        .with_permission_type(permission);
    CreateAclsRequest::default().with_creations(vec![acl])
}

/// DescribeAcls of a principal, in wire codes: 1 is ANY.
pub fn describe_acls(resource: (i8, Option<&str>, i8), principal: Option<&str>) -> DescribeAclsRequest {
    let (resource_type, name, pattern) = resource;
    DescribeAclsRequest::default()
        .with_resource_type_filter(resource_type)
        .with_resource_name_filter(name.map(text))
        .with_pattern_type_filter(pattern)
        .with_principal_filter(principal.map(text))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1)
}

/// DeleteAcls of a principal on resources of any type.
pub fn delete_acls(principal: &str) -> DeleteAclsRequest {
    use delete_acls_request::DeleteAclsFilter;
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(text(principal)))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    DeleteAclsRequest::default().with_filters(vec![filter])
}

/// DescribeUserScramCredentials of named users; `None`: all.
pub fn describe_users(users: Option<&[&str]>) -> DescribeUserScramCredentialsRequest {
    use describe_user_scram_credentials_request::UserName;
    let user = |name: &&str| UserName::default().with_name(text(name));
    DescribeUserScramCredentialsRequest::default()
        .with_users(users.map(|users| users.iter().map(user).collect()))
}

/// AlterUserScramCredentials that deletes one credential.
pub fn delete_user(user: &str, mechanism: i8) -> AlterUserScramCredentialsRequest {
    use alter_user_scram_credentials_request::ScramCredentialDeletion;
    let deletion = ScramCredentialDeletion::default().with_name(text(user)).with_mechanism(mechanism);
    AlterUserScramCredentialsRequest::default().with_deletions(vec![deletion])
}

/// AlterUserScramCredentials that sets one credential.
pub fn set_user(user: &str, mechanism: i8, iterations: i32) -> AlterUserScramCredentialsRequest {
    use alter_user_scram_credentials_request::ScramCredentialUpsertion;
    let upsertion = ScramCredentialUpsertion::default()
        .with_name(text(user))
        .with_mechanism(mechanism)
        .with_iterations(iterations)
        .with_salt(Bytes::from_static(b"salt"))
        .with_salted_password(Bytes::from_static(&[1; 32]));
    AlterUserScramCredentialsRequest::default().with_upsertions(vec![upsertion])
}

/// SaslHandshake.
pub fn handshake(mechanism: &str) -> SaslHandshakeRequest {
    SaslHandshakeRequest::default().with_mechanism(text(mechanism))
}

/// SaslAuthenticate.
pub fn token(token: impl Into<Vec<u8>>) -> SaslAuthenticateRequest {
    SaslAuthenticateRequest::default().with_auth_bytes(token.into().into())
}

/// ApiVersions with a client's name.
pub fn api_versions(name: &str) -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(text(name))
        .with_client_software_version(text("1.0"))
}
