//! DescribeCluster (60): the brokers, for admin clients.
//!
//! - Versions 0–2. Open to everybody; DESCRIBE on the cluster decides only about the authorized operations (0 without).
//! - 1: controllers may be asked for instead (type 2); clients cannot reach one here, so that is error 115, as where
//!   a broker is asked in Kafka.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::MismatchedEndpointType;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::NODE_ID;
use crate::broker::cx::Cx;

const BROKERS: i8 = 1;

/// The handler.
pub struct DescribeCluster;

impl Api for DescribeCluster {
    type Req = DescribeClusterRequest;
    type Res = DescribeClusterResponse;
    const NAME: &'static str = "DescribeCluster";
    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(cx: &mut Cx<'_>, request: DescribeClusterRequest) -> Reply<DescribeClusterResponse> {
        let mut response = DescribeClusterResponse::default();
        if request.endpoint_type != BROKERS {
            let message = "The request was sent to an endpoint of the wrong type.";
            return Reply::Now(
                response
                    .with_error_code(MismatchedEndpointType.code())
                    .with_error_message(Some(StrBytes::from_static_str(message))),
            );
        }
        if request.include_cluster_authorized_operations {
            let may_look = cx.authorize_silently(Operation::Describe, Resource::CLUSTER);
            response.cluster_authorized_operations =
                if may_look { cx.authorized_operations(Resource::CLUSTER) } else { 0 };
        }
        let (host, port) = cx.advertised();
        let broker = DescribeClusterBroker::default()
            .with_broker_id(BrokerId(NODE_ID))
            .with_host(host)
            .with_port(port);
        Reply::Now(
            response
                .with_cluster_id(cx.state.cluster_id.clone())
                .with_controller_id(BrokerId(NODE_ID))
                .with_brokers(vec![broker]),
        )
    }
}
