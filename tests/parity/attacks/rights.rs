//! Ways around an ACL.

use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{DeleteTopicsRequest, MetadataRequest};
use kafkalab::acl::Operation;
use uuid::Uuid;

use super::{
    ANYTHING, Attack, GRANTED, NOT_ON_CLUSTER, NOT_ON_GROUP, NOT_ON_TOPIC, NOT_ON_TRANSACTIONAL_ID, SHOWN,
};
use crate::case::{ADMIN, ANALYTICS, Memory, ask};
use crate::requests::*;

const THERE: &str = "parity-rights";
const ABSENT: &str = "parity-rights-absent";
const GROUP: &str = "parity-rights";
const UNKNOWN_TOPIC: &str = "error_code: 3,";
const UNKNOWN_ID: &str = "error_code: 100,";
/// An id of no topic.
const NO_ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = every_version();
    attacks.extend(topic_ids());
    attacks.extend(transactional_ids());
    attacks.extend(creation());
    attacks.extend(leaks());
    attacks
}

/// Without any ACL, in each version that both brokers have: a topic that exists and one that does not are refused alike.
fn every_version() -> Vec<Attack> {
    let on = |api: &str, topic: &str| Attack::new(format!("{api} of {topic} in every version")).topic(THERE);
    let mut attacks = Vec::new();
    for topic in [THERE, ABSENT] {
        let on = |api: &str| on(api, topic);
        attacks.extend([
            (3..=12).fold(on("Produce"), |it, v| {
                it.send(ANALYTICS, produce(topic, 0, -1, batch(&["x"])), v, NOT_ON_TOPIC)
            }),
            (4..=12).fold(on("Fetch"), |it, v| it.send(ANALYTICS, fetch(topic, 0, 0), v, NOT_ON_TOPIC)),
            (1..=8).fold(on("ListOffsets"), |it, v| {
                it.send(ANALYTICS, list_offsets(topic, 0, -1), v, NOT_ON_TOPIC)
            }),
            (0..=13).fold(on("Metadata"), |it, v| {
                it.send(ANALYTICS, metadata(&[topic]).with_allow_auto_topic_creation(v < 4), v, NOT_ON_TOPIC)
            }),
            (2..=7).fold(on("CreateTopics"), |it, v| {
                it.send(ANALYTICS, create_topic(topic, 1, 1, &[]), v, NOT_ON_TOPIC)
            }),
            (1..=5).fold(on("DeleteTopics"), |it, v| {
                it.send(ANALYTICS, delete_topics(&[topic]), v, NOT_ON_TOPIC)
            }),
            (0..=2).fold(on("DeleteRecords"), |it, v| {
                it.send(ANALYTICS, delete_records(topic, 0, -1), v, NOT_ON_TOPIC)
            }),
            (2..=4).fold(on("OffsetForLeaderEpoch"), |it, v| {
                it.send(ANALYTICS, leader_epoch(topic, 0, 0), v, NOT_ON_TOPIC)
            }),
            (1..=4).fold(on("DescribeConfigs"), |it, v| {
                it.send(ANALYTICS, describe_configs(2, topic, &["retention.ms"]), v, NOT_ON_TOPIC)
            }),
            (0..=3).fold(on("CreatePartitions"), |it, v| {
                it.send(ANALYTICS, create_partitions(topic, 9), v, NOT_ON_TOPIC)
            }),
        ]);
    }
    let on = |api: &str| Attack::new(format!("{api} of a group in every version")).topic(THERE);
    let keys = || find_coordinator("", 0).with_coordinator_keys(vec![text(GROUP)]);
    attacks.extend([
        (2..=8).fold(on("OffsetCommit"), |it, v| {
            it.send(ANALYTICS, commit(GROUP, -1, "", THERE, 1), v, NOT_ON_GROUP)
        }),
        // Version 1 has no place for the code but at each partition.
        (1..=7).fold(on("OffsetFetch"), |it, v| {
            it.send(ANALYTICS, offset_fetch(GROUP, Some(&[THERE])), v, NOT_ON_GROUP)
        }),
        (8..=9).fold(on("OffsetFetch by groups"), |it, v| {
            it.send(ANALYTICS, offset_fetch_groups(&[GROUP]), v, NOT_ON_GROUP)
        }),
        (0..=3).fold(on("FindCoordinator"), |it, v| {
            it.send(ANALYTICS, find_coordinator(GROUP, 0), v, NOT_ON_GROUP)
        }),
        (4..=6).fold(on("FindCoordinator by keys"), |it, v| it.send(ANALYTICS, keys(), v, NOT_ON_GROUP)),
        (0..=9)
            .fold(on("JoinGroup"), |it, v| it.send(ANALYTICS, join(GROUP, "", &["range"]), v, NOT_ON_GROUP)),
        (0..=4).fold(on("SyncGroup"), |it, v| it.send(ANALYTICS, sync(GROUP, 1, "x", &[]), v, NOT_ON_GROUP)),
        (0..=4).fold(on("Heartbeat"), |it, v| it.send(ANALYTICS, heartbeat(GROUP, 1, "x"), v, NOT_ON_GROUP)),
        (3..=5).fold(on("LeaveGroup"), |it, v| {
            it.send(ANALYTICS, leave(GROUP, &[("x", None)]), v, NOT_ON_GROUP)
        }),
        (0..=6).fold(on("DescribeGroups"), |it, v| {
            it.send(ANALYTICS, describe_groups(&[GROUP]), v, NOT_ON_GROUP)
        }),
        (0..=2)
            .fold(on("DeleteGroups"), |it, v| it.send(ANALYTICS, delete_groups(&[GROUP]), v, NOT_ON_GROUP)),
        (0..=5).fold(Attack::new("InitProducerId in every version"), |it, v| {
            it.send(ANALYTICS, init_producer_id(), v, NOT_ON_CLUSTER)
        }),
        (1..=3).fold(Attack::new("the ACLs in every version"), |it, v| {
            it.send(ANALYTICS, describe_acls((1, None, 1), None), v, NOT_ON_CLUSTER)
                .send(ANALYTICS, create_acl((2, "*", 3), "User:analytics", 2, 3), v, NOT_ON_CLUSTER)
                .send(ANALYTICS, delete_acls("User:nest"), v, NOT_ON_CLUSTER)
        }),
    ]);
    attacks
}

/// Ids are random, so Kafka tells one that is not there from one that may not be seen, and so does the embedded broker.
fn topic_ids() -> Vec<Attack> {
    let id = |memory: &Memory| memory.topic_ids[THERE];
    let known = |attack: &str| Attack::new(attack).topic(THERE).send(ADMIN, metadata(&[THERE]), 12, SHOWN);
    let described = || [on_topic(THERE, Operation::Describe)];
    vec![
        known("Metadata by the id of a topic")
            .send_with(ANALYTICS, move |memory| ask(&metadata_of(id(memory)), 12), NOT_ON_TOPIC)
            .send(ANALYTICS, metadata_of(NO_ID), 12, UNKNOWN_ID),
        known("Metadata by the id, which must not tell the name").send_with(
            ANALYTICS,
            move |memory| ask(&metadata_of(id(memory)), 13),
            "!parity-rights",
        ),
        known("DeleteTopics by the id of a topic")
            .send_with(ANALYTICS, move |memory| ask(&delete_by_id(id(memory)), 6), NOT_ON_TOPIC)
            .send(ANALYTICS, delete_by_id(NO_ID), 6, UNKNOWN_ID)
            .send(ADMIN, metadata(&[THERE]), 9, SHOWN),
        known("DeleteTopics by the id, which must not tell the name").send_with(
            ANALYTICS,
            move |memory| ask(&delete_by_id(id(memory)), 6),
            "!parity-rights",
        ),
        known("DeleteTopics by the id of a topic that may be described")
            .acls(described())
            .send_with(ANALYTICS, move |memory| ask(&delete_by_id(id(memory)), 6), NOT_ON_TOPIC)
            .send(ADMIN, metadata(&[THERE]), 9, SHOWN),
    ]
}

fn metadata_of(id: Uuid) -> MetadataRequest {
    let topic = MetadataRequestTopic::default().with_topic_id(id).with_name(None);
    MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false)
}

fn delete_by_id(id: Uuid) -> DeleteTopicsRequest {
    let topic = DeleteTopicState::default().with_topic_id(id).with_name(None);
    DeleteTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000)
}

fn transactional_ids() -> Vec<Attack> {
    let write = || [on_topic(THERE, Operation::Write)];
    let named = |id: &str| Some(text(id).into());
    let send = |attack: &str, records, must| {
        let request = produce(THERE, 0, -1, records).with_transactional_id(Some(text("parity-tx").into()));
        Attack::new(attack).topic(THERE).acls(write()).send(ANALYTICS, request, 9, must)
    };
    vec![
        send(
            "Produce of a transaction, with WRITE on the topic only",
            transactional(),
            NOT_ON_TRANSACTIONAL_ID,
        ),
        send("Produce with a transactional id and no transaction", batch(&["x"]), GRANTED),
        Attack::new("Produce of a transaction without its id").topic(THERE).acls(write()).send(
            ANALYTICS,
            produce(THERE, 0, -1, transactional()),
            9,
            NOT_ON_TRANSACTIONAL_ID,
        ),
        Attack::new("InitProducerId for the transactional id of another").acls(write()).send(
            ANALYTICS,
            init_producer_id().with_transactional_id(named("parity-tx")),
            4,
            NOT_ON_TRANSACTIONAL_ID,
        ),
        Attack::new("InitProducerId for a transactional id of no letters").acls(write()).send(
            ANALYTICS,
            init_producer_id().with_transactional_id(named("")),
            4,
            NOT_ON_TRANSACTIONAL_ID,
        ),
        Attack::new("FindCoordinator of the transactional id of another").acls(write()).send(
            ANALYTICS,
            find_coordinator("parity-tx", 1),
            2,
            NOT_ON_TRANSACTIONAL_ID,
        ),
    ]
}

/// A topic that comes into being because somebody asks for it.
fn creation() -> Vec<Attack> {
    const NEW: &str = "parity-rights-new";
    let asks = || metadata(&[NEW]).with_allow_auto_topic_creation(true);
    let nothing_there = |attack: Attack| attack.send(ADMIN, metadata(&[NEW]), 9, UNKNOWN_TOPIC);
    let with = |attack: &str, operation| Attack::new(attack).acls([on_topic(NEW, operation)]);
    vec![
        nothing_there(Attack::new("creation by Metadata without a right").send(
            ANALYTICS,
            asks(),
            9,
            NOT_ON_TOPIC,
        )),
        nothing_there(with("creation by Metadata with DESCRIBE", Operation::Describe).send(
            ANALYTICS,
            asks(),
            9,
            ANYTHING,
        )),
        nothing_there(with("creation by Produce with WRITE", Operation::Write).send(
            ANALYTICS,
            produce(NEW, 0, -1, batch(&["x"])),
            9,
            UNKNOWN_TOPIC,
        )),
        nothing_there(with("CreateTopics with WRITE", Operation::Write).send(
            ANALYTICS,
            create_topic(NEW, 1, 1, &[]),
            7,
            NOT_ON_TOPIC,
        )),
        nothing_there(
            Attack::new("CreateTopics with a prefix that is longer than the name")
                .acls([prefixed(on_topic("parity-rights-new-", Operation::Create))])
                .send(ANALYTICS, create_topic(NEW, 1, 1, &[]), 7, NOT_ON_TOPIC),
        ),
        nothing_there(
            Attack::new("OffsetCommit to a topic that is not there")
                .acls([on_topic(NEW, Operation::Read), on_group(GROUP, Operation::Read)])
                .send(ANALYTICS, commit(GROUP, -1, "", NEW, 1), 7, UNKNOWN_TOPIC),
        ),
    ]
}

fn leaks() -> Vec<Attack> {
    let all = || [on_topic("*", Operation::All), on_group("*", Operation::All)];
    vec![
        Attack::new("the users, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            describe_users(Some(&["laravel"])),
            0,
            NOT_ON_CLUSTER,
        ),
        Attack::new("the ACLs, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            describe_acls((1, None, 1), None),
            2,
            NOT_ON_CLUSTER,
        ),
        Attack::new("a password for oneself, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            scram_user("analytics", "mine", 1),
            0,
            NOT_ON_CLUSTER,
        ),
        Attack::new("a password for admin, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            scram_user("admin", "mine", 1),
            0,
            NOT_ON_CLUSTER,
        ),
        Attack::new("a right for oneself, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            create_acl((4, "kafka-cluster", 3), "User:analytics", 2, 3),
            2,
            NOT_ON_CLUSTER,
        ),
        Attack::new("the settings of the broker, with every right on topics and groups").acls(all()).send(
            ANALYTICS,
            describe_configs(4, "1", &["super.users", "sasl.enabled.mechanisms"]),
            4,
            NOT_ON_CLUSTER,
        ),
        Attack::new("the settings of the broker that hold passwords, as admin").send(
            ADMIN,
            describe_configs(
                4,
                "1",
                &["listener.name.sasl_plaintext.plain.sasl.jaas.config", "ssl.keystore.password"],
            ),
            4,
            "!-secret",
        ),
        Attack::new("salt and keys of the users, as admin").send(
            ADMIN,
            describe_users(Some(&["parity-attacked"])),
            0,
            "!salt",
        ),
    ]
}
