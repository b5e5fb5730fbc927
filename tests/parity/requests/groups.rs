//! Requests about groups and their offsets.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::*;

use super::text;

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
