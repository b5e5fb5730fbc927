//! The protocol: one file per Kafka API, and the one list of them.
//!
//! An API is in [`APIS`] and right, or absent: the list gives dispatch, the version check, ApiVersions and the
//! README's table, so what is advertised cannot drift from what exists.

pub mod alter_configs;
pub mod alter_user_scram_credentials;
pub mod api_versions;
mod config_resource;
pub mod create_acls;
pub mod create_partitions;
pub mod create_topics;
pub mod delete_acls;
pub mod delete_groups;
pub mod delete_records;
pub mod delete_topics;
pub mod describe_acls;
pub mod describe_client_quotas;
pub mod describe_cluster;
pub mod describe_configs;
pub mod describe_groups;
pub mod describe_log_dirs;
pub mod describe_user_scram_credentials;
pub mod fetch;
pub mod find_coordinator;
pub mod heartbeat;
pub mod incremental_alter_configs;
pub mod init_producer_id;
pub mod join_group;
pub mod leave_group;
pub mod list_groups;
pub mod list_offsets;
pub mod list_partition_reassignments;
pub mod metadata;
pub mod offset_commit;
pub mod offset_delete;
pub mod offset_fetch;
pub mod offset_for_leader_epoch;
pub mod produce;
pub mod sasl_authenticate;
pub mod sasl_handshake;
pub mod sync_group;

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::RangeInclusive;

use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Encodable, HeaderVersion, Request, StrBytes};
use tokio::sync::oneshot;

use super::answer::Answer;
use super::cx::Cx;
use super::dispatch::Outcome;
use super::session::Session;
use super::shared::Shared;
use crate::guard;

/// One Kafka API.
pub trait Api {
    /// The request; the wire's own type except where work is done on it before the state is locked.
    type Req: Input;
    /// The answer; the wire's own type except where records must not be copied.
    type Res: Body;
    /// Kafka's name, without `Request`.
    const NAME: &'static str;
    /// The versions that are advertised and handled.
    const VERSIONS: RangeInclusive<i16>;
    /// Serves one request, with the state locked. What must wait is [`Reply::Later`].
    fn handle(cx: &mut Cx<'_>, request: Self::Req) -> Reply<Self::Res>;
}

/// A request as its handler wants it.
pub trait Input: Sized {
    /// The request as the wire has it.
    type Wire: Request;
    /// What can be done without the state: checksums of record batches.
    fn prepare(wire: Self::Wire) -> Self;
}

impl<T: Request> Input for T {
    type Wire = T;

    fn prepare(wire: T) -> T {
        wire
    }
}

/// The wire's request of an API.
type Wire<A> = <<A as Api>::Req as Input>::Wire;

/// Kafka's text of error 31.
const CLUSTER_AUTHORIZATION_FAILED: StrBytes = StrBytes::from_static_str("Cluster authorization failed.");

/// What a request names more than once: Kafka refuses it as a whole, at its first place.
fn named_twice<T: Eq + Hash + Clone>(names: impl IntoIterator<Item = T>) -> HashSet<T> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| !seen.insert(name.clone())).collect()
}

/// What a handler answers.
#[derive(Debug)]
pub enum Reply<R> {
    /// The answer.
    Now(R),
    /// Whoever holds the other end will answer, or drop it when there will be none.
    Later(oneshot::Receiver<R>),
    /// The client wants no answer: acks=0.
    Silent,
    /// A login failed: held back for `connection.failed.authentication.delay.ms`, then the close.
    Refuse(R),
    /// Nothing can be said, and the client must not go on: an error with acks=0.
    Close,
}

/// Something that can be written as the body of an answer.
pub trait Body: Send + 'static {
    /// Appends the body in this version of its API.
    ///
    /// # Errors
    /// A field is set that the version does not have: a bug in the handler.
    fn write(self, version: i16, out: &mut Answer) -> Result<(), anyhow::Error>;
}

impl<T: Encodable + Send + 'static> Body for T {
    fn write(self, version: i16, out: &mut Answer) -> Result<(), anyhow::Error> {
        self.encode(&mut out.bytes, version)
    }
}

/// The version of the header that goes with requests of flexible versions.
pub(super) const FLEXIBLE_HEADER: i16 = 2;

/// One line of [`APIS`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Kafka's number of the API.
    pub key: i16,
    /// Kafka's name of the API.
    pub name: &'static str,
    /// The lowest version handled.
    pub min: i16,
    /// The highest version handled.
    pub max: i16,
    /// The version of the header that precedes a request of a version.
    pub(super) header_version: fn(i16) -> i16,
    /// Whether some bytes are a request of a version, for tests of the decoder.
    #[cfg(test)]
    pub(crate) decodes: fn(Bytes, i16) -> bool,
    /// Decodes, calls the handler, encodes.
    pub(super) serve: fn(&Shared, &mut Session, &RequestHeader, Bytes) -> Outcome,
}

impl Row {
    /// Whether a version is one that is handled.
    pub fn handles(&self, version: i16) -> bool {
        (self.min..=self.max).contains(&version)
    }

    /// The lowest version that ApiVersions shows. Produce 0 to 2 are shown and refused, as Kafka 4 does: without
    /// them librdkafka believes that compression is not supported (KAFKA-18659).
    pub fn advertised_min(&self) -> i16 {
        if self.key == ApiKey::Produce as i16 { 0 } else { self.min }
    }
}

const fn api<A: Api>() -> Row {
    Row {
        key: <Wire<A> as Request>::KEY,
        name: A::NAME,
        min: *A::VERSIONS.start(),
        max: *A::VERSIONS.end(),
        header_version: <Wire<A> as HeaderVersion>::header_version,
        #[cfg(test)]
        decodes: |body, version| decode::<A>(body, version).is_some(),
        serve: serve::<A>,
    }
}

/// Every API, in the order of keys.
pub const APIS: &[Row] = &[
    api::<produce::Produce>(),
    api::<fetch::Fetch>(),
    api::<list_offsets::ListOffsets>(),
    api::<metadata::Metadata>(),
    api::<offset_commit::OffsetCommit>(),
    api::<offset_fetch::OffsetFetch>(),
    api::<find_coordinator::FindCoordinator>(),
    api::<join_group::JoinGroup>(),
    api::<heartbeat::Heartbeat>(),
    api::<leave_group::LeaveGroup>(),
    api::<sync_group::SyncGroup>(),
    api::<describe_groups::DescribeGroups>(),
    api::<list_groups::ListGroups>(),
    api::<sasl_handshake::SaslHandshake>(),
    api::<api_versions::ApiVersions>(),
    api::<create_topics::CreateTopics>(),
    api::<delete_topics::DeleteTopics>(),
    api::<delete_records::DeleteRecords>(),
    api::<init_producer_id::InitProducerId>(),
    api::<offset_for_leader_epoch::OffsetForLeaderEpoch>(),
    api::<describe_acls::DescribeAcls>(),
    api::<create_acls::CreateAcls>(),
    api::<delete_acls::DeleteAcls>(),
    api::<describe_configs::DescribeConfigs>(),
    api::<alter_configs::AlterConfigs>(),
    api::<describe_log_dirs::DescribeLogDirs>(),
    api::<sasl_authenticate::SaslAuthenticate>(),
    api::<create_partitions::CreatePartitions>(),
    api::<delete_groups::DeleteGroups>(),
    api::<incremental_alter_configs::IncrementalAlterConfigs>(),
    api::<list_partition_reassignments::ListPartitionReassignments>(),
    api::<offset_delete::OffsetDelete>(),
    api::<describe_client_quotas::DescribeClientQuotas>(),
    api::<describe_user_scram_credentials::DescribeUserScramCredentials>(),
    api::<alter_user_scram_credentials::AlterUserScramCredentials>(),
    api::<describe_cluster::DescribeCluster>(),
];

/// The row of a key, if the API exists here.
pub fn row(key: i16) -> Option<&'static Row> {
    APIS.binary_search_by_key(&key, |row| row.key).ok().map(|index| &APIS[index])
}

/// Decodes before the state is locked and encodes after it is released.
fn serve<A: Api>(shared: &Shared, session: &mut Session, header: &RequestHeader, body: Bytes) -> Outcome {
    let version = header.request_api_version;
    let Some(request) = decode::<A>(body, version) else { return Outcome::Close };
    let client_id = header.client_id.as_deref().unwrap_or_default();
    let reply = shared.with(|state, now| {
        #[cfg(test)]
        assert_ne!(client_id, super::lives::FAILS);
        A::handle(&mut Cx { state, session, api: A::NAME, version, client_id, now }, request)
    });
    let correlation_id = header.correlation_id;
    match reply {
        Err(_poisoned) => Outcome::Close,
        Ok(Reply::Now(answer)) => match frame::<A>(answer, version, correlation_id) {
            Some(frame) => Outcome::Answer(frame),
            None => Outcome::Close,
        },
        Ok(Reply::Later(answer)) => {
            Outcome::Wait(Box::pin(async move { frame::<A>(answer.await.ok()?, version, correlation_id) }))
        }
        Ok(Reply::Silent) => Outcome::Silent,
        Ok(Reply::Refuse(answer)) => Outcome::Refuse(frame::<A>(answer, version, correlation_id)),
        Ok(Reply::Close) => Outcome::Close,
    }
}

fn decode<A: Api>(body: Bytes, version: i16) -> Option<A::Req> {
    if body.len() > guard::LARGEST_WITHOUT_RECORDS && Wire::<A>::KEY != ApiKey::Produce as i16 {
        return None;
    }
    let flexible = Wire::<A>::header_version(version) >= FLEXIBLE_HEADER;
    guard::decode(body, version, flexible).ok().map(A::Req::prepare)
}

/// Length, header and body of an answer. None for one that cannot be written, which costs the connection.
fn frame<A: Api>(body: A::Res, version: i16, correlation_id: i32) -> Option<Answer> {
    let mut frame = Answer::from(vec![0; 4]);
    let header_version = <<Wire<A> as Request>::Response as HeaderVersion>::header_version(version);
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    let written = header.encode(&mut frame.bytes, header_version);
    let written = written.and_then(|()| body.write(version, &mut frame));
    debug_assert!(written.is_ok(), "{} v{version}: {written:?}", A::NAME);
    written.ok()?;
    let length = u32::try_from(frame.size() - 4).ok()?;
    frame.bytes[..4].copy_from_slice(&length.to_be_bytes());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_without_doubles() {
        assert!(APIS.is_sorted_by(|a, b| a.key < b.key));
    }

    #[test]
    fn the_list_promises_only_what_can_be_decoded() {
        for row in APIS {
            let known = ApiKey::try_from(row.key).unwrap().valid_versions();
            assert!(known.min <= row.min && row.max <= known.max, "{} {known}", row.name);
            assert!(row.min <= row.max, "{}", row.name);
        }
    }
}
