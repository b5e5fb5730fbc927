//! DescribeQuorum, for the one thing in it that nothing else tells: what time the controller's clock shows.

use kafka_protocol::messages::DescribeQuorumRequest;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};

use crate::client::raw::cluster::{To, text};
use crate::client::raw::{BrokerError, Cluster, RawError};

/// The topic of KRaft's own log; it has one partition.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// The time of the active controller, in milliseconds since 1970: of a quorum's voters the leader itself is caught up
/// at the moment at which it answers (`LeaderState.describeReplicaState`, 4.3.1). `None` if the answer holds no time,
/// as before version 1 of the request. Needs DESCRIBE on the cluster.
///
/// # Errors
/// [`RawError::Unsupported`] from a broker without KRaft; [`RawError::Broker`] with 31 where the right is missing.
pub async fn controller_time(cluster: &mut Cluster) -> Result<Option<i64>, RawError> {
    let topic = TopicData::default()
        .with_topic_name(text(METADATA_TOPIC).into())
        .with_partitions(vec![PartitionData::default().with_partition_index(0)]);
    let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    let Some(quorum) = response.topics.first().and_then(|topic| topic.partitions.first()) else {
        return Ok(None);
    };
    BrokerError::check(quorum.error_code, quorum.error_message.as_deref())?;
    let leader = quorum.current_voters.iter().find(|voter| voter.replica_id == quorum.leader_id);
    Ok(leader.map(|leader| leader.last_caught_up_timestamp).filter(|time| *time > 0))
}
