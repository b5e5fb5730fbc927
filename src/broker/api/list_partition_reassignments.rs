//! ListPartitionReassignments (46): the partitions that are moving between brokers. With one broker there are none.
//!
//! - Version 0. DESCRIBE on the cluster, else 31.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::ClusterAuthorizationFailed;
use kafka_protocol::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

use super::{Api, CLUSTER_AUTHORIZATION_FAILED, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct ListPartitionReassignments;

impl Api for ListPartitionReassignments {
    type Req = ListPartitionReassignmentsRequest;
    type Res = ListPartitionReassignmentsResponse;
    const NAME: &'static str = "ListPartitionReassignments";
    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cx: &mut Cx<'_>,
        _request: ListPartitionReassignmentsRequest,
    ) -> Reply<ListPartitionReassignmentsResponse> {
        let response = ListPartitionReassignmentsResponse::default().with_error_message(None);
        Reply::Now(if cx.authorize(Operation::Describe, Resource::CLUSTER) {
            response
        } else {
            response
                .with_error_code(ClusterAuthorizationFailed.code())
                .with_error_message(Some(CLUSTER_AUTHORIZATION_FAILED))
        })
    }
}
