//! Requests about topics, ACLs, users, and the login.

use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::*;
use kafkalab::scram;

use super::text;

/// Metadata of named topics, without creating any.
pub fn metadata(topics: &[&str]) -> MetadataRequest {
    let topic = |name: &&str| MetadataRequestTopic::default().with_name(Some(text(name).into()));
    MetadataRequest::default()
        .with_topics(Some(topics.iter().map(topic).collect()))
        .with_allow_auto_topic_creation(false)
}

/// Metadata of all topics.
pub fn metadata_all() -> MetadataRequest {
    MetadataRequest::default().with_topics(None)
}

/// CreateTopics of one topic.
pub fn create_topic(
    name: &str,
    partitions: i32,
    replication: i16,
    configs: &[(&str, &str)],
) -> CreateTopicsRequest {
    create_topics(vec![creatable(name, partitions, replication, configs)])
}

/// CreateTopics.
pub fn create_topics(topics: Vec<CreatableTopic>) -> CreateTopicsRequest {
    CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(5000)
}

/// One topic of [`create_topics`].
pub fn creatable(name: &str, partitions: i32, replication: i16, configs: &[(&str, &str)]) -> CreatableTopic {
    let config = |(name, value): &(&str, &str)| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
    };
    CreatableTopic::default()
        .with_name(text(name).into())
        .with_num_partitions(partitions)
        .with_replication_factor(replication)
        .with_configs(configs.iter().map(config).collect())
}

/// DeleteTopics by name, up to v5.
pub fn delete_topics(names: &[&str]) -> DeleteTopicsRequest {
    DeleteTopicsRequest::default()
        .with_topic_names(names.iter().map(|name| text(name).into()).collect())
        .with_timeout_ms(5000)
}

/// CreatePartitions of one topic.
pub fn create_partitions(topic: &str, count: i32) -> CreatePartitionsRequest {
    use create_partitions_request::CreatePartitionsTopic;
    let topic = CreatePartitionsTopic::default()
        .with_name(text(topic).into())
        .with_count(count)
        .with_assignments(None);
    CreatePartitionsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000)
}

/// CreateAcls of one ACL, in wire codes so that invalid ones can be sent.
pub fn create_acl(
    resource: (i8, &str, i8),
    principal: &str,
    operation: i8,
    permission: i8,
) -> CreateAclsRequest {
    use create_acls_request::AclCreation;
    let (resource_type, name, pattern) = resource;
    let acl = AclCreation::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_resource_pattern_type(pattern)
        .with_principal(text(principal))
        .with_host(text("*"))
        .with_operation(operation)
        .with_permission_type(permission);
    CreateAclsRequest::default().with_creations(vec![acl])
}

/// DescribeAcls of a principal, in wire codes: 1 is ANY.
pub fn describe_acls(resource: (i8, Option<&str>, i8), principal: Option<&str>) -> DescribeAclsRequest {
    let (resource_type, name, pattern) = resource;
    DescribeAclsRequest::default()
        .with_resource_type_filter(resource_type)
        .with_resource_name_filter(name.map(text))
        .with_pattern_type_filter(pattern)
        .with_principal_filter(principal.map(text))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1)
}

/// DeleteAcls of a principal on resources of any type.
pub fn delete_acls(principal: &str) -> DeleteAclsRequest {
    use delete_acls_request::DeleteAclsFilter;
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(text(principal)))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    DeleteAclsRequest::default().with_filters(vec![filter])
}

/// DescribeUserScramCredentials of named users; `None`: all.
pub fn describe_users(users: Option<&[&str]>) -> DescribeUserScramCredentialsRequest {
    use describe_user_scram_credentials_request::UserName;
    let user = |name: &&str| UserName::default().with_name(text(name));
    DescribeUserScramCredentialsRequest::default()
        .with_users(users.map(|users| users.iter().map(user).collect()))
}

/// AlterUserScramCredentials that deletes one credential.
pub fn delete_user(user: &str, mechanism: i8) -> AlterUserScramCredentialsRequest {
    use alter_user_scram_credentials_request::ScramCredentialDeletion;
    let deletion = ScramCredentialDeletion::default().with_name(text(user)).with_mechanism(mechanism);
    AlterUserScramCredentialsRequest::default().with_deletions(vec![deletion])
}

/// AlterUserScramCredentials that sets one credential.
pub fn set_user(user: &str, mechanism: i8, iterations: i32) -> AlterUserScramCredentialsRequest {
    use alter_user_scram_credentials_request::ScramCredentialUpsertion;
    let upsertion = ScramCredentialUpsertion::default()
        .with_name(text(user))
        .with_mechanism(mechanism)
        .with_iterations(iterations)
        .with_salt(Bytes::from_static(b"salt"))
        .with_salted_password(Bytes::from_static(&[1; 32]));
    AlterUserScramCredentialsRequest::default().with_upsertions(vec![upsertion])
}

/// The salt of every user that [`scram_user`] makes.
pub const SALT: &[u8] = b"salt-of-16-bytes";

/// AlterUserScramCredentials that gives a user a password, for a mechanism in its wire code.
pub fn scram_user(user: &str, password: &str, mechanism: i8) -> AlterUserScramCredentialsRequest {
    let code = scram::Mechanism::from_code(mechanism).unwrap();
    let mut request = set_user(user, mechanism, 4096);
    let upsertion = &mut request.upsertions[0];
    upsertion.salt = Bytes::from_static(SALT);
    upsertion.salted_password = scram::salted_password(code, password, SALT, 4096).into();
    request
}

/// SaslHandshake.
pub fn handshake(mechanism: &str) -> SaslHandshakeRequest {
    SaslHandshakeRequest::default().with_mechanism(text(mechanism))
}

/// SaslAuthenticate.
pub fn token(token: impl Into<Vec<u8>>) -> SaslAuthenticateRequest {
    SaslAuthenticateRequest::default().with_auth_bytes(token.into().into())
}

/// ApiVersions with a client's name.
pub fn api_versions(name: &str) -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(text(name))
        .with_client_software_version(text("1.0"))
}
