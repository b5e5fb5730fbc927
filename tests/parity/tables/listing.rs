//! What is left out in silence: Metadata of all topics, ListGroups, OffsetFetch of all topics.

use kafka_protocol::messages::ListGroupsRequest;
use kafkalab::acl::{AclBinding, Operation, ResourceType};

use crate::case::{ADMIN, ANALYTICS, ANONYMOUS, Case, who};
use crate::requests::*;

const TOPICS: [&str; 3] = ["parity-list-a", "parity-list-b", "parity-list-c"];
const GROUPS: [&str; 3] = ["parity-list-g", "parity-list-h", "parity-list-i"];

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = vec![setup()];
    for principal in ["admin", "laravel", "nest", "analytics", "ANONYMOUS"] {
        let who = who(principal);
        cases.push(Case::new(format!("{principal} lists topics")).send(who, metadata_all(), 9));
        cases.push(Case::new(format!("{principal} lists groups")).send(who, ListGroupsRequest::default(), 4));
        cases.push(Case::new(format!("{principal} asks for topics")).send(who, metadata(&TOPICS), 9));
    }
    for (shape, acls) in shapes() {
        let case = |what: &str| Case::new(format!("{shape}: {what}")).acls(acls.clone());
        let with_operations = metadata_all().with_include_topic_authorized_operations(true);
        cases.extend([
            case("topics").send(ANALYTICS, metadata_all(), 5),
            case("topics with operations").send(ANALYTICS, with_operations, 9),
            case("groups").send(ANALYTICS, ListGroupsRequest::default(), 3),
            case("groups in a state").send(
                ANALYTICS,
                ListGroupsRequest::default().with_states_filter(vec![text("Stable")]),
                4,
            ),
            case("offsets").send(ANALYTICS, offset_fetch(GROUPS[0], None), 7),
            case("offsets of groups").send(ANALYTICS, offset_fetch_groups(&GROUPS), 8),
            case("offsets of named topics").send(ANALYTICS, offset_fetch(GROUPS[0], Some(&TOPICS)), 7),
        ]);
    }
    let case = || Case::new("a name that no topic can have");
    cases.push(case().send(ADMIN, metadata(&["no/topic"]), 9).send(ANALYTICS, metadata(&["no/topic"]), 9));
    let case = || Case::new("creation by asking is off");
    let asks = || metadata(&["parity-list-new"]).with_allow_auto_topic_creation(true);
    cases.push(case().send(ADMIN, asks(), 9).send(ANONYMOUS, asks(), 9));
    cases
}

/// Three groups with an offset in each of three topics.
fn setup() -> Case {
    let mut case = Case::new("setup");
    for topic in TOPICS {
        case = case.topic(topic, 1);
    }
    for group in GROUPS {
        for topic in TOPICS {
            case = case.send(ADMIN, commit(group, -1, "", topic, 3), 7);
        }
    }
    case
}

fn shapes() -> Vec<(&'static str, Vec<AclBinding>)> {
    use Operation::*;
    let groups = || prefixed(on_group("parity-list-", Describe));
    vec![
        ("nothing", vec![]),
        ("one of each", vec![on_topic(TOPICS[0], Describe), on_group(GROUPS[0], Describe)]),
        ("two topics", vec![on_topic(TOPICS[0], Read), on_topic(TOPICS[2], Delete), groups()]),
        ("all topics", vec![prefixed(on_topic("parity-list-", Describe)), groups()]),
        (
            "all topics but one",
            vec![
                prefixed(on_topic("parity-list-", All)),
                deny(ResourceType::Topic, TOPICS[1], Describe),
                groups(),
                deny(ResourceType::Group, GROUPS[1], Describe),
            ],
        ),
        (
            "READ of one denied",
            vec![
                prefixed(on_topic("parity-list-", All)),
                deny(ResourceType::Topic, TOPICS[1], Read),
                groups(),
            ],
        ),
        ("DESCRIBE on the cluster", vec![on_cluster(Describe)]),
        ("ALL on the cluster", vec![on_cluster(All)]),
    ]
}
