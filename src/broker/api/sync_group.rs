//! SyncGroup (14): the leader hands in the assignment, everybody gets its part.
//!
//! - Versions 0–5. From 5 on type and name of the protocol are mandatory: without them error 23, even before READ on
//!   the group is asked for (30).
//! - The answer waits for the leader's assignment; see [`group`](crate::broker::group).
//! - Not here: groups of the consumer protocol (KIP-848).

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::coordinator::Waiter;
use crate::broker::cx::Cx;
use crate::broker::group::{Answer, MemberRef, SyncRequest, SyncResponse};

/// The handler.
pub struct SyncGroup;

impl Api for SyncGroup {
    type Req = SyncGroupRequest;
    type Res = SyncGroupResponse;
    const NAME: &'static str = "SyncGroup";
    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(cx: &mut Cx<'_>, request: SyncGroupRequest) -> Reply<SyncGroupResponse> {
        let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
        if cx.version >= 5 && !names_protocol {
            return refused(ResponseError::InconsistentGroupProtocol);
        }
        if !cx.authorize(Operation::Read, Resource::group(&request.group_id)) {
            return refused(ResponseError::GroupAuthorizationFailed);
        }
        let (sender, receiver) = oneshot::channel();
        let waiter = Waiter::new(move |answer| {
            if let Answer::Sync(response) = answer {
                // Without a receiver the client is gone.
                let _ = sender.send(wire(response));
            }
        });
        cx.state.coordinator.sync(sync_request(request), waiter, cx.now);
        Reply::Later(receiver)
    }
}

fn refused(error: ResponseError) -> Reply<SyncGroupResponse> {
    Reply::Now(SyncGroupResponse::default().with_error_code(error.code()))
}

fn sync_request(request: SyncGroupRequest) -> SyncRequest {
    let assignments = request.assignments.into_iter();
    SyncRequest {
        group: request.group_id.to_string(),
        member: MemberRef {
            member_id: request.member_id.to_string(),
            instance_id: request.group_instance_id.map(|id| id.to_string()),
            generation: request.generation_id,
        },
        protocol_type: request.protocol_type.map(|name| name.to_string()),
        protocol: request.protocol_name.map(|name| name.to_string()),
        assignments: assignments.map(|one| (one.member_id.to_string(), one.assignment)).collect(),
    }
}

fn wire(response: SyncResponse) -> SyncGroupResponse {
    SyncGroupResponse::default()
        .with_error_code(response.error.map_or(0, |error| error.code()))
        .with_protocol_type(response.protocol_type.map(StrBytes::from_string))
        .with_protocol_name(response.protocol.map(StrBytes::from_string))
        .with_assignment(response.assignment)
}
