//! ListGroups, DescribeGroups, DeleteGroups.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::describe_groups_response::DescribedGroupMember;
use kafka_protocol::messages::{
    ConsumerProtocolAssignment, DeleteGroupsRequest, DescribeGroupsRequest, ListGroupsRequest,
};

use super::consumer_groups::describe_consumer_group;
use crate::client::raw::cluster::{To, is_passing, pause_until, text};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::guard;

const GROUP_ID_NOT_FOUND: i16 = 69;

/// A group as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    /// The group id.
    pub group_id: String,
    /// `consumer` for consumers, empty for a group that only stores offsets.
    pub protocol_type: String,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`; empty from brokers before 2.6.
    pub state: String,
}

/// A group and its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDescription {
    /// The group id.
    pub group_id: String,
    /// As in [`GroupListing::state`]; a group that does not exist is `Dead`.
    pub state: String,
    /// As in [`GroupListing::protocol_type`].
    pub protocol_type: String,
    /// The assignor in use, such as `range`; empty unless the group is stable.
    pub protocol: String,
    /// The epoch of a group of the consumer protocol (KIP-848). Nothing tells the generation of a classic group to
    /// anybody but its members.
    pub generation: Option<i32>,
    /// The members, by id.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id that the coordinator gave it.
    pub member_id: String,
    /// The name that makes it a static member, if it has one.
    pub group_instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// Where it connects from, as Kafka prints an address: `/127.0.0.1`.
    pub client_host: String,
    /// The partitions that it owns, by topic. Empty while the group rebalances, or for another protocol than
    /// consumers'.
    pub assignment: BTreeMap<String, Vec<i32>>,
}

/// The broker that looks after a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinator {
    /// Its id.
    pub id: i32,
    /// Where it says it is reached: `host:port`.
    pub address: String,
}

/// All groups that this principal may see, by id; asked of every broker. A missing right hides groups silently.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn list_groups(cluster: &mut Cluster) -> Result<Vec<GroupListing>, RawError> {
    let mut found = Vec::new();
    for broker in cluster.broker_ids() {
        let response = cluster.ask(To::Broker(broker), &ListGroupsRequest::default(), i16::MAX).await?;
        BrokerError::check(response.error_code, None)?;
        found.extend(response.groups.iter().map(|group| GroupListing {
            group_id: group.group_id.to_string(),
            protocol_type: group.protocol_type.to_string(),
            state: group.group_state.to_string(),
        }));
    }
    found.sort();
    Ok(found)
}

/// A group and its members, of the classic or of the consumer protocol. Needs DESCRIBE on the group.
///
/// # Errors
/// [`RawError::Broker`] with 30 if that is missing, 69 if there is no such group (brokers before 4.0 answer `Dead`) or
/// it is a group of another kind, such as a share group.
pub async fn describe_group(cluster: &mut Cluster, group: &str) -> Result<GroupDescription, RawError> {
    let classic = describe_classic(cluster, group).await;
    let unknown = matches!(&classic, Err(RawError::Broker(error)) if error.code == GROUP_ID_NOT_FOUND);
    if !unknown {
        return classic;
    }
    // Brokers without the consumer protocol do not know the question; then the first answer holds.
    describe_consumer_group(cluster, group).await.or(classic)
}

async fn describe_classic(cluster: &mut Cluster, group: &str) -> Result<GroupDescription, RawError> {
    let request = DescribeGroupsRequest::default().with_groups(vec![text(group).into()]);
    let code = |response: &kafka_protocol::messages::DescribeGroupsResponse| {
        response.groups.first().map_or(0, |group| group.error_code)
    };
    let response = cluster.ask_coordinator(group, &request, i16::MAX, code).await?;
    let described = response.groups.into_iter().next();
    let described = described.ok_or_else(|| nothing_about(group))?;
    BrokerError::check(described.error_code, described.error_message.as_deref())?;
    let mut members: Vec<Member> = described.members.iter().map(member).collect();
    members.sort_by(|left, right| left.member_id.cmp(&right.member_id));
    Ok(GroupDescription {
        group_id: described.group_id.to_string(),
        state: described.group_state.to_string(),
        protocol_type: described.protocol_type.to_string(),
        protocol: described.protocol_data.to_string(),
        generation: None,
        members,
    })
}

/// The broker that coordinates a group, whether the group exists or not. Needs DESCRIBE on the group.
///
/// # Errors
/// [`RawError::Broker`] with 30 if that is missing, 15 if no coordinator is ready in time.
pub async fn find_coordinator(cluster: &mut Cluster, group: &str) -> Result<Coordinator, RawError> {
    let deadline = cluster.deadline();
    loop {
        match cluster.coordinator(group).await {
            Ok((id, address)) => return Ok(Coordinator { id, address }),
            Err(RawError::Broker(error)) if is_passing(error.code) && pause_until(deadline).await => {}
            Err(failure) => return Err(failure),
        }
    }
}

/// Deletes a group and its offsets. Needs DELETE on the group, and that it has no members.
///
/// # Errors
/// [`RawError::Broker`] with 30, 68 (has members) or 69 (does not exist).
pub async fn delete_group(cluster: &mut Cluster, group: &str) -> Result<(), RawError> {
    let request = DeleteGroupsRequest::default().with_groups_names(vec![text(group).into()]);
    let code = |response: &kafka_protocol::messages::DeleteGroupsResponse| {
        response.results.first().map_or(0, |result| result.error_code)
    };
    let response = cluster.ask_coordinator(group, &request, i16::MAX, code).await?;
    let result = response.results.first().ok_or_else(|| nothing_about(group))?;
    Ok(BrokerError::check(result.error_code, None)?)
}

pub(super) fn nothing_about(group: &str) -> RawError {
    RawError::Unsupported(format!("The broker's answer says nothing about the group {group}."))
}

fn member(member: &DescribedGroupMember) -> Member {
    Member {
        member_id: member.member_id.to_string(),
        group_instance_id: member.group_instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        client_host: member.client_host.to_string(),
        assignment: assignment(member.member_assignment.clone()),
    }
}

/// A consumer's assignment: a version, then the topics. Anything else belongs to another protocol and is not shown.
fn assignment(mut bytes: Bytes) -> BTreeMap<String, Vec<i32>> {
    if bytes.len() < 2 {
        return BTreeMap::new();
    }
    let version = bytes.get_i16().min(3);
    // Written by whoever is in the group. No version of it is flexible.
    let decoded = guard::decode::<ConsumerProtocolAssignment>(bytes, version, false);
    let topics = decoded.map(|assignment| assignment.assigned_partitions).unwrap_or_default();
    topics
        .into_iter()
        .map(|topic| {
            let mut partitions = topic.partitions;
            partitions.sort_unstable();
            (topic.topic.to_string(), partitions)
        })
        .collect()
}
