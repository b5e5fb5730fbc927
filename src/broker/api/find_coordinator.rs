//! FindCoordinator (10): which broker coordinates a group or a transactional id. There is only this one.
//!
//! - Versions 0–6. From 4 on several keys at once, each with its own error.
//! - DESCRIBE on the group (type 0, error 30) or the transactional id (type 1, error 53).
//! - Not here: share groups (type 2, version 6), and transactions: their coordinator is not available (15).

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, CoordinatorNotAvailable, GroupAuthorizationFailed, InvalidGroupId, InvalidRequest,
    TransactionalIdAuthorizationFailed,
};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::NODE_ID;
use crate::broker::cx::Cx;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

/// The handler.
pub struct FindCoordinator;

impl Api for FindCoordinator {
    type Req = FindCoordinatorRequest;
    type Res = FindCoordinatorResponse;
    const NAME: &'static str = "FindCoordinator";
    const VERSIONS: RangeInclusive<i16> = 0..=6;

    fn handle(cx: &mut Cx<'_>, request: FindCoordinatorRequest) -> Reply<FindCoordinatorResponse> {
        let (host, port) = cx.advertised();
        if cx.version >= 4 {
            let answers = request.coordinator_keys.into_iter().map(|key| {
                let answer = Coordinator::default().with_key(key.clone());
                match find(cx, request.key_type, &key) {
                    Ok(()) => answer.with_node_id(BrokerId(NODE_ID)).with_host(host.clone()).with_port(port),
                    Err(error) => {
                        answer.with_node_id(BrokerId(-1)).with_port(-1).with_error_code(error.code())
                    }
                }
            });
            return Reply::Now(FindCoordinatorResponse::default().with_coordinators(answers.collect()));
        }
        let answer = FindCoordinatorResponse::default();
        Reply::Now(match find(cx, request.key_type, &request.key) {
            Ok(()) => answer
                .with_node_id(BrokerId(NODE_ID))
                .with_host(host)
                .with_port(port)
                .with_error_message(Some(StrBytes::from_static_str("NONE"))),
            Err(error) => answer
                .with_node_id(BrokerId(-1))
                .with_port(-1)
                .with_error_code(error.code())
                .with_error_message(message(error)),
        })
    }
}

fn find(cx: &mut Cx<'_>, key_type: i8, key: &str) -> Result<(), ResponseError> {
    match key_type {
        GROUP if !cx.authorize(Operation::Describe, Resource::group(key)) => Err(GroupAuthorizationFailed),
        GROUP if key.is_empty() => Err(InvalidGroupId),
        GROUP => Ok(()),
        TRANSACTION if !cx.authorize(Operation::Describe, Resource::transactional_id(key)) => {
            Err(TransactionalIdAuthorizationFailed)
        }
        TRANSACTION => Err(CoordinatorNotAvailable),
        _ => Err(InvalidRequest),
    }
}

/// Kafka's text for a refusal (`Errors.java`), up to version 3: later ones have a place for it and leave it empty.
fn message(error: ResponseError) -> Option<StrBytes> {
    let text = match error {
        GroupAuthorizationFailed => "Group authorization failed.",
        TransactionalIdAuthorizationFailed => "Transactional Id authorization failed.",
        CoordinatorNotAvailable => "The coordinator is not available.",
        InvalidGroupId => "The configured groupId is invalid.",
        _ => {
            "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details."
        }
    };
    Some(StrBytes::from_static_str(text))
}
