//! Admin requests of the super user: what is valid, and how the rest is refused.

use kafka_protocol::messages::create_topics_request::CreatableReplicaAssignment;
use kafka_protocol::messages::{CreateTopicsRequest, DescribeClusterRequest};

use crate::case::{ADMIN, Case};
use crate::requests::*;

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = topics();
    cases.extend(partitions());
    cases.extend(acls());
    cases.extend(users());
    cases
}

fn topics() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("create: {name}"));
    let create = |name: &str, request: CreateTopicsRequest| case(name).send(ADMIN, request, 7);
    let named =
        |name: &str, topic: &str| create(name, create_topic(topic, 1, 1, &[]).with_validate_only(true));
    let with = |name: &str, partitions, replication, configs: &[(&str, &str)]| {
        create(name, create_topic("parity-new", partitions, replication, configs).with_validate_only(true))
    };
    let assigned = |name: &str, assignments: &[(i32, &[i32])]| {
        let assignment = |(partition, brokers): &(i32, &[i32])| {
            CreatableReplicaAssignment::default()
                .with_partition_index(*partition)
                .with_broker_ids(brokers.iter().map(|id| (*id).into()).collect())
        };
        let topic = creatable("parity-assigned", -1, -1, &[]);
        let topic = topic.with_assignments(assignments.iter().map(assignment).collect());
        create(name, create_topics(vec![topic]).with_validate_only(true))
    };
    let long = "x".repeat(249);
    vec![
        with("validate only", 2, 1, &[]),
        with("defaults", -1, -1, &[]),
        with("no partitions", 0, 1, &[]),
        with("-2 partitions", -2, 1, &[]),
        with("replication 0", 1, 0, &[]),
        with("replication 2 on one broker", 1, 2, &[]),
        with("a setting", 1, 1, &[("retention.ms", "1000")]),
        with("an unknown setting", 1, 1, &[("no.such.setting", "1")]),
        with("a setting of a wrong type", 1, 1, &[("retention.ms", "soon")]),
        with("a setting out of range", 1, 1, &[("max.message.bytes", "-1")]),
        with("an unknown policy", 1, 1, &[("cleanup.policy", "burn")]),
        named("an empty name", ""),
        named("a dot", "."),
        named("two dots", ".."),
        named("a slash", "parity/x"),
        named("a space", "parity x"),
        named("a letter with an accent", "parity-é"),
        named("249 characters", &long),
        named("250 characters", &format!("{long}x")),
        case("it for good")
            .send(ADMIN, create_topic("parity.created", 2, 1, &[]), 7)
            .send(ADMIN, create_topic("parity.created", 2, 1, &[]), 7)
            .send(ADMIN, create_topic("parity_created", 1, 1, &[]), 7)
            .send(ADMIN, metadata(&["parity.created", "parity_created"]), 9),
        create(
            "one name twice",
            create_topics(vec![creatable("parity-twice", 1, 1, &[]), creatable("parity-twice", 2, 1, &[])]),
        ),
        create(
            "one good, one bad",
            create_topics(vec![creatable("parity-good", 1, 1, &[]), creatable("parity/bad", 1, 1, &[])])
                .with_validate_only(true),
        ),
        create("nothing", create_topics(vec![])),
        assigned("assigned to the broker", &[(0, &[1]), (1, &[1])]),
        assigned("assigned to an unknown broker", &[(0, &[9])]),
        assigned("assigned with a gap", &[(0, &[1]), (2, &[1])]),
        create(
            "partitions and assignments",
            create_topics(vec![creatable("parity-both", 2, 1, &[]).with_assignments(vec![
                CreatableReplicaAssignment::default().with_broker_ids(vec![1.into()]),
            ])]),
        ),
        case("v2").send(ADMIN, create_topic("parity-old", 1, 1, &[]).with_validate_only(true), 2),
        case("v4 without partitions").send(
            ADMIN,
            create_topic("parity-old", -1, -1, &[]).with_validate_only(true),
            4,
        ),
        Case::new("delete: a topic")
            .topic("parity-gone", 1)
            .send(ADMIN, delete_topics(&["parity-gone"]), 5)
            .until(ADMIN, "error_code: 3,", |_| crate::case::ask(&metadata(&["parity-gone"]), 9)),
        Case::new("delete: an absent topic").send(ADMIN, delete_topics(&["parity-absent"]), 5),
        Case::new("delete: one absent, one present").topic("parity-gone-too", 1).send(
            ADMIN,
            delete_topics(&["parity-absent", "parity-gone-too"]),
            4,
        ),
        Case::new("delete: one name twice").send(
            ADMIN,
            delete_topics(&["parity-absent", "parity-absent"]),
            5,
        ),
        Case::new("delete: nothing").send(ADMIN, delete_topics(&[]), 5),
        Case::new("cluster").send(ADMIN, DescribeClusterRequest::default(), 1),
    ]
}

fn partitions() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("grow: {name}")).topic("parity-grow", 2);
    let to = |name: &str, count| case(name).send(ADMIN, create_partitions("parity-grow", count), 3);
    let mut twice = create_partitions("parity-grow", 5);
    twice.topics.push(twice.topics[0].clone());
    vec![
        to("to 3", 3),
        to("to 3 again", 3),
        to("to fewer", 1),
        to("to 0", 0),
        to("to less than nothing", -1),
        case("an absent topic").send(ADMIN, create_partitions("parity-absent", 3), 3),
        case("validate only").send(ADMIN, create_partitions("parity-grow", 9).with_validate_only(true), 2),
        case("one topic twice").send(ADMIN, twice, 3),
        case("in the end").send(ADMIN, metadata(&["parity-grow"]), 9),
    ]
}

fn acls() -> Vec<Case> {
    const USER: &str = "User:parity-acl";
    let (topic, group, cluster) = (2, 3, 4);
    let (any, matching, literal, prefixed) = (1, 2, 3, 4);
    let (read, allow) = (3, 3);
    let create = |name: &str, resource, principal: &str, operation, permission| {
        let request = create_acl(resource, principal, operation, permission);
        Case::new(format!("create ACL: {name}")).send(ADMIN, request, 2)
    };
    let find = |name: &str, resource, principal: Option<&str>| {
        Case::new(format!("find ACLs: {name}")).send(ADMIN, describe_acls(resource, principal), 2)
    };
    vec![
        create("good", (topic, "parity-acl", literal), USER, read, allow),
        create("good again", (topic, "parity-acl", literal), USER, read, allow),
        create("prefixed", (topic, "parity-", prefixed), USER, read, allow),
        create("on *", (topic, "*", literal), USER, read, allow),
        create("deny", (group, "parity-acl", literal), USER, read, 2),
        create("any pattern", (topic, "x", any), USER, read, allow),
        create("matching pattern", (topic, "x", matching), USER, read, allow),
        create("unknown pattern", (topic, "x", 0), USER, read, allow),
        create("pattern 77", (topic, "x", 77), USER, read, allow),
        create("any type", (1, "x", literal), USER, read, allow),
        create("unknown type", (0, "x", literal), USER, read, allow),
        create("any operation", (topic, "x", literal), USER, 1, allow),
        create("unknown operation", (topic, "x", literal), USER, 0, allow),
        create("any permission", (topic, "x", literal), USER, read, 1),
        create("unknown permission", (topic, "x", literal), USER, read, 0),
        create("no colon in the principal", (topic, "x", literal), "parity", read, allow),
        create("an empty principal", (topic, "x", literal), "", read, allow),
        create("an empty name", (topic, "", literal), USER, read, allow),
        create("a wrong cluster", (cluster, "cluster", literal), USER, 8, allow),
        create("an operation that topics do not have", (topic, "parity-acl", literal), USER, 9, allow),
        find("of the user", (1, None, any), Some(USER)),
        find("of nobody", (1, None, any), Some("User:parity-nobody")),
        find("of the topic", (topic, Some("parity-acl"), any), Some(USER)),
        find("that match the topic", (topic, Some("parity-acl"), matching), Some(USER)),
        find("literal", (topic, None, literal), Some(USER)),
        find("prefixed", (1, None, prefixed), Some(USER)),
        find("of a wrong principal", (1, None, any), Some("parity-acl")),
        find("of an unknown type", (0, None, any), Some(USER)),
        Case::new("delete ACLs: of the user").send(ADMIN, delete_acls(USER), 2),
        Case::new("delete ACLs: again").send(ADMIN, delete_acls(USER), 3),
        find("after", (1, None, any), Some(USER)),
    ]
}

fn users() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("users: {name}"));
    let mut both = set_user("parity-both", 1, 4096);
    both.upsertions.extend(set_user("parity-both", 2, 4096).upsertions);
    let mut set_and_delete = set_user("parity-both", 1, 4096);
    set_and_delete.deletions = delete_user("parity-both", 1).deletions;
    vec![
        case("set").send(ADMIN, set_user("parity-user", 1, 4096), 0),
        case("set another mechanism").send(ADMIN, set_user("parity-user", 2, 8192), 0),
        case("show").send(ADMIN, describe_users(Some(&["parity-user"])), 0),
        case("show one that there is not").send(ADMIN, describe_users(Some(&["parity-user", "nobody"])), 0),
        case("show one twice").send(ADMIN, describe_users(Some(&["parity-user", "parity-user"])), 0),
        case("too few iterations").send(ADMIN, set_user("parity-user", 1, 4095), 0),
        case("too many iterations").send(ADMIN, set_user("parity-user", 1, 16385), 0),
        case("no name").send(ADMIN, set_user("", 1, 4096), 0),
        case("an unknown mechanism").send(ADMIN, set_user("parity-user", 0, 4096), 0),
        case("delete for an unknown mechanism").send(ADMIN, delete_user("parity-user", 9), 0),
        case("one user, two mechanisms").send(ADMIN, both, 0),
        case("set and delete").send(ADMIN, set_and_delete, 0),
        case("delete").send(ADMIN, delete_user("parity-user", 1), 0),
        case("delete again").send(ADMIN, delete_user("parity-user", 1), 0),
        case("delete the other").send(ADMIN, delete_user("parity-user", 2), 0),
        case("delete nobody").send(ADMIN, delete_user("nobody", 1), 0),
        case("delete without a name").send(ADMIN, delete_user("", 1), 0),
        case("show after").send(ADMIN, describe_users(Some(&["parity-user"])), 0),
    ]
}
