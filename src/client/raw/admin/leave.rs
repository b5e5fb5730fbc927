//! LeaveGroup for others: an admin takes members out of a group.

use kafka_protocol::messages::LeaveGroupRequest;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::protocol::StrBytes;

use super::groups::Member;
use crate::client::raw::cluster::text;
use crate::client::raw::{BrokerError, Cluster, RawError};

/// Takes these members out of the group, static ones by their name. One that has gone meanwhile is no failure. Needs
/// READ on the group.
///
/// # Errors
/// [`RawError::Broker`] with 30 without that right, 25 for a group that does not exist; [`RawError::Unsupported`] from a
/// broker that cannot remove several members at once (before 2.4).
pub async fn remove_members(cluster: &mut Cluster, group: &str, members: &[Member]) -> Result<(), RawError> {
    const UNKNOWN_MEMBER_ID: i16 = 25;
    let identities = members.iter().map(|member| match &member.group_instance_id {
        Some(instance) => MemberIdentity::default().with_group_instance_id(Some(text(instance))),
        None => MemberIdentity::default()
            .with_member_id(text(&member.member_id))
            .with_group_instance_id(None::<StrBytes>),
    });
    let request =
        LeaveGroupRequest::default().with_group_id(text(group).into()).with_members(identities.collect());
    let answer = cluster.ask_coordinator(group, &request, i16::MAX, |answer| answer.error_code).await?;
    BrokerError::check(answer.error_code, None)?;
    for member in answer.members {
        if member.error_code != UNKNOWN_MEMBER_ID {
            BrokerError::check(member.error_code, None)?;
        }
    }
    Ok(())
}
