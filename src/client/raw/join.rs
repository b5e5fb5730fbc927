//! Joining a group as KafkaJS does, which librdkafka cannot: its assignors have other names.

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::{ConsumerProtocolSubscription, JoinGroupRequest};
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::cluster::text;
use super::{Cluster, RawError};

/// The only assignor that KafkaJS 2.2.4 offers unless it is told otherwise.
pub const KAFKAJS_ASSIGNOR: &str = "RoundRobinAssigner";

/// KafkaJS speaks JoinGroup up to this version.
const JOIN_GROUP_OF_KAFKAJS: i16 = 5;
/// The version of the subscription inside, as in KafkaJS's `MemberMetadata`.
const SUBSCRIPTION_VERSION: i16 = 1;
/// KafkaJS's defaults, in milliseconds.
const SESSION_TIMEOUT_MS: i32 = 30_000;
const REBALANCE_TIMEOUT_MS: i32 = 60_000;

/// Knocks at a group as a new member that offers one assignor, and returns the coordinator's error code: 23
/// INCONSISTENT_GROUP_PROTOCOL where the members offer other ones, 79 MEMBER_ID_REQUIRED where the door is open. It
/// never goes on to become a member.
///
/// # Errors
/// As [`Connection::send`](super::Connection::send); [`RawError::Broker`] if the coordinator cannot be looked up.
pub async fn knock(
    cluster: &mut Cluster,
    group: &str,
    topic: &str,
    assignor: &'static str,
) -> Result<i16, RawError> {
    let subscription = ConsumerProtocolSubscription::default().with_topics(vec![text(topic)]);
    let mut metadata = BytesMut::new();
    metadata.put_i16(SUBSCRIPTION_VERSION);
    let unencodable = |error| RawError::Unsupported(format!("The subscription to {topic}: {error:#}."));
    subscription.encode(&mut metadata, SUBSCRIPTION_VERSION).map_err(unencodable)?;
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(StrBytes::from_static_str(assignor))
        .with_metadata(metadata.freeze());
    let request = JoinGroupRequest::default()
        .with_group_id(text(group).into())
        .with_session_timeout_ms(SESSION_TIMEOUT_MS)
        .with_rebalance_timeout_ms(REBALANCE_TIMEOUT_MS)
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol]);
    let answer =
        cluster.ask_coordinator(group, &request, JOIN_GROUP_OF_KAFKAJS, |answer| answer.error_code).await?;
    Ok(answer.error_code)
}
