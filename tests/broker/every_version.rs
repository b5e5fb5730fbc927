//! Every version of every API that is advertised answers, and the answer is one of that version.

use std::collections::BTreeSet;

use kafka_protocol::messages::*;
use kafka_protocol::protocol::Request;
use kafkalab::broker::api::APIS;

use super::{broker, logged_in};

/// An empty request of each API in each version, on a connection of its own.
macro_rules! ask_all {
    ($($request:ident $(.$with:ident($value:expr))*),* $(,)?) => {{
        let broker = broker();
        let mut asked = BTreeSet::new();
        $(
            let row = APIS.iter().find(|row| row.key == $request::KEY).unwrap();
            asked.insert(row.key);
            for version in row.min..=row.max {
                let mut connection = logged_in(&broker, "admin").await;
                let answer = connection.send(&$request::default()$(.$with($value))*, version).await;
                assert!(answer.is_ok(), "{} v{version}: {answer:?}", row.name);
            }
        )*
        let advertised: BTreeSet<i16> = APIS.iter().map(|row| row.key).collect();
        assert_eq!(asked, advertised, "this test and the list name the same APIs");
        broker.stop().unwrap();
    }};
}

#[tokio::test]
async fn an_empty_request_of_every_version_is_answered() {
    ask_all!(
        ProduceRequest.with_acks(-1),
        FetchRequest,
        ListOffsetsRequest,
        MetadataRequest,
        OffsetCommitRequest,
        OffsetFetchRequest,
        OffsetDeleteRequest,
        FindCoordinatorRequest,
        JoinGroupRequest,
        HeartbeatRequest,
        LeaveGroupRequest,
        SyncGroupRequest,
        DescribeGroupsRequest,
        ListGroupsRequest,
        SaslHandshakeRequest,
        ApiVersionsRequest,
        CreateTopicsRequest,
        DeleteTopicsRequest,
        DeleteRecordsRequest,
        InitProducerIdRequest,
        OffsetForLeaderEpochRequest,
        // Without these the filter is one that Kafka does not know, which closes.
        DescribeAclsRequest.with_resource_type_filter(1).with_operation(1).with_permission_type(1),
        CreateAclsRequest,
        DeleteAclsRequest,
        DescribeConfigsRequest,
        AlterConfigsRequest,
        IncrementalAlterConfigsRequest,
        DescribeLogDirsRequest,
        ListPartitionReassignmentsRequest,
        DescribeClientQuotasRequest,
        SaslAuthenticateRequest,
        CreatePartitionsRequest,
        DeleteGroupsRequest,
        DescribeUserScramCredentialsRequest,
        AlterUserScramCredentialsRequest,
        DescribeClusterRequest,
    );
}
