//! ConsumerGroupDescribe: groups of the consumer protocol (KIP-848), which DescribeGroups does not know.

use std::collections::BTreeMap;

use kafka_protocol::messages::consumer_group_describe_response::Member as DescribedMember;
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse};

use super::groups::{GroupDescription, Member, nothing_about};
use crate::client::raw::cluster::text;
use crate::client::raw::{BrokerError, Cluster, RawError};

/// A group and its members. Needs DESCRIBE on the group and on each topic that a member owns.
///
/// # Errors
/// [`RawError::Broker`] with 29, 30 or 69; [`RawError::Unsupported`] from a broker without this protocol.
pub(super) async fn describe_consumer_group(
    cluster: &mut Cluster,
    group: &str,
) -> Result<GroupDescription, RawError> {
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![text(group).into()]);
    let code = |response: &ConsumerGroupDescribeResponse| {
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
        protocol_type: "consumer".to_owned(),
        protocol: described.assignor_name.to_string(),
        generation: Some(described.group_epoch),
        members,
    })
}

fn member(member: &DescribedMember) -> Member {
    let mut assignment: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for topic in &member.assignment.topic_partitions {
        let partitions = assignment.entry(topic.topic_name.to_string()).or_default();
        partitions.extend(&topic.partitions);
        partitions.sort_unstable();
    }
    Member {
        member_id: member.member_id.to_string(),
        group_instance_id: member.instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        client_host: member.client_host.to_string(),
        assignment,
    }
}
