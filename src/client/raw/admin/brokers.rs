//! DescribeCluster.

use kafka_protocol::messages::DescribeClusterRequest;

use crate::client::raw::cluster::To;
use crate::client::raw::{BrokerError, Cluster, RawError};

/// What a cluster says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterDescription {
    /// The id that the storage was formatted with.
    pub cluster_id: String,
    /// The controller; with KRaft any live broker, as each passes requests on.
    pub controller_id: i32,
    /// The brokers, by id.
    pub brokers: Vec<Broker>,
}

/// One broker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// The host that it advertises to clients of this listener.
    pub host: String,
    /// The port that it advertises.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<String>,
}

/// Asks for the brokers and the cluster id. Needs no right at all.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn describe_cluster(cluster: &mut Cluster) -> Result<ClusterDescription, RawError> {
    let response = cluster.ask(To::Any, &DescribeClusterRequest::default(), i16::MAX).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    let mut brokers: Vec<Broker> = response
        .brokers
        .iter()
        .map(|broker| Broker {
            id: *broker.broker_id,
            host: broker.host.to_string(),
            port: broker.port,
            rack: broker.rack.as_ref().map(ToString::to_string),
        })
        .collect();
    brokers.sort();
    let (cluster_id, controller_id) = (response.cluster_id.to_string(), *response.controller_id);
    Ok(ClusterDescription { cluster_id, controller_id, brokers })
}
