//! Takes out of an answer what no two brokers share: ids drawn at random, addresses, the order of sets, clocks.

use bytes::Bytes;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::case::Memory;

/// An answer that can be compared.
pub trait Canonical {
    /// Takes out what is not to be compared.
    fn canonical(&mut self, _memory: &Memory) {}

    /// Keeps what later requests need.
    fn remember(&self, _name: &'static str, _memory: &mut Memory) {}
}

/// Compared as they are.
macro_rules! as_they_are {
    ($($response:ty),+ $(,)?) => {
        $(impl Canonical for $response {})+
    };
}

as_they_are!(
    ApiVersionsResponse,
    HeartbeatResponse,
    LeaveGroupResponse,
    ListOffsetsResponse,
    OffsetCommitResponse,
    OffsetForLeaderEpochResponse,
    SaslHandshakeResponse,
    SyncGroupResponse,
);

/// Any id that is one becomes the same one; the zero id, which says "none", stays.
fn id(id: &mut Uuid) {
    if !id.is_nil() {
        *id = Uuid::from_u128(1);
    }
}

/// The name of a member; its id is random, so that its order is too.
fn name_of(memory: &Memory, id: &StrBytes) -> Option<&'static str> {
    memory.members.iter().find(|(_, known)| known.as_str() == id.as_str()).map(|(name, _)| *name)
}

/// Times in messages: numbers of more than ten digits.
fn without_times(message: &mut Option<StrBytes>) {
    let Some(text) = message else { return };
    let mut shown = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        shown.push_str(if digits.len() > 10 { "<time>" } else { &digits });
        digits.clear();
        shown.push(character);
    }
    shown.pop();
    *message = Some(StrBytes::from_string(shown));
}

/// For a right on the cluster that is missing, Apache Kafka has a dump of the request as Java prints it; the embedded
/// broker has Kafka's text for the code.
fn without_dump(message: &mut Option<StrBytes>) {
    if message.as_ref().is_some_and(|message| message.starts_with("Request Request(")) {
        *message = Some(StrBytes::from_static_str("Cluster authorization failed."));
    }
}

impl Canonical for MetadataResponse {
    fn canonical(&mut self, _memory: &Memory) {
        for broker in &mut self.brokers {
            (broker.host, broker.port) = (StrBytes::new(), 0);
        }
        self.cluster_id = self.cluster_id.as_ref().map(|_| StrBytes::from_static_str("<cluster>"));
        // Apache Kafka keeps its own topics in view of whoever may describe them.
        self.topics.retain(|topic| !topic.name.as_ref().is_some_and(|name| name.starts_with("__")));
        self.topics.sort_by(|left, right| left.name.cmp(&right.name));
        for topic in &mut self.topics {
            id(&mut topic.topic_id);
            topic.partitions.sort_by_key(|partition| partition.partition_index);
        }
    }

    fn remember(&self, _name: &'static str, memory: &mut Memory) {
        for topic in &self.topics {
            let name = topic.name.as_ref().filter(|_| !topic.topic_id.is_nil());
            memory.topic_ids.extend(name.map(|name| (name.to_string(), topic.topic_id)));
        }
    }
}

impl Canonical for DescribeClusterResponse {
    fn canonical(&mut self, _memory: &Memory) {
        for broker in &mut self.brokers {
            (broker.host, broker.port) = (StrBytes::new(), 0);
        }
        self.cluster_id = StrBytes::from_static_str("<cluster>");
    }
}

impl Canonical for FindCoordinatorResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.port = self.port.signum();
        self.host = StrBytes::new();
        for coordinator in &mut self.coordinators {
            coordinator.port = coordinator.port.signum();
            coordinator.host = StrBytes::new();
        }
    }
}

impl Canonical for ProduceResponse {
    fn canonical(&mut self, _memory: &Memory) {
        // Filled by brokers with replicas elsewhere, from version 10.
        self.node_endpoints.clear();
        self.responses.sort_by(|left, right| left.name.cmp(&right.name));
        let partitions = self.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses);
        for error in partitions.flat_map(|partition| &mut partition.record_errors) {
            without_times(&mut error.batch_index_error_message);
        }
    }
}

impl Canonical for FetchResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.node_endpoints.clear();
        self.responses.sort_by(|left, right| left.topic.cmp(&right.topic));
        for partition in self.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let Some(records) = &partition.records else { continue };
            if !records.is_empty() {
                let shown = format!("{} bytes, CRC-32C {:08x}", records.len(), crc32c::crc32c(records));
                partition.records = Some(Bytes::from(shown));
            }
        }
    }
}

impl Canonical for JoinGroupResponse {
    fn canonical(&mut self, memory: &Memory) {
        self.members.sort_by_key(|member| name_of(memory, &member.member_id));
    }

    fn remember(&self, name: &'static str, memory: &mut Memory) {
        if !self.member_id.is_empty() {
            memory.members.insert(name, self.member_id.to_string());
        }
    }
}

impl Canonical for DescribeGroupsResponse {
    fn canonical(&mut self, memory: &Memory) {
        self.groups.sort_by(|left, right| left.group_id.cmp(&right.group_id));
        for group in &mut self.groups {
            group.members.sort_by_key(|member| name_of(memory, &member.member_id));
        }
    }
}

impl Canonical for DeleteGroupsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.results.sort_by(|left, right| left.group_id.cmp(&right.group_id));
    }
}

impl Canonical for ListGroupsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        // Groups of other tests live on the same broker.
        self.groups.retain(|group| group.group_id.starts_with("parity-list-"));
        self.groups.sort_by(|left, right| left.group_id.cmp(&right.group_id));
    }
}

impl Canonical for OffsetDeleteResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.topics.sort_by(|left, right| left.name.cmp(&right.name));
    }
}

impl Canonical for OffsetFetchResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.topics.sort_by(|left, right| left.name.cmp(&right.name));
        for group in &mut self.groups {
            group.topics.sort_by(|left, right| left.name.cmp(&right.name));
        }
    }
}

impl Canonical for CreateTopicsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.topics.sort_by(|left, right| left.name.cmp(&right.name));
        for topic in &mut self.topics {
            id(&mut topic.topic_id);
            // Which settings a topic has is the business of DescribeConfigs.
            if let Some(configs) = &mut topic.configs {
                configs.clear();
            }
        }
    }
}

impl Canonical for DeleteTopicsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.responses.sort_by(|left, right| left.name.cmp(&right.name));
        self.responses.iter_mut().for_each(|topic| id(&mut topic.topic_id));
    }
}

impl Canonical for CreatePartitionsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.results.sort_by(|left, right| left.name.cmp(&right.name));
    }
}

impl Canonical for DeleteRecordsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.topics.sort_by(|left, right| left.name.cmp(&right.name));
    }
}

impl Canonical for DescribeConfigsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        for result in &mut self.results {
            result.configs.sort_by(|left, right| left.name.cmp(&right.name));
            result.configs.iter_mut().for_each(|config| config.documentation = None);
        }
    }
}

impl Canonical for IncrementalAlterConfigsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.responses.sort_by(|left, right| left.resource_name.cmp(&right.resource_name));
    }
}

impl Canonical for AlterConfigsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.responses.sort_by(|left, right| left.resource_name.cmp(&right.resource_name));
    }
}

impl Canonical for DescribeLogDirsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        for folder in &mut self.results {
            folder.log_dir = StrBytes::from_static_str("<folder>");
            // The disks of the machine, which others use too.
            (folder.total_bytes, folder.usable_bytes) =
                (folder.total_bytes.signum(), folder.usable_bytes.signum());
        }
    }
}

impl Canonical for ListPartitionReassignmentsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        without_dump(&mut self.error_message);
    }
}

impl Canonical for DescribeClientQuotasResponse {
    fn canonical(&mut self, _memory: &Memory) {
        without_dump(&mut self.error_message);
    }
}

impl Canonical for InitProducerIdResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.producer_id = self.producer_id.signum().max(-1).into();
    }

    fn remember(&self, name: &'static str, memory: &mut Memory) {
        memory.producers.insert(name, (*self.producer_id, self.producer_epoch));
    }
}

impl Canonical for DescribeAclsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        without_dump(&mut self.error_message);
        let key = |resource: &describe_acls_response::DescribeAclsResource| {
            (resource.resource_type, resource.pattern_type, resource.resource_name.clone())
        };
        self.resources.sort_by_key(key);
        for resource in &mut self.resources {
            resource.acls.sort_by_key(|acl| (acl.principal.clone(), acl.operation, acl.permission_type));
        }
    }
}

impl Canonical for CreateAclsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.results.iter_mut().for_each(|result| without_dump(&mut result.error_message));
    }
}

impl Canonical for DeleteAclsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        for filter in &mut self.filter_results {
            without_dump(&mut filter.error_message);
            filter.matching_acls.sort_by_key(|acl| {
                (acl.resource_name.clone(), acl.pattern_type, acl.operation, acl.permission_type)
            });
        }
    }
}

impl Canonical for DescribeUserScramCredentialsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        without_dump(&mut self.error_message);
        self.results.sort_by(|left, right| left.user.cmp(&right.user));
        for result in &mut self.results {
            result.credential_infos.sort_by_key(|info| info.mechanism);
        }
    }
}

impl Canonical for AlterUserScramCredentialsResponse {
    fn canonical(&mut self, _memory: &Memory) {
        self.results.sort_by(|left, right| left.user.cmp(&right.user));
        self.results.iter_mut().for_each(|result| without_dump(&mut result.error_message));
    }
}

impl Canonical for SaslAuthenticateResponse {
    fn canonical(&mut self, _memory: &Memory) {
        let token = String::from_utf8_lossy(&self.auth_bytes).into_owned();
        let shape = match token.split_once(",s=") {
            Some((nonce, rest)) if nonce.starts_with("r=client-nonce") => {
                format!("r=client-nonce<nonce>,s=<salt>,{}", rest.split_once(',').unwrap_or_default().1)
            }
            _ if token.starts_with("v=") => "v=<signature>".to_owned(),
            _ => return,
        };
        self.auth_bytes = shape.into();
    }

    fn remember(&self, name: &'static str, memory: &mut Memory) {
        memory.tokens.insert(name, self.auth_bytes.clone());
    }
}
