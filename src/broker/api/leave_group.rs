//! LeaveGroup (13): members say goodbye, or an admin removes static ones.
//!
//! - Versions 0–5. From 3 on several members, each with its own error; before, one, whose error is the answer's.
//! - READ on the group, else 30.
//! - Not here: the client's reason for leaving (version 5) in events.

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::group::Leaver;

/// The handler.
pub struct LeaveGroup;

impl Api for LeaveGroup {
    type Req = LeaveGroupRequest;
    type Res = LeaveGroupResponse;
    const NAME: &'static str = "LeaveGroup";
    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(cx: &mut Cx<'_>, request: LeaveGroupRequest) -> Reply<LeaveGroupResponse> {
        let group = request.group_id;
        let answer = LeaveGroupResponse::default();
        if !cx.authorize(Operation::Read, Resource::group(&group)) {
            return Reply::Now(answer.with_error_code(ResponseError::GroupAuthorizationFailed.code()));
        }
        let leavers: Vec<Leaver> = if cx.version >= 3 {
            let members = request.members.into_iter();
            members
                .map(|member| Leaver {
                    member_id: member.member_id.to_string(),
                    instance_id: member.group_instance_id.map(|id| id.to_string()),
                })
                .collect()
        } else {
            vec![Leaver { member_id: request.member_id.to_string(), instance_id: None }]
        };
        let results = match cx.state.coordinator.leave(&group, &leavers, cx.now) {
            Ok(results) => results,
            Err(error) => return Reply::Now(answer.with_error_code(error.code())),
        };
        let mut codes = results.into_iter().map(|result| result.err().map_or(0, |error| error.code()));
        if cx.version < 3 {
            let code = codes.next_back().unwrap_or_default();
            return Reply::Now(answer.with_error_code(code));
        }
        let members = leavers.into_iter().zip(codes).map(|(leaver, code)| {
            MemberResponse::default()
                .with_member_id(StrBytes::from_string(leaver.member_id))
                .with_group_instance_id(leaver.instance_id.map(StrBytes::from_string))
                .with_error_code(code)
        });
        Reply::Now(answer.with_members(members.collect()))
    }
}
