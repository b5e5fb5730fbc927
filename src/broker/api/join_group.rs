//! JoinGroup (11): a consumer enters a group, or comes back to it in a rebalance.
//!
//! - Versions 0–9. From 4 on a newcomer is given its id first (error 79), from 5 on there are static members, from 9 on
//!   `skip_assignment`. Version 0 has no rebalance timeout: the session's holds.
//! - READ on the group, else 30. Topics are not looked at: who may not read them finds out when it fetches.
//! - The answer waits until the group's join phase is over; see [`group`](crate::broker::group).
//! - Not here: groups of the consumer protocol (KIP-848), and the client's reason for joining (version 8) in events.

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::coordinator::Waiter;
use crate::broker::cx::Cx;
use crate::broker::group::{Answer, JoinRequest, JoinResponse, Protocol};

/// The handler.
pub struct JoinGroup;

impl Api for JoinGroup {
    type Req = JoinGroupRequest;
    type Res = JoinGroupResponse;
    const NAME: &'static str = "JoinGroup";
    const VERSIONS: RangeInclusive<i16> = 0..=9;

    fn handle(cx: &mut Cx<'_>, request: JoinGroupRequest) -> Reply<JoinGroupResponse> {
        let version = cx.version;
        if !cx.authorize(Operation::Read, Resource::group(&request.group_id)) {
            let refused = JoinGroupResponse::default()
                .with_error_code(ResponseError::GroupAuthorizationFailed.code())
                .with_protocol_name(protocol_name(None, version));
            return Reply::Now(refused);
        }
        let (sender, receiver) = oneshot::channel();
        let waiter = Waiter::new(move |answer| {
            if let Answer::Join(response) = answer {
                // Without a receiver the client is gone.
                let _ = sender.send(wire(response, version));
            }
        });
        let request = join_request(cx, request);
        cx.state.coordinator.join(request, waiter, cx.now);
        Reply::Later(receiver)
    }
}

fn join_request(cx: &Cx<'_>, request: JoinGroupRequest) -> JoinRequest {
    let has_rebalance_timeout = cx.version >= 1;
    let rebalance_timeout_ms =
        if has_rebalance_timeout { request.rebalance_timeout_ms } else { request.session_timeout_ms };
    let protocols = request.protocols.into_iter();
    JoinRequest {
        group: request.group_id.to_string(),
        member_id: request.member_id.to_string(),
        instance_id: request.group_instance_id.map(|id| id.to_string()),
        client_id: cx.client_id.to_owned(),
        client_host: format!("/{}", cx.session.host),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms,
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols
            .map(|offered| Protocol { name: offered.name.to_string(), metadata: offered.metadata })
            .collect(),
        requires_known_member_id: cx.version >= 4,
        supports_skipping_assignment: cx.version >= 9,
    }
}

fn wire(response: JoinResponse, version: i16) -> JoinGroupResponse {
    let members = response.members.into_iter().map(|member| {
        JoinGroupResponseMember::default()
            .with_member_id(StrBytes::from_string(member.member_id))
            .with_group_instance_id(member.instance_id.map(StrBytes::from_string))
            .with_metadata(member.metadata)
    });
    JoinGroupResponse::default()
        .with_error_code(response.error.map_or(0, |error| error.code()))
        .with_generation_id(response.generation)
        .with_protocol_type(response.protocol_type.map(StrBytes::from_string))
        .with_protocol_name(protocol_name(response.protocol, version))
        .with_leader(StrBytes::from_string(response.leader))
        .with_skip_assignment(response.skip_assignment)
        .with_member_id(StrBytes::from_string(response.member_id))
        .with_members(members.collect())
}

/// Null is possible from version 7 on; before, no protocol is an empty name.
fn protocol_name(name: Option<String>, version: i16) -> Option<StrBytes> {
    let name = name.map(StrBytes::from_string);
    if version >= 7 { name } else { Some(name.unwrap_or_default()) }
}
