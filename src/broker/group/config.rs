//! The properties of Apache Kafka that the group coordinator obeys.

use super::Millis;

/// Limits and delays of all groups; [`Default`] holds Kafka's own defaults (`GroupCoordinatorConfig`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// `group.initial.rebalance.delay.ms`: how long the first join of an empty group waits for others.
    pub initial_rebalance_delay_ms: Millis,
    /// `group.min.session.timeout.ms`: a join with a shorter session is refused with error 26.
    pub min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`: a join with a longer session is refused with error 26.
    pub max_session_timeout_ms: i32,
    /// `group.max.size`: members of a group; one more is refused with error 81.
    pub max_size: usize,
    /// How long the parked join of a new member may wait. A constant in Kafka too: such a member cannot send
    /// heartbeats, so its session timeout says nothing.
    pub new_member_join_timeout_ms: Millis,
    /// `offset.metadata.max.bytes`: characters a client may store beside an offset, else error 12.
    pub offset_metadata_max_size: usize,
    /// `offsets.retention.minutes`, in milliseconds: how long offsets outlive the use of their group.
    pub offsets_retention_ms: Millis,
    /// `offsets.retention.check.interval.ms`: how often expired offsets and empty groups are looked for.
    pub offsets_retention_check_interval_ms: Millis,
}

impl Default for GroupConfig {
    fn default() -> GroupConfig {
        GroupConfig {
            initial_rebalance_delay_ms: 3_000,
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            max_size: i32::MAX as usize,
            new_member_join_timeout_ms: 5 * 60 * 1_000,
            offset_metadata_max_size: 4_096,
            offsets_retention_ms: 7 * 24 * 60 * 60 * 1_000,
            offsets_retention_check_interval_ms: 10 * 60 * 1_000,
        }
    }
}
