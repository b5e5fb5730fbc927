//! InitProducerId (22): an id for a producer that wants its repeats recognised.
//!
//! - Versions 0–5. A transactional id needs WRITE on it (53). Else IDEMPOTENT_WRITE on the cluster, or WRITE on any
//!   topic at all (31). Kafka writes no audit line about this refusal, nor does this broker.
//! - Ids are handed out from blocks that are written down first, so that none is ever given twice.
//! - Not here: transactions. With a transactional id that may be used: 15, no coordinator.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, CoordinatorNotAvailable, InvalidRequest, KafkaStorageError,
    TransactionalIdAuthorizationFailed,
};
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::{Api, Reply};
use crate::acl::{Operation, Resource, ResourceType};
use crate::broker::cx::Cx;

/// The handler.
pub struct InitProducerId;

impl Api for InitProducerId {
    type Req = InitProducerIdRequest;
    type Res = InitProducerIdResponse;
    const NAME: &'static str = "InitProducerId";
    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(cx: &mut Cx<'_>, request: InitProducerIdRequest) -> Reply<InitProducerIdResponse> {
        let response = InitProducerIdResponse::default();
        Reply::Now(match next_id(cx, &request) {
            Ok(id) => response.with_producer_id(ProducerId(id)).with_producer_epoch(0),
            Err(error) => response
                .with_error_code(error.code())
                .with_producer_id(ProducerId(-1))
                .with_producer_epoch(-1),
        })
    }
}

fn next_id(cx: &mut Cx<'_>, request: &InitProducerIdRequest) -> Result<i64, ResponseError> {
    match &request.transactional_id {
        Some(id) if !cx.authorize(Operation::Write, Resource::transactional_id(id)) => {
            return Err(TransactionalIdAuthorizationFailed);
        }
        Some(id) if id.is_empty() => return Err(InvalidRequest),
        Some(_) => return Err(CoordinatorNotAvailable),
        None => {}
    }
    if !cx.authorize_silently(Operation::IdempotentWrite, Resource::CLUSTER)
        && !cx.authorize_by_type(Operation::Write, ResourceType::Topic)
    {
        return Err(ClusterAuthorizationFailed);
    }
    cx.state.next_producer_id(cx.now).map_err(|_| KafkaStorageError)
}
