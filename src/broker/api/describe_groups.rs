//! DescribeGroups (15): state and members of groups.
//!
//! - Versions 0–6. From 3 on what the client may do to the group can be asked for. An unknown group is `Dead`; from 6 on it
//!   is error 69 as well.
//! - DESCRIBE on each group, else 30.
//! - The assignor and what members sent for it are shown only while the group is stable, as in Kafka.

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::group::{GroupDescription, GroupState, MemberDescription};

/// The handler.
pub struct DescribeGroups;

impl Api for DescribeGroups {
    type Req = DescribeGroupsRequest;
    type Res = DescribeGroupsResponse;
    const NAME: &'static str = "DescribeGroups";
    const VERSIONS: RangeInclusive<i16> = 0..=6;

    fn handle(cx: &mut Cx<'_>, request: DescribeGroupsRequest) -> Reply<DescribeGroupsResponse> {
        let with_operations = cx.version >= 3 && request.include_authorized_operations;
        let groups = request.groups.into_iter().map(|id| describe(cx, id, with_operations));
        Reply::Now(DescribeGroupsResponse::default().with_groups(groups.collect()))
    }
}

fn describe(cx: &mut Cx<'_>, id: GroupId, with_operations: bool) -> DescribedGroup {
    let answer = DescribedGroup::default().with_group_id(id.clone());
    if !cx.authorize(Operation::Describe, Resource::group(&id)) {
        return answer.with_error_code(ResponseError::GroupAuthorizationFailed.code());
    }
    let answer = match cx.state.coordinator.groups().describe(&id) {
        Some(group) => described(answer, group),
        None => {
            let answer = answer.with_group_state(StrBytes::from_static_str(GroupState::Dead.name()));
            if cx.version >= 6 {
                let message = format!("Group {} not found.", id.as_str());
                return answer
                    .with_error_code(ResponseError::GroupIdNotFound.code())
                    .with_error_message(Some(StrBytes::from_string(message)));
            }
            answer
        }
    };
    if with_operations {
        let operations = cx.authorized_operations(Resource::group(&id));
        return answer.with_authorized_operations(operations);
    }
    answer
}

fn described(answer: DescribedGroup, group: GroupDescription) -> DescribedGroup {
    answer
        .with_group_state(StrBytes::from_static_str(group.state.name()))
        .with_protocol_type(StrBytes::from_string(group.protocol_type))
        .with_protocol_data(StrBytes::from_string(group.protocol))
        .with_members(group.members.into_iter().map(member).collect())
}

fn member(member: MemberDescription) -> DescribedGroupMember {
    DescribedGroupMember::default()
        .with_member_id(StrBytes::from_string(member.member_id))
        .with_group_instance_id(member.instance_id.map(StrBytes::from_string))
        .with_client_id(StrBytes::from_string(member.client_id))
        .with_client_host(StrBytes::from_string(member.client_host))
        .with_member_metadata(member.metadata)
        .with_member_assignment(member.assignment)
}
