//! Kafka's error codes: the number on the wire, its name, and whether trying again can help.
//!
//! The list is that of `org.apache.kafka.common.protocol.Errors` in Apache Kafka 4.3; a code that is not in it comes
//! from a newer broker. Used by the client, by the broker's events and by `kafkalab explain`.

/// One error of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KafkaError {
    /// The number in a response: 0 is success, -1 an error that the broker did not expect.
    pub code: i16,
    /// Kafka's name, such as `TOPIC_AUTHORIZATION_FAILED`.
    pub name: &'static str,
    /// Whether the same request may succeed later without anyone changing anything.
    pub retriable: bool,
}

/// Every error that Kafka knows, by ascending code from -1, without gaps.
pub const ERRORS: &[KafkaError] = &[
    lasting(-1, "UNKNOWN_SERVER_ERROR"),
    lasting(0, "NONE"),
    lasting(1, "OFFSET_OUT_OF_RANGE"),
    retriable(2, "CORRUPT_MESSAGE"),
    retriable(3, "UNKNOWN_TOPIC_OR_PARTITION"),
    lasting(4, "INVALID_FETCH_SIZE"),
    retriable(5, "LEADER_NOT_AVAILABLE"),
    retriable(6, "NOT_LEADER_OR_FOLLOWER"),
    retriable(7, "REQUEST_TIMED_OUT"),
    lasting(8, "BROKER_NOT_AVAILABLE"),
    retriable(9, "REPLICA_NOT_AVAILABLE"),
    lasting(10, "MESSAGE_TOO_LARGE"),
    lasting(11, "STALE_CONTROLLER_EPOCH"),
    lasting(12, "OFFSET_METADATA_TOO_LARGE"),
    retriable(13, "NETWORK_EXCEPTION"),
    retriable(14, "COORDINATOR_LOAD_IN_PROGRESS"),
    retriable(15, "COORDINATOR_NOT_AVAILABLE"),
    retriable(16, "NOT_COORDINATOR"),
    lasting(17, "INVALID_TOPIC_EXCEPTION"),
    lasting(18, "RECORD_LIST_TOO_LARGE"),
    retriable(19, "NOT_ENOUGH_REPLICAS"),
    retriable(20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
    lasting(21, "INVALID_REQUIRED_ACKS"),
    lasting(22, "ILLEGAL_GENERATION"),
    lasting(23, "INCONSISTENT_GROUP_PROTOCOL"),
    lasting(24, "INVALID_GROUP_ID"),
    lasting(25, "UNKNOWN_MEMBER_ID"),
    lasting(26, "INVALID_SESSION_TIMEOUT"),
    lasting(27, "REBALANCE_IN_PROGRESS"),
    lasting(28, "INVALID_COMMIT_OFFSET_SIZE"),
    lasting(29, "TOPIC_AUTHORIZATION_FAILED"),
    lasting(30, "GROUP_AUTHORIZATION_FAILED"),
    lasting(31, "CLUSTER_AUTHORIZATION_FAILED"),
    lasting(32, "INVALID_TIMESTAMP"),
    lasting(33, "UNSUPPORTED_SASL_MECHANISM"),
    lasting(34, "ILLEGAL_SASL_STATE"),
    lasting(35, "UNSUPPORTED_VERSION"),
    lasting(36, "TOPIC_ALREADY_EXISTS"),
    lasting(37, "INVALID_PARTITIONS"),
    lasting(38, "INVALID_REPLICATION_FACTOR"),
    lasting(39, "INVALID_REPLICA_ASSIGNMENT"),
    lasting(40, "INVALID_CONFIG"),
    retriable(41, "NOT_CONTROLLER"),
    lasting(42, "INVALID_REQUEST"),
    lasting(43, "UNSUPPORTED_FOR_MESSAGE_FORMAT"),
    lasting(44, "POLICY_VIOLATION"),
    lasting(45, "OUT_OF_ORDER_SEQUENCE_NUMBER"),
    lasting(46, "DUPLICATE_SEQUENCE_NUMBER"),
    lasting(47, "INVALID_PRODUCER_EPOCH"),
    lasting(48, "INVALID_TXN_STATE"),
    lasting(49, "INVALID_PRODUCER_ID_MAPPING"),
    lasting(50, "INVALID_TRANSACTION_TIMEOUT"),
    retriable(51, "CONCURRENT_TRANSACTIONS"),
    lasting(52, "TRANSACTION_COORDINATOR_FENCED"),
    lasting(53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
    lasting(54, "SECURITY_DISABLED"),
    lasting(55, "OPERATION_NOT_ATTEMPTED"),
    retriable(56, "KAFKA_STORAGE_ERROR"),
    lasting(57, "LOG_DIR_NOT_FOUND"),
    lasting(58, "SASL_AUTHENTICATION_FAILED"),
    lasting(59, "UNKNOWN_PRODUCER_ID"),
    lasting(60, "REASSIGNMENT_IN_PROGRESS"),
    lasting(61, "DELEGATION_TOKEN_AUTH_DISABLED"),
    lasting(62, "DELEGATION_TOKEN_NOT_FOUND"),
    lasting(63, "DELEGATION_TOKEN_OWNER_MISMATCH"),
    lasting(64, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"),
    lasting(65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED"),
    lasting(66, "DELEGATION_TOKEN_EXPIRED"),
    lasting(67, "INVALID_PRINCIPAL_TYPE"),
    lasting(68, "NON_EMPTY_GROUP"),
    lasting(69, "GROUP_ID_NOT_FOUND"),
    retriable(70, "FETCH_SESSION_ID_NOT_FOUND"),
    retriable(71, "INVALID_FETCH_SESSION_EPOCH"),
    retriable(72, "LISTENER_NOT_FOUND"),
    lasting(73, "TOPIC_DELETION_DISABLED"),
    retriable(74, "FENCED_LEADER_EPOCH"),
    retriable(75, "UNKNOWN_LEADER_EPOCH"),
    lasting(76, "UNSUPPORTED_COMPRESSION_TYPE"),
    lasting(77, "STALE_BROKER_EPOCH"),
    retriable(78, "OFFSET_NOT_AVAILABLE"),
    lasting(79, "MEMBER_ID_REQUIRED"),
    retriable(80, "PREFERRED_LEADER_NOT_AVAILABLE"),
    lasting(81, "GROUP_MAX_SIZE_REACHED"),
    lasting(82, "FENCED_INSTANCE_ID"),
    retriable(83, "ELIGIBLE_LEADERS_NOT_AVAILABLE"),
    retriable(84, "ELECTION_NOT_NEEDED"),
    lasting(85, "NO_REASSIGNMENT_IN_PROGRESS"),
    lasting(86, "GROUP_SUBSCRIBED_TO_TOPIC"),
    lasting(87, "INVALID_RECORD"),
    retriable(88, "UNSTABLE_OFFSET_COMMIT"),
    retriable(89, "THROTTLING_QUOTA_EXCEEDED"),
    lasting(90, "PRODUCER_FENCED"),
    lasting(91, "RESOURCE_NOT_FOUND"),
    lasting(92, "DUPLICATE_RESOURCE"),
    lasting(93, "UNACCEPTABLE_CREDENTIAL"),
    lasting(94, "INCONSISTENT_VOTER_SET"),
    lasting(95, "INVALID_UPDATE_VERSION"),
    lasting(96, "FEATURE_UPDATE_FAILED"),
    lasting(97, "PRINCIPAL_DESERIALIZATION_FAILURE"),
    lasting(98, "SNAPSHOT_NOT_FOUND"),
    lasting(99, "POSITION_OUT_OF_RANGE"),
    retriable(100, "UNKNOWN_TOPIC_ID"),
    lasting(101, "DUPLICATE_BROKER_REGISTRATION"),
    lasting(102, "BROKER_ID_NOT_REGISTERED"),
    retriable(103, "INCONSISTENT_TOPIC_ID"),
    lasting(104, "INCONSISTENT_CLUSTER_ID"),
    lasting(105, "TRANSACTIONAL_ID_NOT_FOUND"),
    retriable(106, "FETCH_SESSION_TOPIC_ID_ERROR"),
    lasting(107, "INELIGIBLE_REPLICA"),
    lasting(108, "NEW_LEADER_ELECTED"),
    lasting(109, "OFFSET_MOVED_TO_TIERED_STORAGE"),
    lasting(110, "FENCED_MEMBER_EPOCH"),
    lasting(111, "UNRELEASED_INSTANCE_ID"),
    lasting(112, "UNSUPPORTED_ASSIGNOR"),
    lasting(113, "STALE_MEMBER_EPOCH"),
    lasting(114, "MISMATCHED_ENDPOINT_TYPE"),
    lasting(115, "UNSUPPORTED_ENDPOINT_TYPE"),
    lasting(116, "UNKNOWN_CONTROLLER_ID"),
    lasting(117, "UNKNOWN_SUBSCRIPTION_ID"),
    lasting(118, "TELEMETRY_TOO_LARGE"),
    lasting(119, "INVALID_REGISTRATION"),
    lasting(120, "TRANSACTION_ABORTABLE"),
    lasting(121, "INVALID_RECORD_STATE"),
    retriable(122, "SHARE_SESSION_NOT_FOUND"),
    retriable(123, "INVALID_SHARE_SESSION_EPOCH"),
    lasting(124, "FENCED_STATE_EPOCH"),
    lasting(125, "INVALID_VOTER_KEY"),
    lasting(126, "DUPLICATE_VOTER"),
    lasting(127, "VOTER_NOT_FOUND"),
    lasting(128, "INVALID_REGULAR_EXPRESSION"),
    lasting(129, "REBOOTSTRAP_REQUIRED"),
    lasting(130, "STREAMS_INVALID_TOPOLOGY"),
    lasting(131, "STREAMS_INVALID_TOPOLOGY_EPOCH"),
    lasting(132, "STREAMS_TOPOLOGY_FENCED"),
    retriable(133, "SHARE_SESSION_LIMIT_REACHED"),
];

/// The error of a code, if Kafka knows it.
pub fn by_code(code: i16) -> Option<&'static KafkaError> {
    usize::try_from(i32::from(code) + 1).ok().and_then(|index| ERRORS.get(index))
}

/// The error of a name; upper and lower case and a missing `_` make no difference.
pub fn by_name(name: &str) -> Option<&'static KafkaError> {
    let plain = |text: &str| text.replace(['_', '-', ' '], "").to_ascii_uppercase();
    let wanted = plain(name);
    ERRORS.iter().find(|error| plain(error.name) == wanted)
}

/// The name of a code; a code that Kafka 4.3 does not know has none, and says so.
pub fn name(code: i16) -> &'static str {
    by_code(code).map_or("UNKNOWN_ERROR_CODE", |error| error.name)
}

/// Whether a request that failed with this code may succeed when sent again.
pub fn is_retriable(code: i16) -> bool {
    by_code(code).is_some_and(|error| error.retriable)
}

const fn retriable(code: i16, name: &'static str) -> KafkaError {
    KafkaError { code, name, retriable: true }
}

const fn lasting(code: i16, name: &'static str) -> KafkaError {
    KafkaError { code, name, retriable: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_indexed_by_code() {
        for (index, error) in ERRORS.iter().enumerate() {
            assert_eq!(usize::try_from(error.code + 1), Ok(index), "{}", error.name);
            assert_eq!(by_code(error.code), Some(error));
            assert_eq!(by_name(error.name), Some(error));
        }
    }

    #[test]
    fn names_agree_with_the_protocol_crate() {
        use kafka_protocol::error::ResponseError;
        for error in ERRORS {
            if let Some(known) = ResponseError::try_from_code(error.code) {
                let camel = format!("{known:?}");
                assert_eq!(by_name(&camel), Some(error), "{camel}");
            }
        }
    }

    #[test]
    fn a_name_is_found_as_people_type_it() {
        assert_eq!(by_name("topic-authorization-failed").map(|error| error.code), Some(29));
        assert_eq!(name(29), "TOPIC_AUTHORIZATION_FAILED");
        assert_eq!((name(9999), is_retriable(9999)), ("UNKNOWN_ERROR_CODE", false));
        assert!(is_retriable(15) && !is_retriable(29));
        assert_eq!(by_code(-2), None);
    }
}
