//! Heartbeat (12): a member shows that it is alive, and learns of rebalances (error 27).
//!
//! - Versions 0–4. READ on the group, else 30.

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::group::MemberRef;

/// The handler.
pub struct Heartbeat;

impl Api for Heartbeat {
    type Req = HeartbeatRequest;
    type Res = HeartbeatResponse;
    const NAME: &'static str = "Heartbeat";
    const VERSIONS: RangeInclusive<i16> = 0..=4;

    fn handle(cx: &mut Cx<'_>, request: HeartbeatRequest) -> Reply<HeartbeatResponse> {
        let group = request.group_id;
        let result = if cx.authorize(Operation::Read, Resource::group(&group)) {
            let member = MemberRef {
                member_id: request.member_id.to_string(),
                instance_id: request.group_instance_id.map(|id| id.to_string()),
                generation: request.generation_id,
            };
            cx.state.coordinator.heartbeat(&group, &member, cx.now)
        } else {
            Err(ResponseError::GroupAuthorizationFailed)
        };
        let code = result.err().map_or(0, |error| error.code());
        Reply::Now(HeartbeatResponse::default().with_error_code(code))
    }
}
