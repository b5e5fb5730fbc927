//! Who may do what: shapes of ACLs × APIs × topics that exist and that do not.

use kafka_protocol::messages::{LeaveGroupRequest, ListGroupsRequest};
use kafkalab::acl::{AclBinding, Operation, ResourceType};

use crate::case::{ADMIN, ANALYTICS, Case};
use crate::requests::*;

const THERE: &str = "parity-there";
const ABSENT: &str = "parity-absent";

/// A name for an arrangement of ACLs.
type Shape = (&'static str, Vec<AclBinding>);

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = topics();
    cases.extend(groups());
    cases.extend(cluster());
    cases
}

fn topics() -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, (shape, acls)) in topic_shapes().into_iter().enumerate() {
        let case = |api: &str| Case::new(format!("topic, {shape}: {api}")).acls(acls.clone()).topic(THERE, 2);
        for topic in [THERE, ABSENT] {
            let case = |api: &str| case(&format!("{api} {topic}"));
            cases.extend([
                case("Produce").send(ANALYTICS, produce(topic, 0, -1, batch(&["x"])), 9),
                case("Fetch").send(ANALYTICS, fetch(topic, 1, 0), 12),
                case("ListOffsets").send(ANALYTICS, list_offsets(topic, 1, -1), 7),
                case("Metadata").send(ANALYTICS, metadata(&[topic]), 9),
                case("CreateTopics").send(
                    ANALYTICS,
                    create_topic(topic, 1, 1, &[]).with_validate_only(true),
                    7,
                ),
                case("CreatePartitions").send(
                    ANALYTICS,
                    create_partitions(topic, 3).with_validate_only(true),
                    3,
                ),
                case("DeleteRecords").send(ANALYTICS, delete_records(topic, 1, 0), 2),
                case("DescribeConfigs").send(ANALYTICS, describe_configs(2, topic, &["retention.ms"]), 4),
                case("OffsetForLeaderEpoch").send(ANALYTICS, leader_epoch(topic, 1, 0), 4),
            ]);
        }
        let doomed = format!("parity-doomed-{index}");
        cases.push(case("DeleteTopics absent").send(ANALYTICS, delete_topics(&[ABSENT]), 5));
        cases.push(case("DeleteTopics").topic(&doomed, 1).send(ANALYTICS, delete_topics(&[&doomed]), 5));
        cases.push(case("InitProducerId").send(ANALYTICS, init_producer_id(), 4));
    }
    cases
}

fn topic_shapes() -> Vec<Shape> {
    use Operation::*;
    let mut shapes: Vec<Shape> = vec![("nothing", vec![])];
    for operation in [Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs, All] {
        let acls = [THERE, ABSENT].map(|topic| on_topic(topic, operation));
        shapes.push((operation.name(), acls.into()));
    }
    let everywhere = |operation| prefixed(on_topic("parity-", operation));
    shapes.push(("READ and DELETE prefixed", vec![everywhere(Read), everywhere(Delete)]));
    shapes.push(("ALL on *", vec![on_topic("*", All)]));
    shapes.push(("ALL prefixed *, which is no wildcard", vec![prefixed(on_topic("*", All))]));
    let but = [
        ("ALL but READ", Read),
        ("ALL but WRITE", Write),
        ("ALL but DESCRIBE", Describe),
        ("ALL but DELETE", Delete),
    ];
    for (shape, operation) in but {
        shapes
            .push((shape, vec![everywhere(All), prefixed(deny(ResourceType::Topic, "parity-", operation))]));
    }
    let elsewhere = AclBinding { host: "10.0.0.1".to_owned(), ..everywhere(All) };
    shapes.push(("ALL from another host", vec![elsewhere]));
    let here = AclBinding { host: "127.0.0.1".to_owned(), ..everywhere(Write) };
    shapes.push(("WRITE from this host", vec![here]));
    let everybody = AclBinding { principal: "User:*".to_owned(), ..everywhere(Read) };
    shapes.push(("READ for everybody", vec![everybody]));
    shapes.push(("ALL for the beginning of the name", vec![on_topic("parity", All)]));
    shapes.push(("CREATE on the cluster", vec![on_cluster(Create)]));
    shapes.push((
        "CREATE on the cluster, denied on the topics",
        vec![on_cluster(Create), prefixed(deny(ResourceType::Topic, "parity-", Create))],
    ));
    shapes.push(("ALL on the cluster", vec![on_cluster(All)]));
    shapes
}

fn groups() -> Vec<Case> {
    let group = "parity-access";
    let topic = on_topic(THERE, Operation::Read);
    let mut cases = Vec::new();
    for (shape, acls) in group_shapes(group) {
        let case = |api: &str| Case::new(format!("group, {shape}: {api}")).acls(acls.clone()).topic(THERE, 2);
        let with_topic = |api: &str| case(&format!("{api} with READ on the topic")).acls([topic.clone()]);
        let old_leave =
            LeaveGroupRequest::default().with_group_id(text(group).into()).with_member_id(text("x"));
        cases.extend([
            case("FindCoordinator v2").send(ANALYTICS, find_coordinator(group, 0), 2),
            case("FindCoordinator v4").send(
                ANALYTICS,
                find_coordinator("", 0).with_coordinator_keys(vec![text(group), text("parity-other")]),
                4,
            ),
            case("JoinGroup").send(ANALYTICS, join(group, "", &["range"]), 5),
            case("SyncGroup").send(ANALYTICS, sync(group, 1, "x", &[]), 3),
            case("Heartbeat").send(ANALYTICS, heartbeat(group, 1, "x"), 3),
            case("LeaveGroup v2").send(ANALYTICS, old_leave, 2),
            case("LeaveGroup v4").send(ANALYTICS, leave(group, &[("x", None)]), 4),
            case("OffsetCommit").send(ANALYTICS, commit(group, -1, "", THERE, 1), 7),
            case("OffsetFetch v5").send(ANALYTICS, offset_fetch(group, Some(&[THERE, ABSENT])), 5),
            case("OffsetFetch v5 all").send(ANALYTICS, offset_fetch(group, None), 5),
            case("OffsetFetch v8 all").send(ANALYTICS, offset_fetch_groups(&[group, "parity-other"]), 8),
            case("DescribeGroups").send(
                ANALYTICS,
                describe_groups(&[group, "parity-other"]).with_include_authorized_operations(true),
                5,
            ),
            with_topic("OffsetCommit").send(ANALYTICS, commit(group, -1, "", THERE, 1), 7),
            with_topic("OffsetFetch").send(ANALYTICS, offset_fetch(group, Some(&[THERE, ABSENT])), 7),
            with_topic("OffsetFetch all").send(ANALYTICS, offset_fetch(group, None), 7),
            case("OffsetDelete").send(ANALYTICS, offset_delete(group, &[THERE, ABSENT]), 0),
            with_topic("OffsetDelete").send(ANALYTICS, offset_delete(group, &[THERE, ABSENT]), 0),
            case("DeleteGroups").send(ANALYTICS, delete_groups(&[group, "parity-other"]), 2),
        ]);
    }
    cases
}

fn group_shapes(group: &str) -> Vec<Shape> {
    use Operation::*;
    let mut shapes: Vec<Shape> = vec![("nothing", vec![])];
    for operation in [Read, Describe, Delete, All] {
        shapes.push((operation.name(), vec![on_group(group, operation)]));
    }
    shapes.push(("READ prefixed", vec![prefixed(on_group("parity-", Read))]));
    let denied = |operation| vec![on_group("*", All), deny(ResourceType::Group, group, operation)];
    shapes.push(("ALL but READ", denied(Read)));
    shapes.push(("ALL but DESCRIBE", denied(Describe)));
    shapes
}

fn cluster() -> Vec<Case> {
    use Operation::*;
    let user = "parity-described";
    let mut cases = vec![Case::new("cluster, a user to describe").send(ADMIN, set_user(user, 1, 4096), 0)];
    let nobody = "User:parity-nobody";
    let shapes: [(&str, Vec<AclBinding>); 8] = [
        ("nothing", vec![]),
        ("DESCRIBE", vec![on_cluster(Describe)]),
        ("ALTER", vec![on_cluster(Alter)]),
        ("CREATE", vec![on_cluster(Create)]),
        ("DESCRIBE_CONFIGS", vec![on_cluster(DescribeConfigs)]),
        ("IDEMPOTENT_WRITE", vec![on_cluster(IdempotentWrite)]),
        ("ALL", vec![on_cluster(All)]),
        ("ALL but ALTER", vec![on_cluster(All), deny(ResourceType::Cluster, "kafka-cluster", Alter)]),
    ];
    for (shape, acls) in shapes {
        let case = |api: &str| Case::new(format!("cluster, {shape}: {api}")).acls(acls.clone());
        cases.extend([
            case("DescribeAcls").send(ANALYTICS, describe_acls((1, None, 1), Some(nobody)), 2),
            case("CreateAcls").send(ANALYTICS, create_acl((2, "parity-x", 3), nobody, 3, 3), 2),
            case("CreateAcls again").send(ANALYTICS, create_acl((2, "parity-x", 3), nobody, 3, 3), 3),
            case("DeleteAcls").send(ANALYTICS, delete_acls(nobody), 2),
            case("DescribeUserScramCredentials").send(ANALYTICS, describe_users(Some(&[user, "nobody"])), 0),
            case("AlterUserScramCredentials").send(ANALYTICS, delete_user("nobody", 1), 0),
            case("InitProducerId").send(ANALYTICS, init_producer_id(), 4),
            case("DescribeConfigs of a broker").send(
                ANALYTICS,
                describe_configs(4, "1", &["num.partitions", "auto.create.topics.enable"]),
                4,
            ),
            case("Metadata with operations").send(
                ANALYTICS,
                metadata(&[]).with_include_cluster_authorized_operations(true),
                9,
            ),
            case("DescribeCluster").send(
                ANALYTICS,
                kafka_protocol::messages::DescribeClusterRequest::default()
                    .with_include_cluster_authorized_operations(true),
                0,
            ),
            case("ListGroups").send(ANALYTICS, ListGroupsRequest::default(), 4),
        ]);
    }
    cases
}
